/**
 * Twilio's calls: what they look like on the wire, how they end, and how one is known again.
 */

import { at, listAt, textAt } from '../../domain/json-fields.ts';
import type { Usage } from '../../domain/usage.ts';
import type { Ended } from '../../engine/ports.ts';

export interface TwilioCall {
  readonly sid: string;
  readonly status: string;
  readonly answeredBy: string | undefined;
  /** Whole seconds; undefined before the end. */
  readonly durationS: string | undefined;
  /** By Twilio's clock, in milliseconds, cut to the second; NaN where it does not say. */
  readonly createdMs: number;
  readonly to: string;
  readonly from: string;
}

/** The newest calls from one number to another. */
export interface TwilioCalls {
  readonly calls: readonly TwilioCall[];
  /** There are older ones than these. */
  readonly hasMore: boolean;
  /** Twilio's clock when it answered, cut to the second; undefined where it does not say. */
  readonly serverMs: number | undefined;
}

/** Undefined where it is no call. */
export function callFrom(value: unknown): TwilioCall | undefined {
  const sid = textAt(value, 'sid');
  return sid === undefined || sid === ''
    ? undefined
    : {
        sid,
        status: textAt(value, 'status') ?? '',
        answeredBy: textAt(value, 'answered_by'),
        durationS: textAt(value, 'duration'),
        createdMs: Date.parse(textAt(value, 'date_created') ?? ''),
        to: textAt(value, 'to') ?? '',
        from: textAt(value, 'from') ?? '',
      };
}

/** Undefined where it is no list of calls, or something in it is no call. */
export function callsFrom(value: unknown, dateHeader: string | undefined): TwilioCalls | undefined {
  if (!Array.isArray(at(value, 'calls'))) {
    return undefined;
  }
  const calls = listAt(value, 'calls').map(callFrom);
  if (!calls.every((call) => call !== undefined)) {
    return undefined;
  }
  const serverMs = Date.parse(dateHeader ?? '');
  return {
    calls,
    hasMore: (textAt(value, 'next_page_uri') ?? '') !== '',
    serverMs: Number.isNaN(serverMs) ? undefined : serverMs,
  };
}

// ---------------------------------------------------------------------------- ends

/** Undefined while it goes on. */
export function endOf(call: TwilioCall): Ended | undefined {
  switch (call.status) {
    case 'completed':
      return completed(call);
    case 'busy':
      return { outcome: 'busy', detail: detailOf(call) };
    case 'no-answer':
      return { outcome: 'no_answer', detail: detailOf(call) };
    case 'failed':
      return { outcome: 'failed', detail: detailOf(call, NOT_PUT_THROUGH) };
    case 'canceled':
      return { outcome: 'failed', detail: detailOf(call, 'it was cancelled before an answer') };
    default:
      return undefined;
  }
}

/** Twilio does not say more of it. */
const NOT_PUT_THROUGH = 'Twilio could not put the call through: most often there is no such number';

function completed(call: TwilioCall): Ended {
  const { answeredBy = '' } = call;
  if (answeredBy.startsWith('machine')) {
    return { outcome: 'voicemail', detail: detailOf(call), usage: usageOf(call) };
  }
  return answeredBy === 'fax'
    ? { outcome: 'failed', detail: detailOf(call, 'a fax machine answered'), usage: usageOf(call) }
    : { outcome: 'answered', detail: detailOf(call), usage: usageOf(call) };
}

/** Only what was picked up is billed. */
function usageOf({ durationS }: TwilioCall): Usage | undefined {
  const seconds = Number(durationS ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? { seconds } : undefined;
}

/** With the number under which it is found at console.twilio.com. */
function detailOf({ sid, durationS }: TwilioCall, what?: string): string {
  const time = durationS === undefined ? [] : [`${durationS} s`];
  return [...(what === undefined ? [] : [what]), ...time, sid].join('; ');
}

// ---------------------------------------------------------------------------- search

/** Clocks are corrected to the second, and dates cut to it (vendors.md, 1.4). */
const BEFORE_MS = 5_000;
/**
 * A request lasts seconds, or two minutes where the network swallowed it at first: a call that was
 * created later than this is somebody else's, or one of ours that should not be there.
 */
const AFTER_MS = 150_000;

export type Sought =
  | { readonly state: 'found'; readonly sid: string }
  | { readonly state: 'absent' }
  /** Another call to the number is in doubt as well, and what is there could be its own. */
  | { readonly state: 'contested'; readonly sid: string }
  /** There are calls, and no telling which is meant. */
  | { readonly state: 'ambiguous' };

/** When an attempt began, by Twilio's clock. */
export interface Begun {
  readonly begunMs: number;
  /** How wrong that may be: a call within it is no proof, and keeps absence from being one. */
  readonly doubtedMs: number;
}

/** What the journal knows of other calls. */
export interface Others {
  isTheirs(sid: string): boolean;
  /**
   * When attempts of other calls to the number began, by Twilio's clock, of which nobody knows what
   * became. Their begins have only a wall clock to go by.
   */
  begunInDoubtMs(): readonly number[];
}

/** A wall clock may have been set between two processes: by so much, a begin may be wrong. */
export const DOUBTED_MS = 24 * 3_600_000;

/**
 * What the list says of an attempt.
 *
 * @param numbers `from` undefined: whatever number it was placed from
 */
export function seek(
  list: TwilioCalls,
  numbers: { readonly to: string; readonly from: string | undefined },
  { begunMs, doubtedMs }: Begun,
  others: Others,
): Sought {
  const startMs = begunMs - BEFORE_MS;
  const doubtMs = startMs - doubtedMs;
  const meant = list.calls.filter(
    ({ to, from }) =>
      isNumber(to, numbers.to) && (numbers.from === undefined || isNumber(from, numbers.from)),
  );
  // What has no date is not older than anything.
  const since = meant.filter(({ createdMs }) => !(createdMs < doubtMs));
  const reachesBack = !list.hasMore || (meant.length > since.length && isNewestFirst(list.calls));
  if (!reachesBack) {
    return { state: 'ambiguous' };
  }
  const isNoOnes = ({ sid }: TwilioCall): boolean => !others.isTheirs(sid);
  const unknown = since.filter(isNoOnes);
  // Read before whose the calls are: one that becomes known in between is in neither otherwise.
  const inDoubtMs = unknown.length === 0 ? [] : others.begunInDoubtMs();
  const [first, ...more] = unknown.filter(isNoOnes);
  if (first === undefined) {
    return { state: 'absent' };
  }
  if ([first, ...more].some(({ createdMs }) => inDoubtMs.some((ms) => isNear(createdMs, ms)))) {
    return { state: 'contested', sid: first.sid };
  }
  return more.length === 0 && !(first.createdMs < startMs) && first.createdMs <= begunMs + AFTER_MS
    ? { state: 'found', sid: first.sid }
    : { state: 'ambiguous' };
}

/** Whether a call could be of an attempt that another process began; one without a date could. */
function isNear(createdMs: number, begunMs: number): boolean {
  const afterMs = createdMs - begunMs;
  return !(afterMs < -(BEFORE_MS + DOUBTED_MS) || afterMs > AFTER_MS + DOUBTED_MS);
}

/**
 * Whether the page itself shows its order, which is written nowhere: only then what is on the
 * pages behind it is older still.
 */
function isNewestFirst(calls: readonly TwilioCall[]): boolean {
  const dates = calls.map(({ createdMs }) => createdMs).filter((date) => !Number.isNaN(date));
  const falls = dates.every((date, index) => date <= (dates[index - 1] ?? date));
  return falls && (dates.at(0) ?? 0) > (dates.at(-1) ?? 0);
}

/** However it is written; and a number that is not told is the one that was asked for. */
function isNumber(shown: string, asked: string): boolean {
  const digits = shown.replace(/\D/g, '');
  return digits === '' || digits === asked.replace(/\D/g, '');
}
