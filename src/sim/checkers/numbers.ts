/**
 * What is promised of calls that a dialer knows by their numbers only.
 */
import type { Checker, Seen } from '../check.ts';
import { NUMBER_IN_USE } from '../number-finder.ts';
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

export const NUMBER_FREE: Checker = {
  name: 'number free',
  promise:
    'A dialer that knows calls by their numbers only gets no call to a number to which the run ' +
    'is placing another, or does not know what became of it.',
  check: (seen) => {
    const { byNumber = [] } = seen.promised.quirks;
    if (byNumber.length === 0) return [];
    const asked = evidenceOf(seen).exchanges.filter(({ sight: { service, method } }) => {
      return byNumber.includes(service) && (method === 'place' || method === 'find');
    });
    const desks = Map.groupBy(asked, (one) => {
      return `${one.life.run} ${one.sight.service} ${phoneOf(seen, one) ?? ''}`;
    });
    return [...desks.values()].flatMap((its) => {
      const places = its.filter((one) => one.sight.method === 'place' && !isTurnedAway(one));
      return places.flatMap((one) => {
        if (phoneOf(seen, one) === undefined) return [];
        const other = places.find((before) => {
          const isOther = before.sight.call !== one.sight.call && before.index < one.index;
          return isOther && knownAt(before, its) > one.index;
        });
        if (other === undefined) return [];
        const { service, contact = '?' } = one.sight;
        const message = `${service} gets ${contact}, and still has ${other.sight.contact ?? '?'}`;
        return [{ atMs: one.atMs, message }];
      });
    });
  },
};

/** By its client: it was not sent. */
function isTurnedAway({ end }: Exchange): boolean {
  return end?.type === 'failed' && end.failure.code === NUMBER_IN_USE;
}

/** Where the log shows that the run knows what became of it, or that it never will. */
function knownAt({ end, index, sight, answer }: Exchange, its: readonly Exchange[]): number {
  const isKnown =
    end?.type === 'answered' || (end?.type === 'failed' && end.failure.kind !== 'unknown');
  if (isKnown) return end.index;
  // A client that does not hear that it is given up may hear after all what became of it.
  if (answer !== undefined && answer.failure === undefined) return answer.index;
  const asked = its.find((one) => {
    const isAbout = one.sight.method === 'find' && one.sight.call === sight.call;
    return isAbout && one.index > index && one.end !== undefined && !isAskedAgain(one);
  });
  return asked?.end?.index ?? Number.POSITIVE_INFINITY;
}

function isAskedAgain({ end }: Exchange): boolean {
  if (end?.type !== 'failed') return false;
  return end.failure.kind !== 'permanent' || end.failure.scope !== 'request';
}

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
