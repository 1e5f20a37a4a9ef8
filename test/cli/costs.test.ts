import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { serviceDocuments } from '../../src/cli/run-document.ts';
import { RunTally } from '../../src/domain/tally.ts';
import { fakeVendor, KEY, wrote } from '../services/llm/fake-vendors.ts';
import { CommandBench } from '../support/command-bench.ts';

const ENV = { OPENAI_API_KEY: KEY };

interface Settings {
  /** Lines of `campaign:`. */
  readonly campaign?: string;
  readonly prices?: string;
}

/** Every text costs 120 tokens in and 30 out: 0.00018 at 1.00 and 2.00 a million. */
const PRICES = '{ per_million_input_tokens: 1.00, per_million_output_tokens: 2.00 }';

async function benchOf(contacts: number) {
  const vendor = await fakeVendor('openai');
  const bench = new CommandBench();
  onTestFinished(() => {
    bench[Symbol.dispose]();
  });
  bench.list(
    'spring.csv',
    Array.from({ length: contacts }, (_, index) => index + 1),
  );
  const configure = ({ campaign = '', prices }: Settings): void => {
    const own = prices === undefined ? '' : `, prices: ${prices}`;
    bench.write(
      'config.yml',
      `services: { llm: [openai] }\nscript: { template: "Hi." }\n` +
        `campaign: { lines: 1${campaign} }\nretry: { initial_delay: 10ms }\n` +
        `providers: { openai: { api_key: "\${OPENAI_API_KEY}", model: small-1, ` +
        `base_url: "${vendor.url}"${own} } }\n`,
    );
  };
  const command = (line: string) => bench.command(line, { env: ENV });
  const json = async (line: string) => JSON.parse((await command(`${line} --json`)).stdout);
  return { bench, vendor, configure, command, json };
}

describe('usage', () => {
  it('is shown by run and report without any price, over all runs', async () => {
    const { configure, command, json } = await benchOf(3);
    configure({});
    const { stdout } = await command('run spring.csv --limit 1');
    expect(stdout).toContain('\n  used       openai: 120 tokens in, 30 out in this run\n');
    expect(stdout).not.toContain('cost');
    const document = await json('run spring.csv');
    expect(document.services.openai.usage).toEqual({ input_tokens: 240, output_tokens: 60 });
    expect(document.services.openai).not.toHaveProperty('cost');
    expect(document.services.flite).not.toHaveProperty('usage');
    expect(document).not.toHaveProperty('cost');
    const report = await command('report');
    expect(report.stdout).toMatch(/\n\nUsage\n {2}llm {5}openai {8}360 tokens in, 90 out\n$/);
    expect((await json('report')).usage).toEqual([
      { service: 'openai', role: 'llm', input_tokens: 360, output_tokens: 90 },
    ]);
  });

  it('counts the answers that could not be used', async () => {
    const { configure, vendor, json } = await benchOf(1);
    configure({ prices: PRICES });
    vendor.next.push(wrote('openai', '**Hello**'));
    const document = await json('run spring.csv');
    expect(document.services.openai).toMatchObject({
      requests: 2,
      failures: 1,
      usage: { input_tokens: 240, output_tokens: 60 },
      cost: 0.00036,
    });
  });
});

describe('costs', () => {
  it('are worked out from what was used, also before the prices were written', async () => {
    const { configure, command, json } = await benchOf(3);
    configure({});
    await command('run spring.csv --limit 1');
    configure({ prices: PRICES, campaign: ', currency: EUR' });
    const { stdout } = await command('run spring.csv --limit 1');
    expect(stdout).toContain('openai: 120 tokens in, 30 out, 0.0002 EUR in this run\n');
    expect(stdout).toContain('  cost       0.0002 EUR in this run; 0.0004 EUR in all runs\n');
    const document = await json('run spring.csv');
    expect(document.services.openai.cost).toBe(0.00018);
    const cost = { currency: 'EUR', campaign: 0.00054, unpriced: [] };
    expect(document.cost).toEqual({ ...cost, run: 0.00018 });
    const report = await json('report');
    expect(report.cost).toEqual(cost);
    expect(report.usage).toMatchObject([{ cost: 0.00054 }]);
    expect((await command('report')).stdout).toContain('\nCost: 0.0005 EUR in all runs\n');
    expect((await json('status')).campaigns[0].cost).toEqual(cost);
  });

  it('say what was used that has no price', async () => {
    const { configure, command, json } = await benchOf(1);
    configure({ prices: '{ per_million_input_tokens: 1.00 }' });
    const { stdout } = await command('run spring.csv');
    expect(stdout).toContain('openai: 120 tokens in, 30 out in this run\n');
    expect(stdout).toContain('in all runs; no price is written for openai\n');
    expect((await json('report')).cost).toMatchObject({ campaign: 0.00012, unpriced: ['openai'] });
  });
});

describe('campaign.budget', () => {
  // Three texts are 0.00054: the smallest budget is far above, so the prices are high here.
  const dear = '{ per_million_input_tokens: 100, per_million_output_tokens: 0 }';
  const budget = (amount: string): Settings => ({ campaign: `, budget: ${amount}`, prices: dear });

  it('ends the run with 75, over all runs, and goes on when it is raised', async () => {
    const { bench, configure, command, json, vendor } = await benchOf(5);
    configure(budget('0.03'));
    // Each text is 0.012: the third reaches the budget.
    expect((await command('run spring.csv --limit 1')).code).toBe(0);
    const { code, stdout } = await command('run spring.csv');
    expect(code).toBe(75);
    expect(stdout).toMatch(
      /spring: campaign\.budget is spent, 2 contacts done in .*, 2 contacts left\. Raise it to/,
    );
    expect(stdout).toContain('go on with: campaign run spring.csv\n');
    expect(stdout).toContain('0.0240 USD in this run; 0.0360 of 0.0300 USD are spent in all runs');
    expect(vendor.written()).toBe(3);
    const log = bench.read('logs/app.log');
    expect(log).toContain(
      'the budget of the campaign was reached (0.0360 of 0.0300 USD are spent)',
    );

    const again = await command('run spring.csv --quiet');
    expect(again).toMatchObject({ code: 75, stdout: '' });
    expect(again.stderr).toContain('campaign.budget is spent, 0 contacts done');
    expect((await command('check spring.csv')).stdout).toContain(
      'Note: campaign.budget is spent (0.0360 of 0.0300 USD are spent in all runs): nobody would ' +
        'be called until it is raised\n',
    );
    const status = await command('status');
    expect(status.stdout).toContain(
      '  budget: 0.0360 of 0.0300 USD are spent in all runs: ' +
        'no new contact is taken until campaign.budget is raised\n',
    );
    expect((await json('status')).campaigns[0].cost).toMatchObject({ budget: 0.03 });

    configure(budget('1'));
    expect((await command('run spring.csv')).code).toBe(0);
    expect((await command('status')).stdout).toContain('  budget: 0.0600 of 1.0000 USD are spent');
    expect((await json('report')).last_run.end).toBe('done');
  });

  it('alerts once over all runs, and once when it may go on', async () => {
    const { bench, configure, command } = await benchOf(4);
    const open = () => {
      using store = bench.store();
      return store.alerts.load().open.map(({ key, what }) => [key, what]);
    };
    configure(budget('0.01'));
    await command('run spring.csv');
    const alert = ['campaign:spring:budget', '0.0120 of 0.0100 USD are spent.'];
    expect(open()).toEqual([alert]);
    await command('run spring.csv');
    expect(open()).toEqual([alert]);
    configure(budget('1'));
    await command('run spring.csv');
    expect(open()).toEqual([]);
  });

  it('refuses vendors without prices, warns of one that is silent about usage', async () => {
    const { configure, command, vendor } = await benchOf(1);
    configure({ campaign: ', budget: 5', prices: '{ per_million_input_tokens: 1 }' });
    const { code, stderr } = await command('run spring.csv');
    expect(code).toBe(78);
    expect(stderr).toContain(
      'providers.openai.prices: found no per_million_output_tokens, allowed: ' +
        'per_million_output_tokens, because campaign.budget is set; write 0 for what costs nothing',
    );
    configure({ campaign: ', budget: 5', prices: PRICES });
    const message = { role: 'assistant', content: 'Hello Dana.' };
    vendor.next.push({ body: { choices: [{ message, finish_reason: 'stop' }] } });
    const mute = await command('run spring.csv');
    expect(mute.code).toBe(0);
    expect(mute.stderr).toContain(
      'openai does not say how much it is paid for: campaign.budget cannot count it',
    );
  });

  it('needs no prices of what works on this machine', async () => {
    const bench = new CommandBench('script: { template: "Hi." }\ncampaign: { budget: 5 }\n');
    onTestFinished(() => {
      bench[Symbol.dispose]();
    });
    bench.list('spring.csv', [1]);
    const { code, stdout } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain('0.00 of 5.00 USD are spent in all runs');
    expect(existsSync(bench.path('out/spring/results.csv'))).toBe(true);
  });
});

describe('an account that fills two roles', () => {
  it('has an entry for each in every document', () => {
    const tally = new RunTally();
    const paid = { contact: 'c', call: 'x', line: 1, durationMs: 1, service: 'openai' } as const;
    const text = { step: 'script', role: 'llm', usage: { inputTokens: 5 } } as const;
    const speech = { step: 'speech', role: 'tts', usage: { characters: 9 } } as const;
    tally.take({ type: 'step.finished', ...paid, ...text });
    tally.take({ type: 'step.finished', ...paid, ...speech });
    const status = () =>
      ({ state: 'closed', sinceMs: 0, retryAfterMs: 0, cause: undefined }) as const;
    const guards = (['llm', 'tts'] as const).map((role) => ({ service: 'openai', role, status }));
    expect(serviceDocuments(tally, guards)).toMatchObject({
      openai: { role: 'llm', usage: { input_tokens: 5 } },
      'openai (tts)': { role: 'tts', usage: { characters: 9 } },
    });
  });
});

describe('prices in config.yml', () => {
  const parse = (prices: string) =>
    parseConfig(`script: { template: x }\nproviders: { openai: { prices: ${prices} } }\n`, {
      file: '/config.yml',
      env: {},
    });

  it('are exact in millionths', () => {
    const { prices } = parse('{ per_million_input_tokens: 0.15, per_thousand_characters: 1.1 }');
    expect(prices['openai']).toEqual({
      perMillionInputTokens: 150_000,
      perMillionOutputTokens: undefined,
      perThousandCharacters: 1_100_000,
      perMinute: undefined,
      billedSeconds: 60,
    });
    expect(prices['flite']).toBeUndefined();
  });

  it.each([
    ['{ per_minute: 0.0000001 }', 'with at most 6 decimals'],
    ['{ per_minute: -1 }', 'an amount from 0 to'],
    ['{ per_1k_tokens: 1 }', 'prices are per_million_input_tokens'],
    ['{ billed_seconds: 0 }', 'a whole number from 1 to 3600'],
  ])('%s is refused', (prices, message) => {
    expect(() => parse(prices)).toThrow(message);
  });
});
