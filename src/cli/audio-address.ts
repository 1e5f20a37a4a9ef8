/**
 * What the address says by itself under which Twilio is to find the audio that it plays. Whether
 * the audio is there is asked by `check --online` (`check-audio.ts`).
 */
import { type Judged, shown } from './config-judged.ts';
import type { Finding } from './config-problems.ts';
import type { Config } from './settings.ts';

export const AUDIO_SETTING = 'providers.twilio.audio_base_url';

const UNHEARD = 'whoever picks up would hear that an error has occurred';

/** Undefined where Twilio plays nothing. */
export function publishedAt({
  services,
  providers,
}: Pick<Config, 'services' | 'providers'>): string | undefined {
  return services.dialer.includes('twilio') ? providers.twilio.audioBaseUrl : undefined;
}

/** Every call of the list would be rung, paid for, and told of an error. */
export function audioFound(judged: Judged): readonly Finding[] {
  const { config } = judged;
  const path = ['providers', 'twilio', 'audio_base_url'];
  const host = URL.parse(publishedAt(config) ?? '')?.hostname ?? '';
  return host !== '' && isPrivate(host) && isTwilio(config)
    ? [
        {
          path,
          found: `${shown(judged, path, host)}, which Twilio cannot reach: ${UNHEARD}`,
          allowed: 'where the audio folder is published and everybody can fetch it',
          hint: 'without audio_base_url Twilio speaks the text itself',
        },
      ]
    : [];
}

/** What is allowed, and should be known before the first call. */
export function audioNotices(config: Config): readonly string[] {
  const url = URL.parse(publishedAt(config) ?? '');
  if (url === null) {
    return [];
  }
  const notices: string[] = [];
  if (isPrivate(url.hostname)) {
    notices.push(
      `${AUDIO_SETTING} is at ${url.hostname}, which Twilio cannot reach: ${UNHEARD}. Publish ` +
        'the audio folder where everybody can fetch it',
    );
  }
  if (url.protocol === 'http:') {
    notices.push(
      `${AUDIO_SETTING} is http: what people are told can be read and exchanged on its way to ` +
        'Twilio; publish it over https',
    );
  }
  return notices;
}

/** Something else at `base_url`, on this machine or its network, may well reach the audio. */
function isTwilio({ providers }: Config): boolean {
  return /(^|\.)twilio\.com$/.test(URL.parse(providers.twilio.baseUrl)?.hostname ?? '');
}

/** Names and addresses that mean this machine, or its own network. */
function isPrivate(host: string): boolean {
  const isAddress = /^[\d.]+$/.test(host);
  return (
    (isAddress && /^(0|127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(host)) ||
    /^\[(::1?|f[cd].*|fe80.*)\]$/.test(host) ||
    /(^|\.)(localhost|local|internal|lan)$/.test(host) ||
    !/[.:]/.test(host)
  );
}
