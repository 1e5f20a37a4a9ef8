import { describe, expect, it } from 'vitest';
import { answerRate } from '../../src/domain/run-status.ts';
import {
  apiHealthAnswer,
  connectionName,
  healthAnswer,
  readyAnswer,
} from '../../src/web/documents.ts';
import { AWAY, runStatus, service, WELL } from './statuses.ts';

const WITHOUT_ELEVENLABS = WELL.map((one) =>
  one.service === 'elevenlabs' ? { ...one, ...AWAY } : one,
);

describe('/health', () => {
  it('is healthy while everything that the run uses is there', () => {
    expect(healthAnswer(runStatus())).toEqual({
      code: 200,
      body: {
        status: 'healthy',
        campaign: 'spring',
        phase: 'running',
        dependencies: {
          openai: 'connected',
          elevenlabs: 'connected',
          'openai (tts)': 'connected',
          'asterisk-ami': 'connected',
          csv: 'connected',
        },
      },
    });
  });

  it('is unhealthy as soon as one is not, and says which, since when and why', () => {
    const { code, body } = healthAnswer(runStatus({ services: WITHOUT_ELEVENLABS }));
    expect(code).toBe(503);
    expect(body).toMatchObject({ status: 'unhealthy', dependencies: { elevenlabs: 'degraded' } });
    expect(body['problems']).toEqual({
      elevenlabs: {
        role: 'tts',
        breaker: 'open',
        since: '2026-03-02T09:20:00.000Z',
        reason: 'answered 503',
        retry_after_ms: 30_000,
      },
    });
  });

  it('calls disconnected whose check fails, and masks numbers in the reason', () => {
    const reason = 'no route to +14155550134';
    const ill = service('twilio', 'dialer', { health: 'unhealthy', reason, sinceMs: 0 });
    const text = JSON.stringify(healthAnswer(runStatus({ services: [ill] })).body);
    expect(text).toContain('"twilio":"disconnected"');
    expect(text).toContain('+1 415 *** **34');
    expect(text).not.toContain('5550134');
  });

  it('claims nothing before the services are there', () => {
    const { code, body } = healthAnswer(runStatus({ phase: 'starting', services: [] }));
    expect([code, body['status']]).toEqual([503, 'starting']);
  });
});

describe('/api/health', () => {
  it('has a flag per service, named without the brand of the exchange', () => {
    expect(apiHealthAnswer(runStatus())).toEqual({
      code: 200,
      body: {
        status: 'ok',
        timestamp: '2026-03-02T09:30:00.000Z',
        openai_connected: true,
        elevenlabs_connected: true,
        openai_tts_connected: true,
        ami_connected: true,
        csv_connected: true,
      },
    });
  });

  it.each([
    ['asterisk-ami', 'ami'],
    ['asterisk-ari', 'ari'],
    ['espeak-ng', 'espeak_ng'],
    ['openai (tts)', 'openai_tts'],
  ])('%s is %s', (key, name) => {
    expect(connectionName(key)).toBe(name);
  });

  it('is degraded while another stands in, and an error when nobody does the work', () => {
    const one = apiHealthAnswer(runStatus({ services: WITHOUT_ELEVENLABS }));
    expect(one).toMatchObject({ code: 200, body: { status: 'degraded' } });
    expect(one.body).toMatchObject({ elevenlabs_connected: false, openai_tts_connected: true });
    const all = WELL.map((each) => (each.role === 'tts' ? { ...each, ...AWAY } : each));
    expect(apiHealthAnswer(runStatus({ services: all })).body).toMatchObject({ status: 'error' });
  });
});

describe('/ready', () => {
  it.each([
    ['starting', 503, 'starting'],
    ['running', 200, 'ready'],
    ['draining', 503, 'draining'],
    ['over', 503, 'over'],
  ] as const)('%s: %i %s', (phase, code, status) => {
    expect(readyAnswer(runStatus({ phase }))).toEqual({ code, body: { status } });
  });
});

describe('the answer rate', () => {
  it('is of the calls whose end is known, and of nothing where there is none', () => {
    expect(answerRate(runStatus().outcomes)).toBe(0.75);
    expect(answerRate(new Map([['failed', 3]]))).toBeUndefined();
    expect(answerRate(new Map([['busy', 3]]))).toBe(0);
  });
});
