import { describe, expect, it } from 'vitest';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import { HOST_INTERVAL_MS, HostWatch } from '../../src/engine/host-watch.ts';
import type { DiskFigures, HostFigures } from '../../src/engine/ports.ts';
import { AlertBench } from '../support/alert-bench.ts';
import { CALM_HOST } from '../support/calm-host.ts';

const MINUTE = 60_000;
const GB = 1_000_000_000;

/** A run on a machine of which the test says how it is. */
function machine(policies: Partial<AlertPolicies> = {}, bench = new AlertBench()) {
  const { clock } = bench;
  const channel = bench.channel('email');
  const { alerter } = bench.run([channel], 'spring', policies);
  const state = { figures: CALM_HOST, readings: 0 };
  const watch = new HostWatch({
    reader: {
      read: async () => {
        state.readings += 1;
        return state.figures;
      },
    },
    clock,
    take: (figures) => alerter.takeHost(figures),
  });
  watch.start();
  const be = async (change: Partial<HostFigures>, ms: number): Promise<void> => {
    state.figures = { ...CALM_HOST, ...change };
    await clock.advance(ms);
  };
  return { bench, watch, state, be, alerter, told: () => channel.delivered, asked: channel.asked };
}

function disk(freeBytes: number, name = 'store'): DiskFigures {
  return { name, path: `/srv/${name}`, freeBytes, totalBytes: 100 * GB };
}

describe('the machine', () => {
  it('is looked at every so often, until the run is over, which leaves no timer', async () => {
    const { bench, watch, state, be } = machine();
    await be({}, 10 * HOST_INTERVAL_MS);
    expect(state.readings).toBe(11);
    watch.start();
    watch.stop();
    expect(bench.clock.pendingTimers).toBe(0);
    await be({}, MINUTE);
    expect(state.readings).toBe(11);
  });

  it('is not told of once the run is over, though it was being read', async () => {
    const { watch, be, told } = machine();
    watch.stop();
    await be({ disks: [disk(1)] }, MINUTE);
    expect(told()).toEqual([]);
  });
});

describe('busy processors', () => {
  it('are told once they have been for five minutes, and when they have time again', async () => {
    const { be, told, asked } = machine();
    await be({ cpuShare: 0.85 }, 4 * MINUTE);
    await be({ cpuShare: 0.5 }, MINUTE);
    await be({ cpuShare: 0.85 }, 5 * MINUTE);
    expect(told()).toEqual([]);
    await be({ cpuShare: 0.85 }, MINUTE);
    // On the edge: neither busy nor well.
    for (let count = 0; count < 20; count += 1) {
      await be({ cpuShare: count % 2 === 0 ? 0.81 : 0.79 }, HOST_INTERVAL_MS);
    }
    expect(told()).toEqual(['raised host:cpu']);
    expect(asked[0]?.alert).toMatchObject({ severity: 'warning', campaign: 'spring' });
    await be({ cpuShare: 0.3 }, 2 * MINUTE);
    expect(told()).toEqual(['raised host:cpu', 'recovered host:cpu']);
  });
});

describe('memory near its limit', () => {
  const tight = { memoryBytes: 0.95 * GB, memoryLimitBytes: GB } as const;

  it('is told, with the limit that it is', async () => {
    const { be, told, asked } = machine();
    await be(tight, HOST_INTERVAL_MS);
    expect(told()).toEqual([]);
    await be({ ...tight, memoryLimitOf: 'container' }, 3 * HOST_INTERVAL_MS);
    expect(told()).toEqual(['raised campaign:spring:memory']);
    expect(asked[0]?.alert.severity).toBe('critical');
    expect(asked[0]?.alert.title).toBe('The run of spring needs 95 % of the memory it may have');
    expect(asked[0]?.alert.what).toContain('1 GB, that of the container');
    await be({}, 2 * MINUTE);
    expect(told()).toHaveLength(2);
  });

  it('of a process that has ended is over with the next one', async () => {
    const bench = new AlertBench();
    const first = machine({}, bench);
    await first.be(tight, MINUTE);
    first.watch.stop();
    await first.alerter.close();
    const next = machine({}, bench);
    await next.be({}, 2 * MINUTE);
    expect(next.told()).toEqual(['recovered campaign:spring:memory']);
  });
});

describe('a disk', () => {
  it('that is nearly full is told at once, each by its name, and over with some room', async () => {
    const { be, told, asked } = machine();
    await be({ disks: [disk(0.9 * GB), disk(50 * GB, 'output')] }, HOST_INTERVAL_MS);
    expect(told()).toEqual(['raised host:disk:store']);
    expect(asked[0]?.alert).toMatchObject({
      severity: 'warning',
      title: 'The disk of the store is nearly full: 900 MB left',
    });
    await be({ disks: [disk(1.05 * GB), disk(0.1 * GB, 'output')] }, HOST_INTERVAL_MS);
    await be({ disks: [disk(2 * GB), disk(50 * GB, 'output')] }, HOST_INTERVAL_MS);
    expect(told()).toEqual([
      'raised host:disk:store',
      'raised host:disk:output',
      'recovered host:disk:store',
      'recovered host:disk:output',
    ]);
  });

  it('may be as full as config.yml says', async () => {
    const { disk: policy } = DEFAULT_ALERT_POLICIES;
    for (const change of [{ freeBytesMin: GB / 10 }, { enabled: false }]) {
      const { be, told } = machine({ disk: { ...policy, ...change } });
      await be({ disks: [disk(0.9 * GB)] }, MINUTE);
      expect(told()).toEqual([]);
    }
    const { be, asked } = machine({ disk: { ...policy, severity: 'critical' } });
    await be({ disks: [disk(1)] }, HOST_INTERVAL_MS);
    expect(asked[0]?.alert.severity).toBe('critical');
  });
});
