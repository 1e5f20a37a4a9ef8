import { describe, expect, it } from 'vitest';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';
import {
  CASE_POLICIES,
  GuardBench,
  ONCE_ONLY,
  outcome,
  REPEATABLE,
  watched,
} from '../support/guard-bench.ts';

/** Never opens, so that only the retry speaks. */
const PATIENT = {
  ...CASE_POLICIES,
  circuitBreaker: { ...CASE_POLICIES.circuitBreaker, failureThreshold: 1_000 },
};

function patient(): GuardBench {
  return new GuardBench({ policies: PATIENT });
}

describe('retry', () => {
  it('case 44: a success at once is one call; three failures and a success take 35 s', async () => {
    const bench = patient();
    const quick = bench.service('fine');
    expect(await bench.guard.run(REPEATABLE, bench.context(), quick.call)).toBe('fine');
    expect(quick.starts).toHaveLength(1);
    const slow = bench.service(failure(), failure(), failure(), 'fine');
    const run = bench.guard.run(REPEATABLE, bench.context(), slow.call);
    expect(await bench.clock.until(run)).toBe('fine');
    expect(slow.starts).toEqual([0, 5_000, 15_000, 35_000]);
    expect(bench.clock.monotonicMs()).toBe(35_000);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.listeners).toBe(0);
    expect(bench.guard.counts).toEqual({ requests: 5, failures: 3, retries: 3 });
  });

  it('case 45: four failures are four calls, and the last error is thrown', async () => {
    const bench = patient();
    const errors = [failure(), failure(), failure(), failure()];
    const { call, starts } = bench.service(...errors);
    const run = bench.guard.run(REPEATABLE, bench.context(), call);
    expect(await bench.clock.until(outcome(run))).toBe(errors[3]);
    expect(starts).toHaveLength(4);
    expect(bench.of('attempt.failed').map((event) => event.attempt)).toEqual([1, 2, 3, 4]);
    expect(bench.of('retry.scheduled').map((event) => event.retry)).toEqual([1, 2, 3]);
  });

  it('case 45: what another try cannot mend is one call', async () => {
    for (const error of [refused(), unauthorized()]) {
      const bench = patient();
      const { call, starts } = bench.service(error);
      expect(await outcome(bench.guard.run(REPEATABLE, bench.context(), call))).toBe(error);
      expect(starts).toHaveLength(1);
    }
  });

  it('case 47: waits for Retry-After where that is later', async () => {
    const bench = patient();
    const { call, starts } = bench.service(
      failure({ retryAfterMs: 12_000 }),
      failure({ retryAfterMs: 2_000 }),
      'fine',
    );
    await bench.clock.until(bench.guard.run(REPEATABLE, bench.context(), call));
    expect(starts).toEqual([0, 12_000, 22_000]);
  });

  it('case 48: a Retry-After of an hour is not slept, and the error says it', async () => {
    const bench = patient();
    const error = throttled(3_600_000);
    const { call, starts } = bench.service(error);
    const seen = await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
    expect(seen).toBe(error);
    expect(seen).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(starts).toHaveLength(1);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('case 49: aborted before, nothing is called', async () => {
    const bench = patient();
    const { call, starts } = bench.service('fine');
    const reason = new Error('stopped');
    bench.caller.abort(reason);
    expect(await outcome(bench.guard.run(REPEATABLE, bench.context(), call))).toBe(reason);
    expect(starts).toEqual([]);
  });

  it('case 49: aborted during the back-off, it ends then, nothing more is called', async () => {
    const bench = patient();
    const { call, starts } = bench.service(failure());
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(), call));
    await bench.clock.advance(2_000);
    expect(seen.settled).toBe(false);
    const reason = new Error('stopped');
    bench.caller.abort(reason);
    await bench.clock.settle();
    expect(seen.outcome).toBe(reason);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.listeners).toBe(0);
    await bench.clock.advance(100_000);
    expect(starts).toHaveLength(1);
  });

  it('case 49: aborted by who is told of the retry, nothing is called again', async () => {
    const caller = new AbortController();
    const bench = new GuardBench({
      policies: PATIENT,
      emit: (event) => {
        if (event.type === 'retry.scheduled') caller.abort(new Error('enough'));
      },
    });
    const { call, starts } = bench.service(failure());
    const run = outcome(bench.guard.run(REPEATABLE, bench.context(1, caller.signal), call));
    expect(await bench.clock.until(run)).toMatchObject({ message: 'enough' });
    expect(starts).toHaveLength(1);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('case 51: what opens the breaker is thrown at once, without a back-off', async () => {
    const policies = {
      ...CASE_POLICIES,
      circuitBreaker: { ...CASE_POLICIES.circuitBreaker, failureThreshold: 1 },
    };
    const bench = new GuardBench({ policies });
    const error = failure();
    const { call } = bench.service(error);
    expect(await outcome(bench.guard.run(REPEATABLE, bench.context(), call))).toBe(error);
    expect(bench.clock.monotonicMs()).toBe(0);
    expect(bench.of('retry.scheduled')).toEqual([]);
  });

  it('stops waiting when another line opens the breaker, with its own last failure', async () => {
    const bench = new GuardBench();
    const own = failure({ message: 'mine' });
    const { call, starts } = bench.service(own);
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(2), call));
    await bench.clock.advance(2_000);
    await bench.trip(unauthorized());
    await bench.clock.settle();
    expect(seen.outcome).toBe(own);
    expect(bench.clock.monotonicMs()).toBe(2_000);
    expect(starts).toHaveLength(1);
    expect(bench.guard.counts.retries).toBe(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('a retry that finds no permit ends with its own last failure', async () => {
    const bench = new GuardBench();
    const own = failure({ message: 'mine' });
    const seen = watched(
      bench.guard.run(REPEATABLE, bench.context(2), async () => {
        await bench.clock.sleep(31_000);
        throw own;
      }),
    );
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const probe = bench.service('hang');
    void bench.guard.run(ONCE_ONLY, bench.context(1), probe.call);
    await bench.clock.advance(1_000);
    expect(seen.settled).toBe(false);
    await bench.clock.advance(5_000);
    expect(seen.outcome).toBe(own);
  });

  it('case 52: what may have taken effect is not sent again, what was refused is', async () => {
    const bench = patient();
    const uncertain = bench.service(lost());
    const run = bench.guard.run(ONCE_ONLY, bench.context(), uncertain.call);
    expect(await outcome(run)).toMatchObject({ kind: 'unknown' });
    expect(uncertain.starts).toHaveLength(1);
    for (const proven of [failure({ code: 'ECONNREFUSED' }), throttled()]) {
      const { call, starts } = bench.service(proven, 'fine');
      await bench.clock.until(bench.guard.run(ONCE_ONLY, bench.context(), call));
      expect(starts).toHaveLength(2);
    }
  });

  it('case 53: without budget the error comes back; said once; first tries go', async () => {
    const bench = new GuardBench({ policies: PATIENT, lines: 1 });
    const errors = Array.from({ length: 8 }, () => failure());
    const runs = errors.map((error) => {
      const { call } = bench.service(error, 'fine');
      return watched(bench.guard.run(REPEATABLE, bench.context(), call));
    });
    await bench.clock.settle();
    expect(runs.map((run) => run.settled)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((index) => index > 3),
    );
    expect(runs.slice(4).map((run) => run.outcome)).toEqual(errors.slice(4));
    expect(bench.of('notice').map((event) => event.code)).toEqual(['retry_budget_used_up']);
    expect(bench.guard.circuitCounts.retriesRefused).toBe(4);
    await bench.clock.run();
    expect(runs.slice(0, 4).map((run) => run.outcome)).toEqual(Array(4).fill('fine'));
  });

  it('successes fill the budget again', async () => {
    const bench = new GuardBench({ policies: PATIENT, lines: 1 });
    const failAndRecover = () => {
      return watched(
        bench.guard.run(REPEATABLE, bench.context(), bench.service(failure(), 'fine').call),
      );
    };
    const spent = Array.from({ length: 6 }, failAndRecover);
    await bench.clock.settle();
    expect(spent.at(-1)?.settled).toBe(true);
    const { call } = bench.service('fine');
    for (let count = 0; count < 11; count += 1) {
      await bench.guard.run(REPEATABLE, bench.context(), call);
    }
    const next = failAndRecover();
    await bench.clock.settle();
    expect(next.settled).toBe(false);
    await bench.clock.run();
    expect(next.outcome).toBe('fine');
  });

  it('a breaker that closes fills the budget', async () => {
    const circuitBreaker = { ...CASE_POLICIES.circuitBreaker, failureThreshold: 8 };
    const bench = new GuardBench({ policies: { ...CASE_POLICIES, circuitBreaker }, lines: 1 });
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call } = bench.service('fine');
    await bench.guard.run(REPEATABLE, bench.context(), call);
    expect(bench.guard.status().state).toBe('closed');
    const runs = [1, 2, 3, 4].map((line) => {
      const flaky = bench.service(failure(), 'fine');
      return watched(bench.guard.run(REPEATABLE, bench.context(line), flaky.call));
    });
    await bench.clock.run();
    expect(runs.map((run) => run.outcome)).toEqual(['fine', 'fine', 'fine', 'fine']);
  });
});
