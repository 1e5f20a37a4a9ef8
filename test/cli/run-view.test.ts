import { describe, expect, it } from 'vitest';
import { RunView } from '../../src/cli/run-view.ts';
import { NOBODY } from '../../src/domain/event.ts';
import type { GuardStatus } from '../../src/engine/guard.ts';
import { failure } from '../support/failures.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const COUNTED = {
  outcomes: new Map(),
  callsInProgress: 0,
  callMsAverage: undefined,
  alerts: { sent: 0, failed: 0 },
};
const contacts = NOBODY;
const CLOSED: GuardStatus = { state: 'closed', sinceMs: 0, retryAfterMs: 0, cause: undefined };

function view(untilMs?: number) {
  const clock = new VirtualClock();
  const drain = new AbortController();
  const made = new RunView({
    campaign: 'spring',
    policy: { lines: 4, untilMs },
    signals: { drain: drain.signal },
    journal: { counts: () => contacts },
    clock,
  });
  return { clock, drain, made, now: () => made.status(COUNTED) };
}

describe('the phase of a run', () => {
  it('is starting until it has begun, and over at its end, also of one that was stopped', () => {
    const { made, drain, now } = view();
    expect(now().phase).toBe('starting');
    made.take({ type: 'run.started', lines: 4, contacts });
    expect(now().phase).toBe('running');
    drain.abort();
    expect(now().phase).toBe('draining');
    made.take({ type: 'run.finished', end: 'stopped', contacts, durationMs: 1 });
    expect(now().phase).toBe('over');
  });

  it('is draining from the time of day on at which no new contact is taken', async () => {
    const clock = new VirtualClock();
    const { made, now, clock: its } = view(clock.wallMs() + 60_000);
    made.take({ type: 'run.started', lines: 4, contacts });
    expect(now().phase).toBe('running');
    await its.advance(60_000);
    expect(now().phase).toBe('draining');
  });
});

describe('a service', () => {
  const flite = { service: 'flite', role: 'tts' } as const;

  it('is away since its breaker opened, with what the work met as the reason', () => {
    const { made, clock, now } = view();
    const sinceMs = clock.wallMs() - 5_000;
    const cause = failure({ message: 'flite is mute' });
    const status = () => ({ state: 'open', sinceMs, retryAfterMs: 55_000, cause }) as const;
    made.guards = [{ ...flite, status }];
    expect(now().services).toEqual([
      {
        ...flite,
        key: 'flite',
        breaker: 'open',
        health: 'degraded',
        sinceMs,
        reason: 'flite is mute',
        retryAfterMs: 55_000,
      },
    ]);
  });

  it('is away since its check failed, until the check is good again', async () => {
    const { made, clock, now } = view();
    made.guards = [{ ...flite, status: () => CLOSED }];
    const checkedMs = clock.wallMs();
    const message = 'no answer to the check';
    made.take({ type: 'health.changed', ...flite, health: 'unhealthy', message });
    await clock.advance(10_000);
    expect(now().services[0]).toMatchObject({
      health: 'unhealthy',
      breaker: 'closed',
      sinceMs: checkedMs,
      reason: message,
    });
    made.take({ type: 'health.changed', ...flite, health: 'healthy' });
    expect(now().services[0]).toMatchObject({ health: 'healthy', sinceMs: undefined });
  });

  it('is away as long as its connection is, whatever the last check said', async () => {
    const { made, clock, now } = view();
    const asterisk = { service: 'asterisk-ami', role: 'dialer' } as const;
    made.guards = [{ ...asterisk, status: () => CLOSED }];
    const about = { ...asterisk, address: '127.0.0.1:5038', lastedMs: 0, attempt: 1 } as const;
    const changed = (state: 'connecting' | 'connected' | 'disconnected', message?: string) => {
      made.take({ type: 'connection.changed', ...about, state, message });
    };
    changed('connecting');
    expect(now().services[0]?.health).toBe('healthy');
    changed('connected');
    const lostMs = clock.wallMs();
    changed('disconnected', 'it was closed');
    await clock.advance(15_000);
    changed('connecting');
    changed('disconnected', 'connection refused');
    expect(now().services[0]).toMatchObject({
      health: 'unhealthy',
      sinceMs: lostMs,
      reason: 'connection refused',
    });
    changed('connected');
    expect(now().services[0]?.health).toBe('healthy');
  });
});
