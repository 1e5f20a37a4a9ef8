/**
 * Records to cells. csv-parse does the work, on many records at once because its start costs more
 * than a row does.
 */
import { CsvError, parse } from 'csv-parse/sync';
import type { Delimiter, ListRecord } from './records.ts';

/** Answers per record, in order; undefined for one that is not well-formed CSV. */
export function cellsOf(
  records: readonly ListRecord[],
  delimiter: Delimiter,
): readonly (readonly string[] | undefined)[] {
  const sound = records.filter((record) => record.fault === undefined);
  const rows = parseAll(sound, delimiter) ?? sound.map((record) => parseOne(record, delimiter));
  let next = 0;
  return records.map((record) => (record.fault === undefined ? rows[next++] : undefined));
}

/**
 * Undefined where one of them is malformed, or not the one row it was taken for: then each is read
 * alone, to find which.
 */
function parseAll(
  records: readonly ListRecord[],
  delimiter: Delimiter,
): readonly (readonly string[])[] | undefined {
  const rows = parseText(records.map((record) => record.text).join('\n'), delimiter);
  return rows?.length === records.length ? rows : undefined;
}

function parseOne(record: ListRecord, delimiter: Delimiter): readonly string[] | undefined {
  const rows = parseText(record.text, delimiter);
  return rows?.length === 1 ? rows[0] : undefined;
}

function parseText(text: string, delimiter: Delimiter): string[][] | undefined {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: '\n',
      // How many cells a row must have is judged later, row by row.
      relax_column_count: true,
      // People write `Ann, "Smith, Dr."`: blanks outside the quotes are no part of the cell.
      trim: true,
    });
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
