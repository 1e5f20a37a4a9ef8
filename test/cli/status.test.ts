import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { breakerPolicy, closedBreaker } from '../../src/domain/breaker.ts';
import { breakerKey, saveBreaker } from '../../src/domain/breaker-snapshot.ts';
import { acquireRunLock } from '../../src/store/lock.ts';
import { BreakerBench } from '../support/breaker-bench.ts';
import { CommandBench, clearNumbers, phoneOf } from '../support/command-bench.ts';
import { failure, throttled } from '../support/failures.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench();
});

afterEach(() => {
  bench[Symbol.dispose]();
});

/** As a run leaves it that met `message` `agoMs` ago. */
function leaveOpen(service: string, message: string, agoMs: number, wallMs: number): void {
  const settings = { failureThreshold: 1, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
  const breaker = new BreakerBench(breakerPolicy(settings, 60_000));
  breaker.trip(failure({ message }));
  using store = bench.store();
  store.journal('spring');
  store.breakers.save(breakerKey('tts', service), saveBreaker(breaker.state, 0, wallMs - agoMs));
}

describe('campaign status', () => {
  it('shows where every campaign stands', async () => {
    bench.list('spring.csv', [1, 2, 3]);
    bench.list('autumn.csv', [4]);
    await bench.command('run spring.csv --limit 1 --lines 1');
    await bench.command('run autumn.csv');
    const { code, stdout, stderr } = await bench.command('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`\
autumn: 1 contact, 1 done, 0 calling, 0 queued, 0 put off, 0 uncertain; 0 rows rejected
  no run is on
  outcomes: 1 previewed

spring: 3 contacts, 1 done, 0 calling, 2 queued, 0 put off, 0 uncertain; 0 rows rejected
  no run is on
  outcomes: 1 previewed
  next:
    c-2 Person 2: not begun yet
    c-3 Person 3: not begun yet

services: template, flite, preview, csv; no breaker is open
`);
    const one = await bench.command('status autumn');
    expect(one.stdout).toContain('autumn: ');
    expect(one.stdout).not.toContain('spring: ');
    const { campaigns } = JSON.parse((await bench.command('status --json')).stdout);
    expect(campaigns[1]).toEqual({
      campaign: 'spring',
      contacts: { total: 3, done: 1, calling: 0, queued: 2, put_off: 0, uncertain: 0, rejected: 0 },
      removed: 0,
      records_owed: 0,
      outcomes: { previewed: 1 },
      waiting: [],
      uncertain: [],
      next: [
        { contact: 'c-2', stage: 'fresh' },
        { contact: 'c-3', stage: 'fresh' },
      ],
    });
  });

  it('says since when a run is on, and which process it is', async () => {
    bench.list('spring.csv', [1, 2]);
    await bench.command('run spring.csv --limit 1 --lines 1');
    const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'spring' });
    if (lock === 'held') throw new Error('nobody else holds it');
    using _held = lock;
    const { stdout } = await bench.command('status');
    expect(stdout).toMatch(/ {2}running since \d{4}-\d\d-\d\dT[\d:.]+Z \(process 4242\)\n/);
    const { campaigns } = JSON.parse((await bench.command('status --json')).stdout);
    expect(campaigns[0]).toMatchObject({ pid: 4242, running_since: expect.any(String) });
  });

  it('says which service does not work, since when, why, and when it is tried again', async () => {
    const clock = new VirtualClock();
    leaveOpen('flite', `no voice for ${phoneOf(1)}`, 20_000, clock.wallMs());
    const { stdout } = await bench.command('status', { clock });
    expect(stdout).toContain(
      'flite does not work since 2026-03-02T08:59:40.000Z (20 s): ' +
        'no voice for +1 415 *** **01; it is tried again in 40 s\n',
    );
    expect(stdout).not.toContain('no breaker is open');
    const { services } = JSON.parse((await bench.command('status --json', { clock })).stdout);
    expect(services.flite).toEqual({
      role: 'tts',
      breaker: 'open',
      down_since: '2026-03-02T08:59:40.000Z',
      retry_at: '2026-03-02T09:00:40.000Z',
      reason: 'no voice for +1 415 *** **01',
    });
    expect(services.template).toEqual({ role: 'llm', breaker: 'closed' });
    await clock.advance(60_000);
    const later = await bench.command('status', { clock });
    expect(later.stdout).toContain('(1 min 20 s): no voice for +1 415 *** **01; the next call');
    expect(later.stdout).toContain('the next call tries it again\n');
  });

  it('tells of a pause that a service asked for', async () => {
    const clock = new VirtualClock();
    const hold = { untilMs: 90_000, cause: throttled(90_000) };
    const state = { ...closedBreaker(0), hold };
    {
      using store = bench.store();
      store.journal('spring');
      store.breakers.save('tts/flite', saveBreaker(state, 0, clock.wallMs()));
    }
    const { stdout } = await bench.command('status', { clock });
    expect(stdout).toContain(
      'flite asked for a pause: the service is down; it is tried again in 1 min 30 s\n',
    );
  });

  it('says how many are uncertain beyond those it names', async () => {
    bench.queue('spring', [1, 2, 3, 4, 5, 6, 7].map(phoneOf));
    await bench.lose('spring', 7);
    const { stdout } = await bench.command('status');
    expect(stdout).toContain('7 uncertain; 0 rows rejected\n');
    expect(stdout).toContain('+1 415 *** **05 and 2 more (campaign settle --help)\n');
    expect(clearNumbers(stdout)).toEqual([]);
  });

  it('suggests the name that may have been meant', async () => {
    bench.list('spring.csv', [1]);
    await bench.command('run spring.csv');
    const { code, stdout, stderr } = await bench.command('status sprng');
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toBe(
      'campaign: there is no campaign sprng; there is: spring\n  Did you mean spring?\n',
    );
    expect((await bench.command('status zzzzzz')).stderr).not.toContain('Did you mean');
  });

  it('says how to begin where nothing was run yet', async () => {
    const { code, stderr } = await bench.command('status');
    expect(code).toBe(66);
    expect(stderr).toContain('`campaign run contacts.csv` makes it');
    bench.store().close();
    expect((await bench.command('status')).stdout).toContain(
      'no campaign yet: `campaign run <list>',
    );
    const named = await bench.command('status spring');
    expect(named.stderr).toBe(
      'campaign: there is no campaign yet\n  `campaign run <list>` begins one.\n',
    );
  });
});
