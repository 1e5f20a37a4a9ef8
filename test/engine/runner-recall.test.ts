import { describe, expect, it } from 'vitest';
import type { Availability, Blocked } from '../../src/engine/availability.ts';
import { STAGES } from '../../src/engine/ports.ts';
import type { Processor } from '../../src/engine/processor.ts';
import { Runner } from '../../src/engine/runner.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { CAMPAIGN, contactOf } from '../support/engine-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const AWAY: Blocked = {
  role: 'tts',
  services: ['elevenlabs', 'flite'],
  retryAfterMs: 60_000,
  opening: 'elevenlabs:1 flite:1',
};

/** Services that a test takes away and gives back. */
class Services {
  #blocked: readonly Blocked[] = [];
  #listener: () => void = () => undefined;

  /** @param told whether anybody hears of it: a trial that takes the only permit is no change */
  set(blocked: readonly Blocked[], told: boolean): void {
    this.#blocked = blocked;
    if (told) this.#listener();
  }

  get availability(): Availability {
    const stub: Pick<Availability, 'blocked' | 'open' | 'enter' | 'onChange'> = {
      blocked: () => this.#blocked,
      open: () => (this.#blocked.length === 0 ? STAGES : []),
      enter: () => ({ release: () => undefined }),
      onChange: (listener) => {
        this.#listener = listener;
        return () => undefined;
      },
    };
    return stub as Availability;
  }
}

function bench(contacts: number, lines: number) {
  const clock = new VirtualClock();
  const services = new Services();
  const store = openMemoryStore({ defer: (flush) => clock.defer(flush) });
  const numbers = Array.from({ length: contacts }, (_, index) => contactOf(index + 1));
  store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(numbers);
  const journal = store.journal(CAMPAIGN);
  /** When each contact was taken up. */
  const taken = new Map<string, number>();
  const work: Processor['work'] = async ({ key }, _line, _before, calls) => {
    taken.set(key.contact, clock.monotonicMs());
    if (key.contact === 'c1') {
      // It tries the service with the only permit; the others are turned away meanwhile.
      services.set([AWAY], false);
      await clock.sleep(1_000);
      services.set([], true);
    }
    calls.settled();
    const atMs = clock.wallMs();
    const ended = { outcome: 'busy', detail: undefined, service: undefined, atMs } as const;
    void journal.write(key, { type: 'call.ended', ...ended });
    await journal.write(key, { type: 'record.ended', service: 'csv', bytes: undefined, atMs });
    return { settlement: { type: 'done' }, outcome: 'busy' };
  };
  const runner = new Runner({
    policy: {
      lines,
      onOutage: 'skip',
      outageWaitMs: 1_800_000,
      limit: undefined,
      untilMs: undefined,
    },
    journal,
    processor: { work } as Processor,
    availability: services.availability,
    clock,
    random: { fraction: () => 0, id: () => crypto.randomUUID() },
    emit: () => undefined,
  });
  const never = new AbortController().signal;
  const run = () => clock.until(runner.run({ drain: never, stop: never }));
  return { clock, journal, services, taken, run };
}

describe('who was put off for a service', () => {
  it('while another contact was trying it, is called back as soon as that works', async () => {
    const { run, taken } = bench(3, 2);
    expect(await run()).toBe('done');
    expect(taken.get('c2')).toBe(1_000);
    expect(taken.get('c3')).toBe(1_000);
  });

  it('by an earlier run, need not wait where everything can be had by now', async () => {
    const { run, taken, journal, clock } = bench(2, 1);
    const claim = clock.until(journal.claim(STAGES, clock.wallMs(), 'before'));
    const { key } = (await claim) ?? expect.fail('nobody was there');
    const wait = { reason: 'waits for flite', behind: false, rounds: 0, roundMark: 0 };
    const dueMs = clock.wallMs() + 240_000;
    await clock.until(journal.write(key, { type: 'put_off', dueMs, recall: true, ...wait }));
    expect(await run()).toBe('done');
    expect(taken.get('c1')).toBeLessThan(240_000);
  });
});
