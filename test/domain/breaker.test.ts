import { describe, expect, it } from 'vitest';
import { breakerPolicy } from '../../src/domain/breaker.ts';
import { HOLD_MS_MAX } from '../../src/domain/breaker-verdict.ts';
import { BreakerBench, casePolicy, RECOVERY_MS } from '../support/breaker-bench.ts';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';

// Cases 4 to 7, 12 and 26 are about rate windows, 34 to 36 about manual isolation: this breaker
// has neither. Case 9 is about failures that are values: a port's failure is always thrown.

function openBreaker(policy = casePolicy()): BreakerBench {
  const bench = new BreakerBench(policy);
  bench.trip();
  return bench;
}

describe('closed', () => {
  it('case 2: a success between starts the count anew; the third in a row opens', () => {
    const bench = new BreakerBench();
    bench.fail();
    bench.fail();
    bench.succeed();
    bench.fail();
    bench.fail();
    expect(bench.type).toBe('closed');
    bench.fail();
    expect(bench.type).toBe('open');
  });

  it('makes no new state for a success with nothing on record', () => {
    const bench = new BreakerBench();
    const before = bench.state;
    bench.succeed();
    expect(bench.state).toBe(before);
  });

  it('case 8: what is the request’s fault neither counts nor resets', () => {
    const bench = new BreakerBench();
    bench.fail();
    bench.fail();
    bench.failOn(1, refused());
    bench.giveBack(bench.begin());
    bench.fail();
    expect(bench.type).toBe('open');
  });

  it('case 10: a 429 does not count, however many', () => {
    const bench = new BreakerBench();
    for (let count = 0; count < 10; count += 1) bench.later(5_000).failOn(1, throttled());
    expect(bench.state).toMatchObject({ type: 'closed', counts: new Map() });
  });

  it('case 11: ten in flight that all fail open it once', () => {
    const bench = new BreakerBench();
    const permits = Array.from({ length: 10 }, () => bench.begin());
    for (const permit of permits) bench.later(1).fail(permit);
    expect(bench.state).toMatchObject({ type: 'open', untilMs: 3 + RECOVERY_MS });
  });

  it('a permanent failure of the service opens it at once, also one with status 429', () => {
    for (const fatal of [unauthorized(), failure({ kind: 'permanent', status: 429 })]) {
      const bench = new BreakerBench();
      bench.failOn(1, fatal);
      expect(bench.standing).toMatchObject({ type: 'open', cause: fatal });
    }
  });

  it('what may have taken effect counts as a failure', () => {
    const bench = new BreakerBench();
    bench.trip(lost());
    expect(bench.type).toBe('open');
  });

  it.each([1, 4, 50])('on %i lines: one call with three retries on one line, no less', (lines) => {
    const settings = { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
    const bench = new BreakerBench(breakerPolicy(settings, 20_000));
    for (let round = 0; round < 3; round += 1) {
      for (let line = 1; line <= lines; line += 1) bench.failOn(line);
    }
    expect(bench.type).toBe('closed');
    bench.failOn(lines);
    expect(bench.type).toBe('open');
  });

  it('four lines that fail once each are not one call that failed four times', () => {
    const bench = new BreakerBench(casePolicy({ failureThreshold: 4 }));
    for (let line = 1; line <= 50; line += 1) bench.failOn(line);
    expect(bench.type).toBe('closed');
  });

  it('any success of the service sets the counts of all lines to zero', () => {
    const bench = new BreakerBench();
    for (const line of [1, 1, 2, 2, 3]) bench.failOn(line);
    bench.succeed();
    expect(bench.state).toMatchObject({ counts: new Map() });
  });

  it('refuses settings that could never open or never close', () => {
    const good = { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
    for (const key of Object.keys(good)) {
      expect(() => breakerPolicy({ ...good, [key]: 0 }, 1)).toThrow(RangeError);
      expect(() => breakerPolicy({ ...good, [key]: Number.NaN }, 1)).toThrow(RangeError);
    }
  });
});

describe('open', () => {
  it('case 14: turns away, and says for how long and why', () => {
    const bench = new BreakerBench();
    const cause = failure({ message: 'the third' });
    bench.fail();
    bench.fail();
    bench.failOn(1, cause);
    expect(bench.later(10_000).admit()).toBeUndefined();
    expect(bench.standing).toEqual({ type: 'open', waitMs: 20_000, cause });
  });

  it('case 15: turned away a millisecond before its time, let through at its time', () => {
    const bench = openBreaker();
    expect(bench.later(29_999).admit()).toBeUndefined();
    expect(bench.later(1).admit()).toBeDefined();
  });

  it('case 16: looking at it never changes it; at its time it reads as due', () => {
    const bench = openBreaker();
    const before = bench.state;
    bench.later(RECOVERY_MS);
    for (let count = 0; count < 100; count += 1) {
      expect(bench.standing).toMatchObject({ type: 'probe', permits: 1 });
    }
    expect(bench.state).toBe(before);
    expect(bench.type).toBe('open');
  });

  it.each(['fail', 'succeed', 'giveBack'] as const)(
    'cases 17 and 18: a call begun before the trip that ends with %s changes nothing',
    (end) => {
      const bench = new BreakerBench();
      const old = bench.begin();
      bench.trip();
      const before = bench.state;
      bench.later(10_000)[end](old);
      expect(bench.state).toBe(before);
    },
  );

  it('case 19: doubles while probes fail, up to the cap, and forgets it in good health', () => {
    const bench = openBreaker(casePolicy({ openMsMax: 120_000 }));
    const waits: number[] = [];
    for (let probe = 0; probe < 4; probe += 1) {
      const met = bench.standing;
      if (met.type !== 'open') throw new Error(met.type);
      waits.push(met.waitMs);
      bench.later(met.waitMs).fail();
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 120_000]);
    bench.later(120_000).succeed();
    bench.later(RECOVERY_MS).trip();
    expect(bench.standing).toMatchObject({ waitMs: 30_000 });
  });

  it('case 19: not healthy for long enough, and the doubling goes on', () => {
    const bench = openBreaker(casePolicy({ openMsMax: 120_000 }));
    bench.later(RECOVERY_MS).succeed();
    // The streak began too soon, though it ends much later.
    bench.later(RECOVERY_MS - 1).fail();
    bench.later(60_000).fail();
    bench.later(60_000).fail();
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: 60_000 });
  });

  it('good health ends with the failure that opens it alone, and the doubling is forgotten', () => {
    const bench = openBreaker();
    bench.later(RECOVERY_MS).succeed();
    bench.later(RECOVERY_MS).fail(undefined, unauthorized());
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: RECOVERY_MS });
  });

  it('the open time is capped at eight times the first', () => {
    const settings = { failureThreshold: 1, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
    const bench = new BreakerBench(breakerPolicy(settings, 1_000));
    bench.fail();
    for (let probe = 0; probe < 2_000; probe += 1) bench.later(480_000).fail();
    expect(bench.standing).toMatchObject({ waitMs: 480_000 });
  });

  it('case 21: a Retry-After of two hours is honoured to the millisecond', () => {
    const bench = new BreakerBench();
    bench.trip(failure({ retryAfterMs: 7_200_000 }));
    expect(bench.later(3_600_000).admit()).toBeUndefined();
    expect(bench.later(3_599_999).admit()).toBeUndefined();
    expect(bench.later(1).admit()).toBeDefined();
  });

  it('no Retry-After holds it for longer than a day', () => {
    const bench = new BreakerBench();
    bench.trip(failure({ retryAfterMs: 365 * 86_400_000 }));
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: HOLD_MS_MAX });
  });
});

describe('an outage', () => {
  it('lasts from the first opening until a call succeeds, with the latest cause', () => {
    const bench = new BreakerBench();
    const again = failure({ code: 'again' });
    bench.later(1_000).trip();
    const { epoch } = bench.state;
    bench.later(RECOVERY_MS).failOn(1, again);
    expect(bench.state).toMatchObject({ outage: { sinceMs: 1_000, cause: again, epoch } });
    expect(bench.state.epoch).toBeGreaterThan(epoch);
  });
});
