import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterRefusal, afterSuccess, concurrencyOf } from '../../src/domain/concurrency.ts';

describe('requests at once', () => {
  it('without a limit there is none, and none is tried for', () => {
    const free = concurrencyOf();
    expect(free.limit).toBe(Number.POSITIVE_INFINITY);
    expect(afterSuccess(free, true)).toBe(free);
  });

  it('a refusal halves what was on its way, down to one', () => {
    let state = concurrencyOf();
    for (const limit of [25, 12, 6, 3, 1, 1]) {
      const onWay = state.limit === Number.POSITIVE_INFINITY ? 50 : state.limit;
      state = afterRefusal(state, onWay, state.epoch);
      expect(state.limit).toBe(limit);
    }
  });

  it('a burst that is refused is one lesson, and what is left of it the other', () => {
    let state = concurrencyOf(50);
    const { epoch } = state;
    // 50 at once, of which the account takes four.
    for (let onWay = 50; onWay > 4; onWay -= 1) state = afterRefusal(state, onWay, epoch);
    expect(state.limit).toBe(4);
    expect(state.epoch).toBe(epoch + 1);
  });

  it('twenty successes at the full limit make room for one more, up to the most', () => {
    let state = afterRefusal(concurrencyOf(4), 4, 0);
    expect(state.limit).toBe(2);
    const succeed = (times: number, full: boolean): number => {
      for (let time = 0; time < times; time += 1) state = afterSuccess(state, full);
      return state.limit;
    };
    expect(succeed(100, false)).toBe(2);
    expect(succeed(19, true)).toBe(2);
    expect(succeed(1, true)).toBe(3);
    expect(succeed(20, true)).toBe(4);
    expect(succeed(100, true)).toBe(4);
  });

  it('a refusal begins the count of successes anew', () => {
    let state = afterRefusal(concurrencyOf(8), 8, 0);
    for (let time = 0; time < 19; time += 1) state = afterSuccess(state, true);
    state = afterRefusal(state, 4, state.epoch);
    expect(afterSuccess(state, true).limit).toBe(2);
  });

  it('the limit is between one and the most, whatever happens', () => {
    const event = fc.record({ onWay: fc.integer({ min: 1, max: 60 }), echo: fc.boolean() });
    const step = fc.oneof(event, fc.boolean());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step), (max, steps) => {
        let state = concurrencyOf(max);
        for (const one of steps) {
          const before = state;
          state =
            typeof one === 'boolean'
              ? afterSuccess(state, one)
              : afterRefusal(state, one.onWay, state.epoch - Number(one.echo));
          expect(state.limit).toBeGreaterThanOrEqual(1);
          expect(state.limit).toBeLessThanOrEqual(max);
          expect(state.limit - before.limit).toBeLessThanOrEqual(typeof one === 'boolean' ? 1 : 0);
        }
      }),
    );
  });

  it.each([0, -1, 0.5, Number.NaN])('%d at once is no limit', (max) => {
    expect(() => concurrencyOf(max)).toThrow(RangeError);
  });
});
