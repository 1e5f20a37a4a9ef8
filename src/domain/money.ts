/**
 * What usage costs. Money is counted in millionths of the currency's unit, as whole numbers: sums
 * of fractions would drift.
 */
import { type UsageCount, usageTotals } from './usage.ts';
import type { Role } from './words.ts';

/** Millionths in one unit of the currency. */
export const MICROS = 1_000_000;

/** What a service charges, in millionths of the currency's unit; undefined where not known. */
export interface Prices {
  readonly perMillionInputTokens: number | undefined;
  readonly perMillionOutputTokens: number | undefined;
  readonly perThousandCharacters: number | undefined;
  readonly perMinute: number | undefined;
  /** What every call that was picked up costs beside its minutes; undefined: nothing. */
  readonly perCall?: number | undefined;
  /** A call is billed in steps of so many seconds; a step that has begun is a whole one. */
  readonly billedSeconds: number;
}

/** By the service's name: one account has one list of prices, whatever it does. */
export type PriceList = Readonly<Record<string, Prices | undefined>>;

export interface Cost {
  /** In millionths, each kind of usage of each service rounded to the nearest. */
  readonly micros: number;
  /** Services with usage that no price is known of: the cost is higher than this says. */
  readonly unpriced: readonly string[];
}

export function costOf(counts: readonly UsageCount[], prices: PriceList): Cost {
  const unpriced = new Set<string>();
  let micros = 0;
  for (const { service, counts: its } of usageTotals(counts)) {
    for (const part of partsOf(its, prices[service])) {
      if (part.amount === 0) continue;
      if (part.price === undefined) unpriced.add(service);
      else micros += times(part.amount, part.price, part.per);
    }
  }
  return { micros, unpriced: [...unpriced] };
}

/** The prices that a role is paid by. */
export const PRICED_BY: Readonly<Record<Role, readonly (keyof Prices)[]>> = {
  llm: ['perMillionInputTokens', 'perMillionOutputTokens'],
  tts: ['perThousandCharacters'],
  dialer: ['perMinute'],
  crm: [],
};

/** An amount, and the price of so many of it. */
interface Part {
  readonly amount: number;
  readonly price: number | undefined;
  readonly per: number;
}

const MILLION = 1_000_000;
const THOUSAND = 1_000;
const SECONDS_PER_MINUTE = 60;

function partsOf(counts: readonly UsageCount[], prices: Prices | undefined): readonly Part[] {
  const total = (of: (count: UsageCount) => number): number =>
    counts.reduce((so, count) => so + of(count), 0);
  const step = prices?.billedSeconds ?? 1;
  return [
    {
      amount: total((count) => count.inputTokens),
      price: prices?.perMillionInputTokens,
      per: MILLION,
    },
    {
      amount: total((count) => count.outputTokens),
      price: prices?.perMillionOutputTokens,
      per: MILLION,
    },
    {
      amount: total((count) => count.characters),
      price: prices?.perThousandCharacters,
      per: THOUSAND,
    },
    {
      amount: total(({ seconds, answers }) => Math.ceil(seconds / step) * step * answers),
      price: prices?.perMinute,
      per: SECONDS_PER_MINUTE,
    },
    {
      amount: total(({ seconds, answers }) => (seconds > 0 ? answers : 0)),
      price: prices?.perCall ?? 0,
      per: 1,
    },
  ];
}

/** `amount * price / per`, to the nearest; the product alone can be beyond exact numbers. */
function times(amount: number, price: number, per: number): number {
  const product = BigInt(amount) * BigInt(price);
  return Number((2n * product + BigInt(per)) / (2n * BigInt(per)));
}

/** For machines: the amount in the currency's unit, exact to its sixth decimal. */
export function amountOf(micros: number): number {
  return micros / MICROS;
}

/** For people: `12.30 USD`; four decimals where two would show nothing, and `<` below that. */
export function moneyText(micros: number, currency: string): string {
  return `${amountText(micros)} ${currency}`;
}

/** @param beside what is told with it, in as many decimals */
export function amountText(micros: number, beside = 0): string {
  const amount = amountOf(micros);
  if (micros > 0 && micros < MICROS / 10_000) return '<0.0001';
  const decimals = isSmall(micros) || isSmall(beside) ? 4 : 2;
  return amount.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

function isSmall(micros: number): boolean {
  return micros > 0 && micros < MICROS / 10;
}
