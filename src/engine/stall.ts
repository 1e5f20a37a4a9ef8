import type { ServiceFailure } from '../domain/failure.ts';

/**
 * A limit per minute is over before. A breaker does not count a 429, so without this nobody would
 * hear of a service that takes no requests for an hour.
 */
export const STALL_MS = 90_000;

/** Follows whether a service takes any requests, or refuses all for being too many. */
export class Stall {
  #sinceMs: number | undefined;
  #isTold = false;

  /**
   * A request was refused; the next one comes after `waitMs` at the earliest.
   *
   * @returns how long that has gone on, when it is to be told
   */
  refused({ status }: ServiceFailure, waitMs: number, nowMs: number): number | undefined {
    if (status !== 429) return undefined;
    this.#sinceMs ??= nowMs;
    const forMs = nowMs - this.#sinceMs;
    if (this.#isTold || forMs + waitMs < STALL_MS) return undefined;
    this.#isTold = true;
    return forMs;
  }

  /**
   * A request was answered.
   *
   * @returns how long none was, where that was told
   */
  answered(nowMs: number): number | undefined {
    if (this.#sinceMs === undefined) return undefined;
    const lastedMs = this.#isTold ? nowMs - this.#sinceMs : undefined;
    this.forget();
    return lastedMs;
  }

  /** The breaker is open: it tells the rest. */
  forget(): void {
    this.#sinceMs = undefined;
    this.#isTold = false;
  }
}
