/**
 * The numbers that a call is being placed to, or that have a call in doubt, each with that call.
 *
 * A vendor without an idempotency key tells calls apart only by numbers and time. Two calls to one
 * number are hence never in doubt at the same moment: neither can be taken for the other.
 */
export class NumberDesk {
  readonly #holders = new Map<string, Holder>();

  /**
   * False where another call has the number. Who takes it again has it for longer.
   *
   * @param untilMs monotonic, as `nowMs`: whoever has not left by then was given up
   */
  take(phone: string, call: string, nowMs: number, untilMs: number): boolean {
    const holder = this.#holders.get(phone);
    if (holder !== undefined && holder.call !== call && nowMs < holder.untilMs) {
      return false;
    }
    this.#holders.set(phone, { call, untilMs });
    return true;
  }

  leave(phone: string, call: string): void {
    if (this.#holders.get(phone)?.call === call) {
      this.#holders.delete(phone);
    }
  }
}

interface Holder {
  readonly call: string;
  readonly untilMs: number;
}
