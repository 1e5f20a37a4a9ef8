import { describe, expect, it } from 'vitest';
import { Unavailable } from '../../src/domain/failure.ts';
import { Pacer } from '../../src/engine/pacer.ts';
import { failure } from '../support/failures.ts';
import { GuardBench, ONCE_ONLY, outcome, watched } from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const PACED = { ...ONCE_ONLY, paced: true };

function pacing(perSecond = 2) {
  const clock = new VirtualClock();
  const pacer = new Pacer('dialer', perSecond, clock);
  const starts: [string, number][] = [];
  const take = (name: string, signal = new AbortController().signal) => {
    return watched(pacer.take(signal).then(() => starts.push([name, clock.monotonicMs()])));
  };
  return { clock, pacer, starts, take };
}

describe('pacer', () => {
  it('case 58: five at once start half a second apart, in order', async () => {
    const { clock, pacer, starts, take } = pacing();
    for (const name of 'abcde') take(name);
    await clock.run();
    expect(starts).toEqual([
      ['a', 0],
      ['b', 500],
      ['c', 1_000],
      ['d', 1_500],
      ['e', 2_000],
    ]);
    expect(pacer.waiting).toBe(0);
    await clock.advance(3_600_000);
    for (const name of 'fg') take(name);
    await clock.run();
    expect(starts.slice(5).map(([, ms]) => ms)).toEqual([3_602_000, 3_602_500]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('case 59: a wait that would be too long is refused now, and uses nothing up', async () => {
    const { clock, pacer, starts, take } = pacing();
    for (const name of 'ab') take(name);
    await clock.settle();
    const signal = new AbortController().signal;
    const seen = await outcome(pacer.take(signal, { waitMsMax: 900 }));
    expect(seen).toBeInstanceOf(Unavailable);
    expect(seen).toMatchObject({ services: ['dialer'], retryAfterMs: 1_000 });
    take('c');
    await clock.run();
    expect(starts.at(-1)).toEqual(['c', 1_000]);
  });

  it('case 59: one that stops waiting moves the rest up', async () => {
    const { clock, pacer, starts, take } = pacing();
    const caller = new AbortController();
    take('a');
    const left = take('b', caller.signal);
    take('c');
    take('d');
    await clock.advance(100);
    caller.abort(new Error('stopped'));
    await clock.run();
    expect(left.outcome).toMatchObject({ message: 'stopped' });
    expect(starts).toEqual([
      ['a', 0],
      ['c', 500],
      ['d', 1_000],
    ]);
    const alone = new AbortController();
    take('e', alone.signal);
    await clock.settle();
    expect(clock.pendingTimers).toBe(1);
    alone.abort(new Error('stopped'));
    expect(clock.pendingTimers).toBe(0);
    const late = await outcome(pacer.take(caller.signal));
    expect(late).toMatchObject({ message: 'stopped' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('case 59: held for ten seconds: none before, then the steady pace', async () => {
    const { clock, pacer, starts, take } = pacing();
    for (const name of 'abc') take(name);
    await clock.settle();
    pacer.hold(10_000);
    await clock.run();
    expect(starts.map(([, ms]) => ms)).toEqual([0, 10_000, 10_500]);
  });

  it('a turn that is not wanted any more passes to the next at once', async () => {
    const { clock, pacer, starts, take } = pacing();
    take('a');
    const { signal } = new AbortController();
    const skipped = watched(pacer.take(signal, { wanted: () => false }));
    take('c');
    await clock.run();
    expect(skipped.outcome).toBe(false);
    expect(starts).toEqual([
      ['a', 0],
      ['c', 500],
    ]);
  });
});

describe('a guard with a pacer', () => {
  function paced() {
    const clock = new VirtualClock();
    const pacer = new Pacer('dialer', 1, clock);
    return { pacer, bench: new GuardBench({ pacer }, clock) };
  }

  it('paces what is paced, each attempt of it, and nothing else', async () => {
    const { bench } = paced();
    const first = bench.service(failure(), 'fine');
    const second = bench.service('fine');
    const free = bench.service('fine');
    const run = bench.guard.run(PACED, bench.context(1), first.call);
    await bench.clock.advance(4_900);
    await bench.guard.run(ONCE_ONLY, bench.context(3), free.call);
    const other = bench.guard.run(PACED, bench.context(2), second.call);
    await bench.clock.until(Promise.all([run, other]));
    expect(first.starts).toEqual([0, 5_900]);
    expect(second.starts).toEqual([4_900]);
    expect(free.starts).toEqual([4_900]);
  });

  it('case 60a: an open breaker uses no turn', async () => {
    const { bench, pacer } = paced();
    await bench.trip(failure());
    const { call } = bench.service('fine');
    for (let count = 0; count < 10; count += 1) {
      await outcome(bench.guard.run(PACED, bench.context(), call));
    }
    expect(pacer.waiting).toBe(0);
    const turn = watched(pacer.take(new AbortController().signal));
    await bench.clock.settle();
    expect(turn.outcome).toBe(true);
  });

  it('case 60b: opened while it waits for its turn, it is turned away uncalled', async () => {
    const { bench, pacer } = paced();
    const { call, starts } = bench.service('fine');
    await bench.guard.run(PACED, bench.context(1), call);
    const seen = watched(bench.guard.run(PACED, bench.context(2), call));
    await bench.clock.advance(500);
    await bench.trip(failure());
    expect(seen.settled).toBe(false);
    await bench.clock.advance(500);
    expect(seen.outcome).toBeInstanceOf(Unavailable);
    expect(starts).toEqual([0]);
    expect(bench.clock.pendingTimers).toBe(0);
    // Its turn was not used up.
    const next = watched(pacer.take(new AbortController().signal));
    await bench.clock.settle();
    expect(next.outcome).toBe(true);
  });

  it('case 49: stopped in the turn in which its own comes, it is not called', async () => {
    const clock = new VirtualClock();
    const pacer = new Pacer('dialer', 1, clock);
    const bench = new GuardBench({ pacer }, clock);
    // Lets it through and stops it in one go, before it can take a step.
    pacer.take = (signal) => {
      const turn = Promise.resolve(true);
      queueMicrotask(() => queueMicrotask(() => bench.caller.abort(new Error('stopped'))));
      expect(signal.aborted).toBe(false);
      return turn;
    };
    const { call, starts } = bench.service('fine');
    const seen = watched(bench.guard.run(PACED, bench.context(), call));
    await clock.settle();
    expect(seen.outcome).toMatchObject({ message: 'stopped' });
    expect(starts).toEqual([]);
  });

  it('half open, one of many that waited for their turn is let through', async () => {
    const { bench } = paced();
    await bench.trip(failure());
    await bench.clock.advance(30_000);
    const { call, starts } = bench.service('hang');
    const all = [1, 2, 3, 4].map((line) => {
      return watched(bench.guard.run(PACED, bench.context(line), call));
    });
    await bench.clock.advance(4_000);
    expect(starts).toEqual([30_000]);
    expect(all.map((one) => one.settled)).toEqual([false, true, true, true]);
  });
});
