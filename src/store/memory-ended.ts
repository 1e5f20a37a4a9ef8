import { countedAnswer } from '../domain/answers.ts';
import type { Outcome } from '../domain/words.ts';

interface Ended {
  readonly outcome: Outcome | null;
  readonly calls: readonly { readonly answer?: string; readonly code?: 'opted_out' }[];
}

/** What is counted of contacts that have their outcome. */
export class EndedContacts {
  readonly outcomes = new Map<Outcome, number>();
  /** By what was chosen with a key. */
  readonly answers = new Map<string, number>();
  optedOut = 0;

  take({ outcome, calls }: Ended): void {
    if (outcome === null) return;
    count(this.outcomes, outcome);
    const { answer: pressed, code } = calls.at(-1) ?? {};
    const answer = countedAnswer(outcome, pressed);
    if (answer !== undefined) count(this.answers, answer);
    if (code === 'opted_out') this.optedOut += 1;
  }

  add({ outcomes, answers, optedOut }: EndedContacts): void {
    for (const [outcome, times] of outcomes) count(this.outcomes, outcome, times);
    for (const [answer, times] of answers) count(this.answers, answer, times);
    this.optedOut += optedOut;
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}
