/**
 * How many people a trouble has met, each counted once, however often they come up and however many
 * runs it lasts.
 */
import type { Alert } from './alert.ts';
import { isInWindow } from './sliding-window.ts';
import { counted } from './text.ts';

/**
 * So many are told apart. Their names are read and written with the alert, so that more would cost
 * more than they tell: whoever reads "more than 1,000" knows what there is to know.
 */
export const CONTACTS_MAX = 1_000;

type Met = Pick<Alert, 'contacts' | 'contactsMore' | 'contactNames'>;

/** Nobody yet. */
export const NOBODY_MET: Met = { contacts: 0, contactNames: [] };

/** Of all campaigns on a store: each has a contact 1. */
export function contactName(campaign: string, contact: string): string {
  return `${campaign} ${contact}`;
}

/** An alert that has met these. The same object where nobody is new. */
export function met<One extends Met>(alert: One, names: readonly string[]): One {
  const { contactNames: known, contactsMore = false } = alert;
  // What an earlier version kept does not say whom it had met.
  if (known === undefined || contactsMore) return alert;
  // Whoever comes up again has mostly done so just now.
  const fresh = [...new Set(names)].filter((name) => known.lastIndexOf(name) < 0);
  if (fresh.length === 0) return alert;
  const contactNames = [...known, ...fresh.slice(0, CONTACTS_MAX - known.length)];
  const isMore = known.length + fresh.length > CONTACTS_MAX;
  return {
    ...alert,
    contacts: contactNames.length,
    contactNames,
    ...(isMore && { contactsMore: true }),
  };
}

/** As it is told: a number, and nobody's name. */
export function nameless({ contactNames: _, ...alert }: Alert): Alert {
  return alert;
}

/** `7 contacts`, `more than 1,000 contacts`, `nobody`; undefined where it is not known. */
export function contactsText({ contacts, contactsMore }: Met): string | undefined {
  if (contacts === undefined) return undefined;
  if (contacts === 0) return 'nobody';
  return `${contactsMore === true ? 'more than ' : ''}${counted(contacts, 'contact')}`;
}

/** `affected so far: 7 contacts`; undefined where it is not known. */
export function affectedText(alert: Met & Pick<Alert, 'kind' | 'joins'>): string | undefined {
  const text = contactsText(alert);
  if (text === undefined) return undefined;
  const isOver = alert.kind === 'recovered' && alert.joins === undefined;
  return `affected ${isOver ? 'in all' : 'so far'}: ${text}`;
}

/** Contacts that something has happened to lately, as many as an alert tells apart. */
export class RecentContacts {
  /** The one of the longest ago first; monotonic milliseconds. */
  readonly #lastMs = new Map<string, number>();

  add(name: string, nowMs: number): void {
    this.#lastMs.delete(name);
    this.#lastMs.set(name, nowMs);
    if (this.#lastMs.size <= CONTACTS_MAX + 1) return;
    for (const oldest of this.#lastMs.keys()) {
      this.#lastMs.delete(oldest);
      break;
    }
  }

  delete(name: string): void {
    this.#lastMs.delete(name);
  }

  get all(): readonly string[] {
    return [...this.#lastMs.keys()];
  }

  within(windowMs: number, nowMs: number): readonly string[] {
    return [...this.#lastMs].flatMap(([name, lastMs]) =>
      isInWindow(lastMs, windowMs, nowMs) ? [name] : [],
    );
  }
}

/** The same by what it is put down to, such as a service. */
export class RecentByCause {
  readonly #contacts = new Map<string, RecentContacts>();

  /** @param cause undefined where it is put down to nothing */
  add(cause: string | undefined, name: string, nowMs: number): void {
    const known = this.#contacts.get(cause ?? '');
    const its = known ?? new RecentContacts();
    if (known === undefined) this.#contacts.set(cause ?? '', its);
    its.add(name, nowMs);
  }

  delete(cause: string, name: string): void {
    this.#contacts.get(cause)?.delete(name);
  }

  within(windowMs: number, nowMs: number): readonly string[] {
    return [...this.#contacts.values()].flatMap((its) => its.within(windowMs, nowMs));
  }

  of(cause: string, windowMs: number, nowMs: number): readonly string[] {
    return this.#contacts.get(cause)?.within(windowMs, nowMs) ?? [];
  }

  all(cause: string): readonly string[] {
    return this.#contacts.get(cause)?.all ?? [];
  }

  forget(cause: string): void {
    this.#contacts.delete(cause);
  }
}
