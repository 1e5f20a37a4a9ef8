import { describe, expect, it } from 'vitest';
import { Unavailable } from '../../src/domain/failure.ts';
import { throttled, unauthorized } from '../support/failures.ts';
import { GuardBench, ONCE_ONLY, outcome, REPEATABLE, watched } from '../support/guard-bench.ts';

describe('a 429 with Retry-After', () => {
  it('gates the whole service: others wait for it, and go then', async () => {
    const bench = new GuardBench();
    const limited = bench.service(throttled(12_000), 'fine');
    const first = watched(bench.guard.run(REPEATABLE, bench.context(1), limited.call));
    await bench.clock.advance(2_000);
    expect(bench.guard.readiness()).toEqual({ state: 'ready', heldMs: 10_000 });
    const other = bench.service('fine');
    const second = watched(bench.guard.run(REPEATABLE, bench.context(2), other.call));
    await bench.clock.run();
    expect(limited.starts).toEqual([0, 12_000]);
    expect(other.starts).toEqual([12_000]);
    expect([first.outcome, second.outcome]).toEqual(['fine', 'fine']);
    expect(bench.guard.circuitCounts.throttled).toBe(1);
    expect(bench.of('breaker.opened')).toEqual([]);
  });

  it('beyond the longest wait, others are turned away with the time', async () => {
    const bench = new GuardBench();
    const error = throttled(61_000);
    const limited = bench.service(error);
    await outcome(bench.guard.run(REPEATABLE, bench.context(1), limited.call));
    const { call, starts } = bench.service('fine');
    const seen = await outcome(bench.guard.run(REPEATABLE, bench.context(2), call));
    expect(seen).toBeInstanceOf(Unavailable);
    expect(seen).toMatchObject({ retryAfterMs: 61_000, cause: error });
    expect(bench.guard.readiness()).toEqual({ state: 'closed_until', retryAfterMs: 61_000 });
    expect(starts).toEqual([]);
  });

  it('prolonged again and again, nobody waits for it longer than the longest wait', async () => {
    const bench = new GuardBench();
    const slow = (delayMs: number) => async () => {
      await bench.clock.sleep(delayMs);
      throw throttled(40_000);
    };
    for (const delayMs of [0, 30_000]) {
      void outcome(bench.guard.run(REPEATABLE, bench.context(1), slow(delayMs)));
    }
    await bench.clock.settle();
    await bench.clock.advance(1);
    const { call, starts } = bench.service('fine');
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(2), call));
    await bench.clock.advance(40_000);
    expect(seen.outcome).toBeInstanceOf(Unavailable);
    expect(starts).toEqual([]);
  });

  it('a wait for it ends when the breaker opens or the caller stops', async () => {
    const bench = new GuardBench();
    let open = (_: Error): void => {};
    const early = outcome(
      bench.guard.run(ONCE_ONLY, bench.context(3), () => {
        return new Promise((_, reject) => {
          open = reject;
        });
      }),
    );
    const limited = bench.service(throttled(50_000));
    void outcome(bench.guard.run(ONCE_ONLY, bench.context(1), limited.call));
    await bench.clock.settle();
    const { call } = bench.service('fine');
    const own = new AbortController();
    const stopped = watched(bench.guard.run(ONCE_ONLY, bench.context(4, own.signal), call));
    const turnedAway = watched(bench.guard.run(ONCE_ONLY, bench.context(2), call));
    await bench.clock.advance(1_000);
    own.abort(new Error('stopped'));
    await bench.clock.settle();
    expect(stopped.outcome).toMatchObject({ message: 'stopped' });
    expect(turnedAway.settled).toBe(false);
    open(unauthorized());
    await early;
    await bench.clock.settle();
    expect(turnedAway.outcome).toBeInstanceOf(Unavailable);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});
