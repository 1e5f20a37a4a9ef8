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
  for (const event of events) watch.take(event, () => 0);
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

describe('since when a service has done nothing', () => {
  const PLACE = { service: 'twilio', role: 'dialer' } as const;
  const MINUTE_MS = 60_000;

  function watching() {
    const watch = new HealthWatch();
    const take = (atMs: number, event: Parameters<HealthWatch['take']>[0]): void =>
      watch.take(event, () => atMs);
    return { watch, take };
  }

  it('is the beginning of the first request that failed', () => {
    const { watch, take } = watching();
    take(MINUTE_MS, failed({ durationMs: 15_000 }));
    take(2 * MINUTE_MS, failed({ attempt: 2 }));
    expect(watch.failingSince(PLACE, 3 * MINUTE_MS)).toBe(45_000);
  });

  it('is its first bad check, where that came before', () => {
    const { watch, take } = watching();
    watch.checkFailed('twilio', 'dialer', FAULT, 30_000);
    take(MINUTE_MS, failed({ durationMs: 15_000 }));
    expect(watch.failingSince(PLACE, 3 * MINUTE_MS)).toBe(30_000);
  });

  it('begins anew with what got through, and long after a failure of before', () => {
    const { watch, take } = watching();
    const done = { type: 'step.finished', step: 'dial', durationMs: 1, requestMs: 1 } as const;
    const subject = { contact: 'c1', call: 'call-1-1', line: 1 };
    take(MINUTE_MS, failed());
    take(2 * MINUTE_MS, { ...done, ...subject, ...PLACE });
    expect(watch.failingSince(PLACE, 3 * MINUTE_MS)).toBe(3 * MINUTE_MS);
    take(3 * MINUTE_MS, failed({ durationMs: 0 }));
    take(9 * MINUTE_MS, failed({ durationMs: 0 }));
    expect(watch.failingSince(PLACE, 9 * MINUTE_MS)).toBe(9 * MINUTE_MS);
  });
});

describe('a health check that is good all the same', () => {
  const PLACE = { service: 'twilio', role: 'dialer' } as const;

  it('is one since the work began to fail, with no bad one after it', () => {
    const watch = new HealthWatch();
    watch.checkPassed('twilio', 'dialer', 30_000);
    expect(watch.isWell(PLACE, 45_000)).toBe(false);
    watch.checkPassed('twilio', 'dialer', 60_000);
    expect(watch.isWell(PLACE, 45_000)).toBe(true);
    watch.checkFailed('twilio', 'dialer', FAULT, 90_000);
    expect(watch.isWell(PLACE, 45_000)).toBe(false);
  });
});
