import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeVendor, KEY, SPEECH, wrote } from '../services/llm/fake-vendors.ts';
import { CommandBench } from '../support/command-bench.ts';
import { deadUrl } from '../support/loopback.ts';

const ENV = {
  OPENROUTER_API_KEY: KEY,
  OPENAI_API_KEY: KEY,
  GOOGLE_API_KEY: `${KEY}\n`,
  ANTHROPIC_API_KEY: 'test-key-2-looking-glass',
};

type Urls = Readonly<Record<'openrouter' | 'openai' | 'google' | 'anthropic', string>>;

function bench(urls: Urls): CommandBench {
  const providers = Object.entries(urls).map(
    ([name, url]) =>
      `  ${name}: { api_key: "\${${name.toUpperCase()}_API_KEY}", model: small-1, ` +
      `base_url: "${url}", fallback_delay: 0s }\n`,
  );
  const made = new CommandBench(
    'services: { llm: [openrouter, openai, google, anthropic, template] }\n' +
      'script: { template: "Hi." }\nretry: { initial_delay: 10ms, max_retries: 1 }\n' +
      `providers:\n${providers.join('')}`,
  );
  onTestFinished(() => {
    made[Symbol.dispose]();
  });
  made.list('list.csv', [1]);
  return made;
}

interface Line {
  readonly event: string;
  readonly service?: string;
  readonly msg: string;
}

function logOf(campaign: CommandBench): readonly Line[] {
  return readFileSync(campaign.path('logs/app.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('a run with vendors of models', () => {
  it('asks one after the other until one can, and says who did', async () => {
    const [openrouter, openai, google] = [
      await fakeVendor('openrouter'),
      await fakeVendor('openai'),
      await fakeVendor('google'),
    ];
    openrouter.next.push({ status: 402, body: { error: { code: 402, message: 'No credits' } } });
    openai.next.push(wrote('openai', '[pause]'), wrote('openai', '**Hello**'));
    const campaign = bench({
      openrouter: openrouter.url,
      openai: openai.url,
      google: google.url,
      anthropic: await deadUrl(),
    });
    const { code, stdout, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    const posts = [openrouter, openai, google].map(
      ({ requests }) => requests.filter(({ method }) => method === 'POST').length,
    );
    expect(posts).toEqual([1, 2, 1]);
    const lines = logOf(campaign);
    const used = lines.find(({ event }) => event === 'fallback.used');
    expect(used?.msg).toMatch(
      /^google writes the text instead of openrouter: openrouter answered 402: No credits/,
    );
    expect(lines.find(({ event }) => event === 'breaker.opened')?.msg).toContain(
      'openrouter answered 402: No credits; no credit is left: see openrouter.ai',
    );
    expect(campaign.read('out/list/results.csv')).toContain(SPEECH);
    const everything = stdout + stderr + JSON.stringify(lines);
    expect(everything).not.toMatch(/wonderland|looking-glass/);
  });

  it('has the template as its last resort', async () => {
    const anthropic = await fakeVendor('anthropic'); // which does not know our key
    const dead = await deadUrl();
    const campaign = bench({
      openrouter: dead,
      openai: dead,
      google: dead,
      anthropic: anthropic.url,
    });
    const { code, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('anthropic answered 401: invalid x-api-key ***; check providers.');
    expect(campaign.read('out/list/results.csv')).toContain('Hi.');
    expect(
      logOf(campaign).some(({ event, msg }) => {
        return (
          event === 'fallback.used' &&
          msg.startsWith('template writes the text instead of openrouter')
        );
      }),
    ).toBe(true);
  });

  it('is refused before anybody is called where the prompt fits no contact', async () => {
    const dead = await deadUrl();
    const campaign = bench({ openrouter: dead, openai: dead, google: dead, anthropic: dead });
    const config = campaign.read('config.yml');
    campaign.write('config.yml', config.replace('script: {', 'script: { prompt: "{{ nmae }}", '));
    const { code, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code).toBe(78);
    expect(stderr).toContain('the prompt fails for 1 of 1 contact tried; line 2 of the list');
    expect(stderr).toContain('no column for {{ nmae }}');
  });
});
