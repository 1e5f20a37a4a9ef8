import type { Clock } from '../../src/engine/ports.ts';

interface Timer {
  readonly atMs: number;
  readonly wake: () => void;
}

/** More timers than any test arms; a loop that arms one for ever ends here, with a message. */
const TIMERS_MAX = 1_000_000;

/**
 * A clock that stands still until a test moves it. Timers fire in order of time, then of arming;
 * between two of them everything that is ready to run runs.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #deferred = 0;
  /** In order of time, then of arming. */
  readonly #timers: Timer[] = [];

  /** `wallMs` is what the wall shows at monotonic 0; by default 2026-03-02 09:00 UTC, a Monday. */
  constructor(wallMs = Date.UTC(2026, 2, 2, 9)) {
    this.#wallOffsetMs = wallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Moves only the wall clock, as an operator or a time server does. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  after(delayMs: number, wake: () => void): () => void {
    if (!Number.isFinite(delayMs)) throw new RangeError(`a timer of ${delayMs} ms`);
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), wake };
    let place = this.#timers.length;
    while (place > 0 && (this.#timers[place - 1] as Timer).atMs > timer.atMs) place -= 1;
    this.#timers.splice(place, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** How many timers are armed: 0 when nothing waits. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Milliseconds from now to the next timer; undefined where none is armed. */
  get nextTimerMs(): number | undefined {
    const next = this.#timers[0];
    return next === undefined ? undefined : next.atMs - this.#nowMs;
  }

  /** Runs `task` when everything that is ready has run; time stands still until then. */
  defer(task: () => void): void {
    this.#deferred += 1;
    setImmediate(() => {
      this.#deferred -= 1;
      task();
    });
  }

  /**
   * Lets everything that is ready run: all microtasks, what was deferred, what that makes ready,
   * and at least one turn of the event loop.
   */
  async settle(): Promise<void> {
    do {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    } while (this.#deferred > 0);
  }

  /** Moves time on by `ms`, firing what falls due on the way, also what is armed on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.settle();
    for (let fired = 0; fired < TIMERS_MAX; fired += 1) {
      const next = this.#timers[0];
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return;
      }
      await this.#fireFirst();
    }
    throw new Error(`more than ${TIMERS_MAX} timers in ${ms} ms: something arms one for ever`);
  }

  /** Fires timers until none is armed. */
  async run(): Promise<void> {
    await this.settle();
    for (let fired = 0; fired < TIMERS_MAX; fired += 1) {
      if (this.#timers.length === 0) return;
      await this.#fireFirst();
    }
    throw new Error(`more than ${TIMERS_MAX} timers: something arms one for ever`);
  }

  /** Fires timers until `promise` is settled, and answers as it does. Real input and output may
   * be waited for on the way. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let fired = 0; fired < TIMERS_MAX; fired += 1) {
      await this.settle();
      if (settled) return promise;
      if (this.#timers.length > 0) await this.#fireFirst();
    }
    throw new Error(`not settled after ${TIMERS_MAX} timers or turns`);
  }

  async #fireFirst(): Promise<void> {
    const timer = this.#timers.shift();
    if (timer === undefined) return;
    this.#nowMs = timer.atMs;
    timer.wake();
    await this.settle();
  }
}
