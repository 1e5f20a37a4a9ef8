import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine, plainCell } from '../../src/domain/cells.ts';

/** Made of everything that could start a formula or break a line. */
const words = fc.string({ unit: fc.constantFrom(...Array.from('=+-@\t\r\n ",;\'a1é')) });

describe('a cell', () => {
  it.each([
    '=1+1',
    '+cmd',
    '-1',
    '@SUM(A1)',
    ' =1',
    '\t=1',
    '\r=1',
    '\n=1',
    '\tx',
    '+1 415',
    '+1 415*2',
    '+',
  ])('%j cannot start a formula', (text) => {
    expect(plainCell(text)).toBe(`'${text}`);
  });

  it.each(['', 'Zinnia', '+14155550134', '+1 415 *** **34', '1-2', 'a=b', "'=1", ' x', '3.5'])(
    '%j is left alone',
    (text) => {
      expect(plainCell(text)).toBe(text);
    },
  );

  it('never begins like a formula, whatever it holds', () => {
    fc.assert(
      fc.property(words, (text) => {
        const [cell = ''] = (parse(csvLine([text, 'end']), { relax_quotes: false })[0] ??
          []) as string[];
        expect(cell).not.toMatch(/^\s*[=@]|^\s*-|^\t/);
        if (/^\s*\+/.test(cell)) expect(cell).toMatch(/^\+\d+$/);
      }),
    );
  });
});

describe('a line', () => {
  it('quotes what needs it, and keeps to its line', () => {
    expect(csvLine(['a', 'b,c', 'say "hi"', 'two\r\nlines\n\rx', ''])).toBe(
      'a,"b,c","say ""hi""",two lines  x,\n',
    );
    expect(csvLine(['=A1,B1'])).toBe('"\'=A1,B1"\n');
  });

  it('reads back as it was, but for formulas and line breaks', () => {
    const word = words.filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 6 }), (cells) => {
        const line = csvLine(cells);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(parse(line)).toEqual([cells.map(plainCell)]);
      }),
    );
  });
});
