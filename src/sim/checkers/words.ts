/**
 * What is promised of the words: nothing is said that was not written for the call, and nothing is
 * spoken for a dialer that speaks by itself.
 */
import type { Checker } from '../check.ts';
import { evidenceOf } from './evidence.ts';

export const WRITTEN_FIRST: Checker = {
  name: 'written first',
  promise: 'Nothing is spoken, and nobody rung, before a text for the contact was written.',
  check: (seen) => {
    const { exchanges } = evidenceOf(seen);
    const written = new Map<string, number>();
    for (const { sight, end } of exchanges) {
      const { method, contact = '' } = sight;
      if (method !== 'write' || end?.type !== 'answered' || written.has(contact)) continue;
      written.set(contact, end.index);
    }
    const isWritten = (contact: string, index: number): boolean =>
      (written.get(contact) ?? Number.POSITIVE_INFINITY) < index;
    return seen.log.flatMap((sight, index) => {
      const isWords =
        sight.type === 'rang' || (sight.type === 'request' && sight.method === 'speak');
      if (!isWords || isWritten(sight.contact ?? '', index)) return [];
      const what = sight.type === 'rang' ? 'is rung' : 'has a text spoken';
      const message = `${sight.contact ?? '?'} ${what}, and nobody wrote one`;
      return [{ atMs: sight.atMs, message }];
    });
  },
};

export const NOTHING_SPOKEN_UNHEARD: Checker = {
  name: 'nothing spoken unheard',
  promise: 'Where every dialer speaks by itself, no service of tts is asked to speak.',
  check: (seen) => {
    const { speaking = [] } = seen.promised.quirks;
    return evidenceOf(seen).exchanges.flatMap(({ sight, atMs, life }) => {
      const isPlayed = life.chains.dialer.some((name) => !speaking.includes(name));
      if (sight.method !== 'speak' || isPlayed) return [];
      const message = `${sight.service} speaks for ${sight.contact ?? '?'}, and nobody plays it`;
      return [{ atMs, message }];
    });
  },
};
