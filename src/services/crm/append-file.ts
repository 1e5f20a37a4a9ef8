/**
 * A file of lines that only grows, durably, and never by half a line.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '../file-failure.ts';
import { syncFolder } from '../folder.ts';

interface Waiting {
  readonly line: Buffer;
  readonly resolve: (bytes: number) => void;
  readonly reject: (reason: unknown) => void;
}

/** Lines that come while others are written go together in the next write. */
export class AppendFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  /** Bytes that are durable: what lies behind them is the rest of a write that failed. */
  #length: number;
  #hasRest = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  private constructor(handle: FileHandle, length: number) {
    this.#handle = handle;
    this.#length = length;
  }

  /** The file as it is; undefined where it is not there or not of this length. */
  static async open(path: string, expectedBytes: number): Promise<AppendFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r+');
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT') {
        return undefined;
      }
      throw error;
    }
    const { size } = await handle.stat();
    if (size === expectedBytes) {
      return new AppendFile(handle, size);
    }
    await handle.close();
    return undefined;
  }

  /**
   * A new file in the place of the one that is there, which stays as it is until the new one is
   * whole and durable.
   *
   * @param options.keepOld the old one stays under another name, unless all of it is in the new one
   */
  static async rebuild(
    path: string,
    chunks: Iterable<string>,
    options: { readonly keepOld: boolean },
  ): Promise<AppendFile> {
    const temporary = `${path}.part`;
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      let length = 0;
      for (const chunk of chunks) {
        length += await writeAll(handle, Buffer.from(chunk), length);
      }
      await handle.datasync();
      if (options.keepOld && (await sizeOf(path)) > length) {
        await rename(path, await freeName(path));
      }
      await rename(temporary, path);
      await syncFolder(dirname(path));
      return new AppendFile(handle, length);
    } catch (error) {
      await handle.close();
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Resolves, once the line is durable, with the length of the file up to its end. */
  append(line: string): Promise<number> {
    if (this.#closed) {
      return Promise.reject(new Error('a line for a file that is closed'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: Buffer.from(line), resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      await this.#writing;
      await this.#handle.close();
    }
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    if (this.#hasRest) {
      await this.#cutRest();
    }
    this.#hasRest = true;
    const bytes = Buffer.concat(batch.map(({ line }) => line));
    try {
      await writeAll(this.#handle, bytes, this.#length);
      await this.#handle.datasync();
    } catch (error) {
      // If even this is refused, the next write begins with it.
      await this.#cutRest().catch(() => undefined);
      throw error;
    }
    this.#hasRest = false;
    for (const { line, resolve } of batch) {
      this.#length += line.length;
      resolve(this.#length);
    }
  }

  async #cutRest(): Promise<void> {
    await this.#handle.truncate(this.#length);
    this.#hasRest = false;
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
  return done;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/** `results.csv.old`, or the first of `results.csv.old-2`, `-3`, … that is free. */
async function freeName(path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${path}.old` : `${path}.old-${number}`;
    if ((await sizeOf(name)) === 0) {
      return name;
    }
  }
}
