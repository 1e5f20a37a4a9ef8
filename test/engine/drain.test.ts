import { describe, expect, it } from 'vitest';
import type { Dialer } from '../../src/engine/ports.ts';
import { Stopped } from '../../src/engine/stopped.ts';
import { EngineBench } from '../support/engine-bench.ts';
import { failure, lost } from '../support/failures.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const away = () => failure({ message: 'not connected', code: 'not_connected' });

/** Asked to take nobody new after `afterMs`; how long it went on after that. */
async function drained(bench: EngineBench, afterMs: number): Promise<number> {
  bench.clock.after(afterMs, () => bench.drain.abort(new Stopped('asked to stop')));
  expect(await bench.run()).toBe('stopped');
  return bench.clock.monotonicMs() - afterMs;
}

describe('what a draining run does not wait for', () => {
  const refuse = () => {
    throw away();
  };

  it.each(['write', 'speak', 'admit'])('a service that is away, of "%s"', async (step) => {
    const bench = new EngineBench({ behaviour: { [step]: refuse } }).add(3);
    expect(await drained(bench, 3 * SECOND)).toBe(0);
    expect(bench.truth.rung).toHaveLength(0);
    // As whoever had not begun: the next run need not wait for anything.
    expect(bench.counts()).toMatchObject({ queued: 3, put_off: 0 });
    const again = bench.next();
    expect(await again.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(3);
  });

  it('a try that fails after that', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        admit: async () => {
          await bench.clock.sleep(5 * SECOND);
          throw away();
        },
      },
    }).add(2);
    expect(await drained(bench, 2 * SECOND)).toBe(3 * SECOND);
  });

  it('the end of a pause that a service asked for', async () => {
    const bench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        admit: () => {
          throw failure({ status: 429, retryAfterMs: 20 * SECOND });
        },
      },
    }).add(2);
    expect(await drained(bench, 2 * SECOND)).toBe(0);
  });

  it('its turn by the pace: no phone begins to ring minutes after', async () => {
    const config = 'campaign: { calls_per_second: 0.01 }';
    const bench = new EngineBench({ config, policy: { lines: 4 }, rings: true }).add(5);
    expect(await drained(bench, 2 * SECOND)).toBe(0);
    expect(bench.truth.rung).toHaveLength(1);
    expect(bench.counts()).toMatchObject({ done: 1, queued: 4, put_off: 0 });
    expect(bench.clock.pendingTimers).toBe(0);
    const again = bench.next({ config, policy: { lines: 4 }, rings: true });
    expect(await again.run()).toBe('done');
    expect(again.truth.rung).toHaveLength(5);
  });

  it('and asks who can do it instead, after the usual moment', async () => {
    const dialer = (name: string, place: () => Promise<void>): Dialer => ({
      name,
      role: 'dialer',
      rings: true,
      speaks: undefined,
      hears: true,
      account: undefined,
      probe: () => Promise.resolve(),
      place: async () => {
        await place();
        return { service: name, reference: 'r1' };
      },
      follow: async () => ({ outcome: 'answered' }),
      find: async () => ({ state: 'unknown' }),
      hangUp: () => Promise.resolve(),
    });
    const dialers = [
      dialer('twilio', () => Promise.reject(away())),
      dialer('asterisk-ami', () => Promise.resolve()),
    ];
    const bench = new EngineBench({ policy: { lines: 1 }, dialers }).add(2);
    expect(await drained(bench, 2 * SECOND)).toBe(2 * SECOND);
    expect(bench.of('call.finished')).toMatchObject([{ contact: 'c1', outcome: 'answered' }]);
  });

  it('is held against no contact', async () => {
    let bench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        admit: ({ contact }) => {
          if (contact.id === 'c9') throw away();
        },
      },
    }).add(9);
    for (let run = 1; run <= 4; run += 1) {
      await drained(bench, 2 * SECOND);
      expect(bench.of('call.finished').filter(({ contact }) => contact === 'c9')).toEqual([]);
      bench = bench.next({
        policy: { lines: 1 },
        behaviour: { admit: () => Promise.reject(away()) },
      });
      await bench.clock.advance(10 * MINUTE);
    }
    const last = bench.next();
    expect(await last.run()).toBe('done');
    expect(bench.truth.ringsOf('c9')).toBe(1);
  });

  it('what became of a call that an earlier run began', async () => {
    const first: EngineBench = new EngineBench({
      behaviour: { place: () => new Promise<never>(() => undefined) },
    }).add(1);
    first.engine.runner.run(first.signals).catch(() => undefined);
    await first.clock.advance(SECOND);
    first.store.kill();
    const bench = first.next({ behaviour: { find: () => Promise.reject(away()) } });
    const startMs = bench.clock.monotonicMs();
    expect(await drained(bench, 3 * SECOND)).toBe(startMs);
    // It stays what it was, and the next run asks.
    expect(bench.counts()).toMatchObject({ uncertain: 0, done: 0 });
    const ended = { state: 'ended', ended: { outcome: 'answered' } } as const;
    const again = bench.next({ behaviour: { find: () => ended } });
    expect(await again.run()).toBe('done');
    expect(bench.truth.rung).toHaveLength(1);
  });
});

describe('what a draining run waits for', () => {
  it('a call of its own that may ring at this moment', async () => {
    const bench: EngineBench = new EngineBench({
      behaviour: {
        place: () => Promise.reject(lost()),
        find: async (_request, count) => {
          if (count < 4) throw away();
          return { state: 'ended', ended: { outcome: 'answered' } };
        },
      },
    }).add(1);
    expect(await drained(bench, SECOND)).toBeGreaterThan(10 * SECOND);
    expect(bench.of('call.finished')).toMatchObject([{ outcome: 'answered' }]);
  });

  it('a record', async () => {
    const bench: EngineBench = new EngineBench({
      behaviour: {
        record: (_record, _context, count) => {
          if (count < 2) throw away();
        },
      },
    }).add(1);
    await drained(bench, SECOND);
    expect(bench.truth.recorded).toHaveLength(1);
  });
});
