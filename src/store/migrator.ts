import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store-error.ts';

// Marks the file as ours (PRAGMA application_id, which SQLite keeps for this): "camp" in ASCII.
const APPLICATION_ID = 0x63616d70;

interface Migration {
  readonly version: number;
  readonly file: URL;
}

/**
 * Brings the database up to the newest schema this program knows; the version stands in
 * `PRAGMA user_version`. Each migration and its version are one transaction.
 */
export function migrate(database: DatabaseSync, path: string): void {
  const migrations = knownMigrations();
  const newest = migrations.at(-1)?.version ?? 0;
  if (checkedVersion(database, path, newest) === newest) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Read again: another process may have done it while this one waited.
    const version = checkedVersion(database, path, newest);
    for (const migration of migrations) {
      if (migration.version > version) apply(database, migration);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Whether the database is older than this program. Changes nothing. */
export function needsMigration(database: DatabaseSync, path: string): boolean {
  const newest = knownMigrations().at(-1)?.version ?? 0;
  return checkedVersion(database, path, newest) < newest;
}

/** The database's version, once it is sure that this program can read it. */
function checkedVersion(database: DatabaseSync, path: string, newest: number): number {
  const version = pragma(database, 'user_version');
  const application = pragma(database, 'application_id');
  if (application !== APPLICATION_ID && !(version === 0 && isEmpty(database))) {
    throw new StoreError(
      'not_a_database',
      `the database ${path} belongs to another program. Set store.path to another place`,
    );
  }
  if (version > newest) {
    throw new StoreError(
      'newer',
      `the database ${path} was written by a newer version of campaign (schema ${version}, ` +
        `this one knows ${newest}). Run that version, or set store.path to another place`,
    );
  }
  return version;
}

function apply(database: DatabaseSync, { version, file }: Migration): void {
  database.exec(readFileSync(file, 'utf8'));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version};`);
}

/** The .sql files beside this one, by the number their names begin with. */
function knownMigrations(): readonly Migration[] {
  const folder = new URL('./migrations/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => /^\d+_\w+\.sql$/.test(name))
    .map((name) => ({ version: Number.parseInt(name, 10), file: new URL(name, folder) }))
    .sort((one, other) => one.version - other.version);
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}
