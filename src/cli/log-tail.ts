/**
 * Reads a log that others are writing: line by line, never the whole file, and on into the next
 * file when the log is set aside.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;
/** A longer line is handed on in pieces. */
const LINE_BYTES_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;

export class LogTail implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  #inode = 0;
  #offset = 0;
  /** The beginning of a line whose end was not there yet. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Every whole line written since the last call, without its line feed. */
  async *newLines(): AsyncGenerator<string> {
    yield* this.#toEnd();
    if (await this.#hasBeenReplaced()) {
      // What was written to the old file between the two looks.
      yield* this.#toEnd();
      yield* this.rest();
      yield* this.#setAside();
      await this.#open(this.#path);
      yield* this.#toEnd();
    }
  }

  /** Files that came and were set aside since the last look: `app.log.1` is the newest. */
  async *#setAside(): AsyncGenerator<string> {
    if (this.#file === undefined) {
      return;
    }
    const missed: string[] = [];
    for (let number = 1; ; number += 1) {
      const path = `${this.#path}.${number}`;
      const inode = await inodeOf(path);
      if (inode === this.#inode) {
        break;
      }
      if (inode === undefined && number === 1) {
        return; // deleted, not set aside
      }
      if (inode === undefined) {
        yield '(the log was set aside faster than it could be shown: lines are missing here)';
        break;
      }
      missed.unshift(path);
    }
    for (const path of missed) {
      await this.#open(path);
      yield* this.#toEnd();
      yield* this.rest();
    }
  }

  /** What stands at the end of the file without a line feed, as the line that it may become. */
  *rest(): Generator<string> {
    if (this.#begunBytes > 0) {
      yield Buffer.concat(this.#begun).toString('utf8');
      this.#begun = [];
      this.#begunBytes = 0;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #open(path: string): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    try {
      this.#file = await open(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
      return; // between two files, or before the first line
    }
    this.#inode = (await this.#file.stat()).ino;
    this.#offset = 0;
  }

  async #hasBeenReplaced(): Promise<boolean> {
    if (this.#file === undefined) {
      return true;
    }
    const inode = await inodeOf(this.#path);
    // The new one may not be there yet; the next look finds it.
    return inode !== undefined && inode !== this.#inode;
  }

  async *#toEnd(): AsyncGenerator<string> {
    const file = this.#file;
    if (file === undefined) {
      return;
    }
    if ((await file.stat()).size < this.#offset) {
      this.#offset = 0; // cut to nothing by somebody; what was begun has no end any more
      this.#begun = [];
      this.#begunBytes = 0;
    }
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) {
        return;
      }
      this.#offset += bytesRead;
      yield* this.#split(chunk.subarray(0, bytesRead));
    }
  }

  *#split(bytes: Buffer): Generator<string> {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...this.#begun, bytes.subarray(start, end)]).toString('utf8');
      this.#begun = [];
      this.#begunBytes = 0;
      start = end + 1;
      yield line;
    }
    if (start < bytes.length) {
      // The chunk is used again for the next read.
      this.#begun.push(Buffer.from(bytes.subarray(start)));
      this.#begunBytes += bytes.length - start;
    }
    if (this.#begunBytes > LINE_BYTES_MAX) {
      yield* this.rest();
    }
  }
}

/** Undefined where there is no such file. */
async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}
