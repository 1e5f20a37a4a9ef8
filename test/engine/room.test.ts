import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ServiceFailure, Unavailable } from '../../src/domain/failure.ts';
import { Pacer } from '../../src/engine/pacer.ts';
import type { RequestContext } from '../../src/engine/ports.ts';
import { Room } from '../../src/engine/room.ts';
import {
  CASE_POLICIES,
  GuardBench,
  ONCE_ONLY,
  outcome,
  REPEATABLE,
  watched,
} from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MINUTE_MS = 60_000;

function rooms(max?: number) {
  const clock = new VirtualClock();
  const room = new Room(clock, max);
  const entered: string[] = [];
  const wait = (name: string, signal = new AbortController().signal) =>
    watched(
      room.wait(signal, MINUTE_MS).then((mine) => {
        if (mine) entered.push(name);
        return mine;
      }),
    );
  return { clock, room, entered, wait };
}

describe('a room', () => {
  it('case 57: two run, the others wait in order', async () => {
    const { clock, room, entered, wait } = rooms(2);
    expect([room.enter(), room.enter(), room.enter()]).toEqual([true, true, false]);
    for (const name of 'abc') wait(name);
    await clock.settle();
    expect([room.onWay, room.waiting, entered]).toEqual([2, 3, []]);
    room.leave('succeeded', room.epoch);
    await clock.settle();
    room.leave('other', room.epoch);
    await clock.settle();
    expect([room.onWay, room.waiting, entered]).toEqual([2, 1, ['a', 'b']]);
  });

  it('case 57: a freed place goes to the head, also against those of the same turn', async () => {
    const { clock, room, entered, wait } = rooms(1);
    room.enter();
    wait('a');
    room.leave('succeeded', room.epoch);
    expect(room.enter()).toBe(false);
    wait('b');
    await clock.settle();
    expect([entered, room.onWay, room.waiting]).toEqual([['a'], 1, 1]);
  });

  it('case 57: one that stops waiting is gone at once, and the rest move up', async () => {
    const { clock, room, entered, wait } = rooms(1);
    room.enter();
    const caller = new AbortController();
    const first = wait('a', caller.signal);
    wait('b');
    caller.abort(new Error('stopped'));
    await clock.settle();
    expect(first.outcome).toMatchObject({ message: 'stopped' });
    expect(room.waiting).toBe(1);
    room.leave('succeeded', room.epoch);
    await clock.settle();
    expect(entered).toEqual(['b']);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
    expect(await outcome(room.wait(caller.signal, MINUTE_MS))).toMatchObject({
      message: 'stopped',
    });
  });

  it('waits no longer than it is told to', async () => {
    const { clock, room, wait } = rooms(1);
    room.enter();
    const late = wait('a');
    await clock.advance(MINUTE_MS - 1);
    expect(late.settled).toBe(false);
    await clock.advance(1);
    expect(late.outcome).toBe(false);
    expect([room.onWay, room.waiting, clock.pendingTimers]).toEqual([1, 0, 0]);
  });

  it('case 57: never more than the capacity over 10,000 random operations', async () => {
    const { clock, room, wait } = rooms(3);
    let seed = 7;
    const draw = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const callers: AbortController[] = [];
    for (let count = 0; count < 10_000; count += 1) {
      const what = draw(4);
      if (what === 0 && room.waiting < 20) {
        const caller = new AbortController();
        callers.push(caller);
        wait('x', caller.signal);
      } else if (what === 1) room.enter();
      else if (what === 2 && room.onWay > 0) room.leave('succeeded', room.epoch);
      else if (what === 3) callers.shift()?.abort(new Error('stopped'));
      expect(room.onWay).toBeGreaterThanOrEqual(0);
      expect(room.onWay).toBeLessThanOrEqual(3);
      if (room.waiting > 0) expect(room.onWay).toBe(3);
      if (count % 100 === 0) await clock.settle();
    }
  });
});

const CROWDED = { kind: 'transient', scope: 'service', code: 'full', isCrowded: true } as const;

/** A service that takes so many at once and a second for each. */
function account(bench: GuardBench, takes: number) {
  const seen = { now: 0, most: 0, refused: 0, answered: 0 };
  const call = async ({ signal }: RequestContext): Promise<string> => {
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    try {
      if (seen.now > takes) {
        seen.refused += 1;
        await bench.clock.sleep(10, signal);
        throw new ServiceFailure('too many at once', { ...CROWDED, status: 429 });
      }
      await bench.clock.sleep(1_000, signal);
      seen.answered += 1;
      return 'fine';
    } finally {
      seen.now -= 1;
    }
  };
  return { seen, call };
}

function limited(concurrencyMax: number): GuardBench {
  return new GuardBench({ policies: { ...CASE_POLICIES, concurrencyMax } });
}

describe('a guard and its room', () => {
  it('sends no more at once than it is told to', async () => {
    const bench = limited(2);
    const { seen, call } = account(bench, 50);
    const all = Array.from({ length: 7 }, (_, line) =>
      watched(bench.guard.run(REPEATABLE, bench.context(line + 1), call)),
    );
    await bench.clock.run();
    expect(all.map((one) => one.outcome)).toEqual(Array(7).fill('fine'));
    expect(seen.most).toBe(2);
    expect(bench.clock.monotonicMs()).toBe(4_000);
    expect([bench.clock.pendingTimers, bench.listeners]).toEqual([0, 0]);
  });

  it('learns from refusals what an account takes, and says so once for each lesson', async () => {
    const bench = new GuardBench({ lines: 20 });
    const { seen, call } = account(bench, 4);
    const rounds = Array.from({ length: 20 }, async (_, line) => {
      for (let round = 0; round < 10; round += 1) {
        await bench.guard.run(REPEATABLE, bench.context(line + 1), call);
      }
    });
    const all = rounds.map(watched);
    await bench.clock.run();
    expect(all.every((one) => one.settled && one.outcome === undefined)).toBe(true);
    expect(seen.answered).toBe(200);
    // Sixteen of the first burst, then one for each try at more than the account takes.
    expect(seen.refused).toBeLessThan(25);
    expect(bench.guard.status().state).toBe('closed');
    const told = bench.of('notice').map(({ message }) => /it gets (\d+)/.exec(message)?.[1]);
    expect(told[0]).toBe('10');
    expect(told.map(Number)).toEqual([...new Set(told.map(Number))].toSorted((a, b) => b - a));
  });

  it('sends nothing after the run drains for whose place there was none', async () => {
    const bench = limited(1);
    const { seen, call } = account(bench, 50);
    const drain = new AbortController();
    const all = Array.from({ length: 4 }, (_, line) => {
      const context = { ...bench.context(line + 1), drain: drain.signal };
      return watched(bench.guard.run(REPEATABLE, context, call));
    });
    await bench.clock.advance(500);
    const stopped = new Error('asked to stop');
    drain.abort(stopped);
    await bench.clock.settle();
    expect(all.map((one) => one.outcome)).toEqual([undefined, stopped, stopped, stopped]);
    await bench.clock.run();
    expect(all[0]?.outcome).toBe('fine');
    expect(seen.answered).toBe(1);
    expect(getEventListeners(drain.signal, 'abort')).toHaveLength(0);
    expect([bench.clock.pendingTimers, bench.listeners]).toEqual([0, 0]);
  });

  it('case 57: a call that timed out keeps its place until it is back', async () => {
    const bench = limited(1);
    let release = (): void => undefined;
    const stuck = new Promise<string>((resolve) => {
      release = () => resolve('late');
    });
    const short = { ...REPEATABLE, timeoutMs: 1_000 };
    const policies = { ...CASE_POLICIES.retry, maxRetries: 0 };
    const guard = new GuardBench(
      { policies: { ...CASE_POLICIES, retry: policies, concurrencyMax: 1 } },
      bench.clock,
    ).guard;
    const first = watched(guard.run(short, bench.context(1), () => stuck));
    const second = watched(guard.run(short, bench.context(2), () => Promise.resolve('fine')));
    await bench.clock.advance(20_000);
    expect(first.outcome).toMatchObject({ code: 'timeout' });
    expect(second.settled).toBe(false);
    release();
    await bench.clock.settle();
    expect(second.outcome).toBe('fine');
  });

  it('the wait for a place is no part of the time for the request', async () => {
    const bench = limited(1);
    const { call } = account(bench, 50);
    const short = { ...REPEATABLE, timeoutMs: 1_500 };
    const all = [1, 2, 3, 4].map((line) =>
      watched(bench.guard.run(short, bench.context(line), call)),
    );
    await bench.clock.run();
    expect(all.map((one) => one.outcome)).toEqual(Array(4).fill('fine'));
  });

  it('case 60a: an open breaker uses no place', async () => {
    const bench = limited(1);
    await bench.trip(new ServiceFailure('down', { ...CROWDED, isCrowded: false }));
    const calls = [1, 2, 3].map((line) =>
      outcome(bench.guard.run(REPEATABLE, bench.context(line), () => Promise.resolve('fine'))),
    );
    expect(await Promise.all(calls)).toEqual(Array(3).fill(expect.any(Unavailable) as Unavailable));
    await bench.clock.advance(30_000);
    const after = bench.guard.run(REPEATABLE, bench.context(), () => Promise.resolve('fine'));
    expect(await after).toBe('fine');
  });

  it('case 60b: a breaker that opens meanwhile turns away who waits, uncalled', async () => {
    const bench = limited(1);
    let called = 0;
    const down = async (): Promise<never> => {
      await bench.clock.sleep(100);
      const details = { kind: 'permanent', scope: 'service', code: 'no_key' } as const;
      throw new ServiceFailure('no key', details);
    };
    const first = watched(bench.guard.run(REPEATABLE, bench.context(1), down));
    const others = [2, 3].map((line) =>
      watched(
        bench.guard.run(REPEATABLE, bench.context(line), () => {
          called += 1;
          return Promise.resolve('fine');
        }),
      ),
    );
    await bench.clock.advance(200);
    expect(first.outcome).toMatchObject({ code: 'no_key' });
    expect(others.map((one) => one.outcome)).toEqual(
      Array(2).fill(expect.any(Unavailable) as Unavailable),
    );
    expect(called).toBe(0);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('gives the place back when it is stopped while it waits', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer('dialer', 1, clock);
    const policies = { ...CASE_POLICIES, concurrencyMax: 2 };
    const bench = new GuardBench({ policies, pacer }, clock);
    const paced = { ...ONCE_ONLY, paced: true };
    const { call } = account(bench, 50);
    const all = [1, 2, 3, 4].map((line) =>
      watched(bench.guard.run(paced, bench.context(line), call)),
    );
    await clock.advance(500);
    bench.caller.abort(new Error('stopped'));
    await clock.settle();
    expect(all.map((one) => one.outcome)).toEqual(
      Array(4).fill(expect.objectContaining({ message: 'stopped' }) as Error),
    );
    const later = new AbortController().signal;
    const next = [1, 2].map((line) =>
      watched(bench.guard.run(paced, bench.context(line, later), call)),
    );
    await clock.run();
    expect(next.map((one) => one.outcome)).toEqual(['fine', 'fine']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('who waits too long for a place is turned away, to come back', async () => {
    const bench = limited(1);
    void outcome(
      bench.guard.run(
        { ...REPEATABLE, timeoutMs: 0 },
        bench.context(1),
        () => new Promise(() => {}),
      ),
    );
    const second = watched(
      bench.guard.run(REPEATABLE, bench.context(2), () => Promise.resolve('')),
    );
    await bench.clock.advance(59_999);
    expect(second.settled).toBe(false);
    await bench.clock.advance(1);
    expect(second.outcome).toBeInstanceOf(Unavailable);
    expect(second.outcome).toMatchObject({ services: ['alpha'], retryAfterMs: 5_000 });
  });
});
