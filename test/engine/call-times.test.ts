import { describe, expect, it } from 'vitest';
import { EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';

describe('a step that is done', () => {
  it('says how long the request took that was answered, without what came before', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        write: async (_request, _context, count) => {
          await bench.clock.sleep(3_000);
          if (count === 1) throw failure();
          return { text: 'Hello' };
        },
        follow: async () => {
          await bench.clock.sleep(40_000);
          return { outcome: 'answered' };
        },
      },
    }).add(1);
    await bench.run();
    const [script, speech, dial] = bench.of('step.finished');
    expect(script).toMatchObject({ step: 'script', durationMs: 11_000, requestMs: 3_000 });
    expect(speech).toMatchObject({ step: 'speech', requestMs: 0 });
    // Not the call: only until the dialer has taken it on.
    expect(dial).toMatchObject({ step: 'dial', durationMs: 40_000, requestMs: 0 });
  });
});

describe('a call whose end nobody tells', () => {
  it('is ended when its time is up, and that is said', async () => {
    const bench: EngineBench = new EngineBench({
      config: 'timeouts: { call: 5m }',
      policy: { lines: 1 },
      behaviour: {
        follow: async ({ reference }, _request, context) => {
          const isFirst = bench.of('call.finished').length === 0;
          if (isFirst) await bench.clock.sleep(3_600_000, context.signal);
          return { outcome: 'answered', detail: reference };
        },
      },
    }).add(2);
    expect(await bench.run()).toBe('done');
    const [first, second] = bench.of('call.finished');
    expect(first).toMatchObject({ outcome: 'uncertain', cut: true, durationMs: 300_000 });
    expect(second?.outcome).toBe('answered');
    expect(second).not.toHaveProperty('cut');
    expect(bench.truth.hungUp).toHaveLength(1);
  });
});

describe('the record of a call', () => {
  it('has the time on the line where the dialer told it, and no other', async () => {
    const times: unknown[] = [];
    const bench: EngineBench = new EngineBench({
      policy: { lines: 1 },
      behaviour: {
        follow: async () => {
          const isFirst = bench.of('call.finished').length === 0;
          await bench.clock.sleep(300_000);
          return { outcome: 'answered', ...(isFirst && { usage: { seconds: 12 } }) };
        },
        record: ({ talkMs }) => {
          times.push(talkMs);
        },
      },
    }).add(2);
    expect(await bench.run()).toBe('done');
    expect(times).toEqual([12_000, undefined]);
  });
});
