import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { RunTally } from '../../src/domain/tally.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

const subject = { contact: 'c-1', call: 'x', line: 1 } as const;
const flite = { ...subject, step: 'speech', service: 'flite', role: 'tts' } as const;
const failed: CampaignEvent = {
  type: 'attempt.failed',
  ...flite,
  attempt: 1,
  kind: 'transient',
  scope: 'service',
  code: 'timeout',
  message: 'no answer',
  durationMs: 1,
};

function tallyOf(...events: readonly CampaignEvent[]): RunTally {
  const tally = new RunTally();
  for (const event of events) tally.take(event);
  return tally;
}

function ended(detail?: string): CampaignEvent {
  return { type: 'call.finished', ...subject, outcome: 'failed', detail, durationMs: 1 };
}

describe('what a run did', () => {
  it('is counted from its events', () => {
    const tally = tallyOf(...EVERY_EVENT);
    expect([...tally.outcomes]).toEqual([['previewed', 1]]);
    expect(tally.rejected).toEqual([{ listLine: 8, reason: 'no number' }]);
    expect(tally.rejectedCount).toBe(1);
    expect(tally.putOff).toBe(1);
    const [fallback] = tally.fallbacks.values();
    expect(fallback).toMatchObject({ service: 'espeak-ng', instead: 'flite', count: 1 });
    expect([...(fallback?.causes ?? [])]).toEqual([
      ['flite: http_503', { reason: 'flite is left alone', count: 1 }],
    ]);
    expect(tally.service('flite', 'tts')).toEqual({
      role: 'tts',
      requests: 2,
      failures: 1,
      retries: 0,
    });
    expect([...tally.failures]).toEqual([]);
    expect(tally.records).toBe(0);
    expect(tally.alerts).toEqual({ sent: 1, failed: 1 });
  });

  it('counts requests that were sent, not results that were kept', () => {
    const done: CampaignEvent = { type: 'step.finished', ...flite, durationMs: 1 };
    const tally = tallyOf(done, failed, failed, { ...done, kept: true });
    expect(tally.service('flite', 'tts')).toMatchObject({ requests: 3, failures: 2, retries: 0 });
    expect(tally.service('flite', 'llm')).toMatchObject({ requests: 0 });
  });

  it('counts retries that were made, not those that another service or a stop cut short', () => {
    const done: CampaignEvent = { type: 'step.finished', ...flite, durationMs: 1 };
    const hungUp: CampaignEvent = { ...failed, role: 'dialer', service: 'twilio', hangUp: true };
    const retry: CampaignEvent = {
      type: 'retry.scheduled',
      ...flite,
      retry: 1,
      delayMs: 5,
      code: 'x',
    };
    const putOff: CampaignEvent = {
      type: 'contact.put_off',
      ...subject,
      reason: 'x',
      delayMs: 1,
    };
    const of = (...events: readonly CampaignEvent[]): number =>
      tallyOf(retry, ...events).service('flite', 'tts').retries;
    expect(of(failed)).toBe(1);
    expect(of(hungUp, done)).toBe(1);
    expect(of(failed, retry, done)).toBe(2);
    expect(of()).toBe(0);
    expect(of({ ...done, service: 'espeak-ng' }, done)).toBe(0);
    expect(of({ ...failed, service: 'espeak-ng' }, failed)).toBe(0);
    expect(of(putOff, done)).toBe(0);
    expect(of({ ...done, call: 'y' })).toBe(0);
  });

  it('adds up what services were paid for, also for answers that were refused', () => {
    const script = { ...subject, step: 'script', service: 'openai', role: 'llm' } as const;
    const usage = { inputTokens: 100, outputTokens: 20 };
    const tally = tallyOf(
      { type: 'step.finished', ...script, durationMs: 1, usage },
      { ...failed, ...script, usage: { inputTokens: 90, outputTokens: 5 } },
      { type: 'step.finished', ...flite, durationMs: 1 },
      {
        type: 'step.finished',
        ...flite,
        service: 'openai',
        durationMs: 1,
        usage: { characters: 7 },
      },
    );
    const none = { seconds: 0, inputTokens: 0, outputTokens: 0, characters: 0 };
    const openai = { ...none, service: 'openai' };
    expect(tally.usage.counts()).toEqual([
      { ...openai, role: 'llm', answers: 2, inputTokens: 190, outputTokens: 25 },
      { ...openai, role: 'tts', answers: 1, characters: 7 },
    ]);
  });

  it('puts texts together that cannot be used for the same reason', () => {
    const texts = [950, 1_020, 1_300].flatMap((length): readonly CampaignEvent[] => {
      const message = `template wrote ${length} characters, script.max_characters allows 900`;
      const why = { kind: 'permanent', code: 'text_too_long', message } as const;
      return [{ type: 'call.failed', ...subject, step: 'script', ...why }, ended(message)];
    });
    const [[key, cause] = []] = tallyOf(...texts).failures;
    expect(key).toBe('script: text_too_long');
    expect(cause).toMatchObject({ count: 3, cause: 'script: text_too_long' });
  });

  it('counts records', () => {
    const record = { ...subject, step: 'record', service: 'csv', role: 'crm' } as const;
    expect(tallyOf({ type: 'step.finished', ...record, durationMs: 1 }).records).toBe(1);
  });

  it('keeps the first rejected rows and counts all', () => {
    const rejected = Array.from(
      { length: 1000 },
      (_, index): CampaignEvent => ({
        type: 'contact.rejected',
        listLine: index + 2,
        code: 'no_number',
        reason: 'no number',
      }),
    );
    const tally = tallyOf(...rejected);
    expect(tally.rejectedCount).toBe(1000);
    expect(tally.rejected.map(({ listLine }) => listLine)).toEqual([2, 3, 4, 5, 6]);
  });

  it('puts reasons together by service and code, with one of the wordings', () => {
    const failing = (contact: string, detail: string): readonly CampaignEvent[] => {
      const about = { contact, call: 'x' };
      const why = { kind: 'permanent', code: 'http_400', message: detail } as const;
      return [
        { type: 'call.failed', ...about, step: 'script', service: 'openai', ...why },
        { type: 'call.finished', ...about, outcome: 'failed', detail, durationMs: 1 },
      ];
    };
    const same = tallyOf(...failing('c1', 'no'), ...failing('c2', 'no'));
    expect([...same.failures.values()]).toEqual([{ reason: 'no', count: 2 }]);
    const many = tallyOf(...failing('c1', 'no c1'), ...failing('c2', 'no c2'), ended('else'));
    expect([...many.failures.values()]).toEqual([
      { reason: 'no c1', count: 2, cause: 'openai: http_400' },
      { reason: 'else', count: 1 },
    ]);
  });

  it('puts calls that failed together without what is of one call alone', () => {
    const why = 'Twilio could not put the call through: most often there is no such number';
    const sid = (index: number) => `CA${String(index).repeat(32)}`;
    const tally = tallyOf(
      ended(`${why}; ${sid(1)}`),
      ended(`${why}; 12 s; ${sid(2)}`),
      ended(`a fax machine answered; 3 s; ${sid(3)}`),
      ended(sid(4)),
    );
    expect([...tally.failures.values()]).toEqual([
      { reason: why, count: 2 },
      { reason: 'a fax machine answered', count: 1 },
      { reason: 'no reason given', count: 1 },
    ]);
  });

  it('tells reasons apart, as far as there are not too many', () => {
    const many = Array.from({ length: 60 }, (_, index) => ended(`reason ${index}`));
    const tally = tallyOf(...many, ended('reason 0'), ended());
    expect(tally.failures.get('reason 0')).toEqual({ reason: 'reason 0', count: 2 });
    expect(tally.failures.get('other reasons')).toEqual({ reason: 'other reasons', count: 11 });
    expect(tally.failures.size).toBe(51);
    expect([...tallyOf(ended()).failures.values()]).toEqual([
      { reason: 'no reason given', count: 1 },
    ]);
  });
});
