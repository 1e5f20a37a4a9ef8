/**
 * What is promised to whoever is on the line when a run stops at once.
 */
import type { Checker, Violation } from '../check.ts';
import { type Exchange, evidenceOf, type Life, type Mark, toldOf } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

/** How long a stop waits for the answer of a request that it gave up: it may still ring. */
const STOP_GRACE_MS = 3_000;

export const NOBODY_LEFT_ON_THE_LINE: Checker = {
  name: 'nobody left on the line',
  promise:
    'Told to stop at once, a run hangs up on everybody who is on the line, and on whoever it ' +
    'hears of within three seconds, unless it had given them up as uncertain.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    const ends = toldOf(seen.log, 'call.finished');
    return lives.flatMap((life) => {
      const { stopped } = life;
      if (stopped === undefined) return [];
      const over = new Set(
        ends.filter(({ index }) => index < stopped.index).map(({ event }) => event.call),
      );
      const its = exchanges.filter((one) => one.life === life);
      return leftOnTheLine(life, stopped, its, over);
    });
  },
};

/** @param done calls that had been told to be over */
function leftOnTheLine(
  { over }: Life,
  stopped: Mark,
  exchanges: readonly Exchange[],
  done: ReadonlySet<string>,
): readonly Found[] {
  const hungUp = new Set(
    exchanges.filter(({ sight }) => sight.method === 'hangUp').map(({ sight }) => sight.call),
  );
  return exchanges.flatMap(({ sight, index, answer, end }) => {
    const { method, call, contact, service } = sight;
    if (index > stopped.index || hungUp.has(call)) return [];
    const isFollowed = method === 'follow' && end?.type === 'left';
    const isHeardOf =
      method === 'place' &&
      !done.has(call ?? '') &&
      answer !== undefined &&
      answer.failure === undefined &&
      answer.index > stopped.index &&
      answer.atMs < stopped.atMs + STOP_GRACE_MS;
    if (!isFollowed && !isHeardOf) return [];
    const heardMs = isHeardOf ? answer.atMs : stopped.atMs;
    if (over?.how === 'killed' && over.atMs <= heardMs) return [];
    const message = `${service} is not told to hang up on ${contact ?? '?'} (${call ?? '?'})`;
    return [{ atMs: heardMs, message }];
  });
}
