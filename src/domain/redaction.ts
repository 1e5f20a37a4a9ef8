/**
 * What other people's servers say, made fit to be shown: they echo what they were sent.
 */
import { withoutNumber, withoutNumbers } from './hidden-numbers.ts';

/** Enough for every vendor's own message; a page of HTML tells nobody anything. */
const CHARACTERS_MAX = 300;
/** Read of a text before anything is looked for in it. */
const READ_CHARACTERS_MAX = 5_000;
/** What stands in the place of a secret. */
const HIDDEN = '***';

/** Control characters (they move a terminal's cursor) and those that turn the reading order. */
const UNPRINTABLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu;
const URL_IN_TEXT = /\bhttps?:\/\/[^\s"'<>]+/gi;
const QUERY = /\?[\w.~%[\]-]+=[^\s"'<>]*/g;
const ASSIGNMENT = /\b(api[_-]?key|key|token|secret|password|auth[_-]?token)=[^\s"'&,;]+/gi;
const AUTHORIZATION = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;
/**
 * What a vendor has masked itself still shows both ends of the key. Looked for where a word begins,
 * and not in it again and again: a page without a space is one long word.
 */
const HALF_MASKED = /(?<![\w-])(?:[\w-]+(?:\*{3,}|•{3,})[\w*•-]*|[\w-]{3,}(?:…|\.{3})[\w-]{2,})/g;
/** A secret that is a telephone number is found in every spelling. */
const E164 = /^\+\d{7,15}$/;

/**
 * A vendor's text on one line, without secrets, query strings and telephone numbers, cut to a
 * length that can be read.
 *
 * @param secrets every secret that was sent, as it was sent; also found when the vendor sends it
 *   back encoded (base64, percent), or cut off. The telephone number of whoever it is about, in
 *   E.164, is one too: it is found in whatever spelling.
 */
export function redacted(
  text: string,
  secrets: readonly string[],
  charactersMax = CHARACTERS_MAX,
): string {
  let plain = text.slice(0, READ_CHARACTERS_MAX).replace(UNPRINTABLE, ' ');
  for (const secret of secrets) {
    plain = withoutSecret(plain, secret);
  }
  plain = plain
    .replace(/\s+/g, ' ')
    .replace(URL_IN_TEXT, shownUrl)
    .replace(QUERY, `?${HIDDEN}`)
    .replace(ASSIGNMENT, `$1=${HIDDEN}`)
    .replace(AUTHORIZATION, `$1 ${HIDDEN}`)
    .replace(HALF_MASKED, HIDDEN);
  for (const phone of secrets.filter((secret) => E164.test(secret))) {
    plain = withoutNumber(plain, phone, HIDDEN);
  }
  plain = withoutNumbers(plain, HIDDEN).trim();
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1).trimEnd()}…` : plain;
}

/** Parts of a path that are a word everybody may read are shorter, or have no digit. */
const PART_CHARACTERS_MIN = 8;
const LONG_PART_CHARACTERS_MIN = 16;

/**
 * What must not be repeated of an address that is a secret itself, for whoever knows it can write
 * there: the whole of it, its path, and what looks like a token in path and query. Servers like to
 * say of a wrong path which one it was.
 */
export function secretsInAddress(address: string): readonly string[] {
  const { pathname = '', search = '', searchParams } = URL.parse(address) ?? {};
  const parts = pathname.split('/').map(decoded).filter(isTokenPart);
  const path = pathname.replace(/\/+$/, '');
  return [address, path, search.slice(1), ...parts, ...(searchParams?.values() ?? [])];
}

function isTokenPart(part: string): boolean {
  const isLong = part.length >= LONG_PART_CHARACTERS_MIN;
  return isLong || (part.length >= PART_CHARACTERS_MIN && /\d/.test(part));
}

/** Words as short as this one are in every text; a secret of that length is none. */
const SECRET_CHARACTERS_MIN = 4;
/** So much of a secret is taken for it, with whatever follows. */
const PREFIX_CHARACTERS_MIN = 8;

function withoutSecret(text: string, secret: string): string {
  if (secret.length < SECRET_CHARACTERS_MIN) {
    return text;
  }
  const forms = new Set([secret, encodeURIComponent(secret), ...base64(secret)]);
  let plain = text;
  for (const form of forms) {
    // Servers write addresses in small letters, whatever they were sent.
    plain = plain.replace(new RegExp(escaped(form), 'gi'), HIDDEN);
    const prefix = form.slice(0, Math.max(PREFIX_CHARACTERS_MIN, Math.ceil(form.length / 2)));
    if (prefix.length < form.length) {
      plain = plain.replace(new RegExp(`${escaped(prefix)}[^\\s"'&,;<>]*`, 'gi'), HIDDEN);
    }
  }
  return plain;
}

function base64(secret: string): readonly string[] {
  // What is no Latin-1 cannot be in a header either.
  return /^[\0-\xff]*$/.test(secret) ? [btoa(secret).replace(/=+$/, '')] : [];
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Links to a vendor's help stay; what could be a token in them does not. */
function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) {
    return HIDDEN;
  }
  const path = url.pathname
    .split('/')
    .map((part) => (isToken(part) ? HIDDEN : part))
    .join('/');
  return `${url.protocol}//${url.host}${path === '/' ? '' : path}`;
}

function isToken(part: string): boolean {
  const plain = decoded(part);
  return plain.includes(':') || (plain.length >= 16 && /\d/.test(plain)) || plain.includes('@');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
