import { describe, expect, it } from 'vitest';
import { Unavailable } from '../../src/domain/failure.ts';
import type { Availability, Blocked } from '../../src/engine/availability.ts';
import { type Dialer, type Journal, STAGES } from '../../src/engine/ports.ts';
import type { Processor } from '../../src/engine/processor.ts';
import { Runner } from '../../src/engine/runner.ts';
import { type Settlement, settlementOf } from '../../src/engine/settlement.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { CAMPAIGN, contactOf, EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FRESH = { rounds: 0 };

const MUTE: Blocked = {
  role: 'llm',
  services: ['openai'],
  retryAfterMs: 600_000,
  isTried: false,
  opening: 'openai:1',
};

const AWAY: Blocked = {
  role: 'tts',
  services: ['elevenlabs', 'flite'],
  retryAfterMs: 60_000,
  isTried: false,
  opening: 'elevenlabs:1 flite:1',
};

/** Services that a test takes away and gives back. */
class Services {
  #blocked: readonly Blocked[] = [];
  #listener: () => void = () => undefined;
  /** What whoever tries a service holds until they are done with: nobody hears of its end. */
  isHeldToTheEnd = false;

  /** Who tried a service knows that it works. */
  tried(): void {
    if (!this.isHeldToTheEnd) this.set([], true);
  }

  /** @param told whether anybody hears of it: a trial that takes the only permit is no change */
  set(blocked: readonly Blocked[], told: boolean): void {
    this.#blocked = blocked;
    if (told) this.#listener();
  }

  get availability(): Availability {
    const stub: Pick<Availability, 'blocked' | 'isFree' | 'open' | 'enter' | 'onChange'> = {
      blocked: () => this.#blocked,
      isFree: (role, service) => {
        return !this.#blocked.some((one) => one.role === role && one.services.includes(service));
      },
      open: () => (this.#blocked.length === 0 ? STAGES : ['dialling']),
      enter: () => ({
        release: () => {
          if (this.isHeldToTheEnd) this.set([], false);
          return this.isHeldToTheEnd;
        },
      }),
      onChange: (listener) => {
        this.#listener = listener;
        return () => undefined;
      },
    };
    return stub as Availability;
  }
}

const POLICY = {
  onOutage: 'skip',
  outageWaitMs: 1_800_000,
  limit: undefined,
  untilMs: undefined,
} as const;

/** As it is; what a test exchanges goes on top. */
function passedOn(journal: Journal): Journal {
  return {
    claim: (...about) => journal.claim(...about),
    write: (...about) => journal.write(...about),
    recall: (...about) => journal.recall(...about),
    outlook: () => journal.outlook(),
    counts: () => journal.counts(),
    settled: () => journal.settled(),
    isOthers: (...about) => journal.isOthers(...about),
    othersInDoubt: (...about) => journal.othersInDoubt(...about),
  };
}

function bench(contacts: number, lines: number) {
  const clock = new VirtualClock();
  const services = new Services();
  const store = openMemoryStore({ defer: (flush) => clock.defer(flush) });
  const add = (...numbers: number[]): void => {
    const rows = numbers.map((number) => contactOf(number));
    store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(rows);
  };
  add(...Array.from({ length: contacts }, (_, index) => index + 1));
  const journal = store.journal(CAMPAIGN);
  /** When each contact was taken up. */
  const taken = new Map<string, number>();
  /** When the journal was told to call back whoever waits for a service. */
  const recalls: number[] = [];
  const endings: (() => Settlement)[] = [];
  /** What another process does once nobody was there to be claimed. */
  const meanwhile: (() => void)[] = [];
  const watched: Journal = {
    ...passedOn(journal),
    claim: async (...about) => {
      const claim = await journal.claim(...about);
      if (claim === undefined) meanwhile.shift()?.();
      return claim;
    },
    recall: (nowMs) => {
      recalls.push(clock.monotonicMs());
      return journal.recall(nowMs);
    },
  };
  const work: Processor['work'] = async ({ key, stage }, _line, calls) => {
    const ending = endings.shift()?.();
    if (ending !== undefined && ending.type !== 'outcome') {
      return { settlement: ending, outcome: undefined, stage };
    }
    taken.set(key.contact, clock.monotonicMs());
    if (key.contact === 'c1') {
      // It tries the service with the only permit; the others are turned away meanwhile.
      services.set([AWAY], false);
      await clock.sleep(1_000);
      services.tried();
    }
    calls.settled();
    const atMs = clock.wallMs();
    const ended = { outcome: 'busy', detail: undefined, service: undefined, atMs } as const;
    void journal.write(key, { type: 'call.ended', ...ended });
    await journal.write(key, { type: 'record.ended', service: 'csv', bytes: undefined, atMs });
    return { settlement: { type: 'done' }, outcome: 'busy', stage: 'owed' };
  };
  const runner = new Runner({
    policy: { ...POLICY, lines },
    journal: watched,
    processor: { work } as Processor,
    availability: services.availability,
    clock,
    random: { fraction: () => 0, id: () => crypto.randomUUID() },
    emit: () => undefined,
  });
  const never = new AbortController().signal;
  const run = () => clock.until(runner.run({ drain: never, stop: never }));
  /** An earlier run puts the first one off, for four minutes. */
  const putOff = async (): Promise<void> => {
    const claim = clock.until(journal.claim(STAGES, clock.wallMs(), 'before'));
    const { key } = (await claim) ?? expect.fail('nobody was there');
    const wait = { reason: 'waits for flite', behind: false, rounds: 0 };
    const dueMs = clock.wallMs() + 240_000;
    await clock.until(journal.write(key, { type: 'put_off', dueMs, recall: true, ...wait }));
  };
  return { clock, services, taken, recalls, work: endings, meanwhile, add, putOff, run };
}

it('whoever another process puts back in the queue at the last moment is taken up', async () => {
  const { run, taken, meanwhile, add } = bench(1, 1);
  meanwhile.push(() => add(2));
  expect(await run()).toBe('done');
  expect(taken.get('c2')).toBeLessThan(2_000);
});

describe('who was put off for a service', () => {
  it('while another contact was trying it, is called back as soon as that works', async () => {
    const { run, taken } = bench(3, 2);
    expect(await run()).toBe('done');
    expect(taken.get('c2')).toBe(1_000);
    expect(taken.get('c3')).toBe(1_000);
  });

  it('is called back when the one that tries it is done with, and no breaker moves', async () => {
    const { run, taken, services } = bench(3, 2);
    services.isHeldToTheEnd = true;
    expect(await run()).toBe('done');
    expect(taken.get('c2')).toBe(1_000);
    expect(taken.get('c3')).toBe(1_000);
  });

  it('by an earlier run, need not wait where everything can be had by now', async () => {
    const { run, taken, putOff } = bench(2, 1);
    await putOff();
    expect(await run()).toBe('done');
    expect(taken.get('c1')).toBeLessThan(240_000);
  });

  it('by an earlier run, is called back as soon as it works in this one', async () => {
    const { run, taken, putOff, services, clock } = bench(3, 1);
    await putOff();
    services.set([AWAY], false);
    clock.after(20_000, () => services.set([], true));
    expect(await run()).toBe('done');
    expect([...taken]).toEqual([
      ['c1', 20_000],
      ['c2', 21_000],
      ['c3', 21_000],
    ]);
  });

  it('by an earlier run, is called back though something else does not work', async () => {
    const { run, recalls, putOff, services, clock } = bench(3, 1);
    await putOff();
    services.set([MUTE], false);
    clock.after(20_000, () => services.set([], true));
    expect(await run()).toBe('done');
    expect(recalls.slice(0, 2)).toEqual([0, 20_000]);
  });

  it('for two, is called back when the first of them works', async () => {
    const { run, recalls, services, clock } = bench(3, 1);
    services.set([AWAY, MUTE], false);
    clock.after(20_000, () => services.set([MUTE], true));
    clock.after(30_000, () => services.set([], true));
    expect(await run()).toBe('done');
    expect(recalls.slice(0, 3)).toEqual([0, 20_000, 30_000]);
  });
});

describe('a contact that a service turned away', () => {
  it('waits for that, though it works again by the time this is written down', async () => {
    const { run, recalls, services, clock, work } = bench(2, 1);
    work.push(() => {
      clock.after(5_000, () => services.set([], true));
      const away = new Unavailable(['flite'], 60_000, undefined, 'tts');
      return settlementOf(away, FRESH, { haveGoneThrough: false, areLast: false });
    });
    expect(await run()).toBe('done');
    expect(recalls.slice(0, 2)).toEqual([0, 5_000]);
  });
});

describe('a role of which one service is tried and another is away', () => {
  it('is looked at again when that trial is lost, not only when the other is due', async () => {
    const { run, taken, services, clock } = bench(1, 1);
    const isTried = { isTried: true, lapseMs: 8_000 };
    services.set([{ ...AWAY, ...isTried, retryAfterMs: 600_000 }], false);
    // That it is lost moves no breaker as long as nobody looks.
    clock.after(8_000, () => services.set([], false));
    expect(await run()).toBe('done');
    expect(taken.get('c1')).toBe(8_000);
  });
});

/** Speaks one language, and is away. */
function away(name: string, language: string): Dialer {
  return {
    name,
    role: 'dialer',
    rings: true,
    speaks: (wanted) => wanted === language,
    hears: true,
    account: undefined,
    probe: () => Promise.resolve(),
    place: () => Promise.reject(failure()),
    follow: () => Promise.resolve({ outcome: 'answered' }),
    find: () => Promise.resolve({ state: 'absent' }),
    hangUp: () => Promise.resolve(),
  };
}

it('a dialer that may be tried calls nobody back who needs another one', async () => {
  const dialers = [away('preview', 'en'), away('twilio', 'fr')];
  const bench = new EngineBench({ policy: { lines: 2, outageWaitMs: 300_000 }, dialers });
  const contacts = [contactOf(1, 'en'), contactOf(2, 'fr'), contactOf(3, 'fr')];
  bench.store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(contacts);
  expect(await bench.run()).toBe('outage');
  const reasons = bench.of('contact.put_off').map(({ contact, reason }) => `${contact} ${reason}`);
  // Called back once for `preview`, and turned away by the one that it needs.
  expect(reasons.filter((one) => one === 'c3 waits for twilio')).toHaveLength(2);
});
