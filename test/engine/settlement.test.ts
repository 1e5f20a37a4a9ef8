import { describe, expect, it } from 'vitest';
import { JournalFailure, ServiceFailure, Unavailable } from '../../src/domain/failure.ts';
import { lastMax, type Others, settlementOf } from '../../src/engine/settlement.ts';
import { failure, refused, throttled, unauthorized } from '../support/failures.ts';

const FRESH = { rounds: 0 };

/** The service that failed has served nobody else since. */
const NOBODY: Others = { haveGoneThrough: false, areLast: false };
const SOME: Others = { ...NOBODY, haveGoneThrough: true };

/** What is thrown where every service of the chain refuses the request. */
function refusedByAll(): ServiceFailure {
  const about = { kind: 'transient', scope: 'request', code: 'flagged', retriesMax: 0 } as const;
  const all = new ServiceFailure('a answered 400: flagged; b answered 400: flagged', about);
  all.refusedBy = ['a', 'b'];
  return all;
}

describe('what an error means for the contact', () => {
  it('turned away by a breaker: put off until it may be asked again, at no cost', () => {
    const away = new Unavailable(['a', 'b'], 4_000, undefined, 'tts');
    expect(settlementOf(away, FRESH, SOME)).toEqual({
      type: 'put_off',
      delayMs: 4_000,
      reason: 'waits for a, b',
      behind: false,
      recall: true,
      waitsFor: ['a', 'b'],
      awaits: ['a', 'b'].map((service) => ({ role: 'tts', service })),
      rounds: 0,
    });
  });

  it('its own data: the outcome is failed, with the reason', () => {
    const detail = refused().message;
    expect(settlementOf(refused(), FRESH, NOBODY)).toEqual({
      type: 'outcome',
      outcome: 'failed',
      refusal: expect.objectContaining({ code: 'http_400' }),
      detail,
    });
  });

  it('retries used up, or the service refuses: behind all that are due', () => {
    for (const error of [failure(), unauthorized()]) {
      expect(settlementOf(error, FRESH, NOBODY)).toMatchObject({
        type: 'put_off',
        delayMs: 30_000,
        behind: true,
        rounds: 1,
      });
    }
  });

  it('a service that asks for more time than a line waits: not before that', () => {
    expect(settlementOf(throttled(3_600_000), FRESH, NOBODY)).toMatchObject({
      delayMs: 3_600_000,
    });
  });

  it.each([Date.UTC(9999, 11, 31), Number.MAX_SAFE_INTEGER])(
    'a service that asks for years is left alone for a day (%i)',
    (retryAfterMs) => {
      const put = settlementOf(throttled(retryAfterMs), FRESH, NOBODY);
      expect(put).toMatchObject({ type: 'put_off', delayMs: 24 * 3_600_000 });
    },
  );

  it('counts a round only when others got through since the last one', () => {
    const once = { rounds: 1 };
    expect(settlementOf(failure(), once, NOBODY)).toMatchObject({ rounds: 1 });
    expect(settlementOf(failure(), once, SOME)).toMatchObject({ rounds: 2 });
    const twice = { rounds: 2 };
    expect(settlementOf(failure(), twice, NOBODY)).toMatchObject({ type: 'put_off', rounds: 2 });
    expect(settlementOf(failure(), twice, SOME)).toMatchObject({ outcome: 'failed' });
  });

  it('another call of ours is in the way: no round, however often', () => {
    const about = { kind: 'transient', scope: 'request', code: 'number_in_use' } as const;
    const inTheWay = new ServiceFailure('in doubt', { ...about, isInTheWay: true });
    for (const rounds of [0, 2]) {
      const put = settlementOf(inTheWay, { rounds }, SOME);
      expect(put).toMatchObject({ type: 'put_off', rounds, delayMs: 30_000 });
      expect(settlementOf(inTheWay.asking(60_000), { rounds }, SOME)).toMatchObject({ rounds });
    }
  });

  it('refused by all services, and among the last of the list: failed after three times', () => {
    const last = { ...NOBODY, areLast: true };
    const once = settlementOf(refusedByAll(), FRESH, last);
    expect(once).toMatchObject({ type: 'put_off', rounds: 1, delayMs: 30_000 });
    const twice = settlementOf(refusedByAll(), { rounds: 1 }, last);
    expect(twice).toMatchObject({ type: 'put_off', rounds: 2 });
    expect(settlementOf(refusedByAll(), { rounds: 2 }, last)).toEqual({
      type: 'outcome',
      outcome: 'failed',
      detail: 'refused 3 times: a answered 400: flagged; b answered 400: flagged',
    });
  });

  it('the last of a list are three, or few beside what was done', () => {
    expect([0, 1, 29, 40, 5_000].map(lastMax)).toEqual([3, 3, 3, 4, 500]);
  });

  it('refused as everybody else is, while many are left: it may be the settings', () => {
    const put = settlementOf(refusedByAll(), { rounds: 2 }, NOBODY);
    // What is asked meanwhile is paid for, and no breaker holds it back.
    expect(put).toMatchObject({ type: 'put_off', rounds: 2, delayMs: 300_000 });
  });

  it('down, and among the last of the list: waits for the service', () => {
    const last = { ...NOBODY, areLast: true };
    const put = settlementOf(failure(), { rounds: 2 }, last);
    expect(put).toMatchObject({ type: 'put_off', rounds: 2 });
  });

  it('anything else is no fault of a service, and comes back as it is', () => {
    for (const error of [new TypeError('a bug'), new JournalFailure('disk full')]) {
      expect(() => settlementOf(error, FRESH, NOBODY)).toThrow(error);
    }
  });
});
