/**
 * Keeps the requests of calls in progress from flooding an Asterisk whose HTTP is sick. The placing
 * has the engine's breaker before it; these have this one, because nobody may wait for a pause of
 * the engine's length while somebody is on the line.
 */
import {
  type BreakerEvent,
  type BreakerPolicy,
  type BreakerState,
  breakerAfter,
  closedBreaker,
  latestPermit,
} from '../../../domain/breaker.ts';
import { standing } from '../../../domain/breaker-standing.ts';
import { ServiceFailure } from '../../../domain/failure.ts';
import type { Clock } from '../../../engine/ports.ts';

/** Of whatever was not sent because of it. */
export const HELD_BACK = 'rest_held_back';

/**
 * Short pauses, because somebody may be on the line: 5, 10, 15, 15, … s, in which one try of a
 * request (17 s at most) has two trials.
 */
const POLICY: BreakerPolicy = {
  /** No answer, or one of 500 and more; of all calls together. */
  failureThreshold: 5,
  recoveryTimeoutMs: 5_000,
  openMsMax: 15_000,
  halfOpenMaxCalls: 1,
  /** A request has 5 s; the list of all channels 10 s. */
  leaseMs: 10_000,
};

/** All calls have one count: it is one HTTP server that answers them, or does not. */
const LINE = 0;

/** Of a request that goes in any case: it tries nothing, and says nothing while others wait. */
const NO_PERMIT = 0;

export class AriBreaker {
  readonly #service: string;
  readonly #clock: Clock;
  #state: BreakerState;

  constructor(service: string, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.#state = closedBreaker(clock.monotonicMs());
  }

  get isClosed(): boolean {
    return this.#state.type === 'closed';
  }

  /**
   * A permit for one request, to be given back with its end. While it is open there is none, until
   * a pause is over: then for one, which is the trial.
   *
   * @throws ServiceFailure transient, code `HELD_BACK`: it must not be sent
   */
  enter(): number {
    this.#apply({ type: 'elapsed' });
    const met = standing(POLICY, this.#state, this.#clock.monotonicMs());
    const isFree = met.type === 'ready' || (met.type === 'probe' && met.permits > 0);
    if (!isFree) throw this.#heldBack(met.waitMs);
    this.#apply({ type: 'admitted' });
    return latestPermit(this.#state);
  }

  /** For what goes in any case. */
  pass(): number {
    return this.#state.type === 'closed' ? this.enter() : NO_PERMIT;
  }

  /** Asterisk answered, whatever it was. */
  answered(permit: number): void {
    this.#apply({ type: 'succeeded', permit });
  }

  failed(permit: number, failure: ServiceFailure): void {
    this.#apply({ type: 'failed', permit, line: LINE, failure });
  }

  /** It ended in a way that says nothing of Asterisk. */
  returned(permit: number): void {
    this.#apply({ type: 'returned', permit });
  }

  /** A connection was made: Asterisk took our password, has booted, and answers. */
  connected(): void {
    if (this.isClosed) return;
    this.#apply({ type: 'admitted' });
    this.answered(latestPermit(this.#state));
  }

  #apply(event: BreakerEvent): void {
    this.#state = breakerAfter(POLICY, this.#state, event, this.#clock.monotonicMs());
  }

  #heldBack(waitMs: number): ServiceFailure {
    const state = this.#state;
    const outage = state.type === 'closed' ? undefined : state.outage;
    const seconds = (ms: number): number => Math.ceil(ms / 1_000);
    const sinceMs = this.#clock.monotonicMs() - (outage?.sinceMs ?? state.sinceMs);
    const why = outage?.cause.message.replace(`${this.#service}: `, '') ?? 'it asked for a pause';
    const message =
      `${this.#service}: not sent: Asterisk's HTTP has been failing for ` +
      `${seconds(sinceMs)} s (${why}); it is tried again in ${seconds(waitMs)} s`;
    const details = { kind: 'transient', scope: 'service', code: HELD_BACK } as const;
    return new ServiceFailure(message, { ...details, cause: outage?.cause });
  }
}
