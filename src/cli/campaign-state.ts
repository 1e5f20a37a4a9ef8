/**
 * Where a campaign stands, read from its store: what `run`, `status` and `report` tell in the same
 * words.
 */
import type { CampaignFigures } from '../domain/alert-sign.ts';
import type { ContactCounts } from '../domain/event.ts';
import type { LinesFound, WaitingReason } from '../store/report-rows.ts';
import type { Reports } from '../store/sqlite-reports.ts';

export interface CampaignState extends CampaignFigures {
  readonly contacts: ContactCounts;
  /** Contacts taken out because the list has them no more. */
  readonly removed: number;
  /** Rows of the list with the id of somebody who has an outcome at another number. */
  readonly reusedIds: LinesFound;
  /** By what was chosen with a key, in the operator's words. */
  readonly answers: ReadonlyMap<string, number>;
  /** Calls that ended and whose record the CRM has not taken yet. */
  readonly recordsOwed: number;
  /** Why contacts wait, most of them first. */
  readonly waiting: readonly WaitingReason[];
  /** Ids of the contacts of whom nobody can tell whether they were rung. */
  readonly uncertain: readonly string[];
  /** Of those, about whom the dialer could not be asked: the next run asks once more. */
  readonly askedAgain: number;
}

export function readCampaignState(reports: Reports, campaign: string): CampaignState {
  const uncertain = reports.uncertainContacts(campaign);
  return {
    contacts: reports.counts(campaign),
    removed: reports.removed(campaign),
    reusedIds: reports.people.reusedIds(campaign),
    ...readOutcomes(reports, campaign),
    answers: new Map(reports.answers(campaign).map(({ answer, count }) => [answer, count])),
    recordsOwed: reports.recordsOwed(campaign),
    waiting: reports.waiting(campaign),
    uncertain: uncertain.map(({ contact }) => contact),
    askedAgain: uncertain.filter(({ isAskedAgain }) => isAskedAgain).length,
  };
}

export function readOutcomes(reports: Reports, campaign: string): CampaignFigures {
  return {
    outcomes: new Map(reports.outcomes(campaign).map(({ outcome, count }) => [outcome, count])),
    optedOut: reports.optedOut(campaign),
  };
}

/** How much there is left to do: calls and records. */
export function openCount({ contacts, recordsOwed }: CampaignState): number {
  return contacts.queued + contacts.put_off + contacts.calling + recordsOwed;
}

/** The same words in every document; what is nothing is left out. */
export function answersDocument({
  answers,
  optedOut,
}: Pick<CampaignState, 'answers' | 'optedOut'>): {
  readonly answers: Readonly<Record<string, number>> | undefined;
  readonly opted_out: number | undefined;
} {
  return {
    answers: answers.size === 0 ? undefined : Object.fromEntries(answers),
    opted_out: optedOut === 0 ? undefined : optedOut,
  };
}
