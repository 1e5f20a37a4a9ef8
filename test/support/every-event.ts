import type { CampaignEvent } from '../../src/domain/event.ts';

const contacts = { total: 12, done: 3, calling: 1, queued: 6, put_off: 1, uncertain: 1 };
const call = { contact: 'c-017', call: 'call-1', line: 2 } as const;
const speech = { ...call, step: 'speech', service: 'flite', role: 'tts' } as const;
const alert = {
  key: 'service:flite',
  alert: 'raised',
  severity: 'critical',
  title: 'flite, which speaks the texts, does not work',
  service: 'flite',
  role: 'tts',
} as const;

/** One event of every type, as one bad afternoon would bring them. */
export const EVERY_EVENT: readonly CampaignEvent[] = [
  { type: 'run.started', lines: 4, contacts },
  { type: 'contact.rejected', listLine: 8, code: 'no_number', reason: 'no number' },
  { type: 'call.started', ...call },
  { type: 'step.finished', ...speech, durationMs: 12.6 },
  { type: 'step.finished', ...call, step: 'script', role: 'llm', durationMs: 0, kept: true },
  {
    type: 'attempt.failed',
    ...speech,
    attempt: 1,
    kind: 'transient',
    scope: 'service',
    code: 'timeout',
    status: 503,
    message: 'no answer',
    durationMs: 15_000,
  },
  { type: 'retry.scheduled', ...speech, retry: 1, delayMs: 5000, code: 'timeout' },
  {
    type: 'fallback.used',
    ...speech,
    service: 'espeak-ng',
    instead: 'flite',
    reason: 'flite is left alone',
  },
  {
    type: 'breaker.opened',
    service: 'flite',
    role: 'tts',
    openMs: 60_000,
    kind: 'transient',
    code: 'timeout',
    message: 'no answer',
  },
  { type: 'breaker.half_open', service: 'flite', role: 'tts' },
  { type: 'breaker.closed', service: 'flite', role: 'tts', outageMs: 125_000 },
  {
    type: 'call.failed',
    ...call,
    step: 'speech',
    service: 'flite',
    kind: 'transient',
    code: 'timeout',
    message: 'no answer',
  },
  {
    type: 'contact.put_off',
    ...call,
    reason: 'flite is left alone',
    delayMs: 60_000,
    waitsFor: ['flite'],
  },
  { type: 'call.finished', ...call, outcome: 'previewed', detail: 'c-017.wav', durationMs: 321 },
  {
    type: 'record.refused',
    ...call,
    step: 'record',
    service: 'csv',
    role: 'crm',
    code: 'unwritable',
    message: 'the row cannot be written',
  },
  { type: 'health.changed', service: 'flite', role: 'tts', health: 'unhealthy', message: 'mute' },
  { type: 'alert.sent', channel: 'email', ...alert },
  {
    type: 'alert.failed',
    channel: 'telegram',
    ...alert,
    kind: 'transient',
    code: 'http_502',
    status: 502,
    message: 'Bad Gateway',
    kept: true,
  },
  { type: 'notice', level: 'info', code: 'test', message: 'for your information' },
  { type: 'run.finished', end: 'outage', contacts, durationMs: 61_000, reason: 'flite is down' },
];
