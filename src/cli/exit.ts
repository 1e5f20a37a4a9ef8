/**
 * How a command ends. Exit codes and hints are attached here and printed here, once.
 */
import { CommanderError } from 'commander';
import { DiskFailure, ServiceFailure } from '../domain/failure.ts';
import type { ListErrorCode } from '../intake/list-error.ts';
import { explainedLate, type StoreErrorKind } from '../store/store-error.ts';
import { ConfigProblems } from './config-problems.ts';
import type { World } from './world.ts';

/** Numbers from 64 up are those of sysexits.h, so that cron and scripts can tell them apart. */
export const EXIT = {
  ok: 0,
  /** The program failed: a bug. The journal is intact. */
  bug: 1,
  /** Unknown option, missing file name. */
  usage: 64,
  /** The list cannot be used. */
  data: 65,
  /** A file to read is not there. */
  noInput: 66,
  /** A service does not answer or refuses. */
  unavailable: 69,
  /** This campaign is already running. */
  running: 73,
  /** Disk full or not writable. */
  io: 74,
  /** Ended before the list was done; run again to go on. */
  unfinished: 75,
  /** config.yml is wrong. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command cannot do what was asked. The message says what is the matter, the hint what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: ExitCode;
  readonly hint: string | undefined;

  constructor(code: ExitCode, message: string, hint?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

export interface Explained {
  readonly code: ExitCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

const LIST_EXITS: Readonly<Record<ListErrorCode, ExitCode>> = {
  not_found: EXIT.noInput,
  is_folder: EXIT.noInput,
  unreadable: EXIT.noInput,
  not_text: EXIT.data,
  empty: EXIT.data,
  no_phone_column: EXIT.data,
  ambiguous_header: EXIT.data,
  no_valid_row: EXIT.data,
  rejects_unwritable: EXIT.io,
};

const STORE_EXITS: Readonly<Record<StoreErrorKind, ExitCode>> = {
  missing: EXIT.noInput,
  newer: EXIT.io,
  not_a_database: EXIT.io,
  damaged: EXIT.io,
  disk_full: EXIT.io,
  read_only: EXIT.io,
  not_writable: EXIT.io,
  busy: EXIT.unfinished,
  failed: EXIT.io,
  refused: EXIT.usage,
};

const DISK_HINT =
  'Everything written down so far is kept. Free some space, or mend that disk, and run again.';
const NOT_WRITABLE = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOTDIR', 'EEXIST'];
const NOT_READABLE = ['ENOENT', 'EISDIR'];

/** Any error that ends a command, as its exit code and what to tell the person. */
export function explain(error: unknown): Explained {
  if (error instanceof CommandFailure) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  if (error instanceof ConfigProblems) {
    return { code: EXIT.config, message: error.message, hint: error.hint };
  }
  if (error instanceof DiskFailure) {
    return { code: EXIT.io, message: `dialling stopped: ${error.message}`, hint: DISK_HINT };
  }
  if (error instanceof ServiceFailure) {
    const isDisk = NOT_WRITABLE.includes(error.code);
    return { code: isDisk ? EXIT.io : EXIT.unavailable, message: error.message };
  }
  return explainByCode(explainedLate(error) ?? error) ?? explainBug(error);
}

/** Known by name and code: importing the classes would load the CSV parser for every failure. */
function explainByCode(error: unknown): Explained | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code, kind, hint } = error as { code?: unknown; kind?: unknown; hint?: unknown };
  const told = {
    message: error.message,
    hint: typeof hint === 'string' ? hint : undefined,
  };
  if (error.name === 'ListError' && isKey(LIST_EXITS, code)) {
    return { ...told, code: LIST_EXITS[code] };
  }
  if (error.name === 'StoreError' && isKey(STORE_EXITS, kind)) {
    return { ...told, code: STORE_EXITS[kind] };
  }
  if (!('syscall' in error) || typeof code !== 'string') {
    return undefined;
  }
  return NOT_READABLE.includes(code)
    ? { ...told, code: EXIT.noInput }
    : NOT_WRITABLE.includes(code)
      ? { ...told, code: EXIT.io }
      : undefined;
}

function isKey<Key extends string>(
  table: Readonly<Record<Key, ExitCode>>,
  key: unknown,
): key is Key {
  return typeof key === 'string' && Object.hasOwn(table, key);
}

function explainBug(error: unknown): Explained {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: EXIT.bug,
    message: `the program failed. This is a bug, and the journal is intact.\n${stack}`,
    hint: 'Run again to go on. Please report it, with the lines above and the end of the log.',
  };
}

/** Tells the person on stderr why the command ended; answers the exit code. Never throws. */
export function reportFailure(error: unknown, world: World): ExitCode {
  if (error instanceof CommanderError) {
    return EXIT.usage; // its message, with a suggestion, is on the screen already
  }
  const { code, message, hint } = explain(error);
  world.stderr.write(`campaign: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`);
  return code;
}
