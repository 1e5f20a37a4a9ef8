import { describe, expect, it } from 'vitest';
import { JournalFailure, type ServiceFailure, Unavailable } from '../../src/domain/failure.ts';
import { type Others, settlementOf } from '../../src/engine/settlement.ts';
import { failure, refused, throttled, unauthorized } from '../support/failures.ts';

const FRESH = { rounds: 0, roundMark: 0 };

const after = (through: number, over: Partial<Others> = {}): Others => ({
  through,
  haveBeenServed: false,
  areDone: false,
  ...over,
});

/** As the chain says it where every service refused. */
function refusedByAll(over: Partial<ServiceFailure> = {}): ServiceFailure {
  const one = failure({ status: 400, code: 'http_400', retriesMax: 0, ...over });
  one.refusedBy = ['a'];
  return one;
}

describe('what an error means for the contact', () => {
  it('turned away by a breaker: put off until it may be asked again, at no cost', () => {
    const away = new Unavailable(['a', 'b'], 4_000, undefined, 'tts');
    expect(settlementOf(away, FRESH, after(7))).toEqual({
      type: 'put_off',
      delayMs: 4_000,
      reason: 'waits for a, b',
      behind: false,
      recall: true,
      waitsFor: ['a', 'b'],
      roles: ['tts'],
      rounds: 0,
      roundMark: 0,
    });
  });

  it('its own data: the outcome is failed, with the reason', () => {
    const detail = refused().message;
    expect(settlementOf(refused(), FRESH, after(0))).toEqual({
      type: 'outcome',
      outcome: 'failed',
      refusal: expect.objectContaining({ code: 'http_400' }),
      detail,
    });
  });

  it('retries used up, or the service refuses: behind all that are due', () => {
    for (const error of [failure(), unauthorized()]) {
      expect(settlementOf(error, FRESH, after(7))).toMatchObject({
        type: 'put_off',
        delayMs: 30_000,
        behind: true,
        rounds: 1,
        roundMark: 7,
      });
    }
  });

  it('a service that asks for more time than a line waits: not before that', () => {
    expect(settlementOf(throttled(3_600_000), FRESH, after(0))).toMatchObject({
      delayMs: 3_600_000,
    });
  });

  it('counts a round only when others got through since the last one', () => {
    const once = { rounds: 1, roundMark: 7 };
    expect(settlementOf(failure(), once, after(7))).toMatchObject({ rounds: 1, roundMark: 7 });
    expect(settlementOf(failure(), once, after(8))).toMatchObject({ rounds: 2, roundMark: 8 });
    const twice = { rounds: 2, roundMark: 8 };
    expect(settlementOf(failure(), twice, after(8))).toMatchObject({ type: 'put_off', rounds: 2 });
    expect(settlementOf(failure(), twice, after(9))).toMatchObject({ outcome: 'failed' });
  });

  it.each([
    ['others were served by it in this run', { haveBeenServed: true }],
    ['nobody else is left', { areDone: true }],
  ])('refused by all, where %s: three rounds, whoever went through', (_why, others) => {
    for (const scope of ['service', 'request'] as const) {
      const error = refusedByAll({ scope });
      const once = settlementOf(error, FRESH, after(7, others));
      expect(once).toMatchObject({ type: 'put_off', delayMs: 30_000, behind: true, rounds: 1 });
      const [second, third] = [1, 2].map((rounds) =>
        settlementOf(error, { rounds, roundMark: 7 }, after(7, others)),
      );
      expect(second).toMatchObject({ type: 'put_off', rounds: 2 });
      expect(third).toMatchObject({
        type: 'outcome',
        outcome: 'failed',
        detail: `refused 3 times: ${error.message}`,
      });
    }
  });

  it('refused by all, with others left and nobody served: it may be the settings', () => {
    const twice = { rounds: 2, roundMark: 7 };
    expect(settlementOf(refusedByAll(), twice, after(7))).toMatchObject({
      type: 'put_off',
      rounds: 2,
    });
  });

  it('a service that is down is waited for, also with the last contact', () => {
    const twice = { rounds: 2, roundMark: 7 };
    const others = { haveBeenServed: true, areDone: true };
    for (const error of [failure(), failure({ status: 400, retriesMax: 0 })]) {
      expect(settlementOf(error, twice, after(7, others))).toMatchObject({ rounds: 2 });
    }
  });

  it('anything else is no fault of a service, and comes back as it is', () => {
    for (const error of [new TypeError('a bug'), new JournalFailure('disk full')]) {
      expect(() => settlementOf(error, FRESH, after(0))).toThrow(error);
    }
  });
});
