import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { HealthChecker } from '../../src/engine/health-checker.ts';
import type { Service } from '../../src/engine/ports.ts';
import { failure } from '../support/failures.ts';
import { GuardBench } from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

type Answer = 'good' | 'bad' | 'hang' | 'deaf';

/** One service whose checks answer as `answer` says, and a checker with an interval of 30 s. */
function checking() {
  const clock = new VirtualClock();
  const bench = new GuardBench({ service: 'alpha' }, clock);
  const events: CampaignEvent[] = [];
  const probe = {
    answer: 'good' as Answer,
    begun: [] as number[],
    underWay: 0,
    most: 0,
    settle: () => {},
  };
  const service: Service = {
    name: 'alpha',
    role: 'llm',
    async probe(signal) {
      probe.begun.push(clock.monotonicMs());
      probe.underWay += 1;
      probe.most = Math.max(probe.most, probe.underWay);
      try {
        if (probe.answer === 'bad') throw new Error('connection refused');
        if (probe.answer === 'good') return;
        await new Promise<void>((resolve, reject) => {
          probe.settle = resolve;
          if (probe.answer === 'deaf') return;
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      } finally {
        probe.underWay -= 1;
      }
    },
  };
  const checker = new HealthChecker({
    services: [{ service, guard: bench.guard }],
    clock,
    emit: (event) => events.push(event),
    intervalMs: 30_000,
    timeoutMs: 5_000,
  });
  const healths = () => events.map((event) => 'health' in event && event.health);
  return { clock, bench, probe, service, checker, events, healths };
}

describe('health checker', () => {
  it('checks at the interval, and says nothing while all is well', async () => {
    const { clock, probe, checker, events } = checking();
    checker.start();
    checker.start();
    await clock.advance(90_000);
    expect(probe.begun).toEqual([0, 30_000, 60_000, 90_000]);
    expect(events).toEqual([]);
    checker.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('checks a service as often as its own settings say', async () => {
    const { clock, probe, bench, service } = checking();
    const guard = bench.guard;
    const timing = { intervalMs: 10_000 };
    const services = [{ service, guard, timing }];
    const emit = (): void => undefined;
    const all = { intervalMs: 30_000, timeoutMs: 5_000 };
    const checker = new HealthChecker({ services, clock, emit, ...all });
    checker.start();
    await clock.advance(25_000);
    expect(probe.begun).toEqual([0, 10_000, 20_000]);
    checker.stop();
  });

  it('says once that a service is unhealthy, why, and once that it is well again', async () => {
    const { clock, probe, checker, events, healths } = checking();
    probe.answer = 'bad';
    checker.start();
    await clock.advance(65_000);
    expect(events).toEqual([
      {
        type: 'health.changed',
        service: 'alpha',
        role: 'llm',
        health: 'unhealthy',
        message: 'connection refused',
      },
    ]);
    probe.answer = 'good';
    await clock.advance(60_000);
    expect(healths()).toEqual(['unhealthy', 'healthy']);
    // From the first bad check to the first good one.
    const back = events[1] as Extract<CampaignEvent, { type: 'health.changed' }>;
    expect(back.awayMs).toBe(90_000);
    checker.stop();
  });

  it('good checks while the breaker is not closed are degraded', async () => {
    const { clock, bench, checker, healths } = checking();
    checker.start();
    await clock.advance(1_000);
    await bench.trip(failure());
    expect(healths()).toEqual(['degraded']);
    await clock.advance(30_000);
    const { call } = bench.service('fine');
    await bench.guard.run({ idempotent: true, paced: false, timeoutMs: 0 }, bench.context(), call);
    expect(healths()).toEqual(['degraded', 'healthy']);
    checker.stop();
  });

  it('case 60d: two good checks after a bad one are ahead of the breaker’s own time', async () => {
    const policies = {
      retry: { initialDelayMs: 1, backoffFactor: 1, maxRetries: 0, maxDelayMs: 1, jitter: 0 },
      circuitBreaker: { failureThreshold: 1, recoveryTimeoutMs: 600_000, halfOpenMaxCalls: 1 },
      timeouts: { requestMs: 1_000, callMs: 1_000 },
    };
    const clock = new VirtualClock();
    const bench = new GuardBench({ policies }, clock);
    const answers = [false, true, true];
    const service: Service = {
      name: 'alpha',
      role: 'llm',
      probe: async () => {
        if (answers.shift() === false) throw failure();
      },
    };
    const services = [{ service, guard: bench.guard }];
    const emit = () => {};
    const parts = { services, clock, emit, intervalMs: 30_000, timeoutMs: 5_000 };
    await using checker = new HealthChecker(parts);
    await bench.trip(failure());
    checker.start();
    await clock.advance(59_999);
    expect(bench.guard.status().state).toBe('open');
    await clock.advance(1);
    expect(bench.guard.status().state).toBe('half_open');
  });

  it('case 60e: a check that hangs runs out of time and counts as unhealthy', async () => {
    const { clock, probe, checker, events } = checking();
    probe.answer = 'hang';
    checker.start();
    await clock.advance(4_999);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toMatchObject([
      { health: 'unhealthy', message: 'no answer to the check within 5 s' },
    ]);
    await clock.advance(55_000);
    expect(probe.begun).toEqual([0, 30_000, 60_000]);
    checker.stop();
  });

  it('case 60e: checks never overlap, not even with one that does not hear its abort', async () => {
    const { clock, probe, checker, healths } = checking();
    probe.answer = 'deaf';
    checker.start();
    await clock.advance(100_000);
    expect(probe.begun).toEqual([0]);
    expect(probe.most).toBe(1);
    probe.answer = 'good';
    probe.settle();
    await clock.settle();
    // Its late result changes nothing; the next check does.
    expect(healths()).toEqual(['unhealthy']);
    await clock.advance(20_000);
    expect(probe.begun).toEqual([0, 120_000]);
    expect(healths()).toEqual(['unhealthy', 'healthy']);
    checker.stop();
  });

  it('case 60e: stopped, none runs, no timer is left, a late result changes nothing', async () => {
    const { clock, bench, probe, checker, events } = checking();
    probe.answer = 'deaf';
    checker.start();
    await clock.advance(1_000);
    checker.stop();
    expect(clock.pendingTimers).toBe(0);
    probe.settle();
    await clock.advance(100_000);
    await bench.trip(failure());
    expect(probe.begun).toEqual([0]);
    expect(events).toEqual([]);
  });

  it('case 60e: the check that stopping breaks off is no bad check', async () => {
    const { clock, probe, checker, events } = checking();
    probe.answer = 'hang';
    checker.start();
    await clock.advance(1_000);
    checker.stop();
    await clock.settle();
    expect(probe.underWay).toBe(0);
    expect(events).toEqual([]);
  });

  it('follows the connection that a service keeps, from the start and as long as it runs', () => {
    const { clock, bench, service } = checking();
    const told: boolean[] = [];
    const listeners = new Set<(isMade: boolean) => void>();
    const figures = () => {
      throw new Error('nobody asks for figures');
    };
    const follow = (listener: (isMade: boolean) => void) => {
      listener(true);
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const guard = Object.assign(bench.guard, { connection: (is: boolean) => void told.push(is) });
    const checker = new HealthChecker({
      services: [{ service, guard, connection: { service: 'alpha', figures, follow } }],
      clock,
      emit: () => undefined,
      intervalMs: 30_000,
      timeoutMs: 5_000,
    });
    checker.start();
    for (const listener of listeners) listener(false);
    checker.stop();
    expect(told).toEqual([true, false]);
    expect(listeners.size).toBe(0);
  });
});
