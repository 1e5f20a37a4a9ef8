import type { Contact } from '../domain/contact.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';

/** Enough to see that a script fails for everybody; rendering them takes some milliseconds. */
const SAMPLE_MAX = 200;

/** Keeps the first contacts that its sink let in: the script is tried on them before any call. */
export class SamplingSink implements ContactSink {
  readonly sample: Contact[] = [];
  readonly #sink: ContactSink;
  readonly #see: (contact: Contact) => void;

  /** @param see told of everyone whom the sink let in */
  constructor(sink: ContactSink, see: (contact: Contact) => void) {
    this.#sink = sink;
    this.#see = see;
  }

  add(contacts: readonly Contact[]): readonly Admission[] {
    const admissions = this.#sink.add(contacts);
    const accepted = contacts.filter((_contact, index) => isAccepted(admissions[index]));
    this.sample.push(...accepted.slice(0, SAMPLE_MAX - this.sample.length));
    for (const contact of accepted) this.#see(contact);
    return admissions;
  }

  finish(): number {
    return this.#sink.finish();
  }
}

function isAccepted(admission: Admission | undefined): boolean {
  return (
    admission?.type === 'added' || admission?.type === 'known' || admission?.type === 'changed'
  );
}
