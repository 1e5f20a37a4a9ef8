import { sayLanguage } from '../services/dialer/twiml.ts';
import type { Config } from './settings.ts';

/** Whether every dialer speaks the text itself, so that no service of tts is asked or needed. */
export function speaksItself({ services, providers }: Config): boolean {
  return services.dialer.every(
    (name) => name === 'twilio' && providers.twilio.audioBaseUrl === undefined,
  );
}

/** Whether such a dialer speaks this language. */
export function dialerSpeaks(language: string): boolean {
  return sayLanguage(language) !== undefined;
}
