/**
 * What is promised of calls that a dialer knows by their numbers only.
 */
import type { Checker, Seen } from '../check.ts';
import { type Exchange, evidenceOf, type Of } from './evidence.ts';

export const TOLD_APART: Checker = {
  name: 'told apart',
  promise:
    'A dialer that knows calls by their numbers only is told whose the others to a number are: ' +
    'it can always say what became of one, unless another is in doubt as well.',
  check: (seen) => {
    const { byNumber = [], memory, hasty } = seen.promised.quirks;
    if (byNumber.length === 0 || memory !== 'knows' || hasty) return [];
    const { exchanges } = evidenceOf(seen);
    const followed = new Map<string, number>();
    for (const { sight, index } of exchanges) {
      const { method, call = '' } = sight;
      if (method === 'follow' && !followed.has(call)) followed.set(call, index);
    }
    const rang = seen.log.flatMap((sight, index) => {
      return sight.type === 'rang' ? [{ sight, index }] : [];
    });
    return exchanges.flatMap((one) => {
      const { sight, end, answer } = one;
      if (answer?.found !== 'unknown' || end?.type !== 'answered') return [];
      if (!byNumber.includes(sight.service)) return [];
      const phone = phoneOf(seen, one);
      const others = rang.filter((other) => {
        const { service, call } = other.sight;
        const isTheirs = service === sight.service && call !== sight.call;
        const knownAt = followed.get(call) ?? Number.POSITIVE_INFINITY;
        return isTheirs && other.sight.phone === phone && knownAt > one.index;
      });
      if (phone === undefined || others.length > 0) return [];
      if (exchanges.some((before) => isInDoubt(seen, before, one, followed))) return [];
      if (seen.promised.sharedPhones?.has(phone) === true) return [];
      const { service, contact } = sight;
      const message = `${service} cannot tell ${contact ?? '?'} from calls that are known`;
      return [{ atMs: end.atMs, message }];
    });
  },
};

/**
 * Another call to the number, of which the program never heard whether it came about. A kill as the
 * request left shows no more of it than the question that follows.
 */
function isInDoubt(
  seen: Seen,
  before: Exchange,
  one: Exchange,
  followed: ReadonlyMap<string, number>,
): boolean {
  const { method, call = '', service } = before.sight;
  const isAbout = method === 'place' || (method === 'find' && before.answer?.found === 'unknown');
  const isOther = isAbout && service === one.sight.service && call !== one.sight.call;
  if (!isOther || before.index > one.index || followed.has(call)) return false;
  const { end } = before;
  const isRefused = end?.type === 'failed' && end.failure.kind !== 'unknown';
  return !isRefused && phoneOf(seen, before) === phoneOf(seen, one);
}

/** Of a contact whose row was never another. */
function phoneOf({ log, promised }: Seen, { sight }: Exchange): string | undefined {
  const isEdit = (one: Seen['log'][number]): one is Of<'corrected' | 'returned'> =>
    one.type === 'corrected' || one.type === 'returned';
  if (log.some((one) => isEdit(one) && one.contact === sight.contact)) return undefined;
  return promised.contacts.find(({ id }) => id === sight.contact)?.phone;
}
