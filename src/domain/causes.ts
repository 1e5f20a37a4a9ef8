/**
 * Why things went as they did, put together by service and code: what a vendor answers often has
 * the contact's own words in it, and hundreds of wordings of one cause say less than one of them.
 */
import { maskNumbers } from './privacy.ts';

export interface Cause {
  /** How it was told, of one of them. */
  readonly reason: string;
  readonly count: number;
  /** `openai: http_400`, where the others were told in other words. */
  readonly cause?: string | undefined;
}

/** How many different ones are told apart; the rest is counted together. */
const TOLD_APART_MAX = 50;

export const OTHER_REASONS = 'other reasons';

/** How a vendor marks this one call: how long it took, and a name such as CA0123… for its log. */
const SPAN = /^\d+(?:\.\d+)? s$/;
const REFERENCE = /^(?=\S*\d)[\w.:-]{16,}$/;

/** Counts one more failed call, by its cause or, where none is known, by its reason. */
export function addFailedCall(
  causes: Map<string, Cause>,
  detail: string | undefined,
  cause?: string,
  count = 1,
): void {
  const reason = plainReason(detail ?? '');
  const key = keyAmong(causes, cause ?? reason, OTHER_REASONS);
  const told = key === OTHER_REASONS ? key : reason;
  causes.set(key, causeWith(causes.get(key), told, cause, count));
}

/** Without what is of this one call, which would make a cause of its own of each. */
function plainReason(detail: string): string {
  const isOfAll = (part: string): boolean => !SPAN.test(part) && !REFERENCE.test(part);
  return detail.split('; ').filter(isOfAll).join('; ') || 'no reason given';
}

/** Where there are too many different ones, the rest is counted together. */
export function keyAmong(
  counts: ReadonlyMap<string, unknown>,
  key: string,
  others: string,
): string {
  return counts.size < TOLD_APART_MAX || counts.has(key) ? key : others;
}

/** The most frequent first. */
export function byCount(causes: Iterable<Cause>): readonly Cause[] {
  return [...causes].toSorted((one, other) => other.count - one.count);
}

/** With one more, or some more, of the same cause. */
export function causeWith(
  before: Cause | undefined,
  reason: string,
  cause?: string,
  count = 1,
): Cause {
  if (before === undefined) return { reason, count };
  const isMixed = before.cause !== undefined || before.reason !== reason;
  return { ...before, count: before.count + count, ...(isMixed && { cause }) };
}

const SHOWN_MAX = 3;

/** The first ones, each with its count where there are several, and how many others there are. */
export function causesText(causes: readonly Cause[]): string {
  const shown = causes.slice(0, SHOWN_MAX).map((one) => {
    const text = causeText(one);
    return causes.length === 1 ? text : `${one.count.toLocaleString('en-US')}: ${text}`;
  });
  const others = causes.slice(SHOWN_MAX).reduce((total, { count }) => total + count, 0);
  const rest = others === 0 ? [] : [`${others.toLocaleString('en-US')} for other reasons`];
  return [...shown, ...rest].join('; ');
}

/** Without anybody's number. */
export function causeText({ reason, cause }: Omit<Cause, 'count'>): string {
  const words = maskNumbers(reason);
  return cause === undefined ? words : `${cause}, for example: ${words}`;
}
