/**
 * A contact list, from bytes to the sink: text, records, cells, contacts. A bad row costs itself;
 * a list that cannot be used at all is a `ListError`.
 */
import type { Contact } from '../domain/contact.ts';
import { maskContactId } from '../domain/privacy.ts';
import type { Admission, ContactSink, Emit } from '../engine/ports.ts';
import { cellsOf } from './cells.ts';
import { ContactReader } from './contact-row.ts';
import { announcedDelimiter, type Header, readHeader } from './header.ts';
import { ListError } from './list-error.ts';
import type { ListSource } from './list-source.ts';
import { phoneReader } from './phone.ts';
import {
  CELL_CHARACTERS_MAX,
  CELL_LINES_MAX,
  type ListRecord,
  type RecordFault,
  RecordScanner,
} from './records.ts';
import type { Refusal } from './refusal.ts';
import { type RejectedRow, RejectsFile } from './rejects-file.ts';
import { listText } from './text.ts';

export interface ImportOptions {
  readonly list: ListSource;
  readonly sink: ContactSink;
  /** Where rejected rows go: `line,reason,row`. Absent: they are only told and counted. */
  readonly rejectsFile?: string | undefined;
  /** ISO 3166 code of the country in which numbers without a plus sign are dialled. */
  readonly defaultCountry: string;
  /** What the sink was made with; here only for the reasons given. */
  readonly sameNumber: 'reject' | 'allow';
  /** Told `contact.rejected`, in order of the lines. */
  readonly emit: Emit;
  /** Ends the import, with the signal's reason, before the next batch. */
  readonly signal?: AbortSignal | undefined;
}

/** Rows are those that hold anything; each is one of added, known, changed, rejected. */
export interface ImportTally {
  readonly rows: number;
  readonly added: number;
  readonly known: number;
  readonly changed: number;
  readonly rejected: number;
  /** Contacts of earlier readings taken out of the queue because the list has them no more. */
  readonly removed: number;
}

/** Enough that what a batch costs by itself vanishes; few enough to keep memory flat. */
const BATCH_ROWS = 2_000;
const BATCH_CHARACTERS = 1024 * 1024;
const REASONS_SHOWN = 3;

/**
 * Reads the whole list into the sink. Throws `ListError`, or what the sink or the signal throws;
 * then nothing is taken out of the queue, and what was added is met again by the next import.
 */
export async function importList(options: ImportOptions): Promise<ImportTally> {
  await using rejects =
    options.rejectsFile === undefined ? undefined : new RejectsFile(options.rejectsFile);
  const reading = new Reading(options, rejects);
  const scanner = new RecordScanner();
  for await (const text of listText(options.list.open(), options.list.name)) {
    options.signal?.throwIfAborted();
    scanner.feed(text);
    await reading.takeFrom(scanner);
  }
  scanner.close();
  await reading.takeFrom(scanner);
  return reading.finish();
}

/** One list being read. */
class Reading {
  readonly #options: ImportOptions;
  readonly #rejects: RejectsFile | undefined;
  #header: Header | undefined;
  #contacts: ContactReader | undefined;
  #batch: ListRecord[] = [];
  #batchCharacters = 0;
  readonly #tally = { rows: 0, added: 0, known: 0, changed: 0, rejected: 0 };
  readonly #firstReasons: string[] = [];

  constructor(options: ImportOptions, rejects: RejectsFile | undefined) {
    this.#options = options;
    this.#rejects = rejects;
  }

  /** Takes what the scanner has now. */
  async takeFrom(scanner: RecordScanner): Promise<void> {
    for (let record = scanner.take(); record !== undefined; record = scanner.take()) {
      if (isBlank(record)) {
        continue;
      }
      if (this.#header === undefined) {
        const announced = record.line === 1 ? announcedDelimiter(record.text) : undefined;
        if (announced !== undefined) {
          scanner.delimiters = [announced];
          continue;
        }
        this.#begin(record, scanner.delimiters);
        scanner.delimiters = [this.#delimiter()];
        continue;
      }
      this.#batch.push(record);
      this.#batchCharacters += record.text.length;
      if (this.#batch.length >= BATCH_ROWS || this.#batchCharacters >= BATCH_CHARACTERS) {
        await this.#passOn();
      }
    }
  }

  async finish(): Promise<ImportTally> {
    const { list, sink } = this.#options;
    if (this.#header === undefined) {
      throw new ListError('empty', `${list.name} is empty.`, 'A header and one row is the least.');
    }
    await this.#passOn();
    if (this.#tally.rows === 0) {
      const message = `${list.name} has a header and no rows.`;
      throw new ListError('empty', message, 'Add a row per contact.');
    }
    await this.#rejects?.finish();
    if (this.#tally.rejected === this.#tally.rows) {
      throw this.#noValidRow();
    }
    return { ...this.#tally, removed: sink.finish() };
  }

  #begin(record: ListRecord, delimiters: RecordScanner['delimiters']): void {
    const header = readHeader(record, this.#options.list.name, delimiters);
    this.#header = header;
    this.#contacts = new ContactReader(header, phoneReader(this.#options.defaultCountry));
  }

  /** Gives the batch to the sink, and every row its place in the tally, in order of the lines. */
  async #passOn(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const records = this.#batch;
    this.#batch = [];
    this.#batchCharacters = 0;
    const verdicts = this.#judge(records);
    const contacts = verdicts.filter((verdict) => isContact(verdict));
    const admissions = contacts.length === 0 ? [] : this.#options.sink.add(contacts);
    const rejected: RejectedRow[] = [];
    let next = 0;
    for (const [index, record] of records.entries()) {
      const verdict = verdicts[index] as Contact | Refusal;
      const refusal = isContact(verdict) ? this.#admit(admissions[next++], record.line) : verdict;
      this.#tally.rows += 1;
      if (refusal !== undefined) {
        this.#reject(record, refusal);
        rejected.push({ line: record.line, reason: refusal.reason, raw: record.text });
      }
    }
    await this.#rejects?.add(rejected);
  }

  #judge(records: readonly ListRecord[]): readonly (Contact | Refusal)[] {
    const rows = cellsOf(records, this.#delimiter());
    return records.map((record, index) => {
      const cells = rows[index];
      if (cells === undefined) {
        return faultRefusal(record.fault ?? 'bad_quote');
      }
      return (this.#contacts as ContactReader).read(cells, record.line);
    });
  }

  /** Counts what the sink took, and answers why it did not take the rest. */
  #admit(admission: Admission | undefined, line: number): Refusal | undefined {
    switch (admission?.type) {
      case 'added':
      case 'known':
      case 'changed':
        this.#tally[admission.type] += 1;
        return undefined;
      case 'same_id':
        return this.#sameId(admission.line);
      case 'same_number': {
        const contact = maskContactId(admission.contact);
        // A line that is still to come can only be one of an earlier reading.
        const isEarlier = admission.line >= line;
        const place = isEarlier ? 'in an earlier list' : `as line ${admission.line}`;
        return { code: 'same_number', reason: `same number ${place} (contact ${contact})` };
      }
      case undefined:
        throw new Error('the sink answered for fewer contacts than it was given');
    }
  }

  /** Without an id column the number is the id, and the reason has to say so. */
  #sameId(line: number): Refusal {
    if (this.#header?.id !== undefined) {
      return { code: 'same_id', reason: `same id as line ${line}` };
    }
    const allowed = this.#options.sameNumber === 'allow';
    const needed = allowed ? '; to ring a number twice, the list needs an id column' : '';
    return { code: 'same_number', reason: `same number as line ${line}${needed}` };
  }

  #reject(record: ListRecord, refusal: Refusal): void {
    this.#tally.rejected += 1;
    if (this.#firstReasons.length < REASONS_SHOWN) {
      this.#firstReasons.push(`Line ${record.line}: ${refusal.reason}.`);
    }
    const { code, reason } = refusal;
    this.#options.emit({ type: 'contact.rejected', listLine: record.line, code, reason });
  }

  #noValidRow(): ListError {
    const { rows } = this.#tally;
    const all = rows === 1 ? 'its one row is' : `all ${rows} rows are`;
    const reasons = this.#firstReasons.join(' ');
    const file = this.#options.rejectsFile;
    const hint = file === undefined ? undefined : `Every rejected row is in ${file}`;
    const message = `${this.#options.list.name} has not one valid row: ${all} rejected. ${reasons}`;
    return new ListError('no_valid_row', message, hint);
  }

  #delimiter(): Header['delimiter'] {
    return (this.#header as Header).delimiter;
  }
}

/** A line of nothing but blanks and separators, as spreadsheets leave them below a table. */
function isBlank(record: ListRecord): boolean {
  return record.fault === undefined && /^[\s,;]*$/.test(record.text);
}

function isContact(verdict: Contact | Refusal): verdict is Contact {
  return !('code' in verdict);
}

function faultRefusal(fault: RecordFault): Refusal {
  switch (fault) {
    case 'unclosed_quote':
      return { code: fault, reason: 'a quotation mark is opened on this line and not closed' };
    case 'bad_quote': {
      const reason = 'a quotation mark inside a cell: put the cell in quotes and double the mark';
      return { code: fault, reason };
    }
    case 'too_long': {
      const reason = `a cell beyond ${CELL_CHARACTERS_MAX} characters or ${CELL_LINES_MAX} lines`;
      return { code: fault, reason };
    }
  }
}
