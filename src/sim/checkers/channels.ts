/**
 * What is promised of the ways in which an operator is told: each hears what it takes, once, late
 * rather than never, and none is in the way of another or of a call.
 */
import type { AlertSeverity } from '../../domain/alert.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import {
  type Evidence,
  evidenceOf,
  type Life,
  type Mark,
  type Of,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

/** One message that left for a channel, and what the program heard of it. */
type Send = Of<'alert_leaves'> & Mark & { readonly answer: (Mark & Answer) | undefined };
type Channel = NonNullable<Seen['promised']['channels']>[number];
type Answer = Pick<Of<'alert_answered'>, 'failure'>;

/** What comes so much later than it could have says so: docs/guide/alerts.md. */
const LATE_MS = 2 * 60_000;
/** What is still owed may hold up the end of a run for so long. */
const CLOSE_MS = 5_000;

function checker(
  name: string,
  promise: string,
  check: (sends: Sends) => readonly Found[],
): Checker {
  return {
    name,
    promise,
    check: (seen) => (seen.promised.alerts ? check(sendsOf(seen)) : []),
  };
}

/** Everything that left for a channel, in order. */
class Sends {
  readonly evidence: Evidence;
  readonly all: readonly Send[];
  readonly #byChannel: ReadonlyMap<string, readonly Send[]>;

  constructor(seen: Seen) {
    this.evidence = evidenceOf(seen);
    const answers = new Map<string, Mark & Answer>();
    for (const [index, sight] of seen.log.entries()) {
      if (sight.type !== 'alert_answered') continue;
      answers.set(sight.send, { index, atMs: sight.atMs, failure: sight.failure });
    }
    this.all = seen.log.flatMap((sight, index) => {
      if (sight.type !== 'alert_leaves') return [];
      return [{ ...sight, index, answer: answers.get(sight.send) }];
    });
    this.#byChannel = Map.groupBy(this.all, ({ channel }) => channel);
  }

  get channels() {
    return this.evidence.seen.promised.channels ?? [];
  }

  of(channel: string): readonly Send[] {
    return this.#byChannel.get(channel) ?? [];
  }

  /** The first of each alert, of those that pass. */
  firsts(isOf: (send: Send) => boolean = () => true): readonly Send[] {
    const firsts = new Map<string, Send>();
    for (const send of this.all) {
      if (!firsts.has(send.id) && isOf(send)) firsts.set(send.id, send);
    }
    return [...firsts.values()];
  }

  /** Whether it had been told by then, anywhere, that what this alert began is over. */
  isOver(send: Send, index: number): boolean {
    return this.#isFollowed(send, index, (other) => other.kind === 'recovered');
  }

  /** Whether it had become worse by then: to be told here as that, or told here as that. */
  isReplaced(send: Send, { name, severities }: Channel, index: number): boolean {
    return this.#isFollowed(send, index, (other) => {
      const isWorse = other.kind === 'raised' && other.was !== undefined && send.was === undefined;
      return isWorse && (takes(severities, other) || (other.channel === name && isTaken(other)));
    });
  }

  #isFollowed(send: Send, index: number, isOf: (send: Send) => boolean): boolean {
    if (send.kind !== 'raised') return false;
    const begun = beginningOf(send);
    return this.all.some((one) => one.index < index && isOf(one) && beginningOf(one) === begun);
  }

  /** Whether it need not go out there any more: it did, or what came later is out. */
  isDone(send: Send, channel: string, index: number): boolean {
    const its = this.of(channel).filter((one) => one.index < index);
    if (its.some((one) => one.id === send.id && isTaken(one))) return true;
    const refused = its.find((one) => one.id === send.id && isRefusedItself(one));
    if (refused === undefined) return false;
    return its.some((one) => one.key === send.key && isTaken(one) && one.index > refused.index);
  }

  /** Whether the program said that it could not be sent there. */
  isToldFailed(
    { key, kind }: Send,
    channel: string,
    isOf: (failed: { readonly run: number; readonly kept: boolean }) => boolean,
  ): boolean {
    return toldOf(this.evidence.seen.log, 'alert.failed').some(({ run, event }) => {
      const isIt = event.channel === channel && event.key === key && event.alert === kind;
      return isIt && isOf({ run, kept: event.kept });
    });
  }
}

const SENDS = new WeakMap<Seen, Sends>();

function sendsOf(seen: Seen): Sends {
  const sends = SENDS.get(seen) ?? new Sends(seen);
  SENDS.set(seen, sends);
  return sends;
}

/** The same for an alert, what it has become, and its end. */
function beginningOf({ id }: Send): string {
  return id.replace(/-(?:raised|recovered)-([\d.]+)(?:-[a-z]+)?$/, '-$1');
}

function isTaken({ answer }: Send): boolean {
  return answer !== undefined && answer.failure === undefined;
}

/** The channel works, and does not want this one. */
function isRefusedItself({ answer }: Send): boolean {
  return answer?.failure?.kind === 'permanent' && answer.failure.scope === 'request';
}

/**
 * An all clear goes to whoever takes how much it mattered, also before it became worse, and to
 * whoever takes itself.
 */
function takes(severities: readonly AlertSeverity[] | undefined, send: Send): boolean {
  const { severity, ends = severity, was = severity, kind } = send;
  const its = kind === 'recovered' ? [severity, ends, was] : [severity];
  return severities === undefined || its.some((one) => severities.includes(one));
}

/** What it took, and was not told before that became worse, it is told as what that is now. */
function mayTake(severities: readonly AlertSeverity[] | undefined, send: Send): boolean {
  const { was } = send;
  return takes(severities, send) || (was !== undefined && severities?.includes(was) === true);
}

// ---------------------------------------------------------------------------- who hears what

export const TOLD_BY_SEVERITY: Checker = checker(
  'told by severity',
  'Each channel is told what it takes, and its end, by the next run if need be, and nothing else.',
  (sends) =>
    sends.channels.flatMap((channel) => {
      const { name, severities } = channel;
      return [
        ...sends.of(name).flatMap((send): readonly Found[] => {
          if (mayTake(severities, send)) return [];
          return [{ atMs: send.atMs, message: `${name} is told ${send.id}, and does not take it` }];
        }),
        ...sends
          .firsts((send) => takes(severities, send))
          .flatMap((first): readonly Found[] => {
            const life = tellsThere(sends, first, name);
            const end = life?.over;
            if (end === undefined || sends.isDone(first, name, end.index)) return [];
            if (sends.isOver(first, end.index)) return [];
            if (sends.isReplaced(first, channel, end.index)) return [];
            if (sends.isToldFailed(first, name, ({ kept }) => !kept)) return [];
            return [{ atMs: end.atMs, message: `${name} is not told ${first.id}` }];
          }),
      ];
    }),
);

/** The first run that must have told it through this channel; undefined where none did. */
function tellsThere(sends: Sends, first: Send, channel: string): Life | undefined {
  return sends.evidence.lives.find(({ run, began, over }) => {
    // One that was on beside it need not know of it.
    const mayKnow = run === first.run || began.index > first.index;
    if (!mayKnow || over?.how !== 'ended') return false;
    return !sends.isToldFailed(first, channel, (failed) => failed.run === run);
  });
}

// ---------------------------------------------------------------------------- stale, twice, late

export const NOTHING_STALE: Checker = checker(
  'nothing stale',
  'What is over is not told any more: its all clear takes its place.',
  (sends) =>
    sends.all.flatMap((send): readonly Found[] => {
      if (!sends.isOver(send, send.index)) return [];
      const { atMs, channel, id } = send;
      return [{ atMs, message: `${channel} is told ${id} after its end` }];
    }),
);

export const SENT_ONCE: Checker = checker(
  'sent once',
  'What a channel took it is not sent again, unless a kill came before that could be written down.',
  (sends) =>
    sends.channels.flatMap(({ name }) => {
      const its = Map.groupBy(sends.of(name), ({ id }) => id);
      return [...its.values()].flatMap((tries) =>
        tries.flatMap((send, position): readonly Found[] => {
          // Two runs at a time can have it on its way at once.
          const isBeside = (one: Send): boolean =>
            one.run !== send.run && (one.answer?.index ?? 0) > send.index;
          const earlier = tries.slice(0, position).filter((one) => !isBeside(one));
          const taken = earlier.findLast(isTaken);
          if (taken === undefined || isForgotten(sends, taken, send)) return [];
          if (isOfTwoStarts(sends, send)) return [];
          return [{ atMs: send.atMs, message: `${name} is sent ${send.id} again` }];
        }),
      );
    }),
);

/** That it was taken is written down at once, or never. */
function isForgotten({ evidence }: Sends, { run, answer }: Send, again: Send): boolean {
  // Also a life that had ended, whose last words were not on disk yet.
  const killed = evidence.seen.log.find((sight) => sight.type === 'killed' && sight.run === run);
  if (killed === undefined || again.run === run) return false;
  return killed.atMs <= (answer?.atMs ?? 0) + ROUNDING_MS;
}

/** Of two lives that began within one millisecond, each has said so. */
function isOfTwoStarts({ evidence }: Sends, { kind, sinceMs }: Send): boolean {
  const began = evidence.lives.filter(({ wallMs }) => Math.abs(wallMs - sinceMs) <= 1);
  return kind === 'notice' && began.length > 1;
}

export const LATE_SAYS_SO: Checker = checker(
  'late says so',
  'What reaches a channel long after it could have, or by another run, says how late it is.',
  (sends) =>
    sends.channels.flatMap(({ name, severities }) => {
      // What has become worse concerns others from then on.
      const firsts = sends.firsts((send) => takes(severities, send));
      const firstOf = new Map(firsts.map((first) => [first.id, first]));
      return sends.of(name).flatMap((send): readonly Found[] => {
        const first = firstOf.get(send.id) ?? send;
        const isTrue = isTrulyLate(sends, send, first);
        const message = lateText(send, send.atMs - first.atMs);
        return isTrue ? [] : [{ atMs: send.atMs, message }];
      });
    }),
);

/** @param first when it was sent by another channel, or tried, for the first time */
function isTrulyLate({ evidence }: Sends, send: Send, first: Send): boolean {
  const { run, atMs, lateMs, sinceMs } = send;
  const awayMs = atMs - first.atMs;
  const life = evidence.lives.find((one) => one.run === run);
  // Of two runs that are on at a time the one may send what the other has just told.
  const mayBeItsOwn = run === first.run || (life?.began.index ?? Infinity) < first.index;
  if (lateMs === undefined) return awayMs < LATE_MS && mayBeItsOwn;
  const wallMs = (life?.wallMs ?? 0) + atMs - (life?.began.atMs ?? 0);
  // Wall clocks show whole milliseconds.
  // It may be that the run before was killed when it had nothing sent yet.
  const isSaid = lateMs >= LATE_MS || evidence.lives[0]?.run !== run;
  return lateMs >= awayMs - 1 && lateMs <= wallMs - sinceMs + 1 && isSaid;
}

function lateText({ channel, id, lateMs }: Send, awayMs: number): string {
  const said = lateMs === undefined ? 'without a word' : `${lateMs} ms late, it says`;
  return `${channel} is told ${id} ${awayMs} ms after it could have been, ${said}`;
}

// ---------------------------------------------------------------------------- nobody waits

export const CHANNELS_APART: Checker = checker(
  'channels apart',
  'A channel that takes what it is given is given it at once, whatever the others do.',
  (sends) =>
    sends.evidence.lives.flatMap((life) =>
      sends.channels.flatMap((channel) => heldUp(sends, life, channel)),
    ),
);

function heldUp(sends: Sends, { run, over }: Life, channel: Channel): readonly Found[] {
  const { name, severities } = channel;
  const its = sends.of(name).filter((send) => send.run === run);
  const firstBad = its.find((send) => !isTaken(send));
  const firsts = sends.firsts((send) => send.run === run && takes(severities, send));
  return firsts.flatMap((first): readonly Found[] => {
    const send = its.find(({ id }) => id === first.id);
    if (firstBad !== undefined && (send === undefined || firstBad.index < send.index)) return [];
    const before = its.findLast(({ index }) => index < (send?.index ?? Number.POSITIVE_INFINITY));
    const idleMs = Math.max(first.atMs, before?.answer?.atMs ?? 0) + ROUNDING_MS;
    const message = `${name} could have been told ${first.id} at ${idleMs} ms`;
    if (send !== undefined) return send.atMs <= idleMs ? [] : [{ atMs: send.atMs, message }];
    if (over === undefined || over.atMs <= idleMs || sends.isOver(first, over.index)) return [];
    if (sends.isReplaced(first, channel, over.index)) return [];
    const isOld = sends.of(name).some(({ id, run: other, index }) => {
      return id === first.id && other !== run && index < first.index;
    });
    return isOld ? [] : [{ atMs: over.atMs, message }];
  });
}

export const CHANNELS_COST_NOTHING: Checker = checker(
  'channels cost nothing',
  'A channel that is dead, hangs or is slow delays no call, and the end of a run by 5 s at most.',
  (sends) =>
    sends.evidence.lives.flatMap(({ run, finished, over }): readonly Found[] => {
      if (finished === undefined || over?.how !== 'ended') return [];
      const tookMs = over.atMs - finished.atMs;
      if (tookMs <= CLOSE_MS + ROUNDING_MS) return [];
      return [{ atMs: over.atMs, message: `run ${run} ends ${tookMs} ms after its work` }];
    }),
);

/** Of alerts there is one book for all campaigns: they are judged over all lives. */
export const CHANNEL_CHECKERS: readonly Checker[] = [
  TOLD_BY_SEVERITY,
  NOTHING_STALE,
  SENT_ONCE,
  LATE_SAYS_SO,
  CHANNELS_APART,
  CHANNELS_COST_NOTHING,
];
