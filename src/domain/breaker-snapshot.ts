import {
  type BreakerPolicy,
  type BreakerState,
  type ClosedBreaker,
  closedBreaker,
  NO_COUNTS,
} from './breaker.ts';
import { HOLD_MS_MAX, type Hold } from './breaker-verdict.ts';
import { type FailureKind, type FailureScope, ServiceFailure } from './failure.ts';
import type { Role } from './words.ts';

/**
 * A breaker written down for another process, whose monotonic clock starts elsewhere: times are
 * kept as durations, beside the wall clock of the saving. JSON-safe, and a copy.
 */
export type BreakerSnapshot = Readonly<Record<string, unknown>>;

export interface Restored {
  readonly state: BreakerState;
  /** The snapshot could not be used, and why; the breaker is closed. */
  readonly warning?: string | undefined;
}

/**
 * Under which the breaker of a service is kept. One account may fill two roles (a voice and a
 * model of one vendor), which fail apart and have a breaker each.
 */
export function breakerKey(role: Role, service: string): string {
  return `${role}/${service}`;
}

const VERSION = 1;
/** Written for a time that has passed, or that cannot be. */
const DAY_MS = 24 * 60 * 60 * 1_000;
const AGE_MS_MAX = 400 * DAY_MS;

type Fields = Readonly<Record<string, unknown>>;

export function saveBreaker(state: BreakerState, nowMs: number, wallMs: number): BreakerSnapshot {
  const common = {
    version: VERSION,
    state: state.type,
    savedMs: wallMs,
    forMs: Math.max(0, nowMs - state.sinceMs),
    doublings: state.doublings,
    ...savedHold(state.hold, nowMs),
  };
  if (state.type === 'closed') {
    const counts = Object.fromEntries(state.counts);
    return { ...common, counts, streakForMs: Math.max(0, nowMs - state.streakSinceMs) };
  }
  const { outage } = state;
  const saved = {
    ...common,
    outageForMs: Math.max(0, nowMs - outage.sinceMs),
    checkFailed: outage.checkFailed,
    cause: savedFailure(outage.cause),
  };
  if (state.type === 'half_open') return saved;
  const remainingMs = Math.max(0, state.untilMs - nowMs);
  return { ...saved, remainingMs, goodChecks: state.goodChecks };
}

/**
 * Never throws. What time has passed since the saving counts, as far as the wall clock can be
 * believed: it never lengthens a wait, and no wait is longer than the policy's longest. Permits
 * given out in the other process are forgotten.
 */
export function restoreBreaker(
  policy: BreakerPolicy,
  snapshot: BreakerSnapshot,
  nowMs: number,
  wallMs: number,
): Restored {
  try {
    return { state: restored(policy, snapshot, nowMs, wallMs) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      state: closedBreaker(nowMs),
      warning: `the saved state of the breaker cannot be used (${why}); it starts closed`,
    };
  }
}

function restored(
  policy: BreakerPolicy,
  fields: Fields,
  nowMs: number,
  wallMs: number,
): BreakerState {
  if (fields.version !== VERSION) {
    throw new Error(`version ${String(fields.version)}, this program knows ${VERSION}`);
  }
  const passedMs = Math.max(0, wallMs - numberOf(fields, 'savedMs'));
  const ageMs = (name: string) => Math.min(AGE_MS_MAX, numberOf(fields, name) + passedMs);
  const common = {
    epoch: 1,
    sinceMs: nowMs - ageMs('forMs'),
    doublings: Math.min(wholeOf(fields, 'doublings'), 1_000),
    hold: restoredHold(fields, passedMs, nowMs),
  };
  if (fields.state === 'closed') return restoredClosed(fields, common, nowMs, ageMs);
  const outage = {
    sinceMs: nowMs - ageMs('outageForMs'),
    epoch: 1,
    cause: restoredFailure(fields.cause),
    checkFailed: fields.checkFailed === true,
  };
  if (fields.state === 'half_open') {
    return { ...common, type: 'half_open', outage, leases: [], lastPermit: 1 };
  }
  if (fields.state !== 'open') throw new Error(`state ${String(fields.state)}`);
  const longestMs = Math.max(policy.openMsMax, (common.hold?.untilMs ?? nowMs) - nowMs);
  const remainingMs = Math.max(0, numberOf(fields, 'remainingMs') - passedMs);
  const untilMs = nowMs + Math.min(longestMs, remainingMs);
  return { ...common, type: 'open', outage, untilMs, goodChecks: wholeOf(fields, 'goodChecks') };
}

function restoredClosed(
  fields: Fields,
  common: Pick<ClosedBreaker, 'epoch' | 'sinceMs' | 'doublings' | 'hold'>,
  nowMs: number,
  ageMs: (name: string) => number,
): ClosedBreaker {
  const saved = objectOf(fields.counts, 'counts');
  const counts = new Map<number, number>();
  for (const line of Object.keys(saved)) {
    if (!/^\d{1,9}$/.test(line)) throw new Error(`counts of line ${JSON.stringify(line)}`);
    const count = wholeOf(saved, line);
    if (count > 0) counts.set(Number(line), count);
  }
  const streakSinceMs = nowMs - ageMs('streakForMs');
  return {
    ...common,
    type: 'closed',
    counts: counts.size === 0 ? NO_COUNTS : counts,
    streakSinceMs,
  };
}

function savedHold(hold: Hold | undefined, nowMs: number): Fields {
  if (hold === undefined || hold.untilMs <= nowMs) return {};
  return { holdRemainingMs: hold.untilMs - nowMs, holdCause: savedFailure(hold.cause) };
}

function restoredHold(fields: Fields, passedMs: number, nowMs: number): Hold | undefined {
  if (fields.holdRemainingMs === undefined) return undefined;
  const remainingMs = Math.min(HOLD_MS_MAX, numberOf(fields, 'holdRemainingMs') - passedMs);
  if (remainingMs <= 0) return undefined;
  return { untilMs: nowMs + remainingMs, cause: restoredFailure(fields.holdCause) };
}

function savedFailure(failure: ServiceFailure): Fields {
  const { kind, scope, code, message, status } = failure;
  return { kind, scope, code, message, ...(status === undefined ? {} : { status }) };
}

function restoredFailure(value: unknown): ServiceFailure {
  const fields = objectOf(value, 'cause');
  const kind = oneOf<FailureKind>(fields, 'kind', ['transient', 'permanent', 'unknown']);
  const scope = oneOf<FailureScope>(fields, 'scope', ['request', 'service']);
  const status = fields.status === undefined ? undefined : numberOf(fields, 'status');
  const code = textOf(fields, 'code');
  return new ServiceFailure(textOf(fields, 'message'), { kind, scope, code, status });
}

function objectOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw new Error(`no ${name}`);
  return value as Fields;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
}

function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === fields[name]);
  if (found === undefined) throw new Error(`${name} is ${JSON.stringify(fields[name])}`);
  return found;
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new Error(`${name} is ${JSON.stringify(value)}`);
  }
  return value;
}

function wholeOf(fields: Fields, name: string): number {
  const value = numberOf(fields, name);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} is ${value}`);
  return value;
}
