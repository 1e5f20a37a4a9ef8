/**
 * In which random worlds people are asked to press a key, and have a number in two lists.
 */
import type { Contact } from '../domain/contact.ts';
import type { Chance } from './chance.ts';
import type { Quirks } from './quirks.ts';
import type { OtherCampaign } from './random-configs.ts';

/** How many of those who pick up opt out; undefined where the script asks for nothing. */
export function randomOptOuts(chance: Chance): number | undefined {
  return chance.of(0.35, 'asks for a key') ? chance.pick([0.2, 0.5, 1], 'opt out') : undefined;
}

/** The second campaign has some of the numbers of the first. */
export function withNeighbours(
  chance: Chance,
  other: OtherCampaign | undefined,
  contacts: readonly Contact[],
  { byNumber = [] }: Pick<Quirks, 'byNumber'>,
): OtherCampaign | undefined {
  // Where calls are known by their numbers, two campaigns of one number would be another matter.
  if (other === undefined || byNumber.length > 0) return other;
  const shared = other.contacts.map((contact, index) => {
    const one = contacts[index];
    const isShared = one !== undefined && chance.of(0.7, 'neighbour', contact.id);
    return isShared ? { ...contact, phone: one.phone } : contact;
  });
  return { ...other, contacts: shared };
}
