/**
 * What fails at services that refuse all requests as too many. Whether that is an outage is known
 * only when it has lasted, or when the breaker opens: until then it is no share's business.
 */
import type { EventOf } from './event.ts';
import type { Role } from './words.ts';

/** At whose calls, one for each time, by what they would count for. */
export type Held<Name> = ReadonlyMap<Name, readonly string[]>;

/** Of one run; `Name` is what a failure would count for. */
export class Refusals<Name> {
  /** By service: the work of which it has taken nothing since it refused some. */
  readonly #refusing = new Map<string, Set<Role>>();
  readonly #held = new Map<string, Map<Name, string[]>>();

  /** @returns what counts after all, because the service turns out to take requests */
  tryFailed(event: EventOf<'attempt.failed'>): Held<Name> | undefined {
    const { service, role, status, question, hangUp } = event;
    // Asked in another way than work is.
    if (question === true || hangUp === true) return undefined;
    // Whoever fails otherwise as well has more than too many requests; its breaker may tell that.
    if (status !== 429) return this.answered(service, role);
    const roles = this.#refusing.get(service);
    if (roles === undefined) this.#refusing.set(service, new Set([role]));
    else roles.add(role);
    return undefined;
  }

  /** @returns what counts after all */
  answered(service: string, role: Role): Held<Name> | undefined {
    if (this.#refusing.size === 0) return undefined;
    const roles = this.#refusing.get(service);
    if (roles?.delete(role) !== true || roles.size > 0) return undefined;
    return this.outageBegins(service);
  }

  /** @returns false where it is to be counted now */
  hold(service: string | undefined, name: Name, contact: string): boolean {
    if (service === undefined || !this.#refusing.has(service)) return false;
    const held = this.#held.get(service) ?? new Map<Name, string[]>();
    this.#held.set(service, held);
    const contacts = held.get(name);
    if (contacts === undefined) held.set(name, [contact]);
    else contacts.push(contact);
    return true;
  }

  /** @returns what was its consequence */
  outageBegins(service: string): Held<Name> | undefined {
    const held = this.#held.get(service);
    this.#refusing.delete(service);
    this.#held.delete(service);
    return held;
  }
}
