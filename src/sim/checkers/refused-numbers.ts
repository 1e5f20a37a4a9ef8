/**
 * What is promised of a number that a dialer refuses because there is no such number.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import { NO_NUMBER } from '../fault-failures.ts';
import { type Exchange, evidenceOf, ROUNDING_MS, toldOf } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const NUMBERS_REFUSED: Checker = {
  name: 'numbers refused',
  promise:
    'A number that a dialer refuses is what became of the call: no dialer is asked for it again, ' +
    'but after a kill that came upon the answer, and no step is told as failed.',
  check: (seen) => {
    const places = evidenceOf(seen).exchanges.filter(({ sight }) => sight.method === 'place');
    const byCall = Map.groupBy(places, ({ sight }) => sight.call ?? '');
    return [...[...byCall.values()].flatMap(askedAgain), ...toldAsFailed(seen)];
  },
};

/** Whether the program has heard of it, and had time to write it down. */
export function isRefusedNumber({ end }: Exchange): boolean {
  return end?.type === 'failed' && end.failure.code === NO_NUMBER;
}

/** Killed or stopped upon the answer: then nothing may be left of it. */
export function isForgotten({ end, life: { stopped, over } }: Exchange): boolean {
  const killed = over?.how === 'killed' ? over : undefined;
  const cuts = [stopped, killed].map((mark) => mark?.atMs ?? Infinity);
  return Math.min(...cuts) <= (end?.atMs ?? 0) + ROUNDING_MS;
}

function askedAgain(places: readonly Exchange[]): readonly Found[] {
  return places.slice(1).flatMap(({ sight, atMs }, position) => {
    const before = places[position];
    if (before === undefined || !isRefusedNumber(before) || isForgotten(before)) return [];
    const { service, call, contact } = sight;
    const who = `${contact} (${call})`;
    const message = `${service} is asked for ${who}, after ${before.sight.service} refused it`;
    return [{ atMs, message }];
  });
}

function toldAsFailed({ log }: Seen): readonly Found[] {
  return toldOf(log, 'call.failed').flatMap(({ atMs, event }) => {
    if (event.code !== NO_NUMBER) return [];
    return [{ atMs, message: `${event.call} is told as failed: its number was refused` }];
  });
}
