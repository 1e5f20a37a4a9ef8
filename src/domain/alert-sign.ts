/**
 * What the rules that count over time go by, and what they say.
 */
import type { AlertPolicies } from './alert-policy.ts';
import { type AlertMoment, type AlertState, serviceKey } from './alert-state.ts';
import type { AlertWords } from './alert-text.ts';
import type { Outcome } from './words.ts';

/** What a figure says of an alert. */
export type Sign =
  | {
      readonly type: 'raised';
      readonly rule: keyof AlertPolicies;
      readonly key: string;
      readonly words: AlertWords;
      /** Milliseconds since the epoch. */
      readonly sinceMs: number;
      readonly service?: string | undefined;
      readonly affected?: number | undefined;
      /** Whom it has met, where that can be told; see `contactName`. */
      readonly contacts?: readonly string[] | undefined;
    }
  | {
      readonly type: 'cleared';
      readonly key: string;
      readonly words: AlertWords;
      /** The key of the alert that it turns out to belong to. */
      readonly joins?: string | undefined;
    }
  /** One thing more that happened because of it, or so many, and to whom. */
  | {
      readonly type: 'joined';
      readonly key: string;
      readonly times?: number | undefined;
      readonly contacts?: readonly string[] | undefined;
    }
  /** Worth telling once, and over at once: what has been told already is not told again. */
  | {
      readonly type: 'noticed';
      readonly rule: keyof AlertPolicies;
      readonly key: string;
      readonly words: AlertWords;
    }
  /** A notice may be told anew. */
  | { readonly type: 'forgotten'; readonly key: string };

/** How the contacts of a campaign have ended. */
export interface CampaignFigures {
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Of those that failed, whom nobody rang because their number had asked not to be rung. */
  readonly optedOut: number;
}

export interface WatchMoment extends AlertMoment {
  readonly policies: AlertPolicies;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly open: AlertState;
  /** Notices that have been told, by key. */
  readonly told: AlertState;
  /** Of all its runs; undefined where only this run is known. */
  readonly figures?: (() => CampaignFigures | undefined) | undefined;
}

export const NO_SIGNS: readonly Sign[] = [];

export function joined(signs: readonly Sign[], more: readonly Sign[]): readonly Sign[] {
  if (signs.length === 0) return more;
  return more.length === 0 ? signs : [...signs, ...more];
}

/** Whether what it does not do is told under its own name. */
export function isOut(service: string, { open, breakers }: WatchMoment): boolean {
  if (open.has(serviceKey(service))) return true;
  return breakers.some((breaker) => breaker.service === service && breaker.isOpen);
}
