/**
 * Folders that services write in.
 */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFailure, isSystemError } from './file-failure.ts';

/**
 * Makes sure that files can be made in a folder, by making one. Throws a `ServiceFailure`.
 *
 * @param service who asks; also names the file, so that two of them do not meet
 */
export async function probeFolder(folder: string, service: string): Promise<void> {
  const path = join(folder, `.probe-${service}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'w');
    try {
      await file.write('.');
    } finally {
      await file.close();
    }
    await rm(path, { force: true });
  } catch (error) {
    throw fileFailure(error, `${service}: cannot write in`, folder);
  }
}

/** Makes a new name durable. Windows cannot open a folder, and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch (error) {
    if (isSystemError(error) && ['EISDIR', 'EPERM', 'EACCES'].includes(error.code)) {
      return;
    }
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
