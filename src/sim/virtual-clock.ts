import type { Clock } from '../engine/ports.ts';
import { sleepOn } from '../engine/sleep.ts';

interface Timer {
  readonly atMs: number;
  /** Undefined once it is cancelled: it stays in its place until its time comes. */
  wake: (() => void) | undefined;
}

export interface VirtualClockOptions {
  /** What the wall shows at monotonic 0, in milliseconds since the epoch. */
  readonly wallMs: number;
  /** Calls `task` once everything that is ready to run has run (setImmediate). */
  readonly defer: (task: () => void) => void;
}

/** More timers than anything arms at one moment; a loop that arms one for ever ends here. */
const TIMERS_AT_ONCE_MAX = 1_000_000;
/** The same for tasks that defer another task: thousands of commits, and no time goes by. */
const TURNS_AT_ONCE_MAX = 20_000;

/**
 * A clock that stands still until it is moved. Timers fire in order of time, then of arming;
 * between two of them everything that is ready to run runs. So nothing but the order of arming
 * decides what happens, and the same seed makes the same day on every machine.
 */
export class VirtualClock implements Clock {
  readonly #defer: (task: () => void) => void;
  #nowMs = 0;
  #wallOffsetMs: number;
  #deferred = 0;
  /** A deferred task ran, and what it made ready may not have run to its end yet. */
  #stirred = false;
  /** The next one last: by time, then by arming. */
  readonly #timers: Timer[] = [];
  #armed = 0;

  constructor({ wallMs, defer }: VirtualClockOptions) {
    this.#wallOffsetMs = wallMs;
    this.#defer = defer;
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
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), wake };
    this.#timers.splice(this.#placeOf(timer.atMs), 0, timer);
    this.#armed += 1;
    return () => {
      if (timer.wake === undefined) return;
      timer.wake = undefined;
      this.#armed -= 1;
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((waitMs, wake) => this.after(waitMs, wake), delayMs, signal);
  }

  /** How many timers are armed: 0 when nothing waits. */
  get pendingTimers(): number {
    return this.#armed;
  }

  /** Milliseconds from now to the next timer; undefined where none is armed. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.atMs - this.#nowMs;
  }

  /** Runs `task` when everything that is ready has run; time stands still until then. */
  defer(task: () => void): void {
    this.#deferred += 1;
    this.#defer(() => {
      this.#deferred -= 1;
      this.#stirred = true;
      task();
    });
  }

  /**
   * Lets everything that is ready run: all microtasks, what was deferred, what that makes ready,
   * and at least one turn of the event loop.
   */
  async settle(): Promise<void> {
    let turns = 0;
    do {
      turns += 1;
      if (turns > TURNS_AT_ONCE_MAX) throw stoodStill(this.#nowMs, `${TURNS_AT_ONCE_MAX} turns`);
      this.#stirred = false;
      await new Promise<void>((resolve) => {
        this.#defer(resolve);
      });
      // Two tasks deferred together may run without what the first made ready between them: only
      // a whole turn in which none ran proves that nothing is left.
    } while (this.#deferred > 0 || this.#stirred);
  }

  /** Moves time on by `ms`, firing what falls due on the way, also what is armed on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.settle();
    for (const watch = new SpinWatch(); ; ) {
      const next = this.#next();
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return;
      }
      watch.fired(next.atMs);
      await this.fireNext();
    }
  }

  /** Fires timers until none is armed. */
  async run(): Promise<void> {
    await this.settle();
    for (const watch = new SpinWatch(); ; ) {
      const next = this.#next();
      if (next === undefined) return;
      watch.fired(next.atMs);
      await this.fireNext();
    }
  }

  /**
   * Fires timers until `promise` is settled, and answers as it does. Real input and output may be
   * waited for on the way.
   *
   * @param before awaited before each timer: how a demonstration goes at the speed of life
   */
  async until<T>(promise: Promise<T>, before?: () => Promise<void>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.settle();
    for (const watch = new SpinWatch(); !settled; ) {
      const next = this.#next();
      watch.fired(next?.atMs ?? this.#nowMs);
      if (before !== undefined) await before();
      // With no timer left, something real is waited for.
      await (next === undefined ? this.settle() : this.fireNext());
    }
    return promise;
  }

  /** Moves time to the next timer, if there is one, and fires it. */
  async fireNext(): Promise<void> {
    const timer = this.#next();
    if (timer === undefined) return;
    this.#timers.pop();
    this.#armed -= 1;
    this.#nowMs = timer.atMs;
    const { wake } = timer;
    timer.wake = undefined;
    wake?.();
    await this.settle();
  }

  #next(): Timer | undefined {
    for (let last = this.#timers.at(-1); last !== undefined; last = this.#timers.at(-1)) {
      if (last.wake !== undefined) return last;
      this.#timers.pop();
    }
    return undefined;
  }

  /** Before everything that is earlier or equal: those come first and stand behind it. */
  #placeOf(atMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle] as Timer).atMs > atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Ends a loop in which time does not go on. */
class SpinWatch {
  #atMs = -1;
  #count = 0;

  fired(atMs: number): void {
    this.#count = atMs === this.#atMs ? this.#count + 1 : 0;
    this.#atMs = atMs;
    if (this.#count > TIMERS_AT_ONCE_MAX) {
      throw stoodStill(atMs, `${TIMERS_AT_ONCE_MAX} timers or turns`);
    }
  }
}

function stoodStill(atMs: number, count: string): Error {
  return new Error(`time has stood still at ${atMs} ms for ${count}: something never ends`);
}
