import type { AlertKind, AlertSeverity } from './alert.ts';
import type { FailureKind } from './failure.ts';
import type { Usage } from './usage.ts';
import type { Outcome, Role, Step } from './words.ts';

export type BreakerName = 'closed' | 'open' | 'half_open';

/** Who and what an event is about, as far as it is known. */
export interface Subject {
  readonly contact?: string | undefined;
  readonly call?: string | undefined;
  readonly step?: Step | undefined;
  /** The line of the run, counted from 1. */
  readonly line?: number | undefined;
}

interface ServiceSubject extends Subject {
  readonly service: string;
  readonly role: Role;
}

/** An alert on its way through one channel. */
interface AlertSubject {
  readonly channel: string;
  readonly key: string;
  readonly alert: AlertKind;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly service?: string | undefined;
  readonly role?: Role | undefined;
  /** As the message says: see `Alert`. */
  readonly contacts?: number | undefined;
  readonly contactsMore?: true | undefined;
  readonly joins?: string | undefined;
}

/** Why a run ended. */
export type RunEnd =
  | 'done'
  | 'limit'
  | 'outage'
  | 'until'
  | 'budget'
  | 'stopped'
  | 'disk_failed'
  | 'program_failed';

export interface ContactCounts {
  readonly total: number;
  readonly done: number;
  readonly calling: number;
  readonly queued: number;
  readonly put_off: number;
  readonly uncertain: number;
}

/** Of a campaign in which nobody is. */
export const NOBODY: ContactCounts = {
  total: 0,
  done: 0,
  calling: 0,
  queued: 0,
  put_off: 0,
  uncertain: 0,
};

/** Rows for a sheet that a campaign has yet to write. */
export interface RowsOwed {
  readonly campaign: string;
  readonly rows: number;
}

/**
 * Everything the engine tells the world. Log, progress, summary and report are views of this one
 * stream. Times are durations in milliseconds; whoever writes an event down adds the wall clock.
 */
export type CampaignEvent =
  | {
      readonly type: 'run.started';
      readonly lines: number;
      readonly contacts: ContactCounts;
      /** The campaign's budget was spent before: no new contact is taken. */
      readonly isSpent?: boolean | undefined;
    }
  | {
      readonly type: 'run.finished';
      readonly end: RunEnd;
      readonly contacts: ContactCounts;
      readonly durationMs: number;
      /** What stopped it, where something did. */
      readonly reason?: string | undefined;
    }
  | {
      readonly type: 'contact.rejected';
      /** Line of the list. */
      readonly listLine: number;
      readonly code: string;
      readonly reason: string;
    }
  | (Subject & { readonly type: 'call.started'; readonly contact: string; readonly call: string })
  | (Subject & {
      readonly type: 'step.finished';
      readonly step: Step;
      /** Absent where no service was asked, because the result was there already. */
      readonly service?: string | undefined;
      readonly role: Role;
      readonly durationMs: number;
      /**
       * Of that, how long the request took that was answered: without the attempts before it, the
       * waits, and what another service was asked. Absent where nothing was asked.
       */
      readonly requestMs?: number | undefined;
      /** A result kept from before was used: nothing was asked of the service. */
      readonly kept?: boolean | undefined;
      /** What the service is paid for it, where it says so. */
      readonly usage?: Usage | undefined;
      /** What a CRM adds about a record that it took. */
      readonly note?: string | undefined;
    })
  | (ServiceSubject & {
      readonly type: 'attempt.failed';
      /** Counted from 1. */
      readonly attempt: number;
      readonly kind: FailureKind;
      readonly scope: 'request' | 'service';
      readonly code: string;
      readonly status?: number | undefined;
      readonly message: string;
      readonly durationMs: number;
      /** It was asked what became of a call: nothing was to be done. */
      readonly question?: boolean | undefined;
      /** It was asked to hang up, which is tried once: no retry follows, and no end of a step. */
      readonly hangUp?: boolean | undefined;
      /** What the service is paid all the same: it answered, with nothing that can be used. */
      readonly usage?: Usage | undefined;
    })
  | (ServiceSubject & {
      readonly type: 'retry.scheduled';
      /** Which retry this will be, counted from 1. */
      readonly retry: number;
      readonly delayMs: number;
      readonly code: string;
      readonly question?: boolean | undefined;
    })
  | (ServiceSubject & {
      readonly type: 'fallback.used';
      /** The service that should have answered. */
      readonly instead: string;
      /** Why it did not, in words, and in a word for machines. */
      readonly reason: string;
      readonly code: string;
    })
  | {
      readonly type: 'breaker.opened';
      readonly service: string;
      readonly role: Role;
      /** From now until it lets a probe through. */
      readonly openMs: number;
      /** The connection that it keeps is away: a probe is let through as soon as that is made. */
      readonly isCutOff?: true | undefined;
      /** Of the failure that opened it: `permanent` does not pass by itself. */
      readonly kind: FailureKind;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: 'breaker.half_open'; readonly service: string; readonly role: Role }
  | {
      readonly type: 'breaker.closed';
      readonly service: string;
      readonly role: Role;
      /** How long the service was away, from the first opening to now. */
      readonly outageMs: number;
    }
  | {
      /** It has refused all requests as too many (429), which its breaker does not count. */
      readonly type: 'service.stalled';
      readonly service: string;
      readonly role: Role;
      /** Since the first that was refused. */
      readonly forMs: number;
      /** Until it is asked again. */
      readonly waitMs: number;
      readonly kind: FailureKind;
      readonly code: string;
      readonly message: string;
    }
  | {
      /** It takes requests again. */
      readonly type: 'service.resumed';
      readonly service: string;
      readonly role: Role;
      readonly outageMs: number;
    }
  | (Subject & {
      readonly type: 'call.failed';
      readonly contact: string;
      readonly call: string;
      readonly service?: string | undefined;
      readonly kind: FailureKind;
      readonly code: string;
      readonly message: string;
      /** The contact is called again later: nothing is lost. */
      readonly putOff?: boolean | undefined;
      /** Refused for what is in it, as it would be on any day: no outage is the cause. */
      readonly isRefusal?: boolean | undefined;
    })
  | (Subject & {
      readonly type: 'contact.put_off';
      readonly contact: string;
      readonly reason: string;
      readonly delayMs: number;
      /** What it needed failed for it: others come first. */
      readonly behind?: true | undefined;
      /** The services that could not be asked; absent where it waits for another reason. */
      readonly waitsFor?: readonly string[] | undefined;
    })
  | (Subject & {
      readonly type: 'call.finished';
      readonly contact: string;
      readonly call: string;
      readonly outcome: Outcome;
      readonly detail?: string | undefined;
      /** What the callee chose by a key, in the operator's word; it is the detail as well. */
      readonly answer?: string | undefined;
      /** Nobody was rung, because the number had asked not to be: nothing failed. */
      readonly code?: 'opted_out' | undefined;
      readonly durationMs: number;
      /** It was ended by us, because its time was up before the dialer told of its end. */
      readonly cut?: boolean | undefined;
      /** It had been told as uncertain, and came out since. */
      readonly was?: 'uncertain' | undefined;
    })
  | (ServiceSubject & {
      /** It is not known whether a phone rings or has rung, and the dialer is asked. */
      readonly type: 'call.looked_for';
      readonly contact: string;
      readonly call: string;
      /** It is asked for so long at most; 0: until it tells. */
      readonly forMs: number;
    })
  | (ServiceSubject & {
      /** The dialer could tell whether it has the call that was looked for. */
      readonly type: 'call.looked_up';
      readonly contact: string;
      readonly call: string;
      /** It has it, be it still to ring; otherwise nobody was rung. */
      readonly exists: boolean;
    })
  | (ServiceSubject & {
      /** The CRM does not take the record of a call that ended: it is owed to the next run. */
      readonly type: 'record.refused';
      readonly contact: string;
      readonly call: string;
      readonly code: string;
      readonly message: string;
    })
  | {
      readonly type: 'health.changed';
      readonly service: string;
      readonly role: Role;
      readonly health: 'healthy' | 'degraded' | 'unhealthy';
      /** For how long it had not been healthy; absent where it was until now. */
      readonly awayMs?: number | undefined;
      readonly message?: string | undefined;
    }
  | {
      /** A connection that is kept over the whole run was made, was lost, or is tried again. */
      readonly type: 'connection.changed';
      readonly service: string;
      readonly role: Role;
      readonly state: 'connecting' | 'connected' | 'disconnected' | 'closed';
      /** Without secrets: `127.0.0.1:5038`. */
      readonly address: string;
      /** Tries since it was last connected, counted from 1; 0 where it was just lost. */
      readonly attempt?: number | undefined;
      /** How long the state before lasted. */
      readonly lastedMs: number;
      /** Of `disconnected`: until the next try, and why. */
      readonly delayMs?: number | undefined;
      readonly kind?: FailureKind | undefined;
      readonly code?: string | undefined;
      readonly message?: string | undefined;
    }
  | (AlertSubject & { readonly type: 'alert.sent' })
  | (AlertSubject & {
      readonly type: 'alert.failed';
      readonly kind: FailureKind;
      readonly code: string;
      readonly status?: number | undefined;
      readonly message: string;
      /** It is sent later, by the next run if not by this one. */
      readonly kept: boolean;
    })
  | {
      /** The sheet takes rows: the first of this run, or the first after it was away. */
      readonly type: 'sheet.works';
      /** How many it took. */
      readonly rows: number;
      /** How long it was away; absent where it was not. */
      readonly outageMs?: number | undefined;
      /** What other campaigns have yet to write; absent where that is nothing. */
      readonly elsewhere?: readonly RowsOwed[] | undefined;
    }
  | {
      /** The sheet takes no rows; they wait. */
      readonly type: 'sheet.away';
      readonly kind: FailureKind;
      readonly code: string;
      readonly status?: number | undefined;
      readonly message: string;
      /** How many rows wait. */
      readonly waiting: number;
      /** What other campaigns have yet to write; absent where that is nothing. */
      readonly elsewhere?: readonly RowsOwed[] | undefined;
    }
  | {
      /** Something the operator should know that is no failure of a service. */
      readonly type: 'notice';
      readonly level: 'info' | 'warn' | 'error';
      readonly code: string;
      readonly message: string;
    };

export type EventType = CampaignEvent['type'];

export type EventOf<Type extends EventType> = Extract<CampaignEvent, { readonly type: Type }>;
