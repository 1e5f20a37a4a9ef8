import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import { CONTACTS_MAX } from '../../src/domain/alert-contacts.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import type { CampaignEvent, EventOf } from '../../src/domain/event.ts';
import { CHECKS_MIN } from '../../src/domain/health-watch.ts';
import { AlertBench, closed, emailed, found, opened } from '../support/alert-bench.ts';
import { failure } from '../support/failures.ts';

const MINUTE = 60_000;
const SPEECH = { step: 'speech', role: 'tts', service: 'flite' } as const;
const DOWN = { kind: 'transient', code: 'http_503', message: 'it is down' } as const;
const CONTACTS = { total: 200, done: 1, calling: 0, queued: 199, put_off: 0, uncertain: 0 };

function tried(contact: string, change: Partial<EventOf<'attempt.failed'>> = {}): CampaignEvent {
  const about = { ...SPEECH, ...DOWN, contact, call: `x${contact}`, attempt: 1 } as const;
  return { type: 'attempt.failed', ...about, scope: 'service', durationMs: 1, ...change };
}

function failed(contact: string, change: Partial<EventOf<'call.failed'>> = {}): CampaignEvent {
  return { type: 'call.failed', ...SPEECH, ...DOWN, contact, call: `x${contact}`, ...change };
}

function spoken(contact: string, requestMs = 10): CampaignEvent {
  return { type: 'step.finished', ...SPEECH, contact, durationMs: requestMs, requestMs };
}

function stoodIn(contact: string): CampaignEvent {
  const about = { step: 'speech', role: 'tts', service: 'espeak-ng', contact } as const;
  return { type: 'fallback.used', ...about, instead: 'flite', reason: 'odd', code: 'bad_answer' };
}

function ended(contact: string): CampaignEvent {
  const about = { contact, call: `x${contact}`, durationMs: 1 };
  return { type: 'call.finished', ...about, outcome: 'failed' };
}

function each(count: number, make: (contact: string) => CampaignEvent): CampaignEvent[] {
  return Array.from({ length: count }, (_, at) => make(`c${at}`));
}

async function toldAfter(...events: readonly CampaignEvent[]): Promise<readonly Alert[]> {
  const { bench, email, run } = emailed();
  run.alerter.reconcile([found('flite', 'closed'), found('espeak-ng', 'closed')]);
  run.take({ type: 'run.started', lines: 4, contacts: CONTACTS }, ...events);
  await bench.clock.settle();
  return email.asked.map(({ alert }) => alert).filter(({ kind }) => kind !== 'notice');
}

describe('how many contacts an outage affects', () => {
  it('begins with those at whom the service failed until its breaker opened', async () => {
    const hungUp = tried('c9', { hangUp: true });
    const before = [tried('c1'), tried('c2'), tried('c1'), hungUp, spoken('c2'), tried('c3')];
    const [raised] = await toldAfter(...before, opened());
    expect(raised).toMatchObject({ key: 'service:flite', contacts: 2, affected: 0 });
  });

  it('has nobody in it whose own number or text was refused before', async () => {
    const refused = { kind: 'permanent', scope: 'request', code: 'invalid', status: 400 } as const;
    const waits = { kind: 'transient', scope: 'request', code: 'number_in_use' } as const;
    const before = [tried('c1', refused), ended('c1'), tried('c2', waits), tried('c3')];
    const [raised] = await toldAfter(...before, opened());
    expect(raised).toMatchObject({ key: 'service:flite', contacts: 1 });
  });

  it('is more than are told apart, also where they came all at once', async () => {
    const { bench, run } = emailed();
    run.take(opened());
    await bench.clock.settle();
    run.take(...each(CONTACTS_MAX + 1, (contact) => failed(contact)));
    await run.alerter.close();
    await bench.clock.settle();
    expect(bench.kept.open).toMatchObject([{ contacts: CONTACTS_MAX, contactsMore: true }]);
  });

  it('is told as the message leaves, in the log too, and over with all of them', async () => {
    const { bench, email, run } = emailed();
    run.take(tried('c1'), opened(), failed('c1'), failed('c2'));
    await bench.clock.settle();
    expect(email.asked[0]?.alert).toMatchObject({ contacts: 2, affected: 2 });
    run.take(failed('c3'), failed('c3'), closed());
    await bench.clock.settle();
    expect(run.of('alert.sent')).toMatchObject([
      { alert: 'raised', contacts: 2 },
      { alert: 'recovered', contacts: 3 },
    ]);
    expect(JSON.stringify(email.asked)).not.toContain('spring c1');
  });

  it('is known after a kill, so that nobody is counted twice by the next run', async () => {
    const { bench, run } = emailed();
    run.take(opened(), failed('c1'), failed('c2'));
    await bench.clock.settle();
    run.take(failed('c3'));
    await bench.clock.advance(MINUTE);
    run.take(failed('c4'));
    await bench.clock.settle();
    run.kill();
    const email = bench.channel('email');
    const next = bench.run([email]);
    next.alerter.reconcile([found('flite', 'open')]);
    next.take(failed('c1'), failed('c4'), failed('c5'), closed());
    await bench.clock.settle();
    expect(email.asked[0]?.alert).toMatchObject({ kind: 'recovered', contacts: 5 });
  });

  it('counts whom two runs at a time have met', async () => {
    const { bench, email, run } = emailed();
    run.take(opened());
    await bench.clock.settle();
    const other = bench.run([bench.channel('telegram')], 'summer');
    run.take(failed('c1'));
    other.take(failed('c1'), failed('c2'));
    await other.alerter.close();
    await bench.clock.advance(MINUTE);
    run.take(closed());
    await bench.clock.settle();
    expect(email.asked.at(-1)?.alert).toMatchObject({ kind: 'recovered', contacts: 3 });
  });

  it('has those in it whose calls it was too busy for', async () => {
    const full = { code: 'http_429', status: 429 };
    const events = each(5, (contact) => tried(contact, full));
    const calls = each(5, (contact) => failed(contact));
    const stalled = { type: 'service.stalled', ...DOWN, forMs: 90_000, waitMs: 1_000 } as const;
    const told = await toldAfter(...events, ...calls, ...calls, {
      ...stalled,
      service: 'flite',
      role: 'tts',
    });
    expect(told).toMatchObject([{ key: 'service:flite', contacts: 5, affected: 10 }]);
  });
});

describe('how many contacts are affected', () => {
  const share = (key: string, alerts: readonly Alert[]) => alerts.find((one) => one.key === key);

  it('is told with shares: each contact once', async () => {
    const events = [...each(25, (contact) => failed(contact)), ...each(25, ended)];
    const alerts = await toldAfter(...events);
    expect(share('campaign:spring:success_rate', alerts)?.contacts).toBe(25);
    expect(share('campaign:spring:error_rate', alerts)?.contacts).toBe(25);
  });

  it('is told with calls that failed for good, and joined by the next', async () => {
    const { bench, run } = emailed();
    run.take(failed('c1'), ended('c1'), failed('c2'), ended('c2'));
    await bench.clock.settle();
    const key = 'campaign:spring:call_failed:flite';
    await run.alerter.close();
    await bench.clock.settle();
    expect(bench.kept.open).toMatchObject([{ key, contacts: 2, affected: 2 }]);
  });

  it('is told with slow answers: of whom it took too long', async () => {
    const { bench, email, run } = emailed();
    run.take(...each(10, (contact) => spoken(contact, 100)));
    run.take(...each(20, (contact) => spoken(contact, 9_000)));
    await bench.clock.settle();
    const [{ alert } = { alert: undefined }] = email.asked;
    expect(alert).toMatchObject({ key: 'service:flite:slow:tts' });
    await run.alerter.close();
    await bench.clock.settle();
    expect(bench.kept.open).toMatchObject([{ contacts: 20 }]);
  });

  it('is told with connections that are lost again and again', async () => {
    const about = { service: 'flite', role: 'tts', address: 'here', lastedMs: 1 } as const;
    const again: CampaignEvent = { type: 'connection.changed', state: 'connected', ...about };
    const [raised] = await toldAfter(again, tried('c1'), again, again, again, again);
    expect(raised).toMatchObject({ key: 'service:flite:reconnections', contacts: 1 });
  });

  it.each([
    ['budget', 'campaign:spring:budget'],
    ['disk_failed', 'store'],
    ['outage', 'campaign:spring'],
  ] as const)('is who waits, where a run has ended: %s', async (end, key) => {
    const contacts = { ...CONTACTS, done: 150, put_off: 9, queued: 40, uncertain: 1 };
    const [raised] = await toldAfter({ type: 'run.finished', end, contacts, durationMs: 1 });
    expect(raised).toMatchObject({ key, contacts: 49 });
    const over = { ...contacts, done: 199, put_off: 0, queued: 0 };
    const [owing] = await toldAfter({
      type: 'run.finished',
      end,
      contacts: over,
      durationMs: 1,
    });
    expect(owing?.contacts).toBeUndefined();
  });
});

describe('fallbacks before an outage was told', () => {
  const off = { fallback: { ...DEFAULT_ALERT_POLICIES.fallback, enabled: false } };

  it.each([{}, off] as readonly Partial<AlertPolicies>[])(
    'belong to it, since the service did its work itself: %o',
    async (policies) => {
      const bench = new AlertBench();
      const email = bench.channel('email');
      const run = bench.run([email], 'spring', policies);
      run.take(stoodIn('c1'), spoken('c2'), stoodIn('c3'), stoodIn('c3'), stoodIn('c4'), opened());
      await bench.clock.settle();
      expect(email.asked[0]?.alert).toMatchObject({ contacts: 2, affected: 3 });
    },
  );

  it('belong to what its health checks say too', async () => {
    const { bench, email, run } = emailed();
    run.take(stoodIn('c1'), tried('c2'));
    run.take(failed('c2'));
    for (let check = 0; check < CHECKS_MIN; check += 1) {
      run.alerter.takeCheck('flite', 'tts', false, failure());
    }
    await bench.clock.settle();
    expect(email.asked[0]?.alert).toMatchObject({
      key: 'service:flite',
      severity: 'warning',
      contacts: 2,
      affected: 1,
    });
  });

  it('that were told for themselves are taken back, and counted there', async () => {
    const { bench, email, run } = emailed();
    for (const contact of ['c1', 'c2', 'c3']) {
      run.take(stoodIn(contact));
      await bench.clock.advance(6 * MINUTE);
    }
    run.take(opened());
    await bench.clock.settle();
    const key = 'campaign:spring:fallback:flite:tts';
    expect(email.delivered).toEqual([`raised ${key}`, 'raised service:flite', `recovered ${key}`]);
    const [, outage, back] = email.asked.map(({ alert }) => alert);
    expect(outage).toMatchObject({ contacts: 3, affected: 3 });
    expect(back).toMatchObject({ joins: 'service:flite', contacts: 3 });
    expect(bench.kept.open.map((alert) => alert.key)).toEqual(['service:flite']);
  });

  it('are of more contacts than are told apart there too', async () => {
    const { bench, run } = emailed();
    run.take(stoodIn('c0'));
    await bench.clock.advance(6 * MINUTE);
    run.take(stoodIn('c0'));
    await bench.clock.advance(6 * MINUTE);
    run.take(...each(CONTACTS_MAX + 1, stoodIn), opened());
    await run.alerter.close();
    const all = { contacts: CONTACTS_MAX, contactsMore: true };
    expect(bench.kept.open).toMatchObject([{ key: 'service:flite', ...all }]);
  });

  it('stay told where nobody wants to hear of outages', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const serviceDown = { ...DEFAULT_ALERT_POLICIES.serviceDown, enabled: false };
    const run = bench.run([email], 'spring', { serviceDown });
    for (const contact of ['c1', 'c2', 'c3']) {
      run.take(stoodIn(contact));
      await bench.clock.advance(6 * MINUTE);
    }
    run.take(opened());
    await bench.clock.settle();
    expect(email.delivered).toEqual(['raised campaign:spring:fallback:flite:tts']);
  });
});

describe('a fallback of a list that is never brought to its end', () => {
  it('keeps no other campaign from being told of its own, nor is ended by it', async () => {
    const bench = new AlertBench();
    const run = async (campaign: string) => {
      const email = bench.channel('email');
      const its = bench.run([email], campaign);
      its.alerter.reconcile([found('flite', 'closed'), found('espeak-ng', 'closed')]);
      for (const contact of ['c1', 'c2', 'c3']) {
        its.take(stoodIn(contact));
        await bench.clock.advance(6 * MINUTE);
      }
      return { its, email };
    };
    const spring = await run('spring');
    await spring.its.alerter.close();
    const summer = await run('summer');
    summer.its.take(spoken('c4'));
    await bench.clock.settle();
    const key = 'campaign:summer:fallback:flite:tts';
    expect(summer.email.delivered).toEqual([`raised ${key}`, `recovered ${key}`]);
    expect(bench.kept.open.map((alert) => alert.key)).toEqual([
      'campaign:spring:fallback:flite:tts',
    ]);
  });
});
