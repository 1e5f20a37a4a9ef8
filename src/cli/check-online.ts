/**
 * `check --online`: asks every service in use whether it would work, with the probe of the health
 * checker. Nobody is rung, and no file is written.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { maskNumbers } from '../domain/privacy.ts';
import type { Payee } from '../domain/usage.ts';
import type { Service } from '../engine/ports.ts';
import { beginProbe, faultOf, type Probed } from '../engine/probe.ts';
import { openHttp } from '../services/http.ts';
import { serviceMakers } from './compose-services.ts';
import { chainsAsked } from './dialer-voice.ts';
import { campaignFolders } from './folders.ts';
import { serviceKey, servicesInUse } from './service-key.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
import type { World } from './world.ts';
import { folderProblem } from './writable.ts';

/**
 * `ok`, and `low` where little of a quota is left. `refused`: it answers, and does not take our key
 * or our money. `failing`: it answers that it does not work. `unreachable`: no answer.
 */
export type Reach = 'ok' | 'low' | 'refused' | 'failing' | 'unreachable';

export interface ServiceCheck extends Payee {
  readonly key: string;
  readonly reach: Reach;
  /** What is wrong, or what is left of a quota; undefined where there is nothing to say. */
  readonly detail: string | undefined;
}

/** All at once, each for as long as `health_check.timeout` allows. In the order of the chains. */
export async function checkServices(world: World, config: Config): Promise<ServiceCheck[]> {
  await using owned = new AsyncDisposableStack();
  const http = owned.use(openHttp({ userAgent: USER_AGENT, clock: world.clock }));
  const limit = new AbortController();
  const folders = campaignFolders(config, 'check');
  const makers = serviceMakers({
    config,
    http,
    clock: world.clock,
    folders,
    ledger: NO_LEDGER,
    owned,
    signal: limit.signal,
  });
  const byName: Readonly<Record<Payee['role'], Makers>> = makers;
  const inUse = servicesInUse(chainsAsked(config));
  const { timeoutMs } = config.healthCheck;
  // Those that are made by asking a program take as long as it does.
  const cancel = world.clock.after(timeoutMs, () => {
    limit.abort(new Error(`no answer to the check within ${timeoutMs / 1_000} s`));
  });
  try {
    return await Promise.all(
      inUse.map(async (one) => {
        const make = byName[one.role][one.service];
        const probed = FOLDER_SERVICES.has(one.service)
          ? await folderProbe(config)
          : await probe(world, timeoutMs, make);
        return { ...one, key: serviceKey(inUse, one), ...judged(probed) };
      }),
    );
  } finally {
    cancel();
  }
}

type Makers = Readonly<Record<string, () => Service | Promise<Service>>>;

const NO_LEDGER = { bytes: () => 0, hasOpenRecords: () => false, recorded: () => [] };

/** Their probe writes a file; that they could is found out without. */
const FOLDER_SERVICES: ReadonlySet<string> = new Set(['preview', 'csv']);

async function folderProbe({ output }: Config): Promise<Probed> {
  const problem = await folderProblem(output.folder);
  return problem === undefined
    ? { isGood: true, answer: {} }
    : { isGood: false, error: new Error(problem) };
}

async function probe(
  world: World,
  timeoutMs: number,
  make: Makers[string] | undefined,
): Promise<Probed> {
  let service: Service | undefined;
  try {
    service = await make?.();
  } catch (error) {
    return { isGood: false, error };
  }
  const made = service;
  if (made === undefined) {
    throw new Error('a service in use has nobody who makes it');
  }
  return await new Promise((resolve) => {
    beginProbe(made, world.clock, timeoutMs, { found: resolve });
  });
}

function judged(probed: Probed): Pick<ServiceCheck, 'reach' | 'detail'> {
  if (probed.isGood) {
    const { detail, isLow } = probed.answer;
    return { reach: isLow === true ? 'low' : 'ok', detail: detail && maskNumbers(detail) };
  }
  return { reach: reachOf(probed.error), detail: maskNumbers(faultOf(probed.error)) };
}

/** Whoever answered has given a status. */
function reachOf(error: unknown): Reach {
  if (!(error instanceof ServiceFailure) || error.status === undefined) {
    return 'unreachable';
  }
  return error.kind === 'permanent' && error.scope === 'service' ? 'refused' : 'failing';
}

const REACH_WORDS: Readonly<Record<Reach, string>> = {
  ok: 'works',
  low: 'LOW',
  refused: 'REFUSES',
  failing: 'FAILS',
  unreachable: 'NO ANSWER',
};

/** A line per service. */
export function serviceLines(checks: readonly ServiceCheck[]): string[] {
  const width = Math.max(...checks.map(({ key }) => key.length));
  return [
    'Services, asked just now (works: it answers, and takes our key):',
    ...checks.map(({ key, role, reach, detail }) => {
      const what = detail === undefined ? '' : `  ${detail}`;
      return `  ${key.padEnd(width)}  ${role.padEnd(6)}  ${REACH_WORDS[reach].padEnd(9)}${what}`;
    }),
  ].map((line) => line.trimEnd());
}

export function isWell({ reach }: Pick<ServiceCheck, 'reach'>): boolean {
  return reach === 'ok' || reach === 'low';
}

/** As `check --json` has it, by key. */
export function serviceCheckDocuments(checks: readonly ServiceCheck[]) {
  return Object.fromEntries(
    checks.map(({ key, role, reach, detail }) => [
      key,
      {
        role,
        state: reach,
        reachable: reach !== 'unreachable',
        credentials: isWell({ reach }) ? 'accepted' : reach === 'refused' ? 'refused' : undefined,
        detail,
      },
    ]),
  );
}
