/**
 * What is counted from the event stream. All of it begins at 0 with each run; a counter that has
 * labels is there from the first time on, but for the outcomes, which are few and known.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { CampaignEvent, EventOf } from '../domain/event.ts';
import { RetriesMade } from '../domain/retries-made.ts';
import { paidFor } from '../domain/spending.ts';
import { OUTCOMES } from '../domain/words.ts';

export interface EventMetrics {
  take(event: CampaignEvent): void;
  readonly callDuration: Histogram<'service' | 'outcome'>;
  readonly probeDuration: Histogram<'service' | 'role' | 'result'>;
}

/** From a file on this machine to a model that thinks; the longest request takes an hour. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
/** From a busy line to the longest call. */
const CALL_SECONDS = [1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600];

export function eventMetrics(registry: Registry): EventMetrics {
  const registers = [registry];
  const calls = callMetrics(registry);
  const services = serviceMetrics(registry);
  const alerts = new Counter({
    registers,
    name: 'campaign_alerts_total',
    help: 'Alerts by channel, severity and result: sent, or failed for the time being.',
    labelNames: ['channel', 'severity', 'result'],
  });
  return {
    callDuration: new Histogram({
      registers,
      name: 'campaign_call_duration_seconds',
      help: 'Telephone calls from being taken on by the dialer to their end, ringing included.',
      labelNames: ['service', 'outcome'],
      buckets: CALL_SECONDS,
    }),
    probeDuration: new Histogram({
      registers,
      name: 'campaign_probe_duration_seconds',
      help: 'Health checks by service: how long each took.',
      labelNames: ['service', 'role', 'result'],
      buckets: REQUEST_SECONDS,
    }),
    take: (event) => {
      if (event.type === 'alert.sent' || event.type === 'alert.failed') {
        const { channel, severity } = event;
        alerts.inc({ channel, severity, result: event.type === 'alert.sent' ? 'sent' : 'failed' });
        return;
      }
      calls(event);
      services(event);
    },
  };
}

function callMetrics(registry: Registry): (event: CampaignEvent) => void {
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ registers: [registry], name, help, labelNames });
  const started = counter('campaign_calls_started_total', 'Calls that were begun or taken up.');
  const finished = counter(
    'campaign_calls_total',
    'Calls that ended, each once, by outcome; opted_out: not rung, as the number had asked for.',
    'outcome',
  );
  const clearedUp = counter(
    'campaign_calls_cleared_up_total',
    'Calls that had been counted as uncertain, by what is known by now to have become of them.',
    'outcome',
  );
  const answers = counter(
    'campaign_answers_total',
    'Calls by what was chosen with a key, in the words of script.answers.',
    'answer',
  );
  const cut = counter(
    'campaign_calls_cut_total',
    'Calls that were ended because timeouts.call was over.',
  );
  const failed = counter(
    'campaign_calls_failed_total',
    'Calls of which a step failed after its retries, by the service and the kind of failure.',
    'service',
    'kind',
  );
  const putOff = counter(
    'campaign_put_offs_total',
    'Contacts put back into the queue: for a service that cannot be asked, or after a failure.',
    'reason',
  );
  const rejected = counter('campaign_rows_rejected_total', 'Rows of the list that were refused.');
  for (const outcome of [...OUTCOMES, 'opted_out']) finished.inc({ outcome }, 0);
  return (event) => {
    switch (event.type) {
      case 'call.started':
        started.inc();
        break;
      case 'call.finished':
        // It was counted when it was told to be uncertain, perhaps by an earlier run.
        if (event.was === undefined) finished.inc({ outcome: event.code ?? event.outcome });
        else clearedUp.inc({ outcome: event.outcome });
        if (event.answer !== undefined) answers.inc({ answer: event.answer });
        if (event.cut === true) cut.inc();
        break;
      case 'call.failed':
        failed.inc({ service: event.service ?? 'none', kind: event.kind });
        break;
      case 'contact.put_off':
        putOff.inc({ reason: event.waitsFor === undefined ? 'failure' : 'service' });
        break;
      case 'contact.rejected':
        rejected.inc();
        break;
      default:
    }
  };
}

function serviceMetrics(registry: Registry): (event: CampaignEvent) => void {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...more: Label[]) =>
    new Counter({ registers, name, help, labelNames: ['service', 'role', ...more] as const });
  const attempts = counter('campaign_attempts_total', 'Requests, each retry counted.', 'result');
  const failures = counter('campaign_failures_total', 'Requests that failed, by kind.', 'kind');
  const retries = counter('campaign_retries_total', 'Retries that were made.');
  const fallbacks = counter(
    'campaign_fallbacks_total',
    'Steps done by this service in the place of another.',
    'instead',
  );
  const openings = counter(
    'campaign_breaker_openings_total',
    'How often the breaker opened, failed trials of a service that is down included.',
  );
  const refused = counter('campaign_records_refused_total', 'Records that the CRM refused.');
  const duration = new Histogram({
    registers,
    name: 'campaign_request_duration_seconds',
    help: 'Requests: from being sent to the answer or the failure, without waits and retries.',
    labelNames: ['service', 'role', 'step', 'result'],
    buckets: REQUEST_SECONDS,
  });
  const paid = paidMetrics(registry);
  const retriesMade = new RetriesMade();
  return (event) => {
    const retry = retriesMade.take(event);
    if (retry !== undefined) retries.inc({ service: retry.service, role: retry.role });
    switch (event.type) {
      case 'step.finished': {
        const { service, role, step, kept, requestMs } = event;
        if (service === undefined || kept === true) return;
        attempts.inc({ service, role, result: 'ok' });
        if (requestMs !== undefined) {
          duration.observe({ service, role, step, result: 'ok' }, requestMs / 1_000);
        }
        paid(event);
        break;
      }
      case 'attempt.failed': {
        const { service, role, step = 'none', kind, durationMs } = event;
        attempts.inc({ service, role, result: 'failed' });
        failures.inc({ service, role, kind });
        // A question that outlasts a call says how long that was, not how quick the service is.
        if (event.question !== true) {
          duration.observe({ service, role, step, result: 'failed' }, durationMs / 1_000);
        }
        paid(event);
        break;
      }
      case 'fallback.used':
        fallbacks.inc({ service: event.service, role: event.role, instead: event.instead });
        break;
      case 'breaker.opened':
        openings.inc({ service: event.service, role: event.role });
        break;
      case 'record.refused':
        refused.inc({ service: event.service, role: event.role });
        break;
      default:
    }
  };
}

/** What services are paid for, as they say it themselves. */
function paidMetrics(
  registry: Registry,
): (event: EventOf<'step.finished' | 'attempt.failed'>) => void {
  const registers = [registry];
  const tokens = new Counter({
    registers,
    name: 'campaign_tokens_total',
    help: 'Tokens that models read (input) and wrote (output).',
    labelNames: ['service', 'direction'],
  });
  const characters = new Counter({
    registers,
    name: 'campaign_characters_total',
    help: 'Characters that voices spoke.',
    labelNames: ['service'],
  });
  const seconds = new Counter({
    registers,
    name: 'campaign_call_seconds_total',
    help: 'Seconds of telephone calls, as the dialer bills them.',
    labelNames: ['service'],
  });
  return (event) => {
    const paid = paidFor(event);
    if (paid === undefined) return;
    const { service } = paid;
    if (paid.inputTokens > 0) tokens.inc({ service, direction: 'input' }, paid.inputTokens);
    if (paid.outputTokens > 0) tokens.inc({ service, direction: 'output' }, paid.outputTokens);
    if (paid.characters > 0) characters.inc({ service }, paid.characters);
    if (paid.seconds > 0) seconds.inc({ service }, paid.seconds);
  };
}
