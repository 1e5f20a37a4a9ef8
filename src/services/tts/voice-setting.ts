/**
 * Which of a vendor's voices speaks which language.
 */

/** One voice for every language, or one per language tag. */
export type VoiceSetting = string | Readonly<Record<string, string>>;

/** `en-GB` takes the voice for `en-GB`, then that for `en`; undefined where there is none. */
export function voiceFor(setting: VoiceSetting, language: string): string | undefined {
  if (typeof setting === 'string') {
    return setting;
  }
  const voices = new Map(
    Object.entries(setting).map(([tag, voice]) => [tag.toLowerCase(), voice] as const),
  );
  const parts = language.toLowerCase().split('-');
  for (let length = parts.length; length > 0; length -= 1) {
    const voice = voices.get(parts.slice(0, length).join('-'));
    if (voice !== undefined) {
      return voice;
    }
  }
  return undefined;
}
