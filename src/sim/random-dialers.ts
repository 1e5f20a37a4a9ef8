/**
 * What dialers are like in a random world, beyond how long they take: whether they speak, and how
 * they find a call again.
 */
import type { Contact } from '../domain/contact.ts';
import type { Chance } from './chance.ts';
import { EXCHANGES } from './exchange.ts';
import type { Fault, Outage, TrunkWord } from './outage.ts';
import type { Quirks } from './quirks.ts';
import { type ChainNames, PREVIEW } from './simulated-services.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** All of a chain speak, or some, or, most often, none. */
export function randomDialers(
  chance: Chance,
  { dialer }: ChainNames,
): Pick<Quirks, 'speaking' | 'byNumber' | 'exchanges'> {
  const exchanges = chance.of(0.5, 'exchanges')
    ? dialer.filter((name) => EXCHANGES.includes(name))
    : [];
  const names = dialer.filter((name) => name !== PREVIEW && !exchanges.includes(name));
  const speakers = chance.pick(['none', 'none', 'none', 'none', 'some', 'all'], 'speakers');
  const speaking = names.filter((name) => {
    return speakers === 'all' || (speakers === 'some' && chance.of(0.5, 'speaks', name));
  });
  const byNumber = isByNumber(chance) ? names : [];
  return { speaking, byNumber, exchanges };
}

const TRUNK_WORDS: readonly TrunkWord[] = ['congested', 'congested', 'password', 'nothing'];

/** What goes wrong with exchanges: little is wrong with most of them at a time. */
export function exchangeOutages(
  chance: Chance,
  exchanges: readonly string[],
  horizonMs: number,
  outageWaitMs: number,
): readonly Outage[] {
  return exchanges.flatMap((service): readonly Outage[] => {
    const outage = (
      share: number,
      mostMs: number,
      nth: number,
      fault: Fault,
    ): readonly Outage[] => {
      const about = [fault.type, service, nth] as const;
      if (!chance.of(share, ...about)) return [];
      const startMs = Math.round(0.8 * horizonMs * chance.fraction(...about, 'start'));
      const endMs = startMs + chance.wholeByRatio(2 * SECOND_MS, mostMs, ...about, 'length');
      return [{ name: service, places: [{ role: 'dialer', service }], startMs, endMs, fault }];
    };
    const says = chance.pick(TRUNK_WORDS, 'trunk', service);
    return [
      ...[1, 2].flatMap((nth) => outage(0.35, 3 * MINUTE_MS, nth, { type: 'restart' })),
      ...[1, 2].flatMap((nth) => outage(0.35, 5 * MINUTE_MS, nth, { type: 'cut' })),
      ...outage(0.6, outageWaitMs, 1, { type: 'trunk', says }),
    ];
  });
}

/** How many of those who pick up hang up at once. */
export function randomDropped(chance: Chance): number {
  return chance.pick([0, 0, 0, 0.2, 0.5], 'dropped');
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
