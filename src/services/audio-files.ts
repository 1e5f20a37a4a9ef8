/**
 * Audio on disk, by the hash of what produced it.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DiskFailure } from '../domain/failure.ts';
import type { AudioFile, AudioStore, RandomSource, Speech } from '../engine/ports.ts';
import { fileProblem, isSystemError } from './file-failure.ts';
import { syncFolder } from './folder.ts';
import { isTelephoneFormat, telephoneDurationMs, type WavHeader, wavHeader } from './tts/wav.ts';

/** Enough for a header with the extra chunks that some vendors put before the sound. */
const HEADER_BYTES_MAX = 4096;

/**
 * Keeps audio under `folder`, in one folder per first two digits of the hash. Like the journal, it
 * must be writable for a call to be made: both methods reject with `DiskFailure` where the
 * operating system refuses (disk full, no permission).
 *
 * @param folder absolute path; made when first needed
 */
export function audioFiles(folder: string, random: Pick<RandomSource, 'id'>): AudioStore {
  return {
    find: (hash) => find(pathOf(folder, hash), hash),
    keep: (hash, speech) => keep(pathOf(folder, hash), hash, speech, random),
  };
}

function pathOf(folder: string, hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw new Error(`not a hash: ${hash}`);
  }
  return join(folder, hash.slice(0, 2), `${hash}.wav`);
}

/** A file that is not whole (a disk that lost power, a hand that cut it) counts as not there. */
async function find(path: string, hash: string): Promise<AudioFile | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER_BYTES_MAX), {
      position: 0,
    });
    const header = wavHeader(buffer.subarray(0, bytesRead));
    return header !== undefined && isWhole(header, size)
      ? audioFile(path, hash, header)
      : undefined;
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw storeFailure(error, 'cannot read', path);
  } finally {
    await file?.close();
  }
}

async function keep(
  path: string,
  hash: string,
  speech: Speech,
  random: Pick<RandomSource, 'id'>,
): Promise<AudioFile> {
  const header = wavHeader(speech.wav);
  if (header === undefined || !isWhole(header, speech.wav.length)) {
    throw new Error(`audio ${hash} is not 8 kHz, mono, 16 bit, or not whole`);
  }
  const folder = dirname(path);
  // Two runs may make the same sound at the same moment: each has its own name until it is whole.
  const temporary = join(folder, `${hash}.${random.id()}.part`);
  try {
    const folderMade = await mkdir(folder, { recursive: true });
    await writeDurably(temporary, speech.wav);
    await rename(temporary, path);
    await syncFolder(folder);
    if (folderMade !== undefined) {
      await syncFolder(dirname(folder));
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storeFailure(error, 'cannot write', path);
  }
  return audioFile(path, hash, header);
}

function isWhole(header: WavHeader, fileBytes: number): boolean {
  return isTelephoneFormat(header) && header.dataOffset + header.dataBytes <= fileBytes;
}

function audioFile(path: string, hash: string, header: WavHeader): AudioFile {
  return { hash, path, durationMs: telephoneDurationMs(header) };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function storeFailure(error: unknown, doing: string, path: string): unknown {
  return isSystemError(error)
    ? new DiskFailure(`the audio store ${doing} ${fileProblem(error, path)}`, error)
    : error;
}
