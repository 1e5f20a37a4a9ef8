import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ListError } from '../../src/intake/list-error.ts';
import { listFile } from '../../src/intake/list-source.ts';
import { MemoryContacts } from '../support/memory-sink.ts';
import { errorOf, freshFolder, imported, listOf } from './support.ts';

/** A number of its own for each row: +1 415 555 01XX. */
const number = (row: number) => `+1415555${String(100 + row).padStart(4, '0')}`;

function listError(work: Promise<unknown>): Promise<ListError> {
  return errorOf(work).then((error) => {
    expect(error).toBeInstanceOf(ListError);
    return error as ListError;
  });
}

describe('importList', () => {
  it('takes in what is good and tells what is not, with line and reason', async () => {
    const { tally, contacts, rejected } = await imported(
      [
        'id,name,phone,day',
        `1,Ann,${number(1)},Monday`,
        '2,Bob,,Monday',
        '',
        `3,Cy,${number(3)}`,
        `4,"Di ""D""",${number(4)},"Tuesday,\nearly"`,
        `5,Ed "the" Ed,${number(5)},Monday`,
        ',, ,',
        `6,Flo,${number(6)},Monday,x`,
        `1,Gus,${number(7)},Monday`,
        `8,Hal,${number(1)},Monday`,
        '',
      ].join('\r\n'),
    );
    expect(tally).toEqual({ rows: 8, added: 2, known: 0, changed: 0, rejected: 6, removed: 0 });
    expect(contacts.all.map(({ id, line, variables }) => [id, line, variables])).toEqual([
      ['1', 2, { day: 'Monday' }],
      ['4', 6, { day: 'Tuesday,\nearly' }],
    ]);
    expect(rejected).toEqual([
      reject(3, 'no_number', 'no number'),
      reject(5, 'too_few_cells', '3 cells, the header has 4'),
      reject(
        8,
        'bad_quote',
        'a quotation mark inside a cell: put the cell in quotes and double the mark',
      ),
      reject(10, 'too_many_cells', '5 cells, the header has 4'),
      reject(11, 'same_id', 'same id as line 2'),
      reject(12, 'same_number', 'same number as line 2 (contact 1)'),
    ]);
  });

  it('masks a contact that is named by its number', async () => {
    const contacts = new MemoryContacts();
    await imported(`phone\n${number(1)}\n`, { contacts });
    const { rejected } = await imported(`id,phone\n7,${number(1)}\n8,${number(2)}`, { contacts });
    expect(rejected.map(({ reason }) => reason)).toEqual([
      'same number in an earlier list (contact +1 415 *** **01)',
    ]);
  });

  it('says what a list without ids needs to ring one number twice', async () => {
    const list = `phone\n${number(1)}\n(415) 555-0101\n`;
    const refused = reject(3, 'same_number', 'same number as line 2');
    expect((await imported(list)).rejected).toEqual([refused]);
    const { rejected } = await imported(list, { sameNumber: 'allow' });
    expect(rejected).toEqual([
      {
        ...refused,
        reason: 'same number as line 2; to ring a number twice, the list needs an id column',
      },
    ]);
  });

  it('takes one number twice under two ids where that is allowed', async () => {
    const list = `id,phone\n1,${number(1)}\n2,${number(1)}\n`;
    const { tally } = await imported(list, { sameNumber: 'allow' });
    expect(tally).toMatchObject({ added: 2, rejected: 0 });
  });

  it('counts what another reading of the list changes', async () => {
    const contacts = new MemoryContacts();
    const rows = (names: readonly string[]) =>
      names.map((name, row) => `${row},${name},${number(row)}`).join('\n');
    await imported(`id,name,phone\n${rows(['Ann', 'Bob', 'Cy'])}`, { contacts });
    const again = await imported(`id,name,phone\n${rows(['Ann', 'Bo'])}\n9,Di,${number(9)}`, {
      contacts,
    });
    expect(again.tally).toEqual({
      rows: 3,
      added: 1,
      known: 1,
      changed: 1,
      rejected: 0,
      removed: 1,
    });
  });

  it('gives the sink batches, and keeps the order of the lines in each', async () => {
    const rows = Array.from({ length: 4_500 }, (_, row) =>
      row % 3 === 2 ? `${row},` : `${row},${number(row % 100)}`,
    );
    const { tally, contacts, rejected } = await imported(`id,phone\n${rows.join('\n')}`, {
      sameNumber: 'allow',
    });
    expect(tally).toMatchObject({ rows: 4_500, added: 3_000, rejected: 1_500 });
    expect(contacts.batches.length).toBeGreaterThan(2);
    expect(Math.max(...contacts.batches)).toBeLessThanOrEqual(2_000);
    const lines = rejected.map(({ listLine }) => listLine);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
    expect(contacts.all.every(({ id, line }) => Number(id) === line - 2)).toBe(true);
  });

  it('finds the header below empty lines', async () => {
    const { contacts } = await imported(`\n ;;\nname;phone\nAnn;${number(1)}\n`);
    expect(contacts.all).toMatchObject([{ name: 'Ann', line: 4 }]);
  });

  it.each([
    ['sep=;', ';'],
    ['"sep=;"', ';'],
    ['\ufeffSep=,', ','],
    ['sep=\t', '\t'],
  ])('takes the spreadsheet at its word: %j', async (line, separator) => {
    const row = [number(1), 'a,b;c'].map((cell) => `"${cell}"`).join(separator);
    const header = ['phone', 'note'].join(separator);
    const { tally, contacts } = await imported(`${line}\r\n${header}\r\n${row}\r\n`);
    expect(tally).toMatchObject({ rows: 1, added: 1 });
    expect(contacts.all.map(({ line: place, variables }) => [place, variables])).toEqual([
      [3, { note: 'a,b;c' }],
    ]);
  });

  it('lets that word decide where a header could be read in two ways', async () => {
    const list = `sep=,\nphone,day;number;tel;cell\n${number(1)},Monday\n`;
    const { contacts } = await imported(list);
    expect(contacts.all[0]?.variables).toEqual({ day_number_tel_cell: 'Monday' });
  });

  it('knows one delimiter once the header is read', async () => {
    const list = `name,phone\nAnn;"A",${number(1)}\nBob;"B,${number(2)}\n"Cy;",${number(3)}`;
    const { contacts, rejected } = await imported(list);
    expect(rejected.map(({ listLine, code }) => [listLine, code])).toEqual([
      [2, 'bad_quote'],
      [3, 'bad_quote'],
    ]);
    expect(contacts.all.map(({ name }) => name)).toEqual(['Cy;']);
  });

  it('ends before the next batch when it is told to', async () => {
    const controller = new AbortController();
    const contacts = new MemoryContacts();
    const pieces = listOf(`phone\n${number(1)}\n`, [6, 12, 1]);
    async function* stopping(): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces.open()) {
        yield piece;
        controller.abort(new Error('stopped by the operator'));
      }
    }
    const list = { name: 'contacts.csv', open: stopping };
    const work = imported(list, { contacts, signal: controller.signal });
    await expect(work).rejects.toThrow('stopped by the operator');
    expect(contacts.all).toEqual([]);
    expect(contacts.finished).toBe(0);
  });
});

describe('a list that cannot be used', () => {
  it.each([
    ['', 'empty', 'contacts.csv is empty.'],
    ['\uFEFF\n\n', 'empty', 'contacts.csv is empty.'],
    ['name,phone\n\n', 'empty', 'contacts.csv has a header and no rows.'],
    ['name,day\nAnn,Monday', 'no_phone_column', 'no column for the phone number'],
    ['mobile,tel\n1,2', 'ambiguous_header', '"mobile" and "tel" could each be'],
    ['phone\n\0', 'not_text', 'line 2, byte 7'],
  ])('%j: %s', async (list, code, message) => {
    const contacts = new MemoryContacts();
    const error = await listError(imported(list, { contacts }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(contacts.finished).toBe(0);
  });

  it('says why not one row is valid, and takes nobody out of the queue', async () => {
    const contacts = new MemoryContacts();
    await imported(`phone\n${number(1)}\n`, { contacts });
    const folder = await freshFolder();
    const rejectsFile = join(folder, 'rejected.csv');
    const list = 'name,phone\nAnn,\nBob,12\nCy,x\nDi,\n';
    const error = await listError(imported(list, { contacts, rejectsFile }));
    expect(error.code).toBe('no_valid_row');
    expect(error.message).toBe(
      'contacts.csv has not one valid row: all 4 rows are rejected. Line 2: no number. ' +
        'Line 3: not a possible number in US: too short (2 digits). Line 4: not a phone number.',
    );
    expect(error.hint).toContain(rejectsFile);
    expect(contacts.all).toHaveLength(1);
    expect((await readFile(rejectsFile, 'utf8')).split('\n')).toHaveLength(6);
  });

  it('says that a file is missing, a folder, or not to be read', async () => {
    const folder = await freshFolder();
    const open = (name: string) => imported(listFile(join(folder, name), name));
    const missing = await listError(open('none.csv'));
    expect(missing.code).toBe('not_found');
    expect(missing.message).toBe('none.csv: there is no such file.');
    await mkdir(join(folder, 'lists'));
    const isFolder = await listError(open('lists'));
    expect(isFolder.code).toBe('is_folder');
    expect(isFolder.message).toBe('lists is a folder. Allowed: a CSV file.');
    const unreadable = await listError(open(`${'x'.repeat(300)}.csv`));
    expect(unreadable.code).toBe('unreadable');
    expect(unreadable.message).toContain('ENAMETOOLONG');
  });
});

describe('rejected.csv', () => {
  const HEADER = 'line,reason,row\n';

  it('has line, reason and the row, and no cell that starts a formula', async () => {
    const folder = await freshFolder();
    const rejectsFile = join(folder, 'out', 'spring', 'rejected.csv');
    const list = `name,phone\n=1+1,\n"Bob\nB.",12\nCy,${number(1)}\n${'é'.repeat(1_100)}\n`;
    await imported(list, { rejectsFile });
    expect(await readFile(rejectsFile, 'utf8')).toBe(
      [
        HEADER,
        `2,no number,"'=1+1,"\n`,
        '3,not a possible number in US: too short (2 digits),"""Bob B."",12"\n',
        `6,"1 cell, the header has 2",${'é'.repeat(1_024)}\n`,
      ].join(''),
    );
    expect(await readdir(join(folder, 'out', 'spring'))).toEqual(['rejected.csv']);
  });

  it('never cuts a row in the middle of a character', async () => {
    const rejectsFile = join(await freshFolder(), 'rejected.csv');
    await imported(`phone\nx${'🦷'.repeat(600)}\n${number(1)}`, { rejectsFile });
    const text = await readFile(rejectsFile, 'utf8');
    expect(text).not.toContain('\uFFFD');
    expect(text).toContain(`x${'🦷'.repeat(511)}\n`);
  });

  it('is replaced by the next reading, and removed where that rejects nothing', async () => {
    const folder = await freshFolder();
    const rejectsFile = join(folder, 'rejected.csv');
    await imported(`phone\nx\n${number(1)}`, { rejectsFile });
    await imported(`phone\n${number(1)}\n\ny`, { rejectsFile });
    expect(await readFile(rejectsFile, 'utf8')).toBe(`${HEADER}4,not a phone number,y\n`);
    await imported(`phone\n${number(1)}`, { rejectsFile });
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays as it was where the list turns out not to be text', async () => {
    const folder = await freshFolder();
    const rejectsFile = join(folder, 'rejected.csv');
    await imported(`phone\nx\n${number(1)}`, { rejectsFile });
    const before = await readFile(rejectsFile, 'utf8');
    const rows = Array.from({ length: 3_000 }, () => 'y').join('\n');
    const work = imported(listOf(`phone\n${rows}\n\0`, [1_000]), { rejectsFile });
    expect((await listError(work)).code).toBe('not_text');
    expect(await readFile(rejectsFile, 'utf8')).toBe(before);
    expect(await readdir(folder)).toEqual(['rejected.csv']);
  });

  it('says where it cannot be written', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'out'), 'not a folder');
    const rejectsFile = join(folder, 'out', 'rejected.csv');
    const error = await listError(imported(`phone\nx\n${number(1)}`, { rejectsFile }));
    expect(error.code).toBe('rejects_unwritable');
    expect(error.message).toContain(`${rejectsFile} cannot be written`);
  });
});

function reject(listLine: number, code: string, reason: string) {
  return { type: 'contact.rejected', listLine, code, reason };
}
