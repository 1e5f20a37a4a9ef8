/**
 * Values by two names, such as a role and a service. What is counted with every request is not
 * looked up by a text that is put together for it.
 */
export class PairMap<First, Second, Value> {
  readonly #maps = new Map<First, Map<Second, Value>>();

  get(first: First, second: Second): Value | undefined {
    return this.#maps.get(first)?.get(second);
  }

  set(first: First, second: Second, value: Value): void {
    const known = this.#maps.get(first);
    if (known === undefined) this.#maps.set(first, new Map([[second, value]]));
    else known.set(second, value);
  }
}
