/**
 * What is written down of contacts, calls and breakers, and where the list goes.
 */
import type { AnswerPolicy } from '../../domain/answers.ts';
import type { Contact } from '../../domain/contact.ts';
import type { ContactCounts } from '../../domain/event.ts';
import type { Outcome, Step } from '../../domain/words.ts';

/** How far a contact has come, and with that which roles it still needs. */
export const STAGES = ['fresh', 'scripted', 'spoken', 'dialling', 'owed', 'doubted'] as const;
/**
 * `fresh`: needs llm (and lookup), tts, dialer. `scripted`: tts, dialer. `spoken`: dialer.
 * `dialling`: a dial attempt began, so the dialer must first be asked what became of it.
 * `owed`: has its outcome; only the CRM's record is missing. `doubted`: is uncertain because the
 * dialer could not be asked; it is asked once more, and nobody is rung whatever it says.
 */
export type Stage = (typeof STAGES)[number];

export interface DialAttempt {
  /** Counted from 1 within the call. */
  readonly attempt: number;
  readonly service: string;
  /** The dialer's `account` as it was then; undefined where it has none. */
  readonly account?: string | undefined;
  readonly begunMs: number;
  /** Absent: it began and nothing is known of its end. */
  readonly result?: DialAttemptResult | undefined;
}

export type DialAttemptResult =
  | { readonly type: 'placed'; readonly reference: string }
  /** Proven that no phone rang. */
  | { readonly type: 'not_placed'; readonly code: string }
  /** It may have rung. */
  | { readonly type: 'unknown'; readonly code: string };

/** What the journal holds of the steps of a call that ended. */
export interface FinishedSteps {
  readonly lookup?: Readonly<Record<string, string>> | undefined;
  readonly script?: { readonly text: string; readonly service: string } | undefined;
  readonly speech?: { readonly hash: string; readonly service: string } | undefined;
}

/** What texts are written by. */
export interface ScriptInForce {
  /** Of everything that decides what is said, and what keys are asked for. */
  readonly digest: string;
  /** Undefined where no key is asked for. */
  readonly answers: AnswerPolicy | undefined;
}

/** Names one claim of one contact; a later claim of the contact has a higher fence. */
export interface ClaimKey {
  readonly contact: string;
  readonly call: string;
  /** Which call of this contact, counted from 1. */
  readonly number: number;
  readonly fence: number;
}

/** A contact taken from the queue, with everything known of the call it is in. */
export interface Claim {
  readonly key: ClaimKey;
  /** Who is `owed` has the number that was rung, whatever the list says by now. */
  readonly contact: Contact;
  readonly stage: Stage;
  /** Wall clock of the call's first claim, milliseconds. */
  readonly startedMs: number;
  readonly finished: FinishedSteps;
  readonly attempts: readonly DialAttempt[];
  /** Set when the call has ended and only the record is owed. */
  readonly ended?:
    | { readonly outcome: Outcome; readonly detail: string | undefined; readonly endedMs: number }
    | undefined;
  /** What the callee of this call chose by a key. */
  readonly answer?: string | undefined;
  /** An earlier run ended this call while it was on, because it was stopped. */
  readonly isHungUp?: boolean | undefined;
  /** Whoever has the number asked then not to be called: wall clock. The call may not begin. */
  readonly optedOutMs?: number | undefined;
  /** A record of this call was begun before. */
  readonly recordBegun: boolean;
  /** Rounds of used-up retries. */
  readonly rounds: number;
  /**
   * The list was read while this call may have been on its way, and has another row for the
   * contact by now, or none; or the script is another one. Settle the call as it was begun; where
   * nobody was rung, do not ring by it either: write `outdated`.
   */
  readonly isOutdated: boolean;
  /** By what the text of this call was written, where that is in force no more. */
  readonly former?: Pick<ScriptInForce, 'answers'> | undefined;
  /** It is outdated because the list has no row for the contact any more. */
  readonly isUnlisted: boolean;
}

/** One thing that happened, to be written down. Wall clock milliseconds throughout. */
export type JournalEntry =
  | { readonly type: 'step.begun'; readonly step: Step; readonly atMs: number }
  | {
      readonly type: 'lookup.ended';
      readonly properties: Readonly<Record<string, string>>;
      readonly service: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'script.ended';
      readonly text: string;
      readonly service: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'speech.ended';
      readonly hash: string;
      readonly service: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'attempt.begun';
      readonly attempt: number;
      readonly service: string;
      readonly account?: string | undefined;
      readonly atMs: number;
    }
  | {
      readonly type: 'attempt.ended';
      readonly attempt: number;
      readonly result: DialAttemptResult;
      readonly atMs: number;
    }
  /**
   * The callee pressed a key, which stands for this answer. With `opt_out`, the number is refused
   * to every later call of any campaign from the moment on at which this is durable. Of several,
   * `standing` says which one stands.
   */
  | { readonly type: 'call.answered'; readonly answer: string; readonly atMs: number }
  /** We ended the call while it was on, because the run was stopped: nobody was in for it. */
  | { readonly type: 'call.hung_up'; readonly atMs: number }
  /**
   * The call has its outcome. The contact is done (or uncertain) from here on; except for
   * `uncertain`, its record is owed. Once more for a call that is uncertain, where it came out
   * how it had ended.
   */
  | {
      readonly type: 'call.ended';
      readonly outcome: Outcome;
      /** With `uncertain`: the dialer could not be asked. See `doubted`. */
      readonly unasked?: boolean | undefined;
      readonly detail: string | undefined;
      /** Nobody was rung, because the number had asked not to be. */
      readonly code?: 'opted_out' | undefined;
      readonly service: string | undefined;
      readonly atMs: number;
    }
  /** It is as uncertain as before. Only for a claim that is `doubted`. Ends the claim. */
  | {
      readonly type: 'doubt.kept';
      readonly detail: string | undefined;
      /** The dialer could not be asked this time either. */
      readonly unasked: boolean;
    }
  /** The record is made; nothing is left to do. `bytes` and `note` as in `Receipt`. */
  | {
      readonly type: 'record.ended';
      readonly service: string;
      readonly bytes: number | undefined;
      readonly note?: string | undefined;
      readonly atMs: number;
    }
  /**
   * The CRM refused the record for good. It stays owed, and is not claimed or waited for any more
   * before the next run. Only for a call that has ended. Ends the claim.
   */
  | { readonly type: 'record.refused'; readonly reason: string }
  /** Back to the queue until `dueMs`, no call used up. Ends the claim. */
  | {
      readonly type: 'put_off';
      readonly dueMs: number;
      readonly reason: string;
      /** Behind all that are due now, because it used up its retries. */
      readonly behind: boolean;
      /** It waits for a service: `recall` makes it due as soon as that can be asked again. */
      readonly recall: boolean;
      readonly rounds: number;
    }
  /** Back to its old place in the queue, as if never claimed. */
  | { readonly type: 'released' }
  /**
   * Nobody was rung, and list or script say otherwise by now: back to its place with what they
   * have, or out of the queue where the list has nothing. Only for a claim that is outdated. Ends
   * the claim.
   */
  | { readonly type: 'outdated' };

/** The queue and the journal of one campaign. Held by one run at a time. */
export interface Journal {
  /**
   * Takes the first due contact whose stage is among `stages`; undefined where there is none.
   * `dialling` and `owed` come before the rest; the rest in order of the queue. Who is `doubted` is
   * due with the next run, or when recalled. Opens the contact's next call under `newCall` unless
   * its last one is still open, owed or doubted. Durable when it
   * resolves. Rejects with `JournalFailure`.
   */
  claim(stages: readonly Stage[], nowMs: number, newCall: string): Promise<Claim | undefined>;
  /**
   * Writes an entry; entries are written in the order of the calls. Resolves when it is durable.
   * Not waiting is allowed: a failure also meets the next one who waits. Rejects with
   * `JournalFailure`, from then on always; an `attempt.begun` with `OptedOut`, where the number
   * was refused meanwhile: then nothing is written of it.
   */
  write(key: ClaimKey, entry: JournalEntry): Promise<void>;
  /** Makes everybody due who was put off with `recall`, or is `doubted`. In order with entries. */
  recall(nowMs: number): Promise<void>;
  /** Resolves when everything written so far is durable. */
  settled(): Promise<void>;
  /**
   * Whether somebody is due and not claimed, and when the first put-off contact is due (wall
   * clock; undefined where none waits). Those whose record was refused wait for no time.
   */
  outlook(): { readonly ready: boolean; readonly nextDueMs: number | undefined };
  counts(): ContactCounts;
  /** See `AttemptLog.isOthers`: `call` is the one that is not meant. Of what is durable by now. */
  isOthers(service: string, reference: string, call: string): boolean;
  /** See `AttemptLog.othersInDoubt`: `call` is the one that is not meant. Likewise. */
  othersInDoubt(service: string, phone: string, call: string): readonly number[];
}

/** What a breaker knows, for another process to go on with. JSON-safe. */
export type Snapshot = Readonly<Record<string, unknown>>;

/** Breaker states that outlive the process, each under its `breakerKey`. */
export interface BreakerMemory {
  load(key: string): Snapshot | undefined;
  /** Not durable at once; at the latest with the next journal commit. */
  save(key: string, snapshot: Snapshot): void;
}

/** What became of an accepted row. Lines are those of the list. */
export type Admission =
  /** New in this campaign. */
  | { readonly type: 'added' }
  /**
   * There already, from an earlier import; nothing was reset. What the row says otherwise of one
   * that was called counts as soon as they are to be rung again.
   */
  | { readonly type: 'known' }
  /** There already and not called yet: its number, name and columns are now as in the list. */
  | { readonly type: 'changed' }
  /** Refused: another row of this list has the id. */
  | { readonly type: 'same_id'; readonly line: number }
  /**
   * Refused: another contact has the number, or is to have it. One that this reading has not met
   * and that was not called by it makes room instead, and so does one that gets another number.
   */
  | { readonly type: 'same_number'; readonly contact: string; readonly line: number };

/** Takes the rows of one reading of a list. */
export interface ContactSink {
  /** Answers per row, in order. */
  add(contacts: readonly Contact[]): readonly Admission[];
  /**
   * The list was read to its end: contacts of earlier readings that are not in it any more are
   * taken out of the queue, so that a row deleted from the list is not rung; except for those of
   * whom a call may be on its way. Answers how many.
   */
  finish(): number;
}
