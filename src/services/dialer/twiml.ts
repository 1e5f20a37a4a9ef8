/**
 * What Twilio is told to do once somebody picks up: a pause, then the text or the sound.
 */

/** Of the parameter `Twiml`, markup included (Twilio's API description; error 32018). */
export const TWIML_CHARACTERS_MAX = 4_000;

/** Until the telephone is at the ear. */
const PAUSE = '<Pause length="1"/>';

/** Of a text without a sign that has to be escaped, beside the markup around it. */
export function sayCharactersMax(): number {
  return TWIML_CHARACTERS_MAX - sayTwiml('', 'en-US').length;
}

/** @param language as `sayLanguage` gives it */
export function sayTwiml(text: string, language: string): string {
  return response(`<Say language="${language}">${escaped(text)}</Say>`);
}

export function playTwiml(url: string): string {
  return response(`<Play>${escaped(url)}</Play>`);
}

function response(verb: string): string {
  return `<Response>${PAUSE}${verb}</Response>`;
}

/** What XML 1.0 has no place for, even escaped. */
const NOT_IN_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

function escaped(text: string): string {
  return text
    .replace(NOT_IN_XML, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * The languages that `<Say>` speaks, from twilio.com/docs/voice/twiml/say; of several for one
 * language, the first is taken where a contact names no country, or one that is not here. There
 * are more by now; one that is not spoken would be a call with nothing in it.
 */
const LANGUAGES = [
  'en-US',
  'en-GB',
  'en-AU',
  'en-CA',
  'en-IN',
  'ca-ES',
  'da-DK',
  'de-DE',
  'es-ES',
  'es-MX',
  'fi-FI',
  'fr-FR',
  'fr-CA',
  'it-IT',
  'ja-JP',
  'ko-KR',
  'nb-NO',
  'nl-NL',
  'pl-PL',
  'pt-PT',
  'pt-BR',
  'ru-RU',
  'sv-SE',
  'zh-CN',
  'zh-HK',
  'zh-TW',
] as const;

/** Norwegian is written and spoken of in three ways. */
const OTHER_NAMES: Readonly<Record<string, string>> = { no: 'nb', nn: 'nb' };

/** The language as `<Say>` has it; undefined where it does not speak it. */
export function sayLanguage(language: string): string | undefined {
  const tag = language.toLowerCase();
  const [first = ''] = tag.split('-');
  const base = OTHER_NAMES[first] ?? first;
  return (
    LANGUAGES.find((known) => known.toLowerCase() === tag) ??
    LANGUAGES.find((known) => known.startsWith(`${base}-`))
  );
}
