import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CpuSample,
  cpuShareBetween,
  hostReader,
  nearestLimit,
  networkBytes,
} from '../../src/cli/host-figures.ts';
import { realWorld } from '../../src/cli/world.ts';

const MB = 1024 ** 2;

describe('the figures of this machine', () => {
  it('are read, also for folders that are not there yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'campaign-host-'));
    try {
      const reader = realWorld().hostReader({ store: join(folder, 'data'), output: folder });
      const figures = await reader.read();
      expect(figures.cpuShare).toBeGreaterThanOrEqual(0);
      expect(figures.cpuShare).toBeLessThanOrEqual(1);
      expect(figures.memoryBytes).toBeGreaterThan(MB);
      expect(figures.memoryLimitBytes).toBeGreaterThan(figures.memoryBytes);
      expect(figures.hostMemoryFreeBytes).toBeLessThan(figures.hostMemoryTotalBytes);
      // Both are on one disk, which is told once.
      expect(figures.disks).toHaveLength(1);
      expect(figures.disks[0]).toMatchObject({ name: 'store', path: join(folder, 'data') });
      expect(figures.disks[0]?.totalBytes).toBeGreaterThan(figures.disks[0]?.freeBytes ?? 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('have a share of the time since the reading before', async () => {
    const usage = { residentBytes: 1, heapBytes: 1, containerBytes: 0 };
    let [cpuMs, nowMs] = [0, 0];
    const clock = { monotonicMs: () => nowMs };
    const reader = hostReader({ folders: {}, usage: () => ({ ...usage, cpuMs }), clock });
    [cpuMs, nowMs] = [1e9, 1_000];
    expect((await reader.read()).cpuShare).toBe(1);
    expect((await reader.read()).cpuShare).toBeLessThanOrEqual(1);
  });
});

describe('the share of the processors', () => {
  const start: CpuSample = { atMs: 0, busyMs: 5_000, idleMs: 90_000, ownMs: 1_000 };

  it('is that of the machine, or ours of those that we may use where that is more', () => {
    const later = { atMs: 1_000, busyMs: 9_000, idleMs: 102_000, ownMs: 2_000 };
    expect(cpuShareBetween(start, later, 16)).toBe(0.25);
    expect(cpuShareBetween(start, later, 2)).toBe(0.5);
    expect(cpuShareBetween(start, start, 2)).toBe(0);
  });
});

describe('the limit of memory', () => {
  const used = { residentBytes: 400 * MB, heapBytes: 300 * MB, containerBytes: 512 * MB };

  it('is the one that is met first', () => {
    expect(nearestLimit(used, 4_096 * MB, 8_192 * MB)).toEqual({
      memoryBytes: 400 * MB,
      memoryLimitBytes: 512 * MB,
      memoryLimitOf: 'container',
    });
    expect(nearestLimit(used, 320 * MB, 8_192 * MB).memoryLimitOf).toBe('heap');
  });

  it('is not that of a container without one', () => {
    for (const containerBytes of [0, 2 ** 64]) {
      const free = { residentBytes: 6_000 * MB, heapBytes: 1, containerBytes };
      expect(nearestLimit(free, 4_096 * MB, 8_192 * MB)).toMatchObject({
        memoryLimitBytes: 8_192 * MB,
        memoryLimitOf: 'machine',
      });
    }
  });
});

describe('what went over the network', () => {
  it('is read from what Linux says, without loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 9000 10 0 0 0 0 0 0 9000 10 0 0 0 0 0 0
  eth0:1000 10 0 0 0 0 0 0 200 4 0 0 0 0 0 0
 wlan0: 30 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0
`;
    expect(networkBytes(text)).toEqual({ networkReceivedBytes: 1_030, networkSentBytes: 204 });
    expect(networkBytes('')).toEqual({});
  });
});
