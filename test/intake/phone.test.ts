import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKnownCountry, phoneReader, readNumber } from '../../src/intake/phone.ts';

describe('phoneReader', () => {
  it.each([
    ['US', '+1 415 555 0134', '+14155550134'],
    ['US', '(415) 555-0134', '+14155550134'],
    ['US', '415.555.0134', '+14155550134'],
    ['US', '4155550134', '+14155550134'],
    ['US', '1-415-555-0134', '+14155550134'],
    ['US', '+44 20 7946 0018', '+442079460018'],
    ['US', '+44 (0)20 7946 0018', '+442079460018'],
    ['US', '011 44 20 7946 0018', '+442079460018'],
    ['GB', '020 7946 0018', '+442079460018'],
    ['GB', '(020) 7946 0018', '+442079460018'],
    ['GB', '00 1 415 555 0134', '+14155550134'],
    ['GB', '+1 (415) 555-0134', '+14155550134'],
    ['GB', '\u202a+44 20 7946 0018\u202c', '+442079460018'],
    ['GB', '+44\u00a020\u00a07946\u00a00018', '+442079460018'],
    ['US', '＋１４１５５５５０１３４', '+14155550134'],
  ])('in %s reads %s', (country, cell, phone) => {
    expect(phoneReader(country)(cell)).toEqual({ phone });
  });

  it.each([
    ['', 'no_number', 'no number'],
    ['\u200e', 'no_number', 'no number'],
    ['call her', 'not_a_number', 'not a phone number'],
    ['+1 415 555 0134 / +1 415 555 0135', 'not_a_number', 'not a phone number'],
    [
      '4.15556E+09',
      'not_a_number',
      'a spreadsheet has shortened the number: format its column as text',
    ],
    ['555-0134', 'impossible_number', 'not a possible number in US: too short (7 digits)'],
    [
      '0044 20 7946 0018',
      'impossible_number',
      'not a possible number in US: too long (14 digits); with + in the place of 00 it is one',
    ],
    [
      '0044 20 7946 0018 99',
      'impossible_number',
      'not a possible number in US: too long (16 digits)',
    ],
    ['(415) 555-01', 'impossible_number', 'not a possible number in US: too short (8 digits)'],
    ['+1 415 555 01340', 'impossible_number', 'not a possible number: too long (12 digits)'],
    ['+999 5550134', 'impossible_number', 'not a possible number: unknown country code'],
    ['1', 'impossible_number', 'not a possible number: too short'],
    ['+1 415 555 0134 ext. 5', 'extension', 'the number has an extension, which cannot be dialled'],
    ['4155550134x12', 'extension', 'the number has an extension, which cannot be dialled'],
  ])('refuses %j as %s', (cell, code, reason) => {
    expect(phoneReader('US')(cell)).toEqual({ code, reason });
  });

  it('agrees with the library wherever it takes the short cut', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '  ', '/', ' - ');
    const digits = (length: number) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map(join);
    const spelling = fc
      .tuple(
        fc.constantFrom('', '1', '+1', '+', '01', '+11', '0'),
        separator,
        fc.tuple(fc.constantFrom('%', '(%)', '(%', '%)'), digits(3)),
        separator,
        digits(3),
        separator,
        fc.oneof({ weight: 8, arbitrary: digits(4) }, digits(3), digits(5)),
      )
      .map(([code, a, [area, number], b, exchange, c, last]) =>
        [code, a, area.replace('%', number), b, exchange, c, last].join(''),
      );
    fc.assert(
      fc.property(spelling, fc.constantFrom('US', 'CA', 'GB', 'BS', 'DE'), (cell, country) => {
        expect(phoneReader(country)(cell)).toEqual(readNumber(cell, country));
      }),
      { numRuns: 5_000 },
    );
  });

  it('says that it does not know a country', () => {
    expect(isKnownCountry('GB')).toBe(true);
    expect(isKnownCountry('UK')).toBe(false);
    expect(() => phoneReader('UK')).toThrow('default country "UK"');
  });
});

function join(parts: readonly number[]): string {
  return parts.join('');
}
