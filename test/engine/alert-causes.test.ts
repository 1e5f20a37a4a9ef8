import { describe, expect, it } from 'vitest';
import { headline } from '../../src/channels/headline.ts';
import type { Alert } from '../../src/domain/alert.ts';
import { alertText } from '../../src/domain/alert-text.ts';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { AlertBench, found, opened } from '../support/alert-bench.ts';

const CONTACTS = { total: 200, done: 0, calling: 0, queued: 200, put_off: 0, uncertain: 0 };
const ABOUT = { step: 'script', service: 'openai', role: 'llm' } as const;
const FULL = { kind: 'transient', code: '429', message: 'openai answered 429' } as const;

let calls = 0;

/** One go at a call: refused as too much, after its retries. */
function refused(code: '429' | '503' = '429'): CampaignEvent[] {
  calls += 1;
  const about = { ...ABOUT, ...FULL, code, contact: `c${calls}`, call: `x${calls}` };
  const tried = { scope: 'service', status: Number(code), attempt: 1, durationMs: 1 } as const;
  return [
    { type: 'attempt.failed', ...about, ...tried },
    { type: 'call.failed', ...about, putOff: true },
  ];
}

function written(): CampaignEvent {
  return { type: 'step.finished', ...ABOUT, durationMs: 10, requestMs: 10 };
}

function many(count: number, make: () => readonly CampaignEvent[]): CampaignEvent[] {
  return Array.from({ length: count }, make).flat();
}

const STALLED: CampaignEvent = {
  type: 'service.stalled',
  service: 'openai',
  role: 'llm',
  forMs: 90_000,
  waitMs: 1_000,
  ...FULL,
};

function watching() {
  const bench = new AlertBench();
  const channel = bench.channel('email');
  const run = bench.run([channel]);
  run.alerter.reconcile([found('openai', 'closed', 'llm')]);
  const take = async (...events: readonly CampaignEvent[]): Promise<void> => {
    run.take({ type: 'run.started', lines: 12, contacts: CONTACTS }, ...events);
    await bench.clock.settle();
  };
  const alerts = (): Alert[] =>
    channel.asked.map(({ alert }) => alert).filter(({ kind }) => kind !== 'notice');
  return { take, alerts, keys: () => alerts().map(({ kind, key }) => `${kind} ${key}`), bench };
}

describe('a service that refuses everything as too much', () => {
  it('is one alert, which counts what failed before it was told', async () => {
    const { take, alerts, keys } = watching();
    await take(...many(28, refused));
    expect(keys()).toEqual([]);
    await take(STALLED);
    await take(...many(2, refused));
    expect(keys()).toEqual(['raised service:openai']);
    expect(alerts()[0]?.affected).toBe(28);
    await take({ type: 'service.resumed', service: 'openai', role: 'llm', outageMs: 95_000 });
    expect(keys()).toEqual(['raised service:openai', 'recovered service:openai']);
    expect(alerts().at(-1)?.affected).toBe(30);
    // What is over counts for nothing any more.
    await take(...many(25, () => [written()]));
    expect(keys()).toHaveLength(2);
  });

  it('and takes some after all has failed at the rest, all of it', async () => {
    const { take, alerts, keys } = watching();
    await take(...many(28, refused), written());
    expect(keys()).toEqual([
      'raised campaign:spring:error_rate',
      'raised campaign:spring:llm_failure_rate',
    ]);
    expect(alerts().map(({ affected }) => affected)).toEqual([28, 28]);
  });

  it('is one that takes requests, where it answers them with what is of no use', async () => {
    const { take, keys } = watching();
    const [tried] = refused() as [Extract<CampaignEvent, { type: 'attempt.failed' }>];
    const useless = { scope: 'request', status: undefined, code: 'bad_answer' } as const;
    await take(...many(28, refused), { ...tried, ...useless });
    expect(keys()).toContain('raised campaign:spring:error_rate');
  });
});

describe('a service that refuses some and does not answer the rest', () => {
  it('hides nothing of what fails at it', async () => {
    const { take, keys } = watching();
    const [tried] = refused() as [Extract<CampaignEvent, { type: 'attempt.failed' }>];
    const late = { status: undefined, code: 'timeout' } as const;
    await take(...many(5, refused), { ...tried, ...late });
    await take(...many(25, () => [{ ...tried, ...late }, ...refused('503')]));
    expect(keys()).toContain('raised campaign:spring:error_rate');
  });
});

describe('a share whose cause has become known', () => {
  it('is not said to be clear, and says nothing that is not so', async () => {
    const { take, alerts, keys } = watching();
    await take(...many(28, () => refused('503')));
    await take(STALLED);
    expect(keys().slice(2).sort()).toEqual([
      'raised service:openai',
      'recovered campaign:spring:error_rate',
      'recovered campaign:spring:llm_failure_rate',
    ]);
    const over = alerts().find(({ kind }) => kind === 'recovered') as Alert;
    expect(over.joins).toBe('service:openai');
    expect(headline(over)).toBe(
      'Cause found: openai is the cause of the calls that failed: it has an alert of its own',
    );
    expect(over.what).toBe(
      'It takes no requests: openai answered 429. Without what it failed at, there are not too ' +
        'many.',
    );
    expect(alertText(over)).toContain('it is not over with this message');
  });

  it('gives its count to the alert of the service', async () => {
    const { take, alerts, bench } = watching();
    await take(...many(28, () => refused('503')));
    await take(opened('openai', { role: 'llm' }));
    const [own] = bench.kept.open;
    expect(own?.key).toBe('service:openai');
    const raised = alerts().find(({ key }) => key === 'service:openai');
    expect(raised?.affected).toBe(28);
  });
});

describe('an error rate', () => {
  const failedBy = (): CampaignEvent[] => {
    calls += 1;
    const about = { contact: `c${calls}`, call: `x${calls}`, durationMs: 1 };
    return [{ type: 'call.finished', ...about, outcome: 'failed', detail: 'congestion' }];
  };
  const rate = (all: readonly Alert[]) => all.find(({ key }) => key.endsWith('error_rate'));

  it('counts the next calls of those whose records failed in an outage that is over', async () => {
    const { take, keys } = watching();
    const crm = { service: 'hubspot', role: 'crm', ...FULL, code: 'http_503' } as const;
    const called = Array.from({ length: 20 }, (_, at) => ({ contact: `r${at}`, call: `x${at}` }));
    const tried = { scope: 'service', status: 503, attempt: 1, durationMs: 1 } as const;
    await take(opened('hubspot', { role: 'crm' }));
    await take(
      ...called.map((about): CampaignEvent => {
        return { type: 'attempt.failed', step: 'record', ...about, ...crm, ...tried };
      }),
    );
    await take({ type: 'breaker.closed', service: 'hubspot', role: 'crm', outageMs: 90_000 });
    await take(
      ...called.map((about): CampaignEvent => {
        return { type: 'call.failed', step: 'lookup', ...about, ...crm };
      }),
    );
    expect(keys()).toEqual([
      'raised service:hubspot',
      'recovered service:hubspot',
      'raised campaign:spring:error_rate',
    ]);
  });

  it('says that calls which the dialer calls failed are not tried again', async () => {
    const { take, alerts } = watching();
    await take(...many(20, failedBy));
    const { what, doing } = rate(alerts()) as Alert;
    expect(what).toContain('20 failed, as the dialer says of them;');
    expect(doing).toContain('is not called again');
    expect(doing).not.toContain('three times');
  });

  it('says of each kind what becomes of it, where there are two', async () => {
    const { take, alerts } = watching();
    await take(...many(10, failedBy), ...many(10, () => refused('503')));
    const { what, doing } = rate(alerts()) as Alert;
    expect(what).toContain('20 failed, 10 of them as the dialer says, the others after all ');
    expect(doing).toContain('is not called again');
    expect(doing).toContain('tried again, three times in all. What fails because');
  });
});
