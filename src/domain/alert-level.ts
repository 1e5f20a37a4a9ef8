/**
 * When a figure is too high, and when it is well again. Between the two lies a gap, and either may
 * have to last for a while: a figure on the edge would otherwise be told again and again.
 */

export interface Band {
  /** Too high is what is above this, */
  readonly raiseAt: number;
  readonly raiseAfterMs: number;
  /** well again is what is not above this. */
  readonly clearAt: number;
  readonly clearAfterMs: number;
}

/** Since when a figure says otherwise than what was told of it; undefined where it does not. */
export type Turning = number | undefined;

export interface Level {
  readonly turning: Turning;
  readonly verdict: 'raise' | 'clear' | undefined;
}

export function levelAfter(
  band: Band,
  isRaised: boolean,
  turning: Turning,
  value: number,
  nowMs: number,
): Level {
  const isTurned = isRaised ? value <= band.clearAt : value > band.raiseAt;
  if (!isTurned) return { turning: undefined, verdict: undefined };
  const sinceMs = turning ?? nowMs;
  const afterMs = isRaised ? band.clearAfterMs : band.raiseAfterMs;
  if (nowMs - sinceMs < afterMs) return { turning: sinceMs, verdict: undefined };
  return { turning: undefined, verdict: isRaised ? 'clear' : 'raise' };
}
