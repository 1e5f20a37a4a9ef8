/**
 * The words of what is told of a campaign's progress.
 */
import type { AlertWords } from './alert-text.ts';
import type { ContactCounts } from './event.ts';
import { counted, listed, spanText } from './text.ts';
import type { Outcome } from './words.ts';

export interface StartedFigures {
  readonly campaign: string;
  readonly total: number;
  /** Of these, who has no outcome yet. */
  readonly left: number;
  readonly lines: number;
}

export function startedWords({ campaign, total, left, lines }: StartedFigures): AlertWords {
  const isAnew = left < total;
  const all = counted(total, 'contact');
  return {
    title: `The campaign ${campaign} has started${isAnew ? ' again' : ''}`,
    what: `${isAnew ? `${left} of ${all} are left,` : all} on ${counted(lines, 'line')}.`,
    doing: 'It works on the list.',
    toDo: '"campaign status" says how far it is.',
  };
}

export interface MilestoneFigures {
  readonly through: number;
  readonly total: number;
  /** Of those that are through. */
  readonly uncertain: number;
}

export function milestoneWords(
  campaign: string,
  percentDone: number,
  { through, total, uncertain }: MilestoneFigures,
): AlertWords {
  const apart =
    uncertain === 0
      ? ''
      : `; ${uncertain} of them ${uncertain === 1 ? 'is' : 'are'} uncertain, ` +
        'which "campaign status" does not count as done';
  return {
    title: `${percentDone} % of the campaign ${campaign} are done`,
    what:
      `${through.toLocaleString('en-US')} of ${counted(total, 'contact')} have their outcome` +
      `${apart}.`,
    doing: 'It works on the list.',
    toDo: 'Nothing.',
  };
}

export interface FinishedFigures {
  readonly campaign: string;
  readonly contacts: ContactCounts;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly optedOut: number;
  /** Of the last run, as the duration. */
  readonly failedTries: number;
  readonly durationMs: number;
}

export function finishedWords(figures: FinishedFigures): AlertWords {
  const { campaign, contacts, outcomes, optedOut, failedTries, durationMs } = figures;
  const parts = [...outcomes]
    .filter(([, count]) => count > 0)
    .toSorted(([, one], [, other]) => other - one)
    .map(([outcome, count]) => {
      const isApart = outcome === 'failed' && optedOut > 0;
      const apart = isApart ? ` (${optedOut} of them opted out: not rung, as they had asked)` : '';
      return `${count} ${outcome.replace('_', ' ')}${apart}`;
    });
  const { total, uncertain } = contacts;
  const failed =
    failedTries === 0 ? '' : ` On the way, ${counted(failedTries, 'try', 'tries')} failed.`;
  return {
    title: `The campaign ${campaign} has finished`,
    what:
      `${counted(total, 'contact')}: ${listed(parts)}. The last run took ` +
      `${spanText(durationMs)}.${failed}`,
    doing: 'Nothing is left to do.',
    toDo:
      uncertain === 0
        ? '"campaign report" has all the figures.'
        : `${counted(uncertain, 'contact')} ${uncertain === 1 ? 'is' : 'are'} uncertain: find ` +
          'out what became of their calls, and tell it with "campaign settle".',
  };
}
