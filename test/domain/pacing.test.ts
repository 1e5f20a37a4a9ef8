import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FREE_PACING, paceWaitMs, pacingAfter, pacingPolicy } from '../../src/domain/pacing.ts';

/** When so many callers start who all wait their turn; each comes at its own time. */
function starts(perSecond: number, arrivals: readonly number[]): number[] {
  const policy = pacingPolicy(perSecond);
  let state = FREE_PACING;
  return arrivals.map((arrivalMs) => {
    const startMs = arrivalMs + paceWaitMs(policy, state, 0, arrivalMs);
    state = pacingAfter(policy, state, { type: 'started' }, startMs);
    return startMs;
  });
}

describe('pacing', () => {
  it('case 58: two a second, five callers at once', () => {
    expect(starts(2, [0, 0, 0, 0, 0])).toEqual([0, 500, 1_000, 1_500, 2_000]);
  });

  it('case 58: an idle hour saves nothing up', () => {
    expect(starts(2, [0, 3_600_000, 3_600_000, 3_600_000])).toEqual([
      0, 3_600_000, 3_600_500, 3_601_000,
    ]);
  });

  it('case 58: no second holds more starts than the rate, wherever it begins', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 80 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), arrivals, (perSecond, gaps) => {
        let nowMs = 0;
        const times = gaps.map((gap) => {
          nowMs += gap % 7 === 0 ? gap : gap % 5;
          return nowMs;
        });
        const started = starts(perSecond, times);
        for (const [index, fromMs] of started.entries()) {
          const within = started.slice(index).filter((ms) => ms < fromMs + 1_000);
          expect(within.length).toBeLessThanOrEqual(perSecond);
        }
      }),
    );
  });

  it('says how long those wait who have others before them', () => {
    const policy = pacingPolicy(4);
    const state = pacingAfter(policy, FREE_PACING, { type: 'started' }, 1_000);
    expect(paceWaitMs(policy, state, 0, 1_100)).toBe(150);
    expect(paceWaitMs(policy, state, 3, 1_100)).toBe(900);
    expect(paceWaitMs(policy, state, 0, 9_000)).toBe(0);
  });

  it('case 59: held until a time, then steady, and a hold is never shortened', () => {
    const policy = pacingPolicy(2);
    let state = pacingAfter(policy, FREE_PACING, { type: 'held', untilMs: 10_000 }, 0);
    state = pacingAfter(policy, state, { type: 'held', untilMs: 3_000 }, 0);
    expect(paceWaitMs(policy, state, 0, 0)).toBe(10_000);
    state = pacingAfter(policy, state, { type: 'started' }, 10_000);
    expect(paceWaitMs(policy, state, 0, 10_000)).toBe(500);
  });

  it('takes half a call a second, and refuses what is no pace', () => {
    expect(starts(0.5, [0, 0])).toEqual([0, 2_000]);
    for (const rate of [0, -1, Number.NaN]) {
      expect(() => pacingPolicy(rate)).toThrow(RangeError);
    }
  });
});
