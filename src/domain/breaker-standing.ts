import { type BreakerPolicy, type BreakerState, breakerAfter } from './breaker.ts';
import type { ServiceFailure } from './failure.ts';

/** What a request would meet now. */
export type Standing =
  | { readonly type: 'ready' }
  /** A pause the service asked for. */
  | { readonly type: 'held'; readonly waitMs: number; readonly cause: ServiceFailure }
  /** So many may try. `waitMs`: with no permit left, when one is free at the latest. */
  | {
      readonly type: 'probe';
      readonly permits: number;
      readonly waitMs: number;
      readonly cause: ServiceFailure;
    }
  | { readonly type: 'open'; readonly waitMs: number; readonly cause: ServiceFailure };
const READY: Standing = { type: 'ready' };

/** Reading it changes nothing: an open breaker whose time has come reads `probe`. */
export function standing(policy: BreakerPolicy, state: BreakerState, nowMs: number): Standing {
  if (state.type === 'closed' && state.hold === undefined) return READY;
  const current = breakerAfter(policy, state, { type: 'elapsed' }, nowMs);
  if (current.type === 'open' && current.untilMs > nowMs) {
    const waitMs = Math.max(current.untilMs, current.hold?.untilMs ?? 0) - nowMs;
    return { type: 'open', waitMs, cause: current.outage.cause };
  }
  if (current.hold !== undefined && current.hold.untilMs > nowMs) {
    const { untilMs, cause } = current.hold;
    return { type: 'held', waitMs: untilMs - nowMs, cause };
  }
  if (current.type === 'closed') return READY;
  const taken = current.type === 'open' ? [] : current.leases;
  const permits = policy.halfOpenMaxCalls - taken.length;
  const waitMs = permits > 0 ? 0 : Math.min(...taken.map((lease) => lease.lapsesMs)) - nowMs;
  return { type: 'probe', permits, waitMs, cause: current.outage.cause };
}
