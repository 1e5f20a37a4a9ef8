import type { Contact } from '../domain/contact.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';

/** How many contacts are kept to try the script on. */
const SAMPLE_MAX = 1000;

/** Takes a list without storing it: enough to find what stands in it twice, and who speaks what. */
export class CheckSink implements ContactSink {
  readonly sample: Contact[] = [];
  /** Contacts by language; undefined for those that name none. */
  readonly languages = new Map<string | undefined, number>();
  /** By id, where each row stands and which number it has. */
  readonly rows = new Map<string, { readonly phone: string; readonly line: number }>();
  /** By number, who has it first. */
  readonly numbers = new Map<string, { readonly contact: string; readonly line: number }>();
  readonly #sameNumber: 'reject' | 'allow';
  readonly #see: (contact: Contact) => void;

  /** @param see told of everyone who is let in */
  constructor(sameNumber: 'reject' | 'allow', see: (contact: Contact) => void) {
    this.#sameNumber = sameNumber;
    this.#see = see;
  }

  add(contacts: readonly Contact[]): readonly Admission[] {
    return contacts.map((contact) => this.#admit(contact));
  }

  finish(): number {
    return 0;
  }

  #admit(contact: Contact): Admission {
    const { id, phone, line, language } = contact;
    const sameId = this.rows.get(id);
    if (sameId !== undefined) {
      return { type: 'same_id', line: sameId.line };
    }
    const sameNumber = this.numbers.get(phone);
    if (sameNumber !== undefined && this.#sameNumber === 'reject') {
      return { type: 'same_number', ...sameNumber };
    }
    this.rows.set(id, { phone, line });
    if (sameNumber === undefined) {
      this.numbers.set(phone, { contact: id, line });
    }
    this.languages.set(language, (this.languages.get(language) ?? 0) + 1);
    if (this.sample.length < SAMPLE_MAX) {
      this.sample.push(contact);
    }
    this.#see(contact);
    return { type: 'added' };
  }
}
