import { describe, expect, it } from 'vitest';
import { voiceFor } from '../../../src/services/tts/voice-setting.ts';

describe('the voice for a language', () => {
  const voices = { en: 'one', 'pt-BR': 'two' };

  it.each([
    ['en', 'one'],
    ['EN', 'one'],
    ['en-GB-oxendict', 'one'],
    ['pt-br', 'two'],
    ['pt-BR-x', 'two'],
    ['pt', undefined],
    ['constructor', undefined],
  ])('%s: %s', (language, voice) => {
    expect(voiceFor(voices, language)).toBe(voice);
  });

  it('one voice speaks them all', () => {
    expect(voiceFor('three', 'de')).toBe('three');
  });
});
