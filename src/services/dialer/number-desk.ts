/**
 * The numbers that a call is being placed to, or that have a call in doubt, each with that call.
 *
 * A vendor without an idempotency key tells calls apart only by numbers and time. Two calls to one
 * number are hence never in doubt at the same moment: neither can be taken for the other.
 */
export class NumberDesk {
  readonly #calls = new Map<string, string>();

  /** False where another call has the number. */
  take(phone: string, call: string): boolean {
    const holder = this.#calls.get(phone) ?? call;
    this.#calls.set(phone, holder);
    return holder === call;
  }

  leave(phone: string, call: string): void {
    if (this.#calls.get(phone) === call) {
      this.#calls.delete(phone);
    }
  }
}
