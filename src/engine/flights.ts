import type { Step } from '../domain/words.ts';
import type { AbortWatch, Clock, RequestContext } from './ports.ts';

/**
 * One attempt on its way: what the service sees of it, and its place among the others. It is its
 * own context, whose signal is made only when somebody asks for it, because most never do; `watch`
 * tells the same without one. (Both are getters of the class: spreading a context loses them.)
 */
class Flight implements RequestContext, AbortWatch {
  readonly campaign: string;
  readonly contact: string;
  readonly call: string;
  readonly step: Step;
  readonly line: number;
  readonly caller: AbortSignal;
  readonly heard: (() => void) | undefined;
  readonly drain: AbortSignal | undefined;
  /** Monotonic milliseconds; infinite where there is no limit. */
  readonly endsMs: number;
  readonly overdue: () => Error;
  reject: (reason: unknown) => void = ignore;
  previous: Flight | undefined;
  next: Flight | undefined;
  landed = false;
  watched = false;
  #controller: AbortController | undefined;
  #given: { readonly reason: unknown } | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(context: RequestContext, endsMs: number, overdue: () => Error) {
    this.campaign = context.campaign;
    this.contact = context.contact;
    this.call = context.call;
    this.step = context.step;
    this.line = context.line;
    this.caller = context.signal;
    this.heard = context.heard;
    this.drain = context.drain;
    this.endsMs = endsMs;
    this.overdue = overdue;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#given !== undefined) this.#controller.abort(this.#given.reason);
    }
    return this.#controller.signal;
  }

  get watch(): AbortWatch {
    return this;
  }

  get aborted(): boolean {
    return this.#given !== undefined;
  }

  get reason(): unknown {
    return this.#given?.reason;
  }

  onAbort(listener: () => void): void {
    if (this.#given === undefined) this.#listeners.push(listener);
  }

  offAbort(listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  giveUp(reason: unknown): void {
    this.#given = { reason };
    this.reject(reason);
    for (const listener of this.#listeners.splice(0)) listener();
    this.#controller?.abort(reason);
  }
}

interface Watch {
  flights: number;
  readonly onAbort: () => void;
}

export interface Limits {
  /** Monotonic milliseconds; infinite for none. */
  readonly endsMs: number;
  /** Makes the error of an attempt that has not ended by then. */
  readonly overdue: () => Error;
  /** The call has come back, however late, or was never made: with a value, or with this error. */
  readonly back?: ((end: { readonly error?: unknown }) => void) | undefined;
}

const FINE = {};

/**
 * The attempts on their way to one service. They share one timer, set for the first to fall due,
 * and one listener on each caller's signal; with nothing on its way there is neither.
 */
export class Flights {
  readonly #clock: Clock;
  readonly #watches = new Map<AbortSignal, Watch>();
  #head: Flight | undefined;
  #tail: Flight | undefined;
  /** Launched in this turn, not watched yet. */
  #fresh: Flight[] = [];
  #timerMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Settles as `call` does, or rejects with `overdue()` at the limit, or with the caller's reason
   * when that aborts; what `call` does later is dropped.
   */
  launch<T>(
    context: RequestContext,
    limits: Limits,
    call: (context: RequestContext, attempt: number) => Promise<T>,
    attempt: number,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // It may have waited for its turn until now, and been stopped in the very turn it came.
      if (context.signal.aborted) {
        limits.back?.({ error: context.signal.reason });
        reject(context.signal.reason as Error);
        return;
      }
      const flight = new Flight(context, limits.endsMs, limits.overdue);
      flight.reject = reject;
      this.#add(flight);
      const onValue = (value: T): void => {
        limits.back?.(FINE);
        this.#land(flight);
        resolve(value);
      };
      const onError = (error: unknown): void => {
        limits.back?.({ error });
        this.#land(flight);
        reject(error as Error);
      };
      try {
        Promise.resolve(call(flight, attempt)).then(onValue, onError);
      } catch (error) {
        onError(error);
        return;
      }
      // Neither a timer nor an abort from outside can come before this turn ends, and what is
      // answered within it (a kept text, a file) has no need of either. Setting both up and
      // taking them down again would be most of what a guard costs.
      if (this.#fresh.push(flight) === 1) queueMicrotask(this.#watchFresh);
    });
  }

  #add(flight: Flight): void {
    const before = this.#lastBy(flight.endsMs);
    const after = before === undefined ? this.#head : before.next;
    flight.previous = before;
    flight.next = after;
    if (before === undefined) this.#head = flight;
    else before.next = flight;
    if (after === undefined) this.#tail = flight;
    else after.previous = flight;
  }

  /**
   * The last that ends by then. Limits are mostly equal, so that it is the last of all; where many
   * calls are followed, whose limits are long, it is one of the first.
   */
  #lastBy(endsMs: number): Flight | undefined {
    let last = this.#tail;
    let first = this.#head;
    while (last !== undefined && last.endsMs > endsMs) {
      if (first === undefined || first.endsMs > endsMs) return first?.previous;
      last = last.previous;
      first = first.next;
    }
    return last;
  }

  readonly #watchFresh = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const flight of fresh) {
      if (flight.landed) continue;
      if (flight.caller.aborted) {
        this.#land(flight);
        flight.giveUp(flight.caller.reason);
        continue;
      }
      flight.watched = true;
      this.#watch(flight.caller);
      if (flight.endsMs < this.#timerMs) this.#setTimer(flight.endsMs);
    }
  };

  #land(flight: Flight): void {
    if (flight.landed) return;
    flight.landed = true;
    const { previous, next } = flight;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    flight.previous = undefined;
    flight.next = undefined;
    if (flight.watched) this.#unwatch(flight.caller);
    // A timer for one that has landed is left to find that out, unless it was the last.
    if (this.#head === undefined) this.#clearTimer();
  }

  #setTimer(endsMs: number): void {
    this.#clearTimer();
    if (endsMs === Number.POSITIVE_INFINITY) return;
    this.#timerMs = endsMs;
    const delayMs = Math.max(0, endsMs - this.#clock.monotonicMs());
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#fallDue());
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
  }

  #fallDue(): void {
    this.#clearTimer();
    const nowMs = this.#clock.monotonicMs();
    for (let flight = this.#head; flight !== undefined; flight = this.#head) {
      if (flight.endsMs > nowMs) {
        this.#setTimer(flight.endsMs);
        return;
      }
      this.#land(flight);
      flight.giveUp(flight.overdue());
    }
  }

  #watch(signal: AbortSignal): void {
    const watch = this.#watches.get(signal);
    if (watch !== undefined) {
      watch.flights += 1;
      return;
    }
    const onAbort = (): void => this.#abortAll(signal);
    this.#watches.set(signal, { flights: 1, onAbort });
    signal.addEventListener('abort', onAbort);
  }

  #unwatch(signal: AbortSignal): void {
    const watch = this.#watches.get(signal);
    if (watch === undefined) return;
    watch.flights -= 1;
    if (watch.flights > 0) return;
    this.#watches.delete(signal);
    signal.removeEventListener('abort', watch.onAbort);
  }

  #abortAll(signal: AbortSignal): void {
    const aborted: Flight[] = [];
    for (let flight = this.#head; flight !== undefined; flight = flight.next) {
      if (flight.caller === signal) aborted.push(flight);
    }
    for (const flight of aborted) {
      this.#land(flight);
      flight.giveUp(signal.reason);
    }
  }
}

function ignore(): void {}

/** Throws `RangeError` for what is no length of time; 0 means none. */
export function limitMs(ms: number): number {
  if (!(ms >= 0)) throw new RangeError(`a time limit of ${ms} ms: 0 (none) or more is allowed`);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}
