import { createReadStream } from 'node:fs';
import { ListError } from './list-error.ts';

/** A list's bytes, and what messages call it. */
export interface ListSource {
  readonly name: string;
  /** Opened once per import. May throw `ListError`. */
  open(): AsyncIterable<Uint8Array>;
}

/** Large enough that the cost per chunk vanishes, small enough not to be seen in memory. */
const CHUNK_BYTES = 64 * 1024;

/** The list at `path`; `name` is how the operator typed it. */
export function listFile(path: string, name = path): ListSource {
  return { name, open: () => fileBytes(path, name) };
}

async function* fileBytes(path: string, name: string): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of stream) {
      yield chunk as Uint8Array;
    }
  } catch (error) {
    throw fileError(error, name);
  }
}

function fileError(error: unknown, name: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined) {
    return error;
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'Check the spelling and the folder you are in.';
    return new ListError('not_found', `${name}: there is no such file.`, hint, error);
  }
  if (code === 'EISDIR') {
    const message = `${name} is a folder. Allowed: a CSV file.`;
    return new ListError('is_folder', message, 'Name the file in it.', error);
  }
  const denied = code === 'EACCES' || code === 'EPERM';
  const hint = denied ? `Let this user read it: chmod u+r ${name}` : undefined;
  const reason = denied ? 'this user may not read it' : (error as Error).message;
  return new ListError('unreadable', `${name} cannot be read: ${reason} (${code}).`, hint, error);
}
