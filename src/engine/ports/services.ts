/**
 * Services by role: what the engine asks of a vendor, and what it wants to hear.
 */
import type { Contact } from '../../domain/contact.ts';
import type { ServiceFailure } from '../../domain/failure.ts';
import type { ConnectionStatus } from '../../domain/run-status.ts';
import type { Usage } from '../../domain/usage.ts';
import type { Outcome, Role, Step } from '../../domain/words.ts';
import type { DialAttemptResult } from './journal.ts';

/**
 * What the signal of a request tells, for whoever makes so many requests that a signal with a
 * listener for each would be most of their cost.
 */
export interface AbortWatch {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Called once, when it aborts; never where it has by now. */
  onAbort(listener: () => void): void;
  offAbort(listener: () => void): void;
}

/** Whom a request is for, and when to give it up. */
export interface RequestContext {
  readonly campaign: string;
  readonly contact: string;
  readonly call: string;
  readonly step: Step;
  /** The line it runs on, counted from 1. */
  readonly line: number;
  readonly signal: AbortSignal;
  /** The same, where somebody hands it out; see `watchOf`. */
  readonly watch?: AbortWatch | undefined;
  /**
   * For whoever follows a call: tells that something was heard of it. Where nothing is for
   * `timeouts.idle`, the question is given up.
   */
  readonly heard?: (() => void) | undefined;
  /** A question about a call is not asked again, however it fails. */
  readonly once?: boolean | undefined;
  /** Told by the guard how long the request took that was answered. */
  readonly answered?: ((requestMs: number) => void) | undefined;
  /** Whether what waits for its turn may not begin any more: then nobody waits for that. */
  readonly isTooLate?: (() => boolean) | undefined;
  /**
   * Aborts with `Stopped` when the run takes nobody new. What cannot be done then is not waited
   * for; a question about a call of an earlier run is left to the next one. Left out where somebody
   * of this run may be on the line, and where there is only a record to be made.
   */
  readonly drain?: AbortSignal | undefined;
}

/** One vendor account filling a role. Every method may throw `ServiceFailure`. */
export interface Service {
  readonly name: string;
  readonly role: Role;
  /** Cheap and harmless: answers if the service would work, throws why not. Rings nobody. */
  probe(signal: AbortSignal): Promise<ProbeAnswer | void>;
}

/** A connection that a service keeps over the whole run. */
export interface KeptConnection {
  /** Whose it is. */
  readonly service: string;
  /** Tells whether it is made, where that is known, and from then on when it is or is lost. */
  follow(listener: (isMade: boolean) => void): () => void;
  figures(): ConnectionStatus;
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
  /** What the script asks for; undefined where it asks for nothing. For dialers that hear. */
  readonly answers?: AnswersWanted | undefined;
}

/** The script asks whoever is on the line to press a key. */
export interface AnswersWanted {
  /** The keys that count, each once, such as `129`. Any other one is as good as none. */
  readonly keys: string;
  /**
   * How long a key is waited for once the text is said, in milliseconds; from the beginning of the
   * text on, one that is pressed counts. The first that counts is the answer, and ends the wait;
   * one that is pressed after it all the same is told too, for it may be the one to opt out.
   */
  readonly waitMs: number;
  /**
   * Tells at once that a key of these was pressed, for dialers that hear it before the call ends:
   * who asks never to be rung again is not, even if the program dies before that end. Durable when
   * it resolves. May be told more than once; `Ended.digit` says the same once more.
   */
  readonly pressed: (key: string) => Promise<void>;
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
  /**
   * When the attempts began, wall clock milliseconds, by which other calls of any campaign, also
   * earlier ones of the same contact, may have rung this number with the service, and nobody knows
   * whether they did. By the number that was dialled then. For the same dialers: a
   * call that could be one of these is no proof. Ask this before `isOthers`: what became known in
   * between would be missed by both.
   */
  othersInDoubt(service: string, phone: string): readonly number[];
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
  /** The key that the callee pressed, where one of `DialRequest.answers` was. */
  readonly digit?: string | undefined;
  /** What failed in it would fail in the next call too. Its guard takes it out. */
  readonly fault?: ServiceFailure | undefined;
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
  /**
   * Whether it hears which key is pressed on the line. A text that asks for one ("press 9") is
   * not for a dialer that does not. Named by everyone who wraps a dialer.
   */
  readonly hears: boolean;
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
  /** What the callee chose by a key, in the operator's word; it is the detail as well. */
  readonly answer?: string | undefined;
  readonly text: string | undefined;
  readonly startedMs: number;
  readonly endedMs: number;
  /** When the dial attempt began that may have made a phone ring; undefined where none did. */
  readonly dialledMs?: number | undefined;
  /** How long somebody was on the line, where the dialer told this run. */
  readonly talkMs?: number | undefined;
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
