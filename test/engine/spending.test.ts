import { describe, expect, it } from 'vitest';
import { paidFor } from '../../src/domain/spending.ts';
import type { UsageCount } from '../../src/domain/usage.ts';
import { UsageBook } from '../../src/domain/usage.ts';
import { EngineBench, type EngineBenchOptions } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';

const SECONDS = 1_000;

/** Spent once so many calls have ended. */
function purseOf(bench: () => EngineBench, calls: number) {
  return {
    isReached: () => bench().of('call.finished').length >= calls,
    describe: () => 'all is spent',
  };
}

function benchWith(calls: number, options: EngineBenchOptions = {}): EngineBench {
  const bench: EngineBench = new EngineBench({ purse: purseOf(() => bench, calls), ...options });
  return bench;
}

describe('a budget that is spent', () => {
  it('takes no new contact, and brings those in hand to their end', async () => {
    const bench = benchWith(1, {
      policy: { lines: 3 },
      behaviour: { follow: async () => ({ outcome: 'answered' }) },
    }).add(10);
    expect(await bench.run()).toBe('budget');
    expect(bench.counts()).toMatchObject({ total: 10, done: 3, calling: 0, queued: 7 });
    expect(bench.truth.recorded).toHaveLength(3);
    expect(bench.of('run.finished')).toMatchObject([{ end: 'budget', reason: 'all is spent' }]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('is done, not out of budget, where nobody is left', async () => {
    const bench = benchWith(2, { policy: { lines: 1 } }).add(2);
    expect(await bench.run()).toBe('done');
  });

  it('takes nobody at all where it was spent before, and says so at the start', async () => {
    const bench = benchWith(0).add(2);
    expect(await bench.run()).toBe('budget');
    expect(bench.of('run.started')).toMatchObject([{ isSpent: true }]);
    expect(bench.of('call.started')).toEqual([]);
    expect(bench.clock.monotonicMs()).toBe(0);
  });

  it('does not wait for contacts that were put off', async () => {
    const bench = benchWith(1, {
      policy: { lines: 1 },
      behaviour: {
        speak: (_request, _context, count) => {
          if (count === 1) throw failure({ scope: 'request', retriesMax: 0 });
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(2);
    expect(await bench.run()).toBe('budget');
    expect(bench.counts()).toMatchObject({ done: 1, put_off: 1 });
  });

  it('still makes the records that are owed, and settles the calls that were begun', async () => {
    const down = { record: () => Promise.reject(failure()) };
    const first = new EngineBench({ policy: { lines: 2 }, behaviour: down }).add(2);
    expect(await first.run()).toBe('outage');
    expect(first.truth.recorded).toEqual([]);
    await first.clock.advance(3_600 * SECONDS);
    const next: EngineBench = first.next({ purse: purseOf(() => next, 0) });
    next.store.contacts('spring', { sameNumber: 'allow' });
    next.add(3);
    expect(await next.run()).toBe('budget');
    expect(next.truth.recorded).toHaveLength(2);
    expect(next.truth.rung).toHaveLength(2);
    expect(next.counts()).toMatchObject({ total: 3, done: 2, queued: 1 });
  });
});

it('with a spent budget nobody is rung anew for whom it is proven that they were not', async () => {
  const killed = new EngineBench({
    policy: { lines: 1 },
    behaviour: { admit: () => new Promise<never>(() => undefined) },
  }).add(2);
  killed.engine.runner.run(killed.signals).catch(() => undefined);
  while (killed.truth.counts.admit === 0) await killed.clock.settle();
  killed.store.kill();
  const behaviour = { find: () => ({ state: 'absent' }) as const };
  const next: EngineBench = killed.next({ purse: purseOf(() => next, 0), behaviour });
  expect(await next.run()).toBe('budget');
  expect(next.truth.rung).toEqual([]);
  expect(next.counts()).toMatchObject({ queued: 2, done: 0 });
  const last = next.next();
  expect(await last.run()).toBe('done');
  // Text and speech were there.
  expect(last.truth.counts).toMatchObject({ write: 2, speak: 2, find: 1 });
  expect(last.truth.rung).toHaveLength(2);
});

describe('what services are paid for', () => {
  function usageOf(bench: EngineBench): readonly UsageCount[] {
    const paid = bench.told.flatMap(({ event }) => paidFor(event) ?? []);
    return new UsageBook(paid).counts();
  }
  const none = { seconds: 0, answers: 1, inputTokens: 0, outputTokens: 0, characters: 0 };

  it('is told with the step; a speech that is there already is free', async () => {
    const bench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        write: () => ({ text: 'The same words.', usage: { inputTokens: 9, outputTokens: 3 } }),
        speak: ({ text }) => ({ wav: new Uint8Array(44), usage: { characters: text.length } }),
        follow: () => ({ outcome: 'answered', usage: { seconds: 31 } }),
      },
    }).add(2);
    await bench.run();
    expect(usageOf(bench)).toEqual([
      { ...none, role: 'llm', service: 'template', answers: 2, inputTokens: 18, outputTokens: 6 },
      { ...none, role: 'tts', service: 'flite', characters: 15 },
      { ...none, role: 'dialer', service: 'preview', answers: 2, seconds: 31 },
    ]);
  });

  it('is told of an answer that is refused, too', async () => {
    const usage = { inputTokens: 50, outputTokens: 1 };
    const bad = failure({ scope: 'request', code: 'bad_answer', retriesMax: 1, usage });
    const bench = new EngineBench({
      behaviour: {
        write: (_request, _context, count) => {
          if (count === 1) throw bad;
          return { text: 'Good words.', usage };
        },
      },
    }).add(1);
    await bench.run();
    expect(usageOf(bench)).toMatchObject([{ role: 'llm', answers: 2, inputTokens: 100 }]);
  });

  it('is told of a call that another run had placed', async () => {
    const stopped = new EngineBench({
      policy: { lines: 1 },
      behaviour: { follow: () => new Promise(() => undefined) },
    }).add(1);
    void stopped.engine.runner.run(stopped.signals);
    await stopped.clock.advance(20 * SECONDS);
    stopped.store.kill();
    const follow = () => ({ outcome: 'answered', usage: { seconds: 62 } }) as const;
    const next = stopped.next({ behaviour: { follow } });
    expect(await next.run()).toBe('done');
    expect(next.truth.rung).toHaveLength(1);
    expect(usageOf(next)).toEqual([{ ...none, role: 'dialer', service: 'preview', seconds: 62 }]);
  });
});
