/**
 * Deliberate defects, each a few lines, each the kind of slip that a change could bring in. The
 * hunt must find every one of them: a checker that lets one pass guards nothing.
 */
import { vi } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry.ts';
import { ROLES, type Role } from '../../src/domain/words.ts';
import { Alerter } from '../../src/engine/alerter.ts';
import { CallAttempts } from '../../src/engine/call-attempts.ts';
import { Circuit } from '../../src/engine/circuit.ts';
import { HealthChecker } from '../../src/engine/health-checker.ts';
import { Pacer } from '../../src/engine/pacer.ts';
import type {
  AudioFile,
  Claim,
  ClaimKey,
  Crm,
  Dialer,
  Journal,
  JournalEntry,
} from '../../src/engine/ports.ts';
import { Waker } from '../../src/engine/waker.ts';
import type { Outage, Place } from '../../src/sim/outage.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import type { SimulatedServices } from '../../src/sim/simulated-services.ts';
import type { MadeEngine, MakeEngine, SimulatedParts } from '../../src/sim/simulation.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { MemoryCampaign } from '../../src/store/memory-campaign.ts';
import { MemoryContacts } from '../../src/store/memory-contacts.ts';

import { WORLDS } from './worlds.ts';

export type Compose = (world: RandomWorld) => MakeEngine;

export interface Mutant {
  readonly name: string;
  /** The checker that must find it. */
  readonly foundBy: string;
  /** The program's composition with the defect in it. */
  readonly compose: (sound: Compose) => Compose;
  /** Tried before the random ones, where such a defect shows in one of hundreds of them only. */
  readonly worlds?: readonly (RandomWorld | undefined)[];
  /** Puts the defect where no part can be exchanged; undone by `vi.restoreAllMocks`. */
  readonly infect?: () => void;
  /** Worlds in which it cannot show are not played. */
  readonly only?: (world: RandomWorld) => boolean;
  /** Makes of a world one in which it shows, where chance alone makes too few of them. */
  readonly among?: (world: RandomWorld) => RandomWorld;
}

// ---------------------------------------------------------------------------- how they are made

/** The engine gets other parts. */
export function parts(
  change: (parts: SimulatedParts) => Partial<SimulatedParts>,
): Mutant['compose'] {
  return (sound) => (world) => {
    const make = sound(world);
    return (given) => make({ ...given, ...change(given) });
  };
}

/** The engine reads other settings than the operator wrote. */
function settings(change: (world: RandomWorld) => Partial<RandomWorld>): Mutant['compose'] {
  return (sound) => (world) => sound({ ...world, ...change(world) });
}

export function policies(
  change: (policies: RandomWorld['policies'][string]) => Partial<RandomWorld['policies'][string]>,
): Mutant['compose'] {
  return settings((world) => ({
    policies: Object.fromEntries(
      Object.entries(world.policies).map(([name, policy]) => [
        name,
        { ...policy, ...change(policy) },
      ]),
    ),
  }));
}

export function journal(change: (journal: Journal) => Partial<Journal>): Mutant['compose'] {
  return parts((given) => ({ journal: { ...given.journal, ...change(given.journal) } }));
}

/** Entries of this type are said to be written, and are not. */
function swallowed(type: JournalEntry['type']): Mutant['compose'] {
  return journal((sound) => ({
    write: (key, entry) => (entry.type === type ? Promise.resolve() : sound.write(key, entry)),
  }));
}

export function services(
  change: (services: SimulatedServices) => Partial<SimulatedServices>,
): Mutant['compose'] {
  return parts((given) => ({ services: { ...given.services, ...change(given.services) } }));
}

export function dialer(change: (dialer: Dialer) => Partial<Dialer>): Mutant['compose'] {
  return services(({ dialer: sound }) => ({
    dialer: sound.map((one) => ({ ...one, ...change(one) })),
  }));
}

export function crm(change: (crm: Crm) => Partial<Crm>): Mutant['compose'] {
  return services(({ crm: sound }) => ({ crm: sound.map((one) => ({ ...one, ...change(one) })) }));
}

function engine(change: (made: MadeEngine) => MadeEngine): Mutant['compose'] {
  return (sound) => (world) => {
    const make = sound(world);
    return (given) => change(make(given));
  };
}

export const asItIs: Mutant['compose'] = (sound) => sound;

/** What a service fails with becomes another failure. */
async function failingWith<T>(
  work: Promise<T>,
  change: (failure: ServiceFailure) => ServiceFailure,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ServiceFailure ? change(error) : error;
  }
}

/** The failures of every request that is guarded. */
function failures(change: (failure: ServiceFailure) => ServiceFailure): Mutant['compose'] {
  return services(({ llm, tts, dialer: dialers, crm: crms }) => ({
    llm: llm.map((one) => ({
      ...one,
      write: (...about) => failingWith(one.write(...about), change),
    })),
    tts: tts.map((one) => ({
      ...one,
      speak: (...about) => failingWith(one.speak(...about), change),
    })),
    dialer: dialers.map((one) => ({
      ...one,
      place: (...about) => failingWith(one.place(...about), change),
    })),
    crm: crms.map((one) => ({
      ...one,
      record: (...about) => failingWith(one.record(...about), change),
    })),
  }));
}

function changed(failure: ServiceFailure, change: Partial<ServiceFailure>): ServiceFailure {
  const { message, kind, scope, code, status, retryAfterMs } = failure;
  const details = { kind, scope, code, status, retryAfterMs, ...change };
  return new ServiceFailure(message, details);
}

/** What a run has told of itself so far. */
interface Heard {
  isStarted: boolean;
  /** It has put somebody off until a service works. */
  hasPutOff: boolean;
  readonly away: Set<string>;
}

/** Contacts are called back only where the run, by what it has told, may do so. */
function recalling(may: (heard: Heard) => boolean): Mutant['compose'] {
  return parts(({ journal: sound, emit }) => {
    const heard: Heard = { isStarted: false, hasPutOff: false, away: new Set() };
    return {
      emit: (event) => {
        if (event.type === 'run.started') heard.isStarted = true;
        if (event.type === 'contact.put_off') heard.hasPutOff ||= event.waitsFor !== undefined;
        if (event.type === 'breaker.opened') heard.away.add(`${event.service} ${event.role}`);
        if (event.type === 'breaker.half_open' || event.type === 'breaker.closed') {
          heard.away.delete(`${event.service} ${event.role}`);
        }
        emit(event);
      },
      journal: {
        ...sound,
        recall: (nowMs) => (may(heard) ? sound.recall(nowMs) : Promise.resolve()),
      },
    };
  });
}

/** Services that fail together, some for longer. */
function outage(places: readonly Place[], endMs: number): Outage {
  return { name: 'together', places, startMs: 20_000, endMs, fault: { type: '503' } };
}

/** The same settings in every life. */
function unchanged(world: RandomWorld): RandomWorld {
  const lives = world.lives.map((life) => ({ ...life, chains: undefined, isOther: false }));
  return { ...world, other: undefined, lives };
}

/**
 * Whoever speaks fails, and whoever keeps the records for longer. Good probes show that there is
 * speech again long before those are due who were put off for it, and others are left to be called.
 */
function mutesAndForgets(world: RandomWorld): RandomWorld {
  const { chains, policy, policies: all } = world;
  const placesOf = (role: Role) => chains[role].map((service) => ({ role, service }));
  const timeouts = { requestMs: 15_000, callMs: 600_000 };
  const circuitBreaker = { failureThreshold: 4, recoveryTimeoutMs: 120_000, halfOpenMaxCalls: 1 };
  const slow = Object.keys(all).map((name) => {
    return [name, { retry: DEFAULT_RETRY, timeouts, circuitBreaker }];
  });
  const [first] = world.contacts;
  const contacts = Array.from({ length: 60 }, (_, index) => {
    return { ...first, id: `c${index + 1}`, phone: `+14155550${100 + index}`, line: index + 2 };
  });
  return {
    ...unchanged(world),
    contacts: contacts as RandomWorld['contacts'],
    looksUp: false,
    policy: { ...policy, lines: 4, onOutage: 'skip' },
    policies: Object.fromEntries(slow) as RandomWorld['policies'],
    healthCheck: { intervalMs: 5_000, timeoutMs: 5_000 },
    outages: [outage(placesOf('tts'), 90_000), outage(placesOf('crm'), 600_000)],
  };
}

/** Whoever makes the calls fails, with a breaker that never opens, until the run gives up. */
/** Every life ends at one of its first commits: that is where what was sent can be forgotten. */
function killedAtCommits(world: RandomWorld): RandomWorld {
  const lives = world.lives.map((life, position) => {
    const at = 1 + ((world.seed * 7 + position * 3) % 23);
    return { ...life, fuse: { kind: 'before a commit', at } };
  });
  return { ...world, lives };
}

function failsQuietly(world: RandomWorld): RandomWorld {
  const { chains, policy, policies: all } = world;
  const patient = Object.entries(all).map(([name, one]) => {
    return [name, { ...one, circuitBreaker: { ...one.circuitBreaker, failureThreshold: 1_000 } }];
  });
  const dialers = chains.dialer.map((service) => ({ role: 'dialer', service }) as const);
  return {
    ...world,
    policy: { ...policy, outageWaitMs: 60_000 },
    policies: Object.fromEntries(patient) as RandomWorld['policies'],
    outages: [outage(dialers, 600_000)],
  };
}

/** One account writes and speaks, and does neither for a while. */
function oneAccount(world: RandomWorld): RandomWorld {
  const { chains, policy, policies: all } = world;
  const service = 'openai';
  const timeouts = { requestMs: 60_000, callMs: 600_000 };
  const circuitBreaker = { failureThreshold: 1, recoveryTimeoutMs: 20_000, halfOpenMaxCalls: 1 };
  const openai = { retry: DEFAULT_RETRY, timeouts, circuitBreaker };
  const places = (['llm', 'tts'] as const).map((role) => ({ role, service }));
  return {
    ...world,
    chains: { ...chains, llm: [service], tts: [service] },
    policies: { ...all, openai },
    policy: { ...policy, lines: 8 },
    outages: [outage(places, 90_000)],
  };
}

/** The alerts hear something else than was told. */
function hearing(hear: (take: Alerter['take'], event: CampaignEvent) => void): void {
  const sound = Reflect.get(Alerter.prototype, 'take') as Alerter['take'];
  vi.spyOn(Alerter.prototype, 'take').mockImplementation(function (this: Alerter, event) {
    hear((heard) => sound.call(this, heard), event);
  });
}

// ---------------------------------------------------------------------------- claims that go wrong

/** A contact that is claimed stays in the queue, and nobody looks at the fence. */
function claimedTwice(sound: Journal): Partial<Journal> {
  const keys = new Map<string, ClaimKey>();
  return {
    claim: async (...about) => {
      const claim = await sound.claim(...about);
      if (claim === undefined || claim.stage !== 'fresh') return claim;
      keys.set(claim.key.contact, claim.key);
      if (claim.key.fence === 1) await sound.write(claim.key, { type: 'released' });
      return claim;
    },
    write: (key, entry) => sound.write(keys.get(key.contact) ?? key, entry).catch(() => undefined),
  };
}

/** A dial attempt that began and has no end is taken for one that never left. */
function forgetful(claim: Claim | undefined): Claim | undefined {
  return (
    claim && {
      ...claim,
      attempts: claim.attempts.map((attempt) => ({
        ...attempt,
        result: attempt.result ?? { type: 'not_placed', code: 'forgotten' },
      })),
    }
  );
}

/** Audio that was there once is said to be there for ever. */
function believed({ audio }: SimulatedParts): Partial<SimulatedParts> {
  const kept = new Map<string, AudioFile>();
  return {
    audio: {
      keep: (...about) => audio.keep(...about),
      find: async (hash) => {
        const file = { hash, path: `${hash}.wav`, durationMs: 0 };
        kept.set(hash, file);
        return file;
      },
    },
  };
}

/** Audio that is known by its voice alone: everybody hears what the first was told. */
function confused({ audio }: SimulatedParts): Partial<SimulatedParts> {
  let first: string | undefined;
  return {
    audio: {
      keep: (hash, speech) => {
        first ??= hash;
        return audio.keep(hash, speech);
      },
      find: (hash) => audio.find(first ?? hash),
    },
  };
}

// ---------------------------------------------------------------------------- the list

type Following = MemoryCampaign['catchUp'];

const RINGING: readonly Mutant[] = [
  {
    name: 'redials after a crash',
    foundBy: 'nobody twice',
    compose: journal((sound) => ({
      claim: async (...about) => forgetful(await sound.claim(...about)),
    })),
  },
  {
    name: 'takes a lost answer of `place` for a failure that can be tried again',
    foundBy: 'nobody twice',
    compose: dialer((sound) => ({
      place: (...about) =>
        failingWith(sound.place(...about), (failure) =>
          failure.kind === 'unknown' ? changed(failure, { kind: 'transient' }) : failure,
        ),
    })),
  },
  {
    name: 'takes "cannot tell" for "never placed"',
    foundBy: 'nobody twice',
    compose: dialer((sound) => ({
      find: async (...about) => {
        const found = await sound.find(...about);
        return found.state === 'unknown' ? { state: 'absent' } : found;
      },
    })),
  },
  {
    name: 'does not believe a dialer that has the call',
    foundBy: 'uncertain for cause',
    compose: dialer((sound) => ({
      find: async (...about) => {
        const found = await sound.find(...about);
        return found.state === 'placed' ? { state: 'unknown' } : found;
      },
    })),
  },
  {
    name: 'sends before the begin of the attempt is on disk',
    foundBy: 'nobody twice',
    compose: journal((sound) => ({
      write: (key, entry) => {
        const written = sound.write(key, entry);
        return entry.type === 'attempt.begun' ? Promise.resolve() : written;
      },
    })),
  },
  {
    name: 'claims a contact a second time',
    foundBy: 'nobody twice',
    compose: journal(claimedTwice),
  },
  { name: 'rings with nothing to say', foundBy: 'words first', compose: parts(believed) },
  { name: 'plays what another was told', foundBy: 'words first', compose: parts(confused) },
  {
    name: 'rings who was taken off the list',
    foundBy: 'removed stay away',
    compose: asItIs,
    infect: () => {
      vi.spyOn(MemoryContacts.prototype, 'finish').mockReturnValue(0);
    },
  },
  {
    name: 'rings by a row that was corrected while a call was open',
    foundBy: 'words first',
    compose: journal((sound) => ({
      claim: async (...about) => {
        const claim = await sound.claim(...about);
        return claim === undefined ? undefined : { ...claim, isOutdated: false };
      },
    })),
  },
  {
    name: 'calls again by the row that was corrected since',
    foundBy: 'words first',
    worlds: [WORLDS['called again while a run is on that has read the corrected row']],
    compose: asItIs,
    infect: () => {
      const catchUp = Reflect.get(MemoryCampaign.prototype, 'catchUp') as Following;
      vi.spyOn(MemoryCampaign.prototype, 'catchUp').mockImplementation(function (
        this: MemoryCampaign,
        contact,
      ) {
        // Where its last call has ended, the operator wants another.
        if (contact.calls.at(-1)?.ended === undefined) return catchUp.call(this, contact);
        this.pend(contact, undefined);
        contact.isUnlisted = false;
        return true;
      });
    },
  },
  {
    name: 'does not see a number that a contact is to have',
    foundBy: 'number once',
    worlds: [WORLDS['one number for a contact whose call is open and for another']],
    compose: asItIs,
    infect: () => {
      const twins = Reflect.get(MemoryCampaign.prototype, 'twins') as MemoryCampaign['twins'];
      vi.spyOn(MemoryCampaign.prototype, 'twins').mockImplementation(function (
        this: MemoryCampaign,
        phone,
        except,
      ) {
        return twins.call(this, phone, except).filter(({ contact }) => contact.phone === phone);
      });
    },
  },
  {
    name: 'refuses one of two rows that exchange their numbers',
    foundBy: 'number once',
    compose: asItIs,
    infect: () => {
      const add = Reflect.get(MemoryContacts.prototype, 'add') as MemoryContacts['add'];
      vi.spyOn(MemoryContacts.prototype, 'add').mockImplementation(function (
        this: MemoryContacts,
        rows,
      ) {
        return rows.flatMap((row) => add.call(this, [row]));
      });
    },
  },
  {
    name: 'notes a busy line as answered',
    foundBy: 'true outcomes',
    compose: dialer((sound) => ({
      follow: async (...about) => {
        const ended = await sound.follow(...about);
        return ended.outcome === 'busy' ? { ...ended, outcome: 'answered' } : ended;
      },
    })),
  },
];

const REPEATING: readonly Mutant[] = [
  {
    name: 'waits twice as long as it should',
    foundBy: 'textbook outage',
    compose: policies(({ retry }) => ({
      retry: { ...retry, initialDelayMs: 2 * retry.initialDelayMs, maxDelayMs: 120_000 },
    })),
  },
  {
    name: 'waits for an answer twice as long as it should',
    foundBy: 'given up in time',
    compose: policies(({ timeouts }) => ({
      timeouts: { ...timeouts, requestMs: 2 * timeouts.requestMs },
    })),
  },
  {
    name: 'counts the failures of all lines together',
    foundBy: 'opens in time',
    compose: asItIs,
    infect: () => {
      const failed = Reflect.get(Circuit.prototype, 'failed') as Circuit['failed'];
      vi.spyOn(Circuit.prototype, 'failed').mockImplementation(function (
        this: Circuit,
        permit,
        _line,
        ...about
      ) {
        failed.call(this, permit, 1, ...about);
      });
    },
  },
  {
    name: 'tries again what was refused for good',
    foundBy: 'never again',
    compose: failures((failure) =>
      failure.kind === 'permanent' ? changed(failure, { kind: 'transient' }) : failure,
    ),
  },
  {
    name: 'waits a tenth as long as it should',
    foundBy: 'waits as promised',
    compose: policies(({ retry }) => ({
      retry: {
        ...retry,
        initialDelayMs: retry.initialDelayMs / 10,
        maxDelayMs: retry.maxDelayMs / 10,
      },
    })),
  },
  {
    name: 'does not hear how long it is to wait',
    foundBy: 'retry after',
    compose: failures((failure) => changed(failure, { retryAfterMs: undefined })),
  },
  {
    name: 'a breaker that never opens',
    foundBy: 'opens in time',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Circuit.prototype, 'failed').mockReturnValue(undefined);
    },
  },
  {
    name: 'a breaker that opens a few failures late',
    foundBy: 'opens in time',
    compose: policies(({ circuitBreaker }) => ({
      circuitBreaker: { ...circuitBreaker, failureThreshold: circuitBreaker.failureThreshold + 3 },
    })),
  },
  {
    name: 'tries a half-open service with too many',
    foundBy: 'few trials',
    compose: policies(({ circuitBreaker }) => ({
      circuitBreaker: { ...circuitBreaker, halfOpenMaxCalls: 100 },
    })),
  },
  {
    name: 'forgets at a restart which services are down',
    foundBy: 'open lets nothing through',
    compose: parts(({ breakers }) => ({
      breakers: { load: () => undefined, save: (...about) => breakers.save(...about) },
    })),
  },
  {
    name: 'takes contacts beyond the budget',
    foundBy: 'budget kept',
    compose: parts(() => ({ purse: undefined })),
  },
  {
    name: 'forgets at a restart what was spent',
    foundBy: 'budget kept',
    compose: asItIs,
    infect: () => {
      vi.spyOn(MemoryStore.prototype, 'usage').mockReturnValue([]);
    },
  },
  {
    name: 'has a finished text written again',
    foundBy: 'paid once',
    compose: swallowed('script.ended'),
  },
];

const RUNNING: readonly Mutant[] = [
  {
    name: 'does not see who waits until later',
    foundBy: 'nobody lost',
    compose: journal((sound) => ({
      outlook: () => ({ ...sound.outlook(), nextDueMs: undefined }),
    })),
  },
  {
    name: 'says that all is done where it gives up',
    foundBy: 'ends for cause',
    compose: (sound) => (world) => {
      const make = sound(world);
      return (given) => {
        const made = make({
          ...given,
          emit: (event) => {
            const isGivenUp = event.type === 'run.finished' && event.end === 'outage';
            given.emit(isGivenUp ? { ...event, end: 'done' } : event);
          },
        });
        const run = async (signals: Parameters<typeof made.runner.run>[0]) => {
          const end = await made.runner.run(signals);
          return end === 'outage' ? 'done' : end;
        };
        return { ...made, runner: { run } };
      };
    },
  },
  {
    name: 'waits out an outage for a tenth of the time',
    foundBy: 'ends for cause',
    compose: parts(({ policy }) => ({
      policy: { ...policy, outageWaitMs: policy.outageWaitMs / 10 },
    })),
  },
  {
    name: 'probes three times as often',
    foundBy: 'probes apart',
    compose: settings(({ healthCheck }) => ({
      healthCheck: { ...healthCheck, intervalMs: healthCheck.intervalMs / 3 },
    })),
  },
  {
    name: 'rings faster than allowed',
    foundBy: 'pace kept',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Pacer.prototype, 'take').mockResolvedValue(true);
    },
  },
  {
    name: 'works on a line too many',
    foundBy: 'lines kept',
    compose: parts(({ policy }) => ({ policy: { ...policy, lines: policy.lines + 1 } })),
  },
  {
    name: 'does not wake the lines that wait',
    foundBy: 'the run goes on',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Waker.prototype, 'wake').mockReturnValue(undefined);
    },
  },
  {
    name: 'loses a timer in forty',
    foundBy: 'the run goes on',
    compose: parts(({ clock }) => {
      let armed = 0;
      return {
        clock: {
          ...clock,
          after: (...about) => ((armed += 1) % 40 === 0 ? () => undefined : clock.after(...about)),
        },
      };
    }),
  },
  {
    name: 'takes a refusal of a record for its end',
    foundBy: 'everybody recorded',
    compose: journal((sound) => ({
      write: (key, entry) => {
        if (entry.type !== 'record.refused') return sound.write(key, entry);
        const atMs = 0;
        return sound.write(key, { type: 'record.ended', service: 'none', bytes: undefined, atMs });
      },
    })),
  },
  {
    name: 'offers a refused record again after a minute',
    foundBy: 'everybody recorded',
    compose: parts(({ journal: sound, clock }) => ({
      journal: {
        ...sound,
        write: (key, entry) => {
          if (entry.type !== 'record.refused') return sound.write(key, entry);
          const dueMs = clock.wallMs() + 60_000;
          const wait = { behind: true, recall: false, rounds: 0 };
          return sound.write(key, { type: 'put_off', dueMs, reason: entry.reason, ...wait });
        },
      },
    })),
  },
  {
    name: 'calls nobody back when a service works again',
    foundBy: 'called back',
    compose: recalling(({ isStarted }) => !isStarted),
  },
  {
    name: 'calls back only when everything works again',
    foundBy: 'called back',
    compose: recalling(({ isStarted, away }) => !isStarted || away.size === 0),
    among: mutesAndForgets,
  },
  {
    name: 'calls nobody back whom an earlier run put off',
    foundBy: 'called back',
    compose: recalling(({ hasPutOff }) => hasPutOff),
  },
  {
    name: 'puts whoever is turned away behind the rest',
    foundBy: 'called back',
    compose: journal((sound) => ({
      write: (key, entry) =>
        sound.write(key, entry.type === 'put_off' ? { ...entry, behind: true } : entry),
    })),
  },
  { name: 'drops who was put off', foundBy: 'ends clean', compose: swallowed('put_off') },
  {
    name: 'drops every second one who was put off',
    foundBy: 'put off come back',
    compose: journal((sound) => {
      let count = 0;
      return {
        write: (key, entry) => {
          const isDropped = entry.type === 'put_off' && (count += 1) % 2 === 0;
          return isDropped ? Promise.resolve() : sound.write(key, entry);
        },
      };
    }),
  },
  {
    name: 'says it has a record that was never sent',
    foundBy: 'everybody recorded',
    compose: crm((sound) => {
      let count = 0;
      return {
        record: (...about) =>
          (count += 1) % 3 === 0 ? Promise.resolve({}) : sound.record(...about),
      };
    }),
  },
  {
    name: 'goes on with health checks after the end',
    foundBy: 'ends clean',
    compose: asItIs,
    infect: () => {
      vi.spyOn(HealthChecker.prototype, 'stop').mockReturnValue(undefined);
    },
  },
  {
    name: 'does not hear the order to end',
    foundBy: 'orders obeyed',
    compose: engine((made) => ({
      ...made,
      runner: {
        run: ({ stop }) => made.runner.run({ drain: new AbortController().signal, stop }),
      },
    })),
  },
  {
    name: 'looks at the hour only when it takes somebody',
    foundBy: 'hour kept',
    compose: asItIs,
    infect: () => {
      vi.spyOn(CallAttempts.prototype, 'isTooLate', 'get').mockReturnValue(false);
    },
    only: ({ lives }) => lives.some(({ untilMs }) => untilMs !== undefined),
  },
  {
    name: 'does not hear the order to stop at once',
    foundBy: 'orders obeyed',
    compose: engine((made) => ({
      ...made,
      runner: {
        run: ({ drain }) => made.runner.run({ drain, stop: new AbortController().signal }),
      },
    })),
  },
];

const TELLING: readonly Mutant[] = [
  {
    name: 'forgets which alerts are open',
    foundBy: 'one alert',
    compose: parts(({ alerts }) => ({
      alerts: { ...alerts, load: () => ({ ...alerts.load(), open: [] }) },
    })),
  },
  {
    name: 'sends an alert before it is kept',
    foundBy: 'one alert',
    compose: parts(({ alerts }) => ({
      alerts: {
        load: () => alerts.load(),
        save: (change) => {
          const kept = alerts.save(change);
          return change.owed === undefined ? kept : Promise.resolve();
        },
      },
    })),
    among: killedAtCommits,
  },
  {
    name: 'takes a service for back when one of the two things works that it does',
    foundBy: 'one alert',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        if (event.type !== 'breaker.closed') take(event);
        else for (const role of ROLES) take({ ...event, role });
      });
    },
    among: oneAccount,
  },
  {
    name: 'keeps to itself that a run gave up',
    foundBy: 'one alert',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        if (event.type !== 'run.finished' || event.end !== 'outage') take(event);
      });
    },
    among: failsQuietly,
  },
  {
    name: 'keeps to itself that the budget is spent',
    foundBy: 'one alert',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        if (event.type !== 'run.finished' || event.end !== 'budget') take(event);
      });
    },
  },
  {
    name: 'keeps to itself that a campaign may spend again',
    foundBy: 'one alert',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        if (event.type !== 'run.started') take(event);
      });
    },
  },
  {
    name: 'keeps the all clear to itself',
    foundBy: 'one alert',
    compose: parts(({ channels }) => ({
      channels: channels.map((channel) => ({
        ...channel,
        send: async (alert, signal) => {
          if (alert.kind === 'raised') await channel.send(alert, signal);
        },
      })),
    })),
  },
  {
    name: 'counts a call twice that failed',
    foundBy: 'shares told',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        take(event);
        const isBad = event.type === 'call.finished' && event.outcome === 'uncertain';
        if (isBad || event.type === 'call.failed') take(event);
      });
    },
  },
  {
    name: 'keeps to itself that too many calls fail',
    foundBy: 'shares told',
    compose: asItIs,
    infect: () => {
      hearing((take, event) => {
        if (event.type !== 'call.failed') take(event);
      });
    },
  },
  {
    name: 'takes one good health check for two',
    foundBy: 'step by step',
    compose: asItIs,
    infect: () => {
      const checked = Reflect.get(Circuit.prototype, 'checked') as Circuit['checked'];
      vi.spyOn(Circuit.prototype, 'checked').mockImplementation(function (this: Circuit, ...about) {
        checked.apply(this, about);
        checked.apply(this, about);
      });
    },
  },
];

export const MUTANTS: readonly Mutant[] = [...RINGING, ...REPEATING, ...RUNNING, ...TELLING];
