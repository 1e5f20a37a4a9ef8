/**
 * A CRM that is a file: `results.csv`, one row per contact, for spreadsheets.
 */
import { dirname } from 'node:path';
import { csvLine } from '../../domain/cells.ts';
import { RESULTS_HEADER, type ResultsCall, resultsRow } from '../../domain/results.ts';
import type { CallRecord, Crm, Receipt, RequestContext } from '../../engine/ports.ts';
import { writeFailure } from '../file-failure.ts';
import { probeFolder } from '../folder.ts';
import { AppendFile } from './append-file.ts';

/** What the journal knows of the rows, the file being only a projection of it. */
export interface ResultsLedger {
  /** Length of the file with the last row whose record has ended in it; 0 without one. */
  bytes(): number;
  /** Whether a record has begun whose end is not in the journal: its row may be in the file. */
  hasOpenRecords(): boolean;
  /** The calls whose record has ended, in the order of their rows. */
  recorded(): Iterable<ResultsCall>;
}

export interface CsvSettings {
  /** Absolute path; its folder is made where it is not there. */
  readonly file: string;
  readonly ledger: ResultsLedger;
}

export interface CsvCrm extends Crm, AsyncDisposable {
  /**
   * Makes the file and the journal agree. The first record does it where nobody did before; asked
   * at the start of a run, a disk that cannot be written shows before anybody is rung.
   */
  open(): Promise<void>;
}

const ROWS_AT_ONCE = 256;

export function csvCrm(settings: CsvSettings): CsvCrm {
  return new CsvFile(settings);
}

class CsvFile implements CsvCrm {
  readonly name = 'csv';
  readonly role = 'crm';
  readonly #path: string;
  readonly #ledger: ResultsLedger;
  #opening: Promise<AppendFile> | undefined;
  /** Rows under way, and rows in the file whose asker had given up waiting. By call. */
  readonly #rows = new Map<string, Promise<Receipt>>();

  constructor(settings: CsvSettings) {
    this.#path = settings.file;
    this.#ledger = settings.ledger;
  }

  async open(): Promise<void> {
    await this.#file();
  }

  async probe(): Promise<void> {
    await probeFolder(dirname(this.#path), this.name);
  }

  /** A row that was asked for before, by someone whose time ran out, is not written again. */
  async record(record: CallRecord, context: RequestContext): Promise<Receipt> {
    const { call } = record;
    const earlier = this.#rows.get(call);
    const row = earlier ?? this.#append(record);
    this.#rows.set(call, row);
    let written = false;
    try {
      const receipt = await row;
      written = true;
      return receipt;
    } finally {
      if (!written || !context.signal.aborted) {
        this.#rows.delete(call);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = await this.#opening?.catch(() => undefined);
    await file?.[Symbol.asyncDispose]();
  }

  async #append(record: CallRecord): Promise<Receipt> {
    const file = await this.#file();
    try {
      return { bytes: await file.append(csvLine(resultsRow(record))) };
    } catch (error) {
      throw writeFailure(error, 'csv: cannot write', this.#path);
    }
  }

  async #file(): Promise<AppendFile> {
    this.#opening ??= this.#opened();
    try {
      return await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw writeFailure(error, 'csv: cannot write', this.#path);
    }
  }

  async #opened(): Promise<AppendFile> {
    const ledger = this.#ledger;
    const expected = ledger.bytes();
    if (expected > 0 && !ledger.hasOpenRecords()) {
      const file = await AppendFile.open(this.#path, expected);
      if (file !== undefined) {
        return file;
      }
    }
    // Of a campaign that the journal has no record of, an earlier journal may have had some.
    const keepOld = expected === 0 && !ledger.hasOpenRecords();
    return await AppendFile.rebuild(this.#path, chunks(ledger.recorded()), { keepOld });
  }
}

/** The whole file, in pieces of a size that is written well. */
function* chunks(calls: Iterable<ResultsCall>): Iterable<string> {
  let chunk = csvLine(RESULTS_HEADER);
  let rows = 0;
  for (const call of calls) {
    chunk += csvLine(resultsRow(call));
    rows += 1;
    if (rows % ROWS_AT_ONCE === 0) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}
