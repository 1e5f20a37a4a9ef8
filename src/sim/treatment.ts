/**
 * What becomes of one request at a vendor and on the way to it and back.
 */
import type { ServiceFailure } from '../domain/failure.ts';
import type { AbortWatch } from '../engine/ports.ts';
import { crowdedFailure } from './capacity.ts';
import { failureOf } from './fault-failures.ts';
import type { Life } from './life.ts';
import type { Place } from './outage.ts';
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

/** A refusal takes no work. */
export const REFUSAL_SHARE = 0.2;
/** A connection on which nothing comes is cut after so long; by a dialer, which has time, later. */
const CUT_OFF_MS = 120_000;
const CALL_CUT_OFF_MS = 600_000;

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
