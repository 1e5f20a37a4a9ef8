/**
 * What simulated vendors charge, and what the operator is ready to pay.
 */
import type { Contact } from '../domain/contact.ts';
import type { PriceList } from '../domain/money.ts';
import type { Usage } from '../domain/usage.ts';
import { ROLES, type Role } from '../domain/words.ts';
import type { Chance } from './chance.ts';
import { type Draw, spread } from './draws.ts';
import type { Place } from './outage.ts';

/** In millionths of the currency's unit, as everywhere. */
export interface Money {
  readonly prices: PriceList;
  /** Until everything has healed; then the operator has raised it out of the way. */
  readonly budgetMicros: number;
}

/** What a text, its speech and a minute's call come to, roughly, by the prices below. */
const CONTACT_MICROS = 45_000;

export function randomMoney(
  chance: Chance,
  contacts: readonly Contact[],
  chains: Readonly<Record<Role, readonly string[]>>,
): Money | undefined {
  if (!chance.of(0.25, 'money')) return undefined;
  const services = new Set(ROLES.flatMap((role) => chains[role]));
  const prices = [...services].map((service) => [
    service,
    {
      perMillionInputTokens: chance.pick([0, 150_000, 2_500_000], 'input price', service),
      perMillionOutputTokens: chance.pick([600_000, 10_000_000], 'output price', service),
      perThousandCharacters: chance.pick([15_000, 50_000, 100_000], 'voice price', service),
      perMinute: chance.pick([0, 14_000, 30_000], 'minute price', service),
      billedSeconds: chance.pick([1, 6, 60], 'billed seconds', service),
    },
  ]);
  const share = chance.pick([0.05, 0.2, 0.4, 0.6, 0.9], 'budget');
  return {
    prices: Object.fromEntries(prices),
    budgetMicros: Math.max(1, Math.round(share * contacts.length * CONTACT_MICROS)),
  };
}

/** What vendors bill. */
export interface Bills {
  /**
   * One answer; undefined where it is for nothing.
   *
   * @param talkMs from picking up to hanging up, of a call
   */
  of(place: Place, contact: string, talkMs: number): Usage | undefined;
}

/** Whatever comes: for a hunt. */
export function randomBills(draw: Draw): Bills {
  return { of: ({ role }, contact) => billFor(draw, role, contact) };
}

/**
 * What a reminder comes to, each varying evenly by half either way; a call as long as it lasts.
 *
 * - `outputTokens`: those that `llm` of the behaviour writes; `inputTokens`, the prompt and the
 *   row of the list, are an estimate.
 * - `characters`: the sample text takes about 20 s to say, at some 15 characters a second.
 */
const TYPICAL = { inputTokens: 300, outputTokens: 100, characters: 300 };

/** For a forecast. Whoever has no prices is not paid. */
export function typicalBills(draw: Draw, prices: PriceList): Bills {
  const about = (what: keyof typeof TYPICAL, contact: string): number =>
    Math.round(spread(TYPICAL[what], draw('billed', what, contact)));
  return {
    of: ({ role, service }, contact, talkMs) => {
      if (prices[service] === undefined) return undefined;
      switch (role) {
        case 'llm':
          return {
            inputTokens: about('inputTokens', contact),
            outputTokens: about('outputTokens', contact),
          };
        case 'tts':
          return { characters: about('characters', contact) };
        case 'dialer':
          return { seconds: Math.ceil(talkMs / 1_000) };
        case 'crm':
          return undefined;
      }
    },
  };
}

function billFor(draw: Draw, role: Role, contact: string): Usage | undefined {
  const between = (least: number, most: number, what: string): number =>
    least + Math.floor(draw('billed', what, contact) * (most - least + 1));
  switch (role) {
    case 'llm':
      return { inputTokens: between(80, 600, 'in'), outputTokens: between(30, 150, 'out') };
    case 'tts':
      return { characters: between(80, 700, 'characters') };
    case 'dialer':
      return { seconds: between(3, 90, 'seconds') };
    case 'crm':
      return undefined;
  }
}
