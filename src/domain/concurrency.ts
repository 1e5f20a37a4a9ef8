/**
 * How many requests a service is sent at once. Nobody knows beforehand what an account may do, so
 * its refusals teach: down at once, up slowly.
 */

export interface Concurrency {
  /** The most that are on their way at once; infinite for no limit. At least 1. */
  readonly limit: number;
  /** Never more than this, however well it goes. */
  readonly max: number;
  /** Rises with every lowering that was no echo of the one before. */
  readonly epoch: number;
  /** Successes at the full limit since it last changed. */
  readonly successes: number;
}

/**
 * Successes at the full limit before one more is tried. A try that fails costs one line a retry of
 * 5 s; at one in twenty that is a few percent of the work.
 */
const RAISE_AFTER = 20;

/** @throws RangeError for a limit that lets nothing through */
export function concurrencyOf(max = Number.POSITIVE_INFINITY): Concurrency {
  if (!(max >= 1)) throw new RangeError(`${max} requests at once: 1 or more is allowed`);
  return { limit: max, max, epoch: 0, successes: 0 };
}

/** @param full as many were on their way as allowed: a success below proves nothing */
export function afterSuccess(state: Concurrency, full: boolean): Concurrency {
  if (!full || state.limit >= state.max) return state;
  const successes = state.successes + 1;
  return successes < RAISE_AFTER
    ? { ...state, successes }
    : { ...state, limit: Math.min(state.max, state.limit + 1), successes: 0 };
}

/**
 * The service refused a request because too many were under way.
 *
 * A burst is refused many times over, and is one lesson: only the first halves. But when the last
 * of it is back, what is still on its way is all that the service took.
 *
 * @param onWay how many were on their way, the refused one among them
 * @param epoch of the state when that one was sent
 */
export function afterRefusal(state: Concurrency, onWay: number, epoch: number): Concurrency {
  const isEcho = epoch !== state.epoch;
  const others = Math.max(1, onWay - 1);
  const half = Math.max(1, Math.floor(Math.min(state.limit, onWay) / 2));
  const limit = Math.min(state.limit, others, isEcho ? others : half);
  return { ...state, limit, epoch: state.epoch + (isEcho ? 0 : 1), successes: 0 };
}
