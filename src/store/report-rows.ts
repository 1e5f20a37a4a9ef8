/**
 * What the commands read of a campaign. Times are wall clock milliseconds.
 */
import type { Cause } from '../domain/causes.ts';
import type { ContactCounts, RunEnd } from '../domain/event.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { Outcome, Role } from '../domain/words.ts';
import type { DialAttempt, Snapshot, Stage } from '../engine/ports.ts';

export interface CampaignSummary {
  readonly campaign: string;
  readonly contacts: ContactCounts;
}

export interface BreakerSummary {
  /** See `breakerKey`. */
  readonly key: string;
  readonly snapshot: Snapshot;
}

/** A service whose connection the campaign's run has lost, or has not got yet. */
export interface CutOffService {
  readonly service: string;
  /** Without secrets: `127.0.0.1:5038`. */
  readonly address: string;
  /** Wall clock milliseconds. */
  readonly sinceMs: number;
  /** Why the last try failed. */
  readonly reason: string;
  /** When it is tried again; wall clock milliseconds. */
  readonly retryMs: number;
}

/** Contacts that wait for a time, by what they wait for: the reason is of one of them. */
export interface WaitingReason extends Cause {
  /** When the first of them is due; undefined: with the next run. */
  readonly dueMs: number | undefined;
}

/** A contact whose turn comes: a ready one, or one that waits until `dueMs`. */
export interface NextContact {
  readonly contact: string;
  readonly name: string | undefined;
  readonly phone: string;
  readonly stage: Stage;
  readonly dueMs: number | undefined;
  readonly reason: string | undefined;
}

/** Rows of the list of which something is to be told. */
export interface LinesFound {
  readonly count: number;
  /** The first of them. */
  readonly lines: readonly number[];
}

/** Who is in a campaign, and what became of it. */
export interface ListedPerson {
  readonly contact: string;
  readonly phone: string;
  readonly outcome: Outcome | undefined;
  /** Has an outcome, and not that of a preview. */
  readonly wasCalled: boolean;
}

/** A contact of whom nobody can tell whether the phone rang. */
export interface UncertainContact {
  readonly contact: string;
  readonly name: string | undefined;
  readonly phone: string;
  readonly call: string;
  readonly number: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly detail: string | undefined;
  /** The dialer could not be asked, and is to be asked once more. */
  readonly isAskedAgain: boolean;
  readonly attempts: readonly DialAttempt[];
}

/** Calls at one service that were begun, and of which the journal does not know how they ended. */
export interface CallsInDoubt {
  readonly service: string;
  readonly count: number;
  /** Of these, those that the service has taken on: it is known to have them. */
  readonly taken: number;
  /** When the first of them was begun. */
  readonly sinceMs: number;
}

/** What a CRM added about the records that it took. */
export interface RecordNote {
  readonly note: string;
  readonly count: number;
}

export interface OutcomeCount {
  readonly outcome: Outcome;
  readonly count: number;
}

export interface AnswerCount {
  readonly answer: string;
  readonly count: number;
}

/** Failed attempts of one service with one code; kind, status and message are the last one's. */
export interface FailureCount {
  readonly service: string;
  readonly role: Role;
  readonly kind: FailureKind;
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly count: number;
  readonly lastMs: number;
}

export interface LatestFailure {
  readonly message: string;
  readonly atMs: number;
}

/** What one service did in the place of another; the reason is the last one. */
export interface FallbackCount {
  readonly role: Role;
  readonly service: string;
  readonly instead: string;
  readonly count: number;
  readonly reason: string;
  readonly lastMs: number;
}

/** A call that has its outcome. */
export interface EndedCall {
  readonly contact: string;
  readonly phone: string;
  readonly name: string | undefined;
  readonly call: string;
  /** Which call of this contact, counted from 1. */
  readonly number: number;
  readonly outcome: Outcome;
  readonly detail: string | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly text: string | undefined;
  /** Services that did the steps, as far as they came. */
  readonly services: Readonly<Partial<Record<Role, string>>>;
}

export interface ImportedList {
  readonly path: string;
  readonly atMs: number;
  readonly rows: number;
  readonly rejected: number;
}

/** Who worked a campaign last. Whether it still does, the lock tells. */
export interface RunSummary {
  readonly pid: number;
  readonly host: string;
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  /** Absent while it runs, or where it was killed. */
  readonly end: RunEnd | undefined;
}
