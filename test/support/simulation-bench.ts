/**
 * A whole campaign in the simulated world, over as many lives as it takes: the program's own
 * composition, a store in memory that outlives a kill, and a witness who writes down everything.
 */

import { parseConfig } from '../../src/cli/config.ts';
import type { Config } from '../../src/cli/settings.ts';
import { simulatedEngine } from '../../src/cli/simulated-engine.ts';
import type { Contact } from '../../src/domain/contact.ts';
import type { RunPolicy } from '../../src/engine/runner.ts';
import { type Behaviour, DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';
import type { Promised, Seen, Standing } from '../../src/sim/check.ts';
import { draws } from '../../src/sim/draws.ts';
import { ASKED } from '../../src/sim/keys.ts';
import type { Outage } from '../../src/sim/outage.ts';
import { Outside } from '../../src/sim/outside.ts';
import { NO_QUIRKS, type Quirks } from '../../src/sim/quirks.ts';
import type { Sighting } from '../../src/sim/sighting.ts';
import type { ChainNames } from '../../src/sim/simulated-services.ts';
import { live, type MakeEngine, type Scene } from '../../src/sim/simulation.ts';
import { answerMs } from '../../src/sim/vendors.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import { contactState } from '../../src/store/queue-state.ts';

const CAMPAIGN = 'spring';
/** A Monday morning. */
const WALL_MS = Date.UTC(2026, 2, 2, 9);

export const CHAINS: ChainNames = {
  llm: ['openai'],
  tts: ['elevenlabs'],
  dialer: ['twilio'],
  crm: ['hubspot'],
};

export interface Simulated {
  readonly seed?: number;
  readonly contacts?: number;
  readonly chains?: ChainNames;
  readonly looksUp?: boolean;
  readonly outages?: readonly Outage[];
  readonly quirks?: Partial<Quirks>;
  readonly behaviour?: Behaviour;
  /** What stands in config.yml beside the shipped defaults. */
  readonly config?: string;
  /** The script asks for a key. */
  readonly asks?: boolean;
  readonly policy?: Partial<RunPolicy>;
  /** One life each; after them the program is started until it ends with nobody left. */
  readonly starts?: readonly Given[];
  /** Another program than the real one. */
  readonly make?: (made: MakeEngine) => MakeEngine;
}

/** What happens to one life: its kill, orders, and who is taken off the list before it. */
export interface Given {
  readonly fuse?: number;
  readonly drainMs?: number;
  readonly stopMs?: number;
  readonly removed?: readonly string[];
  readonly policy?: Partial<RunPolicy>;
}

export const POLICY: RunPolicy = {
  lines: 4,
  onOutage: 'skip',
  outageWaitMs: 30 * 60_000,
  limit: undefined,
  untilMs: undefined,
};

/** Starts after those that were given, until the program says that nobody is left. */
const STARTS_MAX = 20;

export async function simulate(given: Simulated): Promise<Seen> {
  const contacts = Array.from({ length: given.contacts ?? 12 }, (_, index) => contactOf(index + 1));
  const policy = { ...POLICY, ...given.policy };
  const log: Sighting[] = [];
  const { scene, promised, disk } = sceneOf(given, contacts, (sighting) => log.push(sighting));
  const removed = new Set<string>();
  const starts = [...(given.starts ?? []), ...Array.from({ length: STARTS_MAX }, () => ({}))];
  for (const [index, start] of starts.entries()) {
    const orders: Given = start;
    for (const contact of orders.removed ?? []) {
      removed.add(contact);
      scene.outside.see({ run: Math.max(1, index) }, { type: 'removed', contact });
    }
    const end = await live(scene, {
      run: index + 1,
      contacts: contacts.filter(({ id }) => !removed.has(id)),
      policy: { ...policy, ...orders.policy },
      fuse: { at: orders.fuse ?? 0 },
      drainMs: orders.drainMs,
      stopMs: orders.stopMs,
    });
    if (end.type === 'broke') break;
    if (index >= (given.starts?.length ?? 0) && end.type === 'ended') {
      if (end.end === 'done') break;
    }
  }
  return { promised, log, standings: standingsOf(disk) };
}

function sceneOf(
  given: Simulated,
  contacts: readonly Contact[],
  witness: (sighting: Sighting) => void,
): { scene: Scene; promised: Promised; disk: MemoryDisk } {
  const chains = given.chains ?? CHAINS;
  const outages = given.outages ?? [];
  const quirks = { ...NO_QUIRKS, ...given.quirks };
  const behaviour = given.behaviour ?? DEFAULT_BEHAVIOUR;
  const seed = given.seed ?? 1;
  const clock = new VirtualClock({ wallMs: WALL_MS, defer: (task) => setImmediate(task) });
  const outside = new Outside({
    clock,
    draw: draws(seed),
    behaviour,
    answerMs: (place) => answerMs(behaviour, place),
    outages,
    quirks,
    witness,
  });
  const disk = new MemoryDisk();
  const config = asking(configOf(given.config ?? '', chains), given.asks ?? false);
  const make: MakeEngine = (parts) => simulatedEngine(CAMPAIGN, config, parts);
  const scene: Scene = {
    seed,
    campaign: CAMPAIGN,
    clock,
    outside,
    chains,
    looksUp: given.looksUp ?? false,
    sameNumber: 'allow',
    disk: { open: (defer) => openMemoryStore({ defer, disk }) },
    make: given.make === undefined ? make : given.make(make),
    listen: () => undefined,
  };
  const promised: Promised = {
    contacts,
    chains,
    sameNumber: 'allow',
    callsPerSecond: config.campaign.callsPerSecond,
    policyOf: (service) => policyOf(config, service),
    healthCheck: config.healthCheck,
    outages,
    quirks,
    alerts: false,
  };
  return { scene, promised, disk };
}

function asking(config: Config, asks: boolean): Config {
  return { ...config, script: { ...config.script, answers: asks ? ASKED : undefined } };
}

/**
 * Every simulated service has the general settings: those of one that the schema knows. As in the
 * hunt, nobody is kept waiting before the next of a chain is asked.
 */
function configOf(text: string, chains: ChainNames): Config {
  const config = parseConfig(`script: { template: Hello }\n${text}`, {
    file: '/config.yml',
    env: {},
  });
  const general = { ...policyOf(config, 'csv'), fallbackDelayMs: 0 };
  const names = Object.values(chains).flat();
  const policies = Object.fromEntries(names.map((name) => [name, general]));
  return { ...config, policies: { ...config.policies, ...policies } };
}

function policyOf(config: Config, service: string) {
  const policies: Readonly<Record<string, Config['policies'][keyof Config['policies']]>> =
    config.policies;
  const policy = policies[service];
  if (policy === undefined) throw new Error(`no policy for ${service}`);
  return policy;
}

function standingsOf(disk: MemoryDisk): ReadonlyMap<string, Standing> {
  const contacts = [...(disk.campaigns.get(CAMPAIGN)?.contacts ?? [])];
  return new Map(
    contacts.map(([id, { queue, outcome }]) => {
      return [id, { state: contactState(queue, outcome), outcome: outcome ?? undefined }];
    }),
  );
}

export function contactOf(number: number): Contact {
  return {
    id: `c${number}`,
    name: `Person ${number}`,
    phone: `+1${200 + Math.floor(number / 100)}5550${100 + (number % 100)}`,
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: {},
    line: number + 1,
  };
}
