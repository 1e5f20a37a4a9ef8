import { describe, expect, it } from 'vitest';
import { stopSignals } from '../../src/cli/stop-signals.ts';
import type { StopSignal } from '../../src/cli/world.ts';
import { Stopped } from '../../src/engine/stopped.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function listening(terminal = true) {
  const clock = new VirtualClock();
  const world = fakeWorld({ args: [], folder: '/', clock, terminal });
  const said: string[] = [];
  const stop = stopSignals(world, (text) => said.push(text));
  const aborted = () => [stop.signals.drain.aborted, stop.signals.stop.aborted];
  return { clock, world, said, stop, aborted };
}

describe('Ctrl-C and SIGTERM', () => {
  it.each<[StopSignal, StopSignal, number]>([
    ['SIGINT', 'SIGINT', 300],
    ['SIGTERM', 'SIGINT', 300],
    ['SIGTERM', 'SIGTERM', 5_000],
    ['SIGINT', 'SIGTERM', 5_000],
    ['SIGHUP', 'SIGHUP', 5_000],
  ])('%s drains, then %s stops, after %d ms', async (first, second, waitMs) => {
    const { clock, world, said, stop, aborted } = listening();
    expect(aborted()).toEqual([false, false]);
    world.press(first);
    expect(aborted()).toEqual([true, false]);
    await clock.advance(waitMs);
    world.press(second);
    expect(aborted()).toEqual([true, true]);
    expect(said).toEqual([
      expect.stringMatching(/^stopping: no new contact is taken, .* Ctrl-C again stops at once$/),
      expect.stringMatching(/^stopping at once: /),
    ]);
    expect(stop.signals.drain.reason).toBeInstanceOf(Stopped);
    expect(stop.signals.stop.reason).toBeInstanceOf(Stopped);
  });

  it('says how long calls may last where phones ring', () => {
    const world = fakeWorld({ args: [], folder: '/', clock: new VirtualClock() });
    const said: string[] = [];
    using _stop = stopSignals(world, (text) => said.push(text), 600_000);
    world.press('SIGINT');
    expect(said).toEqual([
      'stopping: no new contact is taken, and no call that fails is tried again; who is on the ' +
        'line is brought to their end, in 10 min at most. Ctrl-C again hangs up at once',
    ]);
  });

  it('says why it stops where nobody has asked, and how it can be asked then', async () => {
    const { clock, world, said, aborted } = listening();
    world.press('parent_gone');
    expect(said).toEqual([
      'stopping because the process that had started this one is gone: no new contact is taken, ' +
        'calls in progress end. "kill 4242" later than in 5 s stops at once',
    ]);
    await clock.advance(5_000);
    world.press('SIGTERM');
    expect(aborted()).toEqual([true, true]);
  });

  it.each<[StopSignal, boolean, number]>([
    ['SIGINT', true, 299],
    ['SIGTERM', true, 4_999],
    ['SIGTERM', false, 4_999],
    ['SIGHUP', true, 4_999],
    // No key was pressed where nobody sees a screen: `timeout -s INT`, say.
    ['SIGINT', false, 4_999],
  ])(
    'one wish that is delivered several times is one: %s, %s',
    async (signal, terminal, apartMs) => {
      const { clock, world, said, aborted } = listening(terminal);
      for (let time = 0; time < 5; time += 1) {
        world.press(signal);
        await clock.advance(apartMs);
      }
      expect(aborted()).toEqual([true, false]);
      expect(said).toHaveLength(1);
      await clock.advance(1);
      world.press(signal);
      expect(aborted()).toEqual([true, true]);
    },
  );

  it('a third says nothing more', async () => {
    const { clock, world, said } = listening();
    for (let time = 0; time < 4; time += 1) {
      world.press('SIGINT');
      await clock.advance(1000);
    }
    expect(said).toHaveLength(2);
  });

  it('is not listened to any more once the run is over', () => {
    const { world, said, stop, aborted } = listening();
    stop[Symbol.dispose]();
    world.press('SIGINT');
    expect(aborted()).toEqual([false, false]);
    expect(said).toEqual([]);
  });
});
