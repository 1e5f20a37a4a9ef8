import { describe, expect, it } from 'vitest';
import type { ServiceFailure } from '../../src/domain/failure.ts';
import { isTimeUp } from '../../src/engine/guard-report.ts';
import { guardCrm, guardDialer, guardLlm, guardTts } from '../../src/engine/guarded.ts';
import { Pacer } from '../../src/engine/pacer.ts';
import type {
  CallRecord,
  Crm,
  Dialer,
  DialRequest,
  Llm,
  Placed,
  Tts,
} from '../../src/engine/ports.ts';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';
import { CASE_POLICIES, GuardBench, outcome, watched } from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const PLACED: Placed = { service: 'alpha', reference: 'r-1' };
const REQUEST = { call: 'c-1' } as DialRequest;
const RECORD = { call: 'c-1', again: false } as CallRecord;

/** A dialer whose methods do as the script says. */
function dialling(
  answers: Partial<Omit<Dialer, 'speaks' | 'account'>>,
  changes: { callMs?: number; idleMs?: number } = {},
  rings = true,
) {
  const clock = new VirtualClock();
  const timeouts = { requestMs: 15_000, callMs: 600_000, ...changes };
  const pacer = new Pacer('dialer', 1, clock);
  const policies = { ...CASE_POLICIES, timeouts };
  const bench = new GuardBench({ role: 'dialer', policies, pacer }, clock);
  const none = () => Promise.reject(new Error('not in the script'));
  const dialer: Dialer = {
    name: 'alpha',
    role: 'dialer',
    rings,
    speaks: undefined,
    hears: false,
    account: undefined,
    probe: async () => {},
    place: none,
    follow: none,
    find: none,
    hangUp: none,
    ...answers,
  };
  return { bench, clock, guarded: guardDialer(dialer, bench.guard) };
}

describe('place', () => {
  it('is not sent again when it may have rung, and paced only where a phone rings', async () => {
    for (const rings of [true, false]) {
      const starts: number[] = [];
      const { bench, clock, guarded } = dialling(
        {
          place: async () => {
            starts.push(clock.monotonicMs());
            throw lost();
          },
        },
        {},
        rings,
      );
      const runs = [1, 2].map((line) => watched(guarded.place(REQUEST, bench.context(line))));
      await clock.run();
      expect(starts).toEqual(rings ? [0, 1_000] : [0, 0]);
      expect(runs.map((run) => run.outcome)).toMatchObject([{ kind: 'unknown' }, {}]);
    }
  });

  it('that has no answer in time may have rung', async () => {
    const { bench, clock, guarded } = dialling({ place: () => new Promise(() => {}) });
    const error = await clock.until(outcome(guarded.place(REQUEST, bench.context())));
    expect(error).toMatchObject({ kind: 'unknown', code: 'timeout' });
    expect(clock.monotonicMs()).toBe(15_000);
  });
});

describe('follow and find', () => {
  it('outlast an open breaker, and count nowhere', async () => {
    let asked = 0;
    const follow: Dialer['follow'] = async () => {
      asked += 1;
      if (asked < 6) throw asked % 2 === 0 ? lost() : failure();
      return { outcome: 'answered' };
    };
    const { bench, clock, guarded } = dialling({ follow });
    await bench.trip(unauthorized());
    const snapshot = bench.memory.saved.get('llm/alpha');
    const run = guarded.follow(PLACED, REQUEST, bench.context());
    expect(await clock.until(run)).toEqual({ outcome: 'answered' });
    expect(clock.monotonicMs()).toBe(5_000 + 10_000 + 20_000 + 40_000 + 60_000);
    expect(bench.memory.saved.get('llm/alpha')).toEqual(snapshot);
    expect(bench.of('retry.scheduled').map((event) => event.retry)).toEqual([1, 2, 3, 4, 5]);
    expect(bench.of('notice')).toEqual([]);
  });

  it('open the breaker where the call met what the next one would meet', async () => {
    const ended = { outcome: 'failed', detail: 'heard nothing' } as const;
    const fault = unauthorized();
    const { bench, clock, guarded } = dialling({
      follow: async () => ({ ...ended, fault }),
      find: async () => ({ state: 'ended', ended: { ...ended, fault } }),
    });
    expect(await clock.until(guarded.follow(PLACED, REQUEST, bench.context()))).toEqual(ended);
    expect(bench.guard.status()).toMatchObject({ state: 'open', cause: fault });
    // The calls that were on their way with it are told of as well, and change nothing.
    const found = await clock.until(guarded.find(REQUEST, bench.context(2)));
    expect(found).toEqual({ state: 'ended', ended });
    expect(bench.of('attempt.failed')).toMatchObject([
      { service: 'alpha', code: fault.code, line: 1 },
      { service: 'alpha', code: fault.code, line: 2 },
    ]);
    expect(bench.of('breaker.opened')).toHaveLength(1);
  });

  it('are given up where nothing is heard of the call for too long', async () => {
    const follow: Dialer['follow'] = async (_placed, _request, context) => {
      await clock.sleep(250_000, context.signal);
      context.heard?.();
      await clock.sleep(1_000_000, context.signal);
      return { outcome: 'answered' };
    };
    const { bench, clock, guarded } = dialling({ follow }, { idleMs: 300_000 });
    const error = await clock.until(outcome(guarded.follow(PLACED, REQUEST, bench.context())));
    expect(error).toMatchObject({ kind: 'unknown', code: 'silent' });
    expect((error as Error).message).toBe('nothing was heard of the call from alpha in 300 s');
    expect(clock.monotonicMs()).toBe(550_000);
    expect(clock.pendingTimers).toBe(0);
    expect(bench.of('retry.scheduled')).toEqual([]);
  });

  it('are not given up while something is heard', async () => {
    let asked = 0;
    const follow: Dialer['follow'] = async (_placed, _request, { signal, heard }) => {
      asked += 1;
      await clock.sleep(200_000, signal);
      heard?.();
      if (asked < 3) throw failure();
      return { outcome: 'answered' };
    };
    const { bench, clock, guarded } = dialling({ follow }, { idleMs: 300_000, callMs: 0 });
    const run = guarded.follow(PLACED, REQUEST, bench.context());
    expect(await clock.until(run)).toEqual({ outcome: 'answered' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('are given up at the bound as a call that goes on, where that was told', async () => {
    const follow: Dialer['follow'] = async (_placed, _request, { signal, heard }) => {
      for (;;) {
        await clock.sleep(15_000, signal);
        heard?.();
      }
    };
    const { bench, clock, guarded } = dialling({ follow }, { callMs: 66_000 });
    const error = await clock.until(outcome(guarded.follow(PLACED, REQUEST, bench.context())));
    expect(error).toMatchObject({ kind: 'unknown', code: 'call_limit' });
    expect((error as Error).message).toBe('it was still in progress after 66 s, and is hung up');
    expect(isTimeUp(error as ServiceFailure)).toBe(true);
    expect(clock.monotonicMs()).toBe(66_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are given up as nothing that is known, where the questions failed at last', async () => {
    let asked = 0;
    const follow: Dialer['follow'] = async (_placed, _request, { signal, heard }) => {
      asked += 1;
      if (asked === 1) heard?.();
      await clock.sleep(15_000, signal);
      throw failure({ message: 'no network' });
    };
    const { bench, clock, guarded } = dialling({ follow }, { callMs: 66_000 });
    const error = await clock.until(outcome(guarded.follow(PLACED, REQUEST, bench.context())));
    expect(error).toMatchObject({ kind: 'unknown', code: 'timeout' });
  });

  it('case 50: ask a last time where the next try lies beyond the bound, and give up', async () => {
    const starts: number[] = [];
    const errors = [failure(), failure(), failure({ message: 'the third' })];
    const find: Dialer['find'] = async () => {
      starts.push(clock.monotonicMs());
      throw errors[starts.length - 1];
    };
    const { bench, clock, guarded } = dialling({ find }, { callMs: 12_000 });
    const error = await clock.until(outcome(guarded.find(REQUEST, bench.context())));
    expect(starts).toEqual([0, 5_000, 8_500]);
    expect(clock.monotonicMs()).toBe(8_500);
    expect(error).toMatchObject({ kind: 'unknown', code: 'timeout', cause: errors[2] });
    expect((error as Error).message).toBe(
      'alpha could not tell within 12 s; the last failure was: the third',
    );
    expect(clock.pendingTimers).toBe(0);
  });

  it('ask a last time when an answer can just come before the bound', async () => {
    const starts: number[] = [];
    const find: Dialer['find'] = async () => {
      starts.push(clock.monotonicMs());
      if (starts.length < 6) throw failure();
      return { state: 'absent' };
    };
    const timeouts = { callMs: 120_000, requestMs: 3_000 };
    const { bench, clock, guarded } = dialling({ find }, timeouts);
    const run = guarded.find(REQUEST, bench.context());
    expect(await clock.until(run)).toEqual({ state: 'absent' });
    expect(starts).toEqual([0, 5_000, 15_000, 35_000, 75_000, 117_000]);
  });

  it('say that a call is looked for when that begins, where a phone may ring', async () => {
    const find: Dialer['find'] = () => new Promise(() => {});
    for (const [rings, once, told] of [
      [true, undefined, 1],
      [true, true, 0],
      [false, undefined, 0],
    ] as const) {
      const { bench, guarded } = dialling({ find }, { callMs: 120_000 }, rings);
      watched(guarded.find(REQUEST, { ...bench.context(), once }));
      expect(bench.of('call.looked_for')).toMatchObject(told === 0 ? [] : [{ forMs: 120_000 }]);
    }
  });

  it('case 56: an attempt gets what is left of the bound', async () => {
    let asked = 0;
    let signal: AbortSignal | undefined;
    const follow: Dialer['follow'] = (_, __, context) => {
      asked += 1;
      signal = context.signal;
      return asked === 1 ? Promise.reject(failure()) : new Promise(() => {});
    };
    const { bench, clock, guarded } = dialling({ follow }, { callMs: 30_000 });
    const seen = watched(guarded.follow(PLACED, REQUEST, bench.context()));
    await clock.advance(29_999);
    expect([asked, seen.settled]).toEqual([2, false]);
    await clock.advance(1);
    const cause = { code: 'http_503' };
    expect(seen.outcome).toMatchObject({ kind: 'unknown', code: 'timeout', cause });
    expect(signal?.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('do not wait out what will not pass, nor go on when the caller stops', async () => {
    const refusal = refused();
    const gone = dialling({ find: () => Promise.reject(refusal) });
    expect(await outcome(gone.guarded.find(REQUEST, gone.bench.context()))).toBe(refusal);
    const slow = dialling({ find: () => Promise.reject(throttled()) });
    const seen = watched(slow.guarded.find(REQUEST, slow.bench.context()));
    await slow.clock.advance(1_000);
    slow.bench.caller.abort(new Error('stopped'));
    await slow.clock.settle();
    expect(seen.outcome).toMatchObject({ message: 'stopped' });
    expect(slow.clock.pendingTimers).toBe(0);
    expect(slow.bench.listeners).toBe(0);
  });

  it('wait out a key that expired and a service that wants an hour, while they may', async () => {
    for (const error of [unauthorized(), throttled(3_600_000)]) {
      let asked = 0;
      const find: Dialer['find'] = async () => {
        asked += 1;
        if (asked < 4) throw error;
        return { state: 'absent' };
      };
      const { bench, clock, guarded } = dialling({ find });
      expect(await clock.until(guarded.find(REQUEST, bench.context()))).toEqual({
        state: 'absent',
      });
      expect(clock.monotonicMs()).toBeLessThanOrEqual(180_000);
    }
  });

  it('a bug in them is no reason to go on asking', async () => {
    const bug = new TypeError('undefined is not a function');
    const { bench, guarded } = dialling({ find: () => Promise.reject(bug) });
    expect(await outcome(guarded.find(REQUEST, bench.context()))).toBe(bug);
    expect(bench.events.map(({ type }) => type)).toEqual(['call.looked_for']);
  });
});

describe('hangUp', () => {
  it('is tried once, whatever the breaker, for as long as a request may take', async () => {
    let asked = 0;
    const hangUp: Dialer['hangUp'] = () => {
      asked += 1;
      return asked === 1 ? Promise.reject(failure()) : new Promise(() => {});
    };
    const { bench, clock, guarded } = dialling({ hangUp });
    await bench.trip(unauthorized());
    const first = await outcome(guarded.hangUp(PLACED, bench.context()));
    expect(first).toMatchObject({ code: 'http_503' });
    const second = await clock.until(outcome(guarded.hangUp(PLACED, bench.context())));
    expect(second).toMatchObject({ code: 'timeout' });
    expect([asked, clock.monotonicMs()]).toEqual([2, 15_000]);
    expect(bench.of('attempt.failed').slice(-2)).toMatchObject([
      { code: 'http_503', hangUp: true },
      { code: 'timeout', hangUp: true },
    ]);
  });
});

describe('the other roles', () => {
  it('keep the shape of what they wrap', async () => {
    const bench = new GuardBench();
    const probed: string[] = [];
    const probe = (name: string) => async () => void probed.push(name);
    const llm: Llm = {
      name: 'a',
      role: 'llm',
      probe: probe('a'),
      write: async () => ({ text: 'x' }),
    };
    const wav = new Uint8Array(1);
    const tts: Tts = {
      name: 'b',
      role: 'tts',
      probe: probe('b'),
      voice: (language) => (language === 'en' ? 'slt' : undefined),
      speak: async () => ({ wav }),
    };
    const context = bench.context();
    const signal = context.signal;
    const writer = guardLlm(llm, bench.guard);
    expect(await writer.write({} as never, context)).toEqual({ text: 'x' });
    const speaker = guardTts(tts, bench.guard);
    expect(await speaker.speak({ text: 'x', language: 'en' }, context)).toEqual({ wav });
    expect([speaker.voice('en'), speaker.voice('fr')]).toEqual(['slt', undefined]);
    await writer.probe(signal);
    await speaker.probe(signal);
    expect(probed).toEqual(['a', 'b']);
    expect([writer.name, writer.role, speaker.name, speaker.role]).toEqual([
      'a',
      'llm',
      'b',
      'tts',
    ]);
  });

  it('a record that is tried again says that it may be there already', async () => {
    const bench = new GuardBench();
    const again: boolean[] = [];
    const crm: Crm = {
      name: 'csv',
      role: 'crm',
      probe: async () => {},
      record: async (record) => {
        again.push(record.again);
        if (again.length < 3) throw lost();
        return { bytes: 7 };
      },
    };
    const guarded = guardCrm(crm, bench.guard);
    expect(guarded.lookup).toBeUndefined();
    const run = guarded.record(RECORD, bench.context());
    expect(await bench.clock.until(run)).toEqual({ bytes: 7 });
    expect(again).toEqual([false, true, true]);
  });

  it('a lookup is retried, and keeps what it belongs to', async () => {
    const bench = new GuardBench();
    class Book {
      readonly name = 'book';
      readonly role = 'crm';
      asked = 0;
      async probe(): Promise<void> {}
      async lookup(): Promise<Readonly<Record<string, string>>> {
        this.asked += 1;
        if (this.asked === 1) throw failure();
        return { tier: 'gold' };
      }
      async record(): Promise<object> {
        return {};
      }
    }
    const guarded = guardCrm(new Book(), bench.guard);
    const run = guarded.lookup?.({} as never, bench.context());
    expect(await bench.clock.until(run ?? Promise.reject(new Error('no lookup')))).toEqual({
      tier: 'gold',
    });
  });
});
