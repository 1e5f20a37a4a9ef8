import { expect, it } from 'vitest';
import { DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';

it('the shares of how calls end add up to one', () => {
  const sum = Object.values(DEFAULT_BEHAVIOUR.shares).reduce((total, share) => total + share, 0);
  expect(sum).toBeCloseTo(1, 9);
});
