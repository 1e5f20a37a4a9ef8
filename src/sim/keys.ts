/**
 * What people press who are asked to, in a simulation.
 */
import { type AnswerPolicy, OPT_OUT } from '../domain/answers.ts';
import type { AnswersWanted } from '../engine/ports.ts';
import type { Draw } from './draws.ts';

export const OPT_OUT_KEY = '9';

/** What scripts ask for that ask for anything. */
export const ASKED: AnswerPolicy = {
  words: { 1: 'confirmed', 2: 'call_me_back', [OPT_OUT_KEY]: OPT_OUT },
  waitMs: 5_000,
};

/**
 * For whoever hears a key as soon as it is pressed: all of them, and when, as parts of the talk.
 * Some press another one first, before they hear of the one to opt out.
 */
export function keysTold(
  wanted: AnswersWanted,
  contact: string,
  draw: Draw,
  share: number,
): readonly { readonly digit: string; readonly at: number }[] {
  const digit = keyPressed(wanted, contact, draw, share);
  if (digit === undefined) return [];
  const first = 0.5 * draw('key at', contact);
  const isSecond = digit === OPT_OUT_KEY && draw('key before', contact) < 0.5;
  return isSecond && wanted.keys.includes('1')
    ? [
        { digit: '1', at: first },
        { digit, at: first + 0.25 },
      ]
    : [{ digit, at: first }];
}

/** @param share of those who pick up and want to hear no more */
export function keyPressed(
  wanted: AnswersWanted | undefined,
  contact: string,
  draw: Draw,
  share: number,
): string | undefined {
  if (wanted === undefined) return undefined;
  const drawn = draw('key', contact);
  const key = drawn < share ? OPT_OUT_KEY : drawn < share + (1 - share) / 2 ? '1' : undefined;
  return key !== undefined && wanted.keys.includes(key) ? key : undefined;
}
