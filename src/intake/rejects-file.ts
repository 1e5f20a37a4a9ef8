/**
 * The rows that were not taken, in a file for people: under a temporary name while the list is
 * read, so that what stands under its own name is always the whole of one reading.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { csvLine } from '../domain/cells.ts';
import { ListError } from './list-error.ts';
import { RAW_CHARACTERS_MAX } from './records.ts';
import { startOf } from './shown.ts';

export interface RejectedRow {
  readonly line: number;
  readonly reason: string;
  /** The row as it stands in the list. */
  readonly raw: string;
}

const HEADER = ['line', 'reason', 'row'];

/** Made with the first rejected row. Every method throws `ListError` `rejects_unwritable`. */
export class RejectsFile implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** The temporary file exists, or may. */
  #begun = false;

  constructor(path: string) {
    this.#path = path;
  }

  async add(rows: readonly RejectedRow[]): Promise<void> {
    if (rows.length === 0) {
      return;
    }
    const text = rows
      .map((row) => csvLine([String(row.line), row.reason, startOf(row.raw, RAW_CHARACTERS_MAX)]))
      .join('');
    await this.#guarded(async () => {
      this.#file ??= await this.#create();
      await this.#file.appendFile(text);
    });
  }

  /** The file is whole. Without a rejected row, one of an earlier reading is removed. */
  async finish(): Promise<void> {
    await this.#guarded(async () => {
      if (!this.#begun) {
        await rm(this.#path, { force: true });
        return;
      }
      await this.#close();
      await rename(this.#partPath, this.#path);
      this.#begun = false;
    });
  }

  /** Leaves nothing behind of a reading that was not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#begun) {
      return;
    }
    try {
      await this.#close();
      await rm(this.#partPath, { force: true });
    } catch {
      // The reading has failed for a reason of its own, which is the one to tell.
    }
  }

  get #partPath(): string {
    return `${this.#path}.part`;
  }

  async #create(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    this.#begun = true;
    const file = await open(this.#partPath, 'w');
    await file.appendFile(csvLine(HEADER));
    return file;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const message = `${this.#path} cannot be written: ${(error as Error).message}.`;
      const hint = 'Free some space, or let this user write to the folder.';
      throw new ListError('rejects_unwritable', message, hint, error);
    }
  }
}
