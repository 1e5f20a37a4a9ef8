import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import type { Call } from '../../src/engine/guard.ts';
import { AlertBench, closed, found, opened } from '../support/alert-bench.ts';
import { failure, throttled, unauthorized } from '../support/failures.ts';
import { GuardBench, outcome, REPEATABLE } from '../support/guard-bench.ts';

async function worked(bench: GuardBench, call: Call<unknown>): Promise<void> {
  const over = outcome(bench.guard.run(REPEATABLE, bench.context(1), call));
  await bench.clock.run();
  await over;
}

describe('a guard whose service answers everything with 429', () => {
  it('says so after a minute and a half, once, and when requests are taken again', async () => {
    const bench = new GuardBench();
    const full = throttled(30_000);
    const { call } = bench.service(full, full, full, full, full, full, 'fine');
    await worked(bench, call);
    await worked(bench, call);
    // At the third refusal: after a minute, with half a minute more to wait.
    expect(bench.of('service.stalled')).toMatchObject([{ forMs: 60_000, waitMs: 30_000 }]);
    expect(bench.of('service.resumed')).toMatchObject([{ outageMs: 180_000 }]);
    expect(bench.of('breaker.opened')).toEqual([]);
  });

  it('says so at once where the service asks for a long pause', async () => {
    const bench = new GuardBench();
    const { call } = bench.service(throttled(300_000));
    await worked(bench, call);
    expect(bench.of('service.stalled')).toMatchObject([{ forMs: 0, waitMs: 300_000 }]);
  });

  it('says nothing where one request in between is answered', async () => {
    const bench = new GuardBench();
    const full = throttled(30_000);
    const { call } = bench.service(full, full, 'fine', full, full, 'fine');
    await worked(bench, call);
    await worked(bench, call);
    expect(bench.of('service.stalled')).toEqual([]);
    expect(bench.of('service.resumed')).toEqual([]);
  });

  it('leaves the rest to the breaker once that is open', async () => {
    const bench = new GuardBench();
    const { call } = bench.service(throttled(300_000), unauthorized(), 'fine');
    await worked(bench, call);
    await bench.clock.advance(300_000);
    await worked(bench, call);
    await bench.clock.advance(60_000);
    await worked(bench, call);
    expect(bench.of('breaker.closed')).toHaveLength(1);
    expect(bench.of('service.resumed')).toEqual([]);
  });
});

const STALLED: CampaignEvent = {
  type: 'service.stalled',
  service: 'flite',
  role: 'tts',
  forMs: 60_000,
  waitMs: 30_000,
  kind: 'transient',
  code: '429',
  message: 'flite answered 429',
};
const RESUMED: CampaignEvent = {
  type: 'service.resumed',
  service: 'flite',
  role: 'tts',
  outageMs: 3_600_000,
};
const RAISED = 'raised service:flite';
const RECOVERED = 'recovered service:flite';
const SPOKEN: CampaignEvent = {
  type: 'step.finished',
  step: 'speech',
  role: 'tts',
  service: 'flite',
  durationMs: 1,
  requestMs: 1,
};

function failedCall(number: number): CampaignEvent {
  const about = { contact: `c${number}`, call: `x${number}`, step: 'speech' } as const;
  const why = { kind: 'transient', code: '429', message: 'flite answered 429' } as const;
  return { type: 'call.failed', ...about, service: 'flite', ...why };
}

describe('a service that takes no requests', () => {
  function start(bench = new AlertBench()) {
    const email = bench.channel('email');
    const run = bench.run([email]);
    run.alerter.reconcile([found('flite', 'closed')]);
    return { bench, email, run };
  }

  it('is told as down, by name, with what it said; the run that gives up joins it', async () => {
    const { bench, email, run } = start();
    run.take(STALLED);
    await bench.clock.settle();
    const contacts = { total: 3, done: 1, calling: 0, queued: 2, put_off: 0, uncertain: 0 };
    run.take({ type: 'run.finished', end: 'outage', contacts, durationMs: 1 });
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    const [alert] = email.asked.map((one) => one.alert);
    expect(alert).toMatchObject({
      severity: 'critical',
      title: 'flite, which speaks the texts, takes no requests',
      what: expect.stringContaining('flite answered 429.') as string,
      sinceMs: bench.clock.wallMs() - 60_000,
    });
    expect(alert?.doing).toContain('Contacts who need it wait in the queue.');
    expect(alert?.toDo).toContain('which limit of the account is reached');
  });

  it('has one alert until it works again, whatever its checks say', async () => {
    const { bench, email, run } = start();
    run.take(STALLED, failedCall(1));
    run.alerter.takeCheck('flite', 'tts', true);
    await bench.clock.settle();
    run.take(opened());
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    run.take(STALLED);
    await bench.clock.settle();
    run.take(RESUMED);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED, RAISED, RECOVERED]);
    expect(email.asked.at(-1)?.alert.what).toContain('away for 1 h');
  });

  it('is the cause of the calls that fail', async () => {
    const { bench, email, run } = start();
    const calls = Array.from({ length: 30 }, (_, index) => failedCall(index));
    run.take(...calls.slice(0, 19), STALLED, ...calls.slice(19));
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
  });

  it('is over for a later run at the first thing that it does, and not before', async () => {
    const { bench, email, run } = start();
    run.take(STALLED);
    await bench.clock.settle();
    await run.alerter.close();
    const next = bench.run([email]);
    next.alerter.reconcile([found('flite', 'closed')]);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    // What was asked before says nothing.
    next.take({ ...SPOKEN, requestMs: undefined });
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED]);
    next.take(SPOKEN);
    await bench.clock.settle();
    expect(email.delivered).toEqual([RAISED, RECOVERED]);
    // Once it has worked, a later run that ends early is told by itself.
    const contacts = { total: 3, done: 1, calling: 0, queued: 2, put_off: 0, uncertain: 0 };
    next.take({ type: 'run.finished', end: 'outage', contacts, durationMs: 1 });
    await bench.clock.settle();
    expect(email.delivered.at(-1)).toBe('raised campaign:spring');
  });

  it('is the cause where a later run ends early that it was not asked in', async () => {
    const { bench, run } = start();
    run.take(STALLED);
    await bench.clock.settle();
    await run.alerter.close();
    const email = bench.channel('email');
    const next = bench.run([email]);
    next.alerter.reconcile([found('flite', 'closed')]);
    const contacts = { total: 3, done: 1, calling: 0, queued: 2, put_off: 0, uncertain: 0 };
    next.take({ type: 'run.finished', end: 'outage', contacts, durationMs: 1 });
    await bench.clock.settle();
    expect(email.delivered).toEqual([]);
  });
});

it('an outage that its checks met first lasted from there on', async () => {
  const bench = new AlertBench();
  const email = bench.channel('email');
  const run = bench.run([email]);
  run.alerter.reconcile([found('flite', 'closed')]);
  run.alerter.takeCheck('flite', 'tts', false, failure());
  await bench.clock.advance(30_000);
  run.alerter.takeCheck('flite', 'tts', false, failure());
  await bench.clock.advance(570_000);
  run.take(opened());
  await bench.clock.advance(90_000);
  run.take(closed());
  await bench.clock.settle();
  expect(email.asked.at(-1)?.alert).toMatchObject({ kind: 'recovered', durationMs: 690_000 });
});
