/**
 * What is promised of a breaker's way from one state to the next.
 */
import type { BreakerName } from '../../domain/event.ts';
import type { Checker, Violation } from '../check.ts';
import { type Turn, turnsOf } from './breakers.ts';
import { type Exchange, evidenceOf, ROUNDING_MS } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

/** Where a breaker can come from. */
const BEFORE: Readonly<Record<BreakerName, readonly BreakerName[]>> = {
  open: ['closed', 'half_open'],
  half_open: ['open'],
  closed: ['half_open'],
};

export const STEP_BY_STEP: Checker = {
  name: 'step by step',
  promise:
    'A breaker goes from closed to open to half open and on; it stays open as long as it told, ' +
    'unless two probes in a row are good; a restart changes nothing about it.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const probes = Map.groupBy(
      evidence.exchanges.filter(({ sight }) => sight.method === 'probe'),
      ({ place }) => place,
    );
    return [...turnsOf(evidence)].flatMap(([place, turns]) => {
      const its = probes.get(place) ?? [];
      return misstepsOf(turns, its).map(({ atMs, message }) => {
        return { atMs, message: `the breaker of ${place} ${message}` };
      });
    });
  },
};

function misstepsOf(turns: readonly Turn[], probes: readonly Exchange[]): readonly Found[] {
  const found: Found[] = [];
  let state: BreakerName | undefined = 'closed';
  let opened: { readonly index: number; readonly untilMs: number } | undefined;
  for (const turn of turns) {
    const { atMs, index } = turn;
    if (turn.type === 'over' && turn.how !== 'ended') {
      // Its state goes with the next commit, which a kill may have come before.
      state = undefined;
      opened = undefined;
    }
    if (turn.type !== 'moved') continue;
    if (state !== undefined && !BEFORE[turn.to].includes(state)) {
      found.push({ atMs, message: `is ${turn.to} after ${state}` });
    }
    const isEarly = opened !== undefined && atMs < opened.untilMs - ROUNDING_MS;
    if (isEarly && turn.to === 'half_open' && !areGood(probes, opened?.index ?? 0, index)) {
      const message = `is half open before ${opened?.untilMs ?? 0} ms, with no two good probes`;
      found.push({ atMs, message });
    }
    state = turn.to;
    opened = turn.to === 'open' ? { index, untilMs: atMs + turn.openMs } : undefined;
  }
  return found;
}

/** Whether the last two probes that were begun and over between these places were good. */
function areGood(probes: readonly Exchange[], from: number, to: number): boolean {
  const over = probes.filter(({ index, end }) => {
    return index > from && end !== undefined && end.type !== 'left' && end.index < to;
  });
  return over.length >= 2 && over.slice(-2).every(({ end }) => end?.type === 'answered');
}
