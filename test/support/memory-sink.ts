import type { Contact } from '../../src/domain/contact.ts';
import type { Admission, ContactSink } from '../../src/engine/ports.ts';

interface Kept {
  contact: Contact;
  reading: number;
}

/** Contacts of one campaign over several readings of its list, none of them begun. */
export class MemoryContacts {
  readonly #sameNumber: 'reject' | 'allow';
  readonly #kept = new Map<string, Kept>();
  #reading = 0;
  /** How often a reading came to its end. */
  finished = 0;
  /** How many contacts each `add` was given. */
  readonly batches: number[] = [];

  constructor(sameNumber: 'reject' | 'allow' = 'reject') {
    this.#sameNumber = sameNumber;
  }

  get all(): readonly Contact[] {
    return [...this.#kept.values()].map((kept) => kept.contact);
  }

  /** Begins one reading. */
  sink(): ContactSink {
    this.#reading += 1;
    return {
      add: (contacts) => {
        this.batches.push(contacts.length);
        return contacts.map((contact) => this.#admit(contact));
      },
      finish: () => this.#finish(),
    };
  }

  #admit(contact: Contact): Admission {
    const known = this.#kept.get(contact.id);
    if (known?.reading === this.#reading) {
      return { type: 'same_id', line: known.contact.line };
    }
    const twin = this.all.find((other) => other.phone === contact.phone && other.id !== contact.id);
    if (twin !== undefined && this.#sameNumber === 'reject') {
      return { type: 'same_number', contact: twin.id, line: twin.line };
    }
    this.#kept.set(contact.id, { contact, reading: this.#reading });
    if (known === undefined) {
      return { type: 'added' };
    }
    return { type: isSame(known.contact, contact) ? 'known' : 'changed' };
  }

  #finish(): number {
    this.finished += 1;
    const gone = [...this.#kept].filter(([, kept]) => kept.reading !== this.#reading);
    for (const [id] of gone) {
      this.#kept.delete(id);
    }
    return gone.length;
  }
}

function isSame(a: Contact, b: Contact): boolean {
  return JSON.stringify({ ...a, line: 0 }) === JSON.stringify({ ...b, line: 0 });
}
