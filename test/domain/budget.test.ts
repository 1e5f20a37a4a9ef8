import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowsRetry,
  type BudgetEvent,
  type BudgetPolicy,
  type BudgetState,
  budgetAfter,
  budgetPolicy,
  fullBudget,
} from '../../src/domain/budget.ts';

/** Ten tokens: retries while more than five are left. */
const TEN: BudgetPolicy = { capacity: 10_000 };

function after(state: BudgetState, ...events: readonly BudgetEvent[]): BudgetState {
  return events.reduce((before, event) => budgetAfter(TEN, before, event, 0), state);
}

function times(count: number, event: BudgetEvent): BudgetEvent[] {
  return Array.from({ length: count }, () => event);
}

describe('retry budget', () => {
  it('holds what one outage takes on all lines, twice, and never less than ten', () => {
    expect(budgetPolicy(1, 3).capacity).toBe(10_000);
    expect(budgetPolicy(2, 3).capacity).toBe(16_000);
    expect(budgetPolicy(4, 3).capacity).toBe(32_000);
    expect(budgetPolicy(50, 3).capacity).toBe(400_000);
    expect(budgetPolicy(1, 0).capacity).toBe(10_000);
  });

  it.each([1, 4, 50])('a first outage on %i lines never meets it', (lines) => {
    const policy = budgetPolicy(lines, 3);
    let state = fullBudget(policy, 0);
    for (let retry = 0; retry < lines * 3; retry += 1) {
      state = budgetAfter(policy, state, 'wanted', 0);
      expect(allowsRetry(policy, state)).toBe(true);
    }
  });

  it('case 53: five failures in a row: the fifth gets no retry', () => {
    const four = after(fullBudget(TEN, 0), ...times(4, 'wanted'));
    expect(four.tokens).toBe(6_000);
    expect(allowsRetry(TEN, four)).toBe(true);
    const five = after(four, 'wanted');
    expect(five.tokens).toBe(5_000);
    expect(allowsRetry(TEN, five)).toBe(false);
  });

  it('case 53: ten successes later still none, eleven and there is one', () => {
    const spent = after(fullBudget(TEN, 0), ...times(5, 'wanted'));
    const ten = after(spent, ...times(10, 'succeeded'));
    expect(ten.tokens).toBe(6_000);
    expect(allowsRetry(TEN, after(ten, 'wanted'))).toBe(false);
    const eleven = after(ten, 'succeeded');
    expect(eleven.tokens).toBe(6_100);
    const one = after(eleven, 'wanted');
    expect(one.tokens).toBe(5_100);
    expect(allowsRetry(TEN, one)).toBe(true);
  });

  it('case 53: a thousand successes never fill it above its capacity', () => {
    const spent = after(fullBudget(TEN, 0), 'wanted');
    expect(after(spent, ...times(1_000, 'succeeded')).tokens).toBe(10_000);
  });

  it('case 53: without traffic a token comes back every ten seconds', () => {
    const spent = after(fullBudget(TEN, 0), ...times(4, 'wanted'));
    expect(budgetAfter(TEN, spent, 'wanted', 10_000).tokens).toBe(6_000);
    expect(budgetAfter(TEN, spent, 'wanted', 9_999).tokens).toBe(5_999);
    expect(budgetAfter(TEN, spent, 'succeeded', 3_600_000).tokens).toBe(10_000);
  });

  it('loses no trickle to being asked often', () => {
    let state = after(fullBudget(TEN, 0), ...times(4, 'wanted'));
    for (let ms = 1; ms <= 500; ms += 1) state = budgetAfter(TEN, state, 'succeeded', ms * 7);
    // 350 thousandths by themselves, and the successes fill it: only the cap is in the way.
    expect(state.tokens).toBe(10_000);
    let slow = after(fullBudget(TEN, 0), ...times(4, 'wanted'));
    for (let ms = 1; ms <= 9; ms += 1) slow = budgetAfter(TEN, slow, 'succeeded', ms * 7);
    expect(slow.tokens).toBe(6_000 + 900 + 6);
  });

  it('refused retries take nothing below half, so that it comes back soon', () => {
    const spent = after(fullBudget(TEN, 0), ...times(100, 'wanted'));
    expect(spent.tokens).toBe(5_000);
  });

  it('is full again when the breaker closes', () => {
    const spent = after(fullBudget(TEN, 0), ...times(5, 'wanted'));
    expect(after(spent, 'filled').tokens).toBe(10_000);
  });

  it('makes no new state for a success while it is full', () => {
    const full = fullBudget(TEN, 0);
    expect(budgetAfter(TEN, full, 'succeeded', 1_000)).toBe(full);
  });

  it('stays whole and within its bounds, whatever happens', () => {
    const event = fc.constantFrom<BudgetEvent>('wanted', 'succeeded', 'filled');
    const step = fc.tuple(event, fc.integer({ min: 0, max: 30_000 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step), (lines, steps) => {
        const policy = budgetPolicy(lines, 3);
        let state = fullBudget(policy, 0);
        let nowMs = 0;
        for (const [what, laterMs] of steps) {
          nowMs += laterMs;
          state = budgetAfter(policy, state, what, nowMs);
          expect(Number.isInteger(state.tokens)).toBe(true);
          expect(state.tokens).toBeLessThanOrEqual(policy.capacity);
          expect(state.tokens).toBeGreaterThanOrEqual(policy.capacity / 2);
        }
      }),
    );
  });
});
