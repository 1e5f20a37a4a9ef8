/**
 * What is promised to the people on the list: nobody is rung twice, nobody without something to
 * say, nobody is lost.
 */
import type { ContactState } from '../../domain/words.ts';
import type { Checker, Seen, Standing, Violation } from '../check.ts';
import { evidenceOf, type Of } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const NOBODY_TWICE: Checker = {
  name: 'nobody twice',
  promise: 'Nobody is rung twice, over all lives of the program.',
  check: ({ log }) => {
    const found: Found[] = [];
    const before = new Map<string, Of<'rang'>>();
    for (const sight of log) {
      if (sight.type !== 'rang') continue;
      const first = before.get(sight.contact);
      before.set(sight.contact, first ?? sight);
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
  promise: 'A phone rings only with a text and its audio at hand, and it is the right phone.',
  check: ({ log, promised }) => {
    const phones = new Map(promised.contacts.map(({ id, phone }) => [id, phone]));
    /** As each life has read it: a dialer can be late, and ring for one that is gone. */
    const readBy = new Map<number, ReadonlyMap<string, string>>();
    return log.flatMap((sight) => {
      if (sight.type === 'corrected') phones.set(sight.contact, sight.phone);
      if (sight.type === 'began') readBy.set(sight.run, new Map(phones));
      if (sight.type !== 'rang') return [];
      const { contact, call, phone, hasWords, atMs, run } = sight;
      const found: Found[] = [];
      if (!hasWords) found.push({ atMs, message: `${contact} is rung for ${call} with no words` });
      const right = readBy.get(run)?.get(contact);
      if (phone !== right) {
        const message = `${call} for ${contact} rings ${phone}, not ${right ?? 'anybody listed'}`;
        found.push({ atMs, message });
      }
      return found;
    });
  },
};

export const REMOVED_STAY_AWAY: Checker = {
  name: 'removed stay away',
  promise: 'Whose row was deleted is not rung by a run that has read the list without it.',
  check: (seen) => {
    const { exchanges, lives } = evidenceOf(seen);
    const placed = exchanges.filter(({ sight }) => sight.method === 'place');
    return seen.log.flatMap((sight, index) => {
      if (sight.type !== 'removed') return [];
      const { contact } = sight;
      const start = lives.find(({ began }) => began.index > index);
      const since = start?.began.index ?? Number.POSITIVE_INFINITY;
      const late = placed.filter((one) => one.sight.contact === contact && one.index > since);
      return late.map(({ atMs, sight: { call, service } }) => {
        const when = `deleted at ${sight.atMs} ms`;
        return { atMs, message: `${service} is to ring ${contact} for ${call ?? '?'}, ${when}` };
      });
    });
  },
};

/** States of somebody who has an outcome. */
const SETTLED: ReadonlySet<ContactState | undefined> = new Set(['done', 'uncertain']);

export const NOBODY_LOST: Checker = {
  name: 'nobody lost',
  promise:
    'Every row ends in a named outcome, or is still in the queue; a run that says "done" has ' +
    'nobody left.',
  check: (seen) => {
    const { log, promised, standings } = seen;
    const atMs = log.at(-1)?.atMs ?? 0;
    const removed = new Set(log.flatMap((one) => (one.type === 'removed' ? one.contact : [])));
    const { over } = evidenceOf(seen).lives.at(-1) ?? {};
    const ended = lastEnd(log);
    const isDone = over?.how === 'ended' && ended?.end === 'done';
    const found: Found[] = [];
    for (const { id } of promised.contacts) {
      const { state, outcome } = standings.get(id) ?? { state: undefined, outcome: undefined };
      const says = `${id} stands at ${state ?? 'nothing'} with ${outcome ?? 'no outcome'}`;
      const isSettled = SETTLED.has(state);
      if (state === undefined && removed.has(id)) continue;
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
