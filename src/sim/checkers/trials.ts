/**
 * What is promised of a half-open breaker: what it lets through decides, and nothing else.
 */
import type { Checker, Promised, Seen, Violation } from '../check.ts';
import { OPEN_TIMES_MAX } from './away.ts';
import { perBreaker, type Turn, turnsOf } from './breakers.ts';
import { type Exchange, evidenceOf, type Mark, ROUNDING_MS } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const TRIALS_DECIDE: Checker = {
  name: 'trials decide',
  promise:
    'A half-open breaker closes at the first good answer to a request that it let through to try ' +
    'the service, and opens at the first bad one, or when one is lost: what was begun before ' +
    'says nothing.',
  check: perBreaker((turns, place, promised) => {
    const found: Found[] = [];
    let half: Mark | undefined;
    for (const [position, turn] of turns.entries()) {
      const { atMs } = turn;
      if (turn.type === 'over' && turn.how !== 'ended') half = undefined;
      if (turn.type === 'moved') {
        if (half !== undefined && !isDecided(turns, position, half, promised)) {
          found.push({ atMs, message: `${place} is ${turn.to}, and no trial says so` });
        }
        half = turn.to === 'half_open' ? turn : undefined;
      } else if (turn.type === 'ended' && half !== undefined) {
        const { exchange, end } = turn;
        if (end.type !== 'answered' || exchange.index < half.index) continue;
        if (isLost(exchange, atMs, promised) || movesNow(turns, position)) continue;
        found.push({ atMs, message: `${place} stays half open, though a trial went well` });
      }
    }
    return found;
  }),
};

/** Whether a trial ended so at this very moment, or had not come back when its time was up. */
function isDecided(
  turns: readonly Turn[],
  position: number,
  half: Mark,
  promised: Promised,
): boolean {
  const moved = turns[position];
  if (moved?.type !== 'moved') return false;
  return turns.slice(0, position).some((turn) => {
    if (turn.type !== 'begun' && turn.type !== 'ended') return false;
    const { exchange } = turn;
    if (exchange.index < half.index) return false;
    if (moved.to === 'open' && isLost(exchange, moved.atMs, promised)) return true;
    if (turn.type === 'begun' || turn.atMs < moved.atMs - ROUNDING_MS) return false;
    return (turn.end.type === 'answered') === (moved.to === 'closed');
  });
}

/** Whoever takes as long as that may be given up for lost. */
function isLost({ sight, atMs }: Exchange, nowMs: number, promised: Promised): boolean {
  return nowMs - atMs >= leaseMs(promised, sight.service) - ROUNDING_MS;
}

/** Beyond its time limit, until a half-open request counts as lost. */
const LEASE_SLACK_MS = 5_000;

/** How long a permit lasts: without a time limit, as long as a breaker is open at most. */
function leaseMs(promised: Promised, service: string): number {
  const { timeouts, circuitBreaker } = promised.policyOf(service);
  if (timeouts.requestMs > 0) return timeouts.requestMs + LEASE_SLACK_MS;
  return OPEN_TIMES_MAX * circuitBreaker.recoveryTimeoutMs;
}

/** It moves at the same moment, or the life is over then. */
function movesNow(turns: readonly Turn[], position: number): boolean {
  const atMs = turns[position]?.atMs ?? 0;
  for (let at = position + 1; at < turns.length; at += 1) {
    const turn = turns[at];
    if (turn === undefined || turn.atMs > atMs + ROUNDING_MS) return false;
    if (turn.type === 'moved' || turn.type === 'over') return true;
  }
  return false;
}

export const LOST_TRIALS_LAPSE: Checker = {
  name: 'lost trials lapse',
  promise:
    'A request that is to try a half-open service and does not come back counts as lost when its ' +
    'time is up, so that others try next; at that moment, where a line is free.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const { quirks, money } = seen.promised;
    // When a deaf question was given up cannot be seen, nor that a budget has ended a run.
    if (quirks.deaf > 0 || money !== undefined) return [];
    return [...turnsOf(evidence)].flatMap(([place, turns]) => {
      return trialsOf(turns).flatMap(({ exchange, until }): readonly Found[] => {
        const lapseMs = exchange.atMs + leaseMs(seen.promised, exchange.sight.service);
        const overMs = Math.min(exchange.end?.atMs ?? Infinity, until?.atMs ?? Infinity);
        if (overMs <= lapseMs + ROUNDING_MS || !hasFreeLine(seen, exchange, lapseMs)) return [];
        const message = `${place} is still half open, though its trial is lost since ${lapseMs} ms`;
        return [{ atMs: lapseMs, message }];
      });
    });
  },
};

interface TrialTaken {
  readonly exchange: Exchange;
  /** Where the breaker moves on, or the life is over. */
  readonly until: Mark | undefined;
}

function trialsOf(turns: readonly Turn[]): readonly TrialTaken[] {
  let isHalfOpen = false;
  return turns.flatMap((turn, position): readonly TrialTaken[] => {
    if (turn.type === 'began' || turn.type === 'over') isHalfOpen = false;
    if (turn.type === 'moved') isHalfOpen = turn.to === 'half_open';
    if (turn.type !== 'begun' || !isHalfOpen) return [];
    const after = turns.slice(position + 1);
    const until = after.find(({ type }) => type === 'moved' || type === 'over');
    return [{ exchange: turn.exchange, until }];
  });
}

/** Whether, for certain, there is a line at that moment that could do something else. */
function hasFreeLine({ log }: Seen, { life }: Exchange, atMs: number): boolean {
  const { policy, began, wallMs, stopped, finished } = life;
  const untilMs = policy.untilMs === undefined ? Infinity : began.atMs + policy.untilMs - wallMs;
  const endsMs = Math.min(began.atMs + policy.outageWaitMs, untilMs);
  const isOver = [stopped, finished].some((mark) => mark !== undefined && mark.atMs <= atMs);
  if (policy.limit !== undefined || endsMs <= atMs || isOver) return false;
  const inHand = new Set<string>();
  for (const sight of log) {
    if (sight.atMs > atMs) break;
    if (sight.run !== life.run) continue;
    if (sight.type === 'asked_to_stop') return false;
    if (sight.type === 'request' && sight.contact !== undefined) inHand.add(sight.contact);
    if (sight.type !== 'told') continue;
    if (sight.event.type === 'contact.put_off') inHand.delete(sight.event.contact);
    else if (sight.event.type === 'call.started') inHand.add(sight.event.contact);
  }
  return inHand.size < policy.lines;
}
