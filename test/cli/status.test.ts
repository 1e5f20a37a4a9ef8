import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert, AlertSeverity } from '../../src/domain/alert.ts';
import { breakerPolicy, closedBreaker } from '../../src/domain/breaker.ts';
import { breakerKey, saveBreaker } from '../../src/domain/breaker-snapshot.ts';
import { type OwedAlert, STAGES } from '../../src/engine/ports.ts';
import { acquireRunLock } from '../../src/store/lock.ts';
import { entries } from '../store-conformance/subjects.ts';
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

services of config.yml: template, flite, preview, csv; no breaker is open
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
      rows_owed: 0,
      outcomes: { previewed: 1 },
      waiting: [],
      uncertain: [],
      in_doubt: [],
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
        'no voice for +1 415 *** **01; the next run tries it again, in 40 s at the earliest\n',
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
    expect(later.stdout).toContain('(1 min 20 s): no voice for +1 415 *** **01; the next run');
    expect(later.stdout).toContain('the next run tries it again\n');
    const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'spring' });
    if (lock === 'held') throw new Error('nobody else holds it');
    using _held = lock;
    {
      using store = bench.store();
      store.startRun({ campaign: 'spring', pid: 4242, host: 'test-host', startedMs: 1 });
    }
    const running = await bench.command('status', { clock });
    expect(running.stdout).toContain('the next call tries it again\n');
  });

  it('says of the figures of the machine that only a run measures them', async () => {
    const clock = new VirtualClock();
    bench.queue('spring', [phoneOf(1)]);
    bench.queue('autumn', [phoneOf(2)]);
    const about = { ...alertAt(clock.wallMs()), severity: 'warning', service: undefined } as const;
    const cpu = { ...about, key: 'host:cpu', rule: 'cpu', title: 'busy' } as const;
    const memory = {
      ...about,
      key: 'campaign:spring:memory',
      rule: 'memory',
      title: 'full',
    } as const;
    {
      using store = bench.store();
      await store.alerts.save({ open: [cpu, memory, alertAt(clock.wallMs())] });
    }
    const next = '; no run is on that measures it: the next one looks again';
    const tails = async () => {
      const { stdout } = await bench.command('status spring', { clock });
      const shape = /^open alert, .*: (busy|full|flite).*; since \S+ \(0 ms\)(.*)$/gm;
      return [...stdout.matchAll(shape)].map(([, title, tail]) => [title, tail]);
    };
    expect(await tails()).toEqual([
      ['flite', ''],
      ['full', next],
      ['busy', next],
    ]);
    const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'autumn' });
    if (lock === 'held') throw new Error('nobody else holds it');
    using _held = lock;
    expect(await tails()).toEqual([
      ['flite', ''],
      ['full', next],
      ['busy', ''],
    ]);
    const { alerts_open: open } = JSON.parse(
      (await bench.command('status --json', { clock })).stdout,
    );
    const flags = open.map(({ unmeasured }: { unmeasured?: boolean }) => unmeasured);
    expect(flags).toEqual([undefined, true, undefined]);
  });

  const alertAt = (sinceMs: number): Alert => ({
    key: 'service:flite',
    severity: 'critical',
    kind: 'raised',
    campaign: 'spring',
    sinceMs,
    title: 'flite, which speaks the texts, does not work',
    what: 'down.',
    doing: 'It waits.',
    toDo: 'Nothing.',
    affected: 0,
  });

  it('says which alerts are open, also where no breaker is', async () => {
    const clock = new VirtualClock();
    const alert = alertAt(clock.wallMs() - 90_000);
    const title = 'twilio, which makes the calls, takes no requests';
    const warning = {
      ...alert,
      key: 'disk',
      severity: 'warning',
      title: 'The disk is full',
    } as const;
    {
      using store = bench.store();
      store.journal('spring');
      const told = { ...alert, key: 'campaign:spring:milestones', kind: 'notice' } as const;
      await store.alerts.save({
        open: [warning, { ...alert, key: 'service:twilio', title, contacts: 7 }, told],
      });
    }
    const { stdout } = await bench.command('status', { clock });
    const since = '2026-03-02T08:58:30.000Z';
    expect(stdout).toContain(
      `no breaker is open\nopen alert, critical: ${title}; since ${since} (1 min 30 s); ` +
        'affected so far: 7 contacts\n' +
        `open alert, warning: The disk is full; since ${since} (1 min 30 s)\n`,
    );
    expect(stdout.match(/open alert/g)).toHaveLength(2);
    const { stdout: json } = await bench.command('status --json', { clock });
    const shown = (key: string, severity: string, its: string) => {
      return { key, severity, title: its, since };
    };
    expect(JSON.parse(json).alerts_open).toEqual([
      { ...shown('service:twilio', 'critical', title), contacts: 7, contacts_more: false },
      { ...shown('disk', 'warning', 'The disk is full'), contacts: null, contacts_more: null },
    ]);
  });

  it('breaks no word at the edge of a terminal', async () => {
    const clock = new VirtualClock();
    {
      using store = bench.store();
      store.journal('spring');
      await store.alerts.save({ open: [alertAt(clock.wallMs() - 90_000)] });
    }
    const { stdout } = await bench.command('status', { clock, terminal: true, columns: 80 });
    expect(stdout).toContain(
      'open alert, critical: flite, which speaks the texts, does not work; since\n' +
        '  2026-03-02T08:58:30.000Z (1 min 30 s)\n',
    );
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('says which alerts a channel has not taken', async () => {
    const clock = new VirtualClock();
    const alert = alertAt(clock.wallMs());
    {
      using store = bench.store();
      store.journal('spring');
      const owed = (channel: string, severity: AlertSeverity, agoMs: number): OwedAlert => {
        const id = `${channel} ${severity}`;
        const owedMs = clock.wallMs() - agoMs;
        return { id, channel, alert: { ...alert, severity }, owedMs, refusals: 0 };
      };
      await store.alerts.save({
        owed: [
          owed('email', 'info', 90_000),
          owed('email', 'critical', 0),
          owed('webhook', 'info', 0),
        ],
      });
    }
    const email = 'enabled: true, host: mail.example.com, from: a@example.com, to: [b@example.com]';
    bench.write('config.yml', `${bench.read('config.yml')}\nalerts: { email: { ${email} } }\n`);
    const { stdout } = await bench.command('status', { clock });
    expect(stdout).toContain(
      'email has not taken 2 alerts (the worst: critical: flite, which speaks the texts, does ' +
        'not work) since 2026-03-02T08:58:30.000Z (1 min 30 s); the next run tries again\n',
    );
    expect(stdout).toContain('webhook has not taken 1 alert');
    expect(stdout).toContain('alerts.webhook is not on in config.yml, so no run sends them');
    const { alerts_owed: untold } = JSON.parse(
      (await bench.command('status --json', { clock })).stdout,
    );
    expect(untold).toEqual([
      {
        channel: 'email',
        alerts: 2,
        since: '2026-03-02T08:58:30.000Z',
        severity: 'critical',
        title: alert.title,
        enabled: true,
        refused: 0,
      },
      expect.objectContaining({ channel: 'webhook', enabled: false }),
    ]);
  });

  it.each([
    [[60_000, 60_000], 'it refused them: only the next run tries again; "campaign alert-test"'],
    [[60_000, undefined], 'it refused 1 of them, which only the next run tries again; "campaign'],
    [[undefined, undefined], 'the run that is on tries again\n'],
    // By an earlier run: this one offers it again.
    [[-60_000, -60_000], 'the run that is on tries again\n'],
  ] as const)('says who tries again what a channel refused: %o', async (refused, then) => {
    const clock = new VirtualClock();
    const runMs = clock.wallMs() - 300_000;
    const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'spring' });
    if (lock === 'held') throw new Error('nobody else holds it');
    using _held = lock;
    {
      using store = bench.store();
      store.journal('spring');
      store.startRun({ campaign: 'spring', pid: 4242, host: 'test-host', startedMs: runMs });
      const owed = refused.map((afterMs, at): OwedAlert => {
        const about = { id: `o${at}`, channel: 'email', alert: alertAt(clock.wallMs()) };
        const owing = { ...about, owedMs: clock.wallMs() - 90_000, refusals: 0 };
        return afterMs === undefined ? owing : { ...owing, refusedMs: runMs + afterMs };
      });
      await store.alerts.save({ owed });
    }
    const email = 'enabled: true, host: mail.example.com, from: a@example.com, to: [b@example.com]';
    bench.write('config.yml', `${bench.read('config.yml')}\nalerts: { email: { ${email} } }\n`);
    const { stdout } = await bench.command('status', { clock });
    expect(stdout).toContain(then);
  });

  it('knows of the runs of other campaigns, which send the same alerts', async () => {
    const clock = new VirtualClock();
    const refusedMs = clock.wallMs() - 60_000;
    using held = new DisposableStack();
    {
      using store = bench.store();
      for (const [campaign, laterMs] of [
        ['spring', -1],
        ['summer', 1],
      ] as const) {
        const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign });
        if (lock === 'held') throw new Error('nobody else holds it');
        held.use(lock);
        store.journal(campaign);
        const startedMs = refusedMs + laterMs;
        store.startRun({ campaign, pid: 4242, host: 'test-host', startedMs });
      }
      const about = { id: 'o', channel: 'email', alert: alertAt(clock.wallMs()), refusals: 1 };
      await store.alerts.save({ owed: [{ ...about, owedMs: refusedMs, refusedMs }] });
    }
    const email = 'enabled: true, host: mail.example.com, from: a@example.com, to: [b@example.com]';
    bench.write('config.yml', `${bench.read('config.yml')}\nalerts: { email: { ${email} } }\n`);
    const { stdout } = await bench.command('status spring', { clock });
    expect(stdout).toContain('the run that is on tries again\n');
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
      'flite asked for a pause: the service is down; ' +
        'the next run tries it again, in 1 min 30 s at the earliest\n',
    );
  });

  describe('of calls in doubt', () => {
    /** Contact 1: nothing is known. 2: the answer was lost. 3: not placed. 4: placed. 5: ended. */
    async function leaveInDoubt(): Promise<void> {
      bench.queue('spring', [1, 2, 3, 4, 5].map(phoneOf));
      using store = bench.store();
      const journal = store.journal('spring');
      for (const index of [1, 2, 3, 4, 5]) {
        const claim = await journal.claim(STAGES, 1000, `call-${index}`);
        if (claim === undefined) throw new Error('nobody was there to be claimed');
        const write = (entry: Parameters<typeof journal.write>[1]) =>
          journal.write(claim.key, entry);
        await write(entries.attemptBegun(1, index * 1_000));
        if (index === 2) await write(entries.attemptEnded({ type: 'unknown', code: 'timeout' }));
        if (index === 3)
          await write(entries.attemptEnded({ type: 'not_placed', code: 'http_503' }));
        if (index === 4) await write(entries.attemptEnded({ type: 'placed', reference: 'CA1' }));
        if (index === 5) await write(entries.callEnded('busy', 6_000));
      }
    }

    it('says how many, where, since when, and what comes of it', async () => {
      const clock = new VirtualClock();
      await leaveInDoubt();
      const { stdout } = await bench.command('status', { clock });
      expect(stdout).toContain(
        '  in doubt: 3 calls begun at twilio, the first since 1970-01-01T00:00:01.000Z (',
      );
      expect(stdout).toContain(
        '); it took on 1 of them, and has not told how that ended, nor whether a phone rang for ' +
          'the others\n' +
          '    `campaign run` asks it again, 10 min at most; ' +
          'nobody is rung again meanwhile. Whom it cannot tell of is uncertain then, ' +
          'and for you to settle: campaign settle\n',
      );
      const { campaigns } = JSON.parse((await bench.command('status --json', { clock })).stdout);
      const since = '1970-01-01T00:00:01.000Z';
      expect(campaigns[0].in_doubt).toEqual([{ service: 'twilio', calls: 3, since }]);
    });

    it('while a run is on, leaves out what is only being placed, or followed', async () => {
      await leaveInDoubt();
      const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'spring' });
      if (lock === 'held') throw new Error('nobody else holds it');
      using _held = lock;
      {
        using store = bench.store();
        store.startRun({ campaign: 'spring', pid: 4242, host: 'test-host', startedMs: 1 });
      }
      const at = async (wallMs: number) => {
        const clock = new VirtualClock();
        const doubt = await bench.command('status --json', {
          clock: Object.assign(Object.create(clock), { wallMs: () => wallMs }),
        });
        return JSON.parse(doubt.stdout).campaigns[0].in_doubt;
      };
      const twilio = (calls: number, since: number) => [
        { service: 'twilio', calls, since: new Date(since).toISOString() },
      ];
      // The answer of the second is lost, that of the first may still come.
      expect(await at(5_000)).toEqual(twilio(1, 2_000));
      expect(await at(100_000)).toEqual(twilio(2, 1_000));
      expect(await at(700_000)).toEqual(twilio(3, 1_000));
    });
  });

  it('tells apart what other settings have left open', async () => {
    bench.write(
      'config.yml',
      'services: { dialer: [twilio] }\nscript: { template: "Hi." }\nproviders: { twilio: ' +
        '{ account_sid: "AC00000000000000000000000000000001", auth_token: "${T}", ' +
        'from: "+14155550100" } }\n',
    );
    const clock = new VirtualClock();
    leaveOpen('flite', 'mute', 20_000, clock.wallMs());
    const { stdout } = await bench.command('status', { clock });
    expect(stdout).toContain(
      'services of config.yml: template, twilio, csv; no breaker is open\n' +
        'not asked by config.yml: flite (tts) does not work since 2026-03-02T08:59:40.000Z: mute\n',
    );
    expect(JSON.parse((await bench.command('status --json', { clock })).stdout)).toMatchObject({
      config: 'config.yml',
      services: { twilio: { breaker: 'closed' } },
      other_services: { flite: { role: 'tts', breaker: 'open', reason: 'mute' } },
    });
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
