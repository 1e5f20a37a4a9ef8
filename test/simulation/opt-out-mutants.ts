/**
 * Deliberate defects in how it is kept that somebody asked not to be called; see `mutants.ts`.
 */
import { vi } from 'vitest';
import type { JournalEntry } from '../../src/engine/ports.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { MemoryOptOuts } from '../../src/store/memory-opt-outs.ts';
import { journal, type Mutant, parts } from './mutants.ts';

/** Everybody picks up and opts out. */
function fedUp(world: RandomWorld): RandomWorld {
  const shares = { answered: 1, voicemail: 0, no_answer: 0, busy: 0, invalid_number: 0 };
  return {
    ...world,
    quirks: { ...world.quirks, optOuts: 1, refusals: 0 },
    behaviour: { ...world.behaviour, shares },
  };
}

/** The second campaign has the numbers of the first. */
function neighbours(world: RandomWorld): RandomWorld {
  const { contacts, other } = world;
  const shared = other?.contacts.map((one, index) => {
    return { ...one, phone: contacts[index]?.phone ?? one.phone };
  });
  const its = other && shared && { ...other, contacts: shared };
  return fedUp({ ...world, other: its, quirks: { ...world.quirks, byNumber: [] } });
}

/** The same, and killed once the outcome of a call is on disk. */
function cutShort(world: RandomWorld): RandomWorld {
  const lives = world.lives.map((life, index) => ({
    ...life,
    ...(life.isOther === true ? {} : { fuse: { at: 6 + index, kind: 'after a commit' } }),
  }));
  return neighbours({ ...world, lives });
}

/** One household, on several lines. */
function household(world: RandomWorld): RandomWorld {
  const { contacts, policy } = world;
  const phone = contacts[0]?.phone ?? '';
  return fedUp({
    ...world,
    contacts: contacts.map((contact) => ({ ...contact, phone })),
    sameNumber: 'allow',
    policy: { ...policy, lines: 4 },
    callsPerSecond: 0.05,
    quirks: { ...world.quirks, byNumber: [] },
  });
}

const hasOther = ({ other }: RandomWorld): boolean => other !== undefined;

/** The campaign whose life is on: one after the other lives. */
let current = '';

export const OPT_OUT_MUTANTS: readonly Mutant[] = [
  {
    name: 'writes down after the outcome that somebody opted out',
    foundBy: 'opted out',
    compose: journal((sound) => {
      const late = new Map<string, JournalEntry>();
      return {
        write: async (key, entry) => {
          if (entry.type === 'call.answered') {
            late.set(key.call, entry);
            return;
          }
          await sound.write(key, entry);
          const answered = late.get(key.call);
          if (entry.type !== 'call.ended' || answered === undefined) return;
          late.delete(key.call);
          await sound.write(key, answered);
        },
      };
    }),
    only: hasOther,
    among: cutShort,
  },
  {
    name: 'knows only who opted out of the same campaign',
    foundBy: 'opted out',
    compose: parts(({ campaign }) => {
      current = campaign;
      return {};
    }),
    infect: () => {
      const find = Reflect.get(MemoryOptOuts.prototype, 'find') as MemoryOptOuts['find'];
      vi.spyOn(MemoryOptOuts.prototype, 'find').mockImplementation(function (
        this: MemoryOptOuts,
        number,
      ) {
        const found = find.call(this, number);
        return found?.campaign === current ? found : undefined;
      });
    },
    only: hasOther,
    among: neighbours,
  },
  {
    name: 'does not ask once more before the phone rings whether somebody opted out',
    foundBy: 'opted out',
    compose: journal((sound) => ({
      write: (key, entry) =>
        entry.type === 'attempt.begun' || entry.type === 'attempt.ended'
          ? sound.write(key, entry).catch(() => undefined)
          : sound.write(key, entry),
    })),
    among: household,
  },
];
