import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { amountText, costOf, moneyText, type Prices } from '../../src/domain/money.ts';
import { budgetText, Spending } from '../../src/domain/spending.ts';
import { UsageBook, type UsageCount, usageCount, usageTotals } from '../../src/domain/usage.ts';

const openai = { role: 'llm', service: 'openai' } as const;
const twilio = { role: 'dialer', service: 'twilio' } as const;

function countOf(...[payee, usage]: Parameters<typeof usageCount>): UsageCount {
  const count = usageCount(payee, usage);
  if (count === undefined) throw new Error('nothing was used');
  return count;
}

const NO_PRICES: Prices = {
  perMillionInputTokens: undefined,
  perMillionOutputTokens: undefined,
  perThousandCharacters: undefined,
  perMinute: undefined,
  billedSeconds: 60,
};

describe('usage', () => {
  it('is whole, and no vendor can make it absurd', () => {
    const usage = { inputTokens: 12.2, outputTokens: -3, characters: Number.NaN, seconds: 1e300 };
    expect(usageCount(openai, usage)).toEqual({
      ...openai,
      answers: 1,
      inputTokens: 13,
      outputTokens: 0,
      characters: 0,
      seconds: 1_000_000_000,
    });
    expect(usageCount(openai, {})).toBeUndefined();
    expect(usageCount(openai, { seconds: 0, inputTokens: 0 })).toBeUndefined();
  });

  it('adds up to the same in any order', () => {
    const services = fc.constantFrom(openai, twilio, { ...openai, role: 'tts' } as const);
    const amount = fc.nat({ max: 500 });
    const usages = fc.record({ inputTokens: amount, characters: amount, seconds: amount });
    const counts = fc.array(fc.tuple(services, usages)).map((pairs) => {
      return pairs.flatMap(([payee, usage]) => usageCount(payee, usage) ?? []);
    });
    fc.assert(
      fc.property(counts, (its) => {
        const book = new UsageBook(its);
        expect(new UsageBook(its.toReversed()).counts()).toEqual(book.counts());
        expect(new UsageBook(book.counts()).counts()).toEqual(book.counts());
        const seconds = its.reduce((total, one) => total + one.seconds, 0);
        const totals = usageTotals(book.counts());
        expect(totals.reduce((total, one) => total + one.seconds, 0)).toBe(seconds);
      }),
    );
  });
});

describe('costs', () => {
  const prices: Prices = {
    ...NO_PRICES,
    perMillionInputTokens: 150_000,
    perMillionOutputTokens: 600_000,
    perMinute: 14_000,
  };

  it('are exact however small the parts and however many', () => {
    const one = countOf(openai, { inputTokens: 1, outputTokens: 1 });
    const book = new UsageBook(Array.from({ length: 1_000 }, () => one));
    // 0.15 and 0.60 a million: a thousand of each are 0.00015 and 0.0006.
    expect(costOf(book.counts(), { openai: prices })).toEqual({ micros: 750, unpriced: [] });
    const much = { ...one, inputTokens: 9_000_000_000_000, outputTokens: 0 };
    expect(costOf([much], { openai: prices }).micros).toBe(1_350_000_000_000);
  });

  it('have a fee for each call that was picked up, where there is one', () => {
    const picked = [countOf(twilio, { seconds: 3 }), countOf(twilio, { seconds: 61 })];
    const counts = new UsageBook([...picked, ...picked]).counts();
    const cost = costOf(counts, { twilio: { ...prices, perCall: 7_500 } });
    expect(cost).toEqual({ micros: 6 * 14_000 + 4 * 7_500, unpriced: [] });
    const written = countOf(openai, { inputTokens: 1_000_000 });
    expect(costOf([written], { openai: { ...prices, perCall: 7_500 } }).micros).toBe(150_000);
  });

  it.each([
    [60, 1, 14_000],
    [60, 59, 14_000],
    [60, 61, 28_000],
    [1, 61, 14_233],
    [6, 61, 15_400],
    [60, 0, 0],
  ])('of calls billed by %s s: %s s', (billedSeconds, seconds, micros) => {
    const count = { ...countOf(twilio, { seconds: 1 }), seconds };
    const list = { twilio: { ...prices, billedSeconds } };
    expect(costOf([count], list).micros).toBe(micros);
    // Two calls of a second are two minutes, where minutes are billed.
    expect(costOf([{ ...count, answers: 2 }], list).micros).toBeCloseTo(2 * micros, -1);
  });

  it('say what they leave out', () => {
    const counts = [
      countOf(openai, { inputTokens: 5, outputTokens: 0 }),
      countOf(twilio, { seconds: 1 }),
    ];
    expect(costOf(counts, {})).toEqual({ micros: 0, unpriced: ['openai', 'twilio'] });
    const half = { ...NO_PRICES, perMillionInputTokens: 0 };
    expect(costOf(counts, { openai: half }).unpriced).toEqual(['twilio']);
  });

  it.each([
    [0, '0.00'],
    [40, '<0.0001'],
    [750, '0.0008'],
    [99_999, '0.1000'],
    [100_000, '0.10'],
    [1_234_567_890, '1,234.57'],
  ])('%s millionths are written %s', (micros, text) => {
    expect(amountText(micros)).toBe(text);
    expect(moneyText(micros, 'USD')).toBe(`${text} USD`);
  });
});

describe('spending', () => {
  const prices = { openai: { ...NO_PRICES, perMillionInputTokens: 1_000_000 } };
  const limits = { budgetMicros: 1_000, currency: 'USD', prices };
  const wrote: CampaignEvent = {
    type: 'step.finished',
    ...openai,
    step: 'script',
    durationMs: 1,
    usage: { inputTokens: 400 },
  };

  it('is written in as many decimals as the budget it is held against', () => {
    expect(budgetText(110_000, 80_000, 'USD')).toBe('0.1100 of 0.0800 USD are spent');
    expect(budgetText(20_000, 500_000, 'USD')).toBe('0.0200 of 0.5000 USD are spent');
    expect(budgetText(0, 500_000, 'USD')).toBe('0.00 of 0.50 USD are spent');
  });

  it('is what earlier runs and this one were paid for, held against the budget', () => {
    const spending = new Spending(limits, [countOf(openai, { inputTokens: 300 })]);
    spending.take(wrote);
    expect(spending.cost.micros).toBe(700);
    expect(spending.isReached()).toBe(false);
    spending.take(wrote);
    expect(spending.isReached()).toBe(true);
    expect(spending.describe()).toBe('0.0011 of 0.0010 USD are spent');
    const endless = new Spending({ ...limits, budgetMicros: undefined }, [
      countOf(openai, {
        inputTokens: 1_000_000,
      }),
    ]);
    expect(endless.isReached()).toBe(false);
  });

  it('notices, once, who must be paid and does not say how much', () => {
    const spending = new Spending(limits, []);
    const mute: CampaignEvent = { ...wrote, usage: undefined };
    expect(spending.take(wrote)).toBeUndefined();
    expect(spending.take({ ...mute, kept: true })).toBeUndefined();
    expect(spending.take({ ...mute, service: 'template' })).toBeUndefined();
    expect(spending.take(mute)).toEqual(openai);
    expect(spending.take(mute)).toBeUndefined();
  });
});
