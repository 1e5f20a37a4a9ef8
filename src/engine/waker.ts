import type { Clock } from './ports.ts';

/**
 * Lets lines wait for "something has changed" without missing a change that comes between their
 * look and their wait: whoever looks notes the version first, and a wait on an old version ends at
 * once.
 */
export class Waker {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get version(): number {
    return this.#version;
  }

  wake(): void {
    this.#version += 1;
    for (const go of this.#waiting) {
      go();
    }
  }

  /** Resolves at the first `wake` after `version` was read, or after `delayMs`. */
  wait(version: number, delayMs: number): Promise<void> {
    if (version !== this.#version || delayMs <= 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const go = (): void => {
        cancel();
        this.#waiting.delete(go);
        resolve();
      };
      const cancel = Number.isFinite(delayMs) ? this.#clock.after(delayMs, go) : () => undefined;
      this.#waiting.add(go);
    });
  }
}
