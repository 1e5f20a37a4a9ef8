/**
 * What is promised of requests at once: no more than the settings allow, fewer for a service that
 * was crowded, and nobody waits for a place that is free.
 */
import type { BreakerName } from '../../domain/event.ts';
import { ROLES } from '../../domain/words.ts';
import type { Checker, Promised, Violation } from '../check.ts';
import { type Turn, turnsOf } from './breakers.ts';
import {
  type Evidence,
  type Exchange,
  evidenceOf,
  isGuarded,
  type Mark,
  placeName,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';
import { hungUp, isCrowded, limitedFrom } from './limits.ts';
import { startsOf } from './loads.ts';
import { pausesOf } from './retries.ts';

type Found = Omit<Violation, 'checker'>;

// ---------------------------------------------------------------------------- how many at once

/** Successes at the full limit before one more is tried. */
const RAISE_AFTER = 20;

/** What is known from outside of how many a service may get at once. */
interface Limit {
  /** Certainly not more; in twentieths, one for each success that may count. */
  readonly most: number;
  /** Certainly not fewer. */
  readonly least: number;
}

/** How things stand with one service after something happened. */
interface Crowd extends Mark {
  readonly begun: Exchange | undefined;
  readonly onWay: number;
  /** Before it happened. */
  readonly limit: Limit;
  /** From then on. */
  readonly after: Limit;
}

const mostOf = ({ most }: Limit): number => Math.floor(most / RAISE_AFTER);
const leastOf = ({ least }: Limit): number => Math.floor(least / RAISE_AFTER);

/** What a result teaches, when as many were on their way as said, this one among them. */
function taught(limit: Limit, ended: Exchange, onWay: number, max: number): Limit {
  const { answer } = ended;
  if (isCrowded(ended)) {
    // How far down it goes depends on whether others of the same burst were refused before.
    const most = Math.min(mostOf(limit), Math.max(1, onWay - 1));
    const least = Math.max(1, Math.floor(Math.min(leastOf(limit), onWay) / 2));
    return { most: most * RAISE_AFTER, least: Math.min(least, most) * RAISE_AFTER };
  }
  if (answer === undefined || answer.failure !== undefined) return limit;
  const most = limit.most + (onWay >= leastOf(limit) ? 1 : 0);
  const least = limit.least + (onWay >= mostOf(limit) ? 1 : 0);
  return { most: Math.min(most, max * RAISE_AFTER), least: Math.min(least, max * RAISE_AFTER) };
}

/** Of one service in one life of the program, in order. */
function crowdsOf(turns: readonly Exchange[], max: number): readonly Crowd[] {
  const moments = turns.flatMap((exchange) => {
    const over = hungUp(exchange);
    const begin = { index: exchange.index, atMs: exchange.atMs, exchange, isBegin: true };
    return over === undefined ? [begin] : [begin, { ...over, exchange, isBegin: false }];
  });
  moments.sort((one, other) => one.index - other.index);
  let limit: Limit = { most: max * RAISE_AFTER, least: max * RAISE_AFTER };
  let onWay = 0;
  return moments.map(({ index, atMs, exchange, isBegin }) => {
    const before = limit;
    if (!isBegin) limit = taught(limit, exchange, onWay, max);
    onWay += isBegin ? 1 : -1;
    return {
      index,
      atMs,
      begun: isBegin ? exchange : undefined,
      onWay,
      limit: before,
      after: limit,
    };
  });
}

/** By service and life: what it had at once. */
function allCrowds(evidence: Evidence): readonly (readonly Crowd[])[] {
  const guarded = evidence.exchanges.filter(isGuarded);
  const groups = Map.groupBy(guarded, ({ place, life }) => `${life.run} ${place}`);
  return [...groups.values()].map((its) => {
    const service = its[0]?.sight.service ?? '';
    const { concurrencyMax: max } = evidence.seen.promised.policyOf(service);
    return crowdsOf(its, max ?? Number.POSITIVE_INFINITY);
  });
}

function tooMany(evidence: Evidence, mostAt: (crowd: Crowd, begun: Exchange) => number) {
  return allCrowds(evidence).flatMap((crowds) => {
    return crowds.flatMap((crowd): readonly Found[] => {
      const { begun, onWay, atMs } = crowd;
      if (begun === undefined) return [];
      const most = mostAt(crowd, begun);
      if (onWay <= most) return [];
      const { method, contact } = begun.sight;
      const what = `${method} for ${contact ?? '?'} makes ${onWay} at once for ${begun.place}`;
      return [{ atMs, message: `${what}, ${most} are allowed` }];
    });
  });
}

export const CONCURRENCY_KEPT: Checker = {
  name: 'concurrency kept',
  promise: 'No service has more requests on their way to it at once than its settings allow.',
  check: (seen) => {
    return tooMany(evidenceOf(seen), (_, { sight }) => {
      return seen.promised.policyOf(sight.service).concurrencyMax ?? Number.POSITIVE_INFINITY;
    });
  },
};

export const FEWER_WHEN_CROWDED: Checker = {
  name: 'fewer when crowded',
  promise:
    'A service that refused a request because it had too many at once gets fewer from then on, ' +
    'and one more only after twenty that went well.',
  check: (seen) => {
    return tooMany(evidenceOf(seen), ({ limit }, { sight }) => {
      // A call has its place while it waits for its turn to be placed, which nobody can see.
      return sight.method === 'place' ? Number.POSITIVE_INFINITY : mostOf(limit);
    });
  },
};

// ---------------------------------------------------------------------------- who waits

/** A contact on a line, from one request to the next, or to where it is put off. */
interface Wait {
  readonly from: Mark;
  readonly to: Mark;
  readonly place: string;
  readonly contact: string;
  /** It ended without a request: the contact was put off. */
  readonly isVain: boolean;
}

export const NO_PLACE_IDLE: Checker = {
  name: 'no place idle',
  promise:
    'Nobody waits on a line for a service that works and could take one more at once, or is put ' +
    'off for it before `max_delay`; one that was crowded gets more again after twenty went well.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const limited = limitedFrom(evidence);
    if (limited.size === 0) return [];
    const crowds = new Map<string, readonly Crowd[]>();
    for (const its of allCrowds(evidence)) {
      const of = its[0]?.begun;
      if (of !== undefined) crowds.set(`${of.life.run} ${of.place}`, its);
    }
    const working = new Working(evidence);
    return waitsOf(evidence).flatMap(({ run, ...wait }): readonly Found[] => {
      if (!limited.has(wait.place)) return [];
      const { contact, place, from, to, isVain } = wait;
      const sinceMs = working.sinceMs(wait);
      const waitedMs = to.atMs - from.atMs;
      const mostMs = waitMsMax(seen.promised, place);
      if (isVain && sinceMs <= from.atMs && waitedMs < mostMs - ROUNDING_MS) {
        const message = `${contact} is put off for ${place} after ${waitedMs} ms, not ${mostMs} ms`;
        return [{ atMs: to.atMs, message }];
      }
      const idle = idleIn(crowds.get(`${run} ${place}`) ?? [], wait, sinceMs);
      if (idle === undefined) return [];
      const message = `${contact} waits for ${place}, which has ${idle} at once`;
      return [{ atMs: to.atMs, message }];
    });
  },
};

/** For so long somebody waits for a place, as for a pause. */
function waitMsMax(promised: Promised, place: string): number {
  return promised.policyOf(place.split(' (')[0] ?? '').retry.maxDelayMs;
}

/** What a service has while somebody waits, if that is too little; else undefined. */
function idleIn(crowds: readonly Crowd[], { from, to }: Wait, sinceMs: number): string | undefined {
  const first = crowds[0];
  const untouched = { onWay: 0, atMs: 0, after: first?.limit ?? ONE_AT_LEAST };
  for (const [position, { onWay, atMs, after }] of [untouched, ...crowds].entries()) {
    const nextMs = crowds[position]?.atMs ?? Number.POSITIVE_INFINITY;
    const beginMs = Math.max(atMs, from.atMs, sinceMs);
    if (onWay >= leastOf(after) || Math.min(nextMs, to.atMs) <= beginMs + ROUNDING_MS) continue;
    return `${onWay} of ${leastOf(after)}`;
  }
  return undefined;
}

const ONE_AT_LEAST: Limit = { most: RAISE_AFTER, least: RAISE_AFTER };

/** Whether a service works, as far as was told and answered. */
class Working {
  readonly #pauses: ReturnType<typeof pausesOf>;
  readonly #turns: ReadonlyMap<string, readonly Turn[]>;

  constructor(evidence: Evidence) {
    this.#pauses = pausesOf(evidence);
    this.#turns = turnsOf(evidence);
  }

  /** From when on, within a wait, it certainly does; never, where it may not. */
  sinceMs({ place, from, to }: Wait): number {
    const turns = this.#turns.get(place) ?? [];
    let state: BreakerName | 'unknown' = 'closed';
    for (const turn of turns) {
      if (turn.index >= to.index) break;
      // What a life that was killed opened, it may have had no time to tell of.
      if (turn.type === 'over' && turn.how !== 'ended') state = 'unknown';
      const isServed = turn.type === 'ended' && turn.end.type === 'answered';
      if (isServed && state === 'unknown' && turn.index < from.index) state = 'closed';
      if (turn.type !== 'moved') continue;
      if (turn.index > from.index) return Number.POSITIVE_INFINITY;
      state = turn.to;
    }
    if (state !== 'closed') return Number.POSITIVE_INFINITY;
    const pauses = this.#pauses.get(place) ?? [];
    const known = pauses.filter(({ index }) => index < to.index);
    return Math.max(0, ...known.map(({ untilMs }) => untilMs));
  }
}

/** Of every contact on a line: until a request, or until it is put off for want of one. */
function waitsOf(evidence: Evidence): readonly (Wait & { readonly run: number })[] {
  const { seen, exchanges, lives } = evidence;
  const starts = startsOf(seen);
  const byContact = Map.groupBy(exchanges, ({ sight, life }) => `${life.run} ${sight.contact}`);
  const waitUntil = (key: string, to: Mark): Mark | undefined => {
    const started = starts.get(key)?.findLast((one) => one.index < to.index);
    const before = byContact.get(key)?.findLast((one) => one.index < to.index);
    if (started === undefined || started.isSilent) return undefined;
    if (before === undefined || (before.end?.index ?? started.index) <= started.index) {
      return started;
    }
    return before.end?.type === 'answered' ? before.end : undefined;
  };
  const sent = exchanges.flatMap((next) => {
    const { sight, life, place } = next;
    if (!isGuarded(next) || sight.method === 'place') return [];
    if (life.chains[sight.role][0] !== sight.service) return [];
    const from = waitUntil(`${life.run} ${sight.contact}`, next);
    const about = { run: life.run, to: next, place, contact: sight.contact ?? '?' };
    return from === undefined ? [] : [{ ...about, from, isVain: false }];
  });
  const vain = toldOf(seen.log, 'contact.put_off').flatMap(({ run, event, ...to }) => {
    const { contact, waitsFor = [] } = event;
    const chains = lives.find((life) => life.run === run)?.chains ?? seen.promised.chains;
    // Nobody else could have done the work, and there is no other work for who could.
    const [role, ...others] = ROLES.filter((one) =>
      waitsFor.some((it) => chains[one].includes(it)),
    );
    const [service = '', ...more] = role === undefined ? [] : chains[role];
    if (role === undefined || role === 'dialer' || others.length > 0 || more.length > 0) return [];
    const from = waitUntil(`${run} ${contact}`, to);
    const about = { run, to, place: placeName({ role, service }), contact };
    return from === undefined ? [] : [{ ...about, from, isVain: true }];
  });
  return [...sent, ...vain];
}
