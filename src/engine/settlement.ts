/**
 * How the work on one contact ended, and the one function that turns an error into that.
 */
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
    }
  | ({ readonly type: 'put_off' } & PutOff)
  /** The CRM refused the record for good: it stays owed, and the next run offers it again. */
  | { readonly type: 'refused'; readonly refusal: ServiceFailure }
  /** Left as the journal has it, because the run stops. */
  | { readonly type: 'left' }
  /** Nobody was rung, and the list has another row for the contact by now, or none. */
  | { readonly type: 'outdated' };

export interface PutOff {
  readonly delayMs: number;
  readonly reason: string;
  /** It used up its retries: behind all that are due. */
  readonly behind: boolean;
  /** It waits for a service, and is due as soon as that can be asked again. */
  readonly recall: boolean;
  /** The services that turned it away, where they did. */
  readonly waitsFor?: readonly string[] | undefined;
  /** The work that these were asked for. */
  readonly roles?: readonly Role[] | undefined;
  readonly rounds: number;
  readonly roundMark: number;
}

/** What the processor hands back: the settlement, and the outcome if the contact has it by now. */
export interface Worked {
  /** How far it has come, for what it still needs. */
  readonly stage: Stage;
  readonly settlement: Exclude<Settlement, { readonly type: 'outcome' }>;
  readonly outcome: Outcome | undefined;
}

/** Rounds of used-up retries after which a contact that others overtook is given up (DESIGN 5). */
export const ROUNDS_MAX = 3;

/** After a round, at least: what comes after waits of 5, 10 and 20 s must not be no wait at all. */
const ROUND_WAIT_MS = 30_000;

export interface Rounds {
  readonly rounds: number;
  /** How often the service had served others when the last round ended. */
  readonly roundMark: number;
}

/**
 * What an error of a step means for the contact. Throws the error back where it is none of a
 * service's: a bug, the journal, the stop of the run.
 *
 * @param through how often the service that failed has served others by now
 */
export function settlementOf(error: unknown, before: Rounds, through: number): Settlement {
  if (error instanceof Unavailable) {
    return {
      type: 'put_off',
      delayMs: error.retryAfterMs,
      reason: `waits for ${error.services.join(', ')}`,
      behind: false,
      recall: true,
      waitsFor: error.services,
      roles: error.role === undefined ? [] : [error.role],
      rounds: before.rounds,
      roundMark: before.roundMark,
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
  const overtaken = before.rounds === 0 || through > before.roundMark;
  const rounds = before.rounds + (overtaken ? 1 : 0);
  if (rounds >= ROUNDS_MAX) {
    const detail = `failed ${rounds} times while others went through: ${error.message}`;
    return { type: 'outcome', outcome: 'failed', detail };
  }
  return {
    type: 'put_off',
    delayMs: Math.max(ROUND_WAIT_MS, error.retryAfterMs ?? 0),
    reason: error.message,
    behind: true,
    recall: false,
    rounds,
    roundMark: through,
  };
}
