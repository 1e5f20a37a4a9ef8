import { isSupportedCountry } from 'libphonenumber-js/min';
import { checkTemplate } from '../services/llm/liquid.ts';
import { FLITE_VOICES } from '../services/tts/flite.ts';
import type { Judgement } from './config-judged.ts';

/** What only services and libraries know of a configuration. */
export function fullJudgement(): Judgement {
  return {
    checkTemplate: (template) => {
      const problem = checkTemplate(template);
      return problem === undefined
        ? undefined
        : `line ${problem.line}, column ${problem.column}: ${problem.message}`;
    },
    voices: FLITE_VOICES,
    isCountry: (code) => isSupportedCountry(code),
  };
}
