/** What one call waits for: the next word of its channel, and the answers to its requests. */
import { ServiceFailure } from '../../../domain/failure.ts';
import type { Clock } from '../../../engine/ports.ts';
import { HELD_BACK } from './ari-breaker.ts';
import type { AriEvent } from './ari-events.ts';
import { type AriWire, REQUEST_MS_MAX } from './ari-wire.ts';

/** Asterisk itself hangs up so many seconds later: nobody is left on a line by our crash. */
const ABSOLUTE = 'TIMEOUT(absolute)';

export const TRIES = 3;
const TRY_AGAIN_MS = 1_000;
/** For all tries; and so long what is held back waits to be let through. */
const TRIES_MS_MAX = TRIES * REQUEST_MS_MAX + (TRIES - 1) * TRY_AGAIN_MS;

export interface AriWaitsParts {
  /** Of the channel. */
  readonly id: string;
  readonly wire: AriWire;
  readonly clock: Clock;
  /** Ends all waiting when the program ends. */
  readonly life: AbortSignal;
  /** The channel is gone: nothing is waited for any more. */
  readonly isOver: () => boolean;
}

export class AriWaits {
  readonly #parts: AriWaitsParts;
  readonly #listeners = new Set<(event: AriEvent) => void>();

  constructor(parts: AriWaitsParts) {
    this.#parts = parts;
  }

  take(event: AriEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The next event that is meant; undefined after `delayMs`, and when the channel is gone. */
  next(
    isMeant: (event: AriEvent) => boolean,
    delayMs: number,
    signal = this.#parts.life,
  ): Promise<AriEvent | undefined> {
    return new Promise((resolve) => {
      const done = (event: AriEvent | undefined): void => {
        this.#listeners.delete(listener);
        signal.removeEventListener('abort', onAbort);
        cancel();
        resolve(event);
      };
      const onAbort = (): void => done(undefined);
      const listener = (event: AriEvent): void => {
        if (isMeant(event)) done(event);
        else if (event.type === 'gone') done(undefined);
      };
      const cancel = this.#parts.clock.after(delayMs, onAbort);
      if (signal.aborted || this.#parts.isOver()) {
        done(undefined);
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      this.#listeners.add(listener);
    });
  }

  /** Sets the limit after which Asterisk hangs up, from now on. */
  async bound(delayMs: number): Promise<void> {
    const { id, wire } = this.#parts;
    const seconds = String(Math.ceil(delayMs / 1_000));
    await this.ask((signal) => wire.setVariable(id, ABSOLUTE, seconds, signal));
  }

  /**
   * A request of which the callee's time depends: tried again soon, and not for long. What was
   * held back was no try: it waits until it is let through, and no longer than tries would take.
   */
  async ask<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, life, isOver } = this.#parts;
    const lastMs = clock.monotonicMs() + TRIES_MS_MAX - TRY_AGAIN_MS;
    for (let tries = 0; ; ) {
      try {
        return await send(life);
      } catch (error) {
        const isPassing = error instanceof ServiceFailure && error.kind !== 'permanent';
        if (!isPassing || isOver()) throw error;
        if (error.code !== HELD_BACK) tries += 1;
        if (tries >= TRIES || clock.monotonicMs() > lastMs) throw error;
      }
      await clock.sleep(TRY_AGAIN_MS, life);
    }
  }
}
