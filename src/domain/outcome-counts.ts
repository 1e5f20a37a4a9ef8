/**
 * Contacts by outcome, counted from a run's events.
 */
import type { CampaignEvent } from './event.ts';
import type { Outcome } from './words.ts';

export class OutcomeCounts {
  readonly counts = new Map<Outcome, number>();
  /** Calls of this run that are uncertain. */
  readonly #uncertain = new Set<string>();

  /** What was uncertain in this run, and came out in it, counts as what it came to. */
  take({ call, outcome, was }: Extract<CampaignEvent, { type: 'call.finished' }>): void {
    if (outcome === 'uncertain') this.#uncertain.add(call);
    if (was !== undefined && this.#uncertain.delete(call)) {
      if (this.#uncertain.size > 0) this.counts.set(was, this.#uncertain.size);
      else this.counts.delete(was);
    }
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }
}
