/**
 * Secrets and numbers that are planted to be looked for, and everybody who is sent one throwing it
 * back. What is planted is made anew for every run of the tests.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { keyFile } from '../observers/sheets/fake-google.ts';
import type { Received } from './loopback.ts';

const planted = (name: string): string => `${name}-${randomUUID()}`;

export const ENV = {
  OPENAI_API_KEY: planted('sk-openai'),
  OPENROUTER_API_KEY: planted('sk-or'),
  GOOGLE_API_KEY: planted('AIza'),
  ANTHROPIC_API_KEY: planted('sk-ant'),
  ELEVEN_API_KEY: planted('sk-eleven'),
  TWILIO_ACCOUNT_SID: `AC${'5'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: planted('token'),
  ARI_PASSWORD: planted('ari'),
  AMI_PASSWORD: planted('ami'),
  HUBSPOT_ACCESS_TOKEN: planted('pat-na1'),
  CRM_WEBHOOK_SECRET: planted('crm'),
  CRM_WEBHOOK_PATH: planted('crm-path'),
  SMTP_USER: planted('mailer'),
  SMTP_PASS: planted('smtp'),
  WEBHOOK_SECRET: planted('hook'),
  WEBHOOK_PATH: planted('hook-path'),
  TELEGRAM_BOT_TOKEN: `123456:${planted('bot')}`,
  SERVER_TOKEN: planted('server'),
  GOOGLE_SERVICE_ACCOUNT_JSON_PATH: 'key.json',
};

/** An account's own name is no secret, nor where a file is: the log may say which one it is. */
const PUBLIC: readonly string[] = ['TWILIO_ACCOUNT_SID', 'GOOGLE_SERVICE_ACCOUNT_JSON_PATH'];

/** Of the key file: any line of the key itself would be too much. */
export const KEY_FILE = keyFile();
const KEY_LINES = (JSON.parse(KEY_FILE).private_key as string)
  .split('\n')
  .filter((line) => line.length > 20 && !line.startsWith('-----'));

const SECRETS = [
  ...Object.entries(ENV).flatMap(([name, value]) => (PUBLIC.includes(name) ? [] : [value])),
  ...KEY_LINES,
];

export const NUMBERS = Array.from({ length: 100 }, (_, index) => String(4_155_550_100 + index));

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

/** What a signature is made of may be seen by nobody either. */
const signed = new Set<string>();

/** Whatever was sent, and the numbers in it in every spelling, where vendors put their words. */
export function thrownBack({ path, headers, body }: Received) {
  const { authorization = '' } = headers;
  if (authorization.startsWith('Bearer ey')) signed.add(authorization.slice('Bearer '.length));
  const basic = Buffer.from(authorization.replace('Basic ', ''), 'base64');
  const digits = /4155550\d{3}/.exec(decodeURIComponent(`${path} ${body}`))?.[0];
  const numbers = digits === undefined ? [] : SPELLINGS.map((spell) => spell(digits));
  const words = [
    ...numbers,
    authorization,
    basic.toString('latin1'),
    headers['x-api-key'],
    headers['xi-api-key'],
    headers['x-goog-api-key'],
    headers['x-campaign-signature'],
    path,
    body,
  ].join(' ; ');
  return {
    message: words,
    code: words,
    description: words,
    detail: { message: words, status: words, type: words },
    error: { message: words, code: words, type: words, status: words },
    errors: [{ message: words, code: words }],
    category: words,
  };
}

/** An Asterisk whose Manager Interface refuses whatever it is sent, and says what that was. */
export async function throwingAsterisk(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('Asterisk Call Manager/7.0.3\r\n');
    socket.on('data', (data) => {
      const said = data.toString();
      const [, id = ''] = /^ActionID: (.*)$/im.exec(said) ?? [];
      const message = said.replaceAll(/\s+/g, ' ');
      socket.write(`Response: Error\r\nActionID: ${id.trim()}\r\nMessage: ${message}\r\n\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export interface Seen {
  readonly where: string;
  readonly text: string;
}

/** Where a planted text, or the digits of a number, can be read. */
export function leaksIn({ where, text }: Seen) {
  const secrets = [...SECRETS, ...signed].filter((secret) => text.includes(secret));
  const digits = text.replace(/(?<=\d)[^\p{L}\d\n]{1,3}(?=\d)/gu, '');
  const numbers = NUMBERS.filter((number) => digits.includes(number));
  return [...secrets, ...numbers.slice(0, 2)].map((leak) => ({ where, leak }));
}
