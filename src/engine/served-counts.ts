/**
 * What each service has done in this run, and what of that came after it failed a contact: whether
 * others go through where one does not.
 */
import type { ServiceFailure } from '../domain/failure.ts';
import { PairMap } from '../domain/pair-map.ts';
import type { Role } from '../domain/words.ts';
import type { Journal } from './ports.ts';
import { lastMax, type Others } from './settlement.ts';

export class ServedCounts {
  readonly #journal: Journal;
  /** How often each service did a step in this run, by role: one account may fill two. */
  readonly #served = new PairMap<Role, string, number>();
  /** The same by contact without an outcome, when a service failed it last. */
  readonly #marks = new Map<string, Map<string, number>>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  add(role: Role, service: string): void {
    this.#served.set(role, service, this.#of(role, service) + 1);
  }

  /** What there is besides this contact, whom a service has just failed; next time, since now. */
  others(contact: string, role: Role, { service = '', refusedBy }: ServiceFailure): Others {
    const marks = this.#marks.get(contact) ?? new Map<string, number>();
    this.#marks.set(contact, marks);
    const payee = `${role} ${service}`;
    const served = this.#of(role, service);
    const haveGoneThrough = served > (marks.get(payee) ?? 0);
    marks.set(payee, served);
    if (refusedBy.length === 0) return { haveGoneThrough, areLast: false };
    const { queued, put_off: putOff, calling } = this.#journal.counts();
    const most = lastMax(Math.max(...refusedBy.map((name) => this.#of(role, name))));
    return { haveGoneThrough, areLast: queued === 0 && putOff + calling <= most };
  }

  /** The contact has its outcome. */
  forget(contact: string): void {
    this.#marks.delete(contact);
  }

  #of(role: Role, service: string): number {
    return this.#served.get(role, service) ?? 0;
  }
}
