/**
 * What can go wrong with the database, in words for people.
 */

export type StoreErrorKind =
  /** There is no database yet. */
  | 'missing'
  /** Written by a newer version of campaign. */
  | 'newer'
  /** The file is something else. */
  | 'not_a_database'
  /** SQLite finds the file damaged. */
  | 'damaged'
  | 'disk_full'
  | 'read_only'
  /** The folder or the file cannot be opened or made. */
  | 'not_writable'
  /** Another program kept it locked for too long. */
  | 'busy'
  /** The disk failed, or what SQLite reports is none of the above. */
  | 'failed'
  /** The request does not fit what the store holds: no such contact, not uncertain. */
  | 'refused';

/** The store could not do what was asked. The message says what, where, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** One write does not fit the journal; the others of its commit are not harmed. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;
/** Wrong SQL, a broken rule of the schema, a wrong type, wrong use, no such parameter. */
const OWN_MISTAKES: readonly number[] = [1, SQLITE_CONSTRAINT, 20, 21, 25];

/** SQLite's primary result code; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

export function isConstraint(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_CONSTRAINT;
}

/** Puts SQLite's or the file system's error into words; anything else comes back as it is. */
export function explained(error: unknown, path: string): unknown {
  const code = sqliteCode(error) ?? systemCode(error);
  return code === undefined ? error : inWords(error, code, `the database ${path}`);
}

/** The same for an error of SQLite that nobody has put into words; undefined for any other. */
export function explainedLate(error: unknown): StoreError | undefined {
  const code = sqliteCode(error);
  if (code === undefined || OWN_MISTAKES.includes(code)) return undefined;
  return inWords(error, code, 'the database');
}

function inWords(error: unknown, code: number | string, database: string): StoreError {
  const [kind, text] = words(code);
  const said = error instanceof Error ? error.message : String(error);
  return new StoreError(kind, `${database} ${text} (${said})`, error);
}

/** Does the work; an error of SQLite or the file system comes out in words. */
export function explaining<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw explained(error, path);
  }
}

/** The same for rows that are read as they are walked. */
export function* walked<Row>(path: string, rows: () => Iterable<Row>): Iterable<Row> {
  try {
    yield* rows();
  } catch (error) {
    throw explained(error, path);
  }
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function words(code: number | string): readonly [StoreErrorKind, string] {
  switch (code) {
    case SQLITE_FULL:
    case 'ENOSPC':
    case 'EDQUOT':
      return [
        'disk_full',
        'cannot grow: the disk is full. Everything written so far is kept; ' +
          'free some space there and run again',
      ];
    case SQLITE_READONLY:
    case 'EROFS':
      return [
        'read_only',
        'cannot be written: the file, its folder or its disk is read-only. ' +
          'Give this user the right to write there, or set store.path to another place',
      ];
    case SQLITE_NOTADB:
      return [
        'not_a_database',
        'is not a database of campaign. Move that file away, or set store.path to another place',
      ];
    case SQLITE_CORRUPT:
      return [
        'damaged',
        'is damaged. Keep a copy of it, and put back the last good one from your backup',
      ];
    case SQLITE_BUSY:
      return [
        'busy',
        'was kept locked by another program for too long. Close what has it open ' +
          '(a database browser, a backup), then run again',
      ];
    case SQLITE_CANTOPEN:
    case 'EACCES':
    case 'EPERM':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOENT':
      return [
        'not_writable',
        'cannot be opened or made. Its folder must exist or be creatable, and this user must be ' +
          'allowed to write in it; or set store.path to another place',
      ];
    case SQLITE_IOERR:
      return [
        'failed',
        'cannot be read or written: the disk reports an error. Look after that disk, ' +
          'then run again',
      ];
    default:
      return ['failed', 'answered with an error'];
  }
}
