/**
 * English text in the letters that the embedded voice knows.
 */

/** The text in ASCII, or what in it cannot be said. */
export type AsciiText =
  | { readonly type: 'text'; readonly text: string }
  /** The first words that have letters without a counterpart. */
  | { readonly type: 'foreign'; readonly letters: string };

/** Letters that Unicode does not take apart into a letter and its accent. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ð: 'd',
  Ð: 'D',
  đ: 'd',
  Đ: 'D',
  þ: 'th',
  Þ: 'Th',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
};

/** What is said where a sign stands. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/[‘’‚‛′ʼ]/g, "'"],
  [/[“”„‟″«»]/g, '"'],
  [/…/g, '...'],
  // A dash between figures is a range, which the voice reads as "to"; elsewhere it is a pause.
  [/(?<=\d)\s*[–—]\s*(?=\d)/g, '-'],
  [/\s*[–—―]\s*/g, ', '],
  [/[‐‑‒−]/g, '-'],
  [/£\s?(\d[\d,]*(?:\.\d+)?)/g, '$1 pounds'],
  [/€\s?(\d[\d,]*(?:\.\d+)?)/g, '$1 euros'],
  [/£/g, ' pounds '],
  [/€/g, ' euros '],
  [/°/g, ' degrees '],
  [/×/g, ' times '],
  [/½/g, ' one half '],
  [/¼/g, ' one quarter '],
  [/¾/g, ' three quarters '],
];

/** A letter or figure outside ASCII. */
const FOREIGN = /(?!\p{ASCII})[\p{L}\p{N}]/u;
const FOREIGN_LETTERS_SHOWN = 20;

/**
 * Typographic quotes, dashes and accents become their plain counterparts, a few signs become
 * words, other signs (emoji) are left out. Letters and figures of other scripts are not: a message
 * with its names left out is not the message.
 */
export function englishAscii(text: string): AsciiText {
  let spoken = text;
  for (const [sign, words] of SIGNS) {
    spoken = spoken.replace(sign, words);
  }
  const plain = withoutAccents(spoken);
  if (FOREIGN.test(plain)) {
    const words = spoken.match(/[\p{L}\p{M}\p{N}\p{S}]+/gu) ?? [];
    const foreign = words.filter((word) => FOREIGN.test(withoutAccents(word)));
    return { type: 'foreign', letters: foreign.join(' ').slice(0, FOREIGN_LETTERS_SHOWN) };
  }
  return { type: 'text', text: plain.replace(/[^\n -~]/g, ' ').trim() };
}

function withoutAccents(text: string): string {
  return text
    .replace(/\P{ASCII}/gu, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '');
}
