import { describe, expect, it } from 'vitest';
import { closedBreaker } from '../../src/domain/breaker.ts';
import { BreakerBench, casePolicy, RECOVERY_MS } from '../support/breaker-bench.ts';
import { failure, refused, throttled } from '../support/failures.ts';

function openBreaker(policy = casePolicy()): BreakerBench {
  const bench = new BreakerBench(policy);
  bench.trip();
  return bench;
}

describe('half open', () => {
  it('case 22: the second is turned away at once, with a hint; a thousand too', () => {
    const bench = openBreaker().later(RECOVERY_MS);
    expect(bench.admit()).toBeDefined();
    for (let count = 0; count < 1_000; count += 1) expect(bench.admit()).toBeUndefined();
    expect(bench.later(1_000).standing).toMatchObject({ permits: 0, waitMs: RECOVERY_MS - 1_000 });
  });

  it('case 23: so many permits as the policy says, each time anew', () => {
    const bench = openBreaker(casePolicy({ halfOpenMaxCalls: 4 }));
    for (let round = 0; round < 2; round += 1) {
      bench.later(RECOVERY_MS);
      const permits = Array.from({ length: 6 }, () => bench.admit());
      expect(permits.filter((permit) => permit !== undefined)).toHaveLength(4);
      expect(new Set(permits.slice(0, 4)).size).toBe(4);
      bench.fail(permits[0]);
      expect(bench.type).toBe('open');
    }
  });

  it('case 24: a success closes it, with nothing on record', () => {
    const bench = openBreaker().later(RECOVERY_MS);
    bench.succeed();
    bench.fail();
    bench.fail();
    expect(bench.type).toBe('closed');
    bench.fail();
    expect(bench.type).toBe('open');
  });

  it('cases 25 and 27: one failure reopens it, for the whole time from then', () => {
    const bench = openBreaker().later(RECOVERY_MS);
    const permit = bench.begin();
    bench.later(7_000).fail(permit);
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: RECOVERY_MS });
  });

  it('case 28: a probe that says nothing gives its permit back', () => {
    for (const end of ['returned', 'refused'] as const) {
      const bench = openBreaker().later(RECOVERY_MS);
      const permit = bench.begin();
      if (end === 'returned') bench.giveBack(permit);
      else bench.fail(permit, refused());
      expect(bench.type).toBe('half_open');
      expect(bench.standing).toMatchObject({ type: 'probe', permits: 1 });
      expect(bench.admit()).toBeDefined();
    }
  });

  it('a probe that is throttled gives its permit back, after the pause', () => {
    const bench = openBreaker().later(RECOVERY_MS);
    bench.fail(bench.begin(), throttled());
    expect(bench.standing).toMatchObject({ type: 'held', waitMs: 5_000 });
    expect(bench.later(5_000).standing).toMatchObject({ type: 'probe', permits: 1 });
  });

  it('case 29: a probe that never ends counts as failed when its lease is over', () => {
    const bench = openBreaker().later(RECOVERY_MS);
    const permit = bench.begin();
    expect(bench.later(RECOVERY_MS - 1).standing).toMatchObject({ type: 'probe', permits: 0 });
    expect(bench.later(1).standing).toMatchObject({
      type: 'open',
      waitMs: RECOVERY_MS,
      cause: { code: 'probe_lapsed' },
    });
    bench.succeed(permit);
    expect(bench.type).toBe('open');
    // Noticed late, it is open as of the moment of the lapse.
    bench.later(RECOVERY_MS);
    expect(bench.admit()).toBeDefined();
  });

  it.each(['fail', 'succeed', 'giveBack'] as const)(
    'cases 30 to 32: a call from before that ends with %s changes nothing',
    (end) => {
      const bench = new BreakerBench();
      const old = bench.begin();
      bench.trip();
      const probe = bench.later(RECOVERY_MS).begin();
      const before = bench.state;
      bench[end](old);
      expect(bench.state).toBe(before);
      expect(bench.admit()).toBeUndefined();
      bench.succeed(probe);
      expect(bench.type).toBe('closed');
    },
  );

  it('case 33: a failure from before the outage does not count after it', () => {
    const bench = new BreakerBench();
    const old = bench.begin();
    bench.trip();
    bench.later(RECOVERY_MS).succeed();
    bench.fail(old);
    expect(bench.state).toMatchObject({ type: 'closed', counts: new Map() });
  });

  it('case 37: a fresh breaker of a later epoch takes nothing from before', () => {
    const bench = new BreakerBench();
    const old = bench.begin();
    bench.state = { ...closedBreaker(0), epoch: bench.state.epoch + 1 };
    for (let count = 0; count < 3; count += 1) bench.fail(old);
    expect(bench.state).toMatchObject({ type: 'closed', counts: new Map() });
  });
});

describe('a pause asked for with 429', () => {
  it('gates the whole service until then, without opening', () => {
    const bench = new BreakerBench();
    const cause = throttled(12_000);
    bench.failOn(1, cause);
    expect(bench.type).toBe('closed');
    expect(bench.standing).toEqual({ type: 'held', waitMs: 12_000, cause });
    expect(bench.later(11_999).admit()).toBeUndefined();
    expect(bench.later(1).admit()).toBeDefined();
  });

  it('is prolonged by a later one, never shortened', () => {
    const bench = new BreakerBench();
    const [first, second, third] = [bench.begin(), bench.begin(), bench.begin()];
    bench.fail(first, throttled(10_000));
    bench.fail(second, throttled(2_000));
    expect(bench.standing).toMatchObject({ waitMs: 10_000 });
    bench.fail(third, throttled(20_000));
    expect(bench.standing).toMatchObject({ waitMs: 20_000 });
  });

  it('is not lifted by a success of a call that was on its way', () => {
    const bench = new BreakerBench();
    const other = bench.begin();
    bench.failOn(1, throttled(10_000));
    bench.succeed(other);
    expect(bench.standing).toMatchObject({ type: 'held' });
  });

  it('outlasts the opening', () => {
    const bench = new BreakerBench();
    const permits = [1, 2, 3].map(() => bench.begin());
    bench.failOn(1, throttled(100_000));
    for (const permit of permits) bench.fail(permit);
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: 100_000 });
  });
});

describe('health checks', () => {
  it('case 60d: two good ones after a bad one lead to half open, not to closed', () => {
    const bench = openBreaker();
    bench.later(1_000).check(false);
    bench.later(1_000).check(true);
    expect(bench.type).toBe('open');
    bench.later(1_000).check(true);
    expect(bench.type).toBe('half_open');
    bench.later(1_000).check(true);
    expect(bench.type).toBe('half_open');
    bench.succeed();
    expect(bench.type).toBe('closed');
  });

  it('a check that stayed green while the work failed says nothing', () => {
    const bench = openBreaker();
    for (let count = 0; count < 20; count += 1) bench.later(1_000).check(true);
    expect(bench.type).toBe('open');
  });

  it('two good ones must be in a row', () => {
    const bench = openBreaker();
    for (const good of [false, true, false, true]) bench.later(1_000).check(good);
    expect(bench.type).toBe('open');
  });

  it('case 60d: a check begun before the trip is ignored', () => {
    const bench = new BreakerBench(casePolicy(), undefined, 5_000);
    bench.trip();
    bench.later(1).check(false, 4_999);
    bench.check(true);
    bench.check(true);
    expect(bench.type).toBe('open');
    bench.check(false);
    bench.check(true, 4_999);
    bench.check(true);
    expect(bench.type).toBe('open');
    bench.check(true);
    expect(bench.type).toBe('half_open');
  });

  it('case 60d: never lifts a pause that the service asked for', () => {
    const bench = new BreakerBench();
    bench.trip(failure({ retryAfterMs: 20_000 }));
    bench.later(1_000).check(false);
    for (let count = 0; count < 5; count += 1) bench.later(1_000).check(true);
    expect(bench.type).toBe('open');
    bench.later(20_000).check(true);
    expect(bench.type).toBe('half_open');
  });

  it('a failure during an earlier opening of the same outage is enough', () => {
    const bench = openBreaker();
    bench.check(false);
    bench.later(RECOVERY_MS).fail();
    bench.later(1).check(true);
    expect(bench.type).toBe('open');
    bench.later(1).check(true);
    expect(bench.type).toBe('half_open');
  });

  it('case 60d: a good check begun before the trip of a failed probe is ignored', () => {
    const bench = openBreaker();
    bench.check(false);
    const begunMs = bench.later(RECOVERY_MS).nowMs - 1;
    bench.fail();
    bench.check(true, begunMs);
    bench.check(true);
    expect(bench.type).toBe('open');
    bench.check(true);
    expect(bench.type).toBe('half_open');
  });

  it('a closed breaker takes no notice', () => {
    const bench = new BreakerBench();
    const before = bench.state;
    bench.check(false);
    bench.check(true);
    expect(bench.state).toBe(before);
  });
});
