/**
 * Where a simulated campaign stands, in the words in which a real one is told.
 */
import type { Outcome } from '../domain/words.ts';
import type { MemoryCampaign } from '../store/memory-campaign.ts';
import { NEXT_RUN_MS, QUEUE } from '../store/queue-state.ts';
import type { WaitingReason } from '../store/report-rows.ts';
import type { CampaignState } from './campaign-state.ts';

export function simulatedState(campaign: MemoryCampaign): CampaignState {
  const outcomes = new Map<Outcome, number>();
  const waiting = new Map<string, WaitingReason>();
  const uncertain: string[] = [];
  const answers = new Map<string, number>();
  let [removed, recordsOwed, optedOut, askedAgain] = [0, 0, 0, 0];
  for (const { contact, queue, outcome, reason, dueMs, calls } of campaign.contacts.values()) {
    if (queue === QUEUE.removed) removed += 1;
    if (outcome === 'uncertain') {
      uncertain.push(contact.id);
      if (queue !== QUEUE.none) askedAgain += 1;
    }
    if (outcome !== null) {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (queue !== QUEUE.none && outcome !== 'uncertain') recordsOwed += 1;
      const { answer, code } = calls.at(-1) ?? {};
      if (answer !== undefined) answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (code === 'opted_out') optedOut += 1;
    }
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
    outcomes,
    answers,
    optedOut,
    recordsOwed,
    waiting: [...waiting.values()].toSorted(
      ({ dueMs: one = NEXT_RUN_MS }, { dueMs: other = NEXT_RUN_MS }) => one - other,
    ),
    uncertain,
    askedAgain,
  };
}
