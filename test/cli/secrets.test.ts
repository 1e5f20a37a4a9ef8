/**
 * Every secret and a hundred numbers are planted, and every vendor throws back at us whatever it
 * was sent. None of it may be seen again on the screen, in the log, in an alert, in the sheet, or
 * over HTTP.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FakeGoogle, SPREADSHEET } from '../observers/sheets/fake-google.ts';
import { CommandBench } from '../support/command-bench.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { loopback } from '../support/loopback.ts';
import { mailServer } from '../support/mail-server.ts';
import {
  ENV,
  KEY_FILE,
  leaksIn,
  NUMBERS,
  type Seen,
  throwingAsterisk,
  thrownBack,
} from '../support/planted.ts';

type Dialer = 'twilio' | 'asterisk-ari' | 'asterisk-ami';

interface Addresses {
  readonly vendor: string;
  readonly alerts: string;
  readonly sheets: string;
  readonly mail: number;
  readonly asterisk: number;
}

function configFor(dialer: Dialer, { vendor, alerts, sheets, mail, asterisk }: Addresses): string {
  const at = `base_url: "${vendor}"`;
  const all = 'severities: [critical, warning, info]';
  const model = (key: string): string =>
    `{ api_key: "\${${key}}", model: m, fallback_delay: 0s, ${at} }`;
  return `
campaign: { calls_per_second: 100, lines: 10, outage_wait: 2s }
services:
  llm: [openrouter, openai, google, anthropic, template]
  tts: [elevenlabs, flite]
  dialer: [${dialer}]
  crm: [hubspot, webhook]
script: { prompt: "Remind {{ contact }}.", template: "Hi." }
retry: { initial_delay: 10ms, max_retries: 0, max_delay: 20ms }
circuit_breaker: { recovery_timeout: 20ms }
health_check: { interval: 1s }
logging: { level: debug }
server: { enabled: true, port: 0, token: "\${SERVER_TOKEN}" }
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
    audio_base_url: "${vendor}/audio"
    ${at}
  asterisk-ari: { url: "${vendor}", username: campaign, password: "\${ARI_PASSWORD}",
    endpoint: "PJSIP/{number}@trunk", app: campaign }
  asterisk-ami: { host: 127.0.0.1, port: ${asterisk}, username: campaign,
    password: "\${AMI_PASSWORD}", endpoint: "PJSIP/{number}@trunk", retry_interval: 1s }
  hubspot: { access_token: "\${HUBSPOT_ACCESS_TOKEN}", ${at} }
  webhook: { url: "${vendor}/calls/\${CRM_WEBHOOK_PATH}", secret: "\${CRM_WEBHOOK_SECRET}",
    fallback_delay: 0s }
alerts:
  email: { enabled: true, host: 127.0.0.1, port: ${mail}, security: none,
    user: "\${SMTP_USER}", pass: "\${SMTP_PASS}",
    from: c@example.com, to: [o@example.com], ${all} }
  telegram: { enabled: true, bot_token: "\${TELEGRAM_BOT_TOKEN}", chat_id: 7,
    base_url: "${alerts}", ${all} }
  webhook: { enabled: true, url: "${alerts}/hook/\${WEBHOOK_PATH}", secret: "\${WEBHOOK_SECRET}",
    ${all} }
google_sheets: { enabled: true, spreadsheet_id: ${SPREADSHEET}, base_url: "${sheets}",
  service_account: "\${GOOGLE_SERVICE_ACCOUNT_JSON_PATH}" }
`;
}

const COMMANDS = [
  'check list.csv',
  'check list.csv --online',
  'check list.csv --online --json',
  'health',
  'health --json',
  'run list.csv --verbose',
  'run list.csv --json',
  'run list.csv --quiet',
  'status list',
  'status list --json',
  'report list',
  'report list --json',
  'logs',
  'logs --level debug --json',
  'settle list nobody busy',
  'opt-outs',
  'simulate list.csv --verbose',
  'alert-test',
  'alert-test --json',
];

/** What differs with the dialer. */
const OF_DIALERS = [
  'check list.csv --online --json',
  'health',
  'run list.csv --verbose',
  'run list.csv --json',
  'status list',
  'report list --json',
  'logs --level debug',
];

const ROUTES = ['/', '/health', '/api/health', '/live', '/ready', '/metrics', '/nowhere'];

/** What a run shows over HTTP, with the token, without it and with a wrong one. */
async function shown(world: FakeWorld | undefined): Promise<readonly Seen[]> {
  const [, url] = /status page at (http:\S+?)\/?\s/.exec(world?.screen.stderr ?? '') ?? [];
  if (url === undefined) return [];
  const tokens = [ENV.SERVER_TOKEN, 'wrong'];
  const asked = ROUTES.flatMap((path) => tokens.map((token) => ({ path, token })));
  return await Promise.all(
    asked.map(async ({ path, token }) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${url}${path}`, { headers }).catch(() => undefined);
      return { where: path, text: (await answer?.text()) ?? '' };
    }),
  );
}

async function everything(dialer: Dialer, status: number) {
  const seen: Seen[] = [];
  let world: FakeWorld | undefined;
  const vendor = await loopback(async (request, count) => {
    if (count % 20 === 0) seen.push(...(await shown(world)));
    return { status, body: thrownBack(request) };
  });
  const areWell = status === 400;
  const alerts = await loopback((request) =>
    areWell ? { body: { ok: true } } : { status, body: thrownBack(request) },
  );
  const mail = await mailServer({
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password }, _session, done) {
      if (areWell) done(null, { user: username });
      else done(new Error(`no ${username} with ${password}, ${btoa(String(password))}`));
    },
  });
  const google = await new FakeGoogle().listen();
  using bench = new CommandBench();
  const asterisk = await throwingAsterisk();
  const sheets = areWell ? google.url : vendor.url;
  const addresses = { vendor: vendor.url, alerts: alerts.url, sheets, mail: mail.port, asterisk };
  bench.write('config.yml', configFor(dialer, addresses));
  bench.write('key.json', KEY_FILE);
  const rows = NUMBERS.map((digits, index) => `Person ${index},+1${digits}`);
  bench.write('list.csv', `name,phone\n${rows.join('\n')}\n`);
  const meet = (met: FakeWorld): void => {
    world = met;
  };
  for (const command of dialer === 'twilio' ? COMMANDS : OF_DIALERS) {
    const { stdout, stderr } = await bench.command(command, { env: ENV, meet });
    seen.push({ where: command, text: `${stdout}${stderr}` });
  }
  seen.push({ where: 'logs/app.log', text: bench.read('logs/app.log') });
  for (const { body } of alerts.requests) seen.push({ where: 'an alert', text: body });
  // Long lines are broken by a mail as it travels.
  const mails = mail.mails.map(({ text }) => text.replaceAll(/=\r?\n/g, ''));
  for (const text of mails) seen.push({ where: 'a mail', text });
  for (const { path, body } of google.requests) {
    seen.push({ where: 'the sheet', text: `${path} ${body}` });
  }
  return { seen, vendor, alerts, mails, google };
}

const DIALERS: readonly Dialer[] = ['twilio', 'asterisk-ari', 'asterisk-ami'];

describe.each([400, 401])('vendors that answer %i and throw back what they got', (status) => {
  it.each(DIALERS)(
    'are not repeated, with %s',
    async (dialer) => {
      const { seen, vendor, alerts, mails, google } = await everything(dialer, status);
      expect(vendor.requests.length).toBeGreaterThan(20);
      expect(alerts.requests.length).toBeGreaterThan(2);
      expect(new Set(seen.map(({ where }) => where))).toContain('/metrics');
      if (status === 400) {
        expect(mails.length).toBeGreaterThan(2);
        expect(google.requests.length).toBeGreaterThan(1);
      }
      expect(seen.flatMap(leaksIn)).toEqual([]);
    },
    120_000,
  );
});

interface SchemaPart {
  readonly writeOnly?: boolean;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
}

/** Paths of the keys that the schema calls secret. */
function secretsIn({ writeOnly, properties = {} }: SchemaPart, path = ''): readonly string[] {
  const inner = Object.entries(properties).flatMap(([key, part]) =>
    secretsIn(part, path === '' ? key : `${path}.${key}`),
  );
  return writeOnly === true ? [path] : inner;
}

it('every secret that config.yml may have is planted', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../config.schema.json', import.meta.url), 'utf8'),
  ) as SchemaPart;
  const paths = secretsIn(schema);
  expect(paths.length).toBeGreaterThan(12);
  const addresses = { vendor: '', alerts: '', sheets: '', mail: 1, asterisk: 1 };
  const config: unknown = parse(configFor('twilio', addresses));
  const values = paths.map((path) => {
    const value = path.split('.').reduce<unknown>((part, key) => {
      return (part as Record<string, unknown> | undefined)?.[key];
    }, config);
    const [, name = ''] = /^\$\{(\w+)\}$/.exec(String(value)) ?? [];
    return [path, name in ENV];
  });
  expect(values.filter(([, isPlanted]) => isPlanted !== true)).toEqual([]);
});
