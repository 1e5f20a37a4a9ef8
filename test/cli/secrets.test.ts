/**
 * Every secret and a hundred numbers are planted, and every vendor throws back at us whatever it
 * was sent. None of it may be seen again on the screen, in the log or in an alert.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CommandBench } from '../support/command-bench.ts';
import { type Loopback, loopback, type Received } from '../support/loopback.ts';

const planted = (name: string): string => `${name}-${randomUUID()}`;

const ENV = {
  OPENAI_API_KEY: planted('sk-openai'),
  OPENROUTER_API_KEY: planted('sk-or'),
  GOOGLE_API_KEY: planted('AIza'),
  ANTHROPIC_API_KEY: planted('sk-ant'),
  ELEVEN_API_KEY: planted('sk-eleven'),
  TWILIO_ACCOUNT_SID: `AC${'5'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: planted('token'),
  HUBSPOT_ACCESS_TOKEN: planted('pat-na1'),
  CRM_WEBHOOK_SECRET: planted('crm'),
  WEBHOOK_SECRET: planted('hook'),
  TELEGRAM_BOT_TOKEN: `123456:${planted('bot')}`,
};

/** An account's own name is no secret: the log may say which one it is. */
const SECRETS = Object.entries(ENV).flatMap(([name, value]) =>
  name === 'TWILIO_ACCOUNT_SID' ? [] : [value],
);

const NUMBERS = Array.from({ length: 100 }, (_, index) => String(4_155_550_100 + index));

/** As a vendor may write it, when it complains of it. */
const SPELLINGS: readonly ((digits: string) => string)[] = [
  (digits) => `+1${digits}`,
  (digits) => `1${digits}`,
  (digits) => `${digits.slice(0, 3)}-${digits.slice(3, 6)}-${digits.slice(6)}`,
  (digits) => `(${digits.slice(0, 3)}) ${digits.slice(3, 6)} ${digits.slice(6)}`,
  (digits) => `+1 ${digits.slice(0, 3)}.${digits.slice(3, 6)}.${digits.slice(6)}`,
  (digits) => `%2B1${digits}`,
  (digits) => `to=+1 ${digits.slice(0, 3)} ${digits.slice(3, 6)} ${digits.slice(6)}`,
];

/** Whatever was sent, and the numbers in it in every spelling, where vendors put their words. */
function thrownBack({ path, headers, body }: Received) {
  const basic = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64');
  const digits = /4155550\d{3}/.exec(decodeURIComponent(`${path} ${body}`))?.[0];
  const numbers = digits === undefined ? [] : SPELLINGS.map((spell) => spell(digits));
  const words = [
    ...numbers,
    headers.authorization,
    basic.toString('latin1'),
    headers['x-api-key'],
    headers['xi-api-key'],
    headers['x-goog-api-key'],
    path,
    body,
  ].join(' ; ');
  return {
    message: words,
    code: words,
    detail: { message: words, status: words, type: words },
    error: { message: words, code: words, type: words, status: words },
    errors: [{ message: words, code: words }],
    category: words,
  };
}

function configFor(vendor: Loopback, alerts: Loopback): string {
  const at = `base_url: "${vendor.url}"`;
  const model = (key: string): string =>
    `{ api_key: "\${${key}}", model: m, fallback_delay: 0s, ${at} }`;
  return `
campaign: { calls_per_second: 100, lines: 10, outage_wait: 2s }
services:
  llm: [openrouter, openai, google, anthropic, template]
  tts: [elevenlabs, flite]
  dialer: [twilio]
  crm: [hubspot, webhook]
script: { prompt: "Remind {{ contact }}.", template: "Hi." }
retry: { initial_delay: 10ms, max_retries: 0, max_delay: 20ms }
circuit_breaker: { recovery_timeout: 20ms }
health_check: { interval: 1s }
providers:
  openrouter: ${model('OPENROUTER_API_KEY')}
  openai: ${model('OPENAI_API_KEY')}
  google: ${model('GOOGLE_API_KEY')}
  anthropic: ${model('ANTHROPIC_API_KEY')}
  elevenlabs: { api_key: "\${ELEVEN_API_KEY}", voice_id: v, fallback_delay: 0s, ${at} }
  twilio:
    account_sid: "\${TWILIO_ACCOUNT_SID}"
    auth_token: "\${TWILIO_AUTH_TOKEN}"
    from: "+14155550100"
    audio_base_url: "${vendor.url}/audio"
    ${at}
  hubspot: { access_token: "\${HUBSPOT_ACCESS_TOKEN}", ${at} }
  webhook: { url: "${vendor.url}/calls", secret: "\${CRM_WEBHOOK_SECRET}", fallback_delay: 0s }
alerts:
  telegram:
    enabled: true
    bot_token: "\${TELEGRAM_BOT_TOKEN}"
    chat_id: 7
    base_url: "${alerts.url}"
    severities: [critical, warning, info]
  webhook:
    enabled: true
    url: "${alerts.url}/hook"
    secret: "\${WEBHOOK_SECRET}"
    severities: [critical, warning, info]
`;
}

const COMMANDS = [
  'check list.csv',
  'check list.csv --online',
  'health',
  'run list.csv',
  'run list.csv --json',
  'status list',
  'status list --json',
  'report list',
  'report list --json',
  'logs',
  'settle list nobody busy',
  'simulate list.csv',
  'alert-test',
];

describe.each([400, 401])('vendors that answer %i and throw back what they got', (status) => {
  it('are not repeated', async () => {
    using bench = new CommandBench();
    const seen: { readonly where: string; readonly text: string }[] = [];
    const vendor = await loopback((request) => ({ status, body: thrownBack(request) }));
    const alerts = await loopback(() => ({ body: { ok: true } }));
    bench.write('config.yml', configFor(vendor, alerts));
    const rows = NUMBERS.map((digits, index) => `Person ${index},+1${digits}`);
    bench.write('list.csv', `name,phone\n${rows.join('\n')}\n`);
    for (const command of COMMANDS) {
      const { stdout, stderr } = await bench.command(command, { env: ENV });
      seen.push({ where: command, text: `${stdout}${stderr}` });
    }
    seen.push({ where: 'logs/app.log', text: bench.read('logs/app.log') });
    for (const { body } of alerts.requests) seen.push({ where: 'an alert', text: body });
    expect(vendor.requests.length).toBeGreaterThan(20);
    expect(alerts.requests.length).toBeGreaterThan(2);
    expect(seen.flatMap(leaksIn)).toEqual([]);
  }, 120_000);
});

/** Where a planted text, or the digits of a number, can be read. */
function leaksIn({ where, text }: { readonly where: string; readonly text: string }) {
  const secrets = SECRETS.filter((secret) => text.includes(secret));
  const digits = text.replace(/(?<=\d)[^\p{L}\d\n]{1,3}(?=\d)/gu, '');
  const numbers = NUMBERS.filter((number) => digits.includes(number));
  return [...secrets, ...numbers.slice(0, 2)].map((leak) => ({ where, leak }));
}
