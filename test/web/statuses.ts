import type { RunStatus, ServiceStatus } from '../../src/domain/run-status.ts';

export const NOW_MS = Date.UTC(2026, 2, 2, 9, 30);

export function service(
  name: string,
  role: ServiceStatus['role'],
  more: Partial<ServiceStatus> = {},
): ServiceStatus {
  return {
    key: name,
    service: name,
    role,
    breaker: 'closed',
    health: 'healthy',
    sinceMs: undefined,
    reason: undefined,
    retryAfterMs: 0,
    ...more,
  };
}

/** Away since ten minutes, and asked again in half a minute. */
export const AWAY: Partial<ServiceStatus> = {
  breaker: 'open',
  health: 'degraded',
  sinceMs: NOW_MS - 600_000,
  reason: 'answered 503',
  retryAfterMs: 30_000,
};

export const WELL: readonly ServiceStatus[] = [
  service('openai', 'llm'),
  service('elevenlabs', 'tts'),
  service('openai', 'tts', { key: 'openai (tts)' }),
  service('asterisk-ami', 'dialer'),
  service('csv', 'crm'),
];

export function runStatus(more: Partial<RunStatus> = {}): RunStatus {
  return {
    campaign: 'spring',
    version: '0.1.0',
    phase: 'running',
    nowMs: NOW_MS,
    startedMs: NOW_MS - 3_600_000,
    lines: 4,
    contacts: { total: 1200, done: 300, calling: 3, queued: 890, put_off: 6, uncertain: 1 },
    outcomes: new Map([
      ['answered', 150],
      ['voicemail', 50],
      ['failed', 7],
    ]),
    callsInProgress: 2,
    callMsAverage: 42_000,
    alerts: { sent: 1, failed: 0 },
    services: WELL,
    connections: [
      {
        service: 'asterisk-ami',
        isConnected: true,
        uptimeMs: 61_500,
        reconnections: 2,
        waitMs: 0,
        skippedPolls: 3,
      },
    ],
    ...more,
  };
}
