import { describe, expect, it } from 'vitest';
import { headline } from '../../src/channels/headline.ts';
import type { Alert, AlertSeverity } from '../../src/domain/alert.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import { rateBackWords } from '../../src/domain/alert-rule-text.ts';
import type { CampaignFigures } from '../../src/domain/alert-sign.ts';
import { alertText } from '../../src/domain/alert-text.ts';
import type { CampaignEvent, RunEnd } from '../../src/domain/event.ts';
import type { Outcome, Role, Step } from '../../src/domain/words.ts';
import { AlertBench, closed, found, opened } from '../support/alert-bench.ts';
import { failure } from '../support/failures.ts';

const MINUTE = 60_000;
const CONTACTS = { total: 1_000, done: 1, calling: 0, queued: 999, put_off: 0, uncertain: 0 };

let calls = 0;

function failedAt(step: Step, service?: string): CampaignEvent {
  calls += 1;
  const why = { kind: 'transient', code: 'http_503', message: 'it is down' } as const;
  return { type: 'call.failed', contact: `c${calls}`, call: `x${calls}`, step, service, ...why };
}

function ended(outcome: Outcome = 'answered', cut = false): CampaignEvent {
  calls += 1;
  const about = { contact: `c${calls}`, call: `x${calls}`, durationMs: 1 };
  return { type: 'call.finished', ...about, outcome, ...(cut && { cut }) };
}

function stepDone(step: Step, role: Role, service: string, requestMs = 10): CampaignEvent {
  return { type: 'step.finished', step, role, service, durationMs: requestMs, requestMs };
}

function stoodIn(instead = 'elevenlabs'): CampaignEvent {
  const about = { contact: 'c', call: 'x', role: 'tts' } as const;
  return {
    type: 'fallback.used',
    ...about,
    service: 'flite',
    instead,
    reason: 'http_429',
    code: 'http_429',
  };
}

function times(count: number, make: () => CampaignEvent): CampaignEvent[] {
  return Array.from({ length: count }, make);
}

/** One run with a channel that is told of everything. */
function watching(policies: Partial<AlertPolicies> = {}, bench = new AlertBench()) {
  const channel = bench.channel('email');
  const run = bench.run([channel], 'spring', policies);
  const take = async (...events: readonly CampaignEvent[]): Promise<void> => {
    run.take({ type: 'run.started', lines: 1, contacts: CONTACTS }, ...events);
    await bench.clock.settle();
  };
  return { bench, run, take, told: () => channel.delivered, alerts: () => channel.asked };
}

/** A rule by what breaks it and what does not. */
interface Case {
  readonly rule: keyof AlertPolicies;
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly bad: () => CampaignEvent;
  readonly good: () => CampaignEvent;
  /** Of twenty, so many are not too many yet. */
  readonly allowed: number;
}

const CASES: readonly Case[] = [
  {
    rule: 'errorRate',
    key: 'campaign:spring:error_rate',
    severity: 'critical',
    bad: () => failedAt('speech', 'elevenlabs'),
    good: () => ended('busy'),
    allowed: 2,
  },
  {
    rule: 'llmFailureRate',
    key: 'campaign:spring:llm_failure_rate',
    severity: 'critical',
    bad: () => failedAt('script'),
    good: () => stepDone('script', 'llm', 'openai'),
    allowed: 1,
  },
  {
    rule: 'successRate',
    key: 'campaign:spring:success_rate',
    severity: 'warning',
    bad: () => ended('invalid_number'),
    good: () => ended('no_answer'),
    allowed: 4,
  },
  {
    rule: 'cutCalls',
    key: 'campaign:spring:cut_calls',
    severity: 'warning',
    bad: () => ended('uncertain', true),
    good: () => ended('voicemail'),
    allowed: 4,
  },
];

describe.each(CASES)('$rule', ({ rule, key, severity, bad, good, allowed }) => {
  const its = (all: readonly string[]) => all.filter((one) => one.endsWith(key));

  it('is told above its threshold, once, and over once', async () => {
    const { bench, take, told, alerts } = watching();
    await take(...times(20 - allowed, good), ...times(allowed, bad));
    expect(its(told())).toEqual([]);
    await take(...times(3, bad), good(), bad());
    expect(its(told())).toEqual([`raised ${key}`]);
    const raised = alerts().find(({ alert }) => alert.key === key)?.alert as Alert;
    expect(raised).toMatchObject({ severity, campaign: 'spring' });
    for (const part of ['title', 'what', 'doing', 'toDo'] as const) {
      expect(raised[part]).toMatch(/[a-z]/);
    }
    expect(alertText(raised)).not.toMatch(/undefined|NaN/);
    // Below the threshold at once, but well only when that has lasted.
    await take(...times(200, good));
    expect(its(told())).toHaveLength(1);
    await bench.clock.advance(6 * MINUTE);
    await take(...times(3, good));
    expect(its(told())).toEqual([`raised ${key}`, `recovered ${key}`]);
    expect(bench.kept.open.map((open) => open.key)).not.toContain(key);
  });

  it('is not told of fewer than twenty', async () => {
    const { take, told } = watching();
    await take(...times(19, bad));
    expect(its(told())).toEqual([]);
    await take(bad());
    expect(its(told())).toEqual([`raised ${key}`]);
  });

  it('forgets what is older than its window', async () => {
    const { bench, take, told } = watching();
    await take(...times(19, bad));
    await bench.clock.advance(15 * MINUTE);
    await take(...times(19, bad));
    expect(its(told())).toEqual([]);
  });

  it('says nothing where it is switched off, and what it is told to elsewhere', async () => {
    const { [rule]: policy } = DEFAULT_ALERT_POLICIES;
    const off = watching({ [rule]: { ...policy, enabled: false } });
    await off.take(...times(40, bad));
    expect(its(off.told())).toEqual([]);
    const other = watching({
      [rule]: { ...policy, severity: 'info', callsMin: 5, threshold: 0.5 },
    });
    await other.take(...times(5, bad));
    expect(its(other.told())).toEqual([`raised ${key}`]);
    expect(other.alerts().find(({ alert }) => alert.key === key)?.alert.severity).toBe('info');
  });
});

describe.each(CASES)('$rule, from run to run', ({ rule, key, bad, good }) => {
  const its = (all: readonly string[]) => all.filter((one) => one.endsWith(key));

  it('is one alert, and is taken back when the rule is switched off', async () => {
    const bench = new AlertBench();
    const first = watching({}, bench);
    await first.take(...times(30, bad));
    await first.run.alerter.close();
    const second = watching({}, bench);
    await second.take(...times(30, bad));
    await second.run.alerter.close();
    expect(its(second.told())).toEqual([]);
    const third = watching({ [rule]: { ...DEFAULT_ALERT_POLICIES[rule], enabled: false } }, bench);
    third.run.alerter.reconcile([]);
    await bench.clock.settle();
    expect(third.told()).toEqual([]);
    expect(bench.kept.open.map((open) => open.key)).not.toContain(key);
  });

  it('is over when the campaign is', async () => {
    const { take, told, alerts } = watching();
    await take(...times(30, bad));
    await take({ type: 'run.finished', end: 'done', contacts: CONTACTS, durationMs: 1 });
    expect(its(told())).toEqual([`raised ${key}`, `recovered ${key}`]);
    // Nobody reads of it that all is well.
    const over = alerts().find(({ alert }) => alert.key === key && alert.kind === 'recovered');
    expect(over?.alert.title).toMatch(/^spring is done: of its last 30 (call|text)s 30 /);
    expect(headline(over?.alert as Alert)).toMatch(/^Over: spring is done/);
  });

  it('is an all clear where the campaign was better at its end', async () => {
    const { take, alerts } = watching();
    await take(...times(30, bad), ...times(1_000, good));
    await take({ type: 'run.finished', end: 'done', contacts: CONTACTS, durationMs: 1 });
    const over = alerts().find(({ alert }) => alert.key === key && alert.kind === 'recovered');
    expect(headline(over?.alert as Alert)).toMatch(/^All clear: spring is done: no more /);
  });
});

describe('what follows from an outage', () => {
  it('joins the alert of its service, and raises none of its own', async () => {
    const { run, bench, take, told } = watching();
    run.alerter.reconcile([found('elevenlabs', 'closed'), found('twilio', 'closed', 'dialer')]);
    await take(opened('elevenlabs'), ...times(40, () => failedAt('speech', 'elevenlabs')));
    await take(...times(10, stoodIn));
    await bench.clock.advance(11 * MINUTE);
    await take(...times(10, stoodIn));
    await run.alerter.close();
    await bench.clock.settle();
    expect(told().filter((one) => !one.startsWith('notice'))).toEqual([
      'raised service:elevenlabs',
    ]);
    expect(bench.kept.open).toMatchObject([{ key: 'service:elevenlabs', affected: 60 }]);
  });

  it('is also what failed before the breaker opened', async () => {
    const { take, told, alerts } = watching();
    await take(...times(40, () => failedAt('speech', 'elevenlabs')));
    expect(told()).toContain('raised campaign:spring:error_rate');
    await take(opened('elevenlabs'));
    expect(told().slice(-2)).toEqual([
      'raised service:elevenlabs',
      'recovered campaign:spring:error_rate',
    ]);
    expect(alerts().at(-1)?.alert.title).toContain('elevenlabs is the cause');
    // Nor does it come again when the service does.
    await take(closed('elevenlabs'), ...times(25, () => ended()));
    expect(told().filter((one) => one === 'raised campaign:spring:error_rate')).toHaveLength(1);
  });

  it('is what nobody can tell of a call while the dialer is away', async () => {
    const { take, told } = watching();
    await take(opened('twilio', { role: 'dialer' }), ...times(40, () => ended('uncertain', true)));
    expect(told().filter((one) => !one.startsWith('notice'))).toEqual(['raised service:twilio']);
  });

  it('is that also when such a call ends after the outage, and after its alert', async () => {
    const { run, bench, take, told } = watching();
    run.alerter.reconcile([found('twilio', 'closed', 'dialer')]);
    const calls = times(40, () => ended('uncertain'));
    for (let check = 0; check < 2; check += 1) {
      run.alerter.takeCheck('twilio', 'dialer', false, failure());
    }
    await take(...calls.map(asked));
    run.alerter.takeCheck('twilio', 'dialer', true);
    await take(...calls);
    await bench.clock.settle();
    expect(told().filter((one) => !one.startsWith('notice'))).toEqual([
      'raised service:twilio',
      'recovered service:twilio',
    ]);
    // Of a dialer that was well it is the calls themselves.
    const others = times(40, () => ended('uncertain'));
    await take(...others.map(asked), ...others);
    expect(told()).toContain('raised campaign:spring:success_rate');
  });

  it('is that also when such a call fails after the outage, for good or not', async () => {
    const { run, bench, take, told } = watching();
    run.alerter.reconcile([found('twilio', 'closed', 'dialer')]);
    const fails = (): CampaignEvent => failedAt('dial', 'twilio');
    const [putOff, lost] = [times(30, fails), times(30, fails)];
    for (let check = 0; check < 2; check += 1) {
      run.alerter.takeCheck('twilio', 'dialer', false, failure());
    }
    await take(...[...putOff, ...lost].map(asked));
    run.alerter.takeCheck('twilio', 'dialer', true);
    await take(...putOff.flatMap((call) => [call, putOffAt(call)]));
    await take(...lost.flatMap((call) => [call, lostAt(call)]));
    await bench.clock.settle();
    expect(told().filter((one) => !one.startsWith('notice'))).toEqual([
      'raised service:twilio',
      'recovered service:twilio',
    ]);
    // Tried again, the same ones fail while the dialer is well: that is another matter.
    await take(...putOff.map(asked), ...putOff.flatMap((call) => [call, lostAt(call)]));
    expect(told()).toContain('raised campaign:spring:error_rate');
    expect(told()).toContain('raised campaign:spring:call_failed:twilio');
  });
});

describe('what a service refuses for what is in it', () => {
  const refused = (kind: 'permanent' | 'transient' = 'permanent'): CampaignEvent => {
    return { ...failedAt('dial', 'twilio'), kind, isRefusal: true } as CampaignEvent;
  };
  const unhealthy = ({ run }: ReturnType<typeof watching>): void => {
    run.alerter.reconcile([found('twilio', 'closed', 'dialer')]);
    for (let check = 0; check < 2; check += 1) {
      run.alerter.takeCheck('twilio', 'dialer', false, failure());
    }
  };

  it('is counted while that is unhealthy, which does not say that nobody is lost', async () => {
    const bench = watching();
    unhealthy(bench);
    await bench.take(...times(30, refused).flatMap((call) => [call, lostAt(call)]));
    expect(bench.told().filter((one) => !one.startsWith('notice'))).toEqual([
      'raised campaign:spring:error_rate',
      'raised service:twilio',
      'raised campaign:spring:success_rate',
    ]);
    const [rate, unwell] = bench.alerts().map(({ alert }) => alert);
    expect(unwell?.doing).not.toContain('Nobody is lost');
    expect(unwell?.doing).toContain('refuses for what is in it (a number, a text) has failed');
    expect(rate?.what).toContain('20 were refused for what is in them');
    expect(rate?.doing).toContain('has the outcome "failed" and is not tried again');
    expect(rate?.doing).not.toContain('tried again later');
    expect(rate?.toDo).toContain('"campaign settle NAME CONTACT again"');
    // It does not follow from what is told of the service.
    expect(bench.bench.kept.open.find(({ key }) => key === 'service:twilio')?.affected).toBe(0);
  });

  it('is counted while its breaker is open, and not taken back when that opens', async () => {
    const { take, told } = watching();
    await take(...times(10, refused), opened('twilio', { role: 'dialer' }), ...times(10, refused));
    expect(told()).toContain('raised campaign:spring:error_rate');
    await take(opened('twilio', { role: 'dialer' }));
    expect(told()).not.toContain('recovered campaign:spring:error_rate');
  });

  it('is told call by call where everybody refused it three times', async () => {
    const bench = watching();
    unhealthy(bench);
    const call = refused('transient');
    await bench.take(call, lostAt(call));
    const key = 'campaign:spring:call_failed:twilio';
    expect(bench.told()).toContain(`raised ${key}`);
    await bench.take(opened('twilio', { role: 'dialer' }));
    expect(bench.told()).not.toContain(`recovered ${key}`);
  });

  it('is told apart from what fails after its retries', async () => {
    const { take, alerts } = watching();
    await take(...times(15, () => ended()), ...times(2, refused), ended('failed'));
    await take(...times(3, () => failedAt('speech', 'flite')));
    const rate = alerts().find(({ alert }) => alert.key.endsWith(':error_rate'))?.alert;
    expect(rate?.what).toContain(
      '5 failed, 1 of them as the dialer says, 2 of them refused for what is in them, the others ' +
        'after all retries',
    );
  });
});

function subjectOf(event: CampaignEvent): { readonly contact: string; readonly call: string } {
  const { contact, call } = event as Extract<CampaignEvent, { type: 'call.finished' }>;
  return { contact, call };
}

/** The dialer does not say what became of this call. */
function asked(end: CampaignEvent): CampaignEvent {
  const about = { ...subjectOf(end), step: 'dial', service: 'twilio', role: 'dialer' } as const;
  const why = { kind: 'transient', scope: 'service', code: '503', message: 'down' } as const;
  return { type: 'attempt.failed', ...about, ...why, attempt: 1, durationMs: 1, question: true };
}

function putOffAt(failed: CampaignEvent): CampaignEvent {
  return { type: 'contact.put_off', ...subjectOf(failed), reason: 'it failed', delayMs: 1 };
}

function lostAt(failed: CampaignEvent): CampaignEvent {
  return { type: 'call.finished', ...subjectOf(failed), outcome: 'failed', durationMs: 1 };
}

describe('an error rate', () => {
  it('counts a call once that failed for good after its retries', async () => {
    const { take, told } = watching();
    const failed = times(2, () => failedAt('speech', 'elevenlabs'));
    const over = failed.map(lostAt);
    await take(...times(18, () => ended()), ...failed, ...over);
    expect(told()).not.toContain('raised campaign:spring:error_rate');
    // Of these the vendor says so.
    await take(ended('failed'));
    expect(told()).toContain('raised campaign:spring:error_rate');
  });

  it('says how many of how many failed, and of what', async () => {
    const { take, alerts } = watching();
    await take(...times(15, () => ended()), ...times(5, () => failedAt('speech', 'flite')));
    const { alert } = alerts().find(({ alert: one }) => one.kind === 'raised') as { alert: Alert };
    expect(alert.title).toBe('25 % of the calls of spring fail');
    expect(alert.what).toBe(
      'Of the last 20 calls, within 15 min, 5 failed after all retries; more than 10 % is too ' +
        'many. The last one: it is down (http_503).',
    );
    expect(alert.affected).toBe(5);
  });
});

describe('a call that fails for good', () => {
  const KEY = 'campaign:spring:call_failed:elevenlabs';
  const forGood = (service = 'elevenlabs', kind: 'transient' | 'permanent' = 'transient') => {
    const failed = { ...failedAt('speech', service), kind } as CampaignEvent;
    return [failed, { ...ended('failed'), contact: `c${calls - 1}` } as CampaignEvent];
  };
  const its = (all: readonly string[]) => all.filter((one) => one.includes(':call_failed:'));
  const many = (count: number) => Array.from({ length: count }, () => forGood()).flat();

  it('is told at once, and ten of them are one alert with a count', async () => {
    const { take, told, alerts } = watching();
    await take(...many(10));
    expect(its(told())).toEqual([`raised ${KEY}`]);
    const raised = alerts().find(({ alert }) => alert.key === KEY)?.alert as Alert;
    expect(raised).toMatchObject({ severity: 'critical', service: 'elevenlabs', affected: 10 });
    expect(raised.title).toBe('A call of spring failed for good, because of elevenlabs');
    expect(alertText(raised)).not.toMatch(/undefined|NaN/);
    await take(...forGood('flite'));
    expect(its(told())).toHaveLength(2);
  });

  it('is over when none has for a while and others ended, or with the list', async () => {
    const { bench, take, told, alerts } = watching();
    await take(...forGood());
    await bench.clock.advance(14 * MINUTE);
    await take(...forGood());
    await bench.clock.advance(14 * MINUTE);
    await take(ended());
    expect(its(told())).toEqual([`raised ${KEY}`]);
    await bench.clock.advance(2 * MINUTE);
    await take(ended());
    expect(its(told())).toEqual([`raised ${KEY}`, `recovered ${KEY}`]);
    await take(...forGood());
    const contacts = { ...CONTACTS, done: 1_000, queued: 0 };
    await take({ type: 'run.finished', end: 'done', contacts, durationMs: 1 });
    expect(its(told()).slice(2)).toEqual([`raised ${KEY}`, `recovered ${KEY}`]);
    const last = alerts().findLast(({ alert }) => alert.key === KEY)?.alert as Alert;
    const words = 'spring is done: calls have failed for good, because of elevenlabs';
    expect(headline(last)).toBe(`Over: ${words}`);
  });

  it('joins the outage of its service, and is taken back where that comes later', async () => {
    const { take, told } = watching();
    await take(opened('elevenlabs'), ...forGood());
    expect(its(told())).toEqual([]);
    await take(closed('elevenlabs'), ...forGood());
    await take(opened('elevenlabs'));
    expect(its(told())).toEqual([`raised ${KEY}`, `recovered ${KEY}`]);
  });

  it('is not one that a service refuses for what is in it, nor one put off', async () => {
    const { take, told } = watching();
    await take(...forGood('elevenlabs', 'permanent'), ended('failed'), failedAt('speech', 'flite'));
    expect(its(told())).toEqual([]);
  });

  it('is told from so many on as config.yml says, or not at all', async () => {
    const { callFailed } = DEFAULT_ALERT_POLICIES;
    const three = watching({ callFailed: { ...callFailed, severity: 'warning', callsMin: 3 } });
    await three.take(...many(2));
    expect(its(three.told())).toEqual([]);
    await three.take(...many(1));
    expect(its(three.told())).toEqual([`raised ${KEY}`]);
    expect(three.bench.kept.open).toMatchObject([{ severity: 'warning', affected: 3 }]);
    const off = watching({ callFailed: { ...callFailed, enabled: false } });
    await off.take(...many(5));
    expect(its(off.told())).toEqual([]);
  });
});

describe('a slow service', () => {
  const key = 'service:elevenlabs:slow:tts';
  const answer = (ms: number) => () => stepDone('speech', 'tts', 'elevenlabs', ms);

  it('is told of above 5 s on average, once, and when it is quick again', async () => {
    const { bench, take, told, alerts } = watching();
    await take(...times(20, answer(5_000)));
    expect(told()).toEqual([]);
    await take(...times(10, answer(5_400)));
    expect(told()).toEqual([`raised ${key}`]);
    expect(alerts()[0]?.alert).toMatchObject({
      severity: 'warning',
      service: 'elevenlabs',
      title: 'elevenlabs, which speaks the texts, is slow',
    });
    await bench.clock.advance(16 * MINUTE);
    await take(...times(30, answer(100)));
    await bench.clock.advance(6 * MINUTE);
    await take(answer(100)());
    expect(told()).toEqual([`raised ${key}`, `recovered ${key}`]);
  });

  it('is not judged by fewer than twenty answers, by audio that was kept, or at all', async () => {
    const { take, told } = watching();
    await take(...times(19, answer(60_000)));
    const kept = { ...stepDone('speech', 'tts', 'elevenlabs', 60_000), kept: true };
    await take(...times(40, () => kept as CampaignEvent));
    expect(told()).toEqual([]);
    const slowService = { ...DEFAULT_ALERT_POLICIES.slowService, enabled: false };
    const off = watching({ slowService });
    await off.take(...times(40, answer(60_000)));
    expect(off.told()).toEqual([]);
  });

  it('that is not in use any more is said to be', async () => {
    const bench = new AlertBench();
    const first = watching({}, bench);
    await first.take(...times(20, answer(6_000)));
    await first.run.alerter.close();
    const next = watching({}, bench);
    next.run.alerter.reconcile([found('flite', 'closed')]);
    await bench.clock.settle();
    expect(next.told()).toEqual([`recovered ${key}`]);
    expect(next.alerts()[0]?.alert.title).toBe('elevenlabs is not in use any more');
  });
});

describe('a fallback', () => {
  const key = 'campaign:spring:fallback:elevenlabs:tts';

  it('in use for more than ten minutes is told, until the service answers itself', async () => {
    const { bench, take, told, alerts } = watching();
    const startMs = bench.clock.wallMs();
    for (let minute = 0; minute <= 10; minute += 1) {
      await take(stoodIn());
      await bench.clock.advance(MINUTE);
    }
    expect(told()).toEqual([]);
    await take(stoodIn());
    expect(told()).toEqual([`raised ${key}`]);
    expect(alerts()[0]?.alert).toMatchObject({ severity: 'warning', sinceMs: startMs });
    await take(stoodIn(), stepDone('speech', 'tts', 'flite'));
    expect(told()).toHaveLength(1);
    await take(stepDone('speech', 'tts', 'elevenlabs'));
    expect(told()).toEqual([`raised ${key}`, `recovered ${key}`]);
  });

  it('that comes and goes, or hours apart, is not', async () => {
    const { bench, take, told } = watching();
    for (let minute = 0; minute < 30; minute += 1) {
      await take(stoodIn());
      if (minute % 5 === 0) await take(stepDone('speech', 'tts', 'elevenlabs'));
      await bench.clock.advance(MINUTE);
    }
    await bench.clock.advance(60 * MINUTE);
    await take(stoodIn());
    expect(told()).toEqual([]);
  });

  it('may last as long as config.yml says, or for ever', async () => {
    for (const change of [{ lastsMs: 60 * MINUTE }, { enabled: false }]) {
      const fallback = { ...DEFAULT_ALERT_POLICIES.fallback, ...change };
      const { bench, take, told } = watching({ fallback });
      for (let minute = 0; minute < 30; minute += 1) {
        await take(stoodIn());
        await bench.clock.advance(MINUTE);
      }
      expect(told()).toEqual([]);
    }
  });
});

describe('the all clear of a share', () => {
  it('counts texts where it is about texts', () => {
    const figures = { campaign: 'spring', bad: 28, calls: 86, threshold: 0.05 };
    const window = { windowMs: 900_000, final: 0, refused: 0, last: undefined };
    const what = (name: Parameters<typeof rateBackWords>[0]) =>
      rateBackWords(name, { ...figures, ...window }).what;
    expect(what('llmFailureRate')).toContain('Of the last 86 texts it was 28');
    expect(what('errorRate')).toContain('Of the last 86 calls it was 28');
  });
});

describe('what is only told', () => {
  const fresh = { ...CONTACTS, total: 8, done: 0, queued: 8 };
  const over = { ...fresh, done: 8, queued: 0 };
  const started = (contacts = fresh): CampaignEvent => {
    return { type: 'run.started', lines: 2, contacts };
  };
  const finished = (contacts = over, end: RunEnd = 'done'): CampaignEvent => {
    return { type: 'run.finished', end, contacts, durationMs: 90_000 };
  };
  const optedOut = (): CampaignEvent => {
    return { ...ended('failed'), code: 'opted_out' } as CampaignEvent;
  };

  /** One run after the other, as cron starts them; what each of them tells. */
  function runsOf(bench = new AlertBench(), policies: Partial<AlertPolicies> = {}) {
    return async (...events: readonly CampaignEvent[]): Promise<readonly string[]> => {
      const email = bench.channel('email');
      const run = bench.run([email], 'spring', policies);
      run.take(...events);
      await bench.clock.settle();
      await run.alerter.close();
      const told = email.delivered.filter((one) => one.startsWith('notice '));
      return told.map((one) => one.replace('notice campaign:spring:', ''));
    };
  }

  it('is the start, 25, 50 and 75 %, and the end with its figures', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const run = bench.run([email]);
    run.take(started(), failedAt('speech', 'flite'));
    run.take(...times(4, () => ended()), ended('busy'), ended('failed'), ...times(2, optedOut));
    run.take(finished());
    await bench.clock.settle();
    expect(email.delivered).toEqual([
      'notice campaign:spring:started',
      'notice campaign:spring:milestone:25',
      'notice campaign:spring:milestone:50',
      'notice campaign:spring:milestone:75',
      'notice campaign:spring:finished',
    ]);
    expect(email.asked[2]?.alert.what).toBe('4 of 8 contacts have their outcome.');
    expect(email.asked.at(-1)?.alert).toMatchObject({
      severity: 'info',
      what:
        '8 contacts: 4 answered, 3 failed (2 of them opted out: not rung, as they had asked) and ' +
        '1 busy. The last run took 1 min 30 s. On the way, 1 try failed.',
    });
    expect(bench.kept.open).toEqual([]);
  });

  it('says of a milestone how many are uncertain, who are not done', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const before = { ...fresh, uncertain: 1, queued: 7 };
    bench.run([email]).take(started(before), ended('uncertain'), ...times(4, () => ended()));
    await bench.clock.settle();
    const apart = '; 2 of them are uncertain, which "campaign status" does not count as done';
    expect(email.asked.map(({ alert }) => alert.what)).toEqual(
      [2, 4, 6].map((through) => `${through} of 8 contacts have their outcome${apart}.`),
    );
  });

  it('is told once for a list, however many runs there are', async () => {
    const run = runsOf();
    const outage = finished(fresh, 'outage');
    expect(await run(started(), outage)).toEqual(['started']);
    for (let again = 0; again < 11; again += 1) expect(await run(started(), outage)).toEqual([]);
    const two = { ...fresh, done: 2, queued: 6 };
    const some = times(2, () => ended());
    expect(await run(started(), ...some, finished(two, 'until'))).toEqual(['milestone:25']);
    expect(await run(started(two), finished(two, 'stopped'))).toEqual([]);
    const rest = times(6, () => ended());
    expect(await run(started(two), ...rest, finished())).toEqual([
      'milestone:50',
      'milestone:75',
      'finished',
    ]);
    for (let again = 0; again < 3; again += 1) {
      expect(await run(started(over), finished())).toEqual([]);
    }
  });

  it('is told by the next run where the one that did it was killed', async () => {
    const run = runsOf();
    expect(await run(started(), ...times(8, () => ended()))).toContain('milestone:75');
    expect(await run(started(over), finished())).toEqual(['finished']);
    expect(await run(started(over), finished())).toEqual([]);
  });

  it('is told by whichever run does the last of it', async () => {
    const run = runsOf();
    const all = times(8, () => ended());
    expect((await run(started(), ...all, finished(over, 'limit'))).at(-1)).toBe('finished');
    expect(await run(started(over), finished())).toEqual([]);
  });

  it('is told anew of a list that has new contacts after its end', async () => {
    const run = runsOf();
    await run(started(), ...times(8, () => ended()), finished());
    const grown = { ...fresh, total: 16, done: 8 };
    expect(await run(started(grown), ...times(4, () => ended()))).toEqual([
      'started',
      'milestone:75',
    ]);
    const most = { ...grown, done: 12, queued: 4 };
    expect(await run(started(most))).toEqual([]);
    const done = { ...grown, done: 16, queued: 0 };
    expect(await run(started(most), ...times(4, () => ended()), finished(done))).toEqual([
      'finished',
    ]);
  });

  it('has the figures of all runs where they are known', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const figures = (): CampaignFigures => ({ outcomes: new Map([['answered', 8]]), optedOut: 0 });
    const run = bench.run([email], 'spring', {}, figures);
    run.take(started({ ...fresh, done: 7, queued: 1 }), ended('busy'), finished());
    await bench.clock.settle();
    expect(email.asked.at(-1)?.alert.what).toMatch(/^8 contacts: 8 answered\. /);
  });

  it('is not told of what is done with since before any of it was kept', async () => {
    const run = runsOf();
    expect(await run(started(over), finished())).toEqual([]);
    expect(await run(started({ ...fresh, total: 0, queued: 0 }))).toEqual([]);
  });

  it('is not told of a passed milestone when the list grows and passes it once more', async () => {
    const run = runsOf();
    const half = { ...fresh, done: 4, queued: 4 };
    const four = times(4, () => ended());
    expect(await run(started(), ...four)).toEqual(['started', 'milestone:25', 'milestone:50']);
    const grown = { ...half, total: 40, queued: 36 };
    expect(await run(started(grown), ...times(16, () => ended()))).toEqual([]);
  });

  it('is not told either when it is switched on later', async () => {
    const bench = new AlertBench();
    const off = { enabled: false, severity: 'info' } as const;
    expect(await runsOf(bench, { campaignStarted: off })(started())).toEqual([]);
    expect(await runsOf(bench)(started())).toEqual([]);
  });

  it('goes to channels that want it, and no other', async () => {
    const bench = new AlertBench();
    const [email, chat] = [bench.channel('email'), bench.channel('chat')];
    email.severities = ['critical', 'warning'];
    chat.severities = ['info'];
    const run = bench.run([email, chat]);
    run.take({ type: 'run.started', lines: 2, contacts: fresh }, opened());
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual(['raised service:flite', 'recovered service:flite']);
    expect(chat.delivered).toEqual(['notice campaign:spring:started', 'recovered service:flite']);
  });

  it('may be more than told, or nothing', async () => {
    const off = { enabled: false, severity: 'info' } as const;
    const bench = new AlertBench();
    const email = bench.channel('email');
    const run = bench.run([email], 'spring', {
      campaignStarted: { enabled: true, severity: 'warning' },
      milestones: off,
      serviceRecovered: off,
    });
    run.take({ type: 'run.started', lines: 2, contacts: fresh }, ...times(7, () => ended()));
    await bench.clock.settle();
    run.take(opened());
    await bench.clock.settle();
    run.take(closed());
    await bench.clock.settle();
    expect(email.delivered).toEqual(['notice campaign:spring:started', 'raised service:flite']);
    expect(email.asked[0]?.alert.severity).toBe('warning');
    expect(bench.kept.open).toEqual([]);
  });
});

describe('the rules from before', () => {
  it('can be switched off and have another severity', async () => {
    const bench = new AlertBench();
    const email = bench.channel('email');
    const run = bench.run([email], 'spring', {
      serviceDown: { enabled: true, severity: 'warning' },
      endedEarly: { enabled: false, severity: 'critical' },
      budgetSpent: { enabled: false, severity: 'critical' },
    });
    run.take(opened());
    const over = { type: 'run.finished', contacts: CONTACTS, durationMs: 1 } as const;
    run.take({ ...over, end: 'budget' }, { ...over, end: 'outage' });
    await bench.clock.settle();
    expect(email.delivered).toEqual(['raised service:flite']);
    expect(email.asked[0]?.alert.severity).toBe('warning');
  });
});

describe('a store that cannot be written', () => {
  const broke = {
    type: 'run.finished',
    end: 'disk_failed',
    contacts: CONTACTS,
    durationMs: 1,
    reason: 'database or disk is full',
  } as const;

  it('is told, and over when a run has begun again', async () => {
    const bench = new AlertBench();
    const first = watching({}, bench);
    await first.take(broke, broke);
    await first.run.alerter.close();
    expect(first.told()).toEqual(['raised store']);
    expect(first.alerts()[0]?.alert).toMatchObject({ severity: 'critical' });
    expect(first.alerts()[0]?.alert.what).toContain('disk is full');
    const next = watching({}, bench);
    await next.take();
    expect(next.told()).toEqual(['recovered store']);
  });
});
