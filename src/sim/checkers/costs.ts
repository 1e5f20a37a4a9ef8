/**
 * What is promised to whoever pays.
 */
import type { Checker } from '../check.ts';
import { type Exchange, evidenceOf, ROUNDING_MS } from './evidence.ts';
import { renamings } from './lists.ts';

export const PAID_ONCE: Checker = {
  name: 'paid once',
  promise: 'No finished text or speech is paid for twice, but for one that a kill came upon.',
  check: (seen) => {
    const { exchanges } = evidenceOf(seen);
    const made = exchanges.filter(
      ({ sight, end }) => PAID.has(sight.method) && end?.type === 'answered',
    );
    const deleted = seen.log.flatMap(({ type }, index) =>
      type === 'audio_deleted' ? [index] : [],
    );
    const renamed = renamings(seen);
    // Another name in the list needs another text.
    const wordsFor = (contact: string, index: number): string => {
      const times = renamed.filter((one) => one.contact === contact && one.index < index).length;
      return times === 0 ? '' : `, renamed ${times} times,`;
    };
    // Speech that the operator deleted has to be bought again.
    const groups = Map.groupBy(made, ({ sight: { method, contact = '?' }, index }) => {
      const before = deleted.filter((at) => at < index).length;
      const words = wordsFor(contact, index);
      return method === 'speak' && before > 0
        ? `speak for ${contact}${words}, audio deleted ${before} times,`
        : `${method} for ${contact}${words}`;
    });
    return [...groups].flatMap(([what, its]) => {
      const lost = its.filter(isLost).length;
      if (its.length - lost <= 1) return [];
      const times = its.map(({ end }) => `${end?.atMs ?? 0} ms`).join(', ');
      return [
        { atMs: its.at(-1)?.atMs ?? 0, message: `${what} is paid ${its.length} times: ${times}` },
      ];
    });
  },
};

const PAID: ReadonlySet<string> = new Set(['write', 'speak']);

/** The answer was there, and the program was killed before that could be on disk. */
function isLost({ life, end }: Exchange): boolean {
  const { over } = life;
  return over?.how === 'killed' && over.atMs <= (end?.atMs ?? 0) + ROUNDING_MS;
}
