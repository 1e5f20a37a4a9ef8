/**
 * What is promised to the people on the list: nobody is rung twice, nobody without something to
 * say, nobody is lost.
 */
import type { ContactState } from '../../domain/words.ts';
import type { Checker, Seen, Standing, Violation } from '../check.ts';
import { greeting } from '../simulated-services.ts';
import { evidenceOf, type Of } from './evidence.ts';
import { listsOf, type Row, turnsOf } from './lists.ts';

type Found = Omit<Violation, 'checker'>;

export const NOBODY_TWICE: Checker = {
  name: 'nobody twice',
  promise:
    'Nobody is rung twice, over all lives of the program, but where the operator wants it again.',
  check: (seen) => {
    const found: Found[] = [];
    const before = new Map<string, Of<'rang'>>();
    const { turnOf } = turnsOf(seen);
    for (const sight of seen.log) {
      if (sight.type !== 'rang') continue;
      const turn = `${sight.contact} in turn ${turnOf(sight.call)}`;
      const first = before.get(turn);
      before.set(turn, first ?? sight);
      if (first === undefined) continue;
      const message =
        `${sight.contact} is rung by ${sight.service} for ${sight.call}, after ` +
        `${first.service} rang for ${first.call} at ${first.atMs} ms`;
      found.push({ atMs: sight.atMs, message });
    }
    return found;
  },
};

export const WORDS_FIRST: Checker = {
  name: 'words first',
  promise:
    'A phone rings only with a text and its audio at hand, and it is the phone and the text of ' +
    'the row that was read last.',
  check: (seen) => {
    const { readBy } = listsOf(seen);
    return seen.log.flatMap((sight) => {
      if (sight.type !== 'rang') return [];
      const { contact, call, phone, hasWords, text, atMs, run } = sight;
      const found: Found[] = [];
      if (!hasWords) found.push({ atMs, message: `${contact} is rung for ${call} with no words` });
      const row = readBy.get(run)?.rows.get(contact);
      if (phone !== row?.phone) {
        const right = row?.phone ?? 'anybody listed';
        found.push({ atMs, message: `${call} for ${contact} rings ${phone}, not ${right}` });
      }
      if (hasWords && text !== undefined && text !== greeting(contact, row?.name)) {
        found.push({ atMs, message: `${call} for ${contact} says "${text}" to ${row?.name}` });
      }
      return found;
    });
  },
};

export const REMOVED_STAY_AWAY: Checker = {
  name: 'removed stay away',
  promise: 'Whose row was deleted is not rung by a run that has read the list without it.',
  check: (seen) => {
    const { readBy } = listsOf(seen);
    return evidenceOf(seen).exchanges.flatMap(({ sight, life, atMs }) => {
      const { method, contact = '', call, service } = sight;
      if (method !== 'place' || readBy.get(life.run)?.rows.has(contact) !== false) return [];
      const message = `${service} is to ring ${contact} for ${call ?? '?'}, whose row is deleted`;
      return [{ atMs, message }];
    });
  },
};

export const NUMBER_ONCE: Checker = {
  name: 'number once',
  promise:
    'Where a number is for one contact only, it is rung for one of those to whom the list gives ' +
    'it; and no row is refused unless another contact has its number.',
  check: (seen) => {
    if (seen.promised.sameNumber === 'allow') return [];
    const { readBy } = listsOf(seen);
    /** By number: for whom it rang, unless the operator says that it did not. */
    const rang = new Map<string, Set<string>>();
    /** Whoever has an outcome keeps the number, also when the row is gone. */
    const ended = new Set<string>();
    /** By contact whose call has failed, and may be over: the life. */
    const failing = new Map<string, number>();
    const found: Found[] = [];
    for (const sight of seen.log) {
      if (sight.type === 'told' && sight.event.type === 'call.finished') {
        ended.add(sight.event.contact);
      }
      if (sight.type === 'settled' && sight.outcome === 'again') {
        for (const contacts of rang.values()) contacts.delete(sight.contact);
      }
      // Killed before it told of the end that it had written down.
      if (sight.type === 'told' && sight.event.type === 'call.failed') {
        failing.set(sight.event.contact, sight.run);
      }
      if (sight.type === 'told' && sight.event.type === 'contact.put_off') {
        failing.delete(sight.event.contact);
      }
      if (sight.type === 'killed') {
        for (const [contact, run] of failing) if (run === sight.run) ended.add(contact);
        failing.clear();
      }
      if (sight.type !== 'rang' && sight.type !== 'refused') continue;
      const { contact, phone, atMs, run } = sight;
      const { words = NOTHING, rows = NOTHING } = readBy.get(run) ?? {};
      const before = rang.get(phone) ?? new Set();
      const isTheirs = (other: string): boolean =>
        other !== contact && words.get(other)?.phone === phone;
      // What was refused since has changed nothing for a call that may be on its way.
      const wasTheirs = (other: string, at: number): boolean =>
        other !== contact && readBy.get(at)?.words.get(other)?.phone === phone;
      if (sight.type === 'rang') {
        const other = [...before].find(isTheirs);
        rang.set(phone, before.add(contact));
        if (other === undefined) continue;
        found.push({ atMs, message: `${phone} rings for ${contact}, after it rang for ${other}` });
      } else if (
        ![...rows.keys(), ...before, ...ended].some(isTheirs) &&
        !mayRing(seen, (other, at) => isTheirs(other) || wasTheirs(other, at))
      ) {
        found.push({ atMs, message: `${contact} is refused for ${phone}, which nobody else has` });
      }
    }
    return found;
  },
};

const NOTHING: ReadonlyMap<string, Row> = new Map();

/** The program cannot know of every call to the number whether it came to be. */
function mayRing({ log }: Seen, isTheirs: (contact: string, run: number) => boolean): boolean {
  // Killed with the attempt on disk, perhaps, when the request was about to leave.
  const cutOff = new Set(
    log.flatMap((one) =>
      one.type === 'killed' && CUT_OFF.some((at) => one.at.startsWith(at)) ? one.run : [],
    ),
  );
  return log.some((sight) => {
    if (sight.type === 'request') {
      return sight.method === 'place' && isTheirs(sight.contact ?? '', sight.run);
    }
    if (sight.type !== 'told' || sight.event.type !== 'call.started') return false;
    return cutOff.has(sight.run) && isTheirs(sight.event.contact, sight.run);
  });
}

const CUT_OFF = ['place leaves', 'after a commit'];

/** States of somebody who has an outcome. */
const SETTLED: ReadonlySet<ContactState | undefined> = new Set(['done', 'uncertain']);

export const NOBODY_LOST: Checker = {
  name: 'nobody lost',
  promise:
    'Every row ends in a named outcome, or is still in the queue; a run that says "done" has ' +
    'nobody left.',
  check: (seen) => {
    const { log, promised, standings } = seen;
    const { atMs = 0 } = log.at(-1) ?? {};
    const { over, run: lastRun } = evidenceOf(seen).lives.at(-1) ?? {};
    const { rows } = listsOf(seen).last;
    const refused = new Set(
      log.flatMap((one) => (one.type === 'refused' && one.run === lastRun ? one.contact : [])),
    );
    const ended = lastEnd(log);
    const isDone = over?.how === 'ended' && ended?.end === 'done';
    const found: Found[] = [];
    for (const { id } of promised.contacts) {
      const { state, outcome } = standings.get(id) ?? { state: undefined, outcome: undefined };
      const says = `${id} stands at ${state ?? 'nothing'} with ${outcome ?? 'no outcome'}`;
      const isSettled = SETTLED.has(state);
      if (state === undefined && (!rows.has(id) || refused.has(id))) continue;
      if (state === undefined || isSettled !== (outcome !== undefined)) {
        found.push({ atMs, message: says });
      } else if ((state === 'uncertain') !== (outcome === 'uncertain')) {
        found.push({ atMs, message: says });
      } else if (isDone && !isSettled) {
        found.push({ atMs, message: `${says}, and the last run ended: done` });
      } else if (over?.how === 'ended' && state === 'calling') {
        found.push({ atMs, message: `${says}, and no run is on` });
      }
    }
    return [...found, ...(over?.how === 'ended' ? miscounted(seen) : [])];
  },
};

function lastEnd(log: Seen['log']): Of<'ended'> | undefined {
  return log.findLast((sight) => sight.type === 'ended');
}

/** The last run's own count, against the rows one by one. */
function miscounted({ log, standings }: Seen): readonly Found[] {
  const ended = lastEnd(log);
  if (ended === undefined) return [];
  const { contacts, atMs } = ended;
  const { total, ...states } = contacts;
  const counted = tally(standings.values());
  const found: Found[] = [];
  for (const [state, count] of Object.entries(states)) {
    const rows = counted.get(state) ?? 0;
    if (count === rows) continue;
    found.push({ atMs, message: `${count} contacts are counted as ${state}, there are ${rows}` });
  }
  const sum = Object.values(states).reduce((one, other) => one + other, 0);
  if (total !== sum) found.push({ atMs, message: `${total} contacts in all, ${sum} by state` });
  return found;
}

function tally(standings: Iterable<Standing>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { state } of standings) {
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}
