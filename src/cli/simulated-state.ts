/**
 * Where a simulated campaign stands, in the words in which a real one is told.
 */
import type { MemoryCampaign } from '../store/memory-campaign.ts';
import { EndedContacts } from '../store/memory-ended.ts';
import { NEXT_RUN_MS, QUEUE } from '../store/queue-state.ts';
import type { WaitingReason } from '../store/report-rows.ts';
import type { CampaignState } from './campaign-state.ts';

export function simulatedState(campaign: MemoryCampaign): CampaignState {
  const ended = new EndedContacts();
  ended.add(campaign.ended);
  const waiting = new Map<string, WaitingReason>();
  const uncertain: string[] = [];
  let [removed, recordsOwed, askedAgain] = [0, 0, 0];
  for (const standing of campaign.contacts.values()) {
    const { contact, queue, outcome, reason, dueMs } = standing;
    ended.take(standing);
    if (queue === QUEUE.removed) removed += 1;
    if (outcome === 'uncertain') {
      uncertain.push(contact.id);
      if (queue !== QUEUE.none) askedAgain += 1;
    } else if (outcome !== null && queue !== QUEUE.none) recordsOwed += 1;
    if (queue === QUEUE.waiting && outcome !== 'uncertain') {
      const known = waiting.get(reason);
      const count = (known?.count ?? 0) + 1;
      const firstMs = Math.min(dueMs, known?.dueMs ?? Infinity);
      waiting.set(reason, { reason, count, dueMs: firstMs < NEXT_RUN_MS ? firstMs : undefined });
    }
  }
  return {
    contacts: campaign.counts(),
    removed,
    reusedIds: { count: 0, lines: [] },
    outcomes: frequentFirst(ended.outcomes),
    answers: frequentFirst(ended.answers),
    optedOut: ended.optedOut,
    recordsOwed,
    waiting: [...waiting.values()].toSorted(
      ({ dueMs: one = NEXT_RUN_MS }, { dueMs: other = NEXT_RUN_MS }) => one - other,
    ),
    uncertain,
    askedAgain,
  };
}

/** As a store tells them: the most frequent first, then by name. */
function frequentFirst<Word extends string>(
  counts: ReadonlyMap<Word, number>,
): ReadonlyMap<Word, number> {
  const byName = ([one]: [Word, number], [other]: [Word, number]): number =>
    one < other ? -1 : Number(one > other);
  return new Map([...counts].toSorted((a, b) => b[1] - a[1] || byName(a, b)));
}
