/**
 * What is promised to a service that asks for a pause, and of the outage in every textbook.
 */
import type { BreakerName } from '../../domain/event.ts';
import type { Checker, Promised, Violation } from '../check.ts';
import { isWrittenBefore, meaningOf, perBreaker, type Turn, turnsOf } from './breakers.ts';
import { type Ending, type Exchange, evidenceOf, ROUNDING_MS, toldOf } from './evidence.ts';
import { limitedFrom } from './limits.ts';
import { attemptsOf, PAUSE_MS_MAX, pausesOf, promisedWait, retriesOf } from './retries.ts';

type Found = Omit<Violation, 'checker'>;

export const RETRY_AFTER: Checker = {
  name: 'retry after',
  promise:
    'A service that answers 429 with Retry-After gets nothing before then, from any line, but ' +
    'health checks and questions about calls, and these each minute at most.',
  check: perBreaker((turns, place) => {
    const found: Found[] = [];
    let pause = { sinceMs: 0, untilMs: 0 };
    let movedMs = Number.NEGATIVE_INFINITY;
    const fresh = new Set<Exchange>();
    for (const turn of turns) {
      if (turn.type === 'moved') {
        // What was begun before says nothing any more: the breaker has other reasons by now.
        fresh.clear();
        movedMs = turn.atMs;
      } else if (turn.type === 'over' && turn.how !== 'ended') {
        pause = { sinceMs: 0, untilMs: 0 };
      } else if (turn.type === 'ended') {
        const { end, exchange, atMs } = turn;
        if (!fresh.delete(exchange) || end.type !== 'failed') continue;
        if (meaningOf(end.failure) !== 'throttled') continue;
        const askedMs = Math.min(PAUSE_MS_MAX, end.failure.retryAfterMs ?? 0);
        if (atMs + askedMs > pause.untilMs) pause = { sinceMs: atMs, untilMs: atMs + askedMs };
      } else if (turn.type === 'begun') {
        const { exchange, atMs } = turn;
        if (!isWrittenBefore(exchange, movedMs)) fresh.add(exchange);
        if (atMs >= pause.untilMs - ROUNDING_MS || isWrittenBefore(exchange, pause.sinceMs)) {
          continue;
        }
        const { method, contact } = exchange.sight;
        const message =
          `${method} for ${contact ?? '?'} goes to ${place}, which asked at ${pause.sinceMs} ms ` +
          `to be left alone until ${pause.untilMs} ms`;
        found.push({ atMs, message });
      }
    }
    return found;
  }),
};

export const TEXTBOOK_OUTAGE: Checker = {
  name: 'textbook outage',
  promise:
    'A service that just fails opens its breaker by one call that failed with all its retries, ' +
    'after the promised waits, however many lines there are.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const notices = toldOf(seen.log, 'notice');
    const isSpent = notices.some(({ event }) => event.code === 'retry_budget_used_up');
    const paused = pausesOf(evidence);
    const limited = limitedFrom(evidence);
    const numbers = new Map<Exchange, number>();
    for (const attempts of attemptsOf(evidence)) {
      for (const [position, one] of attempts.entries()) numbers.set(one, position + 1);
    }
    return [...turnsOf(evidence)].flatMap(([place, turns]) => {
      // A service that asks for pauses, or fails too often to be retried, is another story; and so
      // is one that some of the requests wait for, because it gets so many at once only.
      if (isSpent || paused.has(place) || limited.has(place)) return [];
      return openings(turns, seen.promised).flatMap(({ atMs, streak }) => {
        if (numbers.get(streak[0] as Exchange) !== 1) return [];
        const why = unlikeTextbook(streak, seen.promised);
        return why === undefined ? [] : [{ atMs, message: `${place} opens: ${why}` }];
      });
    });
  },
};

interface Opening {
  readonly atMs: number;
  /** The failures in a row that opened it, the last one last. */
  readonly streak: readonly Exchange[];
}

/** Failures in a row by line, since the breaker moved last or the service answered. */
class Streaks {
  readonly #byLine = new Map<number, Exchange[]>();
  /** Lines on which a request failed for reasons of its own. */
  readonly #mixed = new Set<number>();
  readonly #fresh = new Set<Exchange>();
  #last: Exchange | undefined;

  cleared(): void {
    this.#byLine.clear();
    this.#mixed.clear();
  }

  moved(): void {
    this.cleared();
    this.#fresh.clear();
  }

  begun(exchange: Exchange): void {
    this.#fresh.add(exchange);
  }

  ended(exchange: Exchange, end: Ending): void {
    if (!this.#fresh.delete(exchange)) return;
    if (end.type === 'answered') this.cleared();
    if (end.type !== 'failed' && end.type !== 'timed_out') return;
    const { line = 0 } = exchange.sight;
    if (meaningOf(end.failure) !== 'counted') {
      this.#mixed.add(line);
      return;
    }
    this.#byLine.set(line, [...(this.#byLine.get(line) ?? []), exchange]);
    this.#last = exchange;
  }

  /** Those of the line on which the last failure came, if that was just now. */
  at(atMs: number): readonly Exchange[] {
    const line = this.#last?.sight.line ?? 0;
    if (this.#last?.end?.atMs !== atMs || this.#mixed.has(line)) return [];
    return this.#byLine.get(line) ?? [];
  }
}

/** Openings by count, of breakers that were closed. */
function openings(turns: readonly Turn[], promised: Promised): readonly Opening[] {
  const found: Opening[] = [];
  const streaks = new Streaks();
  let state: BreakerName | undefined = 'closed';
  let movedMs = Number.NEGATIVE_INFINITY;
  for (const [position, turn] of turns.entries()) {
    const { atMs } = turn;
    if (turn.type === 'began') {
      state = position === 0 ? 'closed' : undefined;
      streaks.moved();
    } else if (turn.type === 'begun') {
      if (!isWrittenBefore(turn.exchange, movedMs)) streaks.begun(turn.exchange);
    } else if (turn.type === 'ended') {
      streaks.ended(turn.exchange, turn.end);
    } else if (turn.type === 'moved') {
      const streak = streaks.at(atMs);
      const [first] = streak;
      if (turn.to === 'open' && state === 'closed' && first !== undefined) {
        const { failureThreshold } = promised.policyOf(first.sight.service).circuitBreaker;
        const isByCount = streak.length >= failureThreshold;
        if (isByCount) found.push({ atMs, streak: streak.slice(-failureThreshold) });
      }
      state = turn.to;
      movedMs = atMs;
      streaks.moved();
    }
  }
  return found;
}

/** What is wrong with a streak that should be one call's attempts. */
function unlikeTextbook(streak: readonly Exchange[], promised: Promised): string | undefined {
  const first = streak[0] as Exchange;
  const { service, line, method } = first.sight;
  const { retry, circuitBreaker } = promised.policyOf(service);
  if (circuitBreaker.failureThreshold > retry.maxRetries + 1) return undefined;
  // Of a call that may have been placed there is no second attempt.
  const isUnknown = ({ end }: Exchange): boolean =>
    (end?.type === 'failed' || end?.type === 'timed_out') && end.failure.kind === 'unknown';
  if (streak.some(isUnknown)) return undefined;
  const others = streak.filter(({ round }) => round !== first.round);
  if (others.length > 0) {
    const names = streak.map(({ sight }) => `${sight.call ?? '?'} ${sight.method}`).join(', ');
    return `the failures in a row on line ${line ?? 0} are not of one call: ${names}`;
  }
  if (method === 'place') return undefined; // The pace comes in between; see the waits' checker.
  for (const { before, next, number } of retriesOf(streak)) {
    const { leastMs, mostMs } = promisedWait(retry, number);
    const waitedMs = next.atMs - before.end.atMs;
    if (waitedMs >= leastMs - ROUNDING_MS && waitedMs <= mostMs + ROUNDING_MS) continue;
    return `wait ${number} was ${waitedMs} ms, not ${leastMs} to ${mostMs} ms`;
  }
  return undefined;
}
