import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Why nothing could be written below a folder that may not exist yet; undefined where it could.
 * Nothing is made to find out.
 */
export async function folderProblem(folder: string): Promise<string | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) {
      return `${folder} is a file; allowed: a folder`;
    }
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const parent = dirname(folder);
    if ((code === 'ENOENT' || code === 'ENOTDIR') && parent !== folder) {
      return folderProblem(parent);
    }
    return `${folder} cannot be written: ${message}`;
  }
}

/** The same for a file that is there or would be made, and for others that are made beside it. */
export async function fileProblem(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).isDirectory()) {
      return `${path} is a folder; allowed: a file`;
    }
    await access(path, constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') {
      return `${path} cannot be written: ${message}`;
    }
  }
  return folderProblem(dirname(path));
}
