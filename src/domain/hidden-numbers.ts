/**
 * Telephone numbers in other people's texts, in whatever spelling, taken out. A number that is
 * known is found by its digits alone. Any other has to look like one: ids, times, amounts and
 * versions tell the operator what happened, and stay as far as they can be told apart.
 */

/** One sign between two figures; also as a URL, JSON or HTML has it. */
const SIGN =
  '(?:[ \\u00a0\\u00ad\\u2000-\\u200a\\u202f().\\-\\u2010-\\u2015\\u2212/\\u00b7_+]' +
  '|%(?:25)?(?:20|28|29|2B|2D|2E|2F|C2%(?:25)?A0|E2%(?:25)?80%(?:25)?[89A][0-9A-F])' +
  '|\\\\u(?:00a0|202f)|&(?:nbsp|#(?:32|4[01356]|160)|#x(?:2[089bde]|a0));)';
const GAP = `${SIGN}{0,4}`;
/** Commas stand between thousands as well: only a number that is known is found behind them. */
const KNOWN_GAP = `(?:${SIGN}|,){0,4}`;
const ENCODED = /%(?:25)?[0-9A-F]{2}|\\u[0-9a-f]{4}|&#(?:\d+|x[0-9a-f]+);/gi;
const PLUS = '(?:[+＋]|%(?:25)?2B|\\\\u002b|&#(?:43|x2b);)';

/** Seven figures or more, however they are grouped. */
const RUN = new RegExp(`${PLUS}?(?:\\(|%(?:25)?28)?\\p{Nd}(?:${GAP}\\p{Nd}){6,}`, 'giu');
const BEGINS_WITH_PLUS = new RegExp(`^${PLUS}`, 'iu');

const DAY = '(?:0?[1-9]|[12]\\d|3[01])';
/** What has figures and is no number of anybody. */
const OTHERS = new RegExp(
  [
    // A UUID.
    '(?<![\\da-f])[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}(?![\\da-f])',
    // A day, and a time of it.
    '(?<!\\d)(?:19|20)\\d\\d([-/.])(?:0[1-9]|1[0-2])\\1(?:0[1-9]|[12]\\d|3[01])(?!\\d)' +
      '(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?(?:Z|[+-]\\d\\d:?\\d\\d(?!\\d))?)?',
    `(?<![\\d/.])${DAY}([/.])${DAY}\\2(?:19|20)\\d\\d(?!\\d)`,
    // An amount of money.
    "[$€£¥]\\s?\\d{1,3}(?:[,.']?\\d{3}){0,2}(?:[.,]\\d\\d)?(?!\\d|[ ().\\-–/]{1,2}\\d)",
  ].join('|'),
  'giu',
);

/**
 * Of all the spellings of this number: with and without the country, with zeros before it. Whatever
 * stands around it, it is this one.
 *
 * @param phone E.164
 */
export function withoutNumber(text: string, phone: string, hidden: string): string {
  const digits = phone.slice(1);
  const spaced = (figures: string): string => Array.from(figures).join(KNOWN_GAP);
  const lengths = COUNTRY_LENGTHS.filter((length) => digits.length - length >= LOCAL_DIGITS_MIN);
  const spellings = lengths.map((length) => {
    const country = `(?:(?:${PLUS}|00|011)${KNOWN_GAP})?\\(?${spaced(digits.slice(0, length))}`;
    return `(?:${country}${KNOWN_GAP})?(?:\\(?0${KNOWN_GAP})?\\(?${spaced(digits.slice(length))}`;
  });
  // A number so short that it would have no country goes by all of its figures.
  return text.replace(new RegExp([...spellings, spaced(digits)].join('|'), 'giu'), hidden);
}

/** With the four of a North American area, too: some people leave that out. */
const COUNTRY_LENGTHS = [1, 2, 3, 4];
const LOCAL_DIGITS_MIN = 7;

/** Of whatever looks like a telephone number. */
export function withoutNumbers(text: string, hidden: string): string {
  const pieces: string[] = [];
  let from = 0;
  for (const other of text.matchAll(OTHERS)) {
    pieces.push(withoutLooks(text.slice(from, other.index), hidden), other[0]);
    from = other.index + other[0].length;
  }
  pieces.push(withoutLooks(text.slice(from), hidden));
  return pieces.join('');
}

function withoutLooks(text: string, hidden: string): string {
  return text.replace(RUN, (run: string, offset: number) => {
    const before = text.slice(Math.max(0, offset - CONTEXT_CHARACTERS), offset);
    const after = text.slice(offset + run.length, offset + run.length + CONTEXT_CHARACTERS);
    return looksLikeNumber(run, before, after) ? hidden : run;
  });
}

const CONTEXT_CHARACTERS = 40;
/** E.164 allows no more; so many in a row are an id. */
const DIGITS_MAX = 15;

function looksLikeNumber(run: string, before: string, after: string): boolean {
  if (BEGINS_WITH_PLUS.test(run)) {
    return true;
  }
  const plain = run.replace(ENCODED, ' ');
  const groups = plain.match(/\p{Nd}+/gu) ?? [];
  const digits = groups.join('');
  const isCalledOne = SAYS_NUMBER.some((words) => words.test(before));
  return groups.length === 1
    ? isOneGroupANumber(digits, before, after, isCalledOne)
    : areGroupsANumber(plain, groups, digits.length, isCalledOne);
}

const SAYS_NUMBER: readonly RegExp[] = [
  /\b(?:phone|number|mobile|cell|tel(?:ephone|efon)?|nummer|caller)\b["'`]?\s?[:=#]?\s?["'`(]?$/i,
  /\b(?:numéro|número|dial(?:l?ed)?)\b["'`]?\s?[:=#]?\s?["'`(]?$/i,
  /\b(?:to|from)["'`]?\s?[:=]\s?["'`(]?$/i,
];
const SAYS_TIME =
  /(?:reset|time(?:stamp)?|unix|epoch|created|expir\w*|until)(?:[_ ](?:at|in)|\b)["']?\W{0,3}$/i;

function isOneGroupANumber(
  digits: string,
  before: string,
  after: string,
  isCalledOne: boolean,
): boolean {
  const isWithinId =
    (/^\p{L}/u.test(after) && !/^(?:x|ext)/i.test(after)) ||
    /(?<![\da-z])(?=[a-f]*\d)[\da-f]+$/i.test(before) ||
    digits.length > DIGITS_MAX;
  if (isWithinId) {
    return false;
  }
  if (digits.length >= 10) {
    // Seconds or milliseconds since 1970, in these years.
    return !(SAYS_TIME.test(before) && /^1[5-9](?:\d{8}|\d{11})$/.test(digits));
  }
  return digits.length >= 8 && (isCalledOne || digits.startsWith('0'));
}

function areGroupsANumber(
  plain: string,
  groups: readonly string[],
  count: number,
  isCalledOne: boolean,
): boolean {
  const [first = '', second = ''] = groups;
  if (isCalledOne || first.startsWith('00')) {
    return true;
  }
  const isAddress = groups.length === 4 && /^\d+(?:\.\d+){3}$/.test(plain);
  if (isAddress && groups.every(isByte) && !groups.every(({ length }) => length === 2)) {
    return false;
  }
  if (/^\d+\.\d+$/.test(plain)) {
    // A fraction, unless it has as many figures as a number, and begins like one.
    return count >= 10 && count <= DIGITS_MAX && !first.startsWith('0');
  }
  const isByThousands = /^[1-9]\d{0,2}(?:([ .\u00a0\u202f])\d{3})(?:\1\d{3})*$/u.test(plain);
  if (isByThousands && count <= 8) {
    return false;
  }
  return (
    count >= 8 || (first.length === 3 && second.length === 4 && /[-.\u2010-\u2015]/.test(plain))
  );
}

function isByte(group: string): boolean {
  return Number(group) <= 255 && !/^0\d/.test(group);
}
