import type { Clock } from '../../../engine/ports.ts';

/** From the end of its calls to that of the connection it is a second, and some more under load. */
const STOPPING_MS = 3_000;

/**
 * An Asterisk that stops ends its calls first, and then the connection. Whoever is rung between the
 * two is rung for nothing, and nobody can tell.
 */
export class Stopping {
  readonly #clock: Clock;
  /** Monotonic. */
  #suspectedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It said so, or a call ended of which it could not say why. */
  suspected(): void {
    this.#suspectedMs = this.#clock.monotonicMs();
  }

  /** Resolves when it would be gone by now; rejects with the signal's reason. */
  async passed(signal: AbortSignal): Promise<void> {
    const waitMs = this.#suspectedMs + STOPPING_MS - this.#clock.monotonicMs();
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }
}
