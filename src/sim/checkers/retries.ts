/**
 * What is promised of retries: as many as were said, after waits as long as was said, and none
 * where another try could do harm.
 */
import type { RetryPolicy } from '../../domain/retry.ts';
import type { Checker, Promised, Violation } from '../check.ts';
import { meaningOf } from './breakers.ts';
import {
  type Ending,
  type Evidence,
  type Exchange,
  evidenceOf,
  isGuarded,
  questionEndsMs,
  ROUNDING_MS,
  requestLimitMs,
} from './evidence.ts';
import { limitedFrom } from './limits.ts';

type Found = Omit<Violation, 'checker'>;

const REPEATED: ReadonlySet<string> = new Set(['follow', 'find']);

/** The attempts of each go at a piece of work, in their order. */
export function attemptsOf(evidence: Evidence): readonly (readonly Exchange[])[] {
  const worked = evidence.exchanges.filter(
    (one) => isGuarded(one) || REPEATED.has(one.sight.method),
  );
  return [...Map.groupBy(worked, ({ round }) => round).values()];
}

interface Retry {
  readonly before: Exchange & { readonly end: Ending };
  readonly next: Exchange;
  /** Counted from 1. */
  readonly number: number;
  /** When the first attempt of the go began. */
  readonly firstMs: number;
  readonly isLast: boolean;
}

/** Each attempt that follows a failed one. */
export function retriesOf(attempts: readonly Exchange[]): readonly Retry[] {
  let number = 0;
  return attempts.flatMap((next, position) => {
    const before = attempts[position - 1];
    const end = before?.end;
    if (before === undefined || end === undefined || end.type === 'answered') {
      number = 0;
      return [];
    }
    number += 1;
    if (end.type === 'left') return [];
    const firstMs = attempts[0]?.atMs ?? next.atMs;
    const isLast = position === attempts.length - 1;
    return [{ before: { ...before, end }, next, number, firstMs, isLast }];
  });
}

function failureOf({ end }: Retry['before']) {
  return end.type === 'failed' || end.type === 'timed_out' ? end.failure : undefined;
}

function named({ sight }: Exchange): string {
  const { method, service, contact, call } = sight;
  return `${method} at ${service} for ${contact ?? 'nobody'} (${call ?? 'no call'})`;
}

export const NEVER_AGAIN: Checker = {
  name: 'never again',
  promise:
    'What failed for good is not tried again in the same go, and a call that may have been ' +
    'placed is not placed again before its dialer has answered what became of it.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const found: Found[] = [];
    for (const retry of attemptsOf(evidence).flatMap(retriesOf)) {
      if (!isGuarded(retry.next) || failureOf(retry.before)?.kind !== 'permanent') continue;
      const message = `${named(retry.next)} again, after ${failureOf(retry.before)?.code}`;
      found.push({ atMs: retry.next.atMs, message });
    }
    const calls = Map.groupBy(evidence.exchanges, ({ sight }) => sight.call);
    for (const [call, exchanges] of calls) {
      if (call !== undefined) found.push(...placedAgain(exchanges));
    }
    return found;
  },
};

/** Attempts to place one call while an earlier one may have rung. */
function placedAgain(exchanges: readonly Exchange[]): readonly Found[] {
  const places = exchanges.filter(({ sight }) => sight.method === 'place');
  return places.slice(1).flatMap((next, position) => {
    const before = places[position];
    const end = before?.end;
    const isKnown = end?.type === 'failed' && end.failure.kind !== 'unknown';
    if (before === undefined || (isKnown && end.index < next.index)) return [];
    const over = before.answer ?? before.givenUp;
    if (before.life === next.life && (over === undefined || over.index > next.index)) {
      const message = `${named(next)} again: the one at ${before.atMs} ms is still under way`;
      return [{ atMs: next.atMs, message }];
    }
    const answers = exchanges.filter(
      (one) =>
        one.sight.method === 'find' &&
        one.end?.type === 'answered' &&
        one.index > before.index &&
        one.end.index < next.index,
    );
    if (end?.type !== 'answered' && answers.length > 0) return [];
    const how = end?.type ?? 'still under way';
    const message = `${named(next)} again: the one at ${before.atMs} ms ended ${how}`;
    return [{ atMs: next.atMs, message }];
  });
}

interface Bounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The wait before retry `number`, as it was promised. */
export function promisedWait(policy: RetryPolicy, number: number, retryAfterMs = 0): Bounds {
  const { initialDelayMs, backoffFactor, maxDelayMs, jitter } = policy;
  const grownMs = initialDelayMs === 0 ? 0 : initialDelayMs * backoffFactor ** (number - 1);
  const backoffMs = Math.min(grownMs, maxDelayMs);
  return {
    leastMs: Math.max(backoffMs, retryAfterMs),
    mostMs: Math.max(backoffMs * (1 + jitter), retryAfterMs),
  };
}

export const WAITS_AS_PROMISED: Checker = {
  name: 'waits as promised',
  promise: 'Retries are as many and wait as long as the settings say.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const pauses = pausesOf(evidence);
    const limited = limitedFrom(evidence);
    const found: Found[] = [];
    for (const retry of attemptsOf(evidence).flatMap(retriesOf)) {
      const { place, index } = retry.next;
      // It may have to wait for a place, and does so for as long as for a pause.
      const isLimited = (limited.get(place) ?? index) < index;
      const why = isGuarded(retry.next)
        ? misjudged(retry, seen.promised, pauses.get(place) ?? [], isLimited)
        : misasked(retry, seen.promised);
      if (why === undefined) continue;
      const { next, number } = retry;
      found.push({ atMs: next.atMs, message: `${named(next)}, retry ${number}: ${why}` });
    }
    return found;
  },
};

/** A time until when a service asked to be left alone. */
interface Pause {
  readonly index: number;
  readonly untilMs: number;
}

/** "Too many requests" that names no time is a pause of so long. */
export const THROTTLED_MS = 5_000;
/** No service is left alone for longer, whatever it asks. */
export const PAUSE_MS_MAX = 24 * 3_600_000;

/** Every pause asked for, by breaker; some of them may not have been taken. */
export function pausesOf({ exchanges }: Evidence): ReadonlyMap<string, readonly Pause[]> {
  const pauses = new Map<string, Pause[]>();
  for (const exchange of exchanges) {
    const { end, place } = exchange;
    if (!isGuarded(exchange) || end?.type !== 'failed') continue;
    const { failure } = end;
    const least = meaningOf(failure) === 'throttled' ? THROTTLED_MS : 0;
    const forMs = Math.min(PAUSE_MS_MAX, failure.retryAfterMs ?? least);
    if (forMs === 0) continue;
    const list = pauses.get(place) ?? [];
    list.push({ index: end.index, untilMs: end.atMs + forMs });
    pauses.set(place, list);
  }
  return pauses;
}

function misjudged(
  retry: Retry,
  promised: Promised,
  pauses: readonly Pause[],
  isLimited: boolean,
): string | undefined {
  const { before, next, number } = retry;
  const { method, service } = next.sight;
  const policy = promised.policyOf(service).retry;
  const retryAfterMs = failureOf(before)?.retryAfterMs;
  if (number > policy.maxRetries) return `only ${policy.maxRetries} are allowed`;
  if ((retryAfterMs ?? 0) > policy.maxDelayMs) {
    return `it asked for ${retryAfterMs} ms, and nobody waits longer than ${policy.maxDelayMs} ms`;
  }
  const { leastMs, mostMs } = promisedWait(policy, number, retryAfterMs);
  const waitedMs = next.atMs - before.end.atMs;
  if (waitedMs < leastMs - ROUNDING_MS) return `after ${waitedMs} ms, not ${leastMs} ms`;
  const known = pauses.filter(({ index }) => index < next.index);
  const pausedMs = Math.max(0, ...known.map(({ untilMs }) => untilMs - before.end.atMs));
  // Every other line may have its turn before this one's.
  const turns = method === 'place' ? next.life.policy.lines + 1 : 0;
  const turnsMs = (turns * 1_000) / promised.callsPerSecond;
  const latestMs = Math.max(mostMs, pausedMs) + turnsMs + (isLimited ? policy.maxDelayMs : 0);
  return waitedMs > latestMs + ROUNDING_MS * (turns + 1)
    ? `after ${waitedMs} ms, ${latestMs} ms at the latest`
    : undefined;
}

/**
 * Somebody may be on the line: questions about a call are put off for `maxDelayMs` at most, and the
 * last is asked while there is time for its answer.
 */
function misasked(retry: Retry, promised: Promised): string | undefined {
  const { before, next, number, firstMs, isLast } = retry;
  const { service } = next.sight;
  const policy = promised.policyOf(service).retry;
  const { leastMs, mostMs } = promisedWait(policy, number, failureOf(before)?.retryAfterMs);
  const waitedMs = next.atMs - before.end.atMs;
  const isEarly = waitedMs < Math.min(leastMs, policy.maxDelayMs) - ROUNDING_MS;
  const isLate = waitedMs > Math.min(mostMs, policy.maxDelayMs) + ROUNDING_MS;
  if (!isEarly && !isLate) return undefined;
  const leftMs = questionEndsMs(promised, next.sight, firstMs) - before.end.atMs;
  const lastMs = leftMs - Math.min(requestLimitMs(promised, service), leftMs / 2);
  const mayBeLast = isLast && Math.min(mostMs, policy.maxDelayMs) >= leftMs - ROUNDING_MS;
  if (mayBeLast && Math.abs(waitedMs - lastMs) <= ROUNDING_MS) return undefined;
  return `after ${waitedMs} ms, not ${leastMs} to ${mostMs} ms`;
}

export const GIVEN_UP_IN_TIME: Checker = {
  name: 'given up in time',
  promise: 'A request is given up when its time is up, neither earlier nor later.',
  check: (seen) => {
    const { exchanges } = evidenceOf(seen);
    const lastMs = seen.log.at(-1)?.atMs ?? 0;
    return exchanges.filter(isGuarded).flatMap((one) => {
      const limitMs = requestLimitMs(seen.promised, one.sight.service);
      const { life, givenUp, answer, atMs } = one;
      const cut = [life.stopped, life.over].find((mark) => mark !== undefined);
      if (givenUp !== undefined && (cut === undefined || givenUp.index < cut.index)) {
        const afterMs = givenUp.atMs - atMs;
        if (Math.abs(afterMs - limitMs) <= ROUNDING_MS) return [];
        const message = `${named(one)} is given up after ${afterMs} ms, not ${limitMs} ms`;
        return [{ atMs: givenUp.atMs, message }];
      }
      const waitedMs = (answer?.atMs ?? cut?.atMs ?? lastMs) - atMs;
      const isOverdue = givenUp === undefined && waitedMs > limitMs + ROUNDING_MS;
      if (!isOverdue || seen.promised.quirks.deaf > 0) return [];
      return [{ atMs, message: `${named(one)} is waited for ${waitedMs} ms, not ${limitMs} ms` }];
    });
  },
};
