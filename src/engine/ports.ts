/**
 * What the engine needs from the world, in its own words. Everyone else implements these.
 */
import type { Alert, AlertSeverity } from '../domain/alert.ts';
import type { Contact } from '../domain/contact.ts';
import type { CampaignEvent, ContactCounts } from '../domain/event.ts';
import type { HttpResponse } from '../domain/http-failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { Outcome, Role, Step } from '../domain/words.ts';

// ---------------------------------------------------------------------------- world

/** Time. Monotonic for intervals, wall clock for people and files; both in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch. May jump. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Runs `wake` once after `delayMs` (any length); the answer cancels it. */
  after(delayMs: number, wake: () => void): () => void;
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as that aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface RandomSource {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A UUID. */
  id(): string;
}

/** Takes an event. Never throws, whatever its listeners do. */
export type Emit = (event: CampaignEvent) => void;

// ---------------------------------------------------------------------------- host

/** The disk that a folder is on. */
export interface DiskFigures {
  /** What is kept there: `store`, `output`; of several on one disk, the first. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** For whoever is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The machine that the program runs on, and what the program takes of it. */
export interface HostFigures {
  /**
   * Of all the processors that we may use, since the reading before (the first: since the reader
   * was made); 0 to 1. The machine's, or our own where a container has less than the machine.
   */
  readonly cpuShare: number;
  /** What the process has of the memory that `memoryLimitBytes` is about. */
  readonly memoryBytes: number;
  /** The limit that is nearest: beyond it the process is ended. */
  readonly memoryLimitBytes: number;
  /** Which limit that is: of Node's heap, of the container, or all the memory there is. */
  readonly memoryLimitOf: 'heap' | 'container' | 'machine';
  /** Of the whole machine. */
  readonly hostMemoryFreeBytes: number;
  readonly hostMemoryTotalBytes: number;
  /** Processes that ran or waited to, on average over 1, 5 and 15 minutes; 0 on Windows. */
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  /** Each disk once; one that cannot be asked is left out. */
  readonly disks: readonly DiskFigures[];
  /** Of all interfaces but loopback, since the machine started; undefined where not known. */
  readonly networkReceivedBytes?: number | undefined;
  readonly networkSentBytes?: number | undefined;
}

/** Has its own reading before, so each user of the figures has a reader of their own. */
export interface HostReader {
  /** Never rejects: what cannot be found out is left out. */
  read(): Promise<HostFigures>;
}

// ---------------------------------------------------------------------------- http

/** One request over HTTP. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute. May hold secrets, so nobody shows more of it than the host. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** The only deadline there is. */
  readonly signal: AbortSignal;
  /** Doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** A longer answer is a failure; 1 MB where it is left out. */
  readonly bytesMax?: number | undefined;
  /** The key of config.yml that the address is from, for whoever has to mend it. */
  readonly setting?: string | undefined;
}

export type { HttpResponse };

/** The one way to the network, for services, channels and observers alike. */
export interface Http {
  /**
   * Rejects with the signal's reason when that aborts; with `ServiceFailure` where there is no
   * whole answer: `transient` where the request never left or may be repeated, else `unknown`.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}

// ---------------------------------------------------------------------------- services

/** Whom a request is for, and when to give it up. */
export interface RequestContext {
  readonly campaign: string;
  readonly contact: string;
  readonly call: string;
  readonly step: Step;
  /** The line it runs on, counted from 1. */
  readonly line: number;
  readonly signal: AbortSignal;
  /**
   * For whoever follows a call: tells that something was heard of it. Where nothing is for
   * `timeouts.idle`, the question is given up.
   */
  readonly heard?: (() => void) | undefined;
  /** Told by the guard how long the request took that was answered. */
  readonly answered?: ((requestMs: number) => void) | undefined;
}

/** One vendor account filling a role. Every method may throw `ServiceFailure`. */
export interface Service {
  readonly name: string;
  readonly role: Role;
  /** Cheap and harmless: answers if the service would work, throws why not. Rings nobody. */
  probe(signal: AbortSignal): Promise<ProbeAnswer | void>;
}

/** What a service that works says of itself, for `check --online`. */
export interface ProbeAnswer {
  /** What is left of a quota, for people: `12,345 of 100,000 characters left`. */
  readonly detail?: string | undefined;
  /** Less than a tenth of it is left. */
  readonly isLow?: boolean | undefined;
  /**
   * Left out: it took our key. `unknown`: it answered as it should, and that shows only at work.
   * `doubtful`: the same, and a wrong key or address would be answered like that as well.
   */
  readonly credentials?: 'unknown' | 'doubtful' | undefined;
}

export interface ScriptRequest {
  readonly contact: Contact;
  /** The contact's language, or the campaign's. */
  readonly language: string;
  /** What the CRM's lookup found; empty without one. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Script {
  readonly text: string;
  readonly usage?: Usage | undefined;
}

/** Writes what is said to one contact. */
export interface Llm extends Service {
  /** Whether it has a text in this language; absent where any language will do. */
  readonly writes?: ((language: string) => boolean) | undefined;
  write(request: ScriptRequest, context: RequestContext): Promise<Script>;
}

export interface SpeechRequest {
  readonly text: string;
  readonly language: string;
}

/** What a telephone plays: a WAV file, 8 kHz, mono, 16 bit. */
export interface Speech {
  readonly wav: Uint8Array;
  readonly usage?: Usage | undefined;
}

/** Speaks a text. */
export interface Tts extends Service {
  /**
   * Everything but the text that decides how a text in this language sounds (voice, model,
   * format), as one stable string; undefined where the service does not speak the language.
   */
  voice(language: string): string | undefined;
  speak(request: SpeechRequest, context: RequestContext): Promise<Speech>;
}

/** Audio kept on disk under the hash of what produced it. */
export interface AudioFile {
  /** Hex SHA-256 of voice and text. */
  readonly hash: string;
  /** Absolute path of the WAV file. */
  readonly path: string;
  readonly durationMs: number;
}

export interface DialRequest {
  /** The call's own id, fixed before anything is sent. */
  readonly call: string;
  readonly contact: Contact;
  readonly text: string;
  /** The contact's language, or the campaign's. */
  readonly language: string;
  /** There for every dialer that plays it; undefined where all of the chain speak themselves. */
  readonly audio: AudioFile | undefined;
  /**
   * Wall clock of the begin of the attempt that `find` asks about, in milliseconds: the last one.
   * Of those before it is known that they rang nobody. Meaningless to the other methods.
   */
  readonly begunMs: number;
  readonly attempts: AttemptLog;
}

/** Where dial attempts are written down: by the wrapper around a dialer, never by the dialer. */
export interface AttemptLog {
  /** Durable when it resolves; the answer is the attempt's number. Nothing may be sent before. */
  begin(service: string, account?: string): Promise<number>;
  /** Durable when it resolves. */
  end(attempt: number, result: DialAttemptResult): Promise<void>;
  /** The request is not under way any more, and nothing is known of what it did. */
  left(attempt: number): void;
  /**
   * Whether another call, of any campaign in the store, is known to be the one that the service
   * has under this reference. For dialers that look for a call by number and time.
   */
  isOthers(service: string, reference: string): boolean;
}

/** A call that the vendor has taken on. */
export interface Placed {
  readonly service: string;
  /** The vendor's id of the call. */
  readonly reference: string;
  /** With which account, where the journal tells it of a call that an earlier process placed. */
  readonly account?: string | undefined;
}

export interface Ended {
  readonly outcome: Exclude<Outcome, 'uncertain'>;
  /** For people: what the vendor said, which file was written. */
  readonly detail?: string | undefined;
  readonly usage?: Usage | undefined;
}

/** What became of a call whose placing has no known result. */
export type Found =
  | { readonly state: 'placed'; readonly placed: Placed }
  | { readonly state: 'ended'; readonly ended: Ended }
  /**
   * Proven: no such call was placed, and none will be by a request that the vendor may still be
   * working on. A dialer that cannot prove so much yet waits, or answers `unknown`.
   */
  | { readonly state: 'absent' }
  /** The vendor cannot tell. */
  | { readonly state: 'unknown'; readonly detail?: string | undefined };

/**
 * Rings one contact and plays the audio, or speaks the text. `place` is the only method that can
 * make a phone ring. A failure that it throws is proof that it rang nobody, unless it is `unknown`.
 */
export interface Dialer extends Service {
  /**
   * Whether it speaks this language, where it speaks the text itself and needs no audio; undefined
   * where it plays what a service of tts has spoken.
   */
  readonly speaks: ((language: string) => boolean) | undefined;
  /**
   * With whom it places calls, for people, without secrets. Another one under the same name knows
   * nothing of these calls, and is never asked about them. Undefined: nothing can be confused.
   * Named by everyone who wraps a dialer: to leave it out would be to ask the wrong one.
   */
  readonly account: string | undefined;
  /** Whether a phone rings; a preview rings nobody, is not paced and can be asked at any time. */
  readonly rings: boolean;
  place(request: DialRequest, context: RequestContext): Promise<Placed>;
  follow(placed: Placed, request: DialRequest, context: RequestContext): Promise<Ended>;
  find(request: DialRequest, context: RequestContext): Promise<Found>;
  hangUp(placed: Placed, context: RequestContext): Promise<void>;
}

/** A finished call, as the CRM is told. Times are wall clock milliseconds. */
export interface CallRecord {
  readonly campaign: string;
  readonly call: string;
  readonly contact: Contact;
  readonly outcome: Outcome;
  readonly detail: string | undefined;
  readonly text: string | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
  /** When the dial attempt began that may have made a phone ring; undefined where none did. */
  readonly dialledMs?: number | undefined;
  /** Services that did the steps, as far as they came. */
  readonly services: Readonly<Partial<Record<Role, string>>>;
  /** This record may have been sent before: its begin is in the journal, its end is not. */
  readonly again: boolean;
}

export interface Receipt {
  /** Length of the file in bytes once this record is in it, where the CRM is a file. */
  readonly bytes?: number | undefined;
  /** What the operator should know of a record that was made: few different ones, to be counted. */
  readonly note?: string | undefined;
}

/** Knows the contacts and notes what became of them. */
export interface Crm extends Service {
  /** The names of what `lookup` answers with, every one of them always; absent without it. */
  readonly properties?: readonly string[] | undefined;
  /** Properties for the script; absent where the CRM has nothing to look up. */
  readonly lookup?:
    | ((contact: Contact, context: RequestContext) => Promise<Readonly<Record<string, string>>>)
    | undefined;
  record(record: CallRecord, context: RequestContext): Promise<Receipt>;
}

/** Keeps audio by hash; what `path` names is whole or not there. */
export interface AudioStore {
  find(hash: string): Promise<AudioFile | undefined>;
  /** Durable when it resolves. */
  keep(hash: string, speech: Speech): Promise<AudioFile>;
}

/** One-way hash for audio names: hex SHA-256 of UTF-8. */
export type Digest = (text: string) => string;

// ---------------------------------------------------------------------------- journal

/** How far a contact has come, and with that which roles it still needs. */
export const STAGES = ['fresh', 'scripted', 'spoken', 'dialling', 'owed'] as const;
/**
 * `fresh`: needs llm (and lookup), tts, dialer. `scripted`: tts, dialer. `spoken`: dialer.
 * `dialling`: a dial attempt began, so the dialer must first be asked what became of it.
 * `owed`: has its outcome; only the CRM's record is missing.
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
  /** A record of this call was begun before. */
  readonly recordBegun: boolean;
  /** Rounds of used-up retries, and how many contacts were done at the last of them. */
  readonly rounds: number;
  readonly roundMark: number;
  /**
   * The list was read while this call may have been on its way, and has another row for the
   * contact by now, or none. Settle the call as it was begun; where nobody was rung, do not ring
   * by it either: write `outdated`.
   */
  readonly isOutdated: boolean;
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
   * The call has its outcome. The contact is done (or uncertain) from here on; except for
   * `uncertain`, its record is owed.
   */
  | {
      readonly type: 'call.ended';
      readonly outcome: Outcome;
      readonly detail: string | undefined;
      readonly service: string | undefined;
      readonly atMs: number;
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
      readonly roundMark: number;
    }
  /** Back to its old place in the queue, as if never claimed. */
  | { readonly type: 'released' }
  /**
   * Nobody was rung, and the list says otherwise by now: back to its place with what the list has,
   * or out of the queue where it has nothing. Only for a claim that is outdated. Ends the claim.
   */
  | { readonly type: 'outdated' };

/** The queue and the journal of one campaign. Held by one run at a time. */
export interface Journal {
  /**
   * Takes the first due contact whose stage is among `stages`; undefined where there is none.
   * `dialling` and `owed` come before the rest; the rest in order of the queue. Opens the
   * contact's next call under `newCall` unless its last one is still open. Durable when it
   * resolves. Rejects with `JournalFailure`.
   */
  claim(stages: readonly Stage[], nowMs: number, newCall: string): Promise<Claim | undefined>;
  /**
   * Writes an entry; entries are written in the order of the calls. Resolves when it is durable.
   * Not waiting is allowed: a failure also meets the next one who waits. Rejects with
   * `JournalFailure`, from then on always.
   */
  write(key: ClaimKey, entry: JournalEntry): Promise<void>;
  /** Makes everybody due who was put off with `recall`. In order with the entries. */
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
}

/** What a breaker knows, for another process to go on with. JSON-safe. */
export type Snapshot = Readonly<Record<string, unknown>>;

/** Breaker states that outlive the process, each under its `breakerKey`. */
export interface BreakerMemory {
  load(key: string): Snapshot | undefined;
  /** Not durable at once; at the latest with the next journal commit. */
  save(key: string, snapshot: Snapshot): void;
}

// ---------------------------------------------------------------------------- alerts

/** A way to reach the operator. */
export interface AlertChannel {
  /** Stable: what could not be sent is kept under it for the next run. */
  readonly name: string;
  /** What it is told of; of everything where it is left out. */
  readonly severities?: readonly AlertSeverity[] | undefined;
  /**
   * Resolves when the alert is out of our hands. May throw `ServiceFailure`; whatever else it
   * throws counts as a refusal of this one alert. Ends soon after the signal aborts. Asked one
   * alert at a time, in order; the same one may come twice, after a lost answer or a crash.
   * Answers whom it did not reach although it was sent, in a sentence, where there is anybody.
   */
  send(alert: Alert, signal: AbortSignal): Promise<string | void>;
}

/** An alert that a channel has yet to send. */
export interface OwedAlert {
  /** Unique in the store. */
  readonly id: string;
  readonly channel: string;
  readonly alert: Alert;
  /** Since when it is owed; milliseconds since the epoch. */
  readonly owedMs: number;
  /** In how many runs the channel refused this very alert. */
  readonly refusals: number;
}

export interface AlertsKept {
  /** By key. */
  readonly open: readonly Alert[];
  /** In the order in which they are to be sent. */
  readonly owed: readonly OwedAlert[];
}

/** All of it or nothing. */
export interface AlertChange {
  /** Open from now on, or changed. */
  readonly open?: readonly Alert[];
  /** Keys that are not open any more. */
  readonly cleared?: readonly string[];
  /** Behind those that are owed already; one that is among them is changed in its place. */
  readonly owed?: readonly OwedAlert[];
  /** Ids of what is not owed any more. */
  readonly settled?: readonly string[];
}

/**
 * Alerts that outlive the process, of all campaigns on the store: the outage of a service is the
 * same for all of them, and whoever runs next sends what is owed.
 */
export interface AlertMemory {
  /** What is saved, by other processes too, and by this one also before it is durable. */
  load(): AlertsKept;
  /** Durable when it resolves. Saved in the order of the calls. Rejects with `JournalFailure`. */
  save(change: AlertChange): Promise<void>;
}

// ---------------------------------------------------------------------------- rows

export type RowCell = string | number;

/** A row that a sheet has yet to take. */
export interface OwedRow {
  /** Of the row, in the campaign. */
  readonly id: string;
  readonly cells: readonly RowCell[];
  /**
   * An attempt to write it began, and nothing is known of its end: until then it may still arrive;
   * milliseconds since the epoch. Undefined: it is not in the sheet.
   */
  readonly doubtMs: number | undefined;
}

/** All of it or nothing, in this order. */
export interface RowChange {
  /** Behind those that are owed already; one that is among them is left as it is. */
  readonly owed?: readonly Pick<OwedRow, 'id' | 'cells'>[];
  /** Of rows that are owed: their `doubtMs` from now on. */
  readonly doubt?: { readonly ids: readonly string[]; readonly untilMs: number | undefined };
  /** Ids of what is not owed any more. */
  readonly settled?: readonly string[];
}

/** The rows that one campaign has for a sheet, until that has them. Held by one run at a time. */
export interface RowMemory {
  /** The first so many, in order, that will not arrive by themselves. Only what is durable. */
  load(max: number, nowMs: number): readonly OwedRow[];
  /** The earliest moment at which `load` finds some; undefined where nothing is owed. */
  nextMs(): number | undefined;
  /** How many there are. */
  count(): number;
  /**
   * Durable when it resolves, in the order of the calls and in one commit with what the journal is
   * told at the same moment. Rejects with `JournalFailure`.
   */
  save(change: RowChange): Promise<void>;
}

// ---------------------------------------------------------------------------- intake

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
