import { breakerFailure, type Hold, type Verdict, verdictOf } from './breaker-verdict.ts';
import type { ServiceFailure } from './failure.ts';

/**
 * The circuit breaker of one service, as a value. It counts failures in a row *per line*, so that
 * an outage reads the same with one line and with fifty: one call that failed with all its
 * retries. Times are monotonic milliseconds.
 */
export interface BreakerPolicy {
  /** Failures in a row on one line that open it. */
  readonly failureThreshold: number;
  /** How long it stays open the first time; doubles while probes fail. */
  readonly recoveryTimeoutMs: number;
  /** The longest it stays open. */
  readonly openMsMax: number;
  /** Calls let through at once while half open. */
  readonly halfOpenMaxCalls: number;
  /** A half-open call that has not come back by then counts as failed. */
  readonly leaseMs: number;
}

export type BreakerState = ClosedBreaker | OpenBreaker | HalfOpenBreaker;

interface Common {
  /** Grows with every transition; what was begun under another one changes nothing. */
  readonly epoch: number;
  /** When the present state began. */
  readonly sinceMs: number;
  /** Set by a 429 with `Retry-After`: nothing is sent before. May have passed. */
  readonly hold: Hold | undefined;
  /** How often in a row the open time has been doubled, or would be at the next opening. */
  readonly doublings: number;
}

export interface ClosedBreaker extends Common {
  readonly type: 'closed';
  /** Failures in a row by line. */
  readonly counts: ReadonlyMap<number, number>;
  /** When the first of them came. */
  readonly streakSinceMs: number;
}

export interface OpenBreaker extends Common {
  readonly type: 'open';
  readonly untilMs: number;
  readonly outage: Outage;
  /** Good health checks in a row since it opened. */
  readonly goodChecks: number;
}

export interface HalfOpenBreaker extends Common {
  readonly type: 'half_open';
  readonly outage: Outage;
  readonly leases: readonly Lease[];
  /** The number given out last. */
  readonly lastPermit: number;
}

/** From the first opening until a call succeeds, failed probes included. */
export interface Outage {
  readonly sinceMs: number;
  /** Names the outage: the epoch in which it began. */
  readonly epoch: number;
  /** What opened the breaker, the last time. */
  readonly cause: ServiceFailure;
  /** A health check failed during it. */
  readonly checkFailed: boolean;
}

interface Lease {
  readonly permit: number;
  readonly lapsesMs: number;
}

export type BreakerEvent =
  /** A request is let through. Only where `standing` says `ready`, or `probe` with a permit. */
  | { readonly type: 'admitted' }
  | { readonly type: 'succeeded'; readonly permit: number }
  | {
      readonly type: 'failed';
      readonly permit: number;
      readonly line: number;
      readonly failure: ServiceFailure;
    }
  /** The request ended in a way that says nothing of the service. */
  | { readonly type: 'returned'; readonly permit: number }
  /** A health check ended. */
  | { readonly type: 'checked'; readonly good: boolean; readonly begunMs: number }
  /** The connection that the service needs was made anew. */
  | { readonly type: 'connected' }
  /** Time went by: a hold is over, a half-open call that never came back counts as failed. */
  | { readonly type: 'elapsed' };

/** Good health checks in a row that move an open breaker to half open early. */
const GOOD_CHECKS = 2;
/** The open time grows to at most this many times `recoveryTimeoutMs`. */
const OPEN_TIMES_MAX = 8;
export const NO_COUNTS: ReadonlyMap<number, number> = new Map();

export function breakerPolicy(
  settings: Pick<BreakerPolicy, 'failureThreshold' | 'recoveryTimeoutMs' | 'halfOpenMaxCalls'>,
  leaseMs: number,
): BreakerPolicy {
  for (const [name, value] of Object.entries(settings)) {
    if (!(value >= 1)) throw new RangeError(`breaker: ${name} is ${value}, at least 1 is needed`);
  }
  return { ...settings, openMsMax: OPEN_TIMES_MAX * settings.recoveryTimeoutMs, leaseMs };
}

export function closedBreaker(nowMs: number): ClosedBreaker {
  return {
    type: 'closed',
    epoch: 1,
    sinceMs: nowMs,
    hold: undefined,
    doublings: 0,
    counts: NO_COUNTS,
    streakSinceMs: nowMs,
  };
}

/** The permit of the request let through last. */
export function latestPermit(state: BreakerState): number {
  return state.type === 'half_open' ? state.lastPermit : state.epoch;
}

/** A success under this permit would change nothing, whatever the time. */
export function isQuiet(state: BreakerState, permit: number): boolean {
  return state.type === 'closed' && state.epoch === permit && state.counts.size === 0;
}

/** Whether a result under this permit comes too late to say anything. */
export function isStale(state: BreakerState, permit: number): boolean {
  if (state.type === 'closed') return permit !== state.epoch;
  return state.type === 'open' || !state.leases.some((lease) => lease.permit === permit);
}

export function breakerAfter(
  policy: BreakerPolicy,
  state: BreakerState,
  event: BreakerEvent,
  nowMs: number,
): BreakerState {
  switch (event.type) {
    case 'admitted':
      return afterAdmission(policy, state, nowMs);
    case 'succeeded':
      return afterSuccess(state, event.permit, nowMs);
    case 'failed':
      return afterFailure(policy, state, event, nowMs);
    case 'returned':
      return afterReturn(state, event.permit);
    case 'checked':
      return afterCheck(state, event, nowMs);
    case 'connected':
      return afterConnecting(state, nowMs);
    case 'elapsed':
      return afterLapse(policy, state, nowMs);
  }
}

function afterAdmission(policy: BreakerPolicy, state: BreakerState, nowMs: number): BreakerState {
  if (state.type === 'closed') return state;
  const half = state.type === 'open' ? halfOpened(state, nowMs) : state;
  const permit = half.lastPermit + 1;
  const lease = { permit, lapsesMs: nowMs + policy.leaseMs };
  return { ...half, leases: [...half.leases, lease], lastPermit: permit };
}

function afterSuccess(state: BreakerState, permit: number, nowMs: number): BreakerState {
  if (isStale(state, permit) || isQuiet(state, permit)) return state;
  if (state.type === 'closed') return { ...state, counts: NO_COUNTS };
  return {
    type: 'closed',
    epoch: nextEpoch(state),
    sinceMs: nowMs,
    hold: state.hold,
    doublings: state.doublings + 1,
    counts: NO_COUNTS,
    streakSinceMs: nowMs,
  };
}

function afterFailure(
  policy: BreakerPolicy,
  state: BreakerState,
  event: { readonly permit: number; readonly line: number; readonly failure: ServiceFailure },
  nowMs: number,
): BreakerState {
  if (state.type === 'open' || isStale(state, event.permit)) return state;
  const verdict: Verdict = verdictOf(event.failure, nowMs);
  if (verdict.type === 'neutral') return afterReturn(state, event.permit);
  if (verdict.type === 'throttled') {
    const kept = afterReturn(state, event.permit);
    const later = verdict.hold.untilMs > Math.max(nowMs, state.hold?.untilMs ?? nowMs);
    return later ? { ...kept, hold: verdict.hold } : kept;
  }
  if (state.type !== 'closed' || verdict.type === 'fatal') {
    return opened(policy, state, event.failure, nowMs);
  }
  const streakSinceMs = state.counts.size === 0 ? nowMs : state.streakSinceMs;
  const count = (state.counts.get(event.line) ?? 0) + 1;
  const counted = { ...state, streakSinceMs, counts: new Map(state.counts) };
  counted.counts.set(event.line, count);
  return count < policy.failureThreshold ? counted : opened(policy, counted, event.failure, nowMs);
}

function afterReturn(state: BreakerState, permit: number): BreakerState {
  if (state.type !== 'half_open' || isStale(state, permit)) return state;
  return { ...state, leases: state.leases.filter((lease) => lease.permit !== permit) };
}

function afterCheck(
  state: BreakerState,
  check: { readonly good: boolean; readonly begunMs: number },
  nowMs: number,
): BreakerState {
  if (state.type === 'closed' || check.begunMs < state.outage.sinceMs) return state;
  if (!check.good) {
    const outage = { ...state.outage, checkFailed: true };
    return state.type === 'open' ? { ...state, outage, goodChecks: 0 } : { ...state, outage };
  }
  if (state.type === 'half_open' || check.begunMs < state.sinceMs) return state;
  const goodChecks = state.goodChecks + 1;
  // A check that stayed green while the work failed says nothing.
  if (goodChecks < GOOD_CHECKS || !state.outage.checkFailed || isHeld(state, nowMs)) {
    return { ...state, goodChecks };
  }
  return halfOpened(state, nowMs);
}

/** It took us, and is ready: what two good checks say. What failed beside it is tried in time. */
function afterConnecting(state: BreakerState, nowMs: number): BreakerState {
  if (state.type !== 'open' || !state.outage.checkFailed || isHeld(state, nowMs)) return state;
  return halfOpened(state, nowMs);
}

function isHeld({ hold }: BreakerState, nowMs: number): boolean {
  return hold !== undefined && hold.untilMs > nowMs;
}

/** Opens as of the moment the lease ran out, however late that is noticed. */
function afterLapse(policy: BreakerPolicy, state: BreakerState, nowMs: number): BreakerState {
  if (state.hold !== undefined && state.hold.untilMs <= nowMs) {
    return afterLapse(policy, { ...state, hold: undefined }, nowMs);
  }
  if (state.type !== 'half_open' || state.leases.length === 0) return state;
  const lapsedMs = Math.min(...state.leases.map((lease) => lease.lapsesMs));
  if (lapsedMs > nowMs) return state;
  const message = `the request that was to try the service has not ended in ${policy.leaseMs} ms`;
  return opened(policy, state, breakerFailure(message, 'probe_lapsed'), lapsedMs);
}

function halfOpened(state: OpenBreaker, nowMs: number): HalfOpenBreaker {
  const epoch = nextEpoch(state);
  return {
    type: 'half_open',
    epoch,
    sinceMs: nowMs,
    hold: state.hold,
    doublings: state.doublings,
    outage: state.outage,
    leases: [],
    lastPermit: epoch,
  };
}

function opened(
  policy: BreakerPolicy,
  state: ClosedBreaker | HalfOpenBreaker,
  cause: ServiceFailure,
  nowMs: number,
): OpenBreaker {
  const epoch = nextEpoch(state);
  const doublings = doublingsAtOpening(policy, state, nowMs);
  const openMs = Math.min(policy.openMsMax, policy.recoveryTimeoutMs * 2 ** doublings);
  // A service that says itself how long it will be away is believed, within bounds.
  const asked = verdictOf(cause, nowMs).hold;
  const hold = asked.untilMs > (state.hold?.untilMs ?? nowMs) ? asked : state.hold;
  const untilMs = Math.max(nowMs + openMs, hold?.untilMs ?? nowMs);
  const before = state.type === 'closed' ? undefined : state.outage;
  const outage = {
    sinceMs: before?.sinceMs ?? nowMs,
    epoch: before?.epoch ?? epoch,
    cause,
    checkFailed: before?.checkFailed ?? false,
  };
  return { type: 'open', epoch, sinceMs: nowMs, hold, doublings, untilMs, outage, goodChecks: 0 };
}

/**
 * The doubling is forgotten after one recovery period in good health, measured up to the first
 * failure of the streak that opens it: the streak itself, with its back-offs, is no good health.
 */
function doublingsAtOpening(
  policy: BreakerPolicy,
  state: ClosedBreaker | HalfOpenBreaker,
  nowMs: number,
): number {
  if (state.type === 'half_open') return state.doublings + 1;
  // A failure that opens it alone is a streak of its own.
  const streakMs = state.counts.size === 0 ? nowMs : state.streakSinceMs;
  return streakMs - state.sinceMs >= policy.recoveryTimeoutMs ? 0 : state.doublings;
}

function nextEpoch(state: BreakerState): number {
  return (state.type === 'half_open' ? state.lastPermit : state.epoch) + 1;
}
