/**
 * What is promised of the counts that a run tells at its beginning and at its end.
 */
import type { ContactCounts } from '../../domain/event.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import { evidenceOf, type Of, toldOf } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const COUNTS_TRUE: Checker = {
  name: 'counts true',
  promise:
    'What a run tells of its contacts adds up, and is where they stand: nobody is in hand at its ' +
    'end, nobody left where it is done, and everybody done of whom it told how they ended.',
  check: (seen) => {
    const told = [...toldOf(seen.log, 'run.started'), ...toldOf(seen.log, 'run.finished')];
    const ended = new Map(
      seen.log.flatMap((one) => (one.type === 'ended' ? [[one.run, one]] : [])),
    );
    const settledAt = (run: number): number =>
      seen.log.findLastIndex((one) => one.type === 'settled' && one.run === run);
    const sums = told.flatMap(({ event, atMs }) => addedUp(event.type, event.contacts, atMs));
    const ends = toldOf(seen.log, 'run.finished').flatMap(
      ({ event, atMs, run, index }): Found[] => {
        // What the operator settles after it has told is not in it.
        const after = index > settledAt(run) ? ended.get(run) : undefined;
        return [
          ...left(event.end, event.contacts).map((message) => ({ atMs, message })),
          ...(after === undefined ? [] : otherwise(event.contacts, after.contacts, atMs)),
        ];
      },
    );
    return [...sums, ...ends, ...tooFewDone(seen), ...wrongAtLast(seen)];
  },
};

function addedUp(what: string, { total, ...states }: ContactCounts, atMs: number): Found[] {
  const sum = Object.values(states).reduce((one, other) => one + other, 0);
  if (sum === total) return [];
  return [{ atMs, message: `${what}: ${total} contacts in all, ${sum} by state` }];
}

function left(end: string, { calling, queued, put_off: putOff }: ContactCounts): string[] {
  const found = calling > 0 ? [`run.finished: ${calling} are in hand, and nobody has them`] : [];
  const waiting = queued + putOff;
  if (end === 'done' && waiting > 0) found.push(`run.finished: done, and ${waiting} are left`);
  return found;
}

function otherwise(told: ContactCounts, really: ContactCounts, atMs: number): Found[] {
  return STATES.flatMap((state) => {
    const message = `run.finished: ${told[state]} ${state}, there are ${really[state]}`;
    return told[state] === really[state] ? [] : [{ atMs, message }];
  });
}

const STATES = ['total', 'done', 'calling', 'queued', 'put_off', 'uncertain'] as const;

/** Whoever has an outcome keeps it; but the operator can settle those who are uncertain. */
function tooFewDone({ log }: Seen): Found[] {
  const done = new Set<string>();
  const found: Found[] = [];
  for (const { type, atMs, ...sight } of log) {
    const event = type === 'told' ? (sight as Of<'told'>).event : undefined;
    if (event?.type === 'call.finished' && event.outcome !== 'uncertain') done.add(event.contact);
    if (event?.type !== 'run.finished' || event.contacts.done >= done.size) continue;
    const message = `run.finished: ${event.contacts.done} done, ${done.size} were told`;
    found.push({ atMs, message });
  }
  return found;
}

/** The last run of all, against the rows one by one. */
function wrongAtLast(seen: Seen): Found[] {
  const last = evidenceOf(seen).lives.at(-1);
  if (last?.over?.how !== 'ended') return [];
  const told = toldOf(seen.log, 'run.finished').findLast(({ run }) => run === last.run);
  const isSettledSince = seen.log.some(({ type }, index) => {
    return type === 'settled' && index > (told?.index ?? 0);
  });
  if (told === undefined || isSettledSince) return [];
  const counts = { total: 0, done: 0, calling: 0, queued: 0, put_off: 0, uncertain: 0 };
  for (const { state } of seen.standings.values()) {
    if (state === undefined) continue;
    counts[state] += 1;
    counts.total += 1;
  }
  return otherwise(told.event.contacts, counts, told.atMs);
}
