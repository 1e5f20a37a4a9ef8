import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreBreaker, saveBreaker } from '../../src/domain/breaker-snapshot.ts';
import { BreakerBench, casePolicy } from '../support/breaker-bench.ts';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';

type Move =
  | { readonly type: 'begin' }
  | { readonly type: 'end'; readonly which: number; readonly how: number; readonly line: number }
  | { readonly type: 'later'; readonly ms: number }
  | { readonly type: 'check'; readonly good: boolean };

const FAILURES = [
  () => failure(),
  () => lost(),
  () => refused(),
  () => throttled(),
  () => throttled(5_000),
  () => unauthorized(),
  () => failure({ retryAfterMs: 40_000 }),
];

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Move>({ type: 'begin' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      which: fc.nat(20),
      how: fc.nat(FAILURES.length + 6),
      line: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('later' as const),
      ms: fc.integer({ min: 0, max: 40_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('check' as const), good: fc.boolean() }) },
);

function apply(bench: BreakerBench, underWay: number[], step: Move): void {
  if (step.type === 'later') bench.later(step.ms);
  if (step.type === 'check') bench.check(step.good);
  if (step.type === 'begin') {
    const permit = bench.admit();
    if (permit !== undefined) underWay.push(permit);
  }
  if (step.type === 'end' && underWay.length > 0) {
    const [permit] = underWay.splice(step.which % underWay.length, 1);
    const made = FAILURES[step.how];
    if (made !== undefined) bench.fail(permit, made(), step.line);
    else if (step.how % 3 === 0) bench.giveBack(permit as number);
    else bench.succeed(permit);
  }
}

describe('whatever happens', () => {
  const permits = fc.integer({ min: 1, max: 4 });
  const moves = fc.array(move, { minLength: 20, maxLength: 120 });

  it('lets no more through than the policy allows, and never sticks', () => {
    fc.assert(
      fc.property(permits, moves, (halfOpenMaxCalls, steps) => {
        const policy = casePolicy({ halfOpenMaxCalls, openMsMax: 120_000 });
        const bench = new BreakerBench(policy);
        const underWay: number[] = [];
        let { epoch } = bench.state;
        for (const step of steps) {
          const before = bench.state;
          apply(bench, underWay, step);
          const { state } = bench;
          expect(state.epoch).toBeGreaterThanOrEqual(epoch);
          expect(state.type === before.type || state.epoch > before.epoch).toBe(true);
          epoch = state.epoch;
          if (state.type === 'half_open') {
            expect(state.leases.length).toBeLessThanOrEqual(halfOpenMaxCalls);
          }
          if (state.type === 'closed') {
            for (const count of state.counts.values()) {
              expect(count).toBeGreaterThan(0);
              expect(count).toBeLessThan(policy.failureThreshold);
            }
          }
          if (state.type === 'open') {
            expect(state.untilMs - state.sinceMs).toBeLessThanOrEqual(120_000);
            expect(state.untilMs - state.sinceMs).toBeGreaterThanOrEqual(30_000);
          }
        }
        // Whatever it is in, in time it lets a call through; if that succeeds, it is closed.
        for (let tries = 0; tries < 4 && bench.admit() === undefined; tries += 1) {
          bench.later(120_000);
        }
        bench.later(120_000).later(120_000);
        bench.succeed();
        expect(bench.type).toBe('closed');
      }),
      { numRuns: 300 },
    );
  });

  it('says the same of itself after a restart', () => {
    fc.assert(
      fc.property(permits, moves, (halfOpenMaxCalls, steps) => {
        const bench = new BreakerBench(casePolicy({ halfOpenMaxCalls, openMsMax: 120_000 }));
        const underWay: number[] = [];
        for (const step of steps) apply(bench, underWay, step);
        const snapshot = saveBreaker(bench.state, bench.nowMs, 1_000_000);
        const { state, warning } = restoreBreaker(bench.policy, snapshot, 5, 1_000_000);
        expect(warning).toBeUndefined();
        const there = new BreakerBench(bench.policy, state, 5).standing;
        const here = bench.standing;
        if (bench.type === 'half_open') {
          // Permits do not outlive their process.
          expect(['probe', 'held']).toContain(there.type);
          return;
        }
        expect(there.type).toBe(here.type);
        if (here.type !== 'ready') expect(there).toMatchObject({ waitMs: here.waitMs });
      }),
      { numRuns: 300 },
    );
  });
});
