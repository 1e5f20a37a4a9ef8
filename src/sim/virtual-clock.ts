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
  /** Deferred while nobody moved time: those run by themselves. */
  #deferred = 0;
  /** One of them ran, and what it made ready may not have run to its end yet. */
  #stirred = false;
  /** Deferred while somebody moves time, who runs them. */
  #tasks: (() => void)[] = [];
  #movers = 0;
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
    if (this.#movers > 0) {
      this.#tasks.push(task);
      return;
    }
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
  settle(): Promise<void> {
    return this.#move(() => 'over');
  }

  /** Moves time on by `ms`, firing what falls due on the way, also what is armed on the way. */
  advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    const watch = new SpinWatch();
    return this.#move(() => {
      const next = this.#next();
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = endMs;
        return 'over';
      }
      watch.fired(next.atMs);
      return this.#fire();
    });
  }

  /** Fires timers until none is armed. */
  run(): Promise<void> {
    const watch = new SpinWatch();
    return this.#move(() => {
      const next = this.#next();
      if (next === undefined) return 'over';
      watch.fired(next.atMs);
      return this.#fire();
    });
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
    const watch = new SpinWatch();
    await this.#move(() => {
      if (settled) return 'over';
      watch.fired(this.#next()?.atMs ?? this.#nowMs);
      // With no timer left, something real is waited for.
      return before === undefined ? this.#fire() : before().then(() => this.#fire());
    });
    return promise;
  }

  /** Moves time to the next timer, if there is one, and fires it. */
  async fireNext(): Promise<void> {
    let fired = false;
    await this.#move(() => {
      if (fired) return 'over';
      fired = true;
      return this.#fire();
    });
  }

  #fire(): undefined {
    const timer = this.#next();
    if (timer === undefined) return;
    this.#timers.pop();
    this.#armed -= 1;
    this.#nowMs = timer.atMs;
    const { wake } = timer;
    timer.wake = undefined;
    wake?.();
  }

  /**
   * Takes turn after turn of the event loop. A turn in which nothing is left to run is given to
   * `act`, until that says that it is over. No promise is made per turn: a day has millions.
   */
  #move(act: () => 'over' | undefined | Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let turns = 0;
    const end = (): void => {
      this.#movers -= 1;
      const tasks = this.#movers === 0 ? this.#tasks.splice(0) : [];
      for (const task of tasks) this.defer(task);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error as Error);
    };
    const turn = (): void => {
      try {
        if (this.#runTasks()) {
          turns += 1;
          if (turns > TURNS_AT_ONCE_MAX) {
            throw stoodStill(this.#nowMs, `${TURNS_AT_ONCE_MAX} turns`);
          }
          onward();
          return;
        }
        turns = 0;
        const acted = act();
        if (acted === undefined) {
          onward();
        } else if (acted === 'over') {
          end();
          resolve();
        } else {
          acted.then(onward, fail);
        }
      } catch (error) {
        fail(error);
      }
    };
    const later = (): void => this.#defer(turn);
    // From a microtask: two tasks of the event loop may follow each other without any between.
    const onward = (): void => {
      void READY.then(later);
    };
    this.#movers += 1;
    onward();
    return promise;
  }

  /** False where there is nothing left to run in this turn, nor may be after it. */
  #runTasks(): boolean {
    if (this.#deferred > 0 || this.#stirred) {
      this.#stirred = false;
      return true;
    }
    if (this.#tasks.length === 0) return false;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
    return true;
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

const READY = Promise.resolve();

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
