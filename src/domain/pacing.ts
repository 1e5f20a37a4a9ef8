/**
 * A steady pace: so many starts a second, none saved up. Without bursts, no second ever holds
 * more starts than the rate, wherever it begins; a limiter that refills once a second lets twice
 * as many through at the boundary.
 */
export interface PacingPolicy {
  /** Between two starts. */
  readonly intervalMs: number;
}

export interface PacingState {
  /** The earliest next start; monotonic milliseconds. */
  readonly nextMs: number;
}

export type PacingEvent =
  /** One start was made now. */
  | { readonly type: 'started' }
  /** Nothing may start before. Never shortens a hold. */
  | { readonly type: 'held'; readonly untilMs: number };

export const FREE_PACING: PacingState = { nextMs: Number.NEGATIVE_INFINITY };

/** Throws `RangeError` for a rate that is not above nothing. */
export function pacingPolicy(perSecond: number): PacingPolicy {
  if (!(perSecond > 0)) {
    throw new RangeError(`a pace of ${perSecond} per second: it must be above 0`);
  }
  // Rounded up to the microsecond: a third of a second three times is never less than one.
  return { intervalMs: Math.ceil(1_000_000 / perSecond) / 1_000 };
}

export function pacingAfter(
  policy: PacingPolicy,
  state: PacingState,
  event: PacingEvent,
  nowMs: number,
): PacingState {
  if (event.type === 'held') {
    return event.untilMs > state.nextMs ? { nextMs: event.untilMs } : state;
  }
  return { nextMs: Math.max(state.nextMs, nowMs) + policy.intervalMs };
}

/** How long a start that has `ahead` others before it must wait, in milliseconds. */
export function paceWaitMs(
  policy: PacingPolicy,
  state: PacingState,
  ahead: number,
  nowMs: number,
): number {
  return Math.max(0, state.nextMs - nowMs) + ahead * policy.intervalMs;
}
