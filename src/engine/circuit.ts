import {
  type BreakerEvent,
  type BreakerPolicy,
  type BreakerState,
  breakerAfter,
  closedBreaker,
  isQuiet,
  isStale,
  latestPermit,
} from '../domain/breaker.ts';
import { breakerKey, restoreBreaker, saveBreaker } from '../domain/breaker-snapshot.ts';
import { type Standing, standing } from '../domain/breaker-standing.ts';
import {
  allowsRetry,
  type BudgetPolicy,
  type BudgetState,
  budgetAfter,
  fullBudget,
} from '../domain/budget.ts';
import type { CampaignEvent } from '../domain/event.ts';
import type { ServiceFailure } from '../domain/failure.ts';
import type { Role } from '../domain/words.ts';
import { News } from './news.ts';
import type { BreakerMemory, Clock, Emit, RequestContext } from './ports.ts';

export interface CircuitParts {
  readonly service: string;
  readonly role: Role;
  readonly breaker: BreakerPolicy;
  readonly budget: BudgetPolicy;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly breakerMemory: BreakerMemory;
}

type Pausing = Pick<RequestContext, 'signal' | 'drain'>;

/** Given instead of a permit. */
export const REFUSED = 0;

const ADMITTED: BreakerEvent = { type: 'admitted' };
const ELAPSED: BreakerEvent = { type: 'elapsed' };

/**
 * Holds the breaker and the retry budget of one service: applies what happens to them, keeps the
 * breaker's state for the next process, then tells whoever wants to know.
 */
export class Circuit {
  /** Results too late to count, 429s, retries that the budget refused, trials that were lost. */
  readonly counts = { stale: 0, throttled: 0, retriesRefused: 0, lost: 0 };
  readonly #parts: CircuitParts;
  readonly #news: News;
  /** Ends every wait for the service; called when the breaker opens. */
  readonly #pauses = new Set<() => void>();
  #state: BreakerState;
  #budget: BudgetState;
  #opening: number;
  #refusing = false;
  /** The connection that the service keeps is lost. */
  #isCutOff = false;

  constructor(parts: CircuitParts) {
    this.#parts = parts;
    this.#news = new News(parts.emit);
    const nowMs = parts.clock.monotonicMs();
    this.#budget = fullBudget(parts.budget, nowMs);
    this.#state = this.#restored(nowMs);
    this.#opening = this.#state.type === 'closed' ? 0 : this.#state.outage.epoch;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /**
   * Rises with every outage. A probe that fails does not begin a new one: who counts per opening
   * must not start again each time a long outage is probed.
   */
  get opening(): number {
    return this.#opening;
  }

  /** What a request would meet now; changes nothing. */
  standing(): Standing {
    return standing(this.#parts.breaker, this.#state, this.#parts.clock.monotonicMs());
  }

  /** Opens again where a trial has not come back in its time, so that others can try next. */
  elapse(): void {
    const state = this.#state;
    if (state.type !== 'half_open' || state.leases.length === 0) return;
    this.#apply(ELAPSED, this.#parts.clock.monotonicMs());
    this.#news.tell();
  }

  /** A permit for one request, or `REFUSED`. Whoever has one gives it back with its result. */
  enter(): number {
    const state = this.#state;
    if (state.type === 'closed' && state.hold === undefined) return state.epoch;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#apply(ELAPSED, nowMs);
    const met = standing(this.#parts.breaker, this.#state, nowMs);
    const free = met.type === 'ready' || (met.type === 'probe' && met.permits > 0);
    if (free) this.#apply(ADMITTED, nowMs);
    this.#news.tell();
    return free ? latestPermit(this.#state) : REFUSED;
  }

  succeeded(permit: number): void {
    const full = this.#budget.tokens === this.#parts.budget.capacity;
    if (full && isQuiet(this.#state, permit)) return;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#budget = budgetAfter(this.#parts.budget, this.#budget, 'succeeded', nowMs);
    this.#result({ type: 'succeeded', permit }, nowMs);
  }

  /** @param report said before what follows from the failure */
  failed(permit: number, line: number, failure: ServiceFailure, report: CampaignEvent): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (failure.status === 429) this.counts.throttled += 1;
    this.#news.add(report);
    this.#result({ type: 'failed', permit, line, failure }, nowMs);
  }

  /** The request ended in a way that says nothing of the service. */
  returned(permit: number): void {
    if (this.#state.type === 'closed') return;
    this.#result({ type: 'returned', permit }, this.#parts.clock.monotonicMs());
  }

  /** A health check that began at `begunMs` (monotonic) ended. */
  checked(good: boolean, begunMs: number): void {
    if (this.#state.type === 'closed') return;
    this.#result({ type: 'checked', good, begunMs }, this.#parts.clock.monotonicMs());
  }

  /** The connection that the service keeps was made, or is lost. */
  connection(isMade: boolean): void {
    this.#isCutOff = !isMade;
    if (this.#state.type === 'closed') return;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#result(isMade ? { type: 'connected' } : badCheck(nowMs), nowMs);
  }

  /** Takes a retry from the budget; false where none is left for now. Said once until one is. */
  takeRetry(): boolean {
    const { budget, clock, service } = this.#parts;
    this.#budget = budgetAfter(budget, this.#budget, 'wanted', clock.monotonicMs());
    const allowed = allowsRetry(budget, this.#budget);
    if (!allowed) this.counts.retriesRefused += 1;
    if (!allowed && !this.#refusing) {
      const message =
        `${service} fails so often that the retry budget of all lines (of tries, not of money) ` +
        'is used up: failed requests are not retried until it answers again';
      this.#news.add({ type: 'notice', level: 'warn', code: 'retry_budget_used_up', message });
      this.#news.tell();
    }
    this.#refusing = !allowed;
    return allowed;
  }

  /**
   * Waits, but no longer than until the breaker opens or the run drains. Rejects with the signal's
   * reason as soon as that aborts.
   */
  pause(delayMs: number, { signal, drain }: Pausing): Promise<'over' | 'opened' | 'drained'> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (drain?.aborted === true) {
        resolve('drained');
        return;
      }
      const leave = (): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        drain?.removeEventListener('abort', onDrain);
        this.#pauses.delete(onOpening);
      };
      const onOpening = (): void => {
        leave();
        resolve('opened');
      };
      const onDrain = (): void => {
        leave();
        resolve('drained');
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const cancel = this.#parts.clock.after(delayMs, () => {
        leave();
        resolve('over');
      });
      signal.addEventListener('abort', onAbort, { once: true });
      drain?.addEventListener('abort', onDrain, { once: true });
      this.#pauses.add(onOpening);
    });
  }

  /** Called after each change that a waiting line could use; the answer stops it. */
  onChange(listener: () => void): () => void {
    return this.#news.subscribe(listener);
  }

  #result(event: BreakerEvent, nowMs: number): void {
    if (this.#state.type !== 'closed') this.#apply(ELAPSED, nowMs);
    if ('permit' in event && isStale(this.#state, event.permit)) this.counts.stale += 1;
    this.#apply(event, nowMs);
    this.#news.tell();
  }

  #apply(event: BreakerEvent, nowMs: number): void {
    const { breaker, budget, breakerMemory, clock, service, role } = this.#parts;
    const before = this.#state;
    const next = breakerAfter(breaker, before, event, nowMs);
    if (next === before) return;
    // That it opened for want of a connection is forgiven as soon as there is one.
    const isLost = this.#isCutOff && next.type === 'open' && before.type !== 'open';
    const after = isLost ? breakerAfter(breaker, next, badCheck(nowMs), nowMs) : next;
    this.#state = after;
    const snapshot = saveBreaker(after, nowMs, clock.wallMs());
    breakerMemory.save(breakerKey(role, service), snapshot);
    if (after.type === before.type) {
      // A permit that came back, or a pause: a line may wait for just this.
      if (event.type !== 'admitted' && after.type !== 'open') this.#news.changed();
      return;
    }
    if (after.type === 'closed') this.#budget = budgetAfter(budget, this.#budget, 'filled', nowMs);
    if (after.type === 'open') {
      if (event.type === 'elapsed') this.counts.lost += 1;
      this.#opening = after.outage.epoch;
      for (const wake of this.#pauses) wake();
    }
    this.#news.add(this.#transition(before, after, nowMs));
    this.#news.changed();
  }

  #transition(before: BreakerState, after: BreakerState, nowMs: number): CampaignEvent {
    const { service, role } = this.#parts;
    if (after.type === 'half_open') return { type: 'breaker.half_open', service, role };
    if (after.type === 'closed') {
      const sinceMs = before.type === 'closed' ? nowMs : before.outage.sinceMs;
      return { type: 'breaker.closed', service, role, outageMs: nowMs - sinceMs };
    }
    const { kind, code, message } = after.outage.cause;
    const openMs = Math.max(0, after.untilMs - nowMs);
    const cut = this.#isCutOff ? ({ isCutOff: true } as const) : {};
    return { type: 'breaker.opened', service, role, openMs, ...cut, kind, code, message };
  }

  #restored(nowMs: number): BreakerState {
    const { breaker, breakerMemory, clock, service, role } = this.#parts;
    const snapshot = breakerMemory.load(breakerKey(role, service));
    if (snapshot === undefined) return closedBreaker(nowMs);
    const { state, warning } = restoreBreaker(breaker, snapshot, nowMs, clock.wallMs());
    if (warning !== undefined) {
      const message = `${service}: ${warning}`;
      this.#news.add({ type: 'notice', level: 'warn', code: 'breaker_not_restored', message });
      this.#news.tell();
    }
    return state;
  }
}

function badCheck(begunMs: number): BreakerEvent {
  return { type: 'checked', good: false, begunMs };
}
