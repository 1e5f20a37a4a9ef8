/**
 * The first line of a list: what separates its cells, and what each column is for.
 */
import { cellsOf } from './cells.ts';
import { ListError } from './list-error.ts';
import { DELIMITERS, type Delimiter, type ListRecord } from './records.ts';
import { shownCell } from './shown.ts';

/** Columns with a meaning of their own. */
export type KnownColumn = 'phone' | 'id' | 'name' | 'language' | 'timezone' | 'email';

export interface Header {
  readonly delimiter: Delimiter;
  /** How many cells every row must have. */
  readonly width: number;
  /** Index of the cell that holds the number. */
  readonly phone: number;
  /** Indexes of the other known columns; absent where the list has none. */
  readonly id: number | undefined;
  readonly name: number | undefined;
  readonly language: number | undefined;
  readonly timezone: number | undefined;
  readonly email: number | undefined;
  /** Every other named column. */
  readonly variables: readonly { readonly index: number; readonly name: string }[];
}

/**
 * Spellings by column, compared without case, blanks and punctuation; the first is the exact one.
 * `first name` is no `name`: it stays a variable of the script.
 */
const SPELLINGS: Readonly<Record<KnownColumn, readonly string[]>> = {
  phone: [
    'phone',
    'phone number',
    'phone no',
    'mobile',
    'mobile number',
    'mobile phone',
    'number',
    'tel',
    'tel no',
    'telephone',
    'telephone number',
    'cell',
    'cell number',
    'cell phone',
  ],
  id: ['id', 'contact id'],
  name: ['name', 'full name'],
  language: ['language', 'lang'],
  timezone: ['timezone', 'time zone', 'tz'],
  email: ['email', 'e-mail', 'mail', 'email address'],
};

const KNOWN_COLUMNS = Object.keys(SPELLINGS) as KnownColumn[];
const COLUMNS_SHOWN_MAX = 20;

/** What a spreadsheet's `sep=;` above the header says; undefined for any other line. */
export function announcedDelimiter(line: string): Delimiter | undefined {
  const mark = /^\s*"?sep=(.)"?\s*$/i.exec(line)?.[1];
  return DELIMITERS.find((delimiter) => delimiter === mark);
}

/**
 * Throws `ListError` `no_phone_column` or `ambiguous_header`. `list` is the list's name.
 *
 * @param delimiters of which one separates the cells
 */
export function readHeader(
  record: ListRecord,
  list: string,
  delimiters: readonly Delimiter[] = DELIMITERS,
): Header {
  const { delimiter, cells } = splitHeader(record, list, delimiters);
  const names = cells.map((cell) => variableName(cell));
  refuseTwins(cells, names, list);
  const known = (column: KnownColumn) => knownIndex(column, cells, names, list);
  const phone = known('phone');
  if (phone === undefined) {
    throw noPhoneColumn(cells, list);
  }
  const taken = {
    phone,
    id: known('id'),
    name: known('name'),
    language: known('language'),
    timezone: known('timezone'),
    email: known('email'),
  };
  const used = new Set(Object.values(taken));
  const variables = names
    .map((name, index) => ({ index, name }))
    .filter(({ index, name }) => name !== '' && !used.has(index));
  return { delimiter, width: cells.length, ...taken, variables };
}

/**
 * A column's name in the script: lower case, with everything that is neither letter nor digit as
 * one underscore, none at the ends. `Appointment Day` becomes `appointment_day`. Empty for a column
 * without a name, which is left out.
 */
export function variableName(header: string): string {
  return header
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
}

/** A delimiter that gives a column for the number is right; of several, the one with most cells. */
function splitHeader(
  record: ListRecord,
  list: string,
  delimiters: readonly Delimiter[],
): { readonly delimiter: Delimiter; readonly cells: readonly string[] } {
  const splits = delimiters.flatMap((delimiter) => {
    const [cells] = cellsOf([record], delimiter);
    return cells === undefined ? [] : [{ delimiter, cells, isList: cells.some(isPhoneHeader) }];
  });
  splits.sort((a, b) => Number(b.isList) - Number(a.isList) || b.cells.length - a.cells.length);
  const best = splits[0];
  if (best === undefined) {
    const message =
      `${list}:${record.line}: the header cannot be read. ` +
      'Allowed: names of columns on one line, each quotation mark closed.';
    throw new ListError('no_phone_column', message);
  }
  return best;
}

function isPhoneHeader(cell: string): boolean {
  return isSpelling('phone', variableName(cell));
}

function isSpelling(column: KnownColumn, name: string): boolean {
  const plain = name.replaceAll('_', '');
  return SPELLINGS[column].some((spelling) => spelling.replaceAll(/[ -]/g, '') === plain);
}

function refuseTwins(cells: readonly string[], names: readonly string[], list: string): void {
  const twin = names.findIndex((name, index) => name !== '' && names.indexOf(name) < index);
  if (twin < 0) {
    return;
  }
  const place = (index: number) => `column ${index + 1} (${shownCell(cells[index] ?? '')})`;
  const first = names.indexOf(names[twin] ?? '');
  const message =
    `${list}: two columns have one name: ${place(first)} and ${place(twin)} ` +
    `are both "${names[twin]}" to the script.`;
  throw new ListError('ambiguous_header', message, 'Rename or remove one of them.');
}

/** The exact name wins over other spellings, which then are variables. */
function knownIndex(
  column: KnownColumn,
  cells: readonly string[],
  names: readonly string[],
  list: string,
): number | undefined {
  const exact = names.indexOf(column);
  if (exact >= 0) {
    return exact;
  }
  const spelled = names.flatMap((name, index) => (isSpelling(column, name) ? [index] : []));
  if (spelled.length > 1) {
    const found = spelled.map((index) => shownCell(cells[index] ?? '')).join(' and ');
    const message = `${list}: ${found} could each be the column "${column}".`;
    throw new ListError('ambiguous_header', message, `Name the right one "${column}".`);
  }
  return spelled[0];
}

function noPhoneColumn(cells: readonly string[], list: string): ListError {
  const headless = cells.some((cell) => cell.replaceAll(/\D/g, '').length >= 7);
  const found = cells.slice(0, COLUMNS_SHOWN_MAX).map(shownCell).join(', ');
  const more =
    cells.length > COLUMNS_SHOWN_MAX ? `, and ${cells.length - COLUMNS_SHOWN_MAX} more` : '';
  const message =
    `${list} has no column for the phone number. Found: ${found}${more}. ` +
    `Allowed: ${SPELLINGS.phone.join(', ')}.`;
  const hint = headless
    ? 'The first line looks like a contact: put a line with the names of the columns above it.'
    : `Rename the column with the numbers to "phone". Known besides: ${others()}.`;
  return new ListError('no_phone_column', message, hint);
}

function others(): string {
  return KNOWN_COLUMNS.filter((column) => column !== 'phone').join(', ');
}
