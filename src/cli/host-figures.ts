/**
 * What the machine says of itself: processors, memory, disks, network.
 */
import { readFile, stat, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { Clock, DiskFigures, HostFigures, HostReader } from '../engine/ports.ts';

/** What the process takes at this moment. */
export interface ProcessUsage {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** What its container may take; 0, or more than the machine has, where there is no limit. */
  readonly containerBytes: number;
  /** All processors together, since the process started. */
  readonly cpuMs: number;
}

export interface HostReaderParts {
  /** Absolute; need not exist yet. */
  readonly folders: Readonly<Record<string, string>>;
  readonly usage: () => ProcessUsage;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export function hostReader({ folders, usage, clock }: HostReaderParts): HostReader {
  let before = cpuSample(usage(), clock.monotonicMs());
  return {
    read: async () => {
      const used = usage();
      const sample = cpuSample(used, clock.monotonicMs());
      const cpuShare = cpuShareBetween(before, sample, availableParallelism());
      before = sample;
      const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
      return {
        cpuShare,
        ...nearestLimit(used, getHeapStatistics().heap_size_limit, totalmem()),
        hostMemoryFreeBytes: freemem(),
        hostMemoryTotalBytes: totalmem(),
        load1,
        load5,
        load15,
        disks: await disksOf(folders),
        ...networkBytes(await readFile('/proc/net/dev', 'utf8').catch(() => '')),
      };
    },
  };
}

// ---------------------------------------------------------------------------- processors

export interface CpuSample {
  readonly atMs: number;
  /** Of the machine, all processors together. */
  readonly busyMs: number;
  readonly idleMs: number;
  /** Of this process. */
  readonly ownMs: number;
}

function cpuSample({ cpuMs: ownMs }: ProcessUsage, atMs: number): CpuSample {
  let [busyMs, idleMs] = [0, 0];
  for (const { times } of cpus()) {
    idleMs += times.idle;
    busyMs += times.user + times.nice + times.sys + times.irq;
  }
  return { atMs, busyMs, idleMs, ownMs };
}

/**
 * A container that may use two of sixteen processors is at its end while the machine is idle, so
 * what this process takes of the processors that it may use counts as well.
 */
export function cpuShareBetween(before: CpuSample, now: CpuSample, processors: number): number {
  const busyMs = now.busyMs - before.busyMs;
  const totalMs = busyMs + now.idleMs - before.idleMs;
  const machine = totalMs > 0 ? busyMs / totalMs : 0;
  const elapsedMs = now.atMs - before.atMs;
  const own = elapsedMs > 0 ? (now.ownMs - before.ownMs) / (elapsedMs * processors) : 0;
  return Math.min(1, Math.max(0, machine, own));
}

// ---------------------------------------------------------------------------- memory

type Memory = Pick<HostFigures, 'memoryBytes' | 'memoryLimitBytes' | 'memoryLimitOf'>;

/** Of several limits, the one that will be met first. */
export function nearestLimit(
  { heapBytes, residentBytes, containerBytes }: Omit<ProcessUsage, 'cpuMs'>,
  heapLimitBytes: number,
  machineBytes: number,
): Memory {
  const isContained = containerBytes > 0 && containerBytes < machineBytes;
  const heap: Memory = {
    memoryBytes: heapBytes,
    memoryLimitBytes: heapLimitBytes,
    memoryLimitOf: 'heap',
  };
  const whole: Memory = {
    memoryBytes: residentBytes,
    memoryLimitBytes: isContained ? containerBytes : machineBytes,
    memoryLimitOf: isContained ? 'container' : 'machine',
  };
  return shareOf(heap) >= shareOf(whole) ? heap : whole;
}

function shareOf({ memoryBytes, memoryLimitBytes }: Memory): number {
  return memoryBytes / memoryLimitBytes;
}

// ---------------------------------------------------------------------------- disks

async function disksOf(folders: Readonly<Record<string, string>>): Promise<readonly DiskFigures[]> {
  const disks = new Map<number, DiskFigures>();
  for (const [name, path] of Object.entries(folders)) {
    const found = await diskOf(name, path);
    if (found !== undefined && !disks.has(found.device)) disks.set(found.device, found.disk);
  }
  return [...disks.values()];
}

/** A folder that is made only later will be on the disk of the one that it will be in. */
async function diskOf(
  name: string,
  path: string,
): Promise<{ device: number; disk: DiskFigures } | undefined> {
  for (let there = path; ; there = dirname(there)) {
    try {
      const { dev: device } = await stat(there);
      const { bavail, blocks, bsize } = await statfs(there);
      const disk = { name, path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      // Some file systems of networks and containers do not say how large they are.
      return blocks > 0 ? { device, disk } : undefined;
    } catch {
      if (dirname(there) === there) return undefined;
    }
  }
}

// ---------------------------------------------------------------------------- network

type Network = Pick<HostFigures, 'networkReceivedBytes' | 'networkSentBytes'>;

/** @param text of /proc/net/dev of Linux; anything else has no figures */
export function networkBytes(text: string): Network {
  const rows = text.split('\n').flatMap((line) => {
    const [, name, figures] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined || name === 'lo' ? [] : [(figures ?? '').trim().split(/\s+/)];
  });
  if (rows.length === 0) return {};
  const sum = (column: number): number => {
    return rows.reduce((total, row) => total + (Number(row[column]) || 0), 0);
  };
  return { networkReceivedBytes: sum(0), networkSentBytes: sum(8) };
}
