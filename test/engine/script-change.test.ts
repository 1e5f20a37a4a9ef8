import { describe, expect, it } from 'vitest';
import { EngineBench, type EngineBenchOptions } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';

const was: EngineBenchOptions = {
  config: `script:
  template: "Monday. 1: confirmed, 9: never again"
  answers: { 1: confirmed, 9: opt_out }
`,
};
const is: EngineBenchOptions = {
  config: `script:
  template: "Tuesday. 1: we call you back, 2: never again"
  answers: { 1: call_me_back, 2: opt_out }
`,
};
const texts = { old: 'the old text', new: 'the new text' };

/** Those who were rung, with what they heard and what was listened for. */
interface Heard {
  readonly contact: string;
  readonly text: string;
  readonly keys: string | undefined;
}

/** A process that is killed while its calls are being placed. */
async function killedAtPlace(): Promise<EngineBench> {
  const bench = new EngineBench({
    ...was,
    behaviour: { write: () => ({ text: texts.old }), admit: () => new Promise<never>(() => {}) },
  }).add(1);
  bench.engine.runner.run(bench.signals).catch(() => undefined);
  while (bench.truth.counts.admit === 0) await bench.clock.settle();
  bench.store.kill();
  return bench;
}

describe('a script that is changed between two runs', () => {
  it('is what everybody hears who was not called yet, with its own keys', async () => {
    const heard: Heard[] = [];
    const down = (): never => {
      throw failure({ kind: 'transient' });
    };
    const first = new EngineBench({
      ...was,
      policy: { lines: 1 },
      behaviour: { write: () => ({ text: texts.old }), admit: down },
    }).add(3);
    expect(await first.run()).toBe('outage');
    expect(first.next(was).rewritten).toBe(0);
    const next = first.next({
      ...is,
      behaviour: {
        write: () => ({ text: texts.new }),
        place: ({ contact, text, answers }) => {
          heard.push({ contact: contact.id, text, keys: answers?.keys });
        },
        follow: () => ({ outcome: 'answered', digit: '2' }),
      },
    });
    expect(next.rewritten).toBe(first.of('step.finished').length / 2);
    expect(next.rewritten).toBeGreaterThan(0);
    expect(await next.run()).toBe('done');
    expect(heard).toHaveLength(3);
    for (const { text, keys } of heard)
      expect({ text, keys }).toEqual({ text: texts.new, keys: '12' });
    expect(next.disk.optOuts.list()).toHaveLength(3);
  });

  it('changes nothing of a call that was placed before: its keys mean what was said', async () => {
    const asked: unknown[] = [];
    const next = (await killedAtPlace()).next({
      ...is,
      behaviour: {
        find: ({ call }) => ({
          state: 'placed',
          placed: { service: 'preview', reference: `at-vendor-${call}` },
        }),
        follow: (_placed, { answers }) => {
          asked.push(answers?.keys);
          return { outcome: 'answered', digit: '9' };
        },
      },
    });
    expect(await next.run()).toBe('done');
    expect(asked).toEqual(['19']);
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', answer: 'opt_out' }]);
    expect(next.disk.optOuts.list()).toHaveLength(1);
  });

  it('nor of one that is asked about once more, as its dialer could not be asked', async () => {
    const unasked = (): never => {
      throw failure();
    };
    const doubted = (await killedAtPlace()).next({ ...was, behaviour: { find: unasked } });
    expect(await doubted.run()).toBe('done');
    expect(doubted.of('call.finished')).toMatchObject([{ outcome: 'uncertain' }]);
    const next = doubted.next({
      ...is,
      behaviour: { find: () => ({ state: 'ended', ended: { outcome: 'answered', digit: '9' } }) },
    });
    expect(await next.run()).toBe('done');
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', answer: 'opt_out' }]);
    expect(next.disk.optOuts.list()).toHaveLength(1);
  });

  it('is what they hear of whom it is proven that they were not rung', async () => {
    const heard: string[] = [];
    const next = (await killedAtPlace()).next({
      ...is,
      behaviour: {
        find: () => ({ state: 'absent' }),
        write: () => ({ text: texts.new }),
        place: ({ text }) => void heard.push(text),
      },
    });
    expect(await next.run()).toBe('done');
    expect(heard).toEqual([texts.new]);
    expect(next.of('notice')).toMatchObject([
      { message: expect.stringContaining('the script is another one by now') },
    ]);
  });
});
