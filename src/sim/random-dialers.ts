/**
 * What dialers are like in a random world, beyond how long they take: whether they speak, and how
 * they find a call again.
 */
import type { Contact } from '../domain/contact.ts';
import type { Chance } from './chance.ts';
import type { Quirks } from './outside.ts';
import { type ChainNames, PREVIEW } from './simulated-services.ts';

/** All of a chain speak, or some, or, most often, none. */
export function randomDialers(
  chance: Chance,
  { dialer }: ChainNames,
): Pick<Quirks, 'speaking' | 'byNumber'> {
  const names = dialer.filter((name) => name !== PREVIEW);
  const speakers = chance.pick(['none', 'none', 'none', 'none', 'some', 'all'], 'speakers');
  const speaking = names.filter((name) => {
    return speakers === 'all' || (speakers === 'some' && chance.of(0.5, 'speaks', name));
  });
  const byNumber = isByNumber(chance) ? names : [];
  return { speaking, byNumber };
}

export function isByNumber(chance: Chance): boolean {
  return chance.of(0.25, 'by number');
}

/** Where calls are known by their numbers, contacts of one household are what makes it hard. */
export function withHouseholds(
  chance: Chance,
  contacts: readonly Contact[],
  sameNumber: 'reject' | 'allow',
): readonly Contact[] {
  if (sameNumber === 'reject' || !isByNumber(chance)) return contacts;
  return contacts.map((contact, index) => {
    if (index === 0 || !chance.of(0.4, 'household', contact.id)) return contact;
    const { phone } = contacts[chance.whole(0, index - 1, 'household of', contact.id)] ?? contact;
    return { ...contact, phone };
  });
}
