import { describe, expect, it } from 'vitest';
import { Unavailable } from '../../src/domain/failure.ts';
import { failure, lost, unauthorized } from '../support/failures.ts';
import {
  CASE_POLICIES,
  GuardBench,
  ONCE_ONLY,
  outcome,
  REPEATABLE,
  watched,
} from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const NO_RETRY = { ...CASE_POLICIES, retry: { ...CASE_POLICIES.retry, maxRetries: 0 } };

describe('the breaker', () => {
  it('case 14: open, it turns away uncalled, with the time left and the cause', async () => {
    const bench = new GuardBench();
    const cause = unauthorized();
    await bench.trip(cause);
    await bench.clock.advance(10_000);
    const { call, starts } = bench.service('fine');
    const error = await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({ services: ['alpha'], retryAfterMs: 20_000, cause });
    expect(starts).toEqual([]);
  });

  it('case 16: open, it holds no timer, and at its time reads as ready to be tried', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.guard.readiness()).toEqual({ state: 'closed_until', retryAfterMs: 30_000 });
    await bench.clock.advance(30_000);
    const probe = { state: 'probe', permits: 1, permitsMax: 1, lost: 0 };
    for (let count = 0; count < 10; count += 1) expect(bench.guard.readiness()).toEqual(probe);
    expect(bench.guard.status()).toMatchObject({ state: 'open', retryAfterMs: 0 });
  });

  it('case 17: a result from before the trip changes nothing and counts as stale', async () => {
    const bench = new GuardBench();
    let fail = (_: Error): void => {};
    const slow = bench.guard.run(ONCE_ONLY, bench.context(2), () => {
      return new Promise((_, reject) => {
        fail = reject;
      });
    });
    const seen = watched(slow);
    await bench.trip(failure());
    await bench.clock.advance(10_000);
    fail(lost());
    await bench.clock.settle();
    expect(seen.settled).toBe(true);
    expect(bench.guard.readiness()).toEqual({ state: 'closed_until', retryAfterMs: 20_000 });
    expect(bench.of('breaker.opened')).toHaveLength(1);
    expect(bench.guard.circuitCounts.stale).toBe(1);
  });

  it('case 20: the wall clock set back changes nothing', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    bench.clock.jumpWall(-3_600_000);
    await bench.clock.advance(29_999);
    expect(bench.guard.readiness()).toMatchObject({ state: 'closed_until' });
    await bench.clock.advance(1);
    expect(bench.guard.readiness()).toMatchObject({ state: 'probe' });
  });

  it('case 22: half open, a thousand callers make one call', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call, starts } = bench.service('hang');
    const all = Array.from({ length: 1_000 }, (_, line) => {
      return watched(bench.guard.run(ONCE_ONLY, bench.context(line + 1), call));
    });
    await bench.clock.settle();
    expect(starts).toHaveLength(1);
    expect(all.filter((one) => one.settled)).toHaveLength(999);
    expect(all[1]?.outcome).toBeInstanceOf(Unavailable);
    expect(all[1]?.outcome).toMatchObject({ retryAfterMs: 65_000 });
  });

  it('case 25: open, half open and open again are said once each, in order', async () => {
    const bench = new GuardBench({ policies: NO_RETRY });
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call } = bench.service(failure({ code: 'again' }), 'fine');
    await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
    await bench.clock.advance(60_000);
    expect(await bench.guard.run(REPEATABLE, bench.context(), call)).toBe('fine');
    expect(bench.types.filter((type) => type.startsWith('breaker.'))).toEqual([
      'breaker.opened',
      'breaker.half_open',
      'breaker.opened',
      'breaker.half_open',
      'breaker.closed',
    ]);
    expect(bench.of('breaker.opened')[1]).toMatchObject({ openMs: 60_000, code: 'again' });
    expect(bench.of('breaker.closed')[0]).toMatchObject({ outageMs: 90_000 });
  });

  it('case 28: a probe given up gives its permit back and tells who waits', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call } = bench.service('hang', 'fine');
    const seen = watched(bench.guard.run(REPEATABLE, bench.context(), call));
    await bench.clock.settle();
    let told = 0;
    const stop = bench.guard.onChange(() => {
      told += 1;
    });
    bench.caller.abort(new Error('stopped'));
    await bench.clock.settle();
    expect(seen.outcome).toMatchObject({ message: 'stopped' });
    expect(told).toBe(1);
    expect(bench.guard.status().state).toBe('half_open');
    stop();
    const other = new AbortController().signal;
    expect(await bench.guard.run(REPEATABLE, bench.context(1, other), call)).toBe('fine');
    expect(bench.guard.status().state).toBe('closed');
    expect(told).toBe(1);
  });

  it('case 29: without a time limit, a probe that never ends lapses all the same', async () => {
    const bench = new GuardBench({
      policies: { ...CASE_POLICIES, timeouts: { requestMs: 0, callMs: 0 } },
    });
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call } = bench.service('hang', 'fine');
    const unlimited = { ...ONCE_ONLY, timeoutMs: 0 };
    void bench.guard.run(unlimited, bench.context(), call);
    expect(bench.guard.readiness()).toMatchObject({ state: 'probe', permits: 0, lapseMs: 240_000 });
    await bench.clock.advance(8 * 30_000);
    expect(bench.clock.pendingTimers).toBe(0);
    // Whoever looks notices it, and so tells those who wait.
    expect(bench.guard.readiness()).toMatchObject({ state: 'closed_until', retryAfterMs: 60_000 });
    expect(bench.of('breaker.opened')[1]).toMatchObject({ code: 'probe_lapsed', openMs: 60_000 });
    await bench.clock.advance(60_000);
    expect(await bench.guard.run(unlimited, bench.context(), call)).toBe('fine');
    expect(bench.guard.status().state).toBe('closed');
  });

  it('case 29: a probe’s result after its lease is too late, noticed or not', async () => {
    const bench = new GuardBench({
      policies: { ...CASE_POLICIES, timeouts: { requestMs: 0, callMs: 0 } },
    });
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    let answer = (_: string): void => {};
    const run = bench.guard.run({ ...ONCE_ONLY, timeoutMs: 0 }, bench.context(), () => {
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
    await bench.clock.advance(8 * 30_000);
    answer('late');
    expect(await run).toBe('late');
    expect(bench.guard.status().state).toBe('open');
    expect(bench.guard.circuitCounts.stale).toBe(1);
  });

  it('case 39: its state is there in the next process', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    await bench.clock.advance(10_000);
    const clock = new VirtualClock(bench.clock.wallMs() + 5_000);
    const next = new GuardBench({ breakerMemory: bench.memory }, clock);
    expect(next.guard.readiness()).toEqual({ state: 'closed_until', retryAfterMs: 15_000 });
    expect(next.events).toEqual([]);
  });

  it('case 41: a memory that cannot be read is a notice, not the end', () => {
    const first = new GuardBench();
    first.memory.save('llm/alpha', { version: 99 });
    const bench = new GuardBench({ breakerMemory: first.memory });
    expect(bench.guard.status().state).toBe('closed');
    expect(bench.of('notice')[0]).toMatchObject({ level: 'warn', code: 'breaker_not_restored' });
  });

  it('remembers transitions and counts, and nothing while all is well', async () => {
    const bench = new GuardBench({ policies: NO_RETRY });
    const { call } = bench.service('fine', 'fine', failure(), 'fine', 'fine');
    for (let count = 0; count < 5; count += 1) {
      await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
    }
    expect(bench.memory.saves).toBe(2);
    await bench.trip(failure());
    expect(bench.memory.saved.get('llm/alpha')).toMatchObject({ state: 'open' });
  });

  it('case 43: who throws on being told alters nothing; news come in order', async () => {
    const said: string[] = [];
    const bench: GuardBench = new GuardBench({
      emit: (event) => {
        said.push(`${event.type} ${bench.guard.status().state}`);
        throw new Error('a broken view');
      },
    });
    bench.guard.onChange(() => {
      throw new Error('a broken listener');
    });
    const cause = failure();
    await bench.trip(cause);
    expect(bench.guard.status()).toMatchObject({ state: 'open', cause });
    // Said when the state is what it says.
    expect(said.slice(-3)).toEqual(['attempt.failed open', 'breaker.opened open', 'notice open']);
  });

  it('case 43: what is caused by being told is told after it', async () => {
    const said: string[] = [];
    const bench: GuardBench = new GuardBench({
      emit: (event) => {
        if (event.type === 'breaker.opened') {
          for (const result of ['bad', 'good', 'good'] as const) bench.guard.health(result, 0);
        }
        said.push(event.type);
      },
    });
    await bench.trip(unauthorized());
    expect(said.slice(0, 3)).toEqual(['attempt.failed', 'breaker.opened', 'breaker.half_open']);
  });

  it('tells listeners, who may come and go while told', async () => {
    const bench = new GuardBench();
    let told = 0;
    const listen = (): void => {
      const stop = bench.guard.onChange(() => {
        told += 1;
        stop();
        listen();
      });
    };
    listen();
    await bench.trip(unauthorized());
    expect(told).toBe(1);
  });

  it('names the outage: failed probes belong to it, the next outage is another', async () => {
    const bench = new GuardBench({ policies: NO_RETRY });
    await bench.trip(failure());
    const { opening } = bench.guard;
    await bench.clock.advance(30_000);
    const { call } = bench.service(failure(), 'fine');
    await outcome(bench.guard.run(REPEATABLE, bench.context(), call));
    expect(bench.guard.opening).toBe(opening);
    await bench.clock.advance(60_000);
    await bench.guard.run(REPEATABLE, bench.context(), call);
    await bench.trip(failure());
    expect(bench.guard.opening).toBeGreaterThan(opening);
  });

  it('case 60d: good checks move it to half open early, and say so', async () => {
    const bench = new GuardBench();
    await bench.trip(failure());
    for (const result of ['bad', 'good', 'good'] as const) {
      await bench.clock.advance(1_000);
      bench.guard.health(result, bench.clock.monotonicMs());
    }
    expect(bench.guard.status().state).toBe('half_open');
    expect(bench.types.at(-1)).toBe('breaker.half_open');
  });

  it('a connection made anew lets a request try at once; only the request closes it', async () => {
    const bench = new GuardBench();
    bench.guard.connection(false);
    await bench.trip(failure());
    expect(bench.events.at(-1)).toMatchObject({ type: 'breaker.opened', isCutOff: true });
    await bench.clock.advance(1_000);
    bench.guard.connection(true);
    expect(bench.guard.status().state).toBe('half_open');
    const { call } = bench.service('fine');
    await bench.guard.run(REPEATABLE, bench.context(), call);
    expect(bench.guard.status().state).toBe('closed');
  });

  it('a breaker of an earlier run that was cut off lets a request try when connected', async () => {
    const before = new GuardBench();
    before.guard.connection(false);
    await before.trip(failure());
    const after = new GuardBench({ breakerMemory: before.memory }, before.clock);
    after.guard.connection(true);
    expect(after.guard.status().state).toBe('half_open');
  });

  it('a connection that stood while the work failed says nothing', async () => {
    const bench = new GuardBench();
    bench.guard.connection(true);
    await bench.trip(failure());
    bench.guard.connection(true);
    expect(bench.guard.status().state).toBe('open');
  });

  it('one that comes and goes while the trial is under way changes nothing of it', async () => {
    const bench = new GuardBench();
    bench.guard.connection(false);
    await bench.trip(failure());
    bench.guard.connection(true);
    bench.guard.connection(false);
    bench.guard.connection(true);
    expect(bench.types.filter((type) => type === 'breaker.half_open')).toHaveLength(1);
  });
});
