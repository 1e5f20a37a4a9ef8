import {
  type BreakerPolicy,
  type BreakerState,
  breakerAfter,
  breakerPolicy,
  closedBreaker,
  latestPermit,
} from '../../src/domain/breaker.ts';
import { type Standing, standing } from '../../src/domain/breaker-standing.ts';
import type { ServiceFailure } from '../../src/domain/failure.ts';
import { failure } from './failures.ts';

export const RECOVERY_MS = 30_000;

/** The policy of the numbered cases: three in a row, 30 s, one permit, no escalation. */
export function casePolicy(changes: Partial<BreakerPolicy> = {}): BreakerPolicy {
  const settings = { failureThreshold: 3, recoveryTimeoutMs: RECOVERY_MS, halfOpenMaxCalls: 1 };
  return { ...breakerPolicy(settings, RECOVERY_MS), openMsMax: RECOVERY_MS, ...changes };
}

/** A breaker with a clock of its own, worked by hand. */
export class BreakerBench {
  readonly policy: BreakerPolicy;
  state: BreakerState;
  nowMs: number;

  constructor(policy: BreakerPolicy = casePolicy(), state?: BreakerState, nowMs = 0) {
    this.policy = policy;
    this.nowMs = nowMs;
    this.state = state ?? closedBreaker(nowMs);
  }

  get standing(): Standing {
    return standing(this.policy, this.state, this.nowMs);
  }

  get type(): BreakerState['type'] {
    return this.state.type;
  }

  /** A permit, or undefined where the request is turned away. */
  admit(): number | undefined {
    const met = this.standing;
    if (met.type !== 'ready' && !(met.type === 'probe' && met.permits > 0)) return undefined;
    this.#apply({ type: 'elapsed' });
    this.#apply({ type: 'admitted' });
    return latestPermit(this.state);
  }

  /** A permit that must be there. */
  begin(): number {
    const permit = this.admit();
    if (permit === undefined) throw new Error(`turned away: ${JSON.stringify(this.standing)}`);
    return permit;
  }

  succeed(permit = this.begin()): void {
    this.#apply({ type: 'succeeded', permit });
  }

  fail(permit = this.begin(), cause: ServiceFailure = failure(), line = 1): void {
    this.#apply({ type: 'failed', permit, line, failure: cause });
  }

  failOn(line: number, cause: ServiceFailure = failure()): void {
    this.fail(this.begin(), cause, line);
  }

  giveBack(permit: number): void {
    this.#apply({ type: 'returned', permit });
  }

  check(good: boolean, begunMs = this.nowMs): void {
    this.#apply({ type: 'checked', good, begunMs });
  }

  later(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** Opens it with three failures on line 1. */
  trip(cause?: ServiceFailure): void {
    for (let count = 0; count < this.policy.failureThreshold; count += 1) this.failOn(1, cause);
  }

  #apply(event: Parameters<typeof breakerAfter>[2]): void {
    if (this.state.type === 'half_open') {
      this.state = breakerAfter(this.policy, this.state, { type: 'elapsed' }, this.nowMs);
    }
    this.state = breakerAfter(this.policy, this.state, event, this.nowMs);
  }
}
