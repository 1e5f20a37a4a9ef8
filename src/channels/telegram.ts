/**
 * Alerts by a Telegram bot. What it takes and answers: core.telegram.org/bots/api, sendMessage.
 */
import type { Alert, AlertSeverity } from '../domain/alert.ts';
import { alertText } from '../domain/alert-text.ts';
import {
  type Account,
  type HttpResponse,
  jsonOf,
  refusal,
  type Said,
} from '../domain/http-failure.ts';
import { numberAt, textAt } from '../domain/json-fields.ts';
import type { AlertChannel, Http } from '../engine/ports.ts';
import { headline } from './headline.ts';

export interface TelegramSettings {
  /** What it is told of. */
  readonly severities: readonly AlertSeverity[];
  readonly botToken: string;
  /** Of a person, a group (begins with a minus) or a channel (`@name`). */
  readonly chatId: string;
  /** Absolute; without a slash at its end. */
  readonly baseUrl: string;
}

const NAME = 'telegram';
const KEY = 'alerts.telegram';
/** Telegram's own limit, in UTF-16 units as it counts them. */
const CHARACTERS_MAX = 4_096;

export function telegramChannel(settings: TelegramSettings, http: Http): AlertChannel {
  const { botToken, chatId, baseUrl, severities } = settings;
  const account: Account = { name: NAME, secrets: [botToken, botToken.split(':')[1] ?? ''] };
  return {
    name: NAME,
    severities,
    send: async (alert, signal) => {
      const response = await http.send({
        method: 'POST',
        url: `${baseUrl}/bot${botToken}/sendMessage`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          chat_id: chatId,
          text: textOf(alert),
          // No parse mode: nothing in it is markup.
          link_preview_options: { is_disabled: true },
          disable_notification: alert.severity === 'info',
        }),
        signal,
        idempotent: false,
      });
      const body = jsonOf(response);
      const isTaken =
        response.status === 200 && (body as { ok?: unknown } | undefined)?.ok === true;
      if (!isTaken) throw refusal(account, response, saidOf(response, body));
    },
  };
}

function textOf(alert: Alert): string {
  const [, ...rest] = alertText(alert).trimEnd().split('\n');
  const text = [headline(alert), ...rest].join('\n');
  return text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX - 1)}…` : text;
}

function saidOf({ status }: HttpResponse, body: unknown): Said {
  const retryS = numberAt(body, 'parameters', 'retry_after');
  const said = {
    message: textAt(body, 'description'),
    // An error can stand in a success as well.
    status: numberAt(body, 'error_code') ?? status,
    ...(retryS !== undefined && { retryAfterMs: retryS * 1_000 }),
  };
  switch (said.status) {
    case 200:
      return { ...said, kind: 'transient', scope: 'service' };
    case 401:
    case 404:
      return { ...said, ...REFUSED, advice: `check ${KEY}.bot_token` };
    case 403:
      return {
        ...said,
        ...REFUSED,
        advice: `the bot may not write there: start a chat with it, or add it to the group`,
      };
    case 400:
      return /chat|peer|user/i.test(said.message ?? '')
        ? { ...said, ...REFUSED, advice: `check ${KEY}.chat_id, and write to the bot first` }
        : said;
    default:
      return said;
  }
}

/** The next alert would be refused as well. */
const REFUSED = { kind: 'permanent', scope: 'service' } as const;
