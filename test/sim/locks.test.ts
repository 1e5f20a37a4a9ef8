import { describe, expect, it } from 'vitest';
import { Locks } from '../../src/sim/locks.ts';

function acquired(locks: Locks, campaign: string) {
  const lock = locks.acquire(campaign);
  if (lock === 'held') throw new Error(`${campaign} is held`);
  return lock;
}

describe('the lock of a campaign', () => {
  it('is held by one at a time, and by each campaign apart', () => {
    const locks = new Locks();
    const lock = acquired(locks, 'one');
    expect(locks.acquire('one')).toBe('held');
    acquired(locks, 'other');
    lock.release();
    acquired(locks, 'one');
  });

  it('is not taken from whoever has it now by one that let go of it before', () => {
    const locks = new Locks();
    const before = acquired(locks, 'one');
    before.release();
    acquired(locks, 'one');
    before.release();
    expect(locks.acquire('one')).toBe('held');
  });
});
