import { type BreakerPolicy, breakerPolicy } from '../domain/breaker.ts';
import { budgetPolicy } from '../domain/budget.ts';
import type { BreakerName, CampaignEvent } from '../domain/event.ts';
import { ServiceFailure, Unavailable } from '../domain/failure.ts';
import { decideRetry, type RetryPolicy } from '../domain/retry.ts';
import type { Role } from '../domain/words.ts';
import type { Gate, Readiness } from './availability.ts';
import { Circuit, REFUSED } from './circuit.ts';
import { Flights, limitMs } from './flights.ts';
import {
  attemptFailed,
  callLookedFor,
  requestTimeout,
  retryScheduled,
  serviceStalled,
  tooManyAtOnce,
} from './guard-report.ts';
import { Inquiry } from './inquiry.ts';
import { quietly } from './news.ts';
import type { Pacer } from './pacer.ts';
import type { BreakerMemory, Clock, Emit, RandomSource, RequestContext } from './ports.ts';
import { Room, Stay } from './room.ts';
import { Stall } from './stall.ts';
import { tooLate } from './stopped.ts';

export interface GuardPolicies {
  readonly retry: RetryPolicy;
  readonly circuitBreaker: Pick<
    BreakerPolicy,
    'failureThreshold' | 'recoveryTimeoutMs' | 'halfOpenMaxCalls'
  >;
  /** 0 or Infinity: no limit. */
  readonly timeouts: {
    readonly requestMs: number;
    readonly callMs: number;
    readonly idleMs?: number | undefined;
  };
  /** Requests on their way at once, at most; no limit where it is left out. */
  readonly concurrencyMax?: number | undefined;
}

export interface GuardParts {
  readonly service: string;
  readonly role: Role;
  readonly policies: GuardPolicies;
  /** How many calls run at the same time; sizes the retry budget. */
  readonly lines: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  readonly breakerMemory: BreakerMemory;
  /** Paces what is `paced`; may be shared by the guards of one role. */
  readonly pacer?: Pacer | undefined;
}

/** What the guard must know of a request. */
export interface Operation {
  /** Doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** Waits for its turn with the pacer before each attempt. */
  readonly paced: boolean;
  /** For each attempt; 0 or Infinity: no limit. */
  readonly timeoutMs: number;
}

/** The request itself. `attempt` is counted from 1. */
export type Call<T> = (context: RequestContext, attempt: number) => Promise<T>;

export interface GuardStatus {
  readonly state: BreakerName;
  /** When that began, or the outage it belongs to; wall clock milliseconds. */
  readonly sinceMs: number;
  /** Until a request may be sent; 0 where one may be sent now. */
  readonly retryAfterMs: number;
  /** What opened the breaker, or asked for the pause. */
  readonly cause: ServiceFailure | undefined;
}

/** Time for a service to notice that its time is up, before its permit lapses. */
const LEASE_SLACK_MS = 5_000;

/**
 * The only place that knows deadlines, retries and breakers; one per service.
 *
 * `run` is `retry( peek → place → pace → admit → timeout( call ))`; the place is one of those that
 * the service has for requests at once (see `Room`). Errors that are neither a
 * `ServiceFailure` nor the caller's abort are bugs: they pass through untouched and count nowhere.
 */
export class Guard implements Gate {
  readonly service: string;
  readonly role: Role;
  readonly policies: GuardPolicies;
  /** For reports. */
  readonly counts = { requests: 0, failures: 0, retries: 0 };
  readonly #parts: GuardParts;
  readonly #circuit: Circuit;
  readonly #flights: Flights;
  readonly #room: Room;
  readonly #inquiry: Inquiry;
  readonly #stall = new Stall();
  /** The lowest limit that was told. */
  #limitTold = Number.POSITIVE_INFINITY;

  /** Throws `RangeError` for a limit that is no length of time, or lets nothing through. */
  constructor(parts: GuardParts) {
    const { policies, service, role } = parts;
    const { retry, timeouts } = policies;
    this.#parts = { ...parts, emit: quietly(parts.emit) };
    this.service = service;
    this.role = role;
    this.policies = policies;
    limitMs(timeouts.callMs);
    limitMs(timeouts.idleMs ?? 0);
    const breaker = breakerPolicy(policies.circuitBreaker, 0);
    const requestMs = limitMs(timeouts.requestMs);
    const leaseMs = Number.isFinite(requestMs) ? requestMs + LEASE_SLACK_MS : breaker.openMsMax;
    this.#flights = new Flights(parts.clock);
    this.#room = new Room(parts.clock, policies.concurrencyMax);
    const asked = { retry, requestMs, counts: this.counts, flights: this.#flights };
    this.#inquiry = new Inquiry({ ...this.#parts, ...asked });
    this.#circuit = new Circuit({
      ...parts,
      breaker: { ...breaker, leaseMs },
      budget: budgetPolicy(parts.lines, retry.maxRetries),
    });
  }

  /**
   * Rejects with the last attempt's `ServiceFailure` when it gives up, with `Unavailable` when
   * nothing was sent, with the caller's reason when that aborts, and with that of `context.drain`
   * where its turn has not come when the run drains.
   */
  async run<T>(operation: Operation, context: RequestContext, call: Call<T>): Promise<T> {
    const timeoutMs = limitMs(operation.timeoutMs);
    const overdue = (): ServiceFailure =>
      requestTimeout(this.service, timeoutMs, operation.idempotent);
    let last: ServiceFailure | undefined;
    for (let attempt = 1; ; attempt += 1) {
      context.signal.throwIfAborted();
      let permit = operation.paced ? REFUSED : this.#enter();
      if (permit === REFUSED) permit = await this.#admission(operation, context, last);
      this.counts.requests += 1;
      const startMs = this.#parts.clock.monotonicMs();
      const stay = new Stay(this.#room);
      const limits = { endsMs: startMs + timeoutMs, overdue, back: stay.back };
      try {
        const value = await this.#flights.launch(context, limits, call, attempt);
        this.#circuit.succeeded(permit);
        this.#resumed();
        stay.counted();
        context.answered?.(this.#parts.clock.monotonicMs() - startMs);
        return value;
      } catch (error) {
        if (!(error instanceof ServiceFailure)) {
          this.#circuit.returned(permit);
          stay.counted();
          throw error;
        }
        last = error;
        last.service ??= this.service;
      }
      const report = this.#failed(context, last, attempt, startMs);
      this.#circuit.failed(permit, context.line, last, report);
      stay.counted();
      if (last.isCrowded) this.#tellLimit();
      if (!(await this.#backOff(operation, context, last, attempt))) throw last;
    }
  }

  /** See `Inquiry`: not admitted by the breaker, not counted by it, repeated up to `boundMs`. */
  outlast<T>(boundMs: number, context: RequestContext, call: Call<T>, idleMs?: number): Promise<T> {
    return this.#inquiry.outlast(boundMs, context, call, idleMs);
  }

  /** Tells that the service is asked what became of a call, for `forMs` at most; 0: no bound. */
  looksFor(forMs: number, context: RequestContext): void {
    this.#parts.emit(callLookedFor(this, context, forMs));
  }

  /** See `Inquiry`: one attempt under a time limit, whatever the breaker. */
  once<T>(timeoutMs: number, context: RequestContext, call: Call<T>): Promise<T> {
    return this.#inquiry.once(timeoutMs, context, call);
  }

  /** A call that was placed has ended, and `failure` would be met by the next one too. */
  met(failure: ServiceFailure, context: RequestContext): void {
    failure.service ??= this.service;
    const report = this.#failed(context, failure, 1, this.#parts.clock.monotonicMs());
    const { state } = this.#circuit;
    // Of an outage that is known, only a trial says more.
    const permit = state.type === 'closed' ? state.epoch : REFUSED;
    this.#circuit.failed(permit, context.line, failure, report);
  }

  /** Rises with every outage; failed probes belong to the outage. */
  get opening(): number {
    return this.#circuit.opening;
  }

  /** Whether a request would be sent now. A pause of at most `maxDelayMs` is waited out by it. */
  readiness(): Readiness {
    this.#circuit.elapse();
    const standing = this.#circuit.standing();
    const { circuitBreaker, retry } = this.policies;
    switch (standing.type) {
      case 'ready':
        return { state: 'ready' };
      case 'probe': {
        const { permits, waitMs } = standing;
        const permitsMax = circuitBreaker.halfOpenMaxCalls;
        const { lost } = this.#circuit.counts;
        return {
          state: 'probe',
          permits,
          permitsMax,
          lost,
          lapseMs: permits > 0 ? undefined : waitMs,
        };
      }
      case 'held':
        if (standing.waitMs <= retry.maxDelayMs && this.#circuit.state.type === 'closed') {
          return { state: 'ready', heldMs: standing.waitMs };
        }
        return { state: 'closed_until', retryAfterMs: standing.waitMs };
      case 'open':
        return { state: 'closed_until', retryAfterMs: standing.waitMs };
    }
  }

  status(): GuardStatus {
    const { clock } = this.#parts;
    const { state } = this.#circuit;
    // Failed probes belong to the outage: it is as old as its first opening.
    const { sinceMs } = state.type === 'closed' ? state : state.outage;
    const standing = this.#circuit.standing();
    return {
      state: state.type,
      sinceMs: clock.wallMs() - (clock.monotonicMs() - sinceMs),
      retryAfterMs: standing.type === 'ready' ? 0 : standing.waitMs,
      cause: standing.type === 'ready' ? undefined : standing.cause,
    };
  }

  /** Results that came too late, 429s, retries refused by the budget; for reports. */
  get circuitCounts(): Readonly<Circuit['counts']> {
    return this.#circuit.counts;
  }

  /**
   * Calls back after every transition of the breaker, and when a pause begins or ends or a permit
   * comes back without one; the answer stops it.
   */
  onChange(listener: () => void): () => void {
    return this.#circuit.onChange(listener);
  }

  /** Tells what a health check found that began at `begunMs`, monotonic. */
  health(result: 'good' | 'bad', begunMs: number): void {
    this.#circuit.checked(result === 'good', begunMs);
  }

  /** Tells that the connection which the service keeps was made, or is lost. */
  connection(isMade: boolean): void {
    this.#circuit.connection(isMade);
  }

  /** A place and a permit, if both can be had without a wait. */
  #enter(): number {
    if (!this.#room.enter()) return REFUSED;
    const permit = this.#circuit.enter();
    if (permit === REFUSED) this.#room.leave('other', this.#room.epoch);
    return permit;
  }

  /** The operator can set a limit, and spare everybody the refusals. */
  #tellLimit(): void {
    const { limit } = this.#room;
    if (limit >= this.#limitTold) return;
    this.#limitTold = limit;
    this.#parts.emit(tooManyAtOnce(this.service, limit));
  }

  /** Peek, place, pace, admit. A retry that is turned away ends with its own last failure. */
  async #admission(
    operation: Operation,
    context: RequestContext,
    last: ServiceFailure | undefined,
  ): Promise<number> {
    const { clock, pacer, policies } = this.#parts;
    const latestMs = clock.monotonicMs() + policies.retry.maxDelayMs;
    const isTooLate = (): boolean => context.isTooLate?.() === true;
    for (;;) {
      context.signal.throwIfAborted();
      if (isTooLate()) throw tooLate();
      const standing = this.#circuit.standing();
      if (standing.type === 'held') {
        // However often others prolong the pause, nobody waits longer than once.
        const tooLong = clock.monotonicMs() + standing.waitMs > latestMs;
        if (tooLong) throw last ?? this.#unavailable(standing.waitMs, standing.cause);
        const pause = await this.#circuit.pause(standing.waitMs, context);
        if (pause !== 'drained') continue;
        throw last ?? this.#unavailable(standing.waitMs, standing.cause);
      }
      if (standing.type === 'open' || (standing.type === 'probe' && standing.permits <= 0)) {
        throw last ?? this.#unavailable(standing.waitMs, standing.cause);
      }
      const waitMsMax = latestMs - clock.monotonicMs();
      const { signal, drain } = context;
      if (!this.#room.enter() && !(await this.#room.wait(signal, waitMsMax, drain))) {
        drained(context, last);
        throw last ?? new Unavailable([this.service], policies.retry.initialDelayMs);
      }
      let permit = REFUSED;
      try {
        const wanted = (): boolean => !isTooLate() && this.#wouldAdmit();
        const isPaced = operation.paced && pacer !== undefined;
        if (isPaced && !(await pacer.take(signal, { wanted, drain }))) {
          drained(context, last);
          continue;
        }
        permit = this.#circuit.enter();
        if (permit !== REFUSED) return permit;
      } finally {
        if (permit === REFUSED) this.#room.leave('other', this.#room.epoch);
      }
    }
  }

  #failed(
    context: RequestContext,
    failure: ServiceFailure,
    attempt: number,
    startMs: number,
  ): CampaignEvent {
    this.counts.failures += 1;
    const durationMs = this.#parts.clock.monotonicMs() - startMs;
    return attemptFailed(this, context, failure, attempt, durationMs);
  }

  #unavailable(waitMs: number, cause: ServiceFailure): Unavailable {
    return new Unavailable([this.service], waitMs, cause, this.role);
  }

  #wouldAdmit(): boolean {
    const standing = this.#circuit.standing();
    return standing.type === 'ready' || (standing.type === 'probe' && standing.permits > 0);
  }

  #stalled(failure: ServiceFailure, delayMs: number): void {
    if (this.#circuit.state.type !== 'closed') {
      this.#stall.forget();
      return;
    }
    const waitMs = Math.max(delayMs, failure.retryAfterMs ?? 0);
    const forMs = this.#stall.refused(failure, waitMs, this.#parts.clock.monotonicMs());
    if (forMs !== undefined) this.#parts.emit(serviceStalled(this, failure, forMs, waitMs));
  }

  #resumed(): void {
    const outageMs = this.#stall.answered(this.#parts.clock.monotonicMs());
    const { service, role } = this;
    if (outageMs !== undefined) {
      this.#parts.emit({ type: 'service.resumed', service, role, outageMs });
    }
  }

  /** Waits before the next attempt; false where there is to be none. */
  async #backOff(
    operation: Operation,
    context: RequestContext,
    failure: ServiceFailure,
    attempt: number,
  ): Promise<boolean> {
    const { emit, policies, random } = this.#parts;
    const { idempotent } = operation;
    const fraction = random.fraction();
    const tried = { failure, retry: attempt, idempotent, fraction };
    const decision = decideRetry(policies.retry, tried);
    this.#stalled(failure, decision.type === 'wait' ? decision.delayMs : 0);
    if (decision.type === 'give_up') return false;
    // Against an open breaker, back-offs are time lost and the real failure is forgotten.
    if (this.#circuit.standing().type === 'open') return false;
    if (context.drain?.aborted === true || !this.#circuit.takeRetry()) return false;
    emit(retryScheduled(this, context, failure, attempt, decision.delayMs));
    if ((await this.#circuit.pause(decision.delayMs, context)) !== 'over') return false;
    this.counts.retries += 1;
    return true;
  }
}

/** Whose turn has not come when the run drains is nobody's failure, and no other service's work. */
function drained({ drain }: RequestContext, last: ServiceFailure | undefined): void {
  if (drain?.aborted === true) throw last ?? (drain.reason as Error);
}
