/** When health checks that fail are told, by what becomes of the work meanwhile. */
import { describe, expect, it } from 'vitest';
import type { EventOf } from '../../src/domain/event.ts';
import { CHECKS_MAX, CHECKS_MIN, HealthWatch } from '../../src/domain/health-watch.ts';

const FAULT = { kind: 'transient', code: 'timeout', message: 'no answer' } as const;

function failed(over: Partial<EventOf<'attempt.failed'>> = {}): EventOf<'attempt.failed'> {
  return {
    type: 'attempt.failed',
    service: 'twilio',
    role: 'dialer',
    step: 'dial',
    contact: 'c1',
    call: 'call-1-1',
    line: 1,
    attempt: 1,
    scope: 'service',
    durationMs: 15_000,
    ...FAULT,
    ...over,
  };
}

/** At which of its bad checks the dialer is told, and whether as down. */
function toldAt(...events: readonly EventOf<'attempt.failed'>[]) {
  const watch = new HealthWatch();
  for (const event of events) watch.take(event);
  return Array.from({ length: CHECKS_MAX }, (_, index) => index + 1).flatMap((check) => {
    const told = watch.checkFailed('twilio', 'dialer', FAULT, check);
    return told === undefined ? [] : [{ check, isDown: told.isDown }];
  });
}

describe('a dialer whose checks fail', () => {
  it('is told at the second while nothing is asked of it', () => {
    expect(toldAt()).toEqual([{ check: CHECKS_MIN, isDown: false }]);
  });

  it('is left to its breaker while a request is tried again', () => {
    expect(toldAt(failed())).toEqual([{ check: CHECKS_MAX, isDown: true }]);
  });

  it('is told at the second where a call was lost, which no breaker will say', () => {
    expect(toldAt(failed({ kind: 'unknown' }))).toEqual([
      { check: CHECKS_MIN, isDown: false },
      { check: CHECKS_MAX, isDown: true },
    ]);
  });

  it('is left to its breaker where another request is tried again besides', () => {
    const events = [failed({ kind: 'unknown' }), failed(), failed({ kind: 'unknown' })];
    expect(toldAt(...events)).toEqual([{ check: CHECKS_MAX, isDown: true }]);
  });
});
