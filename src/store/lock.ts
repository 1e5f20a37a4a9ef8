/**
 * One run per campaign. The lock is an exclusive transaction on a database of its own beside the
 * store, so the system lets go of it however its holder ends. That file is never opened but
 * through SQLite: closing any other handle on it would drop the process's POSIX locks.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explained, isBusy } from './store-error.ts';

export interface LockOptions {
  /** Path of the store's database. */
  readonly store: string;
  readonly campaign: string;
}

/** Held until released, or until the process ends. */
export interface RunLock extends Disposable {
  release(): void;
}

// Whoever only looks holds the lock for some microseconds; that must not turn a run away.
const LOOKERS_TIMEOUT_MS = 100;

// Beside the store's own name and endings, within the 255 bytes that file systems allow.
const SAFE_NAME_LENGTH_MAX = 120;

// As many as Linux follows. Links that lead back to themselves lead to no store.
const LINKS_MAX = 40;

/**
 * Takes the campaign's lock.
 *
 * @throws StoreError where the lock file cannot be made
 */
export function acquireRunLock({ store, campaign }: LockOptions): RunLock | 'held' {
  const path = lockPath(store, campaign);
  try {
    mkdirSync(dirname(store), { recursive: true });
    const database = locked(path, 'BEGIN EXCLUSIVE', false);
    if (database === undefined) return 'held';
    return new HeldLock(database);
  } catch (error) {
    throw explained(error, path);
  }
}

/** Whether a run holds the campaign's lock at this moment. */
export function isRunLockHeld({ store, campaign }: LockOptions): boolean {
  const path = lockPath(store, campaign);
  if (!existsSync(path)) return false;
  try {
    const database = locked(path, 'BEGIN; SELECT count(*) FROM sqlite_schema', true);
    database?.close();
    return database === undefined;
  } catch (error) {
    throw explained(error, path);
  }
}

/** The lock's file: no two campaigns share one, also where file names ignore case. */
export function lockPath(store: string, campaign: string): string {
  // Reached by another name, through a link, it is the same store and has the same lock.
  const real = realFile(store, LINKS_MAX);
  const safe = [...new TextEncoder().encode(campaign)].map(safeCharacter).join('');
  if (safe.length <= SAFE_NAME_LENGTH_MAX) return `${real}.${safe}.lock`;
  const hash = createHash('sha256').update(campaign).digest('hex');
  // A dot is never in a safe name, so a shortened one is never a whole one.
  return `${real}.${safe.slice(0, SAFE_NAME_LENGTH_MAX - hash.length)}.${hash}.lock`;
}

/**
 * Where a path leads, also while nothing is there yet: the store is made under the lock, whose name
 * must lead to the same file before and after.
 */
function realFile(path: string, linksMax: number): string {
  if (existsSync(path)) return realpathSync(path);
  const target = linkTarget(path);
  if (target === undefined || linksMax === 0) return path;
  // Not joined: `..` is meant from where a linked folder really is.
  return realFile(isAbsolute(target) ? target : `${dirname(path)}/${target}`, linksMax - 1);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // no link, or out of reach: whoever opens it says so
  }
}

function safeCharacter(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}

function locked(path: string, begin: string, readOnly: boolean): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: LOOKERS_TIMEOUT_MS, readOnly });
  try {
    database.exec(begin);
    return database;
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

class HeldLock implements RunLock {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
