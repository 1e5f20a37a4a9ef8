/**
 * The engine's pacer, and how long callers wait for it.
 */
import { Pacer, type Turn } from '../engine/pacer.ts';
import type { Clock } from '../engine/ports.ts';

export class WatchedPacer extends Pacer {
  readonly #watchedClock: Clock;
  readonly #onWaited: (waitMs: number) => void;

  /** @param onWaited told how long each caller has waited, in milliseconds; also of 0 */
  constructor(perSecond: number, clock: Clock, onWaited: (waitMs: number) => void) {
    super('dialer', perSecond, clock);
    this.#watchedClock = clock;
    this.#onWaited = onWaited;
  }

  override async take(signal: AbortSignal, turn?: Turn): Promise<boolean> {
    const startMs = this.#watchedClock.monotonicMs();
    try {
      return await super.take(signal, turn);
    } finally {
      this.#onWaited(this.#watchedClock.monotonicMs() - startMs);
    }
  }
}
