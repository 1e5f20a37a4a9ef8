import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import type { RunStatus } from '../../src/domain/run-status.ts';
import { RunTally } from '../../src/domain/tally.ts';
import { usageTotals } from '../../src/domain/usage.ts';
import { Metrics } from '../../src/observers/metrics.ts';
import { watchedDialer } from '../../src/observers/watched-dialer.ts';
import { CALM_HOST } from '../support/calm-host.ts';
import { EVERY_EVENT } from '../support/every-event.ts';
import { parseMetrics, type Scrape } from '../support/prometheus.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { AWAY, runStatus, service } from '../web/statuses.ts';

function metricsOf(status: () => RunStatus = () => runStatus(), campaign = 'spring') {
  const metrics = new Metrics(campaign, status, { read: () => Promise.resolve(CALM_HOST) });
  const scrape = async (): Promise<Scrape> => parseMetrics(await metrics.text());
  return { metrics, scrape };
}

const call = { contact: 'c-1', call: 'call-1', line: 1 } as const;
const model = { ...call, step: 'script', service: 'openai', role: 'llm' } as const;
const dial = { ...call, step: 'dial', service: 'twilio', role: 'dialer' } as const;

/** Two models' answers, one that was paid and could not be used, a voice, a call. */
const PAID: readonly CampaignEvent[] = [
  {
    type: 'step.finished',
    ...model,
    durationMs: 9_000,
    requestMs: 2_000,
    usage: { inputTokens: 200, outputTokens: 50 },
  },
  {
    type: 'attempt.failed',
    ...model,
    attempt: 1,
    kind: 'transient',
    scope: 'request',
    code: 'empty_text',
    message: 'nothing',
    durationMs: 400,
    usage: { inputTokens: 100 },
  },
  {
    type: 'step.finished',
    ...call,
    step: 'speech',
    role: 'tts',
    service: 'elevenlabs',
    durationMs: 900,
    requestMs: 900,
    usage: { characters: 120 },
  },
  {
    type: 'attempt.failed',
    ...dial,
    attempt: 1,
    kind: 'unknown',
    scope: 'service',
    code: 'timeout',
    message: 'no answer',
    durationMs: 600_000,
    question: true,
  },
  { type: 'call.finished', ...call, outcome: 'uncertain', durationMs: 600_000, cut: true },
  { type: 'step.finished', ...dial, durationMs: 30_000, requestMs: 300, usage: { seconds: 31 } },
];

describe('what is counted', () => {
  it('begins with every outcome at 0', async () => {
    const { scrape } = metricsOf();
    const { value, sum } = await scrape();
    expect(value('campaign_calls_total', { outcome: 'no_answer' })).toBe(0);
    expect(sum('campaign_calls_total')).toBe(0);
    expect(value('campaign_calls_cut_total')).toBe(0);
  });

  it('counts a call once that was uncertain, also where another run asked about it', async () => {
    const { metrics, scrape } = metricsOf();
    const about = { type: 'call.finished', contact: 'c', durationMs: 1 } as const;
    metrics.take({ ...about, call: 'here', outcome: 'uncertain' });
    metrics.take({ ...about, call: 'here', outcome: 'busy', was: 'uncertain' });
    metrics.take({ ...about, call: 'before', outcome: 'answered', was: 'uncertain' });
    const { value, sum } = await scrape();
    expect(value('campaign_calls_total', { outcome: 'uncertain' })).toBe(1);
    expect(sum('campaign_calls_total')).toBe(1);
    expect(value('campaign_calls_cleared_up_total', { outcome: 'busy' })).toBe(1);
    expect(sum('campaign_calls_cleared_up_total')).toBe(2);
  });

  it('agrees with what the run reports', async () => {
    const { metrics, scrape } = metricsOf();
    const tally = new RunTally();
    for (const event of [...EVERY_EVENT, ...PAID]) {
      metrics.take(event);
      tally.take(event);
    }
    const { value, sum } = await scrape();
    for (const [outcome, count] of tally.outcomes) {
      expect(value('campaign_calls_total', { outcome })).toBe(count);
    }
    for (const [name, role] of [
      ['flite', 'tts'],
      ['openai', 'llm'],
      ['elevenlabs', 'tts'],
      ['twilio', 'dialer'],
    ] as const) {
      const { requests, failures, retries } = tally.service(name, role);
      const its = { service: name, role };
      expect([name, sum('campaign_attempts_total', its)]).toEqual([name, requests]);
      expect(sum('campaign_attempts_total', { ...its, result: 'failed' })).toBe(failures);
      expect(sum('campaign_failures_total', its)).toBe(failures);
      expect(sum('campaign_retries_total', its)).toBe(retries);
    }
    for (const total of usageTotals(tally.usage.counts())) {
      const its = { service: total.service };
      expect(sum('campaign_tokens_total', its)).toBe(total.inputTokens + total.outputTokens);
      expect(sum('campaign_characters_total', its)).toBe(total.characters);
      expect(sum('campaign_call_seconds_total', its)).toBe(total.seconds);
    }
    expect(sum('campaign_put_offs_total', { reason: 'service' })).toBe(tally.putOff);
    expect(sum('campaign_rows_rejected_total')).toBe(tally.rejectedCount);
    expect(sum('campaign_alerts_total', { result: 'sent' })).toBe(tally.alerts.sent);
    expect(sum('campaign_alerts_total', { result: 'failed' })).toBe(tally.alerts.failed);
    expect(metrics.alerts).toEqual(tally.alerts);
    expect(metrics.outcomes).toEqual(tally.outcomes);
  });

  it('knows failed and cut calls, fallbacks, openings and refused records', async () => {
    const { metrics, scrape } = metricsOf();
    for (const event of [...EVERY_EVENT, ...PAID]) metrics.take(event);
    const { value } = await scrape();
    const flite = { service: 'flite', role: 'tts' };
    expect(value('campaign_calls_failed_total', { service: 'flite', kind: 'transient' })).toBe(1);
    expect(value('campaign_failures_total', { ...flite, kind: 'transient' })).toBe(1);
    expect(value('campaign_calls_cut_total')).toBe(1);
    expect(value('campaign_fallbacks_total', { service: 'espeak-ng', instead: 'flite' })).toBe(1);
    expect(value('campaign_breaker_openings_total', flite)).toBe(1);
    expect(value('campaign_records_refused_total', { service: 'csv' })).toBe(1);
  });

  it('times requests alone: not the waits, and no question that outlasts a call', async () => {
    const { metrics, scrape } = metricsOf();
    for (const event of PAID) metrics.take(event);
    metrics.probed('openai', 'llm', true, 250);
    const { value } = await scrape();
    const ok = { service: 'openai', step: 'script', result: 'ok' };
    expect(value('campaign_request_duration_seconds_sum', ok)).toBe(2);
    expect(value('campaign_request_duration_seconds_bucket', { ...ok, le: '1' })).toBe(0);
    expect(value('campaign_request_duration_seconds_bucket', { ...ok, le: '2.5' })).toBe(1);
    const failed = { service: 'openai', result: 'failed' };
    expect(value('campaign_request_duration_seconds_sum', failed)).toBe(0.4);
    const asked = { service: 'twilio', result: 'failed' };
    expect(value('campaign_request_duration_seconds_count', asked)).toBeUndefined();
    expect(value('campaign_probe_duration_seconds_sum', { service: 'openai' })).toBe(0.25);
  });
});

describe('telephone calls', () => {
  it('are in progress from being taken on to their end', async () => {
    const clock = new VirtualClock();
    const { metrics, scrape } = metricsOf();
    let isLost = true;
    const dialer = watchedDialer(
      {
        name: 'twilio',
        role: 'dialer',
        rings: true,
        speaks: undefined,
        hears: false,
        account: undefined,
        probe: () => Promise.resolve(),
        place: () => Promise.reject(new Error('not here')),
        find: () => Promise.resolve({ state: 'unknown' }),
        hangUp: () => Promise.resolve(),
        follow: async () => {
          await clock.sleep(20_000);
          if (isLost) throw new Error('no answer');
          return { outcome: 'answered' };
        },
      },
      metrics,
      clock,
    );
    const follow = () => dialer.follow({ service: 'twilio', reference: 'CA1' }, request, context);
    const request = { call: 'call-1' } as Parameters<typeof dialer.follow>[1];
    const context = {} as Parameters<typeof dialer.follow>[2];
    const first = follow().catch((error: Error) => error.message);
    expect(metrics.callsInProgress).toBe(1);
    await clock.advance(20_000);
    expect(await first).toBe('no answer');
    expect(metrics.callsInProgress).toBe(1);
    isLost = false;
    const second = follow();
    await clock.advance(20_000);
    await second;
    expect(metrics.callsInProgress).toBe(0);
    expect(metrics.callMsAverage).toBe(40_000);
    const ended = { service: 'twilio', outcome: 'answered' };
    expect((await scrape()).value('campaign_call_duration_seconds_sum', ended)).toBe(40);
  });

  it('of which nobody tells the end are not in progress once they are given up', () => {
    const { metrics } = metricsOf();
    metrics.callBegun('call-1', 0);
    for (const event of PAID) metrics.take(event);
    expect(metrics.callsInProgress).toBe(0);
    expect(metrics.callMsAverage).toBeUndefined();
  });
});

describe('what is read when somebody asks', () => {
  it('is what is so then, of the queue, the lines and the services', async () => {
    let now = runStatus();
    const { scrape } = metricsOf(() => now);
    const before = await scrape();
    expect(before.value('campaign_contacts', { state: 'done' })).toBe(300);
    expect(before.value('campaign_queue_depth')).toBe(890);
    expect(before.value('campaign_put_off_contacts')).toBe(6);
    expect(before.value('campaign_lines')).toBe(4);
    expect(before.value('campaign_lines_in_use')).toBe(3);
    expect(before.value('campaign_calls_in_progress')).toBe(2);
    expect(before.value('campaign_answer_rate')).toBe(0.75);
    expect(before.value('campaign_average_call_duration_seconds')).toBe(42);
    expect(before.value('campaign_run_phase', { phase: 'running' })).toBe(1);
    expect(before.value('campaign_info', { campaign: 'spring', version: '0.1.0' })).toBe(1);
    now = runStatus({
      phase: 'draining',
      outcomes: new Map(),
      callMsAverage: undefined,
      services: [service('flite', 'tts', AWAY)],
    });
    const after = await scrape();
    expect(after.value('campaign_answer_rate')).toBeUndefined();
    expect(after.value('campaign_average_call_duration_seconds')).toBeUndefined();
    expect(after.value('campaign_run_phase', { phase: 'running' })).toBe(0);
    expect(after.value('campaign_breaker_state', { service: 'flite', role: 'tts' })).toBe(2);
    expect(after.value('campaign_service_up', { service: 'flite' })).toBe(0);
    expect(after.value('campaign_service_retry_after_seconds', { service: 'flite' })).toBe(30);
    // Who is not there any more is not in the answer.
    expect(after.value('campaign_breaker_state', { service: 'elevenlabs' })).toBeUndefined();
  });

  it('escapes what the names have in them', async () => {
    const campaign = 'a "b" \\ c\nd';
    const { scrape } = metricsOf(() => runStatus(), campaign);
    const { value, samples } = await scrape();
    expect(value('campaign_info', { campaign })).toBe(1);
    expect(samples.every(({ labels }) => labels['campaign'] === campaign)).toBe(true);
  });

  it('has the figures of machine and process, from one reading each time', async () => {
    let readings = 0;
    const metrics = new Metrics('spring', () => runStatus(), {
      read: () => {
        readings += 1;
        return Promise.resolve({ ...CALM_HOST, networkReceivedBytes: 7, networkSentBytes: 8 });
      },
    });
    const { value } = parseMetrics(await metrics.text());
    expect(readings).toBe(1);
    expect(value('campaign_host_cpu_ratio')).toBe(CALM_HOST.cpuShare);
    const limit = { limit: CALM_HOST.memoryLimitOf };
    expect(value('campaign_memory_bytes', limit)).toBe(CALM_HOST.memoryBytes);
    expect(value('campaign_memory_limit_bytes', limit)).toBe(CALM_HOST.memoryLimitBytes);
    expect(value('campaign_host_load', { minutes: '5' })).toBe(CALM_HOST.load5);
    const [disk] = CALM_HOST.disks;
    expect(value('campaign_disk_free_bytes', { disk: disk?.name ?? '' })).toBe(disk?.freeBytes);
    expect(value('campaign_host_network_bytes_total', { direction: 'received' })).toBe(7);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(0);
    await metrics.text();
    expect(readings).toBe(2);
  });
});
