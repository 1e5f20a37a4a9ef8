import type { Contact } from '../domain/contact.ts';

export interface ContactSinkOptions {
  /** Whether a second contact may have a number that another one has. */
  readonly sameNumber: 'reject' | 'allow';
}

/** What a row of the list says of a contact besides its id and line. */
export type ContactDetails = Omit<Contact, 'id' | 'line'>;

/** The contact as a call has rung it: the list may give it another number since. */
export function asRung(contact: Contact, phone: string | undefined): Contact {
  const { phoneWritten: _, ...rest } = contact;
  const isAnother = phone !== undefined && phone !== '' && phone !== contact.phone;
  return isAnother ? { ...rest, phone } : contact;
}

/** Where rows send their contacts: the number of each, by id. Of one id, the first row counts. */
export function numbersOf(contacts: readonly Contact[]): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>();
  for (const { id, phone } of contacts) {
    if (!numbers.has(id)) numbers.set(id, phone);
  }
  return numbers;
}

/** Whether two rows say the same, in whatever spelling of the number and order of the columns. */
export function sameDetails(one: ContactDetails, other: ContactDetails): boolean {
  return one.phone === other.phone && sameWords(one, other);
}

/** Whether what is said to a contact would be the same: everything but the number. */
export function sameWords(one: ContactDetails, other: ContactDetails): boolean {
  return (
    one.name === other.name &&
    one.language === other.language &&
    one.timezone === other.timezone &&
    one.email === other.email &&
    sameVariables(one.variables, other.variables)
  );
}

function sameVariables(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && one[name] === other[name])
  );
}
