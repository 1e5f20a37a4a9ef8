import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imported, listOf } from './support.ts';

const BREAK = /\r\n|\r|\n/g;

interface Style {
  readonly delimiter: string;
  readonly lineEnd: string;
  readonly encoding: 'utf8' | 'utf8-mark' | 'utf16le' | 'utf16be';
  /** Whether the last row has a line end too. */
  readonly endsLine: boolean;
}

interface Cell {
  readonly text: string;
  /** Quoted also where it need not be. */
  readonly quoted: boolean;
}

const style: fc.Arbitrary<Style> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  encoding: fc.constantFrom('utf8', 'utf8-mark', 'utf16le', 'utf16be'),
  endsLine: fc.boolean(),
});

/** Anything that text may hold, and more often than not what CSV trips over. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', ',', ';', '\t', '\n', '\r', '\r\n', ' ', '""', '=', "'", '\u00a0'),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('Ann', 'é', '🦷', '\uFEFF'),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

const cell: fc.Arbitrary<Cell> = fc.record({ text, quoted: fc.boolean() });

const table = fc.integer({ min: 1, max: 4 }).chain((width) =>
  fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 30,
  }),
);

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function written({ text: content, quoted }: Cell): string {
  return quoted || /[",;\t\r\n]/.test(content) ? `"${content.replaceAll('"', '""')}"` : content;
}

/** The lines of the table as a correct CSV writer makes them: an id, a number, then the cells. */
function rowsOf(rows: readonly (readonly Cell[])[], delimiter: string): string[] {
  return rows.map((cells, row) =>
    [
      `id${row}`,
      `+1212555${String(100 + (row % 100)).padStart(4, '0')}`,
      ...cells.map(written),
    ].join(delimiter),
  );
}

function headerOf(width: number, delimiter: string): string {
  return ['id', 'phone', ...Array.from({ length: width }, (_, column) => `c${column}`)].join(
    delimiter,
  );
}

function encoded(lines: readonly string[], { lineEnd, encoding, endsLine }: Style): Uint8Array {
  const whole = lines.join(lineEnd) + (endsLine ? lineEnd : '');
  if (encoding === 'utf8') return Buffer.from(whole);
  if (encoding === 'utf8-mark') return Buffer.from(`\uFEFF${whole}`);
  const wide = Buffer.from(`\uFEFF${whole}`, 'utf16le');
  return encoding === 'utf16le' ? wide : wide.swap16();
}

/** The line on which each of these begins, the first being 1. */
function lineNumbers(lines: readonly string[]): number[] {
  let next = 1;
  return lines.map((line) => {
    const own = next;
    next += (line.match(BREAK)?.length ?? 0) + 1;
    return own;
  });
}

function variablesOf(cells: readonly Cell[]): Record<string, string> {
  return Object.fromEntries(cells.map((content, column) => [`c${column}`, content.text.trim()]));
}

describe('any table by a correct CSV writer', () => {
  it('comes back cell for cell, with its line numbers', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, pieces, async (rows, how, sizes) => {
        const lines = [
          headerOf(rows[0]?.length ?? 0, how.delimiter),
          ...rowsOf(rows, how.delimiter),
        ];
        const { contacts, rejected } = await imported(listOf(encoded(lines, how), sizes), {
          sameNumber: 'allow',
        });
        expect(rejected).toEqual([]);
        const numbers = lineNumbers(lines);
        expect(contacts.all.map(({ id, line, variables }) => ({ id, line, variables }))).toEqual(
          rows.map((cells, row) => ({
            id: `id${row}`,
            line: numbers[row + 1],
            variables: variablesOf(cells),
          })),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('one damaged row', () => {
  const damages: Readonly<Record<string, (delimiter: string, width: number) => string>> = {
    too_few_cells: () => 'bad',
    too_many_cells: (delimiter, width) => `bad${delimiter.repeat(width + 2)}`,
    no_number: (delimiter, width) => `bad${delimiter.repeat(width + 1)}`,
    impossible_number: (delimiter, width) => `bad${delimiter}12${delimiter.repeat(width)}`,
    bad_quote: (delimiter) => `bad${delimiter}"12"3${delimiter}x`,
    too_long: (delimiter) => `bad${delimiter}${'x'.repeat(70_000)}`,
    unclosed_quote: (delimiter) => `bad${delimiter}"12${delimiter}x`,
  };

  it.each(Object.keys(damages))('costs only itself: %s', async (code) => {
    // A quote left open ends where a sound cell begins with what may follow a closing quote; such
    // cells are left out here.
    const plain = table.map((rows) =>
      rows.map((cells) => cells.map((some) => ({ ...some, text: `x${some.text}` }))),
    );
    await fc.assert(
      fc.asyncProperty(plain, style, pieces, fc.nat(), async (rows, how, sizes, place) => {
        const width = rows[0]?.length ?? 0;
        const index = place % (rows.length + 1);
        const damaged = damages[code]?.(how.delimiter, width) ?? '';
        const sound = rowsOf(rows, how.delimiter);
        const lines = [headerOf(width, how.delimiter), ...sound.toSpliced(index, 0, damaged)];
        // Small pieces would take a long row for ever.
        const cuts = code === 'too_long' ? sizes.map((size) => size * 500) : sizes;
        const { contacts, rejected } = await imported(listOf(encoded(lines, how), cuts), {
          sameNumber: 'allow',
        });
        const numbers = lineNumbers(lines);
        expect(rejected.map((row) => [row.listLine, row.code])).toEqual([
          [numbers[index + 1], code],
        ]);
        expect(contacts.all.map(({ id, line, variables }) => ({ id, line, variables }))).toEqual(
          rows.map((cells, row) => ({
            id: `id${row}`,
            line: numbers[row < index ? row + 1 : row + 2],
            variables: variablesOf(cells),
          })),
        );
      }),
      { numRuns: code === 'too_long' ? 50 : 300 },
    );
  });
});
