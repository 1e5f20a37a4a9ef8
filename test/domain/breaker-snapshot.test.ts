import { describe, expect, it } from 'vitest';
import { breakerPolicy } from '../../src/domain/breaker.ts';
import { restoreBreaker, saveBreaker } from '../../src/domain/breaker-snapshot.ts';
import { BreakerBench, casePolicy, RECOVERY_MS } from '../support/breaker-bench.ts';
import { failure, throttled } from '../support/failures.ts';

const SAVED_MS = Date.UTC(2026, 10, 23, 3);

function saved(bench: BreakerBench): Record<string, unknown> {
  const snapshot = saveBreaker(bench.state, bench.nowMs, SAVED_MS);
  return JSON.parse(JSON.stringify(snapshot)) as Record<string, unknown>;
}

/** In another process, whose monotonic clock starts elsewhere. */
function restored(snapshot: Record<string, unknown>, laterMs = 0, policy = casePolicy()) {
  const nowMs = 777;
  const { state, warning } = restoreBreaker(policy, snapshot, nowMs, SAVED_MS + laterMs);
  return { bench: new BreakerBench(policy, state, nowMs), warning };
}

describe('a breaker in the next process', () => {
  it('case 38: two failures before and one after open it', () => {
    const before = new BreakerBench();
    before.fail();
    before.fail();
    const { bench, warning } = restored(saved(before));
    expect(warning).toBeUndefined();
    expect(bench.type).toBe('closed');
    bench.fail();
    expect(bench.type).toBe('open');
  });

  it('case 39: what is left of the open time is waited, the time between counted', () => {
    const before = new BreakerBench();
    before.trip(failure({ code: 'http_500', message: 'broken', status: 500 }));
    before.later(10_000);
    const { bench } = restored(saved(before), 5_000);
    expect(bench.standing).toMatchObject({
      type: 'open',
      waitMs: 15_000,
      cause: { name: 'ServiceFailure', code: 'http_500', message: 'broken', status: 500 },
    });
    expect(bench.later(15_000).admit()).toBeDefined();
  });

  it('case 40: saved half open, the first call is the probe', () => {
    const before = new BreakerBench();
    before.trip();
    before.later(RECOVERY_MS).begin();
    const { bench } = restored(saved(before));
    expect(bench.type).toBe('half_open');
    expect(bench.admit()).toBeDefined();
    expect(bench.admit()).toBeUndefined();
  });

  it('case 41: no clock makes it wait longer than the policy’s longest', () => {
    const before = new BreakerBench();
    before.trip();
    const farAhead = { ...saved(before), remainingMs: 36_000_000 };
    expect(restored(farAhead).bench.standing).toMatchObject({ type: 'open', waitMs: 30_000 });
    // Saved by a clock that ran ten hours ahead: nothing has passed, as far as anybody knows.
    before.later(10_000);
    const early = restored(saved(before), -36_000_000);
    expect(early.bench.standing).toMatchObject({ type: 'open', waitMs: 20_000 });
  });

  it('keeps the outage’s beginning, the doubling and whether a check failed', () => {
    const policy = casePolicy({ openMsMax: 120_000 });
    const before = new BreakerBench(policy);
    before.trip();
    before.check(false);
    before.later(RECOVERY_MS).fail();
    const { bench } = restored(saved(before), 1_000, policy);
    expect(bench.standing).toMatchObject({ type: 'open', waitMs: 59_000 });
    expect(bench.state).toMatchObject({ outage: { sinceMs: 777 - 31_000, checkFailed: true } });
    bench.later(59_000).fail();
    expect(bench.standing).toMatchObject({ waitMs: 120_000 });
  });

  it('keeps a pause that the service asked for', () => {
    const before = new BreakerBench();
    before.failOn(1, throttled(3_600_000));
    const { bench } = restored(saved(before), 600_000);
    expect(bench.standing).toMatchObject({ type: 'held', waitMs: 3_000_000 });
    expect(restored(saved(before), 3_600_000).bench.standing).toEqual({ type: 'ready' });
  });

  it('forgets the doubling in good health, also across the restart', () => {
    const policy = casePolicy({ openMsMax: 120_000 });
    const before = new BreakerBench(policy);
    before.trip();
    before.later(RECOVERY_MS).succeed();
    const soon = restored(saved(before), 1_000, policy).bench;
    soon.trip();
    expect(soon.standing).toMatchObject({ waitMs: 60_000 });
    const late = restored(saved(before), RECOVERY_MS, policy).bench;
    late.trip();
    expect(late.standing).toMatchObject({ waitMs: 30_000 });
  });

  it('a threshold that was lowered meanwhile opens at the next failure, not at the start', () => {
    const before = new BreakerBench();
    before.fail();
    before.fail();
    const { bench } = restored(saved(before), 0, casePolicy({ failureThreshold: 2 }));
    expect(bench.type).toBe('closed');
    bench.fail();
    expect(bench.type).toBe('open');
  });

  const closed = saved(new BreakerBench());
  const open = (() => {
    const bench = new BreakerBench();
    bench.trip();
    return saved(bench);
  })();
  it.each([
    ['nothing', {}],
    ['another version', { ...closed, version: 2 }],
    ['an unknown state', { ...open, state: 'ajar' }],
    ['no remaining time', { ...open, remainingMs: undefined }],
    ['a time that is no number', { ...open, remainingMs: '30000' }],
    ['a negative time', { ...open, remainingMs: -1 }],
    ['no cause', { ...open, cause: null }],
    ['a cause of no known kind', { ...open, cause: { kind: 'odd' } }],
    ['counts that are none', { ...closed, counts: 'many' }],
    ['counts of no line', { ...closed, counts: { x: 1 } }],
    ['half a failure', { ...closed, counts: { 1: 0.5 } }],
    ['no time of saving', { ...closed, savedMs: null }],
  ])('case 41: with %s it starts closed and says so', (_, snapshot) => {
    const { bench, warning } = restored(snapshot);
    expect(bench.type).toBe('closed');
    expect(warning).toMatch(/cannot be used \(.+\); it starts closed/);
    bench.trip();
    expect(bench.type).toBe('open');
  });

  it('case 42: changing a snapshot changes no breaker, nor the reverse', () => {
    const bench = new BreakerBench();
    bench.fail();
    const snapshot = saveBreaker(bench.state, 0, SAVED_MS) as { counts: Record<string, number> };
    snapshot.counts['1'] = 99;
    expect(bench.state).toMatchObject({ counts: new Map([[1, 1]]) });
    const second = saveBreaker(bench.state, 0, SAVED_MS);
    bench.fail();
    expect(second).toMatchObject({ counts: { 1: 1 } });
    const source = { ...second, counts: { 1: 1 } };
    const { state } = restoreBreaker(bench.policy, source, 0, SAVED_MS);
    source.counts[1] = 99;
    expect(state).toMatchObject({ counts: new Map([[1, 1]]) });
  });

  it('is JSON, in every state', () => {
    const settings = { failureThreshold: 1, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
    const bench = new BreakerBench(breakerPolicy(settings, 1_000));
    const states = [() => {}, () => bench.fail(), () => bench.later(60_000).begin()];
    for (const change of states) {
      change();
      const snapshot = saveBreaker(bench.state, bench.nowMs, SAVED_MS);
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    }
  });
});
