/**
 * What is promised of outcomes: they are the truth, and the CRM has them.
 */
import type { Outcome } from '../../domain/words.ts';
import type { Checker, Promised, Seen, Violation } from '../check.ts';
import {
  chainsAt,
  type Evidence,
  type Exchange,
  evidenceOf,
  GIVEN_UP_GRACE_MS,
  type Of,
  ROUNDING_MS,
  requestLimitMs,
  toldOf,
} from './evidence.ts';
import { turnsOf } from './lists.ts';
import { isForgotten, isRefusedNumber } from './refused-numbers.ts';

type Found = Omit<Violation, 'checker'>;

export const TRUE_OUTCOMES: Checker = {
  name: 'true outcomes',
  promise:
    'An outcome is what the call came to; "failed" means that nobody was rung, and a number that ' +
    'a dialer refused is an invalid one.',
  check: (seen) => {
    const { isLast } = turnsOf(seen);
    const rang = new Map(
      seen.log.flatMap((one) =>
        one.type === 'rang' && isLast(one.contact, one.call) ? [[one.contact, one] as const] : [],
      ),
    );
    const places = Map.groupBy(
      evidenceOf(seen).exchanges.filter(({ sight: { method, contact = '', call = '' } }) => {
        return method === 'place' && isLast(contact, call);
      }),
      ({ sight }) => sight.contact ?? '',
    );
    // Whoever pressed a key was there, also where the exchange lost the call after that.
    const keyed = new Set(seen.log.flatMap((one) => (one.type === 'key' ? [one.call] : [])));
    const atMs = seen.log.at(-1)?.atMs ?? 0;
    const found: Found[] = [];
    for (const [contact, { outcome }] of seen.standings) {
      const call = rang.get(contact);
      if (outcome === undefined || outcome === 'uncertain') continue;
      const isCut = call?.outcome === 'uncertain';
      if (isCut && outcome === 'answered' && keyed.has(call.call)) continue;
      const really = call?.outcome ?? unrung(places.get(contact)?.at(-1), outcome);
      if (outcome === really) continue;
      const where = call === undefined ? 'nobody was rung' : `${call.call} came to ${really}`;
      found.push({ atMs, message: `${contact} stands at ${outcome}: ${where}` });
    }
    return [...found, ...contradicted(seen)];
  },
};

/** What becomes of a call that rang nobody. */
function unrung(place: Exchange | undefined, outcome: Outcome): Outcome {
  if (place === undefined || !isRefusedNumber(place)) return 'failed';
  // Who was killed upon the refusal may have heard something else since.
  return isForgotten(place) && outcome === 'failed' ? 'failed' : 'invalid_number';
}

/**
 * What was told must be what is kept, and be told once. What was uncertain may come out later: then
 * that is told, unless a kill came between.
 */
function contradicted(seen: Seen): readonly Found[] {
  const { log, standings } = seen;
  const { isLast } = turnsOf(seen);
  const settled = new Set(log.flatMap((one) => (one.type === 'settled' ? one.contact : [])));
  const told = new Map<string, Outcome>();
  const found: Found[] = [];
  const cameOut = answeredAgain(seen);
  for (const { atMs, event, index } of toldOf(log, 'call.finished')) {
    const { contact, call, outcome, was } = event;
    const isKnown = settled.has(contact) || (cameOut.get(contact) ?? -1) > index;
    const isOver = outcome === 'uncertain' && isKnown;
    if (isOver || !isLast(contact, call)) continue;
    if (was !== undefined && (cameOut.get(contact) ?? Number.POSITIVE_INFINITY) > index) {
      found.push({ atMs, message: `${contact} is told as ${outcome}, and nobody had said so` });
    }
    const before = told.get(contact);
    told.set(contact, outcome);
    if (before !== undefined) {
      found.push({ atMs, message: `${contact} is told as ${outcome}, after ${before}` });
    }
    const kept = standings.get(contact)?.outcome;
    if (kept !== outcome) {
      const stands = `stands at ${kept ?? 'no outcome'}`;
      found.push({ atMs, message: `${contact} is told as ${outcome} for ${call}, ${stands}` });
    }
  }
  return found;
}

/** By contact: where the dialer was asked once more about them, and answered. */
function answeredAgain(seen: Seen): ReadonlyMap<string, number> {
  return new Map(
    evidenceOf(seen).exchanges.flatMap(({ isAgain, sight, end }) => {
      const isAnswered = isAgain && end?.type === 'answered';
      return isAnswered ? [[sight.contact ?? '', end.index] as const] : [];
    }),
  );
}

export const UNCERTAIN_FOR_CAUSE: Checker = {
  name: 'uncertain for cause',
  promise:
    'Nobody is left uncertain whose dialer can tell: it was asked, and forgot, or could not be ' +
    'asked for as long as a call may last, nor once more by a later run, or the settings do not ' +
    'name it any more. Who is asked about once more is not rung, whatever it says.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const { isLast } = turnsOf(seen);
    const asked = Map.groupBy(
      evidence.exchanges.filter(({ sight: { method, contact = '', call = '' } }) => {
        return QUESTIONS.has(method) && isLast(contact, call);
      }),
      ({ sight }) => sight.contact ?? '',
    );
    const atMs = seen.log.at(-1)?.atMs ?? 0;
    return [...seen.standings].flatMap(([contact, { outcome }]) => {
      if (outcome !== 'uncertain') return [];
      if (isUnnamed(evidence, contact, asked.get(contact) ?? [])) return [];
      const its = asked.get(contact) ?? [];
      const [again, first] = [its.filter((one) => one.isAgain), its.filter((one) => !one.isAgain)];
      const why =
        unexcused(evidence, first) ?? unheard(again) ?? notAskedAgain(evidence, contact, its);
      return why === undefined ? [] : [{ atMs, message: `${contact} is uncertain: ${why}` }];
    });
  },
};

/**
 * The run that gave up knew no dialer of the name that may have placed the call: one that was seen
 * to be asked, or one that a life which was killed with the contact in hand was about to ask.
 */
function isUnnamed(evidence: Evidence, contact: string, asked: readonly Exchange[]): boolean {
  const { log } = evidence.seen;
  const told = toldOf(log, 'call.finished').findLast(({ event }) => {
    return event.contact === contact && event.outcome === 'uncertain';
  });
  if (told === undefined) return isCutOff(evidence, contact);
  if (isOtherAccount(evidence, contact, told.run)) return true;
  const { dialer } = chainsAt(evidence, told.index);
  const placed = asked.findLast(({ sight, index }) => {
    return sight.method === 'place' && index < told.index;
  });
  if (placed !== undefined && !dialer.includes(placed.sight.service)) return true;
  const started = toldOf(log, 'call.started').filter(({ event }) => event.contact === contact);
  return evidence.lives.some(({ run, over, chains }) => {
    const hadThem = started.some((one) => one.run === run && one.index < told.index);
    const wasAnother = chains.dialer.some((service) => !dialer.includes(service));
    return over?.how === 'killed' && hadThem && wasAnother;
  });
}

/** The run that gave up because of another account was killed before it could say so. */
function isCutOff(evidence: Evidence, contact: string): boolean {
  const started = toldOf(evidence.seen.log, 'call.started').findLast(({ event }) => {
    return event.contact === contact;
  });
  const life = evidence.lives.find(({ run }) => run === started?.run);
  return life?.over?.how === 'killed' && isOtherAccount(evidence, contact, life.run);
}

/** It was begun with one account, and given up with another. */
function isOtherAccount({ seen }: Evidence, contact: string, run: number): boolean {
  const { accountChange = Number.POSITIVE_INFINITY } = seen.promised.quirks;
  const began = toldOf(seen.log, 'call.started').some((one) => {
    return one.event.contact === contact && one.run < accountChange;
  });
  return began && run >= accountChange;
}

const QUESTIONS: ReadonlySet<string> = new Set(['place', 'find', 'follow']);

/** Why it need not have been uncertain; undefined where it had to be. */
function unexcused({ seen }: Evidence, asked: readonly Exchange[]): string | undefined {
  const last = asked.findLast(({ sight }) => sight.method !== 'place');
  if (last === undefined) return 'the dialer was never asked';
  const { sight, life, end } = last;
  if (end?.type === 'answered') {
    if (sight.method === 'follow') return `${sight.service} said at ${end.atMs} ms how it ended`;
    // Our own request was still under way, so that "no such call" proved nothing.
    const isOpen = asked.some((one) => isDeafPlace(one, firstOf(asked, last), seen.promised));
    const cannotTell = last.answer?.found === 'unknown';
    return cannotTell || isOpen ? undefined : `${sight.service} could tell at ${end.atMs} ms`;
  }
  const round = asked.filter(
    (one) => one.life === life && one.sight.method === sight.method && one.round === last.round,
  );
  return askedLongEnough(seen.promised, round);
}

/** What a dialer said when it was asked once more. */
function unheard(again: readonly Exchange[]): string | undefined {
  const told = again.find(({ sight, end, answer }) => {
    const tells = sight.method === 'follow' || answer?.found === 'ended';
    return tells && end?.type === 'answered';
  });
  return told && `${told.sight.service} said at ${told.end?.atMs ?? 0} ms how it had ended`;
}

/**
 * A dialer that could not be asked is asked once more by every run, unless it has just let another
 * such question down.
 */
function notAskedAgain(
  evidence: Evidence,
  contact: string,
  asked: readonly Exchange[],
): string | undefined {
  const { lives, exchanges, seen } = evidence;
  const last = asked.findLast(({ sight }) => sight.method !== 'place');
  if (last === undefined || last.end?.type === 'answered') return undefined;
  if (last.end?.type === 'failed' && isRefused(last.end.failure)) return undefined;
  const { service } = last.sight;
  const its = lives.filter(({ campaign }) => campaign === last.life.campaign);
  const later = its.find(({ run, began, chains }) => {
    const isDone = seen.log.some(
      (one) => one.type === 'ended' && one.run === run && one.end === 'done',
    );
    const knowsIt = chains.dialer.includes(service) && !isOtherAccount(evidence, contact, run);
    return isDone && began.index > last.index && knowsIt;
  });
  if (later === undefined) return undefined;
  const isDeaf = exchanges.some(({ life, isAgain, sight, end }) => {
    return life === later && isAgain && sight.service === service && end?.type !== 'answered';
  });
  return isDeaf ? undefined : `run ${later.run} did not ask ${service} about ${contact} again`;
}

/** Of the same question, asked again and again: what is known when it is first asked counts. */
function firstOf(asked: readonly Exchange[], last: Exchange): Exchange {
  const same = asked.filter(({ sight, round }) => sight.method === 'find' && round === last.round);
  const until = same.findLastIndex(({ end, index }) => {
    return end?.type === 'answered' && index < last.index;
  });
  return same[until + 1] ?? last;
}

/** Given up, and heard of neither in its time nor in the time for which it is waited then. */
function isDeafPlace(
  { sight, life, answer, givenUp, index, atMs }: Exchange,
  question: Exchange,
  promised: Promised,
): boolean {
  const over = answer ?? givenUp;
  const until = question.end?.index ?? question.index;
  const waitedMs = question.atMs - atMs - requestLimitMs(promised, sight.service);
  return (
    waitedMs >= GIVEN_UP_GRACE_MS - ROUNDING_MS &&
    sight.method === 'place' &&
    life === question.life &&
    index < question.index &&
    (over === undefined || over.index > until)
  );
}

/** A wait that would go beyond the bound is not begun, so the last question can be that early. */
function askedLongEnough(promised: Promised, round: readonly Exchange[]): string | undefined {
  // An answer begins another series of questions.
  const series = round.slice(1 + round.findLastIndex(({ end }) => end?.type === 'answered'));
  const [first] = series;
  const end = series.at(-1)?.end;
  if (first === undefined || end === undefined) return 'the question was not over';
  const { retry, timeouts } = promised.policyOf(first.sight.service);
  if (end.type === 'failed' && isRefused(end.failure)) return undefined;
  const askedMs = end.atMs - first.atMs;
  const boundMs = timeouts.callMs - retry.maxDelayMs;
  if (timeouts.callMs > 0 && askedMs >= boundMs) return undefined;
  return `${first.sight.service} was asked for ${askedMs} ms of ${timeouts.callMs} ms only`;
}

function isRefused({ kind, scope }: { kind: string; scope: string }): boolean {
  return kind === 'permanent' && scope === 'request';
}

export const EVERYBODY_RECORDED: Checker = {
  name: 'everybody recorded',
  promise:
    'The CRM has every outcome, the right one, and is told which record may be a second. What it ' +
    'refuses for good is offered once per run, and owed.',
  check: (seen) => {
    const { log, standings } = seen;
    const { isLast } = turnsOf(seen);
    const records = log.filter((sight) => sight.type === 'recorded');
    const found: Found[] = [];
    for (const [key, same] of Map.groupBy(
      records,
      ({ call, service }) => `${call} at ${service}`,
    )) {
      const firsts = same.filter(({ again }) => !again);
      // They can arrive in another order than sent: so the first need not come first.
      if (firsts.length <= 1) continue;
      const message = `${firsts.length} records of ${key} came as the first`;
      found.push({ atMs: firsts.at(-1)?.atMs ?? 0, message });
    }
    for (const { atMs, contact, call, outcome } of records) {
      const kept = standings.get(contact)?.outcome;
      if (outcome === kept || !isLast(contact, call)) continue;
      const message = `${call} of ${contact} is recorded as ${outcome}, not ${kept ?? 'at all'}`;
      found.push({ atMs, message });
    }
    const offers = evidenceOf(seen).exchanges.filter(({ sight }) => sight.method === 'record');
    return [...found, ...offeredAgain(offers), ...unrecorded(seen, records, offers)];
  },
};

function isRefusedForGood({ end }: Exchange): boolean {
  return end?.type === 'failed' && isRefused(end.failure);
}

function offeredAgain(offers: readonly Exchange[]): readonly Found[] {
  const rounds = Map.groupBy(offers, ({ life, sight }) => `${sight.call} in run ${life.run}`);
  return [...rounds].flatMap(([which, same]) => {
    const next = same[1 + same.findIndex(isRefusedForGood)];
    const isAgain = next !== undefined && same.some(isRefusedForGood);
    return isAgain ? [{ atMs: next.atMs, message: `${which} is offered after a refusal` }] : [];
  });
}

function unrecorded(
  seen: Seen,
  records: readonly Of<'recorded'>[],
  offers: readonly Exchange[],
): readonly Found[] {
  const { log, standings } = seen;
  const last = log.at(-1);
  const over = log.findLast(
    ({ type }) => type === 'ended' || type === 'killed' || type === 'broke',
  );
  if (over?.type !== 'ended' || over.end !== 'done') return [];
  const refused = offers.filter((one) => one.life.run === over.run && isRefusedForGood(one));
  const { isLast } = turnsOf(seen);
  const have = new Set([
    ...records.filter(({ contact, call }) => isLast(contact, call)).map(({ contact }) => contact),
    ...refused.map(({ sight }) => sight.contact),
  ]);
  return [...standings].flatMap(([contact, { outcome }]) => {
    if (outcome === undefined || outcome === 'uncertain' || have.has(contact)) return [];
    return [{ atMs: last?.atMs ?? 0, message: `${contact} is done, ${outcome}: no record of it` }];
  });
}
