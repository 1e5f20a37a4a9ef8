import { expect, it } from 'vitest';
import { nearestTimeOfDayMs } from '../../src/cli/time-of-day.ts';

const at = (day: number, hours: number, minutes = 0): number =>
  new Date(2026, 2, day, hours, minutes).getTime();

it.each([
  ['later today', at(2, 12, 30), 18 * 60, at(2, 18)],
  ['passed a minute ago', at(2, 17, 1), 17 * 60, at(2, 17)],
  ['now', at(2, 17), 17 * 60, at(2, 17)],
  ['after midnight', at(2, 23), 2 * 60, at(3, 2)],
  ['before midnight, which has passed', at(2, 0, 5), 23 * 60 + 55, at(1, 23, 55)],
  ['as far back as ahead', at(2, 12), 0, at(3, 0)],
])('a time of day is the nearest one: %s', (_what, nowMs, minutes, wanted) => {
  expect(nearestTimeOfDayMs(nowMs, minutes)).toBe(wanted);
});
