import { ServiceFailure } from './failure.ts';

/** A pause that a service asked for. */
export interface Hold {
  /** Monotonic milliseconds. */
  readonly untilMs: number;
  readonly cause: ServiceFailure;
}

/**
 * What a failure says of the service. `counted`: one more in a row. `fatal`: the next call would
 * fail too. `throttled`: it works, and wants fewer calls. `neutral`: the request was at fault.
 */
export interface Verdict {
  readonly type: 'counted' | 'fatal' | 'throttled' | 'neutral';
  /** Up to when it asked to be left alone; now where it did not. */
  readonly hold: Hold;
}

/**
 * No service is left alone for longer, whatever it asks: a slip of a unit in a header must not
 * stop a campaign for a year.
 */
export const HOLD_MS_MAX = 24 * 60 * 60 * 1_000;

/** "Too many requests" that names no time: as long as the first back-off, for all lines. */
const THROTTLED_MS = 5_000;

const TOO_MANY_REQUESTS = 429;

export function verdictOf(failure: ServiceFailure, nowMs: number): Verdict {
  const type = verdictType(failure);
  const leastMs = type === 'throttled' ? THROTTLED_MS : 0;
  const askedMs = Math.min(HOLD_MS_MAX, Math.max(0, failure.retryAfterMs ?? leastMs));
  return { type, hold: { untilMs: nowMs + askedMs, cause: failure } };
}

function verdictType(failure: ServiceFailure): Verdict['type'] {
  if (failure.scope === 'request') return 'neutral';
  // A quota that is used up may come with 429 as well: that one does not pass by itself.
  if (failure.kind === 'permanent') return 'fatal';
  return failure.status === TOO_MANY_REQUESTS ? 'throttled' : 'counted';
}

/** A failure that the breaker noticed itself. */
export function breakerFailure(message: string, code: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'unknown', scope: 'service', code });
}
