import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelAfter, type Turning } from '../../src/domain/alert-level.ts';
import {
  EMPTY_WINDOW,
  meanOf,
  type SlidingWindow,
  windowAfter,
  windowAt,
  windowWithout,
} from '../../src/domain/sliding-window.ts';

const WINDOW_MS = 15_000;
const SLICE_MS = 1_000;

interface Thing {
  readonly atMs: number;
  readonly value: number;
  readonly cause: string | undefined;
}

function windowOf(things: readonly Thing[]): SlidingWindow {
  return things.reduce((window, { atMs, value, cause }) => {
    return windowAfter(window, WINDOW_MS, atMs, value, cause);
  }, EMPTY_WINDOW);
}

const things = fc
  .array(
    fc.record({
      laterMs: fc.oneof(fc.nat(500), fc.nat(40_000)),
      value: fc.constantFrom(0, 1),
      cause: fc.constantFrom('a', 'b', undefined),
    }),
    { minLength: 1 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ laterMs, value, cause }): Thing => {
      atMs += laterMs;
      return { atMs, value, cause: value === 1 ? cause : undefined };
    });
  });

describe('a sliding window', () => {
  it('has all that is younger than it less a slice, and nothing older', () => {
    fc.assert(
      fc.property(things, (all) => {
        const nowMs = all.at(-1)?.atMs ?? 0;
        const { count, sum } = windowOf(all);
        const within = (ms: number) => all.filter(({ atMs }) => atMs > nowMs - ms);
        const [least, most] = [within(WINDOW_MS - SLICE_MS), within(WINDOW_MS)];
        expect(count).toBeGreaterThanOrEqual(least.length);
        expect(count).toBeLessThanOrEqual(most.length);
        expect(sum).toBeLessThanOrEqual(count);
      }),
    );
  });

  it('keeps no more slices than it has, whatever happens', () => {
    fc.assert(
      fc.property(things, (all) => {
        expect(windowOf(all).past.length).toBeLessThan(15);
      }),
    );
  });

  it('is as if a cause had never been, once that is taken out', () => {
    fc.assert(
      fc.property(things, (all) => {
        const nowMs = all.at(-1)?.atMs ?? 0;
        const without = windowAt(windowWithout(windowOf(all), 'a'), WINDOW_MS, nowMs);
        const others = all.filter(({ cause }) => cause !== 'a');
        const same = windowAt(windowOf(others), WINDOW_MS, nowMs);
        expect([without.count, without.sum]).toEqual([same.count, same.sum]);
      }),
    );
  });

  it('is empty again after its time, and knows no mean then', () => {
    const window = windowOf([{ atMs: 0, value: 1, cause: undefined }]);
    expect(meanOf(window)).toBe(1);
    expect(meanOf(windowAt(window, WINDOW_MS, WINDOW_MS))).toBeUndefined();
  });
});

describe('a level', () => {
  const band = { raiseAt: 10, raiseAfterMs: 300, clearAt: 8, clearAfterMs: 500 };

  /** What is said of values, one every 100 ms. */
  function verdicts(values: readonly number[]): string[] {
    let turning: Turning;
    let isRaised = false;
    return values.flatMap((value, index) => {
      const level = levelAfter(band, isRaised, turning, value, index * 100);
      turning = level.turning;
      if (level.verdict === undefined) return [];
      isRaised = level.verdict === 'raise';
      return [`${level.verdict} at ${index}`];
    });
  }

  it('is told when it has lasted, and over when that has lasted', () => {
    expect(verdicts([11, 11, 11, 11, 9, 8, 8, 8, 8, 8, 8])).toEqual(['raise at 3', 'clear at 10']);
  });

  it('is not too high at the limit, nor for a moment above it', () => {
    expect(verdicts([10, 10, 10, 10, 10, 10])).toEqual([]);
    expect(verdicts([11, 11, 11, 10, 11, 11, 11])).toEqual([]);
  });

  it('on the edge is told once', () => {
    const edge = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 10.5 : 9.5));
    expect(verdicts([11, 11, 11, 11, ...edge])).toEqual(['raise at 3']);
  });
});
