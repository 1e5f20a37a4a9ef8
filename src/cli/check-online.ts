/**
 * `check --online`: asks every service in use whether it would work, with the probe of the health
 * checker. Nobody is rung, and no file is written.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { serviceKey, servicesInUse } from '../domain/service-key.ts';
import { listed } from '../domain/text.ts';
import type { Payee } from '../domain/usage.ts';
import type { Http, HttpRequest, HttpResponse, Service } from '../engine/ports.ts';
import { beginProbe, faultOf, type Probed } from '../engine/probe.ts';
import { isCertificateFault, openHttp } from '../services/http.ts';
import { serviceMakers } from './compose-services.ts';
import { chainsAsked } from './dialer-voice.ts';
import { campaignFolders } from './folders.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
import type { World } from './world.ts';
import { folderProblem } from './writable.ts';

/**
 * `ok`, and `low` where little of a quota is left. `answers`: it does, and whether it takes our key
 * shows only at work; `unsure` where a wrong key or address would be answered like that too.
 * `refused`: it answers, and does not take our key or our money. `failing`: it answers that it does
 * not work, or has not what we ask for. `untrusted`: it is there, and nothing is said to it because
 * of its certificate. `unreachable`: no answer.
 */
export type Reach =
  | 'ok'
  | 'low'
  | 'answers'
  | 'unsure'
  | 'refused'
  | 'failing'
  | 'untrusted'
  | 'unreachable';

export interface ServiceCheck extends Payee {
  readonly key: string;
  readonly reach: Reach;
  /** What is wrong, or what is left of a quota; undefined where there is nothing to say. */
  readonly detail: string | undefined;
  /** False where nobody is shown one. */
  readonly hasKey?: false;
}

/** All at once, each for as long as `health_check.timeout` allows. In the order of the chains. */
export async function checkServices(world: World, config: Config): Promise<ServiceCheck[]> {
  await using owned = new AsyncDisposableStack();
  const http = owned.use(openHttp({ userAgent: USER_AGENT, clock: world.clock }));
  const limit = new AbortController();
  const folders = campaignFolders(config, 'check');
  const makersOver = (sight: Http): Readonly<Record<Payee['role'], Makers>> =>
    serviceMakers({
      config,
      http: sight,
      clock: world.clock,
      emit: () => undefined,
      folders,
      ledger: NO_LEDGER,
      owned,
      signal: limit.signal,
    });
  const inUse = servicesInUse(chainsAsked(config));
  const { timeoutMs } = config.healthCheck;
  // Those that are made by asking a program take as long as it does.
  const cancel = world.clock.after(timeoutMs, () => {
    limit.abort(new Error(`no answer to the check within ${timeoutMs / 1_000} s`));
  });
  try {
    return await Promise.all(
      inUse.map(async (one) => {
        const sight = new Sight(http);
        const make = makersOver(sight)[one.role][one.service];
        const probed = FOLDER_SERVICES.has(one.service)
          ? await folderProbe(config)
          : await probe(world, timeoutMs, make);
        return { ...one, key: serviceKey(inUse, one), ...judged(probed, sight, one.service) };
      }),
    );
  } finally {
    cancel();
  }
}

/** What one service was seen to answer. */
class Sight implements Http {
  readonly #http: Http;
  readonly statuses: number[] = [];
  /** The key of config.yml with the address that was asked last. */
  setting: string | undefined;
  host: string | undefined;

  constructor(http: Http) {
    this.#http = http;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.setting = request.setting;
    this.host = URL.parse(request.url)?.host;
    const response = await this.#http.send(request);
    this.statuses.push(response.status);
    return response;
  }

  /** Whatever it was asked, it has taken our key for nothing yet. */
  get isTurnedAway(): boolean {
    return this.statuses.length > 0 && this.statuses.every((status) => status >= 300);
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

/** The settings that say where it is, of what is not asked over HTTP. */
const PLACES: Readonly<Record<string, string>> = {
  'asterisk-ami': 'providers.asterisk-ami.host and port',
};

function judged(
  probed: Probed,
  sight: Sight,
  service: string,
): Pick<ServiceCheck, 'reach' | 'detail'> {
  if (!probed.isGood) {
    const { error } = probed;
    const reach = reachOf(error);
    const place = reach === 'unreachable' ? PLACES[service] : undefined;
    const advice = place === undefined ? '' : `; check ${place}`;
    return { reach, detail: `${maskNumbers(faultIn(error, sight))}${advice}` };
  }
  const { detail, isLow, credentials } = probed.answer;
  const told = detail && maskNumbers(detail);
  if (credentials !== undefined) {
    return { reach: credentials === 'doubtful' ? 'unsure' : 'answers', detail: told };
  }
  if (sight.isTurnedAway) {
    const statuses = listed([...new Set(sight.statuses)].map(String));
    const seen = `answered ${statuses}: whether it takes our key shows only at work`;
    return { reach: 'unsure', detail: told ?? seen };
  }
  return { reach: isLow === true ? 'low' : 'ok', detail: told };
}

/** Of services that answer without a status. */
const REFUSALS: ReadonlySet<string> = new Set(['auth_failed', 'permission_denied']);

/** Whoever answered has given a status. */
function reachOf(error: unknown): Reach {
  if (isCertificateFault(error)) return 'untrusted';
  if (error instanceof ServiceFailure && REFUSALS.has(error.code)) return 'refused';
  // It is there, and says so without a status.
  if (error instanceof ServiceFailure && isNotReady(error)) return 'failing';
  if (!(error instanceof ServiceFailure) || error.status === undefined) {
    return 'unreachable';
  }
  const isRefusal = error.kind === 'permanent' && error.scope === 'service';
  return isRefusal && !isNamed(error.status, error.code) ? 'refused' : 'failing';
}

function isNotReady({ code, cause }: ServiceFailure): boolean {
  if (code === 'not_connected' && cause instanceof ServiceFailure) return isNotReady(cause);
  return NOT_READY.has(code);
}

/** The last two: something answered, and nothing that the service would say. */
const NOT_READY: ReadonlySet<string> = new Set([
  'not_booted',
  'shutting_down',
  'no_http',
  'body_too_large',
]);

/** It is not the key that is wrong, but what was asked for: an address, a model, a voice. */
function isNamed(status: number, code: string): boolean {
  const isAddressed = (status >= 300 && status < 400) || [404, 405, 410].includes(status);
  return isAddressed || /not_found$/i.test(code);
}

/** Who did not answer in time is named, as one is who cannot be reached. */
function faultIn(error: unknown, { setting, host, statuses }: Sight): string {
  const fault = faultOf(error);
  const isSilent = !(error instanceof ServiceFailure) && statuses.length === 0;
  return isSilent && setting !== undefined && host !== undefined
    ? `${host}: ${fault}; check ${setting}`
    : fault;
}

const REACH_WORDS: Readonly<Record<Reach, string>> = {
  ok: 'works',
  low: 'LOW',
  answers: 'answers',
  unsure: 'UNSURE',
  refused: 'REFUSES',
  failing: 'FAILS',
  untrusted: 'UNTRUSTED',
  unreachable: 'NO ANSWER',
};

/** A line per service. */
export function serviceLines(checks: readonly ServiceCheck[]): string[] {
  const width = Math.max(...checks.map(({ key }) => key.length));
  const unproven = checks.some(({ reach }) => CREDENTIALS[reach] === 'unknown')
    ? '; answers, UNSURE: whether it does shows only at work'
    : '';
  return [
    `Services, asked just now (works: it answers, and takes our key${unproven}):`,
    ...checks.map(({ key, role, reach, detail }) => {
      const what = detail === undefined ? '' : `  ${detail}`;
      return `  ${key.padEnd(width)}  ${role.padEnd(6)}  ${REACH_WORDS[reach].padEnd(9)}${what}`;
    }),
  ].map((line) => line.trimEnd());
}

/** Nothing was seen that would keep these from working. */
const WELL: ReadonlySet<Reach> = new Set(['ok', 'low', 'answers', 'unsure']);

export function isWell({ reach }: Pick<ServiceCheck, 'reach'>): boolean {
  return WELL.has(reach);
}

/** Undefined where it says nothing of them. */
const CREDENTIALS: Readonly<Record<Reach, 'accepted' | 'unknown' | 'refused' | undefined>> = {
  ok: 'accepted',
  low: 'accepted',
  answers: 'unknown',
  unsure: 'unknown',
  refused: 'refused',
  failing: undefined,
  untrusted: undefined,
  unreachable: undefined,
};

/** As `check --json` has it, by key. */
export function serviceCheckDocuments(checks: readonly ServiceCheck[]) {
  return Object.fromEntries(
    checks.map(({ key, role, reach, detail, hasKey }) => [
      key,
      {
        role,
        state: reach,
        reachable: reach !== 'unreachable',
        credentials: hasKey === false ? undefined : CREDENTIALS[reach],
        detail,
      },
    ]),
  );
}
