import { describe, expect, it } from 'vitest';
import { CAMPAIGN, contactOf, EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';

const config = `script:
  template: Hello
  answers: { 1: confirmed, 9: opt_out }
  answer_wait: 4s
`;

/** The numbers on disk that are not rung any more. */
const optedOut = ({ disk }: EngineBench) => disk.optOuts.list().map(({ number }) => number);

describe('a key that is pressed', () => {
  it('is asked for with the call, and is the detail of its outcome', async () => {
    const asked: unknown[] = [];
    const records: unknown[] = [];
    const bench = new EngineBench({
      config,
      behaviour: {
        follow: (_placed, { answers }) => {
          asked.push({ keys: answers?.keys, waitMs: answers?.waitMs });
          return { outcome: 'answered', detail: 'as the vendor said', digit: '1' };
        },
        record: ({ detail, answer }) => {
          records.push({ detail, answer });
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(asked).toEqual([{ keys: '19', waitMs: 4_000 }]);
    const told = { outcome: 'answered', detail: 'confirmed', answer: 'confirmed' };
    expect(bench.of('call.finished')).toMatchObject([told]);
    expect(records).toEqual([{ detail: 'confirmed', answer: 'confirmed' }]);
    expect(optedOut(bench)).toEqual([]);
  });

  it('counts also where it was told before an end that nobody can tell', async () => {
    const bench = new EngineBench({
      config,
      behaviour: {
        follow: async (_placed, { answers }) => {
          await answers?.pressed('9');
          throw failure({ kind: 'unknown' });
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(optedOut(bench)).toEqual([contactOf(1).phone]);
    expect(bench.of('call.finished')).toMatchObject([{ outcome: 'answered', detail: 'opt_out' }]);
  });

  it.each([
    ['1', 'heard nothing', undefined, []],
    ['9', 'opt_out; heard nothing', 'opt_out', [contactOf(1).phone]],
  ])('%s is no answer to what was not heard, unless it is to opt out', async (...row) => {
    const [key, detail, answer, refused] = row;
    const records: unknown[] = [];
    const bench = new EngineBench({
      config,
      behaviour: {
        follow: async (_placed, { answers }) => {
          await answers?.pressed(key);
          return { outcome: 'failed', detail: 'heard nothing' };
        },
        record: (record) => {
          records.push({ detail: record.detail, answer: record.answer });
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.of('call.finished')[0]?.answer).toBe(answer);
    expect(records).toEqual([{ detail, answer }]);
    expect(optedOut(bench)).toEqual(refused);
  });

  it('counts where it is heard when its call is over and was taken up anew', async () => {
    let late: ((key: string) => Promise<void>) | undefined;
    const bench = new EngineBench({
      config,
      behaviour: {
        follow: (_placed, { answers }) => {
          late = answers?.pressed;
          return { outcome: 'answered' };
        },
        record: async (_record, _context, count) => {
          if (count < 6) throw failure();
          await late?.('9');
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.of('contact.put_off')).not.toEqual([]);
    expect(optedOut(bench)).toEqual([contactOf(1).phone]);
  });

  it('is on disk before the call ends, for whoever is killed in between', async () => {
    const bench = new EngineBench({
      config,
      behaviour: {
        follow: async (_placed, { answers }) => {
          await answers?.pressed('9');
          return await new Promise<never>(() => undefined);
        },
      },
    }).add(1);
    bench.engine.runner.run(bench.signals).catch(() => undefined);
    for (let turn = 0; optedOut(bench).length === 0 && turn < 100; turn += 1) {
      await bench.clock.settle();
    }
    bench.store.kill();
    // The dialer has forgotten the call, and the answer stands.
    const next = bench.next({
      config,
      behaviour: { follow: () => Promise.reject(failure({ kind: 'unknown' })) },
    });
    expect(await next.run()).toBe('done');
    expect(next.truth.rung).toHaveLength(1);
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', detail: 'opt_out' }]);
  });
});

describe('a number that asked not to be called', () => {
  const refuse = ({ disk }: EngineBench): void => {
    const about = { campaign: undefined, reason: 'by letter', atMs: Date.UTC(2026, 2, 2) };
    disk.optOuts.add({ number: contactOf(1).phone, ...about });
  };
  const told = {
    outcome: 'failed',
    code: 'opted_out',
    detail: 'this number asked on 2026-03-02 not to be called',
  };

  it('costs nothing, and its record is made', async () => {
    const bench = new EngineBench({ config }).add(1);
    refuse(bench);
    expect(await bench.run()).toBe('done');
    expect(bench.truth.counts).toMatchObject({ write: 0, speak: 0, admit: 0, record: 1 });
    expect(bench.of('call.finished')).toMatchObject([told]);
    expect(bench.of('call.failed')).toEqual([]);
  });

  it('is not rung where it asked while the call was prepared', async () => {
    const bench: EngineBench = new EngineBench({
      config,
      behaviour: {
        speak: () => {
          refuse(bench);
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('done');
    expect(bench.truth.counts).toMatchObject({ write: 1, speak: 1, admit: 0, record: 1 });
    expect(bench.of('call.finished')).toMatchObject([told]);
    expect(bench.of('attempt.failed')).toEqual([]);
    const contact = bench.disk.campaigns.get(CAMPAIGN)?.contacts.get('c1');
    expect(contact?.calls.at(-1)?.attempts).toEqual([]);
  });
});
