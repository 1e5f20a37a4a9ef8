import { expect, it } from 'vitest';
import { EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** A machine that sleeps: the wall clock goes on, and nothing else. */
class SleepyClock extends VirtualClock {
  sleptMs = 0;

  override wallMs(): number {
    return super.wallMs() + this.sleptMs;
  }
}

it('no call begins after the hour at which the run ends, however long the waits were', async () => {
  const clock = new VirtualClock();
  const busy = (count: number): void => {
    if (count <= 3) throw failure({ kind: 'transient', status: 429, retryAfterMs: 55_000 });
  };
  const first = new EngineBench({
    clock,
    rings: true,
    policy: { lines: 1, untilMs: clock.wallMs() + 100_000 },
    behaviour: {
      write: (_request, _context, count) => {
        busy(count);
        return { text: 'Hello' };
      },
    },
  }).add(2);
  expect(await first.run()).toBe('until');
  expect(first.truth.rung).toEqual([]);
  expect(first.of('contact.put_off')).toEqual([]);
  expect(first.counts()).toMatchObject({ queued: 2, uncertain: 0 });
  // No call is used up, and what was paid for is kept.
  const { write, speak } = first.truth.counts;
  const next = first.next({ rings: true, policy: { lines: 1 } });
  expect(await next.run()).toBe('done');
  expect(next.truth.counts).toMatchObject({ write: write + 1, speak: speak + 1 });
  expect(next.truth.rung.map(({ contact }) => contact)).toEqual(['c1', 'c2']);
  const calls = first.disk.campaigns.get('spring')?.contacts.get('c1')?.calls;
  expect(calls).toHaveLength(1);
});

it('nor where the machine has slept past it', async () => {
  const clock = new SleepyClock();
  const bench = new EngineBench({
    clock,
    rings: true,
    policy: { lines: 1, untilMs: clock.wallMs() + 60_000 },
    behaviour: {
      speak: () => {
        clock.sleptMs += 7 * 3_600_000;
        return { wav: new Uint8Array(44) };
      },
    },
  }).add(2);
  expect(await bench.run()).toBe('until');
  expect(bench.truth.rung).toEqual([]);
});

it('a try that follows one that rang nobody begins no more either', async () => {
  const clock = new VirtualClock();
  const bench = new EngineBench({
    clock,
    rings: true,
    policy: { lines: 1, untilMs: clock.wallMs() + 8_000 },
    behaviour: {
      admit: () => {
        throw failure({ kind: 'transient' });
      },
    },
  }).add(1);
  expect(await bench.run()).toBe('until');
  // At 0 and 5 s; the third would be at 15 s.
  expect(bench.truth.counts.admit).toBe(2);
});

it('nobody waits in turn for calls that do not begin any more', async () => {
  const clock = new VirtualClock();
  const bench = new EngineBench({
    clock,
    rings: true,
    config: 'campaign: { calls_per_second: 0.1 }',
    policy: { lines: 5, untilMs: clock.wallMs() + 8_000 },
  }).add(5);
  expect(await bench.run()).toBe('until');
  expect(bench.counts()).toMatchObject({ done: 1, queued: 4 });
  // When the first of them has its turn.
  expect(clock.monotonicMs()).toBe(10_000);
});

it('a call that has begun is followed to its end', async () => {
  const clock = new VirtualClock();
  const bench = new EngineBench({
    clock,
    rings: true,
    policy: { lines: 1, untilMs: clock.wallMs() + 8_000 },
    behaviour: {
      follow: async (_placed, _request, { signal }) => {
        await clock.sleep(60_000, signal);
        return { outcome: 'answered' };
      },
    },
  }).add(2);
  expect(await bench.run()).toBe('until');
  expect(bench.counts()).toMatchObject({ done: 1, queued: 1 });
});
