/**
 * What is to be simulated: the operator's own list and settings, or a world of our own for a first
 * look.
 */
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { AlertSeverity } from '../domain/alert.ts';
import { listed } from '../domain/text.ts';
import { ROLES } from '../domain/words.ts';
import type { Emit } from '../engine/ports.ts';
import { importList } from '../intake/import-list.ts';
import { listFile } from '../intake/list-source.ts';
import { ContactPacker, type ContactRows } from '../sim/contact-rows.ts';
import { MADE_UP_CONTACTS } from '../sim/made-up-contacts.ts';
import type { Outage } from '../sim/outage.ts';
import type { ChainNames } from '../sim/simulated-services.ts';
import { placesOf } from '../sim/vendors.ts';
import { campaignName } from './campaign-name.ts';
import { CheckSink } from './check-sink.ts';
import { loadConfig, parseConfig } from './config.ts';
import { speaksItself } from './dialer-voice.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { fullJudgement } from './judgement.ts';
import { type ParsedOutage, parseOutage } from './outage-option.ts';
import type { Config, ServicePolicy } from './settings.ts';
import type { World } from './world.ts';

export interface SimulatedCampaign {
  readonly name: string;
  /** The list as typed; undefined for made-up contacts. */
  readonly list: string | undefined;
  /** Has a policy for every simulated service. */
  readonly config: Config;
  readonly chains: ChainNames;
  readonly lines: number;
  /** Whoever is to be called; the list is judged. */
  readonly contacts: ContactRows;
  readonly rejected: number;
  /** Wall clock of the virtual start, milliseconds since the epoch. */
  readonly startMs: number;
  readonly outages: readonly Outage[];
  /** Those that are on; undefined where there are no settings of the operator's. */
  readonly channels: readonly ChannelUse[] | undefined;
  /** What is not as the settings have it, in sentences. */
  readonly notes: readonly string[];
}

/** A way to the operator, and what it is told of. */
export interface ChannelUse {
  readonly name: string;
  readonly severities: readonly AlertSeverity[];
}

const CHANNELS = ['email', 'telegram', 'webhook'] as const;

export interface CampaignOptions {
  readonly config?: string;
  readonly contacts?: number;
  readonly lines?: number;
  readonly outage: readonly string[];
  /** Minutes since midnight. */
  readonly start?: number;
  /** Of a hunt, and nothing for a simulation. */
  readonly seeds?: number;
}

/** A Monday: what happens at night or at a weekend is asked for with `--start`. */
const DAY_MS = Date.UTC(2026, 2, 2);
const START_MINUTES = 9 * 60;

/** The shipped settings, with a vendor for each job whose failure makes a story. */
const BUILT_IN = `
campaign: { lines: 1 }
script: { template: "Hello {{ name }}." }
`;
const BUILT_IN_CHAINS: ChainNames = {
  llm: ['openai'],
  tts: ['elevenlabs'],
  dialer: ['twilio'],
  crm: ['hubspot'],
};

/** Throws what ends a command: see `cli/exit.ts`. */
export async function simulatedCampaign(
  world: World,
  list: string | undefined,
  options: CampaignOptions,
  emit: Emit,
): Promise<SimulatedCampaign> {
  if (list !== undefined && options.contacts !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      `both a list (${list}) and --contacts ${options.contacts}`,
      'Name a list, or have contacts made up.',
    );
  }
  if (options.seeds !== undefined) {
    throw new CommandFailure(EXIT.usage, '--seeds without --hunt', 'A simulation has one: --seed.');
  }
  const startMs = DAY_MS + (options.start ?? START_MINUTES) * 60_000;
  const outages = options.outage.map((text) => outageOf(text, startMs));
  const isBuiltIn = list === undefined && options.config === undefined;
  const config = isBuiltIn
    ? parseConfig(BUILT_IN, { file: resolve(world.folder, 'config.yml'), env: {} })
    : await readConfig(world, options.config ?? 'config.yml');
  const used = isBuiltIn ? BUILT_IN_CHAINS : config.services;
  const cast = withOutages(used, outages);
  const { chains, placed, notes } = isBuiltIn ? cast : withoutSpeech(cast, config);
  const read =
    list === undefined ? madeUp(options.contacts) : await readList(world, list, config, emit);
  return {
    name: list === undefined ? 'made-up' : campaignName(list, undefined),
    list,
    config: withPolicies(config, chains),
    chains,
    lines: options.lines ?? config.campaign.lines,
    ...read,
    startMs,
    outages: placed,
    channels: isBuiltIn ? undefined : channelsOf(config),
    notes,
  };
}

const HELP_HINT = 'campaign simulate --help shows what there is.';

/** Parsed only here, because what a time of day means depends on another option. */
function outageOf(text: string, startMs: number): ParsedOutage {
  try {
    return parseOutage(text, { startMs });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new CommandFailure(EXIT.usage, `--outage ${text}: ${error.message}`, HELP_HINT);
  }
}

function readConfig(world: World, file: string): Promise<Config> {
  return loadConfig({
    file: resolve(world.folder, file),
    shownAs: file,
    env: world.env,
    judgement: fullJudgement(),
    withoutSecrets: true,
  });
}

function channelsOf({ alerts }: Config): readonly ChannelUse[] {
  return CHANNELS.flatMap((name) => {
    const { enabled, severities } = alerts[name];
    return enabled ? [{ name, severities }] : [];
  });
}

interface Cast {
  readonly chains: ChainNames;
  readonly placed: readonly Outage[];
  readonly notes: readonly string[];
}

/** A service that is to fail has to be in use. */
function withOutages(used: ChainNames, outages: readonly ParsedOutage[]): Cast {
  const chains: Record<string, readonly string[]> = { ...used };
  const notes: string[] = [];
  for (const { target, name } of outages) {
    const { places, inUse } = placesOf(target, chains as ChainNames);
    if (inUse) continue;
    for (const { role, service } of places) {
      chains[role] = [service, ...(chains[role] ?? [])];
    }
    const roles = places.map(({ role }) => role);
    notes.push(`${name} is not in use: here it is the first choice of ${listed(roles)}`);
  }
  const placed = outages.map(({ target, ...outage }) => ({
    ...outage,
    places: placesOf(target, chains as ChainNames).places,
  }));
  return { chains: chains as ChainNames, placed, notes };
}

/** As in a real run nobody is asked to speak where every dialer does; but who is to fail is. */
function withoutSpeech(cast: Cast, { providers }: Config): Cast {
  const { chains, placed, notes } = cast;
  if (!speaksItself({ services: chains as Config['services'], providers })) return cast;
  const dialers = listed(chains.dialer);
  const isAsked = placed.some(({ places }) => places.every(({ role }) => role === 'tts'));
  if (isAsked) {
    const verb = chains.tts.length === 1 ? 'does' : 'do';
    const voices = `${listed(chains.tts)} ${verb}`;
    const note = `${dialers} speaks the text itself in a real run: here ${voices}`;
    return { ...cast, notes: [...notes, note] };
  }
  return {
    chains: { ...chains, tts: [] },
    placed: placed.map((outage) => ({
      ...outage,
      places: outage.places.filter(({ role }) => role !== 'tts'),
    })),
    notes: [...notes, `${dialers} speaks the text itself: no service of tts is asked`],
  };
}

function withPolicies(config: Config, chains: ChainNames): Config {
  const policies: Record<string, ServicePolicy> = { ...config.policies };
  for (const service of ROLES.flatMap((role) => chains[role])) {
    policies[service] ??= config.generalPolicy;
  }
  return { ...config, policies: policies as Config['policies'] };
}

type Read = Pick<SimulatedCampaign, 'contacts' | 'rejected'>;

function madeUp(length = MADE_UP_CONTACTS): Read {
  return { contacts: { type: 'made_up', length }, rejected: 0 };
}

async function readList(world: World, list: string, config: Config, emit: Emit): Promise<Read> {
  const { sameNumber, defaultCountry } = config.campaign;
  const packer = new ContactPacker();
  const sink = new CheckSink(sameNumber, (contact) => packer.add([contact]));
  const { rejected } = await importList({
    list: listFile(resolve(world.folder, list), list),
    sink,
    defaultCountry,
    sameNumber,
    emit,
  });
  return { contacts: packer.packed(), rejected };
}
