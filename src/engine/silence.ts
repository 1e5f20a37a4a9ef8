import type { Clock } from './ports.ts';

/** Aborts its signal when nothing has been heard for `idleMs`. */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #reason: () => Error;
  readonly #end = new AbortController();
  #heardMs: number;
  #cancel: () => void;

  constructor(clock: Clock, idleMs: number, reason: () => Error) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#reason = reason;
    this.#heardMs = clock.monotonicMs();
    this.#cancel = clock.after(idleMs, this.#look);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Something was heard. */
  readonly broken = (): void => {
    this.#heardMs = this.#clock.monotonicMs();
  };

  [Symbol.dispose](): void {
    this.#cancel();
  }

  /** One timer, set anew only when it goes off: much is heard, and little of it matters. */
  readonly #look = (): void => {
    const leftMs = this.#heardMs + this.#idleMs - this.#clock.monotonicMs();
    if (leftMs > 0) this.#cancel = this.#clock.after(leftMs, this.#look);
    else this.#end.abort(this.#reason());
  };
}
