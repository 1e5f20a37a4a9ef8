/**
 * The section `alerts` of config.yml: its keys, what it means, and what must be true of it.
 */
import { z } from 'zod';
import type { EmailSettings } from '../channels/email.ts';
import type { TelegramSettings } from '../channels/telegram.ts';
import type { WebhookSettings } from '../channels/webhook.ts';
import { ALERT_SEVERITIES, type AlertSeverity } from '../domain/alert.ts';
import type { AlertPolicies } from '../domain/alert-policy.ts';
import { alertPolicies, alertRuleKeys } from './config-alert-rules.ts';
import type { ConfigPath, Finding } from './config-problems.ts';
import {
  baseUrl,
  chain,
  choice,
  isPostAddress,
  POST_ADDRESS_ALLOWED,
  secret,
  section,
  whole,
} from './config-schema-parts.ts';

export function alertKeys() {
  const addresses = 'a list of at least one address, such as ["ops@example.com"]';
  const severities = () =>
    chain(ALERT_SEVERITIES, ['critical', 'warning'], 'What this channel is told of.');
  const enabled = (what: string) =>
    z.boolean({ error: 'true or false' }).default(false).describe(`Whether ${what}.`);
  return {
    email: section(
      {
        enabled: enabled('alerts are sent by e-mail'),
        host: text('a host name, such as smtp.example.com', 'The mail server.').optional(),
        port: whole(1, 65_535, 587, '587 for STARTTLS, 465 for TLS, 25 for a local relay.'),
        security: choice(
          ['starttls', 'tls', 'none'],
          'starttls',
          'none: in clear, for a relay on this machine.',
        ),
        user: secret('Who logs in, as "${NAME}" from the environment.', 'SMTP_USER'),
        pass: secret('The password, as "${NAME}" from the environment.', 'SMTP_PASS'),
        from: text(ADDRESS, 'Whom the mails come from.').optional(),
        to: z
          .array(z.string({ error: addresses }).regex(MAIL, { error: addresses }), {
            error: addresses,
          })
          .min(1, { error: addresses })
          .optional()
          .describe('Who gets them.'),
        severities: severities(),
      },
      'By e-mail.',
    ),
    telegram: section(
      {
        enabled: enabled('alerts are sent by a Telegram bot'),
        bot_token: secret('The token of the bot, as "${NAME}".', 'TELEGRAM_BOT_TOKEN'),
        chat_id: z
          .union([z.int(), z.string().regex(/^(-?\d+|@\w{5,})$/)], { error: CHAT })
          .optional()
          .describe('The chat, group or channel that the bot writes to.'),
        base_url: baseUrl('https://api.telegram.org'),
        severities: severities(),
      },
      'By a Telegram bot.',
    ),
    webhook: section(
      {
        enabled: enabled('alerts are sent to an address of your own'),
        url: text(POST_ADDRESS_ALLOWED, 'Where they are sent.')
          .refine(isPostAddress, { error: POST_ADDRESS_ALLOWED })
          .optional(),
        secret: secret('Signs what is sent, as "${NAME}".', 'WEBHOOK_SECRET'),
        severities: severities(),
      },
      'As a signed POST of JSON; takes the place of a Slack webhook too.',
    ),
    rules: section(alertRuleKeys(), 'What is told, and when: docs/guide/alerts.md.'),
  };
}

const ADDRESS = 'an address, such as campaign@example.com or "Campaign <campaign@example.com>"';
const MAIL = /^[^\s@]+@[^\s@]+$/;
const CHAT = 'the id of a chat, such as 123456789, -100123456789 for a group, or "@channel"';

function text(allowed: string, description: string) {
  return z.string({ error: allowed }).min(1, { error: allowed }).describe(description);
}

/** Of a channel that is not enabled, what it needs may be empty. */
export interface AlertSettings {
  readonly email: EmailSettings & ChannelUse;
  readonly telegram: TelegramSettings & ChannelUse;
  readonly webhook: WebhookSettings & ChannelUse;
  readonly policies: AlertPolicies;
}

export interface ChannelUse {
  readonly enabled: boolean;
}

type Written = z.output<z.ZodObject<ReturnType<typeof alertKeys>>>;

export function alertSettings({ email, telegram, webhook, rules }: Written): AlertSettings {
  return {
    email: {
      enabled: email.enabled,
      severities: email.severities,
      host: (email.host ?? '').trim(),
      port: email.port,
      security: email.security,
      user: email.user?.trim(),
      pass: email.pass?.trim(),
      from: email.from ?? '',
      to: email.to ?? [],
    },
    telegram: {
      enabled: telegram.enabled,
      severities: telegram.severities,
      botToken: (telegram.bot_token ?? '').trim(),
      chatId: String(telegram.chat_id ?? '').trim(),
      baseUrl: telegram.base_url.replace(/\/+$/, ''),
    },
    webhook: {
      enabled: webhook.enabled,
      severities: webhook.severities,
      url: (webhook.url ?? '').trim(),
      secret: webhook.secret?.trim(),
    },
    policies: alertPolicies(rules),
  };
}

export interface ChannelOn {
  readonly name: 'email' | 'telegram' | 'webhook';
  readonly severities: readonly AlertSeverity[];
}

/** The channels that are on, with what they are told of. */
export function channelsOn(alerts: AlertSettings): readonly ChannelOn[] {
  const names = ['email', 'telegram', 'webhook'] as const;
  return names
    .filter((name) => alerts[name].enabled)
    .map((name) => ({ name, severities: alerts[name].severities }));
}

/** Channels that are on and could not send anything, and secrets that stand in the file. */
export function alertFindings(
  { email, telegram, webhook }: AlertSettings,
  hasVariable: (path: ConfigPath) => boolean,
): readonly Finding[] {
  const missing = (path: ConfigPath, isMissing: boolean, allowed: string): readonly Finding[] =>
    isMissing ? [{ path: ['alerts', ...path], found: 'nothing', allowed }] : [];
  const inFile = (path: ConfigPath, value: string | undefined, name: string): readonly Finding[] =>
    value !== undefined && value !== '' && !hasVariable(['alerts', ...path])
      ? [
          {
            path: ['alerts', ...path],
            found: 'a secret written into the file',
            allowed: `"\${${name}}", from the environment`,
          },
        ]
      : [];
  return [
    ...(email.enabled
      ? [
          ...missing(['email', 'host'], email.host === '', 'the name of the mail server'),
          ...missing(['email', 'from'], email.from === '', ADDRESS),
          ...missing(['email', 'to'], email.to.length === 0, 'who gets the alerts'),
          ...clearPassword(email),
        ]
      : []),
    ...(telegram.enabled
      ? [
          ...missing(
            ['telegram', 'bot_token'],
            telegram.botToken === '',
            '"${TELEGRAM_BOT_TOKEN}", from the environment',
          ),
          ...missing(['telegram', 'chat_id'], telegram.chatId === '', CHAT),
        ]
      : []),
    ...(webhook.enabled
      ? missing(['webhook', 'url'], webhook.url === '', 'the address that takes the alerts')
      : []),
    ...inFile(['email', 'pass'], email.pass, 'SMTP_PASS'),
    ...inFile(['telegram', 'bot_token'], telegram.botToken, 'TELEGRAM_BOT_TOKEN'),
    ...inFile(['webhook', 'secret'], webhook.secret, 'WEBHOOK_SECRET'),
  ];
}

/** In clear, a password is anybody's who listens; on this machine nobody does. */
function clearPassword({ security, pass, host }: AlertSettings['email']): readonly Finding[] {
  const isLocal = /^(localhost|127\.[\d.]+|::1|\[::1\])$/i.test(host);
  return security === 'none' && pass !== undefined && !isLocal
    ? [
        {
          path: ['alerts', 'email', 'security'],
          found: 'none, with a password for another machine',
          allowed: 'starttls or tls, or no user and pass',
        },
      ]
    : [];
}
