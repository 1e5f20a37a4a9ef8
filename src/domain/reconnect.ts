/**
 * How long a connection that must never be given up waits before it is tried again.
 */
export interface ReconnectPolicy {
  /** The first wait, `retry_interval`; each one after it is twice as long. */
  readonly initialDelayMs: number;
  /** No wait is longer: `retry_max`. */
  readonly delayMsMax: number;
  /** A connection that held for so long was a good one: the waits begin anew. */
  readonly stableMs: number;
}

/** 15, 30, 60, 60 s: a restart of the other side takes seconds, an outage is not hammered. */
export const DEFAULT_RECONNECT: ReconnectPolicy = {
  initialDelayMs: 15_000,
  delayMsMax: 60_000,
  stableMs: 60_000,
};

/** How many waits there were since the connection was last stable. */
export interface ReconnectWaits {
  readonly count: number;
}

export const NO_WAITS: ReconnectWaits = { count: 0 };

/**
 * What ended: a connection that had been made, and for how long it held, in milliseconds; undefined
 * where none came about.
 */
export function nextReconnect(
  policy: ReconnectPolicy,
  waits: ReconnectWaits,
  heldMs: number | undefined,
): { readonly delayMs: number; readonly waits: ReconnectWaits } {
  const isStable = heldMs !== undefined && heldMs >= policy.stableMs;
  const before = isStable ? 0 : waits.count;
  // A restart of the other side is over in seconds: once, it is tried at once. Only once, or a
  // peer that takes connections and drops them would be asked without end.
  if (heldMs !== undefined && before === 0) return { delayMs: 0, waits: { count: 1 } };
  const position = Math.max(1, before);
  const grownMs = policy.initialDelayMs * 2 ** (position - 1);
  return { delayMs: Math.min(grownMs, policy.delayMsMax), waits: { count: position + 1 } };
}
