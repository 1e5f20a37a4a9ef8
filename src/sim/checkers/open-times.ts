/**
 * What is promised of how long a breaker stays open: twice as long each time a trial fails, up to
 * a cap, and shorter where probes show that the service is back.
 */
import type { BreakerName } from '../../domain/event.ts';
import type { Checker, Promised, Violation } from '../check.ts';
import { OPEN_TIMES_MAX } from './away.ts';
import { type Turn, turnsOf } from './breakers.ts';
import { type Exchange, evidenceOf, type Mark, ROUNDING_MS } from './evidence.ts';
import { pausesOf } from './retries.ts';

type Found = Omit<Violation, 'checker'>;
type Pauses = readonly { readonly index: number; readonly untilMs: number }[];

export const DOUBLES_OPEN_TIME: Checker = {
  name: 'doubles open time',
  promise:
    'A breaker is open for the recovery time, twice as long after each trial that fails, up to ' +
    'eight times; what a service asks for comes before that.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const paused = pausesOf(evidence);
    return [...turnsOf(evidence)].flatMap(([place, turns]) => {
      const service = place.slice(0, place.indexOf(' '));
      const { recoveryTimeoutMs } = seen.promised.policyOf(service).circuitBreaker;
      return misopened(turns, recoveryTimeoutMs, paused.get(place) ?? []).map((found) => {
        return { ...found, message: `the breaker of ${place} ${found.message}` };
      });
    });
  },
};

/** How often the open time was doubled; a range where it cannot be told. */
interface Doublings {
  readonly least: number;
  readonly most: number;
}

const ANY: Doublings = { least: 0, most: Number.POSITIVE_INFINITY };

function misopened(turns: readonly Turn[], recoveryMs: number, pauses: Pauses): readonly Found[] {
  const found: Found[] = [];
  let state: BreakerName | undefined = 'closed';
  let doublings: Doublings = { least: 0, most: 0 };
  let closedMs = 0;
  let failedMs: number | undefined;
  for (const turn of turns) {
    const { atMs } = turn;
    if (turn.type === 'over' && turn.how !== 'ended') {
      // Its state goes with the next commit, which a kill may have come before.
      state = undefined;
      doublings = ANY;
    } else if (turn.type === 'ended' && state === 'closed' && isFailure(turn.end)) {
      failedMs ??= atMs;
    } else if (turn.type === 'moved' && turn.to === 'closed') {
      closedMs = atMs;
      failedMs = undefined;
      state = 'closed';
    } else if (turn.type === 'moved' && turn.to === 'open') {
      doublings = afterOpening(doublings, state, { atMs, closedMs, failedMs, recoveryMs });
      const asked = pauses.filter(({ index }) => index < turn.index);
      const pauseMs = Math.max(0, ...asked.map(({ untilMs }) => untilMs - atMs));
      const leastMs = openMs(recoveryMs, doublings.least);
      const mostMs = Math.max(openMs(recoveryMs, doublings.most), pauseMs);
      const isShort = turn.openMs < leastMs - ROUNDING_MS && !isLapse(turns, turn);
      if (isShort || turn.openMs > mostMs + ROUNDING_MS) {
        const message = `is open for ${turn.openMs} ms, not for ${leastMs} to ${mostMs} ms`;
        found.push({ atMs, message });
      }
      state = 'open';
    } else if (turn.type === 'moved') {
      state = turn.to;
    }
  }
  return found;
}

function isFailure(end: Exchange['end']): boolean {
  return (end?.type === 'failed' || end?.type === 'timed_out') && end.failure.scope === 'service';
}

function openMs(recoveryMs: number, doublings: number): number {
  return recoveryMs * Math.min(OPEN_TIMES_MAX, 2 ** doublings);
}

interface Streak {
  readonly atMs: number;
  readonly closedMs: number;
  /** The first failure since it closed. */
  readonly failedMs: number | undefined;
  readonly recoveryMs: number;
}

/** Doublings are forgotten after one recovery time in good health. */
function afterOpening(
  { least, most }: Doublings,
  state: BreakerName | undefined,
  { atMs, closedMs, failedMs = atMs, recoveryMs }: Streak,
): Doublings {
  if (state === undefined) return ANY;
  if (state !== 'closed') return { least: least + 1, most: most + 1 };
  if (failedMs - closedMs >= recoveryMs) return { least: 0, most: 0 };
  // At the first opening of all nothing was doubled.
  const kept = closedMs === 0 ? { least: 0, most: 0 } : { least: least + 1, most: most + 1 };
  return atMs - closedMs < recoveryMs ? kept : { least: 0, most: kept.most };
}

/** A trial that never came back opens it as of the moment its time was up, and is noticed later. */
function isLapse(turns: readonly Turn[], { index, atMs }: Turn): boolean {
  // Noticed with the answer that comes too late, it may be a good one.
  return !turns.some(
    (one) =>
      one.type === 'ended' &&
      isFailure(one.end) &&
      one.index < index &&
      one.atMs >= atMs - ROUNDING_MS,
  );
}

export const BACK_BY_PROBES: Checker = {
  name: 'back by probes',
  promise:
    'Two good probes in a row move an open breaker to half open at once, where one has failed ' +
    'during the outage.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const paused = pausesOf(evidence);
    const probes = Map.groupBy(
      evidence.exchanges.filter(({ sight }) => sight.method === 'probe'),
      ({ place }) => place,
    );
    return [...turnsOf(evidence)].flatMap(([place, turns]) => {
      return openSpans(turns).flatMap((span) => {
        const its = (probes.get(place) ?? []).filter((one) => isWithin(one, span));
        const second = secondGood(its, span, seen.promised);
        if (second === undefined || second.atMs > span.endMs - ROUNDING_MS) return [];
        const isPaused = paused.get(place)?.some(({ untilMs }) => untilMs > span.outageMs) ?? false;
        if (isPaused) return [];
        const message = `${place} stays open after two good probes at ${second.atMs} ms`;
        return [{ atMs: second.atMs, message }];
      });
    });
  },
};

interface Span {
  readonly run: number;
  /** When the outage began, and this opening. */
  readonly outageMs: number;
  readonly openedMs: number;
  /** When it moved on, its time was up, or nobody probed it any more. */
  readonly endMs: number;
}

/** Times during which a breaker is open, of outages that began in the same life. */
function openSpans(turns: readonly Turn[]): readonly Span[] {
  const spans: Span[] = [];
  let outageMs: number | undefined;
  for (const [position, turn] of turns.entries()) {
    if (turn.type === 'began') outageMs = undefined;
    if (turn.type !== 'moved') continue;
    if (turn.to === 'closed') outageMs = undefined;
    if (turn.to !== 'open') continue;
    const before = turns.slice(0, position).findLast(({ type }) => type !== 'begun');
    const isFirst = before !== undefined && !wasHalfOpen(turns, position);
    if (isFirst) outageMs = turn.atMs;
    if (outageMs === undefined) continue;
    const next = turns
      .slice(position + 1)
      .find((one) => one.type === 'moved' || one.type === 'over');
    const { finished } = turn.life;
    const endMs = Math.min(
      next?.atMs ?? 0,
      turn.atMs + turn.openMs,
      finished?.atMs ?? Number.POSITIVE_INFINITY,
    );
    spans.push({ run: turn.life.run, outageMs, openedMs: turn.atMs, endMs });
  }
  return spans;
}

function wasHalfOpen(turns: readonly Turn[], position: number): boolean {
  const before = turns.slice(0, position).findLast(({ type }) => type === 'moved');
  return before?.type === 'moved' && before.to !== 'closed';
}

function isWithin({ life, atMs, answer, givenUp }: Exchange, span: Span): boolean {
  const over = answer ?? givenUp;
  return (
    life.run === span.run && over !== undefined && atMs >= span.outageMs && over.atMs <= span.endMs
  );
}

/** The second good one in a row since it opened, if one has failed since the outage began. */
function secondGood(
  probes: readonly Exchange[],
  { openedMs }: Span,
  { healthCheck }: Promised,
): Mark | undefined {
  let hasFailed = false;
  let good = 0;
  for (const { answer, atMs } of probes) {
    // A probe that is out of time is bad, though its answer may still come.
    const isInTime = answer !== undefined && answer.atMs - atMs < healthCheck.timeoutMs;
    const isGood = isInTime && answer.failure === undefined;
    hasFailed ||= !isGood;
    if (!isGood) good = 0;
    else if (atMs >= openedMs) good += 1;
    if (good >= 2 && hasFailed && answer !== undefined) return answer;
  }
  return undefined;
}
