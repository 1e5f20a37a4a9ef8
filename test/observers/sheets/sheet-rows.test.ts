import { describe, expect, it } from 'vitest';
import { type Claim, type JournalEntry, STAGES } from '../../../src/engine/ports.ts';
import { owedRow, SHEET_HEADER } from '../../../src/observers/sheets/row.ts';
import { SheetRows } from '../../../src/observers/sheets/sheet-rows.ts';
import { MemoryDisk, openMemoryStore } from '../../../src/store/memory.ts';
import { claimed, contactOf, entries } from '../../store-conformance/subjects.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class Bench {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly store = openMemoryStore({ disk: this.disk, defer: (flush) => this.clock.defer(flush) });
  readonly memory = this.store.rows('spring');
  put = 0;
  readonly rows = new SheetRows({
    campaign: 'spring',
    memory: this.memory,
    clock: this.clock,
    onOwed: () => (this.put += 1),
  });
  readonly journal = this.rows.journal(this.store.journal('spring'));

  constructor(ids: readonly string[] = ['c1']) {
    this.store.contacts('spring', { sameNumber: 'allow' }).add(ids.map((id) => contactOf(id)));
  }

  async claim(call: string): Promise<Claim> {
    return await claimed(this.journal.claim(STAGES, this.clock.wallMs(), call));
  }

  /** As the processor does it. */
  fail({ key: { contact, call } }: Claim, code = 'http_503', attempt = 4): void {
    const about = { contact, call, line: 1, step: 'speech', service: 'flite' } as const;
    const why = { kind: 'transient', code, message: 'mute' } as const;
    const scope = 'service';
    const more = { role: 'tts', attempt, scope, status: 503, durationMs: 5 } as const;
    this.rows.take({ type: 'attempt.failed', ...about, ...why, ...more });
    this.rows.take({ type: 'call.failed', ...about, ...why });
  }

  async write({ key }: Claim, entry: JournalEntry): Promise<void> {
    await this.journal.write(key, entry);
  }

  get owed(): Record<string, unknown>[] {
    return this.memory.load(99, this.clock.wallMs()).map(({ cells }) => {
      return Object.fromEntries(SHEET_HEADER.map((name, at) => [name, cells[at]]));
    });
  }
}

describe('rows for a sheet', () => {
  it('of a call that was uncertain says so when its end is known', async () => {
    const bench = new Bench();
    await bench.write(await bench.claim('call-1'), entries.unasked());
    await bench.journal.recall(bench.clock.wallMs());
    await bench.write(await bench.claim('call-2'), entries.callEnded('busy', 5_000));
    expect(bench.owed.map(({ call, outcome, msg }) => [call, outcome, msg])).toEqual([
      ['call-1', 'uncertain', 'call to c1 ended: uncertain (as the vendor said) in 0 ms'],
      ['call-1', 'busy', 'call to c1 was uncertain, and is known now: busy (as the vendor said)'],
    ]);
  });

  it('of a call that ends come with the commit of its end', async () => {
    const bench = new Bench();
    const claim = await bench.claim('call-1');
    await bench.clock.advance(1_234);
    const written = bench.write(claim, entries.callEnded('busy', Date.UTC(2026, 2, 2, 10)));
    expect([bench.owed, bench.put]).toEqual([[], 0]);
    await written;
    await bench.clock.settle();
    expect(bench.put).toBe(1);
    expect(bench.owed).toEqual([
      {
        call: 'call-1',
        time: '2026-03-02T10:00:00.000Z',
        event: 'call.finished',
        campaign: 'spring',
        contact: 'c1',
        outcome: 'busy',
        msg: 'call to c1 ended: busy (as the vendor said) in 1 s',
        level: 'info',
        step: 'dial',
        role: 'dialer',
        service: 'twilio',
        error_category: '',
        code: '',
        status: '',
        retry_count: '',
        breaker_state: '',
        duration_ms: 1234,
      },
    ]);
  });

  it('are lost in a kill with what they tell of, and only with that', async () => {
    const bench = new Bench();
    const claim = await bench.claim('call-1');
    void bench.write(claim, entries.callEnded());
    bench.store.kill();
    await bench.clock.settle();
    expect([bench.owed, bench.store.journal('spring').counts().done]).toEqual([[], 0]);
  });

  it('of a call that failed say why; one that was only put off has none', async () => {
    const bench = new Bench(['c1', 'c2']);
    const [first, second] = [await bench.claim('call-1'), await bench.claim('call-2')];
    bench.rows.take({
      type: 'breaker.opened',
      service: 'flite',
      role: 'tts',
      openMs: 60_000,
      kind: 'transient',
      code: 'http_503',
      message: 'mute',
    });
    bench.fail(first);
    await bench.write(first, entries.putOff(0));
    await bench.write(second, entries.turnedAway(0));
    expect(bench.owed).toMatchObject([
      {
        call: 'call-1',
        event: 'call.failed',
        outcome: '',
        msg: 'call to c1 failed at speech: mute (http_503)',
        level: 'error',
        step: 'speech',
        role: 'tts',
        service: 'flite',
        error_category: 'transient',
        code: 'http_503',
        status: 503,
        retry_count: 3,
        breaker_state: 'open',
      },
    ]);
    // Taken up again, it ends well: nothing is left of its failure.
    const again = await bench.claim('call-3');
    expect(again.key.call).toBe('call-1');
    await bench.write(again, entries.callEnded('answered'));
    expect(bench.owed).toHaveLength(2);
    expect(bench.owed[1]).toMatchObject({ call: 'call-1', outcome: 'answered', code: '' });
  });

  it('of a call that ends with its failure are one row', async () => {
    const bench = new Bench();
    const claim = await bench.claim('call-1');
    bench.fail(claim, 'too_long', 1);
    await bench.write(claim, entries.callEnded('failed'));
    expect(bench.owed).toMatchObject([
      {
        event: 'call.finished',
        outcome: 'failed',
        code: 'too_long',
        retry_count: 0,
        step: 'speech',
      },
    ]);
  });

  it('hold nothing that Google would refuse, or take for more than a text', () => {
    const { cells } = owedRow({
      campaign: '@SUM(A1)',
      event: {
        type: 'call.finished',
        contact: '=1',
        call: 'call-1',
        outcome: 'failed',
        detail: `\u0000\ud800 +14155550134 ${'x'.repeat(99_999)}`,
        durationMs: 1,
      },
      service: undefined,
      failure: undefined,
      atMs: 0,
      durationMs: Number.NaN,
    });
    expect(JSON.stringify(cells)).toBe(JSON.stringify(cells).toWellFormed());
    expect(JSON.stringify(cells)).not.toMatch(/\\u0000|\\ud800|4155550134/);
    expect(Math.max(...cells.map((cell) => String(cell).length))).toBeLessThanOrEqual(1_001);
    expect(cells.slice(3, 5)).toEqual(["'@SUM(A1)", "'=1"]);
    expect(cells.at(-1)).toBe('');
  });
});
