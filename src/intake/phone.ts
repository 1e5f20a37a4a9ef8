/**
 * Numbers as people write them, to E.164.
 */
import {
  type CountryCode,
  isSupportedCountry,
  ParseError,
  type PhoneNumber,
  default as parsePhoneNumber,
  parsePhoneNumberWithError,
  validatePhoneNumberLength,
} from 'libphonenumber-js/min';
import type { Refusal } from './refusal.ts';

export type PhoneReading = { readonly phone: string } | Refusal;

export type PhoneReader = (cell: string) => PhoneReading;

/** Whether `country` is a two-letter code, such as `US`, whose numbers can be read. */
export function isKnownCountry(country: string): country is CountryCode {
  return isSupportedCountry(country);
}

/**
 * North American numbers in their usual spellings, the country code optional: `(415) 555-0134`.
 * Area codes begin with 2 to 9, so that a trunk prefix is never taken for one. For these the
 * library's answer is known, and asking it takes forty times as long (5.3 us against 0.13).
 */
const NORTH_AMERICAN = /^(\+?1[ .-]?)?(\([2-9]\d\d\)|[2-9]\d\d)[ .-]?(\d{3})[ .-]?(\d{4})$/;

/** Numbers without a plus sign are taken as dialled in `defaultCountry`, for example `US`. */
export function phoneReader(defaultCountry: string): PhoneReader {
  if (!isKnownCountry(defaultCountry)) {
    throw new RangeError(`default country "${defaultCountry}": allowed: a code such as US or GB`);
  }
  const isNorthAmerican = defaultCountry === 'US' || defaultCountry === 'CA';
  return (cell) => {
    const parts = NORTH_AMERICAN.exec(cell);
    if (parts !== null && (isNorthAmerican || cell.startsWith('+'))) {
      const area = parts[2] ?? '';
      const code = area.length === 5 ? area.slice(1, 4) : area;
      return { phone: `+1${code}${parts[3]}${parts[4]}` };
    }
    return readNumber(cell, defaultCountry);
  };
}

/** The library's answer, without the short cut. */
export function readNumber(cell: string, defaultCountry: CountryCode): PhoneReading {
  // Copied from an address book, a number often comes with invisible marks of writing direction.
  const text = cell.replaceAll(/\p{Cf}/gu, '').trim();
  if (text === '') {
    return { code: 'no_number', reason: 'no number' };
  }
  const options = { defaultCountry, extract: false } as const;
  const number = parseNumber(text, options);
  if (typeof number === 'string') {
    return notANumber(text, number);
  }
  if (number.ext !== undefined) {
    const reason = 'the number has an extension, which cannot be dialled';
    return { code: 'extension', reason };
  }
  if (!number.isPossible()) {
    return impossible(text, defaultCountry, validatePhoneNumberLength(text, options));
  }
  return { phone: number.number };
}

function parseNumber(
  text: string,
  options: { readonly defaultCountry: CountryCode; readonly extract: false },
): PhoneNumber | string {
  try {
    return parsePhoneNumberWithError(text, options);
  } catch (error) {
    if (error instanceof ParseError) return error.message;
    throw error;
  }
}

function notANumber(text: string, problem: string): Refusal {
  if (/^\d([.,]\d+)?E\+?\d+$/i.test(text)) {
    const reason = 'a spreadsheet has shortened the number: format its column as text';
    return { code: 'not_a_number', reason };
  }
  if (problem === 'INVALID_COUNTRY') {
    return { code: 'impossible_number', reason: 'not a possible number: unknown country code' };
  }
  if (problem === 'TOO_SHORT' || problem === 'TOO_LONG') {
    const wrong = problem === 'TOO_SHORT' ? 'too short' : 'too long';
    return { code: 'impossible_number', reason: `not a possible number: ${wrong}` };
  }
  return { code: 'not_a_number', reason: 'not a phone number' };
}

/** `0044…` is how one dials abroad from Europe, and no number where 00 means nothing. */
function abroad(text: string): string {
  const isOne = text.startsWith('00') && parsePhoneNumber(`+${text.slice(2)}`)?.isPossible();
  return isOne === true ? '; with + in the place of 00 it is one' : '';
}

function impossible(text: string, country: string, problem: string | undefined): Refusal {
  const digits = text.replaceAll(/\P{Nd}/gu, '').length;
  const wrong =
    problem === 'TOO_SHORT' ? 'too short' : problem === 'TOO_LONG' ? 'too long' : 'wrong length';
  const where = text.startsWith('+') ? '' : ` in ${country}`;
  const reason = `not a possible number${where}: ${wrong} (${digits} digits)${abroad(text)}`;
  return { code: 'impossible_number', reason };
}
