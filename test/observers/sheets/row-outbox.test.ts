import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BATCH_ROWS,
  COLLECT_MS,
  FLUSH_MS,
  ORPHAN_MS,
  PAUSE_MS,
  PAUSE_MS_MAX,
  REQUEST_TIMEOUT_MS,
  SETTLE_MS,
  WRITE_INTERVAL_MS,
} from '../../../src/observers/sheets/row-outbox.ts';
import { failure, lost, throttled, unauthorized } from '../../support/failures.ts';
import { idOf, rowOf, SheetBench } from '../../support/sheet-bench.ts';

const MINUTE_MS = 60_000;

function silence(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

function names(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, at) => `call-${from + at}`);
}

describe('rows', () => {
  it('that come together go together, in order, and are told once', async () => {
    const bench = new SheetBench();
    const run = bench.run();
    run.outbox.start();
    await run.owe('a', 'b');
    await bench.clock.advance(COLLECT_MS / 2);
    await run.owe('c');
    await bench.clock.advance(MINUTE_MS);
    await run.owe('d');
    await bench.clock.advance(MINUTE_MS);
    expect(bench.sheet.ids).toEqual(['a', 'b', 'c', 'd'].map(idOf));
    expect(bench.sheet.times('append')).toHaveLength(2);
    expect(bench.sheet.times('prepare')).toHaveLength(1);
    expect(run.memory.count()).toBe(0);
    expect(run.told).toEqual([{ type: 'sheet.works', rows: 3 }]);
    await run.outbox.close();
    expect(bench.clock.pendingTimers).toBe(0);
    expect(run.told).toHaveLength(1);
  });

  it('keep under the quota, however many there are', async () => {
    const bench = new SheetBench();
    const run = bench.run();
    const count = BATCH_ROWS * 20 + 7;
    await run.memory.save({ owed: names(count).map((call) => rowOf(call)) });
    run.outbox.start();
    for (let more = 0; more < 30; more += 1) {
      await run.owe(`late-${more}`);
      await bench.clock.advance(3_700);
    }
    const closing = run.outbox.close();
    await bench.clock.until(closing);
    expect(bench.sheet.rows).toHaveLength(count + 30);
    expect(new Set(bench.sheet.ids).size).toBe(count + 30);
    const times = bench.sheet.times('append');
    const inMinuteFrom = (fromMs: number): number =>
      times.filter((atMs) => atMs >= fromMs && atMs < fromMs + MINUTE_MS).length;
    expect(Math.max(...times.map(inMinuteFrom))).toBeLessThanOrEqual(
      MINUTE_MS / WRITE_INTERVAL_MS + FLUSH_MS / 1_000,
    );
    expect(Math.max(...bench.sheet.asked.map(({ rows }) => rows))).toBe(BATCH_ROWS);
  });

  it('are written by the end of a short run', async () => {
    const bench = new SheetBench();
    const run = bench.run();
    void run.memory.save({ owed: [rowOf('a')] });
    await bench.clock.until(run.outbox.close());
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(bench.clock.monotonicMs()).toBe(0);
  });

  it('of one campaign are not written by the run of another', async () => {
    const bench = new SheetBench();
    await bench.run('autumn').memory.save({ owed: [rowOf('a', 'autumn')] });
    await bench.clock.until(bench.run().outbox.close());
    expect(bench.sheet.rows).toEqual([]);
    await bench.clock.until(bench.run('autumn').outbox.close());
    expect(bench.sheet.rows).toHaveLength(1);
  });
});

describe('while the sheet is away', () => {
  it('it is tried after 5, 10 and 20 s, then less and less often, and told once', async () => {
    const bench = new SheetBench();
    bench.sheet.before = (work) => {
      if (work === 'append') throw throttled();
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(30 * MINUTE_MS);
    const times = bench.sheet.times('append');
    const waits = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
    expect(waits.slice(0, 6)).toEqual([
      5_000,
      10_000,
      20_000,
      PAUSE_MS,
      2 * PAUSE_MS,
      4 * PAUSE_MS,
    ]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(PAUSE_MS_MAX);
    expect(run.told).toEqual([
      {
        type: 'sheet.away',
        kind: 'transient',
        code: 'http_429',
        status: 429,
        message: 'the service is down',
        waiting: 1,
      },
    ]);
    // It was said that nothing was written, so nothing is looked for.
    expect(bench.sheet.times('find')).toEqual([]);
    bench.sheet.before = () => undefined;
    await run.owe('b');
    await bench.clock.advance(20 * MINUTE_MS);
    expect(bench.sheet.ids).toEqual([idOf('a'), idOf('b')]);
    expect(run.of('sheet.works')).toEqual([
      { type: 'sheet.works', rows: 2, outageMs: expect.any(Number) },
    ]);
  });

  it('no longer is waited than it asks for, nor shorter', async () => {
    const bench = new SheetBench();
    bench.sheet.before = (work, count) => {
      if (work === 'append' && count === 1) throw throttled(30_000);
      if (work === 'append' && count === 2) throw throttled(5 * MINUTE_MS);
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(10 * MINUTE_MS);
    const [first = 0, second = 0, third = 0] = bench.sheet.times('append');
    expect([second - first, third - second]).toEqual([30_000, 5 * MINUTE_MS]);
  });

  it('one that refuses us is told at once, and tried again with the key of then', async () => {
    const bench = new SheetBench();
    bench.open = () => Promise.reject(unauthorized());
    const run = bench.run();
    run.outbox.start();
    await bench.clock.settle();
    expect(run.of('sheet.away')).toMatchObject([{ kind: 'permanent', waiting: 0 }]);
    await run.owe('a');
    await bench.clock.advance(PAUSE_MS_MAX - 1);
    expect(bench.opened).toBe(1);
    bench.open = () => Promise.resolve(bench.sheet);
    await bench.clock.advance(2);
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(run.told.map(({ type }) => type)).toEqual(['sheet.away', 'sheet.works']);
  });

  it('rows wait for the next run, which is told', async () => {
    const bench = new SheetBench();
    bench.sheet.before = () => {
      throw failure();
    };
    const first = bench.run();
    await first.owe('a', 'b');
    await bench.clock.advance(5 * MINUTE_MS);
    const asked = bench.sheet.asked.length;
    const atMs = bench.clock.monotonicMs();
    await bench.clock.until(first.outbox.close());
    expect(bench.sheet.asked).toHaveLength(asked + 1);
    expect(bench.clock.monotonicMs() - atMs).toBe(0);
    expect(first.of('notice').map(({ message }) => message)).toEqual([
      '2 rows for Google Sheets are kept: the next run of this campaign writes them',
    ]);
    bench.sheet.before = () => undefined;
    const second = bench.run();
    second.outbox.start();
    await second.owe('c');
    await bench.clock.until(second.outbox.close());
    expect(bench.sheet.ids).toEqual(['a', 'b', 'c'].map(idOf));
    expect(bench.sheet.times('find')).toEqual([]);
  });

  it('a bug of the sheet is no end of the run', async () => {
    const bench = new SheetBench();
    bench.sheet.before = () => {
      throw new TypeError('undefined is not a sheet');
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.until(run.outbox.close());
    expect(run.of('sheet.away')).toMatchObject([{ code: 'sheet_failed', kind: 'permanent' }]);
    expect(run.memory.count()).toBe(1);
  });

  it('a bug of the sheet writes nothing twice either', async () => {
    const bench = new SheetBench();
    bench.sheet.after = (work, count) => {
      if (work === 'append' && count === 1) throw new TypeError('undefined is not an answer');
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(2 * PAUSE_MS_MAX);
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(run.memory.count()).toBe(0);
  });

  it('one that cannot be opened, and does not say so, holds up nobody', async () => {
    const bench = new SheetBench();
    bench.open = () => silence();
    const run = bench.run();
    run.outbox.start();
    await run.owe('a');
    await bench.clock.until(run.outbox.close());
    expect(bench.clock.monotonicMs()).toBe(FLUSH_MS);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(run.memory.count()).toBe(1);
  });
});

describe('after an answer that was lost', () => {
  it('the sheet is looked through before anything is written again', async () => {
    const bench = new SheetBench();
    bench.sheet.after = (work, count) => {
      if (work === 'append' && count === 1) throw lost();
    };
    const run = bench.run();
    await run.owe('a', 'b');
    await bench.clock.advance(COLLECT_MS);
    await run.owe('c');
    await bench.clock.advance(MINUTE_MS);
    expect(bench.sheet.ids).toEqual(['a', 'b', 'c'].map(idOf));
    const [written = 0] = bench.sheet.times('append');
    expect(bench.sheet.times('find')).toEqual([written + SETTLE_MS]);
    expect(run.memory.count()).toBe(0);
    expect(run.of('sheet.away')).toEqual([]);
  });

  it('what did not arrive is written again, and only that', async () => {
    const bench = new SheetBench();
    bench.sheet.before = (work, count) => {
      if (work === 'append' && count === 1) throw lost();
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(MINUTE_MS);
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(bench.sheet.times('append')).toHaveLength(2);
  });

  it('nothing is written while it cannot be looked through', async () => {
    const bench = new SheetBench();
    bench.sheet.after = (work, count) => {
      if (work === 'append' && count === 1) throw lost();
      if (work === 'find' && count <= 3) throw failure();
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(20 * MINUTE_MS);
    expect(bench.sheet.times('find')).toHaveLength(4);
    expect(bench.sheet.times('append')).toHaveLength(1);
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(run.memory.count()).toBe(0);
  });

  it('an attempt without an answer is given up, and may have been written', async () => {
    const bench = new SheetBench();
    bench.sheet.after = (work, count) => {
      return work === 'append' && count === 1 ? silence() : undefined;
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(COLLECT_MS + REQUEST_TIMEOUT_MS + MINUTE_MS);
    // It may still be on its way, which keeps no other row waiting.
    await run.owe('b');
    await bench.clock.advance(MINUTE_MS);
    const [, later] = bench.sheet.asked.filter(({ work }) => work !== 'prepare');
    expect(later?.work).toBe('append');
    expect(bench.sheet.times('find')).toEqual([COLLECT_MS + REQUEST_TIMEOUT_MS + ORPHAN_MS]);
    expect(bench.sheet.ids).toEqual([idOf('a'), idOf('b')]);
    expect(run.memory.count()).toBe(0);
  });

  it('is made good at the end of a run too', async () => {
    const bench = new SheetBench();
    bench.sheet.after = (work, count) => {
      if (work === 'append' && count === 1) throw lost();
    };
    const run = bench.run();
    await run.owe('a');
    await bench.clock.until(run.outbox.close());
    expect(bench.sheet.ids).toEqual([idOf('a')]);
    expect(run.told).toEqual([{ type: 'sheet.works', rows: 1 }]);
    expect(bench.clock.monotonicMs()).toBe(SETTLE_MS);
  });
});

describe('a kill', () => {
  it('between the answer and its mark writes nothing twice', async () => {
    const bench = new SheetBench();
    const first = bench.run();
    bench.sheet.after = (work) => {
      if (work === 'append') first.kill();
    };
    await first.owe('a', 'b');
    await bench.clock.advance(COLLECT_MS);
    expect(bench.sheet.rows).toHaveLength(2);
    bench.sheet.after = () => undefined;
    // What may still be on its way from the dead process is left, for longer than a short run.
    const second = bench.run();
    second.outbox.start();
    await second.owe('c');
    await bench.clock.until(second.outbox.close());
    expect(bench.clock.monotonicMs()).toBe(COLLECT_MS);
    expect(bench.sheet.ids).toEqual(['a', 'b', 'c'].map(idOf));
    expect(second.told.map(({ type }) => type)).toEqual(['sheet.works', 'notice']);
    await bench.clock.advance(REQUEST_TIMEOUT_MS + ORPHAN_MS);
    const third = bench.run();
    await bench.clock.until(third.outbox.close());
    expect(bench.sheet.ids).toEqual(['a', 'b', 'c'].map(idOf));
    expect(third.memory.count()).toBe(0);
  });

  it('at any moment, with any answers lost, leaves every row in the sheet once', async () => {
    const fate = fc.constantFrom('ok', 'ok', 'lost', 'not done', 'refused', 'silent', 'kill');
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 12 }), fc.nat(40), async (fates, gapS) => {
        const bench = new SheetBench();
        const left = [...fates];
        let owed = 0;
        for (let life = 0; life < 4; life += 1) {
          const run = bench.run();
          const step =
            (isAfter: boolean) => (_work: string, _count: number, signal: AbortSignal) => {
              const next = left[0];
              if (next === undefined) return undefined;
              const isBefore = next === 'not done' || next === 'refused';
              if (isBefore === isAfter) return undefined;
              left.shift();
              if (next === 'lost' || next === 'not done') throw lost();
              if (next === 'refused') throw failure();
              if (next === 'kill') run.kill();
              return next === 'silent' || next === 'kill' ? silence(signal) : undefined;
            };
          bench.sheet.before = step(false);
          bench.sheet.after = step(true);
          run.outbox.start();
          for (let rows = 0; rows < 3; rows += 1) {
            await run.owe(`call-${owed}`).then(
              () => (owed += 1),
              () => undefined,
            );
            await bench.clock.advance(gapS * 1_000);
          }
          await bench.clock.until(run.outbox.close());
        }
        left.length = 0;
        await bench.clock.advance(REQUEST_TIMEOUT_MS + ORPHAN_MS);
        await bench.clock.until(bench.run().outbox.close());
        expect(bench.sheet.ids.toSorted()).toEqual(names(owed).map(idOf).toSorted());
      }),
      {
        numRuns: 150,
        // Once for ever at the end of a run: its rows in doubt, its next retry after the flush.
        examples: [['refused,silent,ok,kill,not done,not done,ok,lost,silent,ok'.split(','), 29]],
      },
    );
  });
});

describe('the end of a run', () => {
  it('is held up by a sheet that never answers for a bounded time, and told', async () => {
    const bench = new SheetBench();
    bench.sheet.before = () => silence();
    const run = bench.run();
    await run.owe('a');
    await bench.clock.until(run.outbox.close());
    expect(bench.clock.monotonicMs()).toBe(FLUSH_MS);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(run.told.map(({ type }) => type)).toEqual(['sheet.away', 'notice']);
  });

  it('waits for rows in doubt even where the next retry would come after it', async () => {
    const bench = new SheetBench();
    bench.sheet.before = (work, count) => {
      if (work === 'append' && count === 1) throw failure();
      if (work === 'append' && count === 2) throw failure();
      if (work === 'append' && count === 3) throw lost();
    };
    const run = bench.run();
    await run.owe('a');
    // Lost at 16 s: in doubt until 26 s, and tried again at 36 s.
    await bench.clock.advance(COLLECT_MS + 16_000);
    await bench.clock.until(run.outbox.close());
    expect(bench.clock.monotonicMs()).toBe(COLLECT_MS + 15_000 + SETTLE_MS);
    expect(bench.sheet.ids).toEqual([idOf('a')]);
  });

  it('is not held up at all where it is to be at once', async () => {
    const bench = new SheetBench();
    bench.sheet.before = () => silence();
    const run = bench.run();
    await run.owe('a');
    await bench.clock.advance(COLLECT_MS);
    const closing = run.outbox.close();
    run.stop.abort();
    await bench.clock.until(closing);
    expect(bench.clock.monotonicMs()).toBe(COLLECT_MS);
    expect(bench.clock.pendingTimers).toBe(0);
    expect(run.told.map(({ type }) => type)).toEqual(['notice']);
  });

  it('comes with the store, where that cannot be written', async () => {
    const bench = new SheetBench();
    const run = bench.run();
    await run.owe('a');
    bench.sheet.after = (work) => {
      if (work === 'append') run.kill();
    };
    await bench.clock.run();
    await run.outbox.close();
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.sheet.rows).toHaveLength(1);
  });
});
