import type { Outcome } from '../domain/words.ts';
import { contactState, type QueueState } from './queue-state.ts';
import { StoreError } from './store-error.ts';

/** What became of a call that nobody could tell of, as a person found out. */
export interface Settlement {
  readonly campaign: string;
  readonly contact: string;
  /** `again`: put the contact back in the queue. */
  readonly outcome: Exclude<Outcome, 'uncertain'> | 'again';
  /** Wall clock milliseconds. */
  readonly atMs: number;
  /** For people: who found out, and how. */
  readonly note: string | undefined;
}

/**
 * What became of the contact: `removed`, where the list has no row for them any more; `restored`,
 * where `again` was taken back and nothing is left to tell the CRM.
 */
export type Settled = 'settled' | 'restored' | 'queued' | 'queued_as_listed' | 'removed';

/** A call's detail with what a person added: what it said before is not lost. */
export function withNote(detail: string | undefined, note: string | undefined): string | undefined {
  return detail === undefined || note === undefined ? (note ?? detail) : `${detail}; ${note}`;
}

export function noSuchCampaign({ campaign }: Settlement): StoreError {
  return new StoreError(
    'refused',
    `there is no campaign ${campaign}; \`campaign status\` lists those there are`,
  );
}

export function noSuchContact({ campaign, contact }: Settlement): StoreError {
  return new StoreError('refused', `campaign ${campaign} has no contact ${contact}`);
}

export function isAskedAbout({ campaign, contact }: Settlement): StoreError {
  return new StoreError(
    'refused',
    `a run of ${campaign} asks the dialer once more about contact ${contact}, or was about to ` +
      'when it broke off: settle it after that run, or after the next one',
  );
}

export interface Standing {
  readonly queue: QueueState;
  readonly outcome: Outcome | null;
  /** No run has it in hand; a call of it was begun, and nothing is known of its end. */
  readonly isDialling: boolean;
}

const DIALLING =
  'has a call that was begun, and whose end is not known yet: the next run asks the dialer what ' +
  'became of it';

/** Who would be refused at the very next step is not put back to be called. */
export function hasOptedOut({ contact, campaign }: Settlement, atMs: number): StoreError {
  return new StoreError(
    'refused',
    `contact ${contact} of campaign ${campaign} is not called again: the number asked on ` +
      `${new Date(atMs).toISOString().slice(0, 10)} not to be called. ` +
      '`campaign opt-outs --remove` takes that back, if they say so',
  );
}

/**
 * Whether an outcome fits somebody who was put back by `again`, with the call of before standing
 * last: it was uncertain, or it rang nobody, and the same is said once more.
 */
export function takesBack({ outcome }: Settlement, last: Outcome | null | undefined): boolean {
  if (last === 'uncertain') return outcome !== 'again';
  return (last === 'failed' || last === 'invalid_number') && outcome === last;
}

export function notUncertain(
  { campaign, contact }: Settlement,
  { queue, outcome, isDialling }: Standing,
): StoreError {
  const where = isDialling ? DIALLING : standing(queue, outcome);
  return new StoreError(
    'refused',
    `contact ${contact} of campaign ${campaign} ${where}; ` +
      'only a contact whose call is uncertain can be settled (`campaign status` lists those), ' +
      'and one that failed before any phone rang, or whose number is none, can be called `again`',
  );
}

function standing(queue: QueueState, outcome: Outcome | null): string {
  switch (contactState(queue, outcome)) {
    case 'done':
      return `is done (${outcome})`;
    case 'queued':
      return 'is in the queue, not called yet';
    case 'put_off':
      return 'is put off and will be called later';
    case 'calling':
      return 'is being called at this moment';
    case 'uncertain':
      return 'is uncertain';
    case undefined:
      return 'was taken out, because it is no longer on the list';
  }
}
