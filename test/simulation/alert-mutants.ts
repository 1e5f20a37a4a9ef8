/**
 * Deliberate defects in what a run makes of alerts and breakers that it finds; see `mutants.ts`.
 */
import { vi } from 'vitest';
import type { Alert, Trouble } from '../../src/domain/alert.ts';
import { FailedCalls } from '../../src/domain/alert-failed-calls.ts';
import { FigureJudge } from '../../src/domain/alert-figure.ts';
import { ProgressWatch } from '../../src/domain/alert-progress.ts';
import { AlertWatch } from '../../src/domain/alert-watch.ts';
import { HealthWatch } from '../../src/domain/health-watch.ts';
import { Alerter, type FoundBreaker } from '../../src/engine/alerter.ts';
import type { AlertChannel, AlertMemory } from '../../src/engine/ports.ts';
import { Stall } from '../../src/engine/stall.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { asItIs, type Mutant, parts } from './mutants.ts';
import { WORLDS } from './worlds.ts';

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
        const { open, ...rest } = alerts.load();
        const troubles = (alert: Alert): Alert['troubles'] =>
          alert.troubles?.map((trouble) => change(trouble, campaign));
        return { open: open.map((alert) => ({ ...alert, troubles: troubles(alert) })), ...rest };
      },
    } satisfies AlertMemory,
  }));
}

/** Settings change between two lives, or another campaign has others. */
function changesSettings({ lives }: RandomWorld): boolean {
  return lives.some(({ chains }) => chains !== undefined);
}

/** One after the other: of two at a time, each has breakers of its own, and little is known. */
function inTurn(world: RandomWorld): RandomWorld {
  return { ...world, lives: world.lives.map(({ beside: _, ...life }) => life) };
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

// ---------------------------------------------------------------------------- channels

/** What a channel sends goes another way. */
function channels(
  change: (channel: AlertChannel, all: Post) => Partial<AlertChannel>,
): Mutant['compose'] {
  return parts((given) => {
    const all: Post = { last: Promise.resolve() };
    return {
      channels: given.channels.map((one) => ({ ...one, ...change(one, all) })),
    };
  });
}

/** What is under way, on all channels. */
interface Post {
  last: Promise<unknown>;
}

/** Some channel is in trouble. */
function hasTrouble({ channels: plans = [] }: RandomWorld): boolean {
  return plans.some(({ troubles }) => troubles.length > 0);
}

/** One way for all: what is handed to it waits for what went before, on whichever channel. */
function afterTheOthers(one: AlertChannel, all: Post): Partial<AlertChannel> {
  return {
    send: (alert, signal) => {
      const before = all.last;
      const sent = before.then(
        () => one.send(alert, signal),
        () => one.send(alert, signal),
      );
      all.last = sent.catch(() => undefined);
      return sent;
    },
  };
}

const OF_CHANNELS: readonly Mutant[] = [
  {
    name: 'tells of an end only those who take its own severity',
    foundBy: 'told by severity',
    compose: channels((one) => ({
      send: (alert, signal) => {
        const isTaken = one.severities?.includes(alert.severity) ?? true;
        return isTaken ? one.send(alert, signal) : Promise.resolve();
      },
    })),
  },
  {
    name: 'tells nobody that what was a warning is critical by now',
    foundBy: 'one alert',
    compose: channels((one) => ({
      send: (alert, signal) => {
        const isWorse = alert.kind === 'raised' && alert.was !== undefined;
        return isWorse ? Promise.resolve() : one.send(alert, signal);
      },
    })),
  },
  {
    name: 'loses what a channel did not take',
    foundBy: 'told by severity',
    compose: parts(({ alerts }) => {
      let isStart = true;
      const load: AlertMemory['load'] = () => {
        const kept = alerts.load();
        const { owed } = isStart ? { owed: [] } : kept;
        isStart = false;
        return { ...kept, owed };
      };
      return { alerts: { ...alerts, load } };
    }),
    only: hasTrouble,
  },
  {
    name: 'tells of what is over by now',
    foundBy: 'nothing stale',
    compose: channels((one) => {
      const untold = new Map<string, Alert>();
      const send: AlertChannel['send'] = async (alert, signal) => {
        if (alert.kind === 'raised') untold.set(alert.key, alert);
        await one.send(alert, signal);
        const before = untold.get(alert.key);
        untold.delete(alert.key);
        if (alert.kind === 'recovered' && before !== undefined) await one.send(before, signal);
      };
      return { send };
    }),
    only: hasTrouble,
  },
  {
    name: 'does not write down that an alert was sent',
    foundBy: 'sent once',
    compose: parts(({ alerts }) => {
      const save: AlertMemory['save'] = ({ settled: _, ...rest }) => alerts.save(rest);
      return { alerts: { ...alerts, save } };
    }),
  },
  {
    name: 'sends what was kept without a word that it is late',
    foundBy: 'late says so',
    compose: channels((one) => ({
      send: ({ lateMs: _, ...alert }, signal) => one.send(alert, signal),
    })),
    only: hasTrouble,
  },
  {
    name: 'has one queue for all channels',
    foundBy: 'channels apart',
    compose: channels((one, all) => afterTheOthers(one, all)),
    only: hasTrouble,
  },
  {
    name: 'waits for an alert before it calls',
    foundBy: 'channels cost nothing',
    compose: parts((given) => {
      const all: Post = { last: Promise.resolve() };
      const sent =
        (one: AlertChannel): AlertChannel['send'] =>
        (alert, signal) => {
          const sending = one.send(alert, signal);
          all.last = Promise.race([sending, given.clock.sleep(10_000)]).catch(() => undefined);
          return sending;
        };
      const { services } = given;
      return {
        channels: given.channels.map((one) => ({ ...one, send: sent(one) })),
        services: {
          ...services,
          dialer: services.dialer.map((one) => ({
            ...one,
            place: async (...about) => {
              await all.last;
              return await one.place(...about);
            },
          })),
        },
      };
    }),
    only: hasTrouble,
  },
  {
    name: 'waits at its end for as long as a channel takes',
    foundBy: 'channels cost nothing',
    compose: (sound) => (world) => {
      const make = sound(world);
      return (given) => {
        const { alerter, ...made } = make(given);
        const close = async (): Promise<void> => {
          await given.clock.sleep(1_000);
          await alerter.close();
        };
        return { ...made, alerter: { close } };
      };
    },
    only: hasTrouble,
  },
];

/** What health checks say is heard otherwise. */
function checked(
  change: (take: Alerter['takeCheck']) => (...about: Parameters<Alerter['takeCheck']>) => void,
): () => void {
  const sound = Reflect.get(Alerter.prototype, 'takeCheck') as Alerter['takeCheck'];
  return () => {
    vi.spyOn(Alerter.prototype, 'takeCheck').mockImplementation(function (this: Alerter, ...about) {
      change((...its) => sound.apply(this, its))(...about);
    });
  };
}

const OF_CHECKS: readonly Mutant[] = [
  {
    name: 'does not listen to health checks',
    foundBy: 'health told',
    compose: asItIs,
    infect: checked(() => () => undefined),
  },
  {
    name: 'tells of a single bad health check',
    foundBy: 'one alert',
    compose: asItIs,
    infect: checked((take) => (...about) => {
      take(...about);
      const [, , isGood] = about;
      if (!isGood) take(...about);
    }),
  },
  {
    name: 'does not hear that a health check is good again',
    foundBy: 'one alert',
    compose: asItIs,
    infect: checked((take) => (...about) => {
      const [, , isGood] = about;
      if (!isGood) take(...about);
    }),
  },
];

const OF_LEVELS: readonly Mutant[] = [
  {
    name: 'takes a service that does nothing for one that only fails its checks',
    foundBy: 'health told',
    worlds: [WORLDS['calls in doubt for an outage that is over when they end']],
    compose: asItIs,
    infect: () => {
      const sound = Reflect.get(HealthWatch.prototype, 'checkFailed') as HealthWatch['checkFailed'];
      vi.spyOn(HealthWatch.prototype, 'checkFailed').mockImplementation(function (
        this: HealthWatch,
        ...about
      ) {
        const told = sound.apply(this, about);
        return told && { ...told, isDown: false };
      });
    },
  },
];

const OF_CALLS: readonly Mutant[] = [
  {
    name: 'tells nobody of a service that refuses everything as too much',
    foundBy: 'stalls told',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Stall.prototype, 'refused').mockReturnValue(undefined);
    },
  },
  {
    name: 'tells nobody that a call failed for good',
    foundBy: 'failed calls told',
    compose: asItIs,
    infect: () => {
      vi.spyOn(FailedCalls.prototype, 'failed').mockReturnValue([]);
    },
  },
  {
    name: 'takes what a service refuses for a consequence of its outage',
    foundBy: 'shares told',
    worlds: [WORLDS['calls refused by a dialer that fails its checks']],
    compose: asItIs,
    infect: () => {
      const take = Reflect.get(AlertWatch.prototype, 'take') as AlertWatch['take'];
      vi.spyOn(AlertWatch.prototype, 'take').mockImplementation(function (
        this: AlertWatch,
        event,
        moment,
      ) {
        const isFailure = event.type === 'call.failed';
        return take.call(this, isFailure ? { ...event, isRefusal: false } : event, moment);
      });
    },
  },
  {
    name: 'says that a share is well as soon as it is below its limit',
    foundBy: 'shares told',
    worlds: [WORLDS['a share of calls that is too high for a moment']],
    compose: asItIs,
    infect: () => {
      const judge = Reflect.get(FigureJudge.prototype, 'judge') as FigureJudge['judge'];
      vi.spyOn(FigureJudge.prototype, 'judge').mockImplementation(function (
        this: FigureJudge,
        ...about
      ) {
        const [{ key, limitAt, window, cleared }, { open }] = about;
        const isBelow = window.sum <= limitAt * window.count;
        if (!open.has(key) || !isBelow) return judge.apply(this, about);
        return [{ type: 'cleared', key, words: cleared() }];
      });
    },
  },
  {
    name: 'forgets at the end of an outage whose calls are in doubt for it',
    foundBy: 'shares told',
    worlds: [WORLDS['calls in doubt for an outage that is over when they end']],
    compose: asItIs,
    infect: () => {
      const take = Reflect.get(AlertWatch.prototype, 'take') as AlertWatch['take'];
      vi.spyOn(AlertWatch.prototype, 'take').mockImplementation(function (
        this: AlertWatch,
        event,
        moment,
      ) {
        return event.type === 'attempt.failed' ? [] : take.call(this, event, moment);
      });
    },
  },
  {
    name: 'takes a call that a service refuses for one that failed for good',
    foundBy: 'failed calls told',
    compose: asItIs,
    infect: () => {
      const take = Reflect.get(AlertWatch.prototype, 'take') as AlertWatch['take'];
      vi.spyOn(AlertWatch.prototype, 'take').mockImplementation(function (
        this: AlertWatch,
        event,
        moment,
      ) {
        const isRefusal = event.type === 'call.failed' && event.kind === 'permanent';
        return take.call(this, isRefusal ? { ...event, kind: 'transient' } : event, moment);
      });
    },
  },
];

const OF_NEWS: readonly Mutant[] = [
  {
    name: 'begins a list anew of which nobody is left',
    foundBy: 'news once',
    compose: asItIs,
    infect: () => {
      const started = Reflect.get(ProgressWatch.prototype, 'started') as ProgressWatch['started'];
      vi.spyOn(ProgressWatch.prototype, 'started').mockImplementation(function (
        this: ProgressWatch,
        event,
        moment,
      ) {
        const { contacts } = event;
        const isOver = contacts.total > 0 && contacts.done + contacts.uncertain === contacts.total;
        const one = isOver ? { ...contacts, done: contacts.done - 1 } : contacts;
        return started.call(this, { ...event, contacts: one }, moment);
      });
    },
  },
  {
    name: 'forgets what it has told of a campaign',
    foundBy: 'news once',
    compose: parts(({ alerts }) => ({
      alerts: { ...alerts, load: () => ({ ...alerts.load(), told: [] }) } satisfies AlertMemory,
    })),
  },
  {
    name: 'does not say that a campaign is done',
    foundBy: 'news once',
    compose: asItIs,
    infect: () => {
      vi.spyOn(ProgressWatch.prototype, 'finished').mockReturnValue([]);
    },
  },
];

export const ALERT_MUTANTS: readonly Mutant[] = [
  ...FOUND.map((mutant) => {
    return { ...mutant, foundBy: 'one alert', only: changesSettings, among: inTurn };
  }),
  ...OF_CHANNELS,
  ...OF_CHECKS,
  ...OF_LEVELS,
  ...OF_CALLS,
  ...OF_NEWS,
];
