/**
 * How many retries one service may get from all lines together. Without it, many lines that each
 * retry within their rights storm a service that is about to come back.
 *
 * Everything is counted in whole thousandths of a token, so that nothing is lost to rounding.
 */
export interface BudgetPolicy {
  readonly capacity: number;
}

export interface BudgetState {
  readonly tokens: number;
  /** Up to when what comes by itself has been counted in; monotonic milliseconds. */
  readonly countedMs: number;
}

const TOKEN = 1_000;
const CAPACITY_MIN = 10 * TOKEN;
/** A success gives a tenth of a token back. */
const SUCCESS_GAIN = TOKEN / 10;
/** One token comes by itself every ten seconds: a thousandth every ten milliseconds. */
const TRICKLE_MS = 10_000 / TOKEN;

/**
 * Twice what one outage can take on all lines at once, so that a first outage never meets the
 * limit, which is at half.
 */
export function budgetPolicy(lines: number, maxRetries: number): BudgetPolicy {
  return { capacity: Math.max(CAPACITY_MIN, 2 * lines * (1 + maxRetries) * TOKEN) };
}

export function fullBudget(policy: BudgetPolicy, nowMs: number): BudgetState {
  return { tokens: policy.capacity, countedMs: nowMs };
}

/**
 * `wanted`: an attempt failed and asks for a retry, which takes one token. `succeeded`: the
 * service answered. `filled`: its breaker closed, and what was taken in the outage is forgotten.
 */
export type BudgetEvent = 'wanted' | 'succeeded' | 'filled';

export function budgetAfter(
  policy: BudgetPolicy,
  state: BudgetState,
  event: BudgetEvent,
  nowMs: number,
): BudgetState {
  if (event === 'filled') return fullBudget(policy, nowMs);
  if (event === 'succeeded') {
    if (state.tokens === policy.capacity) return state;
    const counted = trickle(policy, state, nowMs);
    return { ...counted, tokens: Math.min(policy.capacity, counted.tokens + SUCCESS_GAIN) };
  }
  const counted = trickle(policy, state, nowMs);
  // A retry that is refused takes no more than what lies above half. Otherwise a long outage
  // would empty the budget, and the first hiccups after it would get no retry for an hour.
  const floor = Math.min(counted.tokens, policy.capacity / 2);
  return { ...counted, tokens: Math.max(floor, counted.tokens - TOKEN) };
}

/** Asked after `wanted`: retries go only while more than half is left. */
export function allowsRetry(policy: BudgetPolicy, state: BudgetState): boolean {
  return state.tokens > policy.capacity / 2;
}

function trickle(policy: BudgetPolicy, state: BudgetState, nowMs: number): BudgetState {
  const gain = Math.max(0, Math.floor((nowMs - state.countedMs) / TRICKLE_MS));
  const tokens = state.tokens + gain;
  if (tokens >= policy.capacity) return fullBudget(policy, nowMs);
  return gain === 0 ? state : { tokens, countedMs: state.countedMs + gain * TRICKLE_MS };
}
