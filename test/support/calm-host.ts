import type { HostFigures } from '../../src/engine/ports.ts';

const GB = 1024 ** 3;

/** A machine with enough of everything. */
export const CALM_HOST: HostFigures = {
  cpuShare: 0.05,
  memoryBytes: GB / 10,
  memoryLimitBytes: 2 * GB,
  memoryLimitOf: 'heap',
  hostMemoryFreeBytes: 6 * GB,
  hostMemoryTotalBytes: 8 * GB,
  load1: 0.1,
  load5: 0.1,
  load15: 0.1,
  disks: [{ name: 'store', path: '/var/lib/campaign', freeBytes: 40 * GB, totalBytes: 100 * GB }],
};
