import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { migrate, needsMigration } from './migrator.ts';
import { explaining, StoreError } from './store-error.ts';

// How long a commit waits for another process (another campaign, `campaign settle`) to finish its
// own, which takes milliseconds. A database browser left open in a transaction takes for ever.
const BUSY_TIMEOUT_MS = 10_000;

// 32 MB: the indexes of a list of a million rows stay in memory while it is taken in.
const CACHE_KIB = 32 * 1024;

// A checkpoint copies every changed page once, so a longer log makes fewer copies: at 4 KiB a page
// the log stays around 64 MB.
const CHECKPOINT_PAGES = 16_000;

/** Whatever statements can be prepared on. */
export interface Preparer {
  prepare(sql: string): StatementSync;
}

/** One connection to the database that may write. Its transactions are durable when they return. */
export class Connection implements Preparer {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #dataVersion: StatementSync;
  #seenVersion = -1;
  #epoch = 0;

  constructor(path: string, pagesMax?: number) {
    this.path = path;
    this.#database = this.#explaining(() => openForWriting(path, pagesMax));
    this.#begin = this.#database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#database.prepare('COMMIT');
    this.#dataVersion = this.#database.prepare('PRAGMA data_version');
  }

  /**
   * Changes whenever the database may hold what somebody else wrote: another process, or a
   * transaction of this one that called `touch`. What is remembered under an older epoch must be
   * read again. Only meaningful inside a transaction.
   */
  get epoch(): number {
    return this.#epoch;
  }

  touch(): void {
    this.#epoch += 1;
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** All of `work` or nothing. SQLite's errors come out as they are: see `explaining`. */
  transaction<Value>(work: () => Value): Value {
    this.#begin.run();
    try {
      this.#readVersion();
      const value = work();
      this.#commit.run();
      return value;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** The same for those outside the group commit; errors come out as `StoreError`. */
  direct<Value>(work: () => Value): Value {
    this.touch();
    return this.#explaining(() => this.transaction(work));
  }

  /**
   * The same for what can be done over after a power cut: it is durable only with the next
   * transaction that is.
   */
  bulk<Value>(work: () => Value): Value {
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      return this.direct(work);
    } finally {
      if (this.#database.isOpen) this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #explaining<Value>(work: () => Value): Value {
    return explaining(this.path, work);
  }

  #readVersion(): void {
    const version = one<{ data_version: number }>(this.#dataVersion)?.data_version ?? -1;
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.touch();
  }

  // SQLite has often rolled back by itself (a full disk); its first error is the one that counts.
  #rollBack(): void {
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      this.#database.close();
    }
  }
}

/**
 * A connection that cannot write, to a database as new as this program.
 *
 * @throws StoreError `missing` where there is none yet
 */
export function openForReading(path: string): DatabaseSync {
  // A look at the folder only: opening the file here would drop this process's locks on it.
  if (!existsSync(path)) {
    throw new StoreError(
      'missing',
      `there is no database at ${path} yet: nothing was run here. ` +
        '`campaign run contacts.csv` makes it; if it lies elsewhere, set store.path',
    );
  }
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (!needsMigration(database, path)) return database;
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  new Connection(path).close();
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

function openForWriting(path: string, pagesMax: number | undefined): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  // No foreign keys: no row is ever deleted, and every child is inserted by a parent just read.
  const database = new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: false,
  });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    `);
    migrate(database, path);
    if (pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${pagesMax}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The first row, in the shape the caller's SQL gives it. */
export function one<Row>(statement: StatementSync, ...values: SQLInputValue[]): Row | undefined {
  return statement.get(...values) as unknown as Row | undefined;
}

/** Every row, in the shape the caller's SQL gives it. */
export function all<Row>(statement: StatementSync, ...values: SQLInputValue[]): Row[] {
  return statement.all(...values) as unknown as Row[];
}

/** The rows one by one, read as they are walked. */
export function rowsOf<Row>(statement: StatementSync, ...values: SQLInputValue[]): Iterable<Row> {
  return statement.iterate(...values) as unknown as Iterable<Row>;
}

/** How many rows a statement changed. */
export function changed(statement: StatementSync, ...values: SQLInputValue[]): number {
  return Number(statement.run(...values).changes);
}
