import { expect, it } from 'vitest';
import { VirtualClock } from '../support/virtual-clock.ts';

it('lets everything that is ready run before time goes on', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.after(1, () => {
    void Promise.resolve()
      .then(() => clock.defer(() => seen.push(`first at ${clock.monotonicMs()}`)))
      .then(() => {
        clock.defer(() => {
          void Promise.resolve().then(() => {
            clock.defer(() => seen.push(`last at ${clock.monotonicMs()}`));
          });
        });
      });
  });
  clock.after(2, () => seen.push('next'));
  await clock.run();
  expect(seen).toEqual(['first at 1', 'last at 1', 'next']);
});

it('waits for what was deferred before anybody moved it', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.defer(() => {
    void Promise.resolve().then(() => seen.push('early'));
  });
  clock.after(0, () => seen.push('timer'));
  await clock.advance(1);
  expect(seen).toEqual(['early', 'timer']);
  clock.defer(() => seen.push('by itself'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.at(-1)).toBe('by itself');
});

it('rejects with what a timer or a deferred task throws, and can be moved again', async () => {
  const clock = new VirtualClock();
  clock.after(1, () => {
    throw new Error('in a timer');
  });
  await expect(clock.run()).rejects.toThrow('in a timer');
  clock.after(1, () => {
    clock.defer(() => {
      throw new Error('in a task');
    });
  });
  await expect(clock.run()).rejects.toThrow('in a task');
  await clock.advance(5);
  expect(clock.monotonicMs()).toBe(7);
});

it('ends a loop in which time never goes on', async () => {
  const clock = new VirtualClock();
  const again = (): void => clock.defer(again);
  clock.after(1, again);
  await expect(clock.run()).rejects.toThrow('time has stood still');
});
