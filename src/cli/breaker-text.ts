/**
 * Breakers as the store has them, for `status` and for the beginning of a run.
 */
import { breakerPolicy } from '../domain/breaker.ts';
import { breakerKey, restoreBreaker } from '../domain/breaker-snapshot.ts';
import { standing } from '../domain/breaker-standing.ts';
import type { BreakerName } from '../domain/event.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { serviceKey, servicesInUse } from '../domain/service-key.ts';
import { spanText } from '../domain/text.ts';
import type { Payee } from '../domain/usage.ts';
import type { Role } from '../domain/words.ts';
import type { Snapshot } from '../engine/ports.ts';
import type { Reports } from '../store/sqlite-reports.ts';
import { chainsAsked } from './dialer-voice.ts';
import type { Config, ServicePolicy } from './settings.ts';

export interface BreakerLine {
  readonly role: string;
  readonly breaker: BreakerName;
  /** Since when the service has been away; undefined where it is not. ISO 8601, UTC. */
  readonly down_since: string | undefined;
  /** When it is tried again; undefined where nothing keeps it from being asked. */
  readonly retry_at: string | undefined;
  readonly reason: string | undefined;
  /** What it answered last, where that is another thing than what it was left alone for. */
  readonly latest: string | undefined;
}

export interface Down {
  readonly service: string;
  /** Undefined where it only asked for a pause. */
  readonly sinceMs: number | undefined;
  /** Until it may be asked again; 0 where it may be now. */
  readonly waitMs: number;
  readonly reason: string;
  readonly latest?: string | undefined;
}

/**
 * The reason is what opened the breaker, and stays while what fails is told of single requests
 * only; so what a service has answered since is shown beside it. Undefined where it is the same.
 */
export function latestAnswer(
  reports: Reports,
  role: Role,
  service: string,
  reason: string,
  sinceMs: number,
): string | undefined {
  const latest = reports.latestFailure(role, service);
  return latest !== undefined && latest.atMs >= sinceMs && latest.message !== reason
    ? maskNumbers(latest.message)
    : undefined;
}

/**
 * What does not work, since when, and why.
 *
 * @param when the run that asks it next: nothing happens by itself where none is on
 */
export function downText(down: Down, when: 'now' | 'next_run', wallMs: number): string {
  const { service, sinceMs, waitMs, reason, latest } = down;
  const span = spanText(Math.max(0, waitMs));
  const again =
    when === 'now'
      ? waitMs > 0
        ? `it is tried again in ${span}`
        : 'the next call tries it again'
      : `the next run tries it again${waitMs > 0 ? `, in ${span} at the earliest` : ''}`;
  const what =
    sinceMs === undefined
      ? `${service} asked for a pause`
      : `${service} does not work since ${isoAt(sinceMs)} ` +
        `(${spanText(Math.max(0, wallMs - sinceMs))})`;
  const since = latest === undefined ? '' : `; its last answer: ${latest}`;
  return `${what}: ${maskNumbers(reason)}${since}; ${again}`;
}

export interface BreakerLines {
  /** Of every service that these settings ask, by its `serviceKey`. */
  readonly own: Readonly<Record<string, BreakerLine>>;
  /** Of services that only other settings on this store ask, those that are down; likewise. */
  readonly others: Readonly<Record<string, BreakerLine>>;
}

export function breakerLines(config: Config, reports: Reports, wallMs: number): BreakerLines {
  const rows = reports.breakers();
  const snapshots = new Map(rows.map((row) => [row.key, row.snapshot]));
  const inUse = servicesInUse(chainsAsked(config));
  const known = new Set(inUse.map(({ role, service }) => breakerKey(role, service)));
  const foreign = rows.flatMap(({ key }) => (known.has(key) ? [] : [payeeOf(key)]));
  const lines = (services: readonly Payee[]): [string, BreakerLine][] =>
    services.map((one) => [
      serviceKey(services, one),
      breakerLine(config, reports, one, snapshots.get(breakerKey(one.role, one.service)), wallMs),
    ]);
  return {
    own: Object.fromEntries(lines(inUse)),
    others: Object.fromEntries(
      lines(foreign).filter(([, { down_since: since }]) => since !== undefined),
    ),
  };
}

/** See `breakerKey`. */
function payeeOf(key: string): Payee {
  const slash = key.indexOf('/');
  return { role: key.slice(0, slash) as Role, service: key.slice(slash + 1) };
}

function breakerLine(
  config: Config,
  reports: Reports,
  { role, service }: Payee,
  snapshot: Snapshot | undefined,
  wallMs: number,
): BreakerLine {
  const policies: Readonly<Record<string, ServicePolicy>> = config.policies;
  const settings = policies[service]?.circuitBreaker;
  const closed = {
    down_since: undefined,
    retry_at: undefined,
    reason: undefined,
    latest: undefined,
  };
  if (snapshot === undefined || settings === undefined) {
    return { role, breaker: 'closed', ...closed };
  }
  const policy = breakerPolicy(settings, settings.recoveryTimeoutMs);
  // Monotonic time starts at 0 here: what is read back are distances to now.
  const { state } = restoreBreaker(policy, snapshot, 0, wallMs);
  const now = standing(policy, state, 0);
  if (now.type === 'ready') {
    return { role, breaker: 'closed', ...closed };
  }
  const downMs = state.type === 'closed' ? undefined : state.outage.sinceMs;
  const { message } = now.cause;
  return {
    role,
    breaker: state.type,
    down_since: downMs === undefined ? undefined : isoAt(wallMs + downMs),
    retry_at: isoAt(wallMs + now.waitMs),
    reason: maskNumbers(message),
    latest:
      downMs === undefined
        ? undefined
        : latestAnswer(reports, role, service, message, wallMs + downMs),
  };
}

function isoAt(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
