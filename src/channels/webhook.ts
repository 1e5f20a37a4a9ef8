/**
 * Alerts as a signed POST to a system of the operator's own, or to what takes a `text`, as Slack,
 * Mattermost and Rocket.Chat do. What is sent: docs/guide/alerts.md.
 */
import { type Alert, type AlertSeverity, alertId } from '../domain/alert.ts';
import { alertText } from '../domain/alert-text.ts';
import {
  type Account,
  type HttpResponse,
  refusal,
  type Said,
  textOf,
} from '../domain/http-failure.ts';
import { secretsInAddress } from '../domain/redaction.ts';
import type { AlertChannel, Clock, Http } from '../engine/ports.ts';
import { headline } from './headline.ts';

export interface WebhookSettings {
  /** What it is told of. */
  readonly severities: readonly AlertSeverity[];
  /** Absolute; may hold a token in its path or query. */
  readonly url: string;
  readonly secret: string | undefined;
}

/** Makes the signature of what is sent at a time (seconds since the epoch). */
export type Sign = (timestamp: string, body: string) => string;

const NAME = 'webhook';
const KEY = 'alerts.webhook';

export function webhookChannel(
  { url, secret, severities }: WebhookSettings,
  http: Http,
  clock: Pick<Clock, 'wallMs'>,
  sign: Sign | undefined,
): AlertChannel {
  const secrets = [...secretsInAddress(url), ...(secret ? [secret] : [])];
  const account: Account = { name: NAME, secrets };
  return {
    name: NAME,
    severities,
    send: async (alert, signal) => {
      const body = JSON.stringify(alertDocument(alert));
      const timestamp = String(Math.floor(clock.wallMs() / 1_000));
      const response = await http.send({
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': alertId(alert),
          'x-campaign-timestamp': timestamp,
          ...(sign !== undefined && { 'x-campaign-signature': sign(timestamp, body) }),
        },
        body,
        signal,
        // The key says so to the receiver, and rather twice than not at all.
        idempotent: true,
        cutsAnswer: true,
      });
      const isTaken = response.status >= 200 && response.status < 300;
      if (!isTaken) throw refusal(account, response, saidOf(response));
    },
  };
}

function wholeMs(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}

/** Stable: fields are added, never renamed. What is not known is null. */
export function alertDocument(alert: Alert) {
  const { key, kind, severity, campaign, service, role, sinceMs, affected } = alert;
  const { title, what, doing, toDo, durationMs, lateMs, was, joins } = alert;
  const { contacts, contactsMore } = alert;
  return {
    type: 'campaign.alert',
    id: alertId(alert),
    key,
    kind,
    severity,
    was: was ?? null,
    joins: joins ?? null,
    campaign,
    service: service ?? null,
    role: role ?? null,
    since: new Date(sinceMs).toISOString(),
    duration_ms: wholeMs(durationMs),
    late_ms: wholeMs(lateMs),
    // Who was met in another way than those that are counted as they come was met once.
    affected: Math.max(affected, contacts ?? 0),
    contacts: contacts ?? null,
    contacts_more: contacts === undefined ? null : contactsMore === true,
    title,
    what,
    doing,
    to_do: toDo,
    text: `${headline(alert)}\n${alertText(alert).split('\n').slice(1).join('\n').trimEnd()}`,
  };
}

function saidOf(response: HttpResponse): Said {
  const { status, headers } = response;
  const isPlain = headers['content-type']?.startsWith('text/plain') === true;
  const message = isPlain ? textOf(response) : undefined;
  switch (status) {
    case 401:
    case 403:
      return {
        message,
        advice: `check ${KEY}.url and ${KEY}.secret, and what the receiver expects`,
      };
    case 404:
    case 410:
      return {
        message,
        kind: 'permanent',
        scope: 'service',
        advice: `nobody takes alerts there: check ${KEY}.url`,
      };
    default:
      return status >= 300 && status < 400
        ? { message, advice: `redirects are not followed: check ${KEY}.url` }
        : { message };
  }
}
