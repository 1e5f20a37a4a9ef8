/**
 * Deliberate defects in what is told and noted of a call: who did it, what was said, when, and how
 * many there are; see `mutants.ts`.
 */
import { vi } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { CallAttempts } from '../../src/engine/call-attempts.ts';
import { type Answer, Chain } from '../../src/engine/fallback.ts';
import type { CallRecord, Service } from '../../src/engine/ports.ts';
import { NO_NUMBER } from '../../src/sim/fault-failures.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { asItIs, crm, dialer, type Mutant, parts } from './mutants.ts';

/** Something else is told than happened. */
function telling(change: (event: CampaignEvent) => readonly CampaignEvent[]): Mutant['compose'] {
  return parts(({ emit }) => ({
    emit: (event) => {
      for (const told of change(event)) emit(told);
    },
  }));
}

/** The record says something else. */
function noting(change: (record: CallRecord) => Partial<CallRecord>): Mutant['compose'] {
  return crm((sound) => ({
    record: (record, context) => sound.record({ ...record, ...change(record) }, context),
  }));
}

type Run = (...about: Parameters<Chain<Service>['run']>) => Promise<Answer<unknown>>;

/** What a chain answers with becomes something else. */
function answering(change: (answer: Answer<unknown>, chain: Chain<Service>) => Answer<unknown>) {
  return () => {
    const run = Reflect.get(Chain.prototype, 'run') as Run;
    vi.spyOn(Chain.prototype, 'run').mockImplementation(async function (
      this: Chain<Service>,
      ...about
    ) {
      return change(await run.apply(this, about), this);
    });
  };
}

const nameOfFirst = (chain: Chain<Service>): string => chain.services[0]?.name ?? '';

/** Dialers refuse many numbers. */
function wrongNumbers(world: RandomWorld): RandomWorld {
  return { ...world, quirks: { ...world.quirks, noNumbers: 0.5 } };
}

/** What a dialer says of a number that is none. */
function refusing(change: (refusal: ServiceFailure) => ServiceFailure): Mutant['compose'] {
  return dialer((sound) => ({
    place: async (...about) => {
      try {
        return await sound.place(...about);
      } catch (error) {
        const isRefused = error instanceof ServiceFailure && error.code === NO_NUMBER;
        throw isRefused ? change(error) : error;
      }
    },
  }));
}

function isAmong(works: ReadonlySet<string>, event: CampaignEvent): boolean {
  return event.type === 'step.finished' && works.has(`${event.call} ${event.step}`);
}

const AS_ANY = { scope: 'request', code: NO_NUMBER } as const;

export const NAMING_MUTANTS: readonly Mutant[] = [
  {
    name: 'names the first of the chain for whatever was done',
    foundBy: 'steps ascribed',
    compose: asItIs,
    infect: answering((answer, chain) => ({ ...answer, service: nameOfFirst(chain) })),
  },
  {
    name: 'notes the first of the chain for whatever was done',
    foundBy: 'records true',
    compose: asItIs,
    infect: answering((answer, chain) => ({ ...answer, service: nameOfFirst(chain) })),
  },
  {
    name: 'does not tell of a call that is over',
    foundBy: 'steps told',
    compose: telling((event) =>
      event.type === 'step.finished' && event.step === 'dial' ? [] : [event],
    ),
  },
  {
    name: 'does not tell of a step that another service did',
    foundBy: 'steps told',
    compose: parts(({ emit }) => {
      const helped = new Set<string>();
      return {
        emit: (event) => {
          if (event.type === 'fallback.used') helped.add(`${event.call} ${event.step}`);
          const isTold = event.type !== 'step.finished' || !isAmong(helped, event);
          if (isTold) emit(event);
        },
      };
    }),
  },
  {
    name: 'tells of a record twice',
    foundBy: 'steps told',
    compose: telling((event) =>
      event.type === 'step.finished' && event.step === 'record' ? [event, event] : [event],
    ),
  },
  {
    name: 'keeps to itself that another service helped out',
    foundBy: 'fallbacks told',
    compose: telling((event) => (event.type === 'fallback.used' ? [] : [event])),
  },
  {
    name: 'tells of every text that another service helped out',
    foundBy: 'fallbacks told',
    compose: telling((event) => {
      if (event.type !== 'step.finished' || event.step !== 'script') return [event];
      const { contact, call, step, line, role, service = '' } = event;
      const why = { reason: '503', code: '503' };
      const about = { contact, call, step, line, role, service, instead: service, ...why };
      return [{ type: 'fallback.used', ...about }, event];
    }),
  },
  {
    name: 'exchanges who helped out and in whose place',
    foundBy: 'fallbacks told',
    compose: telling((event) =>
      event.type === 'fallback.used'
        ? [{ ...event, service: event.instead, instead: event.service }]
        : [event],
    ),
  },
  {
    name: 'notes nothing of what was said',
    foundBy: 'records true',
    compose: noting(() => ({ text: undefined })),
  },
  {
    name: 'notes nobody who spoke',
    foundBy: 'records true',
    compose: noting(({ services: { tts: _tts, ...services } }) => ({ services })),
  },
  {
    name: 'notes when it was dialled for calls that rang nobody',
    foundBy: 'records true',
    compose: asItIs,
    infect: () => {
      const begin = Reflect.get(CallAttempts.prototype, 'begin') as CallAttempts['begin'];
      const begunMs = new WeakMap<CallAttempts, number>();
      vi.spyOn(CallAttempts.prototype, 'begin').mockImplementation(function (
        this: CallAttempts,
        ...about
      ) {
        const begun = begin.apply(this, about);
        begunMs.set(this, this.open?.begunMs ?? 0);
        return begun;
      });
      vi.spyOn(CallAttempts.prototype, 'dialledMs', 'get').mockImplementation(function (
        this: CallAttempts,
      ) {
        return begunMs.get(this);
      });
    },
    among: wrongNumbers,
  },
  {
    name: 'notes the begin of the call as that of the dialling',
    foundBy: 'records true',
    compose: noting(({ dialledMs, startedMs }) => ({ dialledMs: dialledMs && startedMs })),
  },
  {
    name: 'notes the begin of a call as its end',
    foundBy: 'records true',
    compose: noting(({ startedMs }) => ({ endedMs: startedMs })),
  },
  {
    name: 'notes the end of a call as its begin',
    foundBy: 'records true',
    compose: noting(({ endedMs }) => ({ startedMs: endedMs })),
  },
  {
    name: 'tells one done too few',
    foundBy: 'counts true',
    compose: telling((event) => {
      if (event.type !== 'run.finished') return [event];
      const { contacts } = event;
      return [{ ...event, contacts: { ...contacts, done: Math.max(0, contacts.done - 1) } }];
    }),
  },
  {
    name: 'tells the uncertain as done',
    foundBy: 'counts true',
    compose: telling((event) => {
      if (event.type !== 'run.finished') return [event];
      const { uncertain, done } = event.contacts;
      return [{ ...event, contacts: { ...event.contacts, uncertain: 0, done: done + uncertain } }];
    }),
  },
  {
    name: 'tells at its end how many there were at its beginning',
    foundBy: 'counts true',
    compose: parts(({ emit }) => {
      let contacts: Extract<CampaignEvent, { type: 'run.started' }>['contacts'] | undefined;
      return {
        emit: (event) => {
          if (event.type === 'run.started') contacts = event.contacts;
          emit(event.type === 'run.finished' && contacts ? { ...event, contacts } : event);
        },
      };
    }),
  },
  {
    name: 'notes a number that is none as failed',
    foundBy: 'true outcomes',
    compose: refusing(({ message }) => {
      return new ServiceFailure(message, { kind: 'permanent', ...AS_ANY });
    }),
  },
  {
    name: 'tells a number that is none as a step that failed',
    foundBy: 'numbers refused',
    compose: refusing(({ message }) => {
      return new ServiceFailure(message, { kind: 'permanent', ...AS_ANY });
    }),
  },
  {
    name: 'asks again for a number that is none',
    foundBy: 'numbers refused',
    compose: refusing(({ message }) => {
      return new ServiceFailure(message, { kind: 'transient', ...AS_ANY });
    }),
  },
  {
    name: 'takes the refusal of a number for an outage',
    foundBy: 'opens in time',
    compose: refusing(({ message }) => {
      const about = { kind: 'permanent', scope: 'service', code: NO_NUMBER } as const;
      return new ServiceFailure(message, about);
    }),
  },
];
