/**
 * What is promised to the CRM: each record once, for all that can be known.
 */
import type { Checker, Violation } from '../check.ts';
import { type Exchange, evidenceOf, ROUNDING_MS, toldOf } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const RECORDED_ONCE: Checker = {
  name: 'recorded once',
  promise:
    'A record that the CRM took is not sent again, but after a kill that came upon its answer; ' +
    'and none is told as a second that cannot be one.',
  check: (seen) => {
    const sent = evidenceOf(seen).exchanges.filter(({ sight }) => sight.method === 'record');
    const byCall = Map.groupBy(sent, ({ sight }) => sight.call ?? '');
    return [...byCall.values()].flatMap(sentAgain).concat(firstAsSecond(seen, byCall));
  },
};

function sentAgain(sent: readonly Exchange[]): readonly Found[] {
  return sent.slice(1).flatMap((next, position) => {
    const before = sent[position];
    const { end, life, sight } = before ?? {};
    if (end?.type !== 'answered') return [];
    const { over } = life ?? {};
    if (over?.how === 'killed' && over.atMs <= end.atMs + ROUNDING_MS) return [];
    const message = `${sight?.call ?? '?'} is sent again, taken at ${end.atMs} ms`;
    return [{ atMs: next.atMs, message }];
  });
}

/**
 * The first request of all for a call whose outcome this very life has told; unless it was put off
 * in between, when its begin is written down, and a later claim cannot know that nothing was sent.
 */
function firstAsSecond(
  seen: Parameters<Checker['check']>[0],
  byCall: ReadonlyMap<string, readonly Exchange[]>,
): readonly Found[] {
  const putOff = toldOf(seen.log, 'contact.put_off');
  const ended = new Map(toldOf(seen.log, 'call.finished').map((one) => [one.event.call, one]));
  return seen.log.flatMap((sight, index): readonly Found[] => {
    if (sight.type !== 'recorded' || !sight.again) return [];
    const { call, contact, atMs, run } = sight;
    const end = ended.get(call);
    const sent = byCall.get(call)?.filter((one) => one.index < index) ?? [];
    if (end?.run !== run || sent.length !== 1 || sent[0]?.life.run !== run) return [];
    const isBetween = putOff.some(
      (one) => one.event.contact === contact && one.index > end.index && one.index < index,
    );
    if (isBetween) return [];
    return [{ atMs, message: `${call} comes as a second record, and is the first` }];
  });
}
