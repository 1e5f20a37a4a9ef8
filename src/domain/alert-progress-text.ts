/**
 * The words of what is told of a campaign's progress.
 */
import type { AlertWords } from './alert-text.ts';
import type { ContactCounts } from './event.ts';
import { counted, listed, spanText } from './text.ts';
import type { Outcome } from './words.ts';

export function startedWords(campaign: string, total: number, lines: number): AlertWords {
  return {
    title: `The campaign ${campaign} has started`,
    what: `${counted(total, 'contact')} on ${counted(lines, 'line')}.`,
    doing: 'It works on the list.',
    toDo: '"campaign status" says how far it is.',
  };
}

export function milestoneWords(
  campaign: string,
  percentDone: number,
  through: number,
  total: number,
): AlertWords {
  return {
    title: `${percentDone} % of the campaign ${campaign} are done`,
    what: `${counted(through, 'contact')} of ${counted(total, 'contact')} have their outcome.`,
    doing: 'It works on the list.',
    toDo: 'Nothing.',
  };
}

export interface FinishedFigures {
  readonly campaign: string;
  readonly contacts: ContactCounts;
  readonly outcomes: readonly (readonly [Outcome, number])[];
  readonly failedTries: number;
  readonly durationMs: number;
}

export function finishedWords(figures: FinishedFigures): AlertWords {
  const { campaign, contacts, outcomes, failedTries, durationMs } = figures;
  const parts = outcomes
    .toSorted(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `${count} ${outcome.replace('_', ' ')}`);
  const { total, uncertain, put_off: later } = contacts;
  const failed =
    failedTries === 0 ? '' : ` On the way, ${counted(failedTries, 'try', 'tries')} failed.`;
  const left = later === 0 ? '' : ` ${counted(later, 'contact')} are due later.`;
  return {
    title: `The campaign ${campaign} has finished`,
    what:
      `${counted(total, 'contact')}. In this run, of ${spanText(durationMs)}: ${listed(parts)}.` +
      `${failed}${left}`,
    doing: 'Nothing is left to do.',
    toDo:
      uncertain === 0
        ? '"campaign report" has all the figures.'
        : `${counted(uncertain, 'contact')} are uncertain: find out what became of their calls, ` +
          'and tell it with "campaign settle".',
  };
}
