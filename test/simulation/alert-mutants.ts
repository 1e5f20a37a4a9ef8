/**
 * Deliberate defects in what a run makes of alerts and breakers that it finds; see `mutants.ts`.
 */
import { vi } from 'vitest';
import type { Alert, Trouble } from '../../src/domain/alert.ts';
import { Alerter, type FoundBreaker } from '../../src/engine/alerter.ts';
import type { AlertMemory } from '../../src/engine/ports.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { asItIs, type Mutant, parts } from './mutants.ts';

/** A run is told of other breakers than it begins with. */
function found(change: (breakers: readonly FoundBreaker[]) => readonly FoundBreaker[]) {
  const reconcile = Reflect.get(Alerter.prototype, 'reconcile') as Alerter['reconcile'];
  return (): void => {
    vi.spyOn(Alerter.prototype, 'reconcile').mockImplementation(function (this: Alerter, breakers) {
      reconcile.call(this, change(breakers));
    });
  };
}

/** What is down is known to be, and nobody says so. */
function untold(breakers: readonly FoundBreaker[]): readonly FoundBreaker[] {
  return Object.assign([...breakers], { filter: () => [] });
}

/** What is open is read with other troubles than were kept. */
function reading(change: (trouble: Trouble, campaign: string) => Trouble): Mutant['compose'] {
  return parts(({ alerts, campaign }) => ({
    alerts: {
      ...alerts,
      load: () => {
        const { open, owed } = alerts.load();
        const troubles = (alert: Alert): Alert['troubles'] =>
          alert.troubles?.map((trouble) => change(trouble, campaign));
        return { open: open.map((alert) => ({ ...alert, troubles: troubles(alert) })), owed };
      },
    } satisfies AlertMemory,
  }));
}

/** Settings change between two lives, or another campaign has others. */
function changesSettings({ lives }: RandomWorld): boolean {
  return lives.some(({ chains }) => chains !== undefined);
}

const FOUND: readonly Omit<Mutant, 'foundBy' | 'only'>[] = [
  {
    name: 'looks at no alert that an earlier run left open',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Alerter.prototype, 'reconcile').mockReturnValue(undefined);
    },
  },
  {
    name: 'does not tell of what it finds down',
    compose: asItIs,
    infect: found(untold),
  },
  {
    name: 'takes for unused what it finds down',
    compose: asItIs,
    infect: found((breakers) => breakers.filter(({ state }) => state === 'closed')),
  },
  {
    name: 'takes for back what it finds down',
    compose: asItIs,
    infect: found((breakers) => breakers.map((one) => ({ ...one, state: 'closed' }))),
  },
  {
    name: 'takes for down what it finds half open or closed',
    compose: asItIs,
    infect: found((breakers) => breakers.map((one) => ({ ...one, state: 'open' }))),
  },
  {
    name: 'ends the alert of a service that only another campaign uses',
    compose: reading((trouble, campaign) => {
      return trouble.campaign === campaign ? trouble : { ...trouble, campaign };
    }),
  },
  {
    name: 'ends the alert of a service that another campaign uses as well',
    compose: reading(({ alsoIn: _, ...trouble }) => trouble),
  },
  {
    name: 'ends no alert of a service that is not in use any more',
    compose: reading((trouble) => ({ ...trouble, campaign: 'none of them' })),
  },
];

export const ALERT_MUTANTS: readonly Mutant[] = FOUND.map((mutant) => ({
  ...mutant,
  foundBy: 'one alert',
  only: changesSettings,
}));
