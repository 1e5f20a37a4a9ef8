import { expect, it } from 'vitest';
import { endOfRunMs } from '../../src/cli/time-of-day.ts';

const at = (day: number, hours: number, minutes = 0): number =>
  new Date(2026, 2, day, hours, minutes).getTime();

it.each([
  ['later today', at(2, 12, 30), 18 * 60, at(2, 18)],
  ['much later today', at(2, 5), 20 * 60 + 30, at(2, 20, 30)],
  ['passed a minute ago', at(2, 17, 1), 17 * 60, at(2, 17)],
  ['passed before midnight', at(2, 0, 5), 23 * 60 + 55, at(1, 23, 55)],
  ['now', at(2, 17), 17 * 60, at(2, 17)],
  ['after midnight', at(2, 23), 2 * 60, at(3, 2)],
  ['passed long ago', at(2, 17), 9 * 60, at(3, 9)],
])('the end of a run: %s', (_what, nowMs, minutes, wanted) => {
  expect(endOfRunMs(nowMs, minutes)).toBe(wanted);
});
