/**
 * What can be seen of a simulated run from outside: what the program told, and what vendors and
 * people noticed, whatever the program says. Checkers know nothing else.
 */
import type { AlertKind, AlertSeverity } from '../domain/alert.ts';
import type { CampaignEvent, ContactCounts, RunEnd } from '../domain/event.ts';
import type { FailureKind, FailureScope } from '../domain/failure.ts';
import type { HangupCause } from '../domain/hangup-cause.ts';
import type { Usage } from '../domain/usage.ts';
import type { Outcome, Role, Step } from '../domain/words.ts';
import type { CallRecord, Found } from '../engine/ports.ts';
import type { RunPolicy } from '../engine/runner.ts';

/** What is asked of services, by the names of the port methods. */
export type Method =
  | 'lookup'
  | 'write'
  | 'speak'
  | 'place'
  | 'follow'
  | 'find'
  | 'hangUp'
  | 'record'
  | 'probe';

/** For whom a request was made; nobody, for a probe. */
export interface Asked {
  readonly contact?: string | undefined;
  readonly call?: string | undefined;
  readonly step?: Step | undefined;
  readonly line?: number | undefined;
}

export type Sight =
  /** A life of the program begins, under these orders. */
  | {
      readonly type: 'began';
      /** Whose list is worked. */
      readonly campaign?: string | undefined;
      /** What the settings name in this life; left out where it is what was promised at first. */
      readonly chains?: Readonly<Record<Role, readonly string[]>> | undefined;
      readonly policy: RunPolicy;
      /** What the wall shows, in milliseconds since the epoch. */
      readonly wallMs: number;
      /** What the campaign may cost, in millionths; left out without a limit. */
      readonly budgetMicros?: number | undefined;
    }
  | { readonly type: 'told'; readonly event: CampaignEvent }
  /** A request leaves the program. */
  | ({
      readonly type: 'request';
      /** Counted from 1 over the whole simulation. */
      readonly request: number;
      readonly role: Role;
      readonly service: string;
      readonly method: Method;
    } & Asked)
  /** The program has the answer. */
  | {
      readonly type: 'answer';
      readonly request: number;
      readonly failure?: Refusal | undefined;
      /** What a dialer said that was asked about a call. */
      readonly found?: Found['state'] | undefined;
      /** The key that it heard. */
      readonly digit?: string | undefined;
      /** What was written. */
      readonly text?: string | undefined;
    }
  /** The program does not wait for the answer any more. */
  | { readonly type: 'given_up'; readonly request: number }
  /** A vendor dials: a phone rings, or would, were the number not wrong. */
  | {
      readonly type: 'rang';
      readonly service: string;
      readonly contact: string;
      readonly call: string;
      readonly phone: string;
      /** There is a text, and its audio is on disk. */
      readonly hasWords: boolean;
      /** Whether it really rings; not so for a preview. */
      readonly rings: boolean;
      /** What will come of it, unless it is hung up before; `uncertain`, where it is cut off. */
      readonly outcome: Outcome;
      /** What is said. */
      readonly text?: string | undefined;
      /** Who has spoken the audio that is played; nobody, where the dialer speaks itself. */
      readonly spokenBy?: string | undefined;
    }
  /** An exchange dialled, and its trunk took no call: no phone rang. */
  | {
      readonly type: 'unrung';
      readonly service: string;
      readonly contact: string;
      readonly call: string;
      /** What the trunk said. */
      readonly word: HangupCause;
    }
  /** A dialer tells which key was pressed while the call goes on. */
  | {
      readonly type: 'key';
      readonly service: string;
      readonly contact: string;
      readonly call: string;
      readonly digit: string;
    }
  /** A vendor has done what it was asked, and writes it on the bill. */
  | {
      readonly type: 'billed';
      readonly request: number;
      readonly role: Role;
      readonly service: string;
      readonly usage: Usage;
    }
  /** A call was ended from our side. */
  | { readonly type: 'hung_up'; readonly call: string }
  /** The CRM has taken a record. */
  | {
      readonly type: 'recorded';
      readonly service: string;
      readonly contact: string;
      readonly call: string;
      readonly outcome: Outcome;
      readonly again: boolean;
      /** What else it says. */
      readonly says?: Noted | undefined;
    }
  /** Another start was turned away, because a run holds the campaign's lock. */
  | { readonly type: 'locked_out'; readonly campaign: string }
  /** An alert leaves for a channel. */
  | {
      readonly type: 'alert_leaves';
      /** Unique in the simulation. */
      readonly send: string;
      readonly channel: string;
      /** The same whenever and however often it is sent: see `alertId`. */
      readonly id: string;
      readonly key: string;
      readonly kind: AlertKind;
      readonly severity: AlertSeverity;
      readonly ends?: AlertSeverity | undefined;
      readonly was?: AlertSeverity | undefined;
      readonly sinceMs: number;
      readonly durationMs?: number | undefined;
      readonly lateMs?: number | undefined;
    }
  /** The program hears what became of one that left. */
  | {
      readonly type: 'alert_answered';
      readonly send: string;
      readonly failure?: Refusal | undefined;
    }
  /** An alert has reached a person. */
  | {
      readonly type: 'alerted';
      readonly channel: string;
      readonly key: string;
      readonly kind: AlertKind;
      readonly severity?: AlertSeverity | undefined;
      /** What it was told as before, where it is told again because it has become worse. */
      readonly was?: AlertSeverity | undefined;
      /** Its first line. */
      readonly title?: string | undefined;
    }
  /** The operator asks for an end, once or, at once, twice. */
  | { readonly type: 'asked_to_stop'; readonly how: 'drain' | 'stop' }
  /** The operator deletes the row of a contact from the list. */
  | { readonly type: 'removed'; readonly contact: string }
  /** The operator changes the row of a contact in the list, or puts it back. */
  | {
      readonly type: 'corrected' | 'returned';
      readonly contact: string;
      readonly phone: string;
      /** Where the row has another one. */
      readonly name?: string | undefined;
    }
  /** The program does not take a row, because another contact has its number. */
  | { readonly type: 'refused'; readonly contact: string; readonly phone: string }
  /** The operator says what became of an uncertain call, or wants another. */
  | { readonly type: 'settled'; readonly contact: string; readonly outcome: Outcome | 'again' }
  /** The operator empties the folder with the audio. */
  | { readonly type: 'audio_deleted' }
  /** The program was killed with -9. */
  | { readonly type: 'killed'; readonly at: string }
  | {
      readonly type: 'ended';
      readonly end: RunEnd;
      readonly contacts: ContactCounts;
      /** Timers that the run left armed. */
      readonly timers: number;
    }
  /** A run ended with an error of its own: a bug, or a store that could not be written. */
  | { readonly type: 'broke'; readonly message: string };

/** What a record says of its call, beside how it ended. */
export type Noted = Pick<CallRecord, 'text' | 'services' | 'startedMs' | 'endedMs' | 'dialledMs'>;

export interface Refusal {
  readonly kind: FailureKind;
  readonly scope: FailureScope;
  readonly code: string;
  readonly retryAfterMs?: number | undefined;
}

export type Sighting = Sight & {
  /** From the start of the simulation, in milliseconds. */
  readonly atMs: number;
  /** Which life of the program, counted from 1. */
  readonly run: number;
};

export type Witness = (sighting: Sighting) => void;
