/**
 * Usage and costs, for people and as documents.
 */
import { amountOf, costOf, moneyText } from '../domain/money.ts';
import { serviceKey, servicesInUse } from '../domain/service-key.ts';
import { budgetText } from '../domain/spending.ts';
import { listed, spanText } from '../domain/text.ts';
import { type UsageCount, type UsageTotal, usageTotals } from '../domain/usage.ts';
import type { Config } from './settings.ts';

/** Only what there is something of. */
export interface UsageDocument {
  readonly input_tokens?: number | undefined;
  readonly output_tokens?: number | undefined;
  readonly characters?: number | undefined;
  readonly seconds?: number | undefined;
}

/** Amounts are numbers in the currency's unit, exact to the sixth decimal. */
export interface CostDocument {
  readonly currency: string;
  /** Of this run alone; left out where no run is told of. */
  readonly run?: number | undefined;
  /** Of all runs of the campaign. */
  readonly campaign: number;
  readonly budget?: number | undefined;
  /** Services that were used and have no price: the cost is higher than told. */
  readonly unpriced: readonly string[];
}

export function usageDocument(total: UsageTotal): UsageDocument {
  return {
    input_tokens: total.inputTokens || undefined,
    output_tokens: total.outputTokens || undefined,
    characters: total.characters || undefined,
    seconds: total.seconds || undefined,
  };
}

/** Undefined where part of it has no price. */
export function serviceCost({ prices }: Config, { counts }: UsageTotal): number | undefined {
  const { micros, unpriced } = costOf(counts, prices);
  return unpriced.length > 0 ? undefined : amountOf(micros);
}

/** Undefined where no price is written. */
export function costDocument(
  config: Config,
  campaign: readonly UsageCount[],
  run?: readonly UsageCount[],
): CostDocument | undefined {
  const { currency, budgetMicros } = config.campaign;
  if (!hasPrices(config)) {
    return undefined;
  }
  const { micros, unpriced } = costOf(campaign, config.prices);
  return {
    currency,
    run: run && amountOf(costOf(run, config.prices).micros),
    campaign: amountOf(micros),
    budget: budgetMicros === undefined ? undefined : amountOf(budgetMicros),
    unpriced,
  };
}

/** What each service used in a run, and what that and the campaign cost so far. */
export function costLines(
  config: Config,
  campaign: readonly UsageCount[],
  run: readonly UsageCount[],
): readonly string[] {
  const inUse = servicesInUse(config.services);
  const used = usageTotals(run).map(
    (total) =>
      `${serviceKey(inUse, total)}: ${usageText(total)}${priceText(config, total)} in this run`,
  );
  const { currency } = config.campaign;
  const inRun = moneyText(costOf(run, config.prices).micros, currency);
  return [
    ...used.map((text, index) => `  ${(index === 0 ? 'used' : '').padEnd(10)} ${text}`),
    ...(hasPrices(config)
      ? [`  ${'cost'.padEnd(10)} ${inRun} in this run; ${campaignCostText(config, campaign)}`]
      : []),
  ];
}

/** `50.02 of 50.00 USD are spent in all runs`, or what they have cost where there is no budget. */
export function campaignCostText(
  config: Config,
  counts: readonly UsageCount[],
  of = 'in all runs',
): string {
  const { budgetMicros, currency } = config.campaign;
  const { micros, unpriced } = costOf(counts, config.prices);
  const text =
    budgetMicros === undefined
      ? `${moneyText(micros, currency)} ${of}`
      : `${budgetText(micros, budgetMicros, currency)} ${of}`;
  return unpriced.length === 0 ? text : `${text}; no price is written for ${listed(unpriced)}`;
}

/** `1,200 tokens in, 300 out`. */
export function usageText(total: UsageTotal): string {
  const { inputTokens, outputTokens, characters, seconds } = total;
  const count = (amount: number): string => amount.toLocaleString('en-US');
  return [
    ...(inputTokens + outputTokens > 0
      ? [`${count(inputTokens)} tokens in, ${count(outputTokens)} out`]
      : []),
    ...(characters > 0 ? [`${count(characters)} characters`] : []),
    ...(seconds > 0 ? [`${spanText(seconds * 1_000)} of calls`] : []),
  ].join(', ');
}

/** `, 0.0045 USD`; nothing where there is no price. */
export function priceText(config: Config, { counts }: UsageTotal): string {
  const { micros, unpriced } = costOf(counts, config.prices);
  return unpriced.length > 0 ? '' : `, ${moneyText(micros, config.campaign.currency)}`;
}

/** Whether so much is spent that no new contact is taken. */
export function isSpent({ campaign, prices }: Config, counts: readonly UsageCount[]): boolean {
  const { budgetMicros } = campaign;
  return budgetMicros !== undefined && costOf(counts, prices).micros >= budgetMicros;
}

export function hasPrices({ prices, campaign }: Config): boolean {
  return campaign.budgetMicros !== undefined || Object.keys(prices).length > 0;
}
