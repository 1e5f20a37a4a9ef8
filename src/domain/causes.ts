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

/** With one more of the same cause. */
export function causeWith(before: Cause | undefined, reason: string, cause?: string): Cause {
  if (before === undefined) return { reason, count: 1 };
  const isMixed = before.cause !== undefined || before.reason !== reason;
  return { ...before, count: before.count + 1, ...(isMixed && { cause }) };
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
