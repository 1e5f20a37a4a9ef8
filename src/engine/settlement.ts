/**
 * How the work on one contact ended, and the one function that turns an error into that.
 */
import { HOLD_MS_MAX } from '../domain/breaker-verdict.ts';
import { OptedOut, ServiceFailure, Unavailable } from '../domain/failure.ts';
import type { Outcome, Role } from '../domain/words.ts';
import type { Stage } from './ports.ts';

export type Settlement =
  /** Nothing is left to do. The journal has it. */
  | { readonly type: 'done' }
  /** The contact has this outcome; what is left is noting it. */
  | {
      readonly type: 'outcome';
      readonly outcome: Outcome;
      readonly detail: string | undefined;
      /** A service refused the work for what is in it: another try would fail the same way. */
      readonly refusal?: ServiceFailure | undefined;
      /** Nobody was rung, because the number had asked not to be. */
      readonly code?: 'opted_out' | undefined;
      /** It is uncertain because its dialer could not be asked. */
      readonly isUnasked?: boolean | undefined;
    }
  | ({ readonly type: 'put_off' } & PutOff)
  /** The CRM refused the record for good: it stays owed, and the next run offers it again. */
  | { readonly type: 'refused'; readonly refusal: ServiceFailure }
  /** It was uncertain, the dialer was asked once more, and it is uncertain as before. */
  | {
      readonly type: 'doubted';
      readonly detail: string | undefined;
      /** The dialer could not be asked. */
      readonly isUnasked: boolean;
    }
  /** Left as the journal has it, because the run stops. */
  | { readonly type: 'left' }
  /** Nobody was rung, and the list has another row for the contact by now, or none. */
  | { readonly type: 'outdated' };

/** A service, and the work that it was asked for. */
export interface Wanted {
  readonly role: Role;
  readonly service: string;
}

export interface PutOff {
  readonly delayMs: number;
  readonly reason: string;
  /** It used up its retries: behind all that are due. */
  readonly behind: boolean;
  /** It waits for a service, and is due as soon as that can be asked again. */
  readonly recall: boolean;
  /** The services that turned it away, where they did. */
  readonly waitsFor?: readonly string[] | undefined;
  /** Of these, one that can be asked is what it waits for. */
  readonly awaits?: readonly Wanted[] | undefined;
  readonly rounds: number;
}

/** What the processor hands back: the settlement, and the outcome if the contact has it by now. */
export interface Worked {
  /** How far it has come, for what it still needs. */
  readonly stage: Stage;
  readonly settlement: Exclude<Settlement, { readonly type: 'outcome' }>;
  readonly outcome: Outcome | undefined;
  /** It is uncertain because its dialer could not be asked. */
  readonly isUnasked?: boolean | undefined;
}

/** Rounds of used-up retries after which a contact that others overtook is given up (DESIGN 5). */
export const ROUNDS_MAX = 3;

/** After a round, at least: what comes after waits of 5, 10 and 20 s must not be no wait at all. */
const ROUND_WAIT_MS = 30_000;

/** What there is besides the contact that failed. */
export interface Others {
  /** The service that failed has served others in this run, since it failed this contact last. */
  readonly haveGoneThrough: boolean;
  /** The contact is among the last of the list that have no outcome: see `lastMax`. */
  readonly areLast: boolean;
}

/**
 * The same where a refusal tells nothing new: no breaker opens for one, and what is refused is paid
 * for all the same (a sound that was cut off, a text that cannot be spoken).
 */
const IDLE_WAIT_MS = 300_000;

/** So many contacts may be refused by everybody without proof that it is not the settings. */
const LAST_MAX = 3;
/** Of what a service did in this run, so large a part may be odd: more is no matter of the rows. */
const ODD_SHARE_MAX = 0.1;

/**
 * How many contacts may be left where they are given up without others being served between: what
 * is left of a list may not keep every run waiting for an outage to end. Few beside what was done,
 * for a service that refuses all of a sudden may refuse everybody for a while.
 *
 * @param served what the services that refuse have done in this run
 */
export function lastMax(served: number): number {
  return Math.max(LAST_MAX, served * ODD_SHARE_MAX);
}

/**
 * What an error of a step means for the contact. Throws the error back where it is none of a
 * service's: a bug, the journal, the stop of the run.
 */
export function settlementOf(
  error: unknown,
  before: Pick<PutOff, 'rounds'>,
  others: Others,
): Settlement {
  if (error instanceof Unavailable) {
    const { role, services } = error;
    return {
      type: 'put_off',
      delayMs: error.retryAfterMs,
      reason: `waits for ${services.join(', ')}`,
      behind: false,
      recall: true,
      waitsFor: services,
      awaits: role === undefined ? [] : services.map((service) => ({ role, service })),
      rounds: before.rounds,
    };
  }
  if (error instanceof OptedOut) {
    return { type: 'outcome', outcome: 'failed', detail: error.message, code: 'opted_out' };
  }
  if (!(error instanceof ServiceFailure)) {
    throw error;
  }
  if (error.kind === 'permanent' && error.scope === 'request') {
    const outcome = error.outcome ?? 'failed';
    return { type: 'outcome', outcome, detail: error.message, refusal: error };
  }
  const isCounted = isRound(error, before.rounds, others);
  const rounds = before.rounds + (isCounted ? 1 : 0);
  const isRefused = error.refusedBy.length > 0;
  // The breaker holds no service for longer either: a slip of a unit must lose nobody for a year.
  const waitMs = Math.min(HOLD_MS_MAX, error.retryAfterMs ?? 0);
  if (rounds >= ROUNDS_MAX) {
    const how = isRefused
      ? `refused ${rounds} times`
      : `failed ${rounds} times while others went through`;
    return { type: 'outcome', outcome: 'failed', detail: `${how}: ${error.message}` };
  }
  return {
    type: 'put_off',
    delayMs: Math.max(isCounted || !isRefused ? ROUND_WAIT_MS : IDLE_WAIT_MS, waitMs),
    reason: error.message,
    behind: true,
    recall: false,
    rounds,
  };
}

/**
 * Whether one more try of this contact came to nothing that says something of the contact. Of a
 * service that fails, only where others went through since: else it may be the service. A refusal
 * is no outage, so the last of a list are not waited with for others; while many are left, it may
 * be the settings, or the service itself.
 */
function isRound(
  { refusedBy, isInTheWay }: ServiceFailure,
  rounds: number,
  { haveGoneThrough, areLast }: Others,
): boolean {
  if (isInTheWay) return false;
  return rounds === 0 || haveGoneThrough || (refusedBy.length > 0 && areLast);
}
