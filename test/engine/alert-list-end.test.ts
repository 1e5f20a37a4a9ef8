import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import { alertText } from '../../src/domain/alert-text.ts';
import type { CampaignEvent, ContactCounts, RunEnd } from '../../src/domain/event.ts';
import { AlertBench } from '../support/alert-bench.ts';

const MINUTE = 60_000;
const LEFT = { total: 60, done: 30, calling: 0, queued: 30, put_off: 0, uncertain: 0 };
const NONE_LEFT = { ...LEFT, done: 58, queued: 0, uncertain: 2 };

function finished(contacts: ContactCounts, end: RunEnd): CampaignEvent {
  return { type: 'run.finished', end, contacts, durationMs: 1 };
}

function wrong(count: number): CampaignEvent[] {
  return Array.from({ length: count }, (_, at) => {
    const about = { contact: `c${at}`, call: `x${at}`, durationMs: 1 };
    return { type: 'call.finished', ...about, outcome: 'uncertain', cut: true };
  });
}

const STOOD_IN: CampaignEvent = {
  type: 'fallback.used',
  contact: 'c',
  call: 'x',
  step: 'script',
  role: 'llm',
  service: 'template',
  instead: 'openai',
  reason: 'openai wrote nothing that can be spoken: it is empty',
  code: 'bad_answer',
};

const SLOW: CampaignEvent = {
  type: 'step.finished',
  step: 'speech',
  role: 'tts',
  service: 'flite',
  durationMs: 9_000,
  requestMs: 9_000,
};

function starting(bench: AlertBench, campaign = 'spring') {
  const channel = bench.channel('email');
  const run = bench.run([channel], campaign);
  const take = async (...events: readonly CampaignEvent[]): Promise<void> => {
    run.take({ type: 'run.started', lines: 1, contacts: LEFT }, ...events);
    await bench.clock.settle();
  };
  const alerts = (): Alert[] =>
    channel.asked.map(({ alert }) => alert).filter(({ kind }) => kind !== 'notice');
  return {
    take,
    alerts,
    keys: () => alerts().map(({ kind, key }) => `${kind} ${key}`),
    /** Others do the work for longer than is told. */
    standIn: async () => {
      await take(STOOD_IN);
      await bench.clock.advance(6 * MINUTE);
      await take(STOOD_IN);
      await bench.clock.advance(6 * MINUTE);
      await take(STOOD_IN);
    },
    end: async (contacts: ContactCounts, end: RunEnd) => {
      await take(finished(contacts, end));
      await run.alerter.close();
    },
  };
}

const FALLBACK = 'campaign:spring:fallback:openai:llm';
const SLOWNESS = 'service:flite:slow:tts';

describe('the end of a list', () => {
  it.each(['limit', 'until'] as const)('is over for its shares after a run by %s', async (end) => {
    const bench = new AlertBench();
    const first = starting(bench);
    await first.take(...wrong(30));
    await first.end(LEFT, end);
    const raised = ['raised campaign:spring:success_rate', 'raised campaign:spring:cut_calls'];
    expect(first.keys().sort()).toEqual(raised.sort());
    const second = starting(bench);
    await second.end(NONE_LEFT, end);
    expect(second.keys().sort()).toEqual(
      raised.map((one) => one.replace('raised', 'recovered')).sort(),
    );
    expect(second.alerts()[0]?.title).toContain('spring is done');
  });

  it.each(['outage', 'disk_failed'] as const)('is not a run that breaks off: %s', async (end) => {
    const { take, keys } = starting(new AlertBench());
    await take(...wrong(30), finished(NONE_LEFT, end));
    expect(keys().filter((one) => one.startsWith('recovered'))).toEqual([]);
  });

  it('is that of its fallbacks and slow services: the next campaign tells them anew', async () => {
    const bench = new AlertBench();
    const spring = starting(bench);
    await spring.standIn();
    await spring.take(...Array.from({ length: 20 }, () => SLOW));
    expect(spring.keys()).toEqual([`raised ${FALLBACK}`, `raised ${SLOWNESS}`]);
    await spring.end(NONE_LEFT, 'done');
    expect(spring.keys().slice(2).sort()).toEqual([
      `recovered ${FALLBACK}`,
      `recovered ${SLOWNESS}`,
    ]);
    const titles = spring.alerts().map(({ title }) => title);
    expect(titles).toContain('spring is done: no more work for flite');
    expect(bench.kept.open).toEqual([]);
    const summer = starting(bench, 'summer');
    await summer.standIn();
    await summer.take(...Array.from({ length: 20 }, () => SLOW));
    expect(summer.keys()).toEqual([
      `raised ${FALLBACK.replace('spring', 'summer')}`,
      `raised ${SLOWNESS}`,
    ]);
  });

  it('is not the end of a run with contacts left, nor of the list of another', async () => {
    const bench = new AlertBench();
    const first = starting(bench);
    await first.standIn();
    await first.end(LEFT, 'limit');
    const other = starting(bench, 'summer');
    await other.end(NONE_LEFT, 'done');
    const second = starting(bench);
    await second.standIn();
    expect([...first.keys(), ...other.keys(), ...second.keys()]).toEqual([`raised ${FALLBACK}`]);
  });
});

describe('a service that others stand in for', () => {
  it('is not said to have answered nothing: it is told what was wrong with it', async () => {
    const { standIn, alerts } = starting(new AlertBench());
    await standIn();
    const [raised] = alerts() as [Alert];
    expect(raised.what).toBe(
      'In that time openai did not once do the work itself, and yet it is not down: its breaker ' +
        'is closed. The last time: openai wrote nothing that can be spoken: it is empty ' +
        '(bad_answer).',
    );
    expect(alertText(raised)).not.toContain('answered');
  });
});
