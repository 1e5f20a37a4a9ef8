/**
 * What a hunt keeps a campaign on: a disk that lasts as long as one play, here in memory. The root
 * has one with the store of a real run.
 */
import { MemoryDisk, openMemoryStore } from '../store/memory.ts';
import { Locks } from './locks.ts';
import type { SimulatedDisk } from './simulation.ts';

/** A disk of one play's own, empty at first. */
export interface HuntDisk extends SimulatedDisk {
  /** Gives back what it took. */
  dispose(): void;
}

/** A disk in memory. */
export function memoryDisk(): HuntDisk {
  const disk = new MemoryDisk();
  const locks = new Locks();
  return {
    open: (defer) => openMemoryStore({ defer, disk }),
    lock: (campaign) => locks.acquire(campaign),
    dispose: () => undefined,
  };
}
