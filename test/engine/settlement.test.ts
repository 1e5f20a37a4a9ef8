import { describe, expect, it } from 'vitest';
import { JournalFailure, Unavailable } from '../../src/domain/failure.ts';
import { settlementOf } from '../../src/engine/settlement.ts';
import { failure, refused, throttled, unauthorized } from '../support/failures.ts';

const FRESH = { rounds: 0, roundMark: 0 };

describe('what an error means for the contact', () => {
  it('turned away by a breaker: put off until it may be asked again, at no cost', () => {
    const away = new Unavailable(['a', 'b'], 4_000, undefined, 'tts');
    expect(settlementOf(away, FRESH, 7)).toEqual({
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
    expect(settlementOf(refused(), FRESH, 0)).toEqual({
      type: 'outcome',
      outcome: 'failed',
      refusal: expect.objectContaining({ code: 'http_400' }),
      detail,
    });
  });

  it('retries used up, or the service refuses: behind all that are due', () => {
    for (const error of [failure(), unauthorized()]) {
      expect(settlementOf(error, FRESH, 7)).toMatchObject({
        type: 'put_off',
        delayMs: 30_000,
        behind: true,
        rounds: 1,
        roundMark: 7,
      });
    }
  });

  it('a service that asks for more time than a line waits: not before that', () => {
    expect(settlementOf(throttled(3_600_000), FRESH, 0)).toMatchObject({ delayMs: 3_600_000 });
  });

  it('counts a round only when others got through since the last one', () => {
    const once = { rounds: 1, roundMark: 7 };
    expect(settlementOf(failure(), once, 7)).toMatchObject({ rounds: 1, roundMark: 7 });
    expect(settlementOf(failure(), once, 8)).toMatchObject({ rounds: 2, roundMark: 8 });
    const twice = { rounds: 2, roundMark: 8 };
    expect(settlementOf(failure(), twice, 8)).toMatchObject({ type: 'put_off', rounds: 2 });
    expect(settlementOf(failure(), twice, 9)).toMatchObject({ outcome: 'failed' });
  });

  it('anything else is no fault of a service, and comes back as it is', () => {
    for (const error of [new TypeError('a bug'), new JournalFailure('disk full')]) {
      expect(() => settlementOf(error, FRESH, 0)).toThrow(error);
    }
  });
});
