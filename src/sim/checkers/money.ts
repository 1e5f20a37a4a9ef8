/**
 * What is promised to whoever pays the vendors' bills.
 */
import { costOf } from '../../domain/money.ts';
import { UsageBook, usageCount } from '../../domain/usage.ts';
import type { Checker, Seen } from '../check.ts';
import type { Method } from '../sighting.ts';
import { type Exchange, evidenceOf, type Life, ROUNDING_MS, toldOf } from './evidence.ts';

export const BUDGET_KEPT: Checker = {
  name: 'budget kept',
  promise:
    'Once the vendors have billed as much as the budget, no new contact is taken, and nobody is ' +
    'rung anew for whom it is proven that they were not.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    const spentMs = reachedMs(seen, exchanges);
    return toldOf(seen.log, 'call.started').flatMap(({ index, atMs, run, event: { contact } }) => {
      const life = lives.find((one) => one.run === run);
      const isSpent = budgetOf(seen, life) !== undefined && atMs > spentMs + ROUNDING_MS;
      if (!isSpent) return [];
      const isNew = exchanges.some(
        ({ sight, index: sent, life: its }) =>
          sent > index && its === life && sight.contact === contact && OF_NEW.has(sight.method),
      );
      const message = `${contact} is taken, all was spent at ${spentMs} ms`;
      return isNew ? [{ atMs, message }] : [];
    });
  },
};

/** What is not asked of a call that an earlier run began, which is brought to its end. */
const OF_NEW: ReadonlySet<Method> = new Set(['lookup', 'write', 'speak', 'place']);

/** What the life may spend in all; undefined where nobody has set a limit. */
export function budgetOf({ log }: Seen, life: Life | undefined): number | undefined {
  const began = log[life?.began.index ?? -1];
  return began?.type === 'began' ? began.budgetMicros : undefined;
}

/**
 * From when on the program knows that the budget is spent: by the bills that vendors wrote, those
 * whose answers it has, and had time to write down before a kill.
 */
function reachedMs({ log, promised }: Seen, exchanges: readonly Exchange[]): number {
  const { money } = promised;
  if (money === undefined) return Number.POSITIVE_INFINITY;
  const bills = new Map(log.flatMap((one) => (one.type === 'billed' ? [[one.request, one]] : [])));
  const heard = exchanges
    .flatMap(({ sight, end, life }) => {
      const bill = bills.get(sight.request);
      if (bill === undefined || end?.type !== 'answered') return [];
      const { over } = life;
      const isLost = over?.how === 'killed' && over.atMs <= end.atMs + ROUNDING_MS;
      return isLost ? [] : [{ bill, atMs: end.atMs }];
    })
    .sort((one, other) => one.atMs - other.atMs);
  const book = new UsageBook();
  for (const { bill, atMs } of heard) {
    const count = usageCount(bill, bill.usage);
    if (count !== undefined) book.add(count);
    if (costOf(book.counts(), money.prices).micros >= money.budgetMicros) return atMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** By all bills that vendors have written until then, whoever has heard of them. */
export function billedMicros({ log, promised }: Seen, index: number): number {
  const book = new UsageBook();
  for (const sight of log.slice(0, index)) {
    const count = sight.type === 'billed' ? usageCount(sight, sight.usage) : undefined;
    if (count !== undefined) book.add(count);
  }
  return costOf(book.counts(), promised.money?.prices ?? {}).micros;
}
