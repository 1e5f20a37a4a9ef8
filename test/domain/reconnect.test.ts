import { expect, test } from 'vitest';
import {
  DEFAULT_RECONNECT,
  NO_WAITS,
  nextReconnect,
  type ReconnectWaits,
} from '../../src/domain/reconnect.ts';

/** Waits in seconds after connections that held so many seconds each; undefined: none was made. */
function waitsAfter(held: readonly (number | undefined)[]): number[] {
  let waits: ReconnectWaits = NO_WAITS;
  return held.map((seconds) => {
    const heldMs = seconds === undefined ? undefined : seconds * 1_000;
    const next = nextReconnect(DEFAULT_RECONNECT, waits, heldMs);
    waits = next.waits;
    return next.delayMs / 1_000;
  });
}

test('who is not there is asked after 15, 30, 60 and 60 s', () => {
  expect(waitsAfter([undefined, undefined, undefined, undefined, undefined])).toEqual([
    15, 30, 60, 60, 60,
  ]);
});

test('a good connection that was lost is made again at once, then after the waits', () => {
  expect(waitsAfter([3600, undefined, undefined, undefined])).toEqual([0, 15, 30, 60]);
});

test('a peer that takes connections and drops them is not asked without end', () => {
  expect(waitsAfter([1, 1, 59, 1, 1])).toEqual([0, 15, 30, 60, 60]);
});

test('the waits begin anew after a stable minute, and not before', () => {
  expect(waitsAfter([undefined, undefined, 59, 60, undefined])).toEqual([15, 30, 60, 0, 15]);
});
