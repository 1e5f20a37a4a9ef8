import { describe, expect, it } from 'vitest';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { watchOf } from '../../src/engine/abort-watch.ts';
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

describe('time limit', () => {
  it('case 54: in time: the value, no timer, no abort', async () => {
    const bench = patient();
    let signal: AbortSignal | undefined;
    const run = bench.guard.run(REPEATABLE, bench.context(), async (context) => {
      signal = context.signal;
      await bench.clock.sleep(59_999);
      return 'fine';
    });
    await bench.clock.settle();
    expect(bench.clock.pendingTimers).toBe(2);
    expect(await bench.clock.until(run)).toBe('fine');
    expect(bench.clock.pendingTimers).toBe(0);
    expect(signal?.aborted).toBe(false);
    expect(bench.listeners).toBe(0);
  });

  it.each([
    [ONCE_ONLY, 'unknown'],
    [REPEATABLE, 'transient'],
  ] as const)(
    'case 54: too late: rejected at the limit, aborted, counted',
    async (operation, kind) => {
      const policies = { ...PATIENT, retry: { ...PATIENT.retry, maxRetries: 0 } };
      const bench = new GuardBench({ policies });
      let settle = (_: Error): void => {};
      let signal: AbortSignal | undefined;
      const run = bench.guard.run(operation, bench.context(), (context) => {
        signal = context.signal;
        return new Promise((_, reject) => {
          settle = reject;
        });
      });
      const seen = watched(run);
      await bench.clock.advance(59_999);
      expect(seen.settled).toBe(false);
      await bench.clock.advance(1);
      expect(seen.outcome).toBeInstanceOf(ServiceFailure);
      expect(seen.outcome).toMatchObject({ kind, scope: 'service', code: 'timeout' });
      expect(signal?.reason).toBe(seen.outcome);
      expect(bench.memory.saved.get('llm/alpha')).toMatchObject({ counts: { 1: 1 } });
      expect(bench.of('attempt.failed')[0]).toMatchObject({ durationMs: 60_000, code: 'timeout' });
      // Dropped; an unhandled rejection would fail the test run.
      settle(new Error('too late'));
      await bench.clock.settle();
      expect(bench.clock.pendingTimers).toBe(0);
    },
  );

  it('case 55: the caller’s abort: its reason, nothing counted, no limit reached', async () => {
    const bench = patient();
    const { call, signals } = bench.service('hang');
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(), call));
    await bench.clock.advance(10);
    const reason = new Error('stopped');
    bench.caller.abort(reason);
    await bench.clock.settle();
    expect(seen.outcome).toBe(reason);
    expect(signals[0]?.reason).toBe(reason);
    expect(bench.events).toEqual([]);
    expect(bench.memory.saves).toBe(0);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.listeners).toBe(0);
  });

  it('case 55: the caller’s abort is told to whoever watches, not to who left', async () => {
    const bench = patient();
    const told: unknown[] = [];
    const run = bench.guard.run(REPEATABLE, bench.context(), (context) => {
      const watch = watchOf(context);
      const left = (): void => void told.push('left');
      watch.onAbort(() => told.push(watch.reason));
      watch.onAbort(left);
      watch.offAbort(left);
      expect(watch.aborted).toBe(false);
      return new Promise(() => undefined);
    });
    const seen = watched(run);
    await bench.clock.advance(10);
    const reason = new Error('stopped');
    bench.caller.abort(reason);
    await bench.clock.settle();
    expect(seen.outcome).toBe(reason);
    expect(told).toEqual([reason]);
  });

  it('gives up a short request in time among long ones that began before', async () => {
    const bench = patient();
    const hang = (): Promise<never> => new Promise(() => undefined);
    const long = [1, 2, 3, 4, 5].map(() =>
      watched(bench.guard.outlast(600_000, bench.context(), hang)),
    );
    const ends: number[] = [];
    const brief = [1_000, 3_000, 2_000].map(async (timeoutMs) => {
      await outcome(bench.guard.once(timeoutMs, bench.context(), hang));
      ends.push(bench.clock.monotonicMs());
    });
    await bench.clock.advance(10_000);
    await Promise.all(brief);
    expect(ends).toEqual([1_000, 2_000, 3_000]);
    await bench.clock.advance(590_000);
    expect(long.map(({ outcome: end }) => end)).toMatchObject(
      long.map(() => ({ code: 'timeout' })),
    );
  });

  it('case 55: aborted in the turn in which it began, it sees that too', async () => {
    const bench = patient();
    const { call, signals } = bench.service('hang');
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(), call));
    bench.caller.abort(new Error('at once'));
    await bench.clock.settle();
    expect(seen.outcome).toMatchObject({ message: 'at once' });
    expect(signals[0]?.aborted).toBe(true);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('case 55: one caller’s abort leaves the other’s call alone', async () => {
    const bench = patient();
    const own = new AbortController();
    const { call, signals } = bench.service('hang');
    const stays = watched(bench.guard.run(ONCE_ONLY, bench.context(1), call));
    const goes = watched(bench.guard.run(ONCE_ONLY, bench.context(2, own.signal), call));
    await bench.clock.settle();
    own.abort(new Error('stopped'));
    await bench.clock.settle();
    expect([stays.settled, goes.settled]).toEqual([false, true]);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true]);
  });

  it('case 55: one that runs out of time leaves the others alone', async () => {
    const bench = patient();
    const first = bench.service('hang');
    const second = bench.service('hang');
    const slow = watched(bench.guard.run(ONCE_ONLY, bench.context(1), first.call));
    await bench.clock.advance(30_000);
    const other = watched(bench.guard.run(ONCE_ONLY, bench.context(2), second.call));
    await bench.clock.advance(30_000);
    expect([slow.settled, other.settled]).toEqual([true, false]);
    expect(second.signals[0]?.aborted).toBe(false);
    await bench.clock.advance(30_000);
    expect(other.settled).toBe(true);
  });

  it('case 55: ten thousand calls under one signal leave no listener on it', async () => {
    const bench = patient();
    const call = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    let most = 0;
    const runs = Array.from({ length: 10_000 }, () => {
      return bench.guard.run(REPEATABLE, bench.context(), call);
    });
    queueMicrotask(() => queueMicrotask(() => (most = Math.max(most, bench.listeners))));
    await Promise.all(runs);
    expect(most).toBe(1);
    expect(bench.listeners).toBe(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('a service that asks for the signal after it was given up finds it aborted', async () => {
    const bench = patient();
    let late: boolean | undefined;
    const run = bench.guard.run(ONCE_ONLY, bench.context(), async (context) => {
      await bench.clock.sleep(70_000);
      late = context.signal.aborted;
    });
    await bench.clock.until(outcome(run));
    await bench.clock.run();
    expect(late).toBe(true);
  });

  it('case 56: 0 and Infinity are no limit; a limit beyond 2^31 ms is kept', async () => {
    for (const timeoutMs of [0, Number.POSITIVE_INFINITY]) {
      const bench = patient();
      const { call } = bench.service('hang');
      const seen = watched(bench.guard.run({ ...ONCE_ONLY, timeoutMs }, bench.context(), call));
      await bench.clock.settle();
      expect(bench.clock.pendingTimers).toBe(0);
      expect(seen.settled).toBe(false);
    }
    const bench = patient();
    const { call } = bench.service('hang');
    const month = { ...ONCE_ONLY, timeoutMs: 2 ** 31 + 5 };
    const seen = watched(bench.guard.run(month, bench.context(), call));
    await bench.clock.advance(2 ** 31 + 4);
    expect(seen.settled).toBe(false);
    await bench.clock.advance(1);
    expect(seen.settled).toBe(true);
  });

  it('case 56: a shorter limit that began later ends first', async () => {
    const bench = patient();
    const { call } = bench.service('hang');
    const long = watched(bench.guard.run(ONCE_ONLY, bench.context(1), call));
    const brief = { ...ONCE_ONLY, timeoutMs: 10_000 };
    const short = watched(bench.guard.run(brief, bench.context(2), call));
    await bench.clock.advance(10_000);
    expect([long.settled, short.settled]).toEqual([false, true]);
    await bench.clock.advance(50_000);
    expect(long.settled).toBe(true);
  });

  it('case 56: what is no length of time is refused', async () => {
    for (const timeoutMs of [-1, Number.NaN]) {
      const bench = patient();
      const { call, starts } = bench.service('fine');
      const run = bench.guard.run({ ...REPEATABLE, timeoutMs }, bench.context(), call);
      expect(await outcome(run)).toBeInstanceOf(RangeError);
      expect(starts).toEqual([]);
      const timeouts = { requestMs: timeoutMs, callMs: 1 };
      expect(() => new GuardBench({ policies: { ...PATIENT, timeouts } })).toThrow(RangeError);
    }
  });
});
