/**
 * What is promised of breakers: they open in time and for cause, and then let nothing through.
 */
import type { BreakerName } from '../../domain/event.ts';
import { CROWDED } from '../capacity.ts';
import type { Checker, Promised, Violation } from '../check.ts';
import type { Refusal } from '../sighting.ts';
import {
  type Ending,
  type Evidence,
  type Exchange,
  evidenceOf,
  isGuarded,
  type Life,
  type Mark,
  placeName,
  ROUNDING_MS,
} from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

/** What happens to one breaker, as far as it can be seen. */
export type Turn = Mark & { readonly life: Life } & (
    | { readonly type: 'began' }
    | { readonly type: 'moved'; readonly to: BreakerName; readonly openMs: number }
    | { readonly type: 'begun'; readonly exchange: Exchange }
    | { readonly type: 'ended'; readonly exchange: Exchange; readonly end: Ending }
    | { readonly type: 'over'; readonly how: 'ended' | 'killed' | 'broke' }
  );

/** The turns of every breaker in their order. */
export function turnsOf(evidence: Evidence): ReadonlyMap<string, readonly Turn[]> {
  const { lives, exchanges } = evidence;
  const turns = new Map<string, Turn[]>();
  const of = (place: string): Turn[] => {
    const known = turns.get(place);
    if (known !== undefined) return known;
    const fresh = lives.flatMap((life) => bounds(life));
    turns.set(place, fresh);
    return fresh;
  };
  for (const exchange of exchanges) {
    if (!isGuarded(exchange)) continue;
    const { life, index, atMs, end } = exchange;
    of(exchange.place).push({ type: 'begun', life, index, atMs, exchange });
    if (end === undefined) continue;
    const { index: endIndex, atMs: endMs } = end;
    of(exchange.place).push({ type: 'ended', life, index: endIndex, atMs: endMs, exchange, end });
  }
  const byRun = new Map(lives.map((life) => [life.run, life]));
  for (const [index, sight] of evidence.seen.log.entries()) {
    const life = byRun.get(sight.run);
    const moved = sight.type === 'told' ? moveOf(sight.event) : undefined;
    if (moved === undefined || life === undefined) continue;
    const { to, openMs, place } = moved;
    of(place).push({ type: 'moved', life, index, atMs: sight.atMs, to, openMs });
  }
  for (const list of turns.values()) list.sort((one, other) => one.index - other.index);
  return turns;
}

function bounds(life: Life): readonly Turn[] {
  const began: Turn = { type: 'began', life, ...life.began };
  return life.over === undefined ? [began] : [began, { type: 'over', life, ...life.over }];
}

interface Move {
  readonly to: BreakerName;
  readonly openMs: number;
  readonly place: string;
}

function moveOf(event: { readonly type: string }): Move | undefined {
  const about = event as { type: string; role: string; service: string; openMs?: number };
  const to = MOVES[about.type];
  if (to === undefined) return undefined;
  return { to, openMs: about.openMs ?? 0, place: placeName(about) };
}

const MOVES: Readonly<Record<string, BreakerName>> = {
  'breaker.opened': 'open',
  'breaker.half_open': 'half_open',
  'breaker.closed': 'closed',
};

/**
 * A call is let through, then written down, then sent: where the breaker moved in the meantime,
 * which takes no time that could be seen, it leaves all the same.
 */
export function isWrittenBefore({ sight, atMs }: Exchange, movedMs: number): boolean {
  return sight.method === 'place' && atMs <= movedMs + ROUNDING_MS;
}

type PerBreaker = (turns: readonly Turn[], place: string, promised: Promised) => readonly Found[];

export function perBreaker(check: PerBreaker): Checker['check'] {
  return (seen) => {
    const turns = turnsOf(evidenceOf(seen));
    return [...turns].flatMap(([place, its]) => check(its, place, seen.promised));
  };
}

export const OPEN_LETS_NOTHING_THROUGH: Checker = {
  name: 'open lets nothing through',
  promise: 'An open breaker sends nothing until it is half open, also after a restart.',
  check: perBreaker((turns, place) => {
    const found: Found[] = [];
    let open: { readonly sinceMs: number; readonly untilMs: number; run: number } | undefined;
    for (const turn of turns) {
      if (turn.type === 'moved') {
        const { atMs, openMs, life } = turn;
        const isOpen = turn.to === 'open';
        open = isOpen ? { sinceMs: atMs, untilMs: atMs + openMs, run: life.run } : undefined;
      } else if (turn.type === 'over' && turn.how !== 'ended') {
        // Its state goes with the next commit, which a kill may have come before.
        open = undefined;
      } else if (turn.type === 'begun' && open !== undefined) {
        const { exchange, life, atMs } = turn;
        if (isWrittenBefore(exchange, open.sinceMs)) continue;
        if (open.run !== life.run && atMs >= open.untilMs - ROUNDING_MS) continue;
        const { method, contact } = exchange.sight;
        const since = `open since ${open.sinceMs} ms`;
        const message = `${method} for ${contact ?? '?'} goes to ${place}, ${since}`;
        found.push({ atMs, message });
      }
    }
    return found;
  }),
};

export const FEW_TRIALS: Checker = {
  name: 'few trials',
  promise: 'A half-open breaker lets no more requests through at once than it has permits.',
  check: perBreaker((turns, place, promised) => {
    const found: Found[] = [];
    let trials: Set<Exchange> | undefined;
    for (const turn of turns) {
      if (turn.type === 'moved') {
        trials = turn.to === 'half_open' ? new Set() : undefined;
      } else if (turn.type === 'over') {
        trials = turn.how === 'ended' && trials !== undefined ? new Set() : undefined;
      } else if (turn.type === 'ended') {
        trials?.delete(turn.exchange);
      } else if (turn.type === 'begun' && trials !== undefined) {
        const { exchange, atMs } = turn;
        trials.add(exchange);
        const policy = promised.policyOf(exchange.sight.service).circuitBreaker;
        if (trials.size <= policy.halfOpenMaxCalls) continue;
        const message =
          `${trials.size} requests try ${place} at once, ` +
          `${policy.halfOpenMaxCalls} are allowed`;
        found.push({ atMs, message });
      }
    }
    return found;
  }),
};

/** What a failure says of a service, by the words of DESIGN 5. */
export function meaningOf({ kind, scope, code }: Refusal) {
  if (scope === 'request') return 'nothing';
  if (kind === 'permanent') return 'fatal';
  return code === '429' || code === CROWDED ? 'throttled' : 'counted';
}

/**
 * A breaker counted from outside, twice: `least` leaves out what it might not have counted,
 * `most` takes in what it might.
 */
class Count {
  readonly least = new Map<number, number>();
  readonly most = new Map<number, number>();
  /** What came before the program's start is not seen, and a breaker outlives it. */
  isWhole: boolean;
  /** Grows with every move; results of what was begun before one change nothing. */
  #epoch = 0;
  #movedMs = Number.NEGATIVE_INFINITY;
  readonly #begun = new Map<Exchange, number>();

  constructor(isWhole: boolean) {
    this.isWhole = isWhole;
  }

  moved(atMs: number): void {
    this.#epoch += 1;
    this.#movedMs = atMs;
    this.isWhole = true;
    this.least.clear();
    this.most.clear();
  }

  begun(exchange: Exchange): void {
    this.#begun.set(exchange, isWrittenBefore(exchange, this.#movedMs) ? UNSURE : this.#epoch);
  }

  /** Whether the result counts: `no` and `yes` are sure. */
  counts(exchange: Exchange): 'yes' | 'no' | 'perhaps' {
    const epoch = this.#begun.get(exchange);
    this.#begun.delete(exchange);
    if (epoch === UNSURE) return 'perhaps';
    return epoch === this.#epoch ? 'yes' : 'no';
  }

  succeeded(counts: 'yes' | 'no' | 'perhaps'): void {
    this.least.clear();
    if (counts !== 'yes') return;
    this.most.clear();
    this.isWhole = true;
  }

  failed(counts: 'yes' | 'no' | 'perhaps', line: number): void {
    if (counts === 'yes') this.least.set(line, (this.least.get(line) ?? 0) + 1);
    if (counts !== 'no') this.most.set(line, (this.most.get(line) ?? 0) + 1);
  }
}

const UNSURE = -1;

export const OPENS_IN_TIME: Checker = {
  name: 'opens in time',
  promise:
    'A breaker opens at the failure that makes one line reach the threshold, at the first that ' +
    'the next request would meet too, and at any while it is half open.',
  check: perBreaker((turns, place, promised) => {
    const found: Found[] = [];
    let count = new Count(true);
    let state: BreakerName | undefined = 'closed';
    for (const [position, turn] of turns.entries()) {
      if (turn.type === 'began') {
        count = new Count(position === 0);
        state = position === 0 ? 'closed' : undefined;
      } else if (turn.type === 'moved') {
        const mustBe = openedFor(count, state, turns, position, promised);
        if (turn.to === 'open' && mustBe !== undefined) {
          found.push({ atMs: turn.atMs, message: `${place} opens: ${mustBe}` });
        }
        state = turn.to;
        count.moved(turn.atMs);
      } else if (turn.type === 'begun') {
        count.begun(turn.exchange);
      } else if (turn.type === 'ended') {
        const why = reasonToOpen(count, state, turn, promised);
        if (why === undefined || opensNow(turns, position)) continue;
        found.push({ atMs: turn.atMs, message: `${place} does not open at once: ${why}` });
        count.least.clear();
      }
    }
    return found;
  }),
};

/** Takes the result in, and says why the breaker must open now, if it must. */
function reasonToOpen(
  count: Count,
  state: BreakerName | undefined,
  { exchange, end }: { readonly exchange: Exchange; readonly end: Ending },
  promised: Promised,
): string | undefined {
  const counts = count.counts(exchange);
  if (end.type === 'answered') count.succeeded(counts);
  if (end.type !== 'failed' && end.type !== 'timed_out') return undefined;
  const { line = 0, service, method } = exchange.sight;
  const meaning = meaningOf(end.failure);
  if (meaning === 'nothing' || meaning === 'throttled') return undefined;
  count.failed(counts, line);
  if (counts !== 'yes') return undefined;
  const what = `${method} failed with ${end.failure.code}`;
  if (meaning === 'fatal') return `${what}, which does not pass`;
  if (state === 'half_open') return `${what} while it was half open`;
  const { failureThreshold } = promised.policyOf(service).circuitBreaker;
  const inRow = count.least.get(line) ?? 0;
  return inRow >= failureThreshold ? `${what}, ${inRow} in a row on line ${line}` : undefined;
}

/** Told at the same moment; a life that is over then had no time to. */
function opensNow(turns: readonly Turn[], position: number): boolean {
  const atMs = turns[position]?.atMs ?? 0;
  for (let at = position + 1; at < turns.length; at += 1) {
    const turn = turns[at];
    if (turn === undefined || turn.atMs > atMs + ROUNDING_MS) return false;
    if (turn.type === 'over' || (turn.type === 'moved' && turn.to === 'open')) return true;
  }
  return false;
}

/** Why it should not have opened; undefined where it may. */
function openedFor(
  count: Count,
  state: BreakerName | undefined,
  turns: readonly Turn[],
  position: number,
  promised: Promised,
): string | undefined {
  if (state !== 'closed' || !count.isWhole) return undefined;
  const movedMs = turns[position]?.atMs ?? 0;
  let service: string | undefined;
  for (let at = position - 1; at >= 0; at -= 1) {
    const turn = turns[at];
    if (turn === undefined || turn.atMs < movedMs - ROUNDING_MS) break;
    if (turn.type !== 'ended') continue;
    service = turn.exchange.sight.service;
    if (turn.end.type === 'failed' && meaningOf(turn.end.failure) === 'fatal') return undefined;
  }
  if (service === undefined) return 'nothing has failed at this moment';
  const { failureThreshold } = promised.policyOf(service).circuitBreaker;
  const most = Math.max(0, ...count.most.values());
  return most >= failureThreshold
    ? undefined
    : `no line has more than ${most} failures in a row, ${failureThreshold} are needed`;
}
