/**
 * What is promised of the end of a run: it comes when it was ordered or has to, and nothing is
 * left behind.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import type { Sighting } from '../sighting.ts';
import {
  type Exchange,
  evidenceOf,
  type Life,
  type Of,
  ROUNDING_MS,
  type Told,
  toldOf,
} from './evidence.ts';
import { billedMicros, budgetOf } from './money.ts';

type Found = Omit<Violation, 'checker'>;

export const ENDS_CLEAN: Checker = {
  name: 'ends clean',
  promise: 'A run that ends leaves no timer and nobody in hand, and is not heard of again.',
  check: (seen) => {
    const over = new Map<number, Of<'ended' | 'killed' | 'broke'>>();
    const found: Found[] = [];
    for (const sight of seen.log) {
      const { atMs, run } = sight;
      const end = over.get(run);
      if (end !== undefined && isOfProgram(sight)) {
        const what = sight.type === 'request' ? sight.method : sight.type;
        found.push({ atMs, message: `${what} of run ${run}, over since ${end.atMs} ms` });
      }
      if (sight.type === 'broke') found.push({ atMs, message: `run ${run}: ${sight.message}` });
      if (sight.type === 'ended') found.push(...leftBehind(sight));
      if (sight.type === 'ended' || sight.type === 'killed' || sight.type === 'broke') {
        over.set(run, sight);
      }
    }
    return found;
  },
};

function isOfProgram({ type }: Sighting): boolean {
  return type === 'told' || type === 'request' || type === 'given_up' || type === 'ended';
}

function leftBehind({ atMs, timers, contacts }: Of<'ended'>): readonly Found[] {
  const found: Found[] = [];
  if (timers !== 0) found.push({ atMs, message: `${timers} timers are left` });
  if (contacts.calling !== 0) found.push({ atMs, message: `${contacts.calling} are left calling` });
  return found;
}

export const ENDS_FOR_CAUSE: Checker = {
  name: 'ends for cause',
  promise:
    'A run ends as it says: at its limit, its hour, its budget, on order, or after a long outage.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    return lives.flatMap((life) => {
      const ended = seen.log[life.over?.index ?? -1];
      if (ended?.type !== 'ended') return [];
      const why = uncalledFor(seen, life, ended, exchanges);
      const told = toldOf(seen.log, 'run.finished').find(({ run }) => run === life.run)?.event;
      const found: Found[] = [];
      const { atMs } = ended;
      if (why !== undefined) found.push({ atMs, message: `run ${life.run} ends: ${why}` });
      if (told !== undefined && told.end !== ended.end) {
        found.push({ atMs, message: `run ${life.run} tells ${told.end}, ends ${ended.end}` });
      }
      return found;
    });
  },
};

/** Why it should not have ended like this; undefined where it may. */
function uncalledFor(
  seen: Seen,
  life: Life,
  ended: Of<'ended'>,
  exchanges: readonly Exchange[],
): string | undefined {
  const { limit, untilMs, outageWaitMs } = life.policy;
  const outcomes = outcomesOf(seen, life);
  switch (ended.end) {
    case 'limit':
      return outcomes.length >= (limit ?? Number.POSITIVE_INFINITY)
        ? undefined
        : `limit, with ${outcomes.length} outcomes of ${limit ?? 'no limit'}`;
    case 'until': {
      const wallMs = wallOf(life, ended.atMs);
      return wallMs >= (untilMs ?? Number.POSITIVE_INFINITY) - ROUNDING_MS
        ? undefined
        : `until, at ${wallMs}, not ${untilMs ?? 'ever'}`;
    }
    case 'outage':
      return hasWaited(seen, life, ended, exchanges)
        ? undefined
        : `outage, and never was there nothing to show for ${outageWaitMs} ms`;
    case 'stopped': {
      const isAsked = seen.log.some(
        ({ type, run }) => type === 'asked_to_stop' && run === life.run,
      );
      return isAsked ? undefined : 'stopped, and nobody asked';
    }
    case 'budget': {
      const budgetMicros = budgetOf(seen, life);
      if (budgetMicros === undefined) return 'budget, and there is none';
      const micros = billedMicros(seen, life.over?.index ?? 0);
      return micros >= budgetMicros
        ? undefined
        : `budget, with ${micros} of ${budgetMicros} millionths billed`;
    }
    case 'disk_failed':
    case 'program_failed':
      return ended.end;
    case 'done': {
      // As it tells: before it is over, the operator may want somebody again.
      const told = toldOf(seen.log, 'run.finished').find(({ run }) => run === life.run);
      const { queued, put_off: putOff, calling } = told?.event.contacts ?? ended.contacts;
      const left = queued + putOff + calling;
      return left === 0 ? undefined : `done, with ${left} left to call`;
    }
  }
}

/**
 * Whether it took nobody new after so long a time; whoever was in hand may still be done, and as
 * long as somebody is on the line, it goes on.
 */
function hasWaited(
  { log }: Seen,
  life: Life,
  ended: Of<'ended'>,
  exchanges: readonly Exchange[],
): boolean {
  const lastStart = toldOf(log, 'call.started').findLast(({ run, index }) => {
    return run === life.run && !isInCall(log, exchanges, life, index);
  });
  const lastStartMs = lastStart?.atMs ?? life.began.atMs;
  const progress = [life.began, ...progressOf(log, life)];
  return progress.some(({ atMs }, position) => {
    const decidedMs = atMs + life.policy.outageWaitMs;
    const nextMs = progress[position + 1]?.atMs ?? ended.atMs;
    return decidedMs <= nextMs + ROUNDING_MS && decidedMs >= lastStartMs - ROUNDING_MS;
  });
}

function wallOf(life: Life, atMs: number): number {
  return life.wallMs + atMs - life.began.atMs;
}

export const ORDERS_OBEYED: Checker = {
  name: 'orders obeyed',
  promise:
    'After its hour, its limit, the word to end or a long outage, a run takes nobody new; told ' +
    'to stop at once, it only hangs up.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    return lives.flatMap((life) => [
      ...startsTooLate(seen, life, exchanges),
      ...sentAfterStop(life, exchanges),
      ...beyondLimit(seen, life),
    ]);
  },
};

function beyondLimit(seen: Seen, life: Life): readonly Found[] {
  const { limit } = life.policy;
  const outcomes = outcomesOf(seen, life);
  const extra = limit === undefined ? undefined : outcomes[limit];
  if (extra === undefined) return [];
  return [{ atMs: extra.atMs, message: `${outcomes.length} outcomes, ${limit} are the limit` }];
}

/** Whoever has one, however it was: that more is heard of a call in doubt is none more. */
function outcomesOf({ log }: Seen, { run }: Life): readonly Told<'call.finished'>[] {
  return toldOf(log, 'call.finished').filter(
    (one) => one.run === run && one.event.was === undefined,
  );
}

function sentAfterStop(life: Life, exchanges: readonly Exchange[]): readonly Found[] {
  const { stopped } = life;
  if (stopped === undefined) return [];
  return exchanges.flatMap(({ sight, index, atMs, life: its }) => {
    const isLate = its === life && index > stopped.index;
    // Health is looked at until the run is over; that harms nobody.
    if (!isLate || sight.method === 'hangUp' || sight.method === 'probe') return [];
    const message = `${sight.method} for ${sight.contact ?? '?'}, stopped at ${stopped.atMs} ms`;
    return [{ atMs, message }];
  });
}

export const HOUR_KEPT: Checker = {
  name: 'hour kept',
  promise: 'No call begins after the hour at which a run ends, however long it was prepared.',
  check: (seen) =>
    evidenceOf(seen).exchanges.flatMap(({ sight, atMs, life }) => {
      const endMs = hourOf(life);
      if (sight.method !== 'place' || atMs <= endMs + ROUNDING_MS) return [];
      return [{ atMs, message: `${sight.contact ?? '?'} is rung, it ends at ${endMs} ms` }];
    }),
};

/** From the start of the simulation; Infinity where there is none. */
function hourOf({ policy: { untilMs }, began, wallMs }: Life): number {
  return untilMs === undefined ? Infinity : began.atMs + Math.max(0, untilMs - wallMs);
}

/** A claim can be on its way at the moment of the order: that contact is taken, later ones not. */
function startsTooLate(seen: Seen, life: Life, exchanges: readonly Exchange[]): readonly Found[] {
  const { log } = seen;
  const asked = log.find(({ type, run }) => type === 'asked_to_stop' && run === life.run);
  const { outageWaitMs } = life.policy;
  const endMs = Math.min(asked?.atMs ?? Number.POSITIVE_INFINITY, hourOf(life));
  const progress = progressOf(log, life);
  let next = 0;
  let progressMs = life.began.atMs;
  return toldOf(log, 'call.started').flatMap(({ index, atMs, run, event }) => {
    if (run !== life.run) return [];
    for (; (progress[next]?.index ?? Number.POSITIVE_INFINITY) < index; next += 1) {
      progressMs = progress[next]?.atMs ?? progressMs;
    }
    const who = `${event.contact} is taken`;
    if (atMs > endMs + ROUNDING_MS) return [{ atMs, message: `${who}, it ends at ${endMs} ms` }];
    const idleMs = atMs - progressMs;
    if (idleMs <= outageWaitMs + ROUNDING_MS || isInCall(log, exchanges, life, index)) return [];
    return [{ atMs, message: `${who}, ${idleMs} ms after the last outcome` }];
  });
}

interface Progress {
  readonly index: number;
  readonly atMs: number;
}

/** Somebody has an outcome, or a record is made. */
function progressOf(log: readonly Sighting[], life: Life): readonly Progress[] {
  return log.flatMap((sight, index) => {
    if (sight.type !== 'told' || sight.run !== life.run) return [];
    const { event, atMs } = sight;
    const isProgress =
      event.type === 'call.finished' || (event.type === 'step.finished' && event.step === 'record');
    return isProgress ? [{ index, atMs }] : [];
  });
}

/** Whether somebody is on the line: that is progress, however long it takes. */
function isInCall(
  log: Seen['log'],
  exchanges: readonly Exchange[],
  life: Life,
  index: number,
): boolean {
  const followed = exchanges.filter(
    (one) => one.life === life && one.sight.method === 'follow' && one.index < index,
  );
  // Between two questions how a call ended it is still on, for all that is known.
  return followed.some(({ sight, index: begun }) => {
    const { contact } = sight;
    return !log.slice(begun, index).some((later) => {
      if (later.type !== 'told' || later.event.type !== 'call.finished') return false;
      return later.event.contact === contact;
    });
  });
}
