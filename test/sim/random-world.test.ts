import { describe, expect, it } from 'vitest';
import { ROLES } from '../../src/domain/words.ts';
import { type RandomWorld, randomWorld } from '../../src/sim/random-world.ts';
import { answerMs } from '../../src/sim/vendors.ts';
import { seedsFrom } from '../support/hunt-bench.ts';

const worlds = seedsFrom(1, 400).map(randomWorld);

function namesAll(chains: RandomWorld['chains'], all: RandomWorld['chains']): boolean {
  return ROLES.every((role) => all[role].every((service) => chains[role].includes(service)));
}

function share(holds: (world: RandomWorld) => boolean): number {
  return worlds.filter(holds).length / worlds.length;
}

const listed = ({ speaking = [] }: RandomWorld['quirks']): number => speaking.length;

describe('a random world', () => {
  it('is a plain value, the same for the same seed', () => {
    expect(JSON.parse(JSON.stringify(randomWorld(7)))).toEqual(
      JSON.parse(JSON.stringify(randomWorld(7))),
    );
    expect(randomWorld(7)).not.toEqual(randomWorld(8));
  });

  it('can come to its end: every service answers in time while nothing is wrong', () => {
    for (const { chains: first, policies, behaviour, lives, other } of worlds) {
      const all = [first, ...lives.map(({ chains = first }) => chains), other?.chains ?? first];
      for (const role of ROLES) {
        for (const service of all.flatMap((chains) => chains[role])) {
          const slowestMs = 1.5 * answerMs(behaviour, { role, service });
          const requestMs = policies[service]?.timeouts.requestMs;
          expect(requestMs === 0 ? Number.POSITIVE_INFINITY : requestMs).toBeGreaterThan(slowestMs);
        }
      }
    }
  });

  it('has a list that the program takes: numbers and ids once, rows left', () => {
    for (const { contacts, lives, sameNumber } of worlds) {
      expect(new Set(contacts.map(({ id }) => id)).size).toBe(contacts.length);
      const numbers = new Set(contacts.map(({ phone }) => phone)).size;
      expect(sameNumber === 'allow' || numbers === contacts.length).toBe(true);
      const removed = lives.flatMap((life) => life.removed);
      expect(removed.length).toBeLessThan(contacts.length);
    }
  });

  it.each<[string, (world: RandomWorld) => boolean]>([
    ['one contact', ({ contacts }) => contacts.length === 1],
    ['twenty and more', ({ contacts }) => contacts.length >= 20],
    ['two languages', ({ contacts }) => contacts.some(({ language }) => language === 'es')],
    ['one line', ({ policy }) => policy.lines === 1],
    ['fifty lines', ({ policy }) => policy.lines === 50],
    ['a preview', ({ chains }) => chains.dialer[0] === 'preview'],
    ['three services for a role', ({ chains }) => chains.llm.length === 3],
    ['a vendor in two roles', ({ chains }) => chains.tts.some((one) => chains.llm.includes(one))],
    ['a pause at outages', ({ policy }) => policy.onOutage === 'pause'],
    ['no outage', ({ outages }) => outages.length === 0],
    ['six outages', ({ outages }) => outages.length === 6],
    ['an outage of everything', ({ outages }) => outages.some(({ name }) => name === 'all')],
    [
      'an outage longer than the patience',
      ({ outages, policy }) =>
        outages.some(({ startMs, endMs }) => endMs - startMs > policy.outageWaitMs),
    ],
    ['a dialer that forgets', ({ quirks }) => quirks.memory === 'forgets'],
    ['a dialer that forgets some', ({ quirks }) => quirks.memory === 'some'],
    ['a dialer that answers at once', ({ quirks }) => quirks.hasty],
    [
      'a stop while a call is placed',
      ({ lives }) => lives.some((life) => life.stopOnPlace !== undefined),
    ],
    ['a dialer that speaks', ({ quirks }) => quirks.speaking?.length !== 0],
    [
      'a dialer that speaks beside one that does not',
      ({ quirks, chains }) => 0 < listed(quirks) && listed(quirks) < chains.dialer.length,
    ],
    ['an exchange', ({ quirks }) => quirks.exchanges?.length !== 0],
    [
      'an exchange beside another dialer',
      ({ quirks, chains }) => {
        const { exchanges = [] } = quirks;
        return 0 < exchanges.length && exchanges.length < chains.dialer.length;
      },
    ],
    ['people who hang up at once', ({ behaviour }) => (behaviour.dropped ?? 0) > 0],
    ['calls known by their numbers', ({ quirks }) => quirks.byNumber?.length !== 0],
    [
      'a household with one number',
      ({ contacts }) => new Set(contacts.map(({ phone }) => phone)).size < contacts.length,
    ],
    [
      'settings for requests at once',
      ({ policies }) => Object.values(policies).some((its) => its.concurrencyMax !== undefined),
    ],
    [
      'a vendor that takes fewer at once than the settings say',
      ({ capacities, policies }) =>
        capacities.some(({ place, atOnceMax, endMs }) => {
          const max = policies[place.service]?.concurrencyMax ?? 0;
          return endMs === undefined && atOnceMax < max;
        }),
    ],
    [
      'a vendor that takes fewer for a while',
      ({ capacities }) => capacities.some(({ endMs }) => endMs !== undefined),
    ],
    ['no kill', ({ lives }) => lives.every(({ fuse }) => fuse === undefined)],
    ['a limit', ({ lives }) => lives.some(({ limit }) => limit !== undefined)],
    ['an hour', ({ lives }) => lives.some(({ untilMs }) => untilMs !== undefined)],
    ['rows deleted', ({ lives }) => lives.some(({ removed }) => removed.length > 0)],
    ['numbers corrected', ({ lives }) => lives.some(({ corrected }) => corrected.length > 0)],
    ['rows in hand deleted', ({ lives }) => lives.some((life) => life.inHand === 'deleted')],
    ['rows in hand corrected', ({ lives }) => lives.some((life) => life.inHand === 'corrected')],
    [
      'settings that change between lives',
      ({ lives, chains }) => lives.some((life) => (life.chains ?? chains) !== chains),
    ],
    [
      'a service that comes and goes',
      ({ lives, chains }) =>
        lives.some((life) => !namesAll(life.chains ?? chains, chains)) &&
        lives.some((life) => namesAll(life.chains ?? chains, chains)),
    ],
    ['lives of another campaign', ({ lives }) => lives.some(({ isOther }) => isOther === true)],
    ['two campaigns at a time', ({ lives }) => lives.some(({ beside }) => beside !== undefined)],
    [
      'two campaigns with a number in common',
      ({ other, contacts }) => {
        const phones = new Set(contacts.map(({ phone }) => phone));
        return other?.contacts.some(({ phone }) => phones.has(phone)) === true;
      },
    ],
    ['alerts kept apart', ({ keepsAlertsApart }) => keepsAlertsApart === true],
    [
      'a kill between a breaker and its alert',
      ({ lives }) => lives.some(({ fuse }) => fuse?.kind === 'before an alert is kept'),
    ],
    ['audio deleted', ({ lives }) => lives.some(({ losesAudio }) => losesAudio)],
  ])('sometimes has %s', (_what, holds) => {
    expect(share(holds)).toBeGreaterThan(0.015);
    expect(share(holds)).toBeLessThan(0.8);
  });

  it('has every fault', () => {
    const types = new Set(worlds.flatMap(({ outages }) => outages.map(({ fault }) => fault.type)));
    expect([...types].sort()).toEqual(
      [
        '400',
        '401',
        '429',
        '503',
        'cut',
        'flaky',
        'late',
        'picky',
        'refused',
        'reset',
        'restart',
        'slow',
        'timeout',
        'trunk',
      ].sort(),
    );
  });
});
