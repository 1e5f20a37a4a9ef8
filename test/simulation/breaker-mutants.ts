/**
 * Deliberate defects in what breakers let wait, count and forget, and in the lock; see
 * `mutants.ts`.
 */
import { vi } from 'vitest';
import { latestPermit } from '../../src/domain/breaker.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry.ts';
import { Circuit } from '../../src/engine/circuit.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { Locks } from '../../src/sim/locks.ts';
import type { Outage } from '../../src/sim/outage.ts';
import type { RandomWorld } from '../../src/sim/random-world.ts';
import { asItIs, type Mutant, parts } from './mutants.ts';
import { putOffFor } from './waiting-mutants.ts';

/** A result is taken for one of what the breaker let through last. */
function fresh(method: 'succeeded' | 'failed') {
  const sound = Reflect.get(Circuit.prototype, method) as (...about: unknown[]) => void;
  return () => {
    vi.spyOn(Circuit.prototype, method).mockImplementation(function (
      this: Circuit,
      _permit: number,
      ...about: unknown[]
    ) {
      sound.call(this, latestPermit(this.state), ...about);
    });
  };
}

/**
 * Whoever writes takes longer than the breaker is open: answers to what was begun before it opened
 * come while it is being tried. First some requests fail, and quickly; then all of them, late.
 */
function overtaken(world: RandomWorld): RandomWorld {
  const [service = ''] = world.chains.llm;
  const places = [{ role: 'llm', service }] as const;
  const alike = { name: service, places };
  return writing(world, 10_000, [
    { ...alike, startMs: 0, endMs: 60_000, fault: { type: 'flaky', share: 0.5 } },
    { ...alike, startMs: 60_000, endMs: 120_000, fault: { type: 'timeout' } },
  ]);
}

/** After a short outage whoever writes is slow, and no time limit gives up what tries it. */
function hanging(world: RandomWorld): RandomWorld {
  const [service = ''] = world.chains.llm;
  const places = [{ role: 'llm', service }] as const;
  const alike = { name: service, places };
  return writing(world, 0, [
    { ...alike, startMs: 0, endMs: 1_000, fault: { type: '503' } },
    { ...alike, startMs: 1_000, endMs: 60_000, fault: { type: 'slow', byMs: 300_000 } },
  ]);
}

/** One writes for eight lines, with a breaker that opens at once and not for long. */
function writing(world: RandomWorld, requestMs: number, outages: readonly Outage[]): RandomWorld {
  const { chains, policy, policies: all, contacts, behaviour, quirks, lives } = world;
  const [service = ''] = chains.llm;
  const circuitBreaker = { failureThreshold: 1, recoveryTimeoutMs: 1_000, halfOpenMaxCalls: 1 };
  const timeouts = { requestMs, callMs: 600_000 };
  const [first] = contacts;
  return {
    ...world,
    contacts: Array.from({ length: 40 }, (_, index) => {
      return { ...first, id: `c${index + 1}`, phone: `+14155550${100 + index}`, line: index + 2 };
    }) as RandomWorld['contacts'],
    chains: { ...chains, llm: [service] },
    other: undefined,
    lives: lives.map((life) => ({ ...life, chains: undefined, isOther: false })),
    looksUp: false,
    money: undefined,
    quirks: { ...quirks, deaf: 0 },
    policy: { ...policy, lines: 8 },
    policies: { ...all, [service]: { retry: DEFAULT_RETRY, circuitBreaker, timeouts } },
    behaviour: { ...behaviour, answerMs: { ...behaviour.answerMs, llm: 4_000 } },
    outages,
    capacities: [],
  };
}

/** The clock of the life that was begun last. */
let clock: Clock | undefined;

export const BREAKER_MUTANTS: readonly Mutant[] = [
  {
    name: 'works a list that another run works',
    foundBy: 'one run',
    compose: asItIs,
    infect: () => {
      vi.spyOn(Locks.prototype, 'acquire').mockReturnValue({ release: () => undefined });
    },
  },
  {
    name: 'sleeps on though the breaker has opened',
    foundBy: 'stops waiting',
    compose: parts((given) => {
      clock = given.clock;
      return {};
    }),
    infect: () => {
      const pause = Reflect.get(Circuit.prototype, 'pause') as Circuit['pause'];
      vi.spyOn(Circuit.prototype, 'pause').mockImplementation(async function (
        this: Circuit,
        delayMs,
        context,
      ) {
        const endsMs = (clock?.monotonicMs() ?? 0) + delayMs;
        const how = await pause.call(this, delayMs, context);
        await clock?.sleep(Math.max(0, endsMs - clock.monotonicMs()), context.signal);
        return how;
      });
    },
  },
  {
    name: 'puts off a tenth as long for a service that is away',
    foundBy: 'put off for long enough',
    compose: parts(putOffFor((delayMs, isFor) => (isFor ? delayMs / 10 : delayMs))),
  },
  {
    name: 'puts off for a tenth of the time whose retries are used up',
    foundBy: 'put off for long enough',
    compose: parts(putOffFor((delayMs, isFor) => (isFor ? delayMs : delayMs / 10))),
  },
  {
    name: 'puts off for half a minute, however long a service asks',
    foundBy: 'put off for long enough',
    compose: parts(putOffFor((delayMs, isFor) => (isFor ? delayMs : Math.min(30_000, delayMs)))),
  },
  {
    name: 'counts failures of what was begun before the breaker moved',
    foundBy: 'trials decide',
    compose: asItIs,
    infect: fresh('failed'),
    among: overtaken,
  },
  {
    name: 'closes a breaker by what was begun before it opened',
    foundBy: 'trials decide',
    compose: asItIs,
    infect: fresh('succeeded'),
    among: overtaken,
  },
  {
    name: 'waits for ever for a trial that does not come back',
    foundBy: 'lost trials lapse',
    compose: asItIs,
    among: hanging,
    infect: () => {
      const enter = Reflect.get(Circuit.prototype, 'enter') as Circuit['enter'];
      vi.spyOn(Circuit.prototype, 'enter').mockImplementation(function (this: Circuit) {
        const permit = enter.call(this);
        const { state } = this;
        if (state.type !== 'half_open') return permit;
        for (const lease of state.leases) Object.assign(lease, { lapsesMs: 1e12 });
        return permit;
      });
    },
  },
];
