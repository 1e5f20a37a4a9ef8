import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeAmi } from '../services/dialer/asterisk/fake-ami.ts';
import { fakeVendor, KEY, MODEL } from '../services/llm/fake-vendors.ts';
import { CommandBench } from '../support/command-bench.ts';
import { deadUrl, loopback, untrustedServer } from '../support/loopback.ts';

const ENV = {
  OPENROUTER_API_KEY: KEY,
  OPENAI_API_KEY: KEY,
  GOOGLE_API_KEY: KEY,
  ANTHROPIC_API_KEY: KEY,
};

type Urls = Readonly<Partial<Record<'openrouter' | 'openai' | 'google' | 'anthropic', string>>>;

/** The voice is the template's, so that only vendors are waited for. */
function benchOf(urls: Urls, more = ''): CommandBench {
  const providers = Object.entries(urls).map(
    ([name, url]) =>
      `  ${name}: { api_key: "\${${name.toUpperCase()}_API_KEY}", model: ${MODEL}, ` +
      `base_url: "${url}" }\n`,
  );
  const bench = new CommandBench(
    `services: { llm: [${[...Object.keys(urls), 'template'].join(', ')}] }\n` +
      `script: { template: "Hi." }\n${more}` +
      (providers.length === 0 ? '' : `providers:\n${providers.join('')}`),
  );
  onTestFinished(() => {
    bench[Symbol.dispose]();
  });
  return bench;
}

function webhookBench(url: string): CommandBench {
  const bench = new CommandBench(
    'services: { crm: [webhook] }\nscript: { template: "Hi." }\n' +
      `providers: { webhook: { url: "${url}/hook", secret: "\${HOOK_SECRET}" } }\n${SLOW_MACHINE}`,
  );
  onTestFinished(() => {
    bench[Symbol.dispose]();
  });
  return bench;
}

const DOUBT = `whether ${MODEL} exists shows only at work`;
const SLOW_MACHINE = 'health_check: { timeout: 1m }\n';

async function check(
  bench: CommandBench,
  args: string,
  env: Readonly<Record<string, string>> = ENV,
) {
  const files = () => new Set(readdirSync(bench.folder, { recursive: true, encoding: 'utf8' }));
  const before = files();
  const told = await bench.command(`check --online ${args}`, { env });
  expect(files(), 'it changes nothing').toEqual(before);
  return told;
}

describe('campaign check --online', () => {
  it('says of every service that it works, and what is left', async () => {
    const openrouter = await fakeVendor('openrouter');
    const anthropic = await fakeVendor('anthropic');
    openrouter.probes.push({ body: { data: { usage: 1, limit: 10, limit_remaining: 0.5 } } });
    const bench = benchOf({ openrouter: openrouter.url, anthropic: anthropic.url }, SLOW_MACHINE);
    bench.list('spring.csv', [1]);
    const { code, stdout, stderr } = await check(bench, 'spring.csv');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('What `campaign run spring.csv` will do:');
    expect(stdout).toContain(`
Services, asked just now (works: it answers, and takes our key):
  openrouter  llm     LOW        0.50 of 10.00 USD left of the key's limit; ${DOUBT}
  anthropic   llm     works
  template    llm     works
  flite       tts     works
  preview     dialer  works
  csv         crm     works
`);
    // One harmless question each; nothing was written by a model.
    for (const { requests } of [openrouter, anthropic]) {
      expect(requests.map(({ method }) => method)).toEqual(['GET']);
    }
  });

  it('tells a model that is not there, with what to mend', async () => {
    const openai = await fakeVendor('openai', ['other']);
    const bench = benchOf({ openai: openai.url }, SLOW_MACHINE);
    const { code, stdout } = await check(bench, '');
    expect(code).toBe(69);
    expect(stdout).toMatch(
      /openai +llm +FAILS +openai answered 404: The model .*; check providers\.openai\.model/,
    );
  });

  it('names the settings of an Asterisk that does not answer', async () => {
    const { hostname, port } = new URL(await deadUrl());
    const bench = benchOf({});
    bench.write(
      'config.yml',
      'services: { dialer: [asterisk-ami] }\nscript: { template: "Hi." }\nproviders:\n' +
        `  asterisk-ami: { host: "${hostname}", port: ${port}, username: u, ` +
        'password: "${AMI_PASSWORD}", endpoint: "PJSIP/{number}@trunk" }\n',
    );
    const { code, stdout } = await check(bench, '', { AMI_PASSWORD: 'test-secret' });
    expect(code).toBe(69);
    expect(stdout).toMatch(/NO ANSWER .*; check providers\.asterisk-ami\.host and port$/m);
  });

  it('says of an Asterisk that is there and not ready what it says itself', async () => {
    const asterisk = await new FakeAmi().listen();
    asterisk.refusal = 'Server is shutting down';
    const bench = benchOf({});
    bench.write(
      'config.yml',
      'services: { dialer: [asterisk-ami] }\nscript: { template: "Hi." }\nproviders:\n' +
        `  asterisk-ami: { host: 127.0.0.1, port: ${asterisk.port}, username: u, ` +
        'password: "${AMI_PASSWORD}", endpoint: "PJSIP/{number}@trunk" }\n',
    );
    const { code, stdout } = await check(bench, '', { AMI_PASSWORD: 'test-secret' });
    expect(code).toBe(69);
    expect(stdout).toMatch(/FAILS +asterisk-ami is not connected to [\d.:]+: Server is shutting/);
    expect(stdout).not.toContain('host and port');
  });

  it('tells a wrong key from trouble and from no answer, each vendor by itself: 69', async () => {
    const openai = await fakeVendor('openai');
    const google = await loopback(() => ({ status: 503, body: 'sorry +1 415 555 0134' }));
    const env = { ...ENV, OPENAI_API_KEY: 'test-key-2-looking-glass' };
    const urls = { openai: openai.url, google: google.url, anthropic: await deadUrl() };
    const bench = benchOf(urls, SLOW_MACHINE);
    const { code, stdout, stderr } = await check(bench, '--json', env);
    expect(code).toBe(69);
    const { services, problems, exit_code: exitCode } = JSON.parse(stdout);
    expect(exitCode).toBe(69);
    expect(problems).toEqual(['3 of 7 services would not work now: openai, google and anthropic']);
    expect(services.openai).toMatchObject({
      role: 'llm',
      state: 'refused',
      reachable: true,
      credentials: 'refused',
      detail: expect.stringContaining('check providers.openai.api_key'),
    });
    expect(services.google).toMatchObject({ state: 'failing', reachable: true });
    expect(services.google).not.toHaveProperty('credentials');
    expect(services.anthropic).toMatchObject({ state: 'unreachable', reachable: false });
    expect(services.template).toEqual({
      role: 'llm',
      state: 'ok',
      reachable: true,
      credentials: 'accepted',
    });
    expect(stderr).toContain('  openai     llm     REFUSES    openai answered 401');
    expect(stderr).toContain('  anthropic  llm     NO ANSWER  cannot reach 127.0.0.1:');
    expect(stdout + stderr).not.toMatch(/looking-glass|555 0134/);
  });

  it('does not call one silent that answers what no vendor would', async () => {
    const endless = await loopback(() => ({ body: 'x'.repeat(1_100_000) }));
    const bench = benchOf({ openai: endless.url }, SLOW_MACHINE);
    const { code, stdout } = await check(bench, '--json');
    const { services } = JSON.parse(stdout);
    expect({ code, openai: services.openai }).toMatchObject({
      code: 69,
      openai: { state: 'failing', reachable: true },
    });
    expect(services.openai.detail).toMatch(/1000000 bytes; check providers\.openai\.base_url$/);
  });

  it('waits no longer than health_check.timeout', async () => {
    const silent = await loopback(() => new Promise(() => undefined));
    const bench = benchOf({ openai: silent.url }, 'health_check: { timeout: 150ms }\n');
    const { code, stderr } = await check(bench, '--json');
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /openai +llm +NO ANSWER +127[\d.:]+: no answer to the check within 0.15 s; check providers.o/,
    );
  });

  it('asks nobody where config.yml is wrong, and says so as a document', async () => {
    const vendor = await fakeVendor('openai');
    const bench = benchOf({ openai: vendor.url }, 'campaign: { lines: 0 }\n');
    const { code, stdout } = await check(bench, '--json');
    expect(code).toBe(78);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ config: 'config.yml', exit_code: 78 });
    expect(document.problems[0]).toContain('campaign.lines: found 0');
    expect(document).not.toHaveProperty('services');
    expect(vendor.requests).toEqual([]);
  });

  it.each([
    [200, 'answers', 'answers', 'shows only when there is one'],
    [405, 'answers', 'answers', 'shows only when there is one'],
    [401, 'unsure', 'UNSURE', 'check providers.webhook.secret'],
    [404, 'unsure', 'UNSURE', 'nothing is there at that path'],
    [302, 'unsure', 'UNSURE', 'redirects are not followed'],
  ])('claims no more of a webhook than a GET shows: %i', async (status, state, word, words) => {
    const server = await loopback(() => ({ status }));
    const bench = webhookBench(server.url);
    const told = await check(bench, '--json', { HOOK_SECRET: 'wonderland' });
    expect(told.code).toBe(0);
    expect(JSON.parse(told.stdout).services.webhook).toEqual({
      role: 'crm',
      state,
      reachable: true,
      credentials: 'unknown',
      detail: expect.stringContaining(words),
    });
    expect(told.stderr).toContain('; answers, UNSURE: whether it does shows only at work):');
    expect(told.stderr).toMatch(new RegExp(`webhook +crm +${word} +answered ${status} to`));
    const health = await bench.command('health', { env: { HOOK_SECRET: 'wonderland' } });
    expect(health.code).toBe(0);
    expect(health.stdout).toMatch(new RegExp(`webhook +crm +${word} +answered ${status} to`));
  });

  it('says of a webhook that is gone where it stands, and takes no key for refused', async () => {
    const server = await loopback(() => ({ status: 410 }));
    const told = await check(webhookBench(server.url), '--json', { HOOK_SECRET: 'wonderland' });
    expect(told.code).toBe(69);
    const { webhook } = JSON.parse(told.stdout).services;
    expect(webhook).toMatchObject({ state: 'failing', reachable: true });
    expect(webhook).not.toHaveProperty('credentials');
    expect(webhook.detail).toContain('change providers.webhook.url');
  });

  it('tells a certificate from no answer, and names host and setting of both', async () => {
    const untrusted = await untrustedServer();
    const told = await check(webhookBench(untrusted.url), '--json', { HOOK_SECRET: 'w' });
    expect(told.code).toBe(69);
    const { webhook } = JSON.parse(told.stdout).services;
    expect(webhook).toMatchObject({ state: 'untrusted', reachable: true });
    expect(webhook).not.toHaveProperty('credentials');
    expect(told.stderr).toMatch(
      /webhook +crm +UNTRUSTED +the certificate of 127[\d.:]+ cannot be trusted: it is signed by/,
    );
    expect(webhook.detail).toContain('check providers.webhook.url');
    const dead = await check(webhookBench(await deadUrl()), '', { HOOK_SECRET: 'w' });
    expect(dead.stdout).toMatch(
      /NO ANSWER +cannot reach 127[\d.:]+: [^;]*ECONNREFUSED\); check providers.webhook.url\n/,
    );
  });

  it('with test credentials Twilio answers 403 to all questions: nobody can tell', async () => {
    const body = { code: 20_008, message: 'Resource not accessible with Test Account Credentials' };
    const twilio = await loopback(() => ({ status: 403, body }));
    const bench = new CommandBench(
      'services: { dialer: [twilio] }\nscript: { template: "Hi." }\n' +
        'providers: { twilio: { account_sid: "${SID}", auth_token: "${TOKEN}", ' +
        `from: "+14155550100", base_url: "${twilio.url}" } }\n${SLOW_MACHINE}`,
    );
    onTestFinished(() => {
      bench[Symbol.dispose]();
    });
    const env = { SID: 'AC00000000000000000000000000000001', TOKEN: KEY };
    const { code, stdout } = await check(bench, '--json', env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).services.twilio).toEqual({
      role: 'dialer',
      state: 'unsure',
      reachable: true,
      credentials: 'unknown',
      detail: 'answered 403: whether it takes our key shows only at work',
    });
  });

  it('tells of a program that is not installed', async () => {
    const bench = benchOf({}, SLOW_MACHINE);
    const config = bench.read('config.yml').replace('{ llm', '{ tts: [flite, espeak-ng], llm');
    const command = 'providers: { espeak-ng: { command: ./no-such-program } }\n';
    bench.write('config.yml', config + command);
    const { code, stdout } = await check(bench, '');
    expect(code).toBe(78); // it is known without being asked
    expect(stdout).toMatch(/espeak-ng +tts +NO ANSWER +espeak-ng is not installed/);
    expect(stdout).toMatch(/flite +tts +works/);
  });
});
