import type { ServiceFailure } from './failure.ts';

/**
 * When a failed attempt is tried again, and after how long.
 */
export interface RetryPolicy {
  /** Wait before the first retry. */
  readonly initialDelayMs: number;
  /** Each wait is this many times the one before. */
  readonly backoffFactor: number;
  /** Retries, the first try not counted. */
  readonly maxRetries: number;
  /** No back-off is longer (jitter comes on top), and no `Retry-After` is waited for beyond it. */
  readonly maxDelayMs: number;
  /** Largest share added to a wait at random, so that lines do not come back together. */
  readonly jitter: number;
}

/** Waits of 5, 10 and 20 s: long enough for a restart, short enough for one call. */
export const DEFAULT_RETRY: RetryPolicy = {
  initialDelayMs: 5_000,
  backoffFactor: 2,
  maxRetries: 3,
  maxDelayMs: 60_000,
  jitter: 0.1,
};

export type RetryDecision =
  | { readonly type: 'wait'; readonly delayMs: number }
  | { readonly type: 'give_up'; readonly reason: GiveUpReason };

/**
 * `not_retryable`: another try would fail the same way. `uncertain`: it may have taken effect and
 * must not be done twice. `exhausted`: no retry is left. `retry_after`: the service asks for a
 * longer wait than `maxDelayMs`; the failure says how long.
 */
export type GiveUpReason = 'not_retryable' | 'uncertain' | 'exhausted' | 'retry_after';

export interface FailedAttempt {
  readonly failure: ServiceFailure;
  /** Which retry would come next, counted from 1. */
  readonly retry: number;
  /** Doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** Uniform in [0, 1). */
  readonly fraction: number;
}

/**
 * The wait before retry `retry` (counted from 1), in milliseconds. The cap comes before the
 * jitter, so that capped waits are spread too.
 */
export function backoffMs(policy: RetryPolicy, retry: number, fraction: number): number {
  const growth = policy.backoffFactor ** (retry - 1);
  // Infinity times nothing is no number; a wait of nothing stays nothing.
  const grown = policy.initialDelayMs === 0 ? 0 : policy.initialDelayMs * growth;
  return Math.min(grown, policy.maxDelayMs) * (1 + policy.jitter * fraction);
}

/** The later of the back-off and what the service asked for. */
export function retryDelayMs(policy: RetryPolicy, attempt: FailedAttempt): number {
  const backoff = backoffMs(policy, attempt.retry, attempt.fraction);
  return Math.max(backoff, attempt.failure.retryAfterMs ?? 0);
}

/** Why another try of the same makes no sense, however many are left; undefined where it does. */
export function refusesRetry(
  failure: ServiceFailure,
  idempotent: boolean,
): 'not_retryable' | 'uncertain' | undefined {
  if (failure.kind === 'permanent') return 'not_retryable';
  if (failure.kind === 'unknown' && !idempotent) return 'uncertain';
  return undefined;
}

export function decideRetry(policy: RetryPolicy, attempt: FailedAttempt): RetryDecision {
  const refusal = refusesRetry(attempt.failure, attempt.idempotent);
  if (refusal !== undefined) return { type: 'give_up', reason: refusal };
  const retriesMax = Math.min(policy.maxRetries, attempt.failure.retriesMax ?? Infinity);
  if (attempt.retry > retriesMax) return { type: 'give_up', reason: 'exhausted' };
  if ((attempt.failure.retryAfterMs ?? 0) > policy.maxDelayMs) {
    return { type: 'give_up', reason: 'retry_after' };
  }
  return { type: 'wait', delayMs: retryDelayMs(policy, attempt) };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 9110, 5.6.7: the form in use, and the two that readers must still take. */
const IMF_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const RFC850_DATE = /^[A-Z][a-z]+, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/**
 * What a `Retry-After` header asks for, in milliseconds from `wallMs` (milliseconds since the
 * epoch); undefined where it asks for nothing that can be followed: no header, no number, no date,
 * a negative number, a date that has passed.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  wallMs: number,
): number | undefined {
  const text = value?.trim() ?? '';
  // Whole seconds by the book; some vendors send a fraction.
  if (/^\d+(\.\d+)?$/.test(text)) {
    return Math.min(Math.ceil(Number(text) * 1_000), Number.MAX_SAFE_INTEGER);
  }
  const dateMs = parseDate(text, wallMs);
  return dateMs === undefined || dateMs < wallMs ? undefined : dateMs - wallMs;
}

/** `Date.parse` takes far too much: `abc 1` is a day in 2001 to it. */
function parseDate(text: string, wallMs: number): number | undefined {
  const imf = IMF_DATE.exec(text);
  if (imf !== null) return utcMs(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6]);
  const asctime = ASCTIME_DATE.exec(text);
  if (asctime !== null) {
    return utcMs(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5]);
  }
  const rfc850 = RFC850_DATE.exec(text);
  if (rfc850 === null) return undefined;
  // Two digits mean the nearest such year that is at most fifty years ahead.
  const thisYear = new Date(wallMs).getUTCFullYear();
  const inThisCentury = thisYear - (thisYear % 100) + Number(rfc850[3]);
  const year = inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury;
  return utcMs(String(year), rfc850[2], rfc850[1], rfc850[4], rfc850[5], rfc850[6]);
}

function utcMs(
  year = '',
  month = '',
  day = '',
  hour = '',
  minute = '',
  second = '',
): number | undefined {
  const monthIndex = MONTHS.indexOf(month);
  if (monthIndex < 0) return undefined;
  return Date.UTC(
    Number(year),
    monthIndex,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}
