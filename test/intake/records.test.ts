import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../src/intake/cells.ts';
import { type ListRecord, RecordScanner } from '../../src/intake/records.ts';

const CELL_CHARACTERS_MAX = 64 * 1024;

/** The records of a text that comes in pieces of `size` characters. */
function recordsOf(text: string, size = text.length): ListRecord[] {
  const scanner = new RecordScanner();
  scanner.delimiters = [','];
  const records: ListRecord[] = [];
  const takeAll = () => {
    for (let record = scanner.take(); record !== undefined; record = scanner.take()) {
      records.push(record);
    }
  };
  for (let at = 0; at < text.length; at += size) {
    scanner.feed(text.slice(at, at + size));
    takeAll();
  }
  scanner.close();
  takeAll();
  return records;
}

/** Line, text and fault of each record; the same however the text is cut. */
function shapeOf(text: string): unknown[] {
  const whole = recordsOf(text);
  for (const size of [1, 2, 3, 7]) {
    if (text.length < 2_000) expect(recordsOf(text, size)).toEqual(whole);
  }
  return whole.map(({ line, text: raw, fault }) => [line, raw, ...(fault ? [fault] : [])]);
}

describe('RecordScanner', () => {
  it('takes LF, CRLF and CR as line ends, and needs none at the end', () => {
    expect(shapeOf('a,b\nc\r\nd\re')).toEqual([
      [1, 'a,b'],
      [2, 'c'],
      [3, 'd'],
      [4, 'e'],
    ]);
  });

  it('counts empty lines', () => {
    expect(shapeOf('a\n\n\r\n\rb\n')).toEqual([
      [1, 'a'],
      [2, ''],
      [3, ''],
      [4, ''],
      [5, 'b'],
    ]);
  });

  it('keeps line ends, delimiters and doubled quotes inside quotes', () => {
    expect(shapeOf('a,"x\r\ny\n,""z""\r"\nb')).toEqual([
      [1, 'a,"x\r\ny\n,""z""\r"'],
      [5, 'b'],
    ]);
  });

  it('allows blanks around the quotes', () => {
    expect(shapeOf('a, "x\ny"\t , "" \nb')).toEqual([
      [1, 'a, "x\ny"\t , "" '],
      [3, 'b'],
    ]);
  });

  it.each([['a,b"c,d'], ['a,"b"c,d'], ['a,"b" "c",d']])('gives up only the line of %s', (line) => {
    expect(shapeOf(`x,1\n${line}\ny,"2"\n`)).toEqual([
      [1, 'x,1'],
      [2, line, 'bad_quote'],
      [3, 'y,"2"'],
    ]);
  });

  it('gives up one line where a quote is never closed', () => {
    expect(shapeOf('x\n1,"Ann,2\ny,2\nz,3')).toEqual([
      [1, 'x'],
      [2, '1,"Ann,2', 'unclosed_quote'],
      [3, 'y,2'],
      [4, 'z,3'],
    ]);
  });

  it('gives up one line where a later sound row opens a quote', () => {
    expect(shapeOf('1,"Ann,2\ny,"Bob, Dr.",2\nz,3')).toEqual([
      [1, '1,"Ann,2', 'unclosed_quote'],
      [2, 'y,"Bob, Dr.",2'],
      [3, 'z,3'],
    ]);
  });

  it('allows a cell of 20 lines and not of 21', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `l${index}`);
    const twenty = `a,"${lines(20).join('\n')}"`;
    expect(shapeOf(`${twenty}\nb`)).toEqual([
      [1, twenty],
      [21, 'b'],
    ]);
    const twentyOne = shapeOf(`a,"${lines(21).join('\n')}"\nb`);
    expect(twentyOne).toHaveLength(22);
    expect(twentyOne.slice(0, 2)).toEqual([
      [1, 'a,"l0', 'unclosed_quote'],
      [2, 'l1'],
    ]);
    expect(twentyOne.slice(20)).toEqual([
      [21, 'l20"', 'bad_quote'],
      [22, 'b'],
    ]);
  });

  it('counts the lines of each cell by itself', () => {
    const cell = `"${'x\n'.repeat(15)}"`;
    expect(shapeOf(`${cell},${cell}\nb`)).toEqual([
      [1, `${cell},${cell}`],
      [32, 'b'],
    ]);
  });

  it.each([['plain'], ['quoted']])('allows a %s cell of 64 KB and not one more', (kind) => {
    const wrap = (text: string) => (kind === 'quoted' ? `"${text}"` : text);
    const room = CELL_CHARACTERS_MAX - (kind === 'quoted' ? 2 : 0);
    const long = `a,${wrap('x'.repeat(room))},b`;
    expect(shapeOf(`${long}\nc`)).toEqual([
      [1, long],
      [2, 'c'],
    ]);
    const longer = `a,${wrap('x'.repeat(room + 1))},b`;
    const [refused, next] = recordsOf(`${longer}\nc`, 1_000);
    expect(refused).toMatchObject({ line: 1, fault: expect.any(String) as string });
    expect(refused?.text).toBe(longer.slice(0, 1024));
    expect(next).toEqual({ line: 2, text: 'c' });
  });

  it('goes on at the line after the first where an open quote runs into 64 KB', () => {
    const line = 'x'.repeat(10_000);
    const records = recordsOf(`a\n1,"${line}\n${`${line}\n`.repeat(9)}b`, 4_096);
    expect(records[1]).toMatchObject({ line: 2, fault: 'unclosed_quote' });
    expect(records[2]).toEqual({ line: 3, text: line });
    expect(records.at(-1)).toEqual({ line: 12, text: 'b' });
    expect(records).toHaveLength(12);
  });

  it.each([['\n'], ['']])('lets go of a line without an end before it is read (CR%j)', (end) => {
    const scanner = new RecordScanner();
    const piece = 'x'.repeat(64 * 1024);
    let fed = 0;
    let record: ListRecord | undefined;
    while (record === undefined && fed < 100) {
      scanner.feed(piece);
      fed += 1;
      record = scanner.take();
    }
    expect(record).toMatchObject({ line: 1, fault: 'too_long' });
    expect(fed).toBeLessThan(10);
    scanner.feed(`${piece}\r`);
    expect(scanner.take()).toBeUndefined();
    scanner.feed(`${end}a`);
    scanner.close();
    expect(scanner.take()).toEqual({ line: 2, text: 'a' });
  });
});

describe('cellsOf', () => {
  const record = (text: string) => ({ text, line: 1 });

  it('answers per record, also where one is malformed', () => {
    const records = [record('a,"b"'), record('c,"d'), record('"e""f",'), record('g')];
    expect(cellsOf(records, ',')).toEqual([['a', 'b'], undefined, ['e"f', ''], ['g']]);
  });

  it('leaves a faulty record out and the others in their places', () => {
    const records = [record('a'), { ...record('b'), fault: 'too_long' as const }, record('c')];
    expect(cellsOf(records, ',')).toEqual([['a'], undefined, ['c']]);
  });

  it('does not take a tab that separates for a blank', () => {
    expect(cellsOf([record('a\t\t "b" \t\t')], '\t')).toEqual([['a', '', 'b', '', '']]);
  });
});
