import { sayLanguage } from '../services/dialer/twiml.ts';
import type { Config } from './settings.ts';

/** Whether every dialer speaks the text itself, so that no service of tts is asked or needed. */
export function speaksItself({
  services,
  providers,
}: Pick<Config, 'services' | 'providers'>): boolean {
  return services.dialer.every(
    (name) => name === 'twilio' && providers.twilio.audioBaseUrl === undefined,
  );
}

/** The chains whose services are asked: no service of tts where every dialer speaks itself. */
export function chainsAsked(config: Pick<Config, 'services' | 'providers'>): Config['services'] {
  return speaksItself(config) ? { ...config.services, tts: [] } : config.services;
}

/** Whether such a dialer speaks this language. */
export function dialerSpeaks(language: string): boolean {
  return sayLanguage(language) !== undefined;
}
