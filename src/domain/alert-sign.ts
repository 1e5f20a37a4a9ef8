/**
 * What the rules that count over time go by, and what they say.
 */
import type { AlertPolicies } from './alert-policy.ts';
import { type AlertMoment, type AlertState, serviceKey } from './alert-state.ts';
import type { AlertWords } from './alert-text.ts';

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
    }
  | { readonly type: 'cleared'; readonly key: string; readonly words: AlertWords }
  /** One thing more that happened because of it. */
  | { readonly type: 'joined'; readonly key: string }
  /** Worth telling, and over at once. */
  | {
      readonly type: 'noticed';
      readonly rule: keyof AlertPolicies;
      readonly key: string;
      readonly words: AlertWords;
    };

export interface WatchMoment extends AlertMoment {
  readonly policies: AlertPolicies;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly open: AlertState;
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
