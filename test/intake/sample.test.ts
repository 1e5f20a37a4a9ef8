import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFile } from '../../src/intake/list-source.ts';
import { imported } from './support.ts';

const SAMPLE = join(import.meta.dirname, '../../contacts/sample.csv');

describe('contacts/sample.csv', () => {
  it('shows a dozen good rows and two bad ones', async () => {
    const { tally, contacts, rejected } = await imported(listFile(SAMPLE));
    expect(tally).toEqual({ rows: 14, added: 12, known: 0, changed: 0, rejected: 2, removed: 0 });
    expect(rejected.map(({ listLine, code }) => [listLine, code])).toEqual([
      [8, 'no_number'],
      [12, 'impossible_number'],
    ]);
    for (const { name, variables } of contacts.all) {
      expect(name).toMatch(/^[A-Z][a-z]+$/);
      expect(Object.keys(variables)).toEqual(['appointment_day', 'appointment_time', 'clinic']);
    }
  });

  it('rings nobody: its numbers are kept for fiction', async () => {
    const { contacts } = await imported(listFile(SAMPLE));
    for (const { phone } of contacts.all) {
      expect(phone).toMatch(/^(\+1[2-9]\d\d55501\d\d|\+442079460\d{3})$/);
    }
    expect(await readFile(SAMPLE, 'utf8')).toContain('+442079460');
  });
});
