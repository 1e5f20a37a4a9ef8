/**
 * What is promised of a run as a whole: it keeps to its lines and its pace, obeys, goes on, and
 * ends properly.
 */
import type { CampaignEvent } from '../../domain/event.ts';
import { ROLES } from '../../domain/words.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import { PREVIEW } from '../simulated-services.ts';
import { Away } from './away.ts';
import {
  type Evidence,
  type Exchange,
  evidenceOf,
  GIVEN_UP_GRACE_MS,
  isGuarded,
  type Mark,
  placeName,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';
import { hungUp, limitedFrom } from './limits.ts';
import { unlisted } from './lists.ts';
import { THROTTLED_MS } from './retries.ts';
import { firstTouches } from './rounds.ts';

type Found = Omit<Violation, 'checker'>;

/** Begins and ends of requests, in order; a request that ends where another begins is over. */
function* moments(exchanges: readonly Exchange[]) {
  const begins = exchanges.map((exchange) => ({ index: exchange.index, exchange, isBegin: true }));
  const ends = exchanges.flatMap((exchange) => {
    return exchange.end === undefined
      ? []
      : [{ index: exchange.end.index, exchange, isBegin: false }];
  });
  yield* [...begins, ...ends].sort((one, other) => one.index - other.index);
}

export const LINES_KEPT: Checker = {
  name: 'lines kept',
  promise: 'No more contacts are in hand at once than there are lines, and one on each line.',
  check: (seen) => {
    const isDeaf = seen.promised.quirks.deaf > 0;
    // When a deaf question was given up cannot be seen.
    const worked = evidenceOf(seen).exchanges.filter(
      (one) => isGuarded(one) || (!isDeaf && one.sight.method !== 'probe'),
    );
    const found: Found[] = [];
    const inHand = new Set<Exchange>();
    for (const { exchange, isBegin } of moments(worked)) {
      if (!isBegin) {
        inHand.delete(exchange);
        continue;
      }
      const { sight, life, atMs } = exchange;
      const { line = 0, contact = '' } = sight;
      const others = [...inHand].filter((one) => one.life === life);
      inHand.add(exchange);
      const { lines } = life.policy;
      const contacts = new Set([contact, ...others.map((one) => one.sight.contact)]);
      const beside = others.find((one) => one.sight.line === line && one.sight.contact !== contact);
      if (line < 1 || line > lines) {
        found.push({ atMs, message: `${contact} is on line ${line} of ${lines}` });
      } else if (contacts.size > lines) {
        found.push({ atMs, message: `${contacts.size} contacts on ${lines} lines` });
      } else if (beside !== undefined) {
        const message = `line ${line} has ${contact} and ${beside.sight.contact ?? '?'} at once`;
        found.push({ atMs, message });
      }
    }
    return found;
  },
};

export const PACE_KEPT: Checker = {
  name: 'pace kept',
  promise: 'Calls that ring begin no faster than the settings say, all lines together.',
  check: (seen) => {
    const apartMs = 1_000 / seen.promised.callsPerSecond;
    const { exchanges } = evidenceOf(seen);
    const places = exchanges.filter(
      ({ sight }) => sight.method === 'place' && sight.service !== PREVIEW,
    );
    return [...Map.groupBy(places, ({ life }) => life).values()].flatMap((ofLife) => {
      return ofLife.slice(1).flatMap((next, position) => {
        const before = ofLife[position]?.atMs ?? 0;
        if (next.atMs - before >= apartMs - ROUNDING_MS) return [];
        const message =
          `${next.sight.call ?? '?'} is placed ${next.atMs - before} ms after the one before; ` +
          `at least ${apartMs} ms were promised`;
        return [{ atMs: next.atMs, message }];
      });
    });
  },
};

export const PUT_OFF_COME_BACK: Checker = {
  name: 'put off come back',
  promise: 'Whoever was put off is taken up again before a run says that it is done.',
  check: (seen) => {
    const { log } = seen;
    const over = log.findLast(({ type }) => type === 'ended' || type === 'killed');
    if (over?.type !== 'ended' || over.end !== 'done') return [];
    const lastSign = new Map<string, number>();
    for (const [index, sight] of log.entries()) {
      const contact = signOf(sight);
      if (contact !== undefined) lastSign.set(contact, index);
    }
    return toldOf(log, 'contact.put_off').flatMap(({ index, atMs, event }) => {
      if ((lastSign.get(event.contact) ?? -1) > index) return [];
      const { contact, reason, delayMs } = event;
      const message = `${contact}, put off for ${delayMs} ms (${reason}), is not heard of again`;
      return [{ atMs, message }];
    });
  },
};

/** The contact that is taken up, or taken off, at this moment. */
function signOf(sight: Seen['log'][number]): string | undefined {
  if (sight.type === 'removed' || sight.type === 'refused') return sight.contact;
  if (sight.type === 'request') return sight.contact;
  if (sight.type !== 'told') return undefined;
  const { event } = sight;
  return event.type === 'call.started' || event.type === 'call.finished'
    ? event.contact
    : undefined;
}

export const PROBES_APART: Checker = {
  name: 'probes apart',
  promise: 'A service is probed once at a time, and no more often than the settings say.',
  check: (seen) => {
    const { intervalMs } = seen.promised.healthCheck;
    const probes = evidenceOf(seen).exchanges.filter(({ sight }) => sight.method === 'probe');
    const series = Map.groupBy(probes, ({ life, place }) => `${life.run} ${place}`);
    return [...series.values()].flatMap((its) => {
      return its.slice(1).flatMap((next, position) => {
        const before = its[position];
        if (before === undefined) return [];
        const { place, atMs } = next;
        const over = before.givenUp ?? before.answer;
        const apartMs = atMs - before.atMs;
        const found: Found[] = [];
        if (over === undefined || over.index > next.index) {
          found.push({ atMs, message: `${place} is probed twice at once` });
        }
        if (apartMs < intervalMs - ROUNDING_MS) {
          const message = `${place} is probed again after ${apartMs} ms, not ${intervalMs} ms`;
          found.push({ atMs, message });
        }
        return found;
      });
    });
  },
};

/** What the program takes for itself, which under a virtual clock is nothing. */
const SLACK_MS = 1_000;
/** The longest that somebody is put off who waits for no service. */
const PUT_OFF_MS = 60_000;
/** The open time of a breaker grows to so many times the first. */
const OPEN_TIMES_MAX = 8;

export const RUN_GOES_ON: Checker = {
  name: 'the run goes on',
  promise: 'Nothing stops a run that has somebody left, unless it waits for something it told of.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const { exchanges, lives } = evidence;
    const waits = waitsOf(seen, exchanges);
    const fresh = new Fresh(evidence);
    const slackMs = GIVEN_UP_GRACE_MS + SLACK_MS + 1_000 / seen.promised.callsPerSecond;
    return lives.flatMap((life) => {
      const sent = exchanges.filter((one) => one.life === life && one.sight.method !== 'probe');
      const steps: readonly Mark[] = [...sent, ...(life.over === undefined ? [] : [life.over])];
      let sinceMs = life.began.atMs;
      let putOffMs = 0;
      let awayMs = 0;
      let next = 0;
      return steps.flatMap((step) => {
        for (let wait = waits[next]; wait !== undefined && wait.index < step.index; ) {
          if (wait.for === 'service') awayMs = Math.max(awayMs, wait.untilMs);
          else if (wait.for === 'contact') putOffMs = Math.max(putOffMs, wait.untilMs);
          else sinceMs = Math.max(sinceMs, wait.untilMs);
          if (wait.for === 'nothing') awayMs = 0;
          next += 1;
          wait = waits[next];
        }
        const latestMs = Math.max(sinceMs, putOffMs, awayMs);
        // Whose turn has not come yet waits for nobody else.
        const nextMs = step.atMs - sinceMs <= slackMs ? latestMs : fresh.dueMs(step, sinceMs);
        const silentMs = step.atMs - Math.max(sinceMs, Math.min(latestMs, nextMs));
        sinceMs = Math.max(sinceMs, step.atMs);
        if (silentMs <= slackMs) return [];
        const message = `run ${life.run} sends nothing for ${silentMs} ms, and waits for nothing`;
        return [{ atMs: step.atMs, message }];
      });
    });
  },
};

/** Contacts who were never taken up: they need only that every role can be had. */
class Fresh {
  readonly #away: Away;
  /** Where each was taken up or put off first; whose row was deleted or refused is left out. */
  readonly #touched: readonly number[];
  readonly #looksUp: boolean;

  constructor(evidence: Evidence) {
    const { log, promised } = evidence.seen;
    const first = firstTouches(evidence.seen);
    const out = unlisted(log);
    const listed = promised.contacts.filter(({ id }) => !out.has(id));
    this.#touched = listed.map(({ id }) => first.get(id) ?? Number.POSITIVE_INFINITY);
    this.#looksUp = evidence.exchanges.some(({ sight }) => sight.method === 'lookup');
    this.#away = new Away(evidence);
  }

  /** When one of them could be taken up at the latest; never, where none is left. */
  dueMs({ index }: Mark, atMs: number): number {
    if (!this.#touched.some((first) => first > index)) return Number.POSITIVE_INFINITY;
    const untilMs = this.#away.rolesUntilMs({ index, atMs });
    return Math.max(...untilMs.filter((_, role) => this.#looksUp || ROLES[role] !== 'crm'));
  }
}

/** From a place in the log on, there is something to wait for until then. */
interface Wait {
  readonly index: number;
  readonly untilMs: number;
  /**
   * `contact`: for one that was put off. `service`: for one that is away. `nothing`: all can be
   * asked again, so that whoever waited for one is due.
   */
  readonly for: 'time' | 'contact' | 'service' | 'nothing';
}

/** Everything that a run may wait for, in the order in which it comes up. */
function waitsOf(seen: Seen, exchanges: readonly Exchange[]): readonly Wait[] {
  const waits: Wait[] = [];
  let longestMs = PUT_OFF_MS;
  for (const { sight } of exchanges) {
    const { recoveryTimeoutMs } = seen.promised.policyOf(sight.service).circuitBreaker;
    longestMs = Math.max(longestMs, recoveryTimeoutMs * OPEN_TIMES_MAX);
  }
  for (const exchange of exchanges) {
    const { index, end, sight } = exchange;
    waits.push({ index, untilMs: overMs(exchange, seen), for: 'time' });
    if (sight.method === 'probe' || end?.type !== 'failed') continue;
    const pauseMs = end.failure.retryAfterMs ?? THROTTLED_MS;
    waits.push({ index: end.index, untilMs: end.atMs + pauseMs, for: 'time' });
  }
  waits.push(...placeWaits(evidenceOf(seen)));
  const away = new Set<string>();
  for (const [index, sight] of seen.log.entries()) {
    const { atMs } = sight;
    // What a life that was killed put off, or opened, and had no time to tell of.
    if (sight.type === 'killed') waits.push({ index, untilMs: atMs + longestMs, for: 'time' });
    if (sight.type !== 'told') continue;
    const wait = toldWait(sight.event, away);
    if (wait !== undefined) waits.push({ index, untilMs: atMs + wait.ms, for: wait.for });
  }
  return waits.sort((one, other) => one.index - other.index);
}

/** Where services get so many requests at once, each of them keeps the others waiting. */
function placeWaits(evidence: Evidence): readonly Wait[] {
  const limited = limitedFrom(evidence);
  return evidence.exchanges.flatMap((exchange): readonly Wait[] => {
    const over = hungUp(exchange);
    const isLimited = isGuarded(exchange) && limited.has(exchange.place);
    if (!isLimited || over === undefined) return [];
    return [{ index: exchange.index, untilMs: over.atMs, for: 'time' }];
  });
}

/** Whether somebody was put off because a service is away, and not because it failed them. */
function isForService(reason: string): boolean {
  return reason.startsWith('waits for ');
}

/** @param away the breakers that are open; kept up to date */
function toldWait(
  event: CampaignEvent,
  away: Set<string>,
): { readonly ms: number; readonly for: Wait['for'] } | undefined {
  switch (event.type) {
    case 'retry.scheduled':
      return { ms: event.delayMs, for: 'time' };
    case 'contact.put_off':
      return { ms: event.delayMs, for: isForService(event.reason) ? 'service' : 'contact' };
    case 'breaker.opened':
      away.add(placeName(event));
      return { ms: event.openMs, for: 'service' };
    case 'breaker.half_open':
    case 'breaker.closed':
      away.delete(placeName(event));
      return away.size === 0 ? { ms: 0, for: 'nothing' } : undefined;
    default:
      return undefined;
  }
}

/** When a request is over at the latest; a probe is nothing to wait for. */
function overMs({ sight, atMs, end, answer, givenUp }: Exchange, { promised }: Seen): number {
  if (sight.method === 'probe') return 0;
  const seenMs = (givenUp ?? answer)?.atMs;
  const isQuestion = sight.method === 'follow' || sight.method === 'find';
  const timeouts = promised.policyOf(sight.service).timeouts;
  // 0 is no limit.
  const callMs = timeouts.callMs || Number.POSITIVE_INFINITY;
  const requestMs = timeouts.requestMs || Number.POSITIVE_INFINITY;
  if (isQuestion) return Math.min(seenMs ?? Number.POSITIVE_INFINITY, atMs + callMs);
  return end?.atMs ?? seenMs ?? atMs + requestMs;
}
