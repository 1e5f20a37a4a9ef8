import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { SERVICES_BY_ROLE } from '../../src/cli/service-names.ts';
import { fakeHubspot, TOKEN as HUBSPOT_TOKEN } from '../services/crm/fake-hubspot.ts';
import { FakeTwilio, FROM, SID, TOKEN } from '../services/dialer/fake-twilio.ts';
import { KEY, wrote } from '../services/llm/fake-vendors.ts';
import { fakeVoice, toneFile, VOICE, VOICE_KEY } from '../services/tts/fake-voices.ts';
import { CommandBench } from '../support/command-bench.ts';
import { loopback } from '../support/loopback.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const SHIPPED = readFileSync(join(import.meta.dirname, '..', '..', 'config.yml'), 'utf8');

const ENV = {
  OPENROUTER_API_KEY: KEY,
  OPENAI_API_KEY: KEY,
  GOOGLE_API_KEY: KEY,
  ANTHROPIC_API_KEY: KEY,
  ELEVEN_API_KEY: VOICE_KEY,
  TWILIO_ACCOUNT_SID: SID,
  TWILIO_AUTH_TOKEN: TOKEN,
  ARI_PASSWORD: 'test-secret-3-wonderland',
  AMI_PASSWORD: 'test-secret-2-wonderland',
  HUBSPOT_ACCESS_TOKEN: HUBSPOT_TOKEN,
  CRM_WEBHOOK_URL: 'https://example.com/calls',
  CRM_WEBHOOK_SECRET: 'test-secret-1-wonderland',
};

/** The examples of vendors in the shipped file, with their comment signs taken away. */
function uncommented(): string {
  const start = SHIPPED.indexOf('  # openrouter:');
  const end = SHIPPED.indexOf('\n# Who is told');
  const examples = SHIPPED.slice(start, end)
    .split('\n')
    .filter((line) => /^ {2}# {1,5}[\w-]+:/.test(line))
    .map((line) => line.replace('  # ', '  '))
    .join('\n')
    .replace('"+1…"', `"${FROM}"`)
    .replace('https://…', 'https://example.com/audio');
  return `${SHIPPED.slice(0, start)}${examples}\n${SHIPPED.slice(end)}`;
}

/** One account that writes and speaks. */
async function openaiAccount() {
  return await loopback(({ path }) => {
    if (path.startsWith('/v1/models/')) return { body: { id: path.split('/').at(-1) } };
    if (path === '/v1/chat/completions') return wrote('openai', 'Hello, see you on Tuesday.');
    return { headers: { 'content-type': 'audio/wav' }, body: toneFile(2_000, 24_000) };
  });
}

function benchOf(config: string): CommandBench {
  const bench = new CommandBench(config);
  onTestFinished(() => {
    bench[Symbol.dispose]();
  });
  bench.list('list.csv', [1]);
  return bench;
}

describe('the shipped config.yml', () => {
  it('has an example of every vendor that can be taken as it is', () => {
    const chains = Object.entries(SERVICES_BY_ROLE).map(
      ([role, names]) => `  ${role}: [${names.filter((name) => name !== 'preview').join(', ')}]`,
    );
    const services = `services:\n${chains.join('\n')}\n`;
    const text = uncommented().replace(/^services:\n(?: {2}.*\n| *#.*\n)+/m, services);
    const { providers, services: named } = parseConfig(text, { file: '/config.yml', env: ENV });
    expect(named.llm).toHaveLength(5);
    expect(providers.openai.model).not.toBe('');
    expect(providers.openaiVoice.model).not.toBe('');
    expect(providers.hubspot.callIdProperty).toBe('campaign_call_id');
    expect(providers.twilio.from).toBe(FROM);
    expect(providers['asterisk-ari'].endpoint).toBe('PJSIP/{number}@trunk');
    expect(providers['asterisk-ami'].endpoint).toBe('PJSIP/{number}@trunk');
  });
});

describe('one account in two roles', () => {
  it('writes and speaks by one section, and has an entry for each', async () => {
    const openai = await openaiAccount();
    const bench = benchOf(
      'services: { llm: [openai, template], tts: [openai, flite] }\n' +
        'script: { prompt: "Remind {{ name }}.", template: "Hi." }\n' +
        'providers:\n  openai: { api_key: "${OPENAI_API_KEY}", model: m, tts_model: t, ' +
        `voice: ${VOICE}, base_url: "${openai.url}" }\n`,
    );
    const { code, stdout, stderr } = await bench.command('run list.csv --json', { env: ENV });
    expect(code, stderr).toBe(0);
    const { services } = JSON.parse(stdout);
    expect(services.openai).toMatchObject({ role: 'llm', requests: 1, failures: 0 });
    expect(services['openai (tts)']).toMatchObject({ role: 'tts', requests: 1, failures: 0 });
    const paths = openai.requests.map(({ path }) => path);
    expect(paths.filter((path) => !path.startsWith('/v1/models/'))).toEqual([
      '/v1/chat/completions',
      '/v1/audio/speech',
    ]);
  });
});

describe('check --online', () => {
  it('asks every vendor of every role, tells what is left, and rings nobody', async () => {
    const openai = await openaiAccount();
    const elevenlabs = await fakeVoice('elevenlabs');
    const hubspot = await fakeHubspot();
    const twilio = await new FakeTwilio(new VirtualClock()).listen();
    const hook = await loopback(({ path }) =>
      path.startsWith('/audio/') ? { status: 404 } : { status: 405, body: 'only POST' },
    );
    const bench = benchOf(
      'health_check: { timeout: 1m }\n' +
        'services: { llm: [openai], tts: [elevenlabs, openai], dialer: [twilio], ' +
        'crm: [hubspot, webhook] }\nscript: { template: "Hi." }\nproviders:\n' +
        '  openai: { api_key: "${OPENAI_API_KEY}", model: m, tts_model: t, ' +
        `voice: ${VOICE}, base_url: "${openai.url}" }\n` +
        `  elevenlabs: { api_key: "\${ELEVEN_API_KEY}", voice_id: ${VOICE}, ` +
        `base_url: "${elevenlabs.url}" }\n` +
        '  twilio: { account_sid: "${TWILIO_ACCOUNT_SID}", auth_token: "${TWILIO_AUTH_TOKEN}", ' +
        `from: "${FROM}", base_url: "${twilio.url}", ` +
        `audio_base_url: "${hook.url}/audio" }\n` +
        '  hubspot: { access_token: "${HUBSPOT_ACCESS_TOKEN}", ' +
        `base_url: "${hubspot.url}" }\n  webhook: { url: "${hook.url}/calls" }\n`,
    );
    // What other tests here have spoken would be asked for.
    rmSync(bench.path('data/audio'), { recursive: true, force: true });
    const { code, stdout, stderr } = await bench.command('check --online', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/openai +llm +works/);
    expect(stdout).toMatch(/elevenlabs +tts +works +[\d,]+ of [\d,]+ characters left/);
    expect(stdout).toMatch(/openai \(tts\) +tts +works/);
    expect(stdout).toMatch(/twilio +dialer +works +12\.35 USD left/);
    expect(stdout).toMatch(/twilio \(audio\) +dialer +UNSURE +is there \(answered 404\)/);
    expect(stdout).toMatch(/hubspot +crm +works +249,900 of 250,000 requests left today/);
    expect(stdout).toMatch(/webhook +crm +answers +answered 405/);
    expect(twilio.calls).toEqual([]);
    const all = [openai, elevenlabs, hubspot, hook].flatMap(({ requests }) => requests);
    const methods = [...all, ...twilio.asked].map(({ method }) => method);
    expect(new Set(methods)).toEqual(new Set(['GET']));
  });
});
