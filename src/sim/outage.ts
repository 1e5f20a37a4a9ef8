/**
 * What a simulated service does wrong, and when.
 */
import type { Role } from '../domain/words.ts';

/** One service in one role; a vendor can fill two. */
export interface Place {
  readonly role: Role;
  readonly service: string;
}

/** How requests end while an outage lasts. */
export type Fault =
  /** Answers 503 and does nothing. */
  | { readonly type: '503' }
  /** Answers 429, asks to be left alone for so long, and does nothing. */
  | { readonly type: '429'; readonly retryAfterMs: number }
  /** Refuses the key. */
  | { readonly type: '401' }
  /** Refuses this request for what is in it. */
  | { readonly type: '400' }
  /** Nobody listens: the request never leaves. */
  | { readonly type: 'refused' }
  /** Takes the request and never answers; half of what was asked is done all the same. */
  | { readonly type: 'timeout' }
  /** Does what was asked, and the answer is lost. */
  | { readonly type: 'reset' }
  /** Does what was asked, so much later. */
  | { readonly type: 'slow'; readonly byMs: number }
  /**
   * Answers everything but requests to place a call: those are done in time and answered so much
   * later, or done and answered so much later, or neither done nor answered.
   */
  | { readonly type: 'late'; readonly byMs: number }
  /** Answers whatever is asked for this share of the contacts with 503, and works for the rest. */
  | { readonly type: 'picky'; readonly share: number }
  /** Answers this share of the requests with 503. */
  | { readonly type: 'flaky'; readonly share: number }
  /**
   * An exchange starts anew: its calls end at the beginning of this, and nobody can say how; until
   * its end there is no connection to it.
   */
  | { readonly type: 'restart' }
  /** The network between us and an exchange is cut: its calls go on. */
  | { readonly type: 'cut' }
  /** The trunk of an exchange takes no calls. */
  | { readonly type: 'trunk'; readonly says: TrunkWord };

/** That it is congested, that our password is wrong, or nothing at all: it never rings. */
export type TrunkWord = 'congested' | 'password' | 'nothing';

export interface Outage {
  /** As the operator named it. */
  readonly name: string;
  readonly places: readonly Place[];
  /** From the start of the simulation, in milliseconds; the end is not part of it. */
  readonly startMs: number;
  readonly endMs: number;
  readonly fault: Fault;
}

/** What is wrong with a service at a moment; the outage named last counts. */
export function faultAt(
  outages: readonly Outage[],
  place: Place,
  nowMs: number,
): Fault | undefined {
  return outages.findLast(
    (outage) => outage.startMs <= nowMs && nowMs < outage.endMs && isOf(outage, place),
  )?.fault;
}

export function isOf({ places }: Outage, { role, service }: Place): boolean {
  return places.some((place) => place.role === role && place.service === service);
}
