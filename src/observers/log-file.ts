/**
 * A log file that is set aside when it grows too long: `app.log` is always the current one,
 * `app.log.1` the one before it, and so on. Several processes may append to it at once.
 *
 * Every line is one write to a file opened for appending, which the system does not mix with
 * others; before each the file is looked at by its name (half a microsecond), so a process notices
 * at once when another has set the file aside. Who sets it aside holds `app.log.lock` meanwhile;
 * the others go on appending, and a file a few lines too long is no harm.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface LogFileOptions {
  readonly path: string;
  /** A line that would make it longer begins a new file; a single longer line is kept whole. */
  readonly maxSizeBytes: number;
  /** How many older files are kept, at least 1. */
  readonly keep: number;
  wallMs(): number;
  /** The file could not be set aside; it goes on growing. */
  rotationFailed(error: unknown): void;
}

/** A lock this old was left by a process that died within the milliseconds it is held. */
const LOCK_AGE_MS_MAX = 60_000;

interface Opened {
  readonly descriptor: number;
  readonly inode: number;
  readonly device: number;
}

export class LogFile {
  readonly #options: LogFileOptions;
  #opened: Opened | undefined;
  /** The file ends in the middle of a line: a disk was full, a process was killed. */
  #isTorn = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Appends one line, given with its line feed. Throws what the file system says. */
  append(line: string): void {
    const bytes = Buffer.byteLength(line);
    let sizeBytes = this.#look();
    if (sizeBytes > 0 && sizeBytes + bytes > this.#options.maxSizeBytes) {
      this.#rotate(bytes);
      sizeBytes = this.#look();
    }
    this.#write(this.#isTorn ? `\n${line}` : line);
  }

  close(): void {
    if (this.#opened !== undefined) {
      closeSync(this.#opened.descriptor);
      this.#opened = undefined;
    }
  }

  /** Makes sure that the open file is the one with the name; answers its length in bytes. */
  #look(): number {
    const found = statSync(this.#options.path, { throwIfNoEntry: false });
    const opened = this.#opened;
    if (found !== undefined && found.ino === opened?.inode && found.dev === opened.device) {
      return found.size;
    }
    this.close();
    return this.#open();
  }

  #open(): number {
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, 'a+');
    const { ino, dev, size } = fstatSync(descriptor);
    this.#opened = { descriptor, inode: ino, device: dev };
    this.#isTorn = isTorn(descriptor);
    return size;
  }

  #write(line: string): void {
    if (this.#opened === undefined) {
      return;
    }
    const { descriptor } = this.#opened;
    let written = writeSync(descriptor, line);
    const bytes = Buffer.byteLength(line);
    this.#isTorn = written < bytes;
    while (written < bytes) {
      // A disk that is getting full takes a part; the next write says why it takes no more.
      written += writeSync(descriptor, Buffer.from(line), written);
    }
    this.#isTorn = false;
  }

  #rotate(bytes: number): void {
    const { path, maxSizeBytes } = this.#options;
    const lock = `${path}.lock`;
    try {
      if (!this.#lock(lock)) {
        return;
      }
    } catch (error) {
      this.#options.rotationFailed(error);
      return;
    }
    try {
      // Another process may have done it between our look and our lock.
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) + bytes > maxSizeBytes) {
        this.#shift();
      }
    } catch (error) {
      this.#options.rotationFailed(error);
    } finally {
      rmSync(lock, { force: true });
    }
  }

  #lock(lock: string): boolean {
    try {
      closeSync(openSync(lock, 'wx'));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    const madeMs = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (madeMs !== undefined && Math.abs(this.#options.wallMs() - madeMs) > LOCK_AGE_MS_MAX) {
      rmSync(lock, { force: true }); // the next line that is too many gets it
    }
    return false;
  }

  #shift(): void {
    const { path, keep } = this.#options;
    for (let number = keep - 1; number >= 1; number--) {
      if (existsSync(`${path}.${number}`)) {
        renameSync(`${path}.${number}`, `${path}.${number + 1}`);
      }
    }
    renameSync(path, `${path}.1`);
  }
}

/** While another process writes a line, its first page may be seen without the rest. */
const WRITE_MS_MAX = 20;
const LINE_FEED = 0x0a;

/** Whether the file ends in the middle of a line that nobody is writing any more. */
function isTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0 || lastByte(descriptor, size) === LINE_FEED) {
    return false;
  }
  // Only a file that a kill or a full disk left behind is waited for, once.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WRITE_MS_MAX);
  const later = fstatSync(descriptor).size;
  return lastByte(descriptor, later) !== LINE_FEED && later === size;
}

function lastByte(descriptor: number, sizeBytes: number): number | undefined {
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, sizeBytes - 1);
  return byte[0];
}
