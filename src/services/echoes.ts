/**
 * Vendors repeat parts of a request in what they say of it. Words that came from us say nothing of
 * why it was refused: a person whose row reads "invalid model" must not close a service to
 * everybody. So what a refusal is judged by is what stands there without them.
 */
import type { Said } from '../domain/http-failure.ts';

/** What was sent, as far as a vendor could repeat it. */
export interface Sent {
  /** Of this contact: no word of it decides, wherever it stands. */
  readonly own: string;
  /** The same for all contacts: what repeats a stretch of it does not decide. */
  readonly shared?: string | undefined;
  /** The whole request, as JSON: its names and settings do not decide where it is repeated. */
  readonly body?: string | undefined;
}

/** Where vendors put sentences; codes and names of parameters are of their own making. */
const SENTENCES: ReadonlySet<string> = new Set(['message', 'msg', 'raw', 'error', 'detail']);
const WORD = /[\p{L}\p{N}_]+/gu;
/** So many words in a row that stand in the prompt as well are taken from there. */
const STRETCH_WORDS_MIN = 3;
/** Shorter pieces are in every text; of those only whole words are looked for. */
const PART_MIN = 4;
/** Stands for what was taken out, so that its neighbours do not become one phrase. */
const GAP = '…';

/**
 * Reads a refusal without our own words in it. The message is kept for the operator, but for long
 * stretches of what we sent: they would leave no room for what the vendor says of it.
 */
export function judged(body: unknown, sent: Sent, read: (body: unknown) => Said): Said {
  const { message } = read(body);
  return { ...read(withoutEchoes(body, sent)), message: message && shortened(message, sent) };
}

/** So much that stands in the request word for word was taken from there. */
const ECHO_CHARACTERS_MIN = 80;
/** What stands in its place. */
const ECHO = '[what was sent]';
/** Of a message; more is not shown anyway. */
const READ_CHARACTERS_MAX = 5_000;

function shortened(message: string, { own, shared = '', body = '' }: Sent): string {
  const text = message.slice(0, READ_CHARACTERS_MAX);
  const isOurs = (from: number, to: number): boolean => {
    const part = text.slice(from, to);
    return [body, own, shared].some((one) => one.includes(part));
  };
  let shown = '';
  for (let at = 0; at < text.length; ) {
    let end = at + ECHO_CHARACTERS_MIN;
    if (end > text.length || !isOurs(at, end)) {
      shown += text[at] ?? '';
      at += 1;
      continue;
    }
    while (end < text.length && isOurs(at, end + 1)) end += 1;
    if (!shown.endsWith(ECHO)) shown += ECHO;
    at = end;
  }
  return shown;
}

/** `"model":"x"`, `'max_tokens': 4000` or `\"messages\":[` as JSON and its relatives have it. */
const QUOTE = String.raw`\\{0,8}["']`;
const VALUE = String.raw`${QUOTE}[\w./:@-]{0,100}${QUOTE}|[\d.]+|true|false|null|(?=${QUOTE}|[[{])`;
const FIELD = new RegExp(String.raw`${QUOTE}(\w+)${QUOTE}\s*:\s*(?:${VALUE})`, 'g');

/** Without the fields of our own request; where only a name is quoted, it is the vendor's word. */
function withoutFields(sentence: string, names: ReadonlySet<string>): string {
  return sentence.replace(FIELD, (field, name: string) => (names.has(name) ? GAP : field));
}

function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...namesIn(one)]);
}

/** No vendor's errors are so deep; what is deeper is left out, for it could be without an end. */
const DEPTH_MAX = 50;

/** The same body, with a gap for every word of its sentences that may have come from us. */
export function withoutEchoes(body: unknown, { own, shared = '', body: sent }: Sent): unknown {
  const names = new Set(sent === undefined ? [] : namesIn(JSON.parse(sent)));
  const stretches = stretchesOf(wordsOf(shared).map(([word]) => plain(word)));
  const ours = { text: plain(own), words: new Set(wordsOf(plain(own)).map(([word]) => word)) };
  const cleaned = (value: unknown, key: string | undefined, depth: number): unknown => {
    if (depth > DEPTH_MAX) return undefined;
    if (typeof value === 'string') {
      const isSentence = key !== undefined && SENTENCES.has(key);
      return isSentence ? withGaps(withoutFields(value, names), ours, stretches) : value;
    }
    if (Array.isArray(value)) return value.map((one) => cleaned(one, key, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, cleaned(one, name, depth + 1)]),
    );
  };
  return cleaned(body, undefined, 0);
}

/** What was sent of this contact, as it is compared. */
interface Own {
  readonly text: string;
  readonly words: ReadonlySet<string>;
}

function withGaps(sentence: string, own: Own, stretches: ReadonlySet<string>): string {
  const words = wordsOf(sentence);
  const plains = words.map(([word]) => plain(word));
  // Also part of a word: an echo may be cut off anywhere.
  const isOurs = plains.map(
    (word) => own.words.has(word) || (word.length >= PART_MIN && own.text.includes(word)),
  );
  for (let first = 0; first + STRETCH_WORDS_MIN <= plains.length; first += 1) {
    const end = first + STRETCH_WORDS_MIN;
    if (stretches.has(plains.slice(first, end).join(' '))) isOurs.fill(true, first, end);
  }
  let index = 0;
  return sentence.replace(WORD, (word) => {
    index += 1;
    return isOurs[index - 1] === true ? GAP : word;
  });
}

function stretchesOf(words: readonly string[]): ReadonlySet<string> {
  return new Set(words.map((_, at) => words.slice(at, at + STRETCH_WORDS_MIN).join(' ')));
}

function wordsOf(text: string): readonly RegExpMatchArray[] {
  return [...text.matchAll(WORD)];
}

/** As it is compared: one spelling, without what cannot be seen. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase();
}
