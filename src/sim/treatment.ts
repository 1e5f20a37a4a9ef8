/**
 * What becomes of one request at a vendor and on the way to it and back.
 */
import type { ServiceFailure } from '../domain/failure.ts';
import type { AbortWatch } from '../engine/ports.ts';
import { crowdedFailure } from './capacity.ts';
import type { Draw } from './draws.ts';
import { EXCHANGE_FAULTS } from './exchange.ts';
import { failureOf, noNumber, POLL_TIMEOUT_MS, timeoutFailure } from './fault-failures.ts';
import type { Life } from './life.ts';
import { type Fault, faultAt, isOf, type Outage, type Place } from './outage.ts';
import type { Quirks } from './quirks.ts';
import type { Asked, Method } from './sighting.ts';

/** A request as its sender makes it. */
export interface Asking {
  readonly life: Life;
  readonly place: Place;
  readonly method: Method;
  readonly asked: Asked;
  readonly watch: AbortWatch;
  /** Which number is to be dialled. */
  readonly phone?: string | undefined;
}

/** When a vendor does what it was asked, and when and what it answers. */
export interface Treatment {
  readonly doneMs: number | undefined;
  readonly answerMs: number | undefined;
  readonly failure: ServiceFailure | undefined;
}

/** What is drawn for a request, and how often what befalls it. */
interface Chances {
  readonly draw: Draw;
  readonly quirks: Quirks;
}

/** A refusal takes no work. */
const REFUSAL_SHARE = 0.2;
/** Until a phone rings, and the rest of the way to the answer that says so. */
const DONE_SHARE = 0.6;
/** Until the first answer to a question that is asked again and again. */
const FIRST_POLL_MS = 300;
/** What a question that is asked again and again gets through, or is only slowed down by. */
const POLLS_THROUGH: ReadonlySet<Fault['type']> = new Set([
  ...EXCHANGE_FAULTS,
  '400',
  'flaky',
  'late',
  'picky',
  'slow',
]);
/** A connection on which nothing comes is cut after so long; by a dialer, which has time, later. */
const CUT_OFF_MS = 120_000;
const CALL_CUT_OFF_MS = 600_000;

/** What a request comes to at a vendor with this fault, which else would take so long. */
export function treatmentOf(
  fault: Fault | undefined,
  asking: Asking,
  request: number,
  typicalMs: number,
  chance: Chances,
): Treatment {
  const {
    place: { service },
    method,
    asked,
  } = asking;
  const { draw, quirks } = chance;
  const isPlace = method === 'place';
  const refusedMs = typicalMs * REFUSAL_SHARE;
  const doneMs = isPlace || method === 'record' ? typicalMs * DONE_SHARE : typicalMs;
  const works = { doneMs, answerMs: typicalMs, failure: undefined };
  const refuses = { doneMs: undefined, answerMs: refusedMs };
  const isRefused =
    method !== 'probe' && happens(draw, quirks.refusals, 'refusal', method, asked.contact ?? '');
  if (isRefused && (isPlace || method === 'speak')) {
    return { ...refuses, failure: failureOf({ type: '400' }, service, isPlace) };
  }
  if (isPlace && isNoNumber(asking, chance)) return { ...refuses, failure: noNumber(service) };
  if (fault === undefined || fault.type === 'trunk') return works;
  switch (fault.type) {
    case 'slow': {
      const { byMs } = fault;
      return { doneMs: doneMs + byMs, answerMs: typicalMs + byMs, failure: undefined };
    }
    case 'flaky': {
      const fails = draw('flaky', request) < fault.share;
      return fails ? { ...refuses, failure: failureOf(fault, service, isPlace) } : works;
    }
    case 'picky': {
      const fails = isPickedOn(asked, fault.share, draw);
      return fails ? { ...refuses, failure: failureOf(fault, service, isPlace) } : works;
    }
    case 'late': {
      const laterMs = typicalMs + fault.byMs;
      const kind = isPlace ? Math.floor(draw('late', request) * 3) : -1;
      if (kind === 0) return { doneMs, answerMs: laterMs, failure: undefined };
      if (kind === 1) return { doneMs: laterMs, answerMs: laterMs, failure: undefined };
      if (kind === 2) return { doneMs: undefined, answerMs: undefined, failure: undefined };
      return works;
    }
    case 'timeout': {
      const isDone = draw('done', request) < 0.5;
      return {
        doneMs: isDone ? doneMs : undefined,
        answerMs: undefined,
        failure: undefined,
      };
    }
    case 'reset':
      return { ...works, failure: failureOf(fault, service, isPlace) };
    default:
      return { ...refuses, failure: failureOf(fault, service, isPlace) };
  }
}

/** What goes wrong first with a question that takes so long, and when; else its end. */
export function firstFault(
  outages: readonly Outage[],
  place: Place,
  nowMs: number,
  overMs: number,
): { readonly fault: Fault | undefined; readonly afterMs: number } {
  if (!outages.some((outage) => isOf(outage, place))) return { fault: undefined, afterMs: overMs };
  const begins = outages.map(({ startMs }) => startMs - nowMs);
  // What is wrong at the beginning is noticed when the first answer should come.
  const early = [Math.min(FIRST_POLL_MS, overMs), ...begins];
  const times = early.filter((ms) => ms > 0 && ms < overMs).sort((one, other) => one - other);
  for (const afterMs of times) {
    const fault = faultAt(outages, place, nowMs + afterMs);
    if (fault !== undefined && !POLLS_THROUGH.has(fault.type)) return { fault, afterMs };
  }
  return { fault: faultAt(outages, place, nowMs + overMs), afterMs: overMs };
}

/** What becomes of a question that is asked again and again, with what goes wrong with it first. */
export function pollTreatment(
  fault: Fault | undefined,
  { place: { service } }: Asking,
  request: number,
  afterMs: number,
  draw: Draw,
): Treatment {
  const works = { doneMs: afterMs, answerMs: afterMs, failure: undefined };
  const isSpared = fault?.type === 'flaky' && draw('flaky', request) >= fault.share;
  if (fault === undefined || isSpared) return works;
  switch (fault.type) {
    case '400':
    case 'late':
    case 'picky':
    case 'restart':
    case 'cut':
    case 'trunk':
      return works;
    case 'slow': {
      const laterMs = afterMs + fault.byMs;
      return { doneMs: laterMs, answerMs: laterMs, failure: undefined };
    }
    case 'timeout': {
      const failure = timeoutFailure(service);
      return { doneMs: undefined, answerMs: afterMs + POLL_TIMEOUT_MS, failure };
    }
    default:
      return { doneMs: undefined, answerMs: afterMs, failure: failureOf(fault, service, false) };
  }
}

/** A client that does not hear that it is given up comes back all the same: the line is cut. */
export function cutOff(treatment: Treatment, { place: { service }, method }: Asking): Treatment {
  if (treatment.answerMs !== undefined || method === 'probe') return treatment;
  const isPlace = method === 'place';
  const failure = failureOf({ type: 'reset' }, service, isPlace);
  return { ...treatment, answerMs: isPlace ? CALL_CUT_OFF_MS : CUT_OFF_MS, failure };
}

/** The connection is lost before the answer: what was asked may be done by then. */
export function cutShort(
  { doneMs, answerMs, failure }: Treatment,
  { place: { service }, method }: Asking,
  lostMs: number,
): Treatment {
  if (answerMs !== undefined && answerMs <= lostMs) return { doneMs, answerMs, failure };
  const isDone = doneMs !== undefined && doneMs < lostMs;
  const reset = failureOf({ type: 'reset' }, service, method === 'place');
  return { doneMs: isDone ? doneMs : undefined, answerMs: lostMs, failure: reset };
}

/** Refused because the vendor works on as many as it takes at once. */
export function crowdedOut({ service }: Place, typicalMs: number): Treatment {
  const answerMs = typicalMs * REFUSAL_SHARE;
  return { doneMs: undefined, answerMs, failure: crowdedFailure(service) };
}

/** What no draw can bring about is not drawn: there are many requests. */
export function happens(
  draw: Draw,
  share: number,
  ...about: readonly (string | number)[]
): boolean {
  return share > 0 && draw(...about) < share;
}

/** A preview dials nothing, and never hears of it. */
function isNoNumber({ phone }: Asking, { draw, quirks: { noNumbers = 0 } }: Chances): boolean {
  return phone !== undefined && happens(draw, noNumbers, 'no number', phone);
}

function isPickedOn({ contact }: Asked, share: number, draw: Draw): boolean {
  return contact !== undefined && draw('picked on', contact) < share;
}
