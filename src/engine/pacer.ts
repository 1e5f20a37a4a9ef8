import { Unavailable } from '../domain/failure.ts';
import {
  FREE_PACING,
  type PacingPolicy,
  type PacingState,
  paceWaitMs,
  pacingAfter,
  pacingPolicy,
} from '../domain/pacing.ts';
import type { Clock } from './ports.ts';

interface Waiter {
  readonly wanted: () => boolean;
  readonly go: (started: boolean) => void;
}

export interface Turn {
  /** Asked when the turn comes: without need it passes to the next in line. */
  readonly wanted?: (() => boolean) | undefined;
  /** Not waited for longer: rejects at once with `Unavailable`, and nothing is used up. */
  readonly waitMsMax?: number | undefined;
  /** Once it has aborted nobody waits: whose turn does not come at once has none. */
  readonly drain?: AbortSignal | undefined;
}

/** Lets callers through one by one at a steady pace, in the order in which they came. */
export class Pacer {
  readonly #clock: Clock;
  readonly #policy: PacingPolicy;
  readonly #name: string;
  readonly #waiters: Waiter[] = [];
  #state: PacingState = FREE_PACING;
  #cancelTimer: (() => void) | undefined;

  /** @param name what is paced, for `Unavailable` */
  constructor(name: string, perSecond: number, clock: Clock) {
    this.#name = name;
    this.#policy = pacingPolicy(perSecond);
    this.#clock = clock;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Resolves when it is the caller's turn: true, and one start is used up; false where it was not
   * wanted any more, or the run drains. Rejects with the signal's reason as soon as that aborts.
   * The rest move up.
   */
  take(signal: AbortSignal, turn: Turn = {}): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const nowMs = this.#clock.monotonicMs();
      const waitMs = paceWaitMs(this.#policy, this.#state, this.#waiters.length, nowMs);
      if (waitMs > (turn.waitMsMax ?? Number.POSITIVE_INFINITY)) {
        reject(new Unavailable([this.#name], waitMs));
        return;
      }
      const { wanted = yes, drain } = turn;
      const waiter: Waiter = {
        wanted,
        go: (started) => {
          signal.removeEventListener('abort', onAbort);
          drain?.removeEventListener('abort', onDrain);
          resolve(started);
        },
      };
      const onDrain = (): void => {
        this.#leave(waiter);
        waiter.go(false);
      };
      const onAbort = (): void => {
        drain?.removeEventListener('abort', onDrain);
        reject(signal.reason as Error);
        this.#leave(waiter);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      drain?.addEventListener('abort', onDrain, { once: true });
      this.#waiters.push(waiter);
      this.#advance();
      if (drain?.aborted === true && this.#waiters.includes(waiter)) onDrain();
    });
  }

  #leave(waiter: Waiter): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#advance();
  }

  /** Nobody starts for `delayMs`; after that the pace is what it was, without a burst. */
  hold(delayMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const event = { type: 'held', untilMs: nowMs + delayMs } as const;
    this.#state = pacingAfter(this.#policy, this.#state, event, nowMs);
    this.#advance();
  }

  /** Lets through whoever may go now, and sets the timer for the next. */
  #advance(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let head = this.#waiters[0]; head !== undefined; head = this.#waiters[0]) {
      const waitMs = paceWaitMs(this.#policy, this.#state, 0, nowMs);
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => this.#advance());
        return;
      }
      this.#waiters.shift();
      const started = head.wanted();
      if (started) {
        this.#state = pacingAfter(this.#policy, this.#state, { type: 'started' }, nowMs);
      }
      head.go(started);
    }
  }
}

function yes(): boolean {
  return true;
}
