/**
 * Deliberate defects in how many requests a service gets at once, and in what dialers say, hear
 * and find; see `mutants.ts`.
 */
import { vi } from 'vitest';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { NumberDesk } from '../../src/domain/number-desk.ts';
import type { ClaimKey } from '../../src/engine/ports.ts';
import { Room } from '../../src/engine/room.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { greeting } from '../../src/sim/simulated-services.ts';
import { asItIs, dialer, journal, type Mutant, policies, services } from './mutants.ts';

/** How a request leaves its place becomes another way, or it never does. */
function leaving(change: (how: Parameters<Room['leave']>[0]) => typeof how | undefined) {
  const leave = Reflect.get(Room.prototype, 'leave') as Room['leave'];
  return () => {
    vi.spyOn(Room.prototype, 'leave').mockImplementation(function (this: Room, how, epoch) {
      const left = change(how);
      if (left !== undefined) leave.call(this, left, epoch);
    });
  };
}

/** Many who want a text at once from one who takes two, and takes one only for a while. */
function crowded(world: RandomWorld): RandomWorld {
  const { chains, policy, policies: all } = world;
  const [service = ''] = chains.llm;
  const place = { role: 'llm', service } as const;
  const retry = { initialDelayMs: 100, backoffFactor: 1, maxRetries: 4, maxDelayMs: 60_000 };
  const its = all[service];
  if (its === undefined) return world;
  return {
    ...world,
    chains: { ...chains, llm: [service] },
    policy: { ...policy, lines: 8 },
    policies: { ...all, [service]: { ...its, retry: { ...retry, jitter: 0 }, concurrencyMax: 2 } },
    outages: [],
    capacities: [{ place, atOnceMax: 1, startMs: 0, endMs: 3_000 }],
  };
}

/** Everybody has one number, and calls are known by it; nobody forgets, so that it comes out. */
function oneNumber(world: RandomWorld): RandomWorld {
  const { contacts, chains, quirks, policy } = world;
  const phone = contacts[0]?.phone ?? '';
  return {
    ...world,
    contacts: contacts.map((contact) => ({ ...contact, phone })),
    sameNumber: 'allow',
    policy: { ...policy, lines: 4 },
    quirks: { ...quirks, memory: 'knows', hasty: false, byNumber: chains.dialer },
  };
}

/** Another campaign on the store rings the number as well. */
function oneNumberOnBoth(world: RandomWorld): RandomWorld {
  const one = oneNumber(world);
  const phone = one.contacts[0]?.phone ?? '';
  const contacts = one.other?.contacts.map((contact) => ({ ...contact, phone })) ?? [];
  return { ...one, other: one.other && { ...one.other, contacts } };
}

/** Claims of those who are asked about once more. */
const ASKED = new WeakSet<ClaimKey>();

export const ROOM_MUTANTS: readonly Mutant[] = [
  {
    name: 'does not hear how much at once is allowed',
    foundBy: 'concurrency kept',
    compose: policies(({ concurrencyMax: max }) => ({ concurrencyMax: max && max + 1 })),
  },
  {
    name: 'goes on as before when a service is crowded',
    foundBy: 'fewer when crowded',
    compose: asItIs,
    infect: leaving((how) => (how === 'crowded' ? 'other' : how)),
  },
  {
    name: 'never sends more again to a service that was crowded once',
    foundBy: 'no place idle',
    compose: asItIs,
    infect: leaving((how) => (how === 'succeeded' ? 'other' : how)),
    among: crowded,
  },
  {
    name: 'a place that never comes back after a failure',
    foundBy: 'no place idle',
    compose: asItIs,
    infect: leaving((how) => (how === 'succeeded' ? how : undefined)),
  },
  {
    name: 'lets nobody in who had to wait for a place',
    foundBy: 'no place idle',
    compose: asItIs,
    infect: () => {
      const wait = Reflect.get(Room.prototype, 'wait') as Room['wait'];
      vi.spyOn(Room.prototype, 'wait').mockImplementation(async function (this: Room, ...about) {
        if (await wait.call(this, ...about)) this.leave('other', this.epoch);
        return false;
      });
    },
  },
  {
    name: 'has speech made for dialers that speak themselves',
    foundBy: 'nothing spoken unheard',
    compose: dialer(() => ({ speaks: undefined })),
  },
  {
    name: 'asks another account what became of a call',
    foundBy: 'nobody twice',
    compose: dialer(() => ({ account: undefined })),
  },
  {
    name: 'lets a dialer speak a language that it does not speak',
    foundBy: 'words first',
    compose: dialer((sound) => ({ speaks: sound.speaks && (() => true) })),
  },
  {
    name: 'says what nobody has written',
    foundBy: 'written first',
    compose: services(({ llm }) => ({
      llm: llm.map((one) => ({
        ...one,
        write: ({ contact }) => Promise.resolve({ text: greeting(contact.id, contact.name) }),
      })),
    })),
  },
  {
    name: 'never asks again about a call whose dialer was away',
    foundBy: 'uncertain for cause',
    compose: journal((sound) => ({
      write: (key, entry) =>
        sound.write(key, entry.type === 'call.ended' ? { ...entry, unasked: false } : entry),
    })),
  },
  {
    name: 'asks again, and does not believe what it is told',
    foundBy: 'uncertain for cause',
    compose: journal((sound) => ({
      claim: async (...about) => {
        const claim = await sound.claim(...about);
        if (claim?.stage === 'doubted') ASKED.add(claim.key);
        return claim;
      },
      write: (key, entry) => {
        if (entry.type !== 'call.ended' || !ASKED.has(key)) return sound.write(key, entry);
        const { detail } = entry;
        return sound.write(key, { type: 'doubt.kept', detail, unasked: false });
      },
    })),
  },
  {
    name: "does not know which calls are others'",
    foundBy: 'told apart',
    compose: journal(() => ({ isOthers: () => false })),
    among: oneNumber,
  },
  {
    name: 'gives up whom calls of ours to the same number were in the way of',
    foundBy: 'three rounds',
    compose: dialer((sound) => ({
      place: async (...about) => {
        try {
          return await sound.place(...about);
        } catch (error) {
          const isInTheWay = error instanceof ServiceFailure && error.isInTheWay;
          const { message, kind, scope, code } = error as ServiceFailure;
          throw isInTheWay ? new ServiceFailure(message, { kind, scope, code }) : error;
        }
      },
    })),
    among: oneNumber,
  },
  {
    name: 'rings a number where another call is in doubt',
    foundBy: 'number free',
    compose: asItIs,
    infect: () => {
      vi.spyOn(NumberDesk.prototype, 'take').mockReturnValue(true);
    },
    among: oneNumber,
  },
  {
    name: 'takes a call for its own that another campaign could claim',
    foundBy: 'nobody twice',
    compose: journal(() => ({ othersInDoubt: () => [] })),
    only: ({ other }) => other !== undefined,
    among: oneNumberOnBoth,
  },
];
