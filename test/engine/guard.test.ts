import { describe, expect, it } from 'vitest';
import { Unavailable } from '../../src/domain/failure.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry.ts';
import { failure, refused } from '../support/failures.ts';
import {
  CASE_POLICIES,
  GuardBench,
  ONCE_ONLY,
  outcome,
  REPEATABLE,
  watched,
} from '../support/guard-bench.ts';

// Case 57 is about a bulkhead: the runner's lines are one, so that the guard builds none. Case 9
// is about failures that are values, case 45's by-value part too: a port's failure is thrown.
// The breaker's own cases are in test/domain; here is what needs a guard around it.

const NO_RETRY = { ...CASE_POLICIES, retry: { ...CASE_POLICIES.retry, maxRetries: 0 } };

describe('a request', () => {
  it('case 1: a new guard is closed; value and error come back unchanged', async () => {
    const bench = new GuardBench();
    expect(bench.guard.status()).toMatchObject({ state: 'closed', cause: undefined });
    const value = { text: 'hello' };
    const context = bench.context();
    expect(await bench.guard.run(REPEATABLE, context, async () => value)).toBe(value);
    const error = refused();
    const failing = bench.guard.run(REPEATABLE, context, () => Promise.reject(error));
    expect(await outcome(failing)).toBe(error);
  });

  it('case 2: the call that opens the breaker rejects with its own error', async () => {
    const bench = new GuardBench({ policies: NO_RETRY });
    const errors = [failure(), failure(), failure()];
    for (const error of errors) {
      const { call } = bench.service(error);
      expect(await outcome(bench.guard.run(REPEATABLE, bench.context(), call))).toBe(error);
    }
    expect(bench.guard.status().state).toBe('open');
  });

  it('case 3: throwing at once, a plain value and undefined are as their async twins', async () => {
    const bench = new GuardBench();
    const run = (call: () => unknown) => {
      return outcome(bench.guard.run(REPEATABLE, bench.context(), call as () => Promise<unknown>));
    };
    const error = refused();
    expect(
      await run(() => {
        throw error;
      }),
    ).toBe(error);
    expect(await run(() => 7)).toBe(7);
    expect(await run(() => undefined)).toBeUndefined();
    expect(bench.guard.counts).toEqual({ requests: 3, failures: 1, retries: 0 });
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('a bug passes through: not retried, not counted, its permit given back', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const bug = new TypeError('undefined is not a function');
    for (let count = 0; count < 5; count += 1) {
      const { call, starts } = bench.service(bug);
      expect(await outcome(bench.guard.run(REPEATABLE, bench.context(), call))).toBe(bug);
      expect(starts).toHaveLength(1);
    }
    expect(bench.guard.readiness()).toMatchObject({ state: 'probe', permits: 1, permitsMax: 1 });
    expect(bench.of('attempt.failed')).toHaveLength(3);
  });

  it('case 13: being turned away by a breaker further in never counts', async () => {
    const bench = new GuardBench();
    const { call, starts } = bench.service(new Unavailable(['beta'], 1_000));
    for (let count = 0; count < 10; count += 1) {
      const error = await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
      expect(error).toBeInstanceOf(Unavailable);
    }
    expect(starts).toHaveLength(10);
    expect(bench.guard.status().state).toBe('closed');
  });
});

describe('the default policies, against a service that is down', () => {
  const policies = {
    retry: { ...DEFAULT_RETRY },
    circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 },
    timeouts: { requestMs: 15_000, callMs: 600_000 },
  };

  it.each([1, 4, 50])('reads the same on %i lines', async (lines) => {
    const bench = new GuardBench({ policies, lines });
    const { call, starts } = bench.service(failure());
    const all = Array.from({ length: lines }, (_, index) => {
      return watched(bench.guard.run(ONCE_ONLY, bench.context(index + 1), call));
    });
    await bench.clock.run();
    expect(all.every((one) => one.settled)).toBe(true);
    // The first to fail for the fourth time opens it; the others stop waiting at that moment.
    expect(starts).toHaveLength(3 * lines + 1);
    expect(new Set(starts)).toEqual(new Set([0, 5_000, 15_000, 35_000]));
    expect(bench.of('breaker.opened')).toHaveLength(1);
    expect(bench.of('notice')).toEqual([]);
    expect(bench.guard.readiness()).toEqual({ state: 'closed_until', retryAfterMs: 60_000 });
  });

  it('waits 5, 10 and 20 s with the jitter it draws', async () => {
    const bench = new GuardBench({ policies });
    bench.fraction = 0.5;
    const { call, starts } = bench.service(failure());
    await bench.clock.until(outcome(bench.guard.run(ONCE_ONLY, bench.context(), call)));
    expect(starts).toEqual([0, 5_250, 15_750, 36_750]);
    expect(bench.of('retry.scheduled').map((event) => event.delayMs)).toEqual([
      5_250, 10_500, 21_000,
    ]);
  });
});
