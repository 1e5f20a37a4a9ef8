import { describe, expect, it } from 'vitest';
import { type Alert, alertId } from '../../src/domain/alert.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import { alertText } from '../../src/domain/alert-text.ts';
import type { CampaignEvent, RunEnd } from '../../src/domain/event.ts';
import {
  CHANNEL_PAUSE_MS,
  CLOSE_MS,
  KEPT_MS_MAX,
  QUEUE_MAX,
  REFUSALS_MAX,
  SEND_TIMEOUT_MS,
} from '../../src/engine/alert-outbox.ts';
import { Alerter, COUNTS_KEPT_MS } from '../../src/engine/alerter.ts';
import type { AlertMemory } from '../../src/engine/ports.ts';
import { beginProbe } from '../../src/engine/probe.ts';
import {
  AlertBench,
  type AlertProcess,
  closed,
  emailed,
  type FakeChannel,
  found,
  opened,
  silence,
} from '../support/alert-bench.ts';
import { EngineBench } from '../support/engine-bench.ts';
import { failure, refused, throttled, unauthorized } from '../support/failures.ts';

type Take = (run: AlertProcess) => void;

const RAISED = 'raised service:flite';
const RECOVERED = 'recovered service:flite';

const LIST = { total: 1, done: 0, calling: 0, queued: 1, put_off: 0, uncertain: 0 };

const failedCall: CampaignEvent = {
  type: 'call.failed',
  contact: 'c1',
  call: 'x',
  service: 'flite',
  kind: 'transient',
  code: 'http_503',
  message: 'down',
};

describe('health checks that fail', () => {
  const refusing = unauthorized();
  const bad = (run: { alerter: Alerter }, error: unknown = new Error('no answer')): void => {
    run.alerter.takeCheck('flite', 'tts', false, error);
  };
  const throwing = (): Promise<void> => Promise.reject(failure());
  const good = (run: { alerter: Alerter }): void => {
    run.alerter.takeCheck('flite', 'tts', true);
  };

  /** An earlier run has told of them. */
  const warnedBefore = async () => {
    const { bench, email, run } = emailed();
    bad(run);
    bad(run);
    await bench.clock.settle();
    await run.alerter.close();
    return { bench, email };
  };

  it('are told when there are two in a row, once, and once that they are good again', async () => {
    const { bench, email, run } = emailed();
    bad(run);
    good(run);
    bad(run);
    await bench.clock.settle();
    expect(email.delivered).toEqual([]);
    bad(run);
    bad(run);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    expect(bench.kept.open[0]).toMatchObject({
      severity: 'warning',
      title: 'flite, which speaks the texts, fails its health checks',
      what: 'no answer (check_failed).',
    });
    good(run);
    good(run);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
  });

  it('are critical where the account is refused, unless the work gets through', async () => {
    const worked: CampaignEvent = {
      type: 'step.finished',
      step: 'speech',
      service: 'flite',
      role: 'tts',
      durationMs: 1,
    };
    for (const [events, severity] of [[[], 'critical'] as const, [[worked], 'warning'] as const]) {
      const bench = new AlertBench();
      const run = bench.run([]);
      bad(run, refusing);
      run.take(...events);
      bad(run, refusing);
      await bench.clock.settle();
      expect(bench.kept.open).toMatchObject([{ key: 'service:flite', severity }]);
    }
  });

  it('leave it to the retries of requests that fail as well, for a while', async () => {
    const bench = new AlertBench();
    const run = bench.run([]);
    const attempt: CampaignEvent = {
      type: 'attempt.failed',
      service: 'flite',
      role: 'tts',
      attempt: 1,
      kind: 'transient',
      scope: 'service',
      code: 'http_503',
      message: 'down',
      durationMs: 1,
    };
    run.take(attempt);
    // A failed question is not retried as work is, nor is hanging up.
    for (const what of [{ question: true }, { hangUp: true }]) {
      const other = new AlertBench();
      const its = other.run([]);
      its.take({ ...attempt, ...what });
      for (const _ of [1, 2]) bad(its);
      await other.clock.settle();
      expect(other.kept.open).toMatchObject([{ key: 'service:flite', severity: 'warning' }]);
    }
    for (const _ of [1, 2, 3, 4, 5]) bad(run);
    await bench.clock.settle();
    expect(bench.kept.open).toEqual([]);
    bad(run);
    await bench.clock.settle();
    expect(bench.kept.open).toMatchObject([
      {
        key: 'service:flite',
        severity: 'critical',
        title: 'flite, which speaks the texts, does not work',
        what: 'no answer (check_failed). What is asked of it fails too: nothing gets through.',
      },
    ]);
    good(run);
    await bench.clock.settle();
    expect(bench.kept.open).toEqual([]);
  });

  it('become critical when requests fail too and nothing gets through for six', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const run = bench.run([email]);
    const about = { service: 'flite', role: 'tts', durationMs: 1 } as const;
    const lost: CampaignEvent = {
      type: 'attempt.failed',
      ...about,
      attempt: 1,
      kind: 'unknown',
      scope: 'service',
      code: 'timeout',
      message: 'no answer',
    };
    const severities = () => email.asked.map(({ alert }) => alert.severity);
    for (const _ of [1, 2, 3]) bad(run);
    await bench.clock.settle();
    expect(severities()).toEqual(['warning']);
    expect(email.asked[0]?.alert.doing).not.toContain('Calls go on');
    run.take({ type: 'step.finished', step: 'speech', ...about }, lost);
    for (const _ of [4, 5, 6, 7, 8]) bad(run);
    await bench.clock.settle();
    expect(severities()).toEqual(['warning']);
    for (const _ of [9, 10]) bad(run);
    await bench.clock.settle();
    expect(severities()).toEqual(['warning', 'critical']);
  });

  it('become critical anew when nothing gets through after its breaker has closed', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const run = bench.run([email]);
    for (const _ of [1, 2]) bad(run);
    for (const event of [opened(), closed()]) {
      await bench.clock.settle();
      run.take(event);
    }
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RAISED, RECOVERED]);
    run.take({
      type: 'attempt.failed',
      service: 'flite',
      role: 'tts',
      attempt: 1,
      kind: 'unknown',
      scope: 'service',
      code: 'timeout',
      message: 'no answer',
      durationMs: 1,
    });
    for (const _ of [3, 4, 5, 6, 7]) bad(run);
    await bench.clock.settle();
    expect(email.delivered).toHaveLength(3);
    bad(run);
    await bench.clock.settle();
    expect(email.delivered.slice(3)).toEqual([RAISED]);
    expect(email.asked.at(-1)?.alert.severity).toBe('critical');
  });

  it('become so too when it only does not say any more what became of calls', async () => {
    const failed = { kind: 'transient', scope: 'service', code: '503', message: 'down' } as const;
    const about = { service: 'flite', role: 'tts', attempt: 1, durationMs: 1 } as const;
    const asked: CampaignEvent = { type: 'attempt.failed', ...about, ...failed, question: true };
    for (const [count, severity] of [[2, 'warning'] as const, [3, 'critical'] as const]) {
      const bench = new AlertBench();
      const run = bench.run([]);
      bad(run);
      run.take(...Array.from({ length: count }, () => asked), { ...asked, hangUp: true });
      for (const _ of [2, 3, 4, 5]) bad(run);
      await bench.clock.settle();
      expect(bench.kept.open).toMatchObject([{ severity: 'warning' }]);
      bad(run);
      await bench.clock.settle();
      expect(bench.kept.open).toMatchObject([{ severity }]);
    }
  });

  it('are joined by the breaker: told once more to whoever takes what it is now', async () => {
    const bench = new AlertBench();
    const [email, pager, log] = [
      bench.channel('email'),
      bench.channel('pager'),
      bench.channel('log'),
    ];
    email.severities = ['critical', 'warning'];
    pager.severities = ['critical'];
    log.severities = ['warning'];
    const run = bench.run([email, pager, log]);
    bad(run);
    bad(run);
    await bench.clock.settle();
    expect(pager.delivered).toEqual([]);
    run.take(opened());
    bad(run);
    await bench.clock.settle();
    expect(bench.kept.open).toMatchObject([{ severity: 'critical', was: 'warning' }]);
    // The breaker is open: only a request that gets through ends it.
    good(run);
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RAISED, RECOVERED]);
    for (const one of [pager, log]) expect(one.delivered).toEqual([RAISED, RECOVERED]);
    const alerts = email.asked.map(({ alert }) => alert);
    expect(alerts.map(({ severity }) => severity)).toEqual(['warning', 'critical', 'info']);
    // Who takes each id only once gets them all, and reads why.
    expect(new Set(alerts.map(alertId)).size).toBe(3);
    const isWorse = (one: Alert): boolean =>
      alertText(one).includes('WORSE than before: it was a warning.');
    expect(alerts.map(isWorse)).toEqual([false, true, false]);
    // That it was told is not said: to this one it was not.
    expect(pager.asked.map(({ alert }) => isWorse(alert))).toEqual([true, false]);
  });

  it('told by an earlier run become critical when a breaker opens, once for all runs', async () => {
    const { bench, email } = await warnedBefore();
    for (let count = 0; count < 2; count += 1) {
      const next = bench.run([email]);
      next.alerter.reconcile([found('flite', count === 0 ? 'closed' : 'open')]);
      next.take(opened());
      await bench.clock.settle();
      await next.alerter.close();
    }
    const severities = email.asked.map(({ alert }) => alert.severity);
    expect(severities).toEqual(['warning', 'critical']);
  });

  it('are told once, as what they are by then, where the warning has not gone out', async () => {
    const bench = new AlertBench();
    const [email, log] = ['email', 'log'].map((name) => bench.channel(name, throwing)) as [
      FakeChannel,
      FakeChannel,
    ];
    email.severities = ['critical', 'warning'];
    log.severities = ['warning'];
    const first = bench.run([email, log]);
    bad(first);
    bad(first);
    await first.alerter.close();
    await bench.clock.settle();
    for (const one of [email, log]) one.answer = () => undefined;
    const next = bench.run([email, log]);
    next.take(opened());
    await bench.clock.settle();
    for (const one of [email, log]) {
      expect(one.delivered).toEqual([RAISED]);
      expect(one.asked.at(-1)?.alert.severity).toBe('critical');
    }
    expect(bench.kept.owed).toEqual([]);
  });

  it('are critical from the check on that says that we are refused', async () => {
    const { bench, email, run } = emailed();
    bad(run);
    bad(run);
    await bench.clock.settle();
    bad(run, refusing);
    bad(run, refusing);
    bad(run);
    await bench.clock.settle();
    good(run);
    await bench.clock.settle();
    const told = email.asked.map(({ alert }) => `${alert.severity} ${alert.kind}`);
    expect(told).toEqual(['warning raised', 'critical raised', 'info recovered']);
    expect(email.asked[1]?.alert.title).toContain('refuses to work for us');
  });

  it('that run out of time say so', async () => {
    const bench = new AlertBench();
    const run = bench.run([]);
    const service = { name: 'flite', role: 'tts', probe: silence } as const;
    for (const _ of [1, 2]) {
      beginProbe(service, bench.clock, 5_000, {
        found: (probed) => bad(run, probed.isGood ? undefined : probed.error),
      });
      await bench.clock.advance(5_000);
    }
    expect(bench.kept.open).toMatchObject([
      { what: 'no answer to the check within 5 s (timeout).' },
    ]);
  });

  it('of an earlier run are over when one is good, not when a run begins', async () => {
    const { bench, email } = await warnedBefore();
    const second = bench.run([email]);
    second.alerter.reconcile([found('flite', 'closed')]);
    bad(second);
    bad(second);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    good(second);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
  });

  it('of a service that is not named any more are over when a run begins', async () => {
    const { bench, email } = await warnedBefore();
    bench.run([email]).alerter.reconcile([found('espeak-ng', 'closed')]);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
  });

  it('that say that nothing gets through are why a run ended early', async () => {
    const { bench, email, run } = emailed();
    run.alerter.reconcile([found('flite', 'closed')]);
    bad(run, refusing);
    bad(run, refusing);
    await bench.clock.settle();
    const contacts = { ...LIST, queued: 0, put_off: 1 };
    run.take({ type: 'run.finished', end: 'outage', contacts, durationMs: 1 });
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    expect(email.asked[0]?.alert).toMatchObject({ severity: 'critical' });
    expect(email.asked[0]?.alert.doing).toContain('Contacts who need it wait in the queue');
    expect(bench.kept.open[0]?.doing).toContain('The run of spring has ended');
  });

  it('are not where another service does the work, or it may still get through', async () => {
    for (const [others, error] of [
      [[found('espeak-ng', 'closed')], refusing],
      [[], new Error('no answer')],
    ] as const) {
      const { bench, email, run } = emailed();
      run.alerter.reconcile([found('flite', 'closed'), ...others]);
      bad(run, error);
      bad(run, error);
      run.take({ type: 'run.finished', end: 'outage', contacts: LIST, durationMs: 1 });
      await bench.clock.settle();
      expect(email.delivered.toSorted()).toEqual(['raised campaign:spring', RAISED]);
      const doing = email.asked.map(({ alert }) => alert.doing).join();
      expect(doing.includes('its work is done by espeak-ng')).toBe(others.length > 0);
    }
  });

  it('say nothing where the rule is switched off', async () => {
    const bench = new AlertBench();
    const run = bench.run([], 'spring', {
      serviceUnhealthy: { enabled: false, severity: 'warning' },
    });
    bad(run);
    bad(run);
    await bench.clock.settle();
    expect(bench.kept.open).toEqual([]);
  });
});

describe('a rule that is switched off', () => {
  const contacts = { ...LIST, total: 3, queued: 3 };
  const ended = (end: RunEnd): CampaignEvent => {
    return { type: 'run.finished', end, contacts, durationMs: 1, reason: 'no room' };
  };
  const away = { kind: 'permanent', code: 'PERMISSION_DENIED', message: 'no', waiting: 8 } as const;
  const works: CampaignEvent = { type: 'sheet.works', rows: 8, outageMs: 1 };
  const started: CampaignEvent = { type: 'run.started', lines: 1, contacts };
  const checks = (run: AlertProcess, isGood: boolean): void => {
    for (const _ of [1, 2]) run.alerter.takeCheck('flite', 'tts', isGood, new Error('no answer'));
  };
  const CASES: readonly (readonly [keyof AlertPolicies, Take, Take])[] = [
    ['serviceDown', (run) => run.take(opened()), (run) => run.take(closed())],
    ['serviceUnhealthy', (run) => checks(run, false), (run) => checks(run, true)],
    ['endedEarly', (run) => run.take(ended('outage')), (run) => run.take(ended('done'))],
    ['budgetSpent', (run) => run.take(ended('budget')), (run) => run.take(started)],
    ['storeFailed', (run) => run.take(ended('disk_failed')), (run) => run.take(started)],
    ['sheetAway', (run) => run.take({ type: 'sheet.away', ...away }), (run) => run.take(works)],
  ];

  it.each(CASES)('takes back what it had told, without a message: %s', async (rule, bad, good) => {
    for (const isOff of [false, true]) {
      const { bench, email, run } = emailed();
      bad(run);
      await bench.clock.settle();
      await run.alerter.close();
      const off = { [rule]: { ...DEFAULT_ALERT_POLICIES[rule], enabled: !isOff } };
      const next = bench.run([email], 'spring', off);
      next.alerter.reconcile([found('flite', rule === 'serviceDown' ? 'open' : 'closed')]);
      await bench.clock.settle();
      expect(bench.kept.open).toHaveLength(isOff ? 0 : 1);
      good(next);
      await bench.clock.settle();
      await next.alerter.close();
      const kinds = email.asked.map(({ alert }) => alert.kind).filter((kind) => kind !== 'notice');
      expect(kinds).toEqual(isOff ? ['raised'] : ['raised', 'recovered']);
      expect(bench.kept.open).toEqual([]);
    }
  });

  it('sends nothing either of what a channel had not taken yet', async () => {
    const { bench, email, run } = emailed(() => Promise.reject(refused()));
    run.take(opened());
    await run.alerter.close();
    expect(bench.kept.owed).toHaveLength(1);
    email.answer = () => undefined;
    const serviceDown = { ...DEFAULT_ALERT_POLICIES.serviceDown, enabled: false };
    const next = bench.run([email], 'spring', { serviceDown });
    await bench.clock.settle();
    await next.alerter.close();
    expect(email.delivered).toEqual([]);
    expect(bench.kept.owed).toEqual([]);
  });
});

describe('an alert', () => {
  it('goes to every channel, once, and is told', async () => {
    const bench = new AlertBench();
    const [email, telegram] = [bench.channel('email'), bench.channel('telegram')];
    const run = bench.run([email, telegram]);
    run.take(opened(), failedCall, opened());
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    expect(telegram.delivered).toEqual([RAISED, RECOVERED]);
    expect(run.of('alert.sent').map(({ channel, alert }) => `${channel} ${alert}`)).toEqual([
      'email raised',
      'telegram raised',
      'email recovered',
      'telegram recovered',
    ]);
    expect(run.of('alert.sent')[0]).toMatchObject({
      key: 'service:flite',
      severity: 'critical',
      service: 'flite',
      role: 'tts',
    });
    expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('is kept before it is sent', async () => {
    const bench = new AlertBench();
    const keptAtSending: number[] = [];
    const email = bench.channel('email', () => void keptAtSending.push(bench.kept.owed.length));
    bench.run([email]).take(opened());
    expect(email.asked).toEqual([]);
    await bench.clock.settle();
    expect(keptAtSending).toEqual([1]);
    expect(bench.kept.owed).toEqual([]);
  });

  it('without a channel is known all the same, and nothing is told', async () => {
    const bench = new AlertBench();
    const run = bench.run([]);
    run.take(opened(), failedCall);
    await run.alerter.close();
    await bench.clock.settle();
    expect(run.told).toEqual([]);
    expect(bench.kept).toMatchObject({ open: [{ key: 'service:flite', affected: 1 }], owed: [] });
  });

  it('of a real outage comes once, and its end once', async () => {
    const bench: EngineBench = new EngineBench({
      policy: { lines: 4 },
      behaviour: {
        speak: () => {
          if (bench.clock.monotonicMs() < 20 * 60_000) throw failure();
          return { wav: new Uint8Array(44) };
        },
      },
    }).add(30);
    const alerts = new AlertBench();
    const email = alerts.channel('email');
    email.severities = ['critical', 'warning'];
    const alerter = new Alerter({
      campaign: 'spring',
      channels: [email],
      memory: bench.store.alerts,
      clock: bench.clock,
      random: { fraction: () => 0, id: () => crypto.randomUUID() },
      emit: bench.events.emit,
    });
    bench.events.listen('alerts', (event) => alerter.take(event));
    expect(await bench.run()).toBe('done');
    await alerter.close();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    const putOff = bench.of('contact.put_off').filter(({ waitsFor }) => waitsFor !== undefined);
    expect(putOff.length).toBeGreaterThan(0);
    expect(putOff[0]?.waitsFor).toEqual(['flite']);
    const calls = bench.of('call.failed').length;
    expect(email.asked[1]?.alert.affected).toBe(putOff.length + calls);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});

describe('a channel that fails', () => {
  const hangsOnNews: FakeChannel['answer'] = (_count, _signal, { severity }) =>
    severity === 'critical' ? undefined : silence();

  /** An outage, its end, which the channel does not take at once, and the next outage. */
  const endNotTaken = async (error: Error) => {
    const scene = emailed((count) => {
      if (count === 2) throw error;
    });
    for (const event of [opened(), closed(), opened()]) {
      scene.run.take(event);
      await scene.bench.clock.settle();
    }
    return scene;
  };

  it('is tried again after 5, 10 and 20 s, then left alone, and told once', async () => {
    const { bench, email, run } = emailed(() => Promise.reject(failure()));
    run.take(opened());
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(email.times).toEqual([0, 5_000, 15_000, 35_000]);
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(email.times.slice(4)).toEqual(
      [0, 5_000, 15_000, 35_000].map((ms) => ms + 35_000 + CHANNEL_PAUSE_MS),
    );
    expect(run.of('alert.failed')).toMatchObject([
      { channel: 'email', kind: 'transient', code: 'http_503', status: 503, kept: true },
    ]);
    email.answer = () => undefined;
    run.take(closed('hubspot'), opened('hubspot'));
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(email.delivered).toEqual([RAISED, 'raised service:hubspot']);
    expect(bench.kept.owed).toEqual([]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('for some of its people only says so, once', async () => {
    const { bench, email, run } = emailed(() => 'the server refuses ben@example.com');
    run.take(opened());
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    expect(run.of('notice')).toMatchObject([
      {
        code: 'alert_unreached',
        message: 'an alert did not reach everybody: the server refuses ben@example.com',
      },
    ]);
    await run.alerter.close();
  });

  it('delays no other: dead, slow or throwing at once', async () => {
    const bench = new AlertBench();
    const dead = bench.channel('dead', silence);
    const slow = bench.channel('slow', () => bench.clock.sleep(14_000));
    const broken = {
      name: 'broken',
      send: () => {
        throw new TypeError('a bug');
      },
    };
    const quick = bench.channel('quick');
    const run = bench.run([dead, slow, broken, quick]);
    run.take(opened());
    await bench.clock.settle();
    run.take(opened('hubspot'), closed());
    await bench.clock.settle();
    expect(quick.delivered).toEqual([RAISED, 'raised service:hubspot', RECOVERED]);
    expect(quick.times).toEqual([0, 0, 0]);
    await bench.clock.advance(60_000);
    // One at a time, in order, each as slow as it is.
    expect(slow.times).toEqual([0, 14_000, 28_000]);
    expect(slow.delivered).toEqual(quick.delivered);
    expect(run.of('alert.failed').filter(({ channel }) => channel === 'broken')).toMatchObject([
      { code: 'channel_failed', message: 'a bug', kept: true },
      { code: 'channel_failed', alert: 'raised', key: 'service:hubspot' },
      { code: 'channel_failed', alert: 'recovered' },
    ]);
    expect(dead.delivered).toEqual([]);
    await Promise.all([bench.clock.advance(CLOSE_MS), run.alerter.close()]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('that does not answer is given up after its timeout, and told to stop', async () => {
    const bench = new AlertBench();
    const dead = bench.channel('dead', silence);
    const run = bench.run([dead]);
    run.take(opened());
    await bench.clock.advance(SEND_TIMEOUT_MS - 1);
    expect(dead.signals[0]?.aborted).toBe(false);
    await bench.clock.advance(1);
    expect(dead.signals[0]?.aborted).toBe(true);
    await bench.clock.advance(5_000);
    // It may have been sent after all: rather twice than not at all.
    expect(dead.times).toEqual([0, SEND_TIMEOUT_MS + 5_000]);
    await Promise.all([bench.clock.advance(CLOSE_MS), run.alerter.close()]);
  });

  it('that asks for more time gets it', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email', (count) => {
      if (count === 1) throw throttled(2 * CHANNEL_PAUSE_MS);
    });
    bench.run([email]).take(opened());
    await bench.clock.advance(2 * CHANNEL_PAUSE_MS);
    expect(email.times).toEqual([0, 2 * CHANNEL_PAUSE_MS]);
    expect(email.delivered).toEqual([RAISED]);
  });

  it('that refuses us is asked again only by the next run', async () => {
    const { bench, email, run: first } = emailed(() => Promise.reject(unauthorized()));
    first.take(opened());
    await bench.clock.settle();
    first.take(opened('hubspot'));
    await bench.clock.advance(3_600_000);
    await first.alerter.close();
    expect(email.times).toEqual([0]);
    expect(first.of('alert.failed')).toMatchObject([
      { key: 'service:flite', code: 'http_401', kept: true },
      { key: 'service:hubspot', code: 'run_ended', kept: true },
    ]);
    // So that `campaign status` does not say that the run tries them again.
    const refusedMs = expect.any(Number) as number;
    expect(bench.kept.owed).toMatchObject([
      { alert: { key: 'service:flite' }, refusedMs },
      { alert: { key: 'service:hubspot' }, refusedMs },
    ]);
    email.answer = () => undefined;
    const next = bench.run([email]);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, 'raised service:hubspot']);
    expect(next.of('alert.sent')).toHaveLength(2);
  });

  it('that refuses one alert gets the others, and that one in three runs', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email', (_count, _signal, { key }) => {
      if (key === 'service:flite') throw refused();
    });
    const told: CampaignEvent[][] = [];
    for (let index = 0; index <= REFUSALS_MAX; index += 1) {
      const run = bench.run([email]);
      if (index === 0) run.take(opened(), opened('hubspot'));
      await bench.clock.settle();
      const owed = index + 1 < REFUSALS_MAX ? [{ refusedMs: bench.clock.wallMs() }] : [];
      expect(bench.kept.owed).toMatchObject(owed);
      await run.alerter.close();
      told.push(run.of('alert.failed'));
    }
    expect(email.delivered).toEqual(['raised service:hubspot']);
    expect(told.map((events) => events.length)).toEqual([1, 1, 1, 0]);
    expect(told.flat()).toMatchObject([{ kept: true }, { kept: true }, { kept: false }]);
    expect(bench.kept.owed).toEqual([]);
  });

  it('forgets what it refused once a later word on the same cause is out', async () => {
    const { bench, email } = await endNotTaken(refused());
    expect(email.delivered).toEqual([RAISED, RAISED]);
    expect(bench.kept.owed).toEqual([]);
  });

  it('that hangs on news is given what is critical next, at once while it waits', async () => {
    const { bench, email, run } = emailed(hangsOnNews);
    const started: CampaignEvent = { type: 'run.started', lines: 1, contacts: LIST };
    run.take(started);
    await bench.clock.settle();
    run.take(opened());
    await bench.clock.advance(SEND_TIMEOUT_MS);
    expect(email.delivered).toEqual([RAISED]);
    expect(email.times).toEqual([0, SEND_TIMEOUT_MS, SEND_TIMEOUT_MS]);
    // Its retries are used up, and it is left alone.
    await bench.clock.advance(2 * CHANNEL_PAUSE_MS);
    const pauses = email.times.length;
    const nowMs = bench.clock.monotonicMs();
    run.take(opened('hubspot'));
    await bench.clock.settle();
    expect(email.times.slice(pauses)).toContain(nowMs);
    expect(email.delivered).toEqual([RAISED, 'raised service:hubspot']);
    await Promise.all([bench.clock.advance(CLOSE_MS), run.alerter.close()]);
    expect(bench.kept.owed).toMatchObject([{ alert: { key: 'campaign:spring:started' } }]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('is given at once what became critical while news were on their way', async () => {
    const { bench, email, run } = emailed(hangsOnNews);
    run.take({ type: 'run.started', lines: 1, contacts: LIST });
    await bench.clock.advance(1_000);
    run.take(opened());
    await bench.clock.advance(SEND_TIMEOUT_MS);
    expect(email.times).toEqual([0, SEND_TIMEOUT_MS, SEND_TIMEOUT_MS]);
    expect(email.delivered).toEqual([RAISED]);
    // The same at the last of its tries: the pause after it is for what is no more severe.
    await bench.clock.advance(35_000 + 3 * SEND_TIMEOUT_MS + 5_000);
    run.take(opened('hubspot'));
    await bench.clock.advance(SEND_TIMEOUT_MS);
    expect(email.delivered).toEqual([RAISED, 'raised service:hubspot']);
    await Promise.all([bench.clock.advance(CLOSE_MS), run.alerter.close()]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('tells the end of one outage before the next of the same service', async () => {
    const { bench, email, run } = await endNotTaken(failure());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED, RAISED]);
    await run.alerter.close();
  });

  it('left by an earlier run gets the most severe first', async () => {
    const { bench, email, run: first } = emailed(() => Promise.reject(failure()));
    first.take({ type: 'run.started', lines: 1, contacts: LIST }, opened());
    await first.alerter.close();
    email.answer = () => undefined;
    bench.run([email]);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, 'notice campaign:spring:started']);
  });

  it('that asked for more time is not hurried', async () => {
    const { bench, email, run } = emailed((count) => {
      if (count === 1) throw throttled(CHANNEL_PAUSE_MS);
    });
    run.take({ type: 'run.started', lines: 1, contacts: LIST });
    await bench.clock.settle();
    run.take(opened());
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(email.times[1]).toBe(CHANNEL_PAUSE_MS);
    expect(email.delivered).toEqual([RAISED, 'notice campaign:spring:started']);
  });

  it('makes room by the least severe', async () => {
    const { bench, run } = emailed(() => Promise.reject(failure()));
    run.take(opened('first'), { type: 'run.started', lines: 1, contacts: LIST });
    for (let index = 1; index < QUEUE_MAX; index += 1) run.take(opened(`s${index}`));
    await bench.clock.settle();
    expect(run.of('alert.failed')).toMatchObject([
      { key: 'campaign:spring:started', code: 'queue_full', kept: false },
    ]);
    await run.alerter.close();
  });

  it('keeps a bounded queue: the oldest makes room, and is told', async () => {
    const { bench, run } = emailed(() => Promise.reject(failure()));
    run.take(opened('first'));
    await bench.clock.advance(60_000);
    for (let index = 0; index < QUEUE_MAX; index += 1) run.take(opened(`s${index}`));
    expect(run.of('alert.failed')).toHaveLength(1);
    await bench.clock.settle();
    expect(run.of('alert.failed')[1]).toMatchObject({
      key: 'service:first',
      code: 'queue_full',
      kept: false,
    });
    expect(bench.kept.owed).toHaveLength(QUEUE_MAX);
    await run.alerter.close();
  });
});

describe('campaigns that share a store', () => {
  it('hear that a service works again, though another campaign uses it no more', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const one = bench.run([email], 'one');
    one.alerter.reconcile([found('flite', 'closed')]);
    const other = bench.run([email], 'other');
    other.alerter.reconcile([found('flite', 'closed')]);
    other.take(opened('flite'));
    await bench.clock.settle();
    one.take(opened('flite'));
    await bench.clock.settle();
    bench.run([email], 'one').alerter.reconcile([found('espeak-ng', 'closed')]);
    await bench.clock.settle();
    expect(email.delivered).toEqual(['raised service:flite']);
    other.take(closed('flite'));
    await bench.clock.settle();
    expect(email.delivered).toEqual(['raised service:flite', 'recovered service:flite']);
    expect(email.asked.at(-1)?.alert.title).toContain('works again');
  });
});

describe('an outage over several runs', () => {
  /** Two at a time, of which one has told it. */
  const toldByOne = async () => {
    const { bench, email, run: one } = emailed();
    const other = bench.run([email], 'autumn');
    one.take(opened());
    await bench.clock.settle();
    return { bench, email, one, other };
  };

  it('every ten minutes through three hours: one alert, one recovery', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    for (let run = 0; run < 18; run += 1) {
      const process = bench.run([email], run % 2 === 0 ? 'spring' : 'autumn');
      process.alerter.reconcile([found('flite', run === 0 ? 'closed' : 'open')]);
      process.take(opened(), failedCall);
      await bench.clock.advance(60_000);
      await process.alerter.close();
      await bench.clock.advance(9 * 60_000);
    }
    expect(email.delivered).toEqual([RAISED]);
    const last = bench.run([email]);
    last.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    expect(email.asked[1]?.alert.affected).toBe(18);
    expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
  });

  it('is told late, once, and as it stands by then', async () => {
    const bench = new AlertBench();
    const dead = bench.channel('email', () => Promise.reject(failure()));
    const first = bench.run([dead]);
    first.take(opened(), failedCall);
    await first.alerter.close();
    expect(first.of('alert.failed')).toHaveLength(1);
    expect(bench.kept.owed).toHaveLength(1);
    const works = bench.channel('email');
    await bench.clock.advance(50_000);
    for (const campaign of ['autumn', 'spring']) {
      const run = bench.run([works], campaign);
      run.take(failedCall);
      await bench.clock.settle();
      await run.alerter.close();
    }
    expect(works.delivered).toEqual([RAISED]);
    expect(works.asked[0]?.alert).toMatchObject({ affected: 2, lateMs: 50_000 });
  });

  it('that nobody was told of is told with its end, in one message', async () => {
    const { bench, email, run: first } = emailed(() => Promise.reject(failure()));
    first.take(opened());
    await first.alerter.close();
    email.answer = () => undefined;
    const late = bench.run([email]);
    late.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RECOVERED]);
    expect(email.asked.at(-1)?.alert.what).toContain('the service is down');
    expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
  });

  it('is ended where a run finds the breaker closed that no run saw close', async () => {
    const { bench, email, run: first } = emailed();
    first.take(opened(), opened('openai'), opened('csv'));
    await bench.clock.advance(60_000);
    await first.alerter.close();
    const next = bench.run([email]);
    next.alerter.reconcile([
      found('flite', 'closed'),
      found('openai', 'closed', 'llm'),
      found('openai', 'open'),
      found('csv', 'half_open'),
    ]);
    await bench.clock.settle();
    expect(email.delivered.slice(3)).toEqual([RECOVERED]);
    expect(bench.kept.open.map(({ key }) => key)).toEqual(['service:csv', 'service:openai']);
  });

  it('is not told by a run whose alert another run has sent meanwhile', async () => {
    const bench = new AlertBench();
    const dead = bench.channel('email', () => Promise.reject(failure()));
    bench.run([dead]).take(opened());
    await bench.clock.advance(60_000);
    const works = bench.channel('email');
    bench.run([works], 'autumn');
    await bench.clock.settle();
    expect(works.delivered).toEqual([RAISED]);
    const asked = dead.asked.length;
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(dead.asked).toHaveLength(asked);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('that is over is not owed by a channel that is not in use any more', async () => {
    const bench = new AlertBench();
    const first = bench.run([bench.channel('email', () => Promise.reject(failure()))]);
    first.take(opened());
    await first.alerter.close();
    expect(bench.kept.owed).toHaveLength(1);
    bench.run([]).take(closed());
    await bench.clock.settle();
    expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
  });

  it('is raised by one of two runs at a time, and ended by the other', async () => {
    const { bench, email, one, other } = await toldByOne();
    other.take(opened(), closed());
    await bench.clock.settle();
    one.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
  });

  it('is not told by a run whose alert another run has sent between two attempts', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email', () => Promise.reject(failure()));
    bench.run([email]).take(opened());
    await bench.clock.advance(1_000);
    const works = bench.channel('email');
    bench.run([works], 'autumn');
    await bench.clock.settle();
    expect(works.delivered).toEqual([RAISED]);
    await bench.clock.advance(CHANNEL_PAUSE_MS);
    expect(email.times).toEqual([0]);
    expect(bench.kept.owed).toEqual([]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('is not opened again by a run that still counts what joins it', async () => {
    const { bench, email, one, other } = await toldByOne();
    other.take(opened(), failedCall, closed());
    await bench.clock.advance(COUNTS_KEPT_MS);
    one.take(failedCall);
    await bench.clock.settle();
    expect(bench.kept.open).toEqual([]);
    other.take(opened());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED, RAISED]);
  });

  it('adds up what several runs count at a time', async () => {
    const bench = new AlertBench();
    const [one, other] = [bench.run([], 'spring'), bench.run([], 'autumn')];
    one.take(opened());
    await bench.clock.settle();
    other.take(opened());
    for (let count = 0; count < 3; count += 1) {
      for (const run of [one, other]) {
        run.take(failedCall);
        await bench.clock.advance(COUNTS_KEPT_MS);
      }
    }
    for (const run of [one, other]) {
      await run.alerter.close();
      await bench.clock.settle();
    }
    expect(bench.kept.open).toMatchObject([{ affected: 6 }]);
  });

  it('of a service that nobody uses any more swallows no later alert', async () => {
    const { bench, email, run: first } = emailed();
    first.take(opened());
    await bench.clock.settle();
    await first.alerter.close();
    const contacts = { total: 1, done: 0, calling: 0, queued: 1, put_off: 0, uncertain: 0 };
    const ended = { type: 'run.finished', end: 'outage', contacts, durationMs: 1 } as const;
    for (const campaign of ['autumn', 'spring']) {
      const run = bench.run([email], campaign);
      run.alerter.reconcile([found('openai', 'closed')]);
      run.take(ended);
      await bench.clock.settle();
      await run.alerter.close();
    }
    const own = ['raised campaign:autumn', 'raised campaign:spring', RECOVERED];
    expect(email.delivered).toEqual([RAISED, ...own]);
    expect(email.asked[3]?.alert.title).toContain('is not in use any more');
  });

  it('found anew by who uses the service again is another alert', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const [open, other] = [[found('flite', 'open')], [found('openai', 'closed')]];
    const runs = [open, other, open];
    for (const breakers of runs) {
      await bench.clock.advance(60_000);
      const run = bench.run([email]);
      run.alerter.reconcile(breakers);
      await bench.clock.settle();
      await run.alerter.close();
    }
    await bench.clock.advance(60_000);
    const last = bench.run([email]);
    last.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED, RAISED, RECOVERED]);
    const alerts = email.asked.map(({ alert }) => alert);
    // Who takes each id only once gets them all.
    expect(new Set(alerts.map(alertId)).size).toBe(4);
    expect(alerts.map(({ sinceMs }) => sinceMs)).toEqual([0, 0, 0, 0]);
  });

  it('that a killed run had no time to tell is told by the next that finds it', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    for (let run = 0; run < 3; run += 1) {
      const next = bench.run([email]);
      next.alerter.reconcile([found('flite', 'half_open')]);
      await bench.clock.settle();
      await next.alerter.close();
    }
    expect(email.delivered).toEqual([RAISED]);
  });

  it('is not told when it is days old', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email', () => Promise.reject(failure()));
    const other = bench.channel('other', () => Promise.reject(failure()));
    const first = bench.run([email, other]);
    first.take(opened());
    await first.alerter.close();
    bench.clock.jumpWall(KEPT_MS_MAX + 1);
    const asked = email.asked.length;
    const late = bench.run([email]);
    await bench.clock.settle();
    expect(email.asked).toHaveLength(asked);
    expect(late.of('alert.failed')).toMatchObject([{ code: 'too_old', kept: false }]);
    // Also what a channel owes that is not in use any more.
    expect(bench.kept.owed).toEqual([]);
  });
});

describe('a recovery', () => {
  it('takes the place of its alert while that waits to be tried again', async () => {
    const { bench, email, run } = emailed((count) => {
      if (count === 1) throw failure();
    });
    run.take(opened());
    await bench.clock.advance(1_000);
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RECOVERED]);
    expect(email.times).toEqual([0, 1_000]);
    expect(run.of('alert.failed')).toEqual([]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('follows an alert that is on its way, which is not tried again if it fails', async () => {
    for (const fails of [true, false]) {
      const bench = new AlertBench();
      const email = bench.channel('email', async (count) => {
        if (count > 1) return;
        await bench.clock.sleep(2_000);
        if (fails) throw failure();
      });
      const run = bench.run([email]);
      run.take(opened());
      await bench.clock.advance(1_000);
      run.take(closed());
      await bench.clock.advance(10_000);
      expect(email.delivered).toEqual(fails ? [RECOVERED] : [RAISED, RECOVERED]);
      expect(email.times).toEqual([0, 2_000]);
      expect(bench.kept).toEqual({ open: [], told: [], owed: [] });
    }
  });
});

describe('a crash', () => {
  it('before the alert is kept sends nothing, so that the next run raises it', async () => {
    const { bench, email, run: first } = emailed();
    first.take(opened());
    first.kill();
    await bench.clock.settle();
    expect(email.asked).toEqual([]);
    bench.run([email]).take(opened());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
  });

  it('between sending and keeping that may send it twice, never none', async () => {
    const { bench, email, run: first } = emailed();
    email.answer = () => first.kill();
    first.take(opened());
    await bench.clock.settle();
    email.answer = () => undefined;
    expect(bench.kept.owed).toHaveLength(1);
    const next = bench.run([email]);
    next.take(opened());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RAISED]);
    bench.run([email]);
    await bench.clock.settle();
    expect(email.delivered).toHaveLength(2);
  });

  it('while it is being sent: the next run sends it', async () => {
    const { bench, run: first } = emailed(silence);
    first.take(opened());
    await bench.clock.settle();
    first.kill();
    const works = bench.channel('email');
    bench.run([works]);
    await bench.clock.settle();
    expect(works.delivered).toEqual([RAISED]);
  });
});

describe('the end of a run', () => {
  it('gives what is owed five seconds, tells what remains, and leaves no timer', async () => {
    const bench = new AlertBench();
    const dead = bench.channel('dead', silence);
    const slow = bench.channel('slow', (_count, signal) => {
      return bench.clock.sleep(CLOSE_MS - 1, signal);
    });
    const run = bench.run([dead, slow]);
    run.take(opened(), opened('hubspot'));
    await bench.clock.settle();
    let endedMs = -1;
    const closing = run.alerter.close().then(() => {
      endedMs = bench.clock.monotonicMs();
    });
    run.take(opened('late'));
    await bench.clock.until(closing);
    expect(endedMs).toBe(CLOSE_MS);
    expect(slow.delivered).toEqual([RAISED]);
    expect(
      run.of('alert.failed').map(({ channel, key, code, kept }) => ({ channel, key, code, kept })),
    ).toEqual(
      expect.arrayContaining([
        { channel: 'dead', key: 'service:flite', code: 'run_ended', kept: true },
        { channel: 'dead', key: 'service:hubspot', code: 'run_ended', kept: true },
        { channel: 'slow', key: 'service:hubspot', code: 'run_ended', kept: true },
      ]),
    );
    expect(run.of('alert.failed')).toHaveLength(3);
    expect(bench.kept.owed).toHaveLength(3);
    expect(bench.clock.pendingTimers).toBe(0);
    await run.alerter[Symbol.asyncDispose]();
  });

  it('tries a channel once more that is being left alone', async () => {
    const { bench, email, run } = emailed(() => Promise.reject(failure()));
    run.take(opened());
    await bench.clock.advance(60_000);
    email.answer = () => undefined;
    await run.alerter.close();
    expect(email.delivered).toEqual([RAISED]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('does not wait for a store that has gone', async () => {
    const { bench, run } = emailed();
    run.take(opened());
    run.kill();
    await bench.clock.until(run.alerter.close());
    expect(bench.clock.monotonicMs()).toBe(CLOSE_MS);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});

describe('what joins an open alert', () => {
  it('is read and kept at most once a second, and in full at the end', async () => {
    const bench = new AlertBench();
    const store = bench.run([]).memory;
    const calls = { load: 0, save: 0 };
    const memory: AlertMemory = {
      load: () => {
        calls.load += 1;
        return store.load();
      },
      save: (change) => {
        calls.save += 1;
        return store.save(change);
      },
    };
    const { clock } = bench;
    const random = { fraction: () => 0, id: () => crypto.randomUUID() };
    const emit = () => undefined;
    const about = { campaign: 'spring', channels: [], memory, clock, random, emit };
    const alerter = new Alerter(about);
    // With one more, there would be too many in too few calls.
    for (let count = 0; count < 19; count += 1) alerter.take(failedCall);
    expect(calls).toEqual({ load: 1, save: 0 });
    alerter.take(opened());
    expect(calls).toEqual({ load: 2, save: 1 });
    for (let count = 0; count < 5_000; count += 1) {
      alerter.take(failedCall);
      if (count % 1_000 === 999) await clock.advance(COUNTS_KEPT_MS / 2);
    }
    expect(calls).toEqual({ load: 4, save: 3 });
    await alerter.close();
    await clock.settle();
    expect(store.load().open).toMatchObject([{ affected: 5_019 }]);
  });
});

describe('a memory that fails', () => {
  it('stops no alert, and is told once', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const told: CampaignEvent[] = [];
    const fails = () => {
      throw new Error('disk full');
    };
    const alerter = new Alerter({
      campaign: 'spring',
      channels: [email],
      memory: { load: fails, save: () => Promise.reject(new Error('disk full')) },
      clock: bench.clock,
      random: { fraction: () => 0, id: () => crypto.randomUUID() },
      emit: (event) => {
        told.push(event);
        throw new Error('nobody listens');
      },
    });
    for (const event of [opened(), opened(), closed()]) {
      alerter.take(event);
      await bench.clock.settle();
    }
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    expect(told.filter(({ type }) => type === 'notice')).toMatchObject([
      { level: 'error', code: 'alerts_not_kept' },
    ]);
    await alerter.close();
  });
});
