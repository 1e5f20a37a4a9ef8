/**
 * Whether what a model wrote can be read out as it is. A person on the telephone hears every
 * asterisk.
 */

const STAGE_WORDS =
  'pauses?|beat|silence|laugh\\w*|smil\\w*|sigh\\w*|chuckl\\w*|whisper\\w*|cheerful\\w*|warm\\w*|' +
  'friendly|softly|music|tone|beep|clears? throat|end of (?:call|message)|wait\\w*|pausa|risas?|' +
  'lacht|lachend|rires?|sourit|sourire';

const OPENERS = "sure|certainly|of course|here is|here['’]s";

/** In the order in which they are looked for: the first that fits is told. */
const FLAWS: readonly (readonly [RegExp, string])[] = [
  [/https?:\/\/|\bwww\.\w|\]\(/i, 'a link'],
  [/^\s*#{1,6}\s/m, 'a heading'],
  [/^\s*(?:[-•–*+]|\d{1,2}[.)])\s+\S/m, 'a list'],
  [/^\s*(?:-{3,}|={3,}|_{3,}|\|.*\|)\s*$/m, 'a rule or a table'],
  [/\*[^*\n]+\*|[*`]|~~|(?:^|\s)_{1,2}[^_\s][^_\n]*_/, 'markup'],
  [/<\/?[a-z!][^>]*>/i, 'a tag or a placeholder in angle brackets'],
  [/[[\]{}]/, 'a stage direction or a placeholder in brackets'],
  [new RegExp(`\\(\\s*(?:${STAGE_WORDS})\\b[^)]{0,30}\\)`, 'i'), 'a stage direction'],
  [/\(\p{Ll}+\)/u, 'a stage direction'],
  [/\p{Emoji_Presentation}/u, 'an emoji'],
  [
    /^\s*(?:agent|assistant|caller|voice|speaker|narrator|host|script|call script)\s*:/im,
    'the name of a speaker',
  ],
  [
    new RegExp(
      `^\\s*(?:${OPENERS})\\b[^.\\n]{0,80}\\b(?:script|message|text)\\b[^.\\n]{0,30}:`,
      'i',
    ),
    'words about the text',
  ],
];

/** What is wrong with a text, to be put after "it has"; undefined where nothing is. */
export function flawOf(text: string, charactersMax: number): string | undefined {
  const plain = text.trim();
  if (plain === '') {
    return 'no words in it';
  }
  if (plain.length > charactersMax) {
    return `${plain.length} characters, script.max_characters allows ${charactersMax}`;
  }
  return FLAWS.find(([shape]) => shape.test(plain))?.[1];
}
