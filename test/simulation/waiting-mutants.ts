/**
 * Deliberate defects in how the program waits, puts off, records and stops; see `mutants.ts`.
 */
import { vi } from 'vitest';
import { Availability } from '../../src/engine/availability.ts';
import { CallAttempts } from '../../src/engine/call-attempts.ts';
import { Circuit } from '../../src/engine/circuit.ts';
import type { Claim, JournalEntry } from '../../src/engine/ports.ts';
import type { SimulatedParts } from '../../src/sim/simulation.ts';
import { asItIs, crm, dialer, journal, type Mutant, parts, policies } from './mutants.ts';

type PutOff = Extract<JournalEntry, { readonly type: 'put_off' }>;

/** The wait that is told and kept becomes another; `isForService`: until a service is back. */
export function putOffFor(
  change: (delayMs: number, isForService: boolean) => number,
): (given: SimulatedParts) => Partial<SimulatedParts> {
  return ({ journal: sound, emit, clock }) => ({
    journal: {
      ...sound,
      write: (key, entry) => {
        if (entry.type !== 'put_off') return sound.write(key, entry);
        const delayMs = change(entry.dueMs - clock.wallMs(), entry.recall);
        return sound.write(key, { ...entry, dueMs: clock.wallMs() + delayMs });
      },
    },
    emit: (event) => {
      if (event.type !== 'contact.put_off') {
        emit(event);
        return;
      }
      emit({ ...event, delayMs: change(event.delayMs, event.waitsFor !== undefined) });
    },
  });
}

function putOff(change: Partial<PutOff>): Mutant['compose'] {
  return journal((sound) => ({
    write: (key, entry) =>
      sound.write(key, entry.type === 'put_off' ? { ...entry, ...change } : entry),
  }));
}

function claimed(change: (claim: Claim) => Partial<Claim>): Mutant['compose'] {
  return journal((sound) => ({
    claim: async (...about) => {
      const claim = await sound.claim(...about);
      return claim && { ...claim, ...change(claim) };
    },
  }));
}

/** Waits for an own request as long as `change` says. */
function quietly(change: (graceMs: number) => number | 'no wait' | 'believed') {
  const quiet = Reflect.get(CallAttempts.prototype, 'quiet') as CallAttempts['quiet'];
  return () => {
    vi.spyOn(CallAttempts.prototype, 'quiet').mockImplementation(async function (
      this: CallAttempts,
      clock,
      graceMs,
    ) {
      const wait = change(graceMs);
      if (wait === 'no wait') return false;
      if (wait !== 'believed') return await quiet.call(this, clock, wait);
      await quiet.call(this, clock, graceMs);
      return true;
    });
  };
}

const STOP_GRACE_MS = 3_000;

export const WAITING_MUTANTS: readonly Mutant[] = [
  {
    name: 'does not wait for a request that it gave up',
    foundBy: 'uncertain for cause',
    compose: asItIs,
    infect: quietly((graceMs) => (graceMs === STOP_GRACE_MS ? graceMs : 0)),
  },
  {
    name: 'believes in no call while its own request is under way',
    foundBy: 'never again',
    compose: asItIs,
    infect: quietly(() => 'believed'),
  },
  {
    name: 'hangs up on nobody',
    foundBy: 'nobody left on the line',
    compose: dialer(() => ({ hangUp: () => Promise.resolve() })),
  },
  {
    name: 'does not wait at a stop for whom it may have rung',
    foundBy: 'nobody left on the line',
    compose: asItIs,
    infect: quietly((graceMs) => (graceMs === STOP_GRACE_MS ? 'no wait' : graceMs)),
  },
  {
    name: 'puts off for ten hours whose retries are used up',
    foundBy: 'put off in measure',
    compose: parts(putOffFor((delayMs, isFor) => (isFor ? delayMs : delayMs + 36_000_000))),
  },
  {
    name: 'puts off ten times as long for a service that is away',
    foundBy: 'put off in measure',
    compose: parts(putOffFor((delayMs, isFor) => (isFor ? delayMs * 10 : delayMs))),
  },
  {
    name: 'puts everybody off in an outage',
    foundBy: 'few put off',
    compose: asItIs,
    infect: () => {
      const blocked = Reflect.get(Availability.prototype, 'blocked') as Availability['blocked'];
      let count = 0;
      vi.spyOn(Availability.prototype, 'blocked').mockImplementation(function (
        this: Availability,
        stage,
      ) {
        return blocked.call(this, stage).map((role) => ({ ...role, opening: `${(count += 1)}` }));
      });
    },
  },
  {
    name: 'waits for a CRM before it rings anybody',
    foundBy: 'the run goes on',
    compose: asItIs,
    infect: () => {
      const open = Reflect.get(Availability.prototype, 'open') as Availability['open'];
      vi.spyOn(Availability.prototype, 'open').mockImplementation(function (this: Availability) {
        const stages = open.call(this);
        return stages.includes('owed') ? stages : [];
      });
    },
  },
  {
    name: 'does not hear that it is to pause',
    foundBy: 'pause obeyed',
    compose: parts(({ policy }) => ({ policy: { ...policy, onOutage: 'skip' } })),
  },
  {
    name: 'takes who used up the retries before the others',
    foundBy: 'behind the others',
    compose: putOff({ behind: false }),
  },
  {
    name: 'gives up after one round',
    foundBy: 'three rounds',
    compose: claimed(({ rounds }) => ({ rounds: rounds + 2 })),
  },
  {
    name: 'counts a round also where the service served nobody since',
    foundBy: 'three rounds',
    compose: journal((sound) => {
      const rounds = new Map<string, number>();
      return {
        write: (key, entry) => {
          if (entry.type !== 'put_off' || !entry.behind) return sound.write(key, entry);
          const count = (rounds.get(key.contact) ?? 0) + 1;
          rounds.set(key.contact, count);
          return sound.write(key, { ...entry, rounds: count });
        },
      };
    }),
  },
  {
    name: 'never gives up',
    foundBy: 'three rounds',
    compose: claimed(() => ({ rounds: 0 })),
  },
  {
    name: 'takes up everybody to try a service',
    foundBy: 'few taken',
    compose: asItIs,
    infect: () => {
      const trial = { release: () => false };
      vi.spyOn(Availability.prototype, 'enter').mockReturnValue(trial);
    },
  },
  {
    name: 'says of every record that it may be a second',
    foundBy: 'recorded once',
    compose: claimed(() => ({ recordBegun: true })),
  },
  {
    name: 'sends every record twice',
    foundBy: 'recorded once',
    compose: crm((sound) => ({
      record: async (record, context) => {
        await sound.record(record, context);
        return await sound.record({ ...record, again: true }, context);
      },
    })),
  },
  {
    name: 'a breaker that is open half as long',
    foundBy: 'doubles open time',
    compose: policies(({ circuitBreaker }) => {
      const recoveryTimeoutMs = Math.max(1, circuitBreaker.recoveryTimeoutMs / 2);
      return { circuitBreaker: { ...circuitBreaker, recoveryTimeoutMs } };
    }),
  },
  {
    name: 'retries without end to its budget',
    foundBy: 'retry budget',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Circuit.prototype, 'takeRetry').mockReturnValue(true);
    },
  },
  {
    name: 'waits on the line for as long as a service asks',
    foundBy: 'not held long',
    compose: policies(({ retry }) => ({ retry: { ...retry, maxDelayMs: 24 * 3_600_000 } })),
  },
  {
    name: 'does not hear that a service is well again',
    foundBy: 'back by probes',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Circuit.prototype, 'checked').mockReturnValue(undefined);
    },
  },
];
