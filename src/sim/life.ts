import { NOBODY } from '../domain/event.ts';
import type { AlertMemory, Clock, Emit, Journal } from '../engine/ports.ts';
import { sleepOn } from '../engine/sleep.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Thrown to whoever waits for the end of a life that was killed. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** The moment at which a life is killed. */
export interface Fuse {
  /** Counted from 1; 0 for never. */
  readonly at: number;
  /** Only moments whose names begin so are counted; all of them without. */
  readonly kind?: string | undefined;
  /** How many moments of any kind it outlives that one. */
  readonly later?: number | undefined;
}

/**
 * One life of the program, from its start to its end or to a kill -9. What is killed reaches
 * nothing any more: its timers never fire, its requests are never sent, no answer meets it.
 *
 * The moments at which a kill can come are those at which the program touches what is outside of
 * it: a timer that fires, a request that leaves, an answer that arrives, a commit before and after.
 * Between two of them nothing can be seen from outside, so a kill at any other await is one of
 * these.
 */
export class Life {
  readonly run: number;
  readonly clock: Clock;
  /** Rejects with `Killed`; never resolves. */
  readonly killed: Promise<never>;
  #alive = true;
  #moments = 0;
  #armed = 0;
  readonly #fuse: Fuse;
  /** Moments of the kind that the fuse counts; once it has counted them all, of any kind. */
  #burnt = 0;
  readonly #onKill: (at: string) => void;
  readonly #end: (error: Killed) => void;

  /**
   * @param onKill told at once, in the middle of whatever goes on
   */
  constructor(run: number, world: VirtualClock, fuse: Fuse, onKill: (at: string) => void) {
    this.run = run;
    this.#fuse = fuse;
    this.#onKill = onKill;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(ignore);
    this.killed = promise;
    this.#end = reject;
    this.clock = this.#mortalClock(world);
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Timers armed and not fired or cancelled. */
  get timers(): number {
    return this.#armed;
  }

  /** How many moments it has lived through. */
  get moments(): number {
    return this.#moments;
  }

  /** Calls back at every moment, before anything comes of it. */
  watch: ((what: string) => void) | undefined;

  /** A moment at which a kill can come; false where it is over by now. */
  moment(what: string): boolean {
    if (!this.#alive) return false;
    this.#moments += 1;
    this.watch?.(what);
    const { at, kind = '', later = 0 } = this.#fuse;
    if (at === 0) return true;
    if (this.#burnt >= at) this.#burnt += 1;
    else if (what.startsWith(kind)) this.#burnt += 1;
    if (this.#burnt === at + later) this.kill(what);
    return this.#alive;
  }

  kill(at: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#onKill(at);
    this.#end(new Killed(`killed at: ${at}`));
  }

  /** The promise, for as long as there is somebody to answer. */
  lasting<T>(promise: Promise<T>): Promise<T> {
    if (this.#fuse.at === 0) return promise;
    const lasting = new Promise<T>((resolve, reject) => {
      promise.then(
        (value) => {
          if (this.#alive) resolve(value);
        },
        (error: unknown) => {
          if (this.#alive) reject(error as Error);
        },
      );
    });
    // Whoever does not wait for it must not bring the process down.
    lasting.catch(ignore);
    return lasting;
  }

  #mortalClock(world: VirtualClock): Clock {
    const after: Clock['after'] = (delayMs, wake) => {
      this.#armed += 1;
      let armed = true;
      const disarm = (): void => {
        this.#armed -= armed ? 1 : 0;
        armed = false;
      };
      const cancel = world.after(delayMs, () => {
        disarm();
        if (this.moment('a timer')) wake();
      });
      return () => {
        disarm();
        cancel();
      };
    };
    return {
      wallMs: () => world.wallMs(),
      monotonicMs: () => world.monotonicMs(),
      after,
      sleep: (delayMs, signal) => sleepOn(after, delayMs, signal),
    };
  }
}

/** A journal that answers nobody who was killed. */
export function mortalJournal(journal: Journal, life: Life): Journal {
  return {
    claim: (stages, nowMs, newCall) => life.lasting(journal.claim(stages, nowMs, newCall)),
    write: (key, entry) => life.lasting(journal.write(key, entry)),
    recall: (nowMs) => life.lasting(journal.recall(nowMs)),
    settled: () => life.lasting(journal.settled()),
    // The dead are told something: their store is closed, and nobody sees what they make of it.
    outlook: () => (life.isAlive ? journal.outlook() : { ready: false, nextDueMs: undefined }),
    counts: () => (life.isAlive ? journal.counts() : NOBODY),
    isOthers: (...about) => life.isAlive && journal.isOthers(...about),
    othersInDoubt: (...about) => (life.isAlive ? journal.othersInDoubt(...about) : []),
  };
}

/** The same for what is kept of alerts. */
export function mortalAlerts(memory: AlertMemory, life: Life): AlertMemory {
  return {
    load: () => memory.load(),
    save: (change) => life.lasting(memory.save(change)),
  };
}

export function mortalEmit(emit: Emit, life: Life): Emit {
  return (event) => {
    if (life.isAlive) emit(event);
  };
}

function ignore(): void {}
