/**
 * The list of a simulation: plain data that threads share, in few bytes, from which each contact is
 * made when its turn comes.
 */
import type { Contact, ContactList } from '../domain/contact.ts';
import { madeUpContact } from './made-up-contacts.ts';

export type ContactRows =
  | { readonly type: 'made_up'; readonly length: number }
  | {
      readonly type: 'packed';
      readonly length: number;
      /** A JSON text per row, without anything between them. */
      readonly bytes: SharedArrayBuffer;
      /** Where each row ends. */
      readonly ends: Uint32Array<SharedArrayBuffer>;
    };

/** Packs contacts, batch by batch. */
export class ContactPacker {
  readonly #batches: Buffer[] = [];
  readonly #ends: number[] = [];
  #size = 0;

  add(contacts: readonly Contact[]): void {
    const texts = contacts.map((contact) => JSON.stringify(cellsOf(contact)));
    for (const text of texts) {
      this.#size += Buffer.byteLength(text);
      this.#ends.push(this.#size);
    }
    this.#batches.push(Buffer.from(texts.join('')));
  }

  packed(): ContactRows {
    const bytes = new SharedArrayBuffer(this.#size);
    let filled = 0;
    for (const batch of this.#batches) {
      new Uint8Array(bytes).set(batch, filled);
      filled += batch.length;
    }
    const { length } = this.#ends;
    const ends = new Uint32Array(new SharedArrayBuffer(length * Uint32Array.BYTES_PER_ELEMENT));
    ends.set(this.#ends);
    return { type: 'packed', length, bytes, ends };
  }
}

export function contactsOf(rows: ContactRows): ContactList {
  const { length } = rows;
  return {
    length,
    at: (index) => {
      if (index >= length) return undefined;
      if (rows.type === 'made_up') return madeUpContact(index);
      const start = rows.ends[index - 1] ?? 0;
      const size = (rows.ends[index] ?? 0) - start;
      return contactFrom(JSON.parse(Buffer.from(rows.bytes, start, size).toString()));
    },
  };
}

type Cells = readonly [
  id: string,
  name: string | null,
  phone: string,
  language: string | null,
  timezone: string | null,
  email: string | null,
  line: number,
  variables: Readonly<Record<string, string>>,
];

function cellsOf(contact: Contact): Cells {
  const { id, name = null, phone, language = null, timezone = null, email = null } = contact;
  return [id, name, phone, language, timezone, email, contact.line, contact.variables];
}

function contactFrom(cells: Cells): Contact {
  const [id, name, phone, language, timezone, email, line, variables] = cells;
  return {
    id,
    name: name ?? undefined,
    phone,
    language: language ?? undefined,
    timezone: timezone ?? undefined,
    email: email ?? undefined,
    variables,
    line,
  };
}
