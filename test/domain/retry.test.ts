import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backoffMs,
  DEFAULT_RETRY,
  decideRetry,
  type FailedAttempt,
  parseRetryAfter,
  type RetryPolicy,
} from '../../src/domain/retry.ts';
import { failure, lost, refused, throttled, unauthorized } from '../support/failures.ts';

const STEADY: RetryPolicy = { ...DEFAULT_RETRY, jitter: 0 };

function tried(details: Partial<FailedAttempt>): FailedAttempt {
  return { failure: failure(), retry: 1, idempotent: true, fraction: 0, ...details };
}

describe('a failure that says how often another try makes sense', () => {
  it.each([
    [0, 3, 0],
    [1, 3, 1],
    [9, 3, 3],
    [undefined, 3, 3],
    [1, 0, 0],
  ])('%s, where the policy allows %i: %i', (retriesMax, maxRetries, expected) => {
    const policy = { ...STEADY, maxRetries };
    const retries = [1, 2, 3, 4, 5].filter(
      (retry) =>
        decideRetry(policy, tried({ retry, failure: failure({ retriesMax }) })).type === 'wait',
    );
    expect(retries).toHaveLength(expected);
  });
});

describe('back-off', () => {
  it('the three waits are 5, 10 and 20 s, with up to a tenth on top', () => {
    const waits = (fraction: number) => [1, 2, 3].map((n) => backoffMs(DEFAULT_RETRY, n, fraction));
    expect(waits(0)).toEqual([5_000, 10_000, 20_000]);
    expect(waits(0.5)).toEqual([5_250, 10_500, 21_000]);
    for (const [index, wait] of waits(0.999_999).entries()) {
      expect(wait).toBeLessThan(5_500 * 2 ** index);
      expect(wait).toBeGreaterThan(5_499 * 2 ** index);
    }
  });

  it('case 46: a wait lies between the plain and the jittered one, capped before', () => {
    const policy = { ...DEFAULT_RETRY, jitter: 0.25 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (retry, fraction) => {
          const base = Math.min(60_000, 5_000 * 2 ** (retry - 1));
          const wait = backoffMs(policy, retry, fraction);
          expect(wait).toBeGreaterThanOrEqual(base);
          expect(wait).toBeLessThanOrEqual(base * 1.25);
          expect(wait).toBe(backoffMs(policy, retry, fraction));
        },
      ),
      { numRuns: 10_000 },
    );
    expect(backoffMs(policy, 2_000, 0.9)).toBe(60_000 * 1.225);
    expect(backoffMs({ ...policy, initialDelayMs: 0 }, 2_000, 0.9)).toBe(0);
  });
});

describe('decision', () => {
  it('waits before each retry that is left, then is exhausted', () => {
    expect(decideRetry(STEADY, tried({ retry: 3 }))).toEqual({ type: 'wait', delayMs: 20_000 });
    expect(decideRetry(STEADY, tried({ retry: 4 }))).toEqual({
      type: 'give_up',
      reason: 'exhausted',
    });
  });

  it('never retries a permanent failure, of the request or of the service', () => {
    for (const permanent of [refused(), unauthorized()]) {
      const decision = decideRetry(STEADY, tried({ failure: permanent }));
      expect(decision).toEqual({ type: 'give_up', reason: 'not_retryable' });
    }
  });

  it('case 52: what may have taken effect is retried only where twice is the same as once', () => {
    const answered = (idempotent: boolean) => {
      return decideRetry(STEADY, tried({ failure: lost(), idempotent }));
    };
    expect(answered(false)).toEqual({ type: 'give_up', reason: 'uncertain' });
    expect(answered(true)).toEqual({ type: 'wait', delayMs: 5_000 });
    for (const proven of [failure({ code: 'ECONNREFUSED' }), throttled()]) {
      const decision = decideRetry(STEADY, tried({ failure: proven, idempotent: false }));
      expect(decision).toEqual({ type: 'wait', delayMs: 5_000 });
    }
  });

  it('case 47: the later of the back-off and Retry-After wins', () => {
    const delay = (retryAfterMs: number) => {
      return decideRetry(STEADY, tried({ failure: failure({ retryAfterMs }) }));
    };
    expect(delay(12_000)).toEqual({ type: 'wait', delayMs: 12_000 });
    expect(delay(2_000)).toEqual({ type: 'wait', delayMs: 5_000 });
  });

  it('case 48: a Retry-After beyond the longest wait is not slept', () => {
    const decide = (retryAfterMs: number) => {
      return decideRetry(STEADY, tried({ failure: throttled(retryAfterMs) }));
    };
    expect(decide(3_600_000)).toEqual({ type: 'give_up', reason: 'retry_after' });
    expect(decide(60_001)).toEqual({ type: 'give_up', reason: 'retry_after' });
    expect(decide(60_000)).toEqual({ type: 'wait', delayMs: 60_000 });
  });
});

describe('Retry-After', () => {
  const wallMs = Date.UTC(2026, 10, 23, 3, 0, 0);

  it.each([
    ['12', 12_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['1.5', 1_500],
    ['Mon, 23 Nov 2026 03:00:30 GMT', 30_000],
    ['Monday, 23-Nov-26 03:01:00 GMT', 60_000],
    ['Mon Nov 23 03:02:00 2026', 120_000],
    ['Tue Dec  1 03:00:00 2026', 8 * 86_400_000],
  ])('case 47: %j asks for %i ms', (value, expected) => {
    expect(parseRetryAfter(value, wallMs)).toBe(expected);
  });

  it.each([
    '-5',
    'abc',
    'abc 1',
    '',
    '1e3',
    '12, 13',
    'Mon, 23 Nov 2026 02:59:59 GMT',
    'Monday, 23-Nov-80 03:01:00 GMT',
    'Mon, 23 Now 2026 03:00:30 GMT',
    '2027-01-01T00:00:00Z',
    undefined,
    null,
  ])('case 47: %j asks for nothing', (value) => {
    expect(parseRetryAfter(value, wallMs)).toBeUndefined();
  });

  it('case 47: a number beyond all bounds is still a number', () => {
    expect(parseRetryAfter('9'.repeat(400), wallMs)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
