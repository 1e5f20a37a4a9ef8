/**
 * What a campaign has cost so far, held against what it may cost.
 */
import type { CampaignEvent } from './event.ts';
import { amountText, type Cost, costOf, type PriceList } from './money.ts';
import { type Payee, UsageBook, type UsageCount, usageCount } from './usage.ts';

export interface SpendingLimits {
  /** In millionths of the currency's unit; undefined where there is no limit. */
  readonly budgetMicros: number | undefined;
  readonly currency: string;
  readonly prices: PriceList;
}

/** `50.02 of 50.00 USD are spent`. */
export function budgetText(micros: number, budgetMicros: number, currency: string): string {
  const budget = amountText(budgetMicros, micros);
  return `${amountText(micros, budgetMicros)} of ${budget} ${currency} are spent`;
}

/** What an event says was paid for; also an answer that was refused. */
export function paidFor(event: CampaignEvent): UsageCount | undefined {
  if (event.type !== 'step.finished' && event.type !== 'attempt.failed') {
    return undefined;
  }
  const { role, service, usage } = event;
  return service === undefined || usage === undefined
    ? undefined
    : usageCount({ role, service }, usage);
}

/** Follows the events of one run. */
export class Spending {
  readonly #limits: SpendingLimits;
  readonly #book: UsageBook;
  readonly #silent = new Set<string>();
  /** Undefined where it is to be worked out anew. */
  #cost: Cost | undefined;

  /** @param before what earlier runs of the campaign have used */
  constructor(limits: SpendingLimits, before: readonly UsageCount[]) {
    this.#limits = limits;
    this.#book = new UsageBook(before);
  }

  /** Answers who must pay for this and does not say how much, the first time it is seen. */
  take(event: CampaignEvent): Payee | undefined {
    const count = paidFor(event);
    if (count !== undefined) {
      this.#book.add(count);
      this.#cost = undefined;
      return undefined;
    }
    return this.#silentPayee(event);
  }

  /** Of the whole campaign. */
  get cost(): Cost {
    this.#cost ??= costOf(this.#book.counts(), this.#limits.prices);
    return this.#cost;
  }

  isReached(): boolean {
    const { budgetMicros } = this.#limits;
    return budgetMicros !== undefined && this.cost.micros >= budgetMicros;
  }

  /** See `budgetText`. */
  describe(): string {
    const { budgetMicros = 0, currency } = this.#limits;
    return budgetText(this.cost.micros, budgetMicros, currency);
  }

  #silentPayee(event: CampaignEvent): Payee | undefined {
    if (event.type !== 'step.finished' || event.kept === true || event.service === undefined) {
      return undefined;
    }
    const { role, service } = event;
    const prices = this.#limits.prices[service];
    const isPaid =
      (role === 'llm' && (prices?.perMillionInputTokens ?? 0) > 0) ||
      (role === 'tts' && (prices?.perThousandCharacters ?? 0) > 0);
    const key = `${role} ${service}`;
    if (!isPaid || this.#silent.has(key)) return undefined;
    this.#silent.add(key);
    return { role, service };
  }
}
