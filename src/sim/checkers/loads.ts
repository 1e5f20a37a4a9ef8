/**
 * What is promised to a service that is in trouble: few retries, few who try it, and nobody on a
 * line for longer than the settings say.
 */
import { ROLES, type Role } from '../../domain/words.ts';
import type { Checker, Promised, Seen, Violation } from '../check.ts';
import type { Sighting } from '../sighting.ts';
import { Away } from './away.ts';
import {
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

/** Whole thousandths of a token, as no sum of tenths is exact. */
const TOKEN = 1_000;
const CAPACITY_MIN = 10 * TOKEN;
const TRICKLE_MS = 10_000;

export const RETRY_BUDGET: Checker = {
  name: 'retry budget',
  promise: 'All lines together retry a service that goes on failing only as its budget allows.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    return lives.flatMap((life) => {
      const served = exchanges.filter((one) => one.life === life && isGuarded(one));
      return [...Map.groupBy(served, ({ place }) => place)].flatMap(([place, its]) =>
        overspent(seen, life, place, its),
      );
    });
  },
};

/** Counted for the program: every success counts, and nothing that was refused. */
function overspent(
  { log, promised }: Seen,
  life: Life,
  place: string,
  exchanges: readonly Exchange[],
): readonly Found[] {
  const service = exchanges[0]?.sight.service ?? '';
  const { maxRetries } = promised.policyOf(service).retry;
  const capacity = Math.max(CAPACITY_MIN, 2 * life.policy.lines * (1 + maxRetries) * TOKEN);
  const successes = exchanges.flatMap(({ answer }) =>
    answer !== undefined && answer.failure === undefined ? [answer.index] : [],
  );
  const succeeded = new Set(successes);
  let tokens = capacity;
  let countedMs = life.began.atMs;
  for (let index = life.began.index; index <= (life.over?.index ?? log.length); index += 1) {
    const sight = log[index];
    if (sight === undefined) break;
    if (succeeded.has(index)) tokens = Math.min(capacity, tokens + TOKEN / 10);
    if (sight.type !== 'told' || sight.run !== life.run) continue;
    const { event, atMs } = sight;
    if (event.type === 'breaker.closed' && placeName(event) === place) tokens = capacity;
    if (event.type !== 'retry.scheduled' || event.question === true) continue;
    if (placeName(event) !== place) continue;
    tokens = Math.min(capacity, tokens + ((atMs - countedMs) / TRICKLE_MS) * TOKEN) - TOKEN;
    countedMs = atMs;
    if (tokens >= capacity / 2 - 1) continue;
    const left = `${Math.round(tokens / TOKEN)} of ${capacity / TOKEN} tokens are left`;
    return [{ atMs, message: `${place} is retried, and ${left}` }];
  }
  return [];
}

export const FEW_TAKEN: Checker = {
  name: 'few taken',
  promise: 'No more contacts that need a service are taken up to try it than it lets through.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const away = new Away(evidence);
    // Who is to make only a record is taken up without a word, and a lookup is not always needed.
    const told = ROLES.filter((role) => role !== 'crm');
    const alone = told.filter((role) =>
      evidence.lives.every(({ chains }) => isOnly(chains[role], seen.promised.chains[role][0])),
    );
    return alone.flatMap((role) => tooManyTaken(evidence, away, role));
  },
};

function isOnly(names: readonly string[], service: string | undefined): boolean {
  return names.length === 1 && names[0] === service;
}

/** What gives a contact the role's work for good. */
const WORK: Readonly<Record<Exclude<Role, 'crm'>, string>> = {
  llm: 'write',
  tts: 'speak',
  dialer: 'place',
};

function tooManyTaken(
  { seen, exchanges }: Evidence,
  away: Away,
  role: Exclude<Role, 'crm'>,
): readonly Found[] {
  const service = seen.promised.chains[role][0] ?? '';
  const { halfOpenMaxCalls } = seen.promised.policyOf(service).circuitBreaker;
  const begun = new Map<string, number>();
  for (const { sight, index } of exchanges) {
    const { method, contact = '' } = sight;
    if (method === WORK[role] && !begun.has(contact)) begun.set(contact, index);
  }
  const trying = new Set<string>();
  const found: Found[] = [];
  for (const [index, sight] of seen.log.entries()) {
    const { type, atMs } = sight;
    if (type === 'killed' || type === 'ended' || type === 'began') trying.clear();
    if (type !== 'told') continue;
    const { event } = sight;
    if (event.type === 'contact.put_off' || event.type === 'call.finished') {
      trying.delete(event.contact);
    }
    if (
      (event.type === 'breaker.closed' || event.type === 'breaker.opened') &&
      event.role === role
    ) {
      trying.clear();
    }
    if (event.type !== 'call.started') continue;
    // Whoever has asked for it before may have it.
    if ((begun.get(event.contact) ?? Number.POSITIVE_INFINITY) < index) continue;
    if (!away.isTried({ role, service }, { index, atMs })) continue;
    trying.add(event.contact);
    if (trying.size <= halfOpenMaxCalls) continue;
    const message = `${trying.size} are taken up to try ${service}, not ${halfOpenMaxCalls}`;
    found.push({ atMs, message });
  }
  return found;
}

export const NOT_HELD_LONG: Checker = {
  name: 'not held long',
  promise:
    'Nobody waits on a line for a service that asked for a pause for longer than `max_delay`: ' +
    'who would have to is put off.',
  check: (seen) => {
    const { exchanges } = evidenceOf(seen);
    const byContact = Map.groupBy(exchanges, ({ sight, life }) => `${life.run} ${sight.contact}`);
    const starts = startsOf(seen);
    return [...byContact].flatMap(([key, its]) => {
      const marks = starts.get(key) ?? [];
      return its.flatMap((next, position): readonly Found[] => {
        const before = its[position - 1];
        const started = marks.findLast((one) => one.index < next.index);
        // A record that is owed is taken up again without a word.
        if (started === undefined || started.isSilent) return [];
        const sinceMs = Math.max(before?.end?.atMs ?? 0, started.atMs);
        const isFirst = before === undefined || before.end?.type === 'answered';
        if (!isGuarded(next) || !isFirst) return [];
        const mostMs = heldMsMax(next, seen.promised);
        const heldMs = next.atMs - sinceMs;
        if (heldMs <= mostMs + ROUNDING_MS) return [];
        const { method, contact, service } = next.sight;
        const message = `${method} for ${contact ?? '?'} waits ${heldMs} ms for ${service}`;
        return [{ atMs: next.atMs, message: `${message}, ${mostMs} ms at most were promised` }];
      });
    });
  },
};

/** A moment at which a contact is taken up or done; or left to wait, until nobody says when. */
interface Start extends Mark {
  readonly isSilent: boolean;
}

export function startsOf({ log }: Seen): ReadonlyMap<string, readonly Start[]> {
  const starts = new Map<string, Start[]>();
  for (const [index, sight] of log.entries()) {
    const { atMs, run } = sight;
    const change = startOf(sight);
    if (change === undefined) continue;
    const { contact, isSilent } = change;
    const key = `${run} ${contact}`;
    const known = starts.get(key) ?? [];
    known.push({ index, atMs, isSilent });
    starts.set(key, known);
  }
  return starts;
}

function startOf(sight: Sighting): { contact: string; isSilent: boolean } | undefined {
  // Who was uncertain is on no line: by the operator's word, a record is owed from then on.
  if (sight.type === 'settled') return { contact: sight.contact, isSilent: true };
  if (sight.type !== 'told') return undefined;
  const { event } = sight;
  switch (event.type) {
    case 'call.started':
    case 'call.finished':
      return { contact: event.contact, isSilent: false };
    case 'contact.put_off':
      return { contact: event.contact, isSilent: true };
    default:
      return undefined;
  }
}

/** Each service before it in the chain can be waited for as well; a call waits for its turn. */
function heldMsMax({ sight, life }: Exchange, { policyOf, callsPerSecond }: Promised) {
  const names = life.chains[sight.role];
  const upTo = names.slice(0, names.indexOf(sight.service) + 1);
  const delaysMs = upTo.map((service) => policyOf(service).retry.maxDelayMs);
  const turns = sight.method === 'place' ? (life.policy.lines + 1) * upTo.length : 0;
  return delaysMs.reduce((sum, delayMs) => sum + delayMs, (turns * 1_000) / callsPerSecond);
}
