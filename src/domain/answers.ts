/**
 * What a script asks of whoever is on the line, and what the keys stand for.
 */

import type { Outcome } from './words.ts';

/** The keys of a telephone. */
export const KEYS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'] as const;
export type Key = (typeof KEYS)[number];

/** The answer that means: never ring this number again, in any campaign. */
export const OPT_OUT = 'opt_out';

/** What is asked for at the end of a text. */
export interface AnswerPolicy {
  /** The operator's word for each key that counts; never empty. */
  readonly words: Readonly<Partial<Record<string, string>>>;
  /** How long a key is waited for once the text is said, in milliseconds. */
  readonly waitMs: number;
}

/** The keys that count, each once, in the order of the telephone. */
export function keysOf({ words }: AnswerPolicy): string {
  return KEYS.filter((key) => words[key] !== undefined).join('');
}

/** Whoever was told nothing was asked nothing: all that they can have said is to opt out. */
export function countedAnswer(outcome: Outcome, answer: string | undefined): string | undefined {
  return outcome === 'failed' && answer !== OPT_OUT ? undefined : answer;
}

/** Of two answers to one call, the one that stands: the first, unless one is to opt out. */
export function standing(before: string | undefined, answer: string): string {
  return before === undefined || answer === OPT_OUT ? answer : before;
}
