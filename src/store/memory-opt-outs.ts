import type { OptOut, OptOuts } from './opt-outs.ts';

/** By number. */
export class MemoryOptOuts implements OptOuts {
  readonly #byNumber = new Map<string, OptOut>();

  find(number: string): OptOut | undefined {
    return this.#byNumber.get(number);
  }

  list(): readonly OptOut[] {
    const isBefore = (one: OptOut, other: OptOut): number =>
      one.atMs - other.atMs || (one.number < other.number ? -1 : 1);
    return [...this.#byNumber.values()].sort(isBefore);
  }

  add(optOut: OptOut): boolean {
    const isNew = !this.#byNumber.has(optOut.number);
    if (isNew) this.#byNumber.set(optOut.number, optOut);
    return isNew;
  }

  remove(number: string): boolean {
    return this.#byNumber.delete(number);
  }
}
