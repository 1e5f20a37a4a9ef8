/**
 * Deliberate defects in how two campaigns get on with each other that run at the same time on one
 * store; see `mutants.ts`.
 */
import { vi } from 'vitest';
import type { AlertChange, AlertsKept } from '../../src/engine/ports.ts';
import { type CampaignLock, Locks } from '../../src/sim/locks.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { AlertBook } from '../../src/store/alert-book.ts';
import { asItIs, type Mutant, parts } from './mutants.ts';

/** The other campaign is started while this one is on, in every life. */
function together(world: RandomWorld): RandomWorld {
  const { other } = world;
  if (other === undefined) return world;
  const beside = { atMs: 2_000, chains: other.chains, fuse: undefined };
  const lives = world.lives.map((life) => ({
    ...life,
    ...(life.isOther === true ? {} : { beside, secondMs: undefined, fuse: undefined }),
  }));
  return { ...world, lives };
}

/** The same, with a service down that both name. */
function inTrouble(world: RandomWorld): RandomWorld {
  const at = together(world);
  const places = at.chains.llm.map((service) => ({ role: 'llm', service }) as const);
  const outage = { name: 'both', places, startMs: 0, endMs: 600_000, fault: { type: '503' } };
  return { ...at, outages: [outage as RandomWorld['outages'][number]], keepsAlertsApart: false };
}

const hasOther = ({ other }: RandomWorld): boolean => other !== undefined;

export const BESIDE_MUTANTS: readonly Mutant[] = [
  {
    name: 'has one lock for all campaigns',
    foundBy: 'one run',
    compose: asItIs,
    infect: () => {
      const acquire = Reflect.get(Locks.prototype, 'acquire') as Locks['acquire'];
      vi.spyOn(Locks.prototype, 'acquire').mockImplementation(function (
        this: Locks,
      ): CampaignLock | 'held' {
        return acquire.call(this, 'any');
      });
    },
    only: hasOther,
    among: together,
  },
  {
    name: 'knows only of alerts that were open when it began',
    foundBy: 'one alert',
    compose: parts(({ alerts }) => {
      let known: AlertBook | undefined;
      const book = (): AlertBook => {
        if (known !== undefined) return known;
        known = new AlertBook();
        const { open, told, owed } = alerts.load();
        known.apply({ open: [...open, ...told], owed });
        return known;
      };
      const load = (): AlertsKept => book().read();
      const save = (change: AlertChange): Promise<void> => {
        book().apply(change);
        return alerts.save(change);
      };
      return { alerts: { ...alerts, load, save } };
    }),
    only: hasOther,
    among: inTrouble,
  },
];
