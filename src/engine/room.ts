import {
  afterRefusal,
  afterSuccess,
  type Concurrency,
  concurrencyOf,
} from '../domain/concurrency.ts';
import { ServiceFailure } from '../domain/failure.ts';
import type { Clock } from './ports.ts';

/** How a request ended, for those that come after it. */
export type Left = 'succeeded' | 'crowded' | 'other';

/**
 * The places of one service: so many requests may be on their way to it at once, the others wait
 * in the order in which they came. Each line has one request at a time, which bounds the queue.
 */
export class Room {
  readonly #clock: Clock;
  readonly #waiters: (() => void)[] = [];
  #state: Concurrency;
  #onWay = 0;

  /** @throws RangeError for fewer than one at once */
  constructor(clock: Clock, max: number | undefined) {
    this.#clock = clock;
    this.#state = concurrencyOf(max);
  }

  get onWay(): number {
    return this.#onWay;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** How many may be on their way now. */
  get limit(): number {
    return this.#state.limit;
  }

  /** Noted by each request when it is sent, and told when it leaves. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** Takes a place, if one is free and nobody waits. Whoever has one leaves in the end. */
  enter(): boolean {
    if (this.#waiters.length > 0 || this.#onWay >= this.#state.limit) return false;
    this.#onWay += 1;
    return true;
  }

  /**
   * Resolves with true when it is the caller's turn, who has a place then; with false when that
   * takes longer than `waitMsMax`, or `drain` aborts. Rejects with the signal's reason as soon as
   * that aborts.
   */
  wait(signal: AbortSignal, waitMsMax: number, drain?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (this.enter()) {
        resolve(true);
        return;
      }
      if (drain?.aborted === true) {
        resolve(false);
        return;
      }
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', onAbort);
        drain?.removeEventListener('abort', onOver);
      };
      const go = (): void => {
        done();
        resolve(true);
      };
      const giveUp = (): void => {
        done();
        this.#waiters.splice(this.#waiters.indexOf(go), 1);
      };
      const onAbort = (): void => {
        giveUp();
        reject(signal.reason as Error);
      };
      const onOver = (): void => {
        giveUp();
        resolve(false);
      };
      const cancel = this.#clock.after(Math.max(0, waitMsMax), onOver);
      signal.addEventListener('abort', onAbort, { once: true });
      drain?.addEventListener('abort', onOver, { once: true });
      this.#waiters.push(go);
    });
  }

  /** Gives the place back. It goes to the head of the queue before anybody else can ask. */
  leave(how: Left, epoch: number): void {
    if (how === 'succeeded') {
      this.#state = afterSuccess(this.#state, this.#onWay >= this.#state.limit);
    }
    if (how === 'crowded') this.#state = afterRefusal(this.#state, this.#onWay, epoch);
    this.#onWay -= 1;
    while (this.#onWay < this.#state.limit) {
      const go = this.#waiters.shift();
      if (go === undefined) return;
      this.#onWay += 1;
      go();
    }
  }
}

/**
 * One request in its place. The place is given back when the call is back, however late: one that
 * is overdue is still on its way. And not before its result is counted, or the next in the queue
 * would be sent to a service that has just been found to be down.
 */
export class Stay {
  readonly #room: Room;
  readonly #epoch: number;
  #left: Left | undefined;
  #isCounted = false;

  constructor(room: Room) {
    this.#room = room;
    this.#epoch = room.epoch;
  }

  readonly back = ({ error }: { readonly error?: unknown }): void => {
    this.#left = leftBy(error);
    if (this.#isCounted) this.#room.leave(this.#left, this.#epoch);
  };

  counted(): void {
    this.#isCounted = true;
    if (this.#left !== undefined) this.#room.leave(this.#left, this.#epoch);
  }
}

function leftBy(error: unknown): Left {
  if (error === undefined) return 'succeeded';
  return error instanceof ServiceFailure && error.isCrowded ? 'crowded' : 'other';
}
