/**
 * The alert channels that config.yml has on; one line per channel.
 */
import { emailChannel } from '../channels/email.ts';
import { telegramChannel } from '../channels/telegram.ts';
import { webhookChannel } from '../channels/webhook.ts';
import type { AlertChannel, Clock, Http } from '../engine/ports.ts';
import { signatureOf } from '../services/crm/webhook.ts';
import { atSetting } from '../services/http.ts';
import type { AlertSettings } from './config-alerts.ts';

/**
 * @param http closed by whoever made it
 * @param owned takes what has to be closed at the end
 */
export function composeChannels(
  { email, telegram, webhook }: AlertSettings,
  http: Http,
  clock: Pick<Clock, 'wallMs'>,
  owned: AsyncDisposableStack,
): readonly AlertChannel[] {
  const { secret } = webhook;
  const sign =
    secret === undefined
      ? undefined
      : (timestamp: string, body: string) => signatureOf(secret, timestamp, body);
  const at = (key: string): Http => atSetting(http, `alerts.${key}`);
  return [
    ...(email.enabled ? [owned.use(emailChannel(email))] : []),
    ...(telegram.enabled ? [telegramChannel(telegram, at('telegram.base_url'))] : []),
    ...(webhook.enabled ? [webhookChannel(webhook, at('webhook.url'), clock, sign)] : []),
  ];
}
