import { describe, expect, it } from 'vitest';
import { Waker } from '../../src/engine/waker.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

async function isOver(wait: Promise<void>, clock: VirtualClock): Promise<boolean> {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await clock.settle();
  return over;
}

describe('waiting for a change', () => {
  it('ends at the first change', async () => {
    const clock = new VirtualClock();
    const waker = new Waker(clock);
    const wait = waker.wait(waker.version, Infinity);
    expect(await isOver(wait, clock)).toBe(false);
    waker.wake();
    expect(await isOver(wait, clock)).toBe(true);
  });

  it('misses no change that came between the look and the wait', async () => {
    const clock = new VirtualClock();
    const waker = new Waker(clock);
    const { version } = waker;
    waker.wake();
    expect(await isOver(waker.wait(version, Infinity), clock)).toBe(true);
  });

  it('ends when its time is up, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const waker = new Waker(clock);
    const wait = waker.wait(waker.version, 500);
    await clock.advance(499);
    expect(await isOver(wait, clock)).toBe(false);
    await clock.advance(1);
    expect(await isOver(wait, clock)).toBe(true);
    void waker.wait(waker.version, 500);
    waker.wake();
    expect(clock.pendingTimers).toBe(0);
  });

  it('wakes everybody who waits', async () => {
    const clock = new VirtualClock();
    const waker = new Waker(clock);
    const waits = [1, 2, 3].map(() => waker.wait(waker.version, Infinity));
    waker.wake();
    await expect(Promise.all(waits)).resolves.toHaveLength(3);
  });
});
