/**
 * A dialer that rings nobody: it puts what a phone would have played into a folder.
 */
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceFailure } from '../../domain/failure.ts';
import type { Dialer, DialRequest, Ended, Found, Placed } from '../../engine/ports.ts';
import { fileFailure, isSystemError, writeFailure } from '../file-failure.ts';
import { probeFolder } from '../folder.ts';

export interface PreviewSettings {
  /** Absolute path of the campaign's output folder; made again whenever it is not there. */
  readonly folder: string;
}

/** File systems allow 255 bytes; the temporary name and the ending want some of them. */
const ENCODED_ID_LENGTH_MAX = 160;
/** No links across file systems, on some file systems, or to one file too often. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

export function preview(settings: PreviewSettings): Dialer {
  return new Preview(settings.folder);
}

/**
 * The name of a contact's file: the id, with every byte outside `A-Z a-z 0-9 . _ + @ -` as `%` and
 * two hex digits, and so with a dot in front. Two ids never share a name. A long id is cut, and
 * told from others by its SHA-256 behind a `~`.
 */
export function previewFileName(contact: string): string {
  let encoded = '';
  for (const byte of Buffer.from(contact, 'utf8')) {
    const character = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_+@-]/.test(character) || (character === '.' && encoded !== '');
    encoded += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (encoded.length > ENCODED_ID_LENGTH_MAX) {
    const hash = createHash('sha256').update(contact, 'utf8').digest('hex');
    encoded = `${encoded.slice(0, ENCODED_ID_LENGTH_MAX - 65)}~${hash}`;
  }
  return `${encoded}.wav`;
}

class Preview implements Dialer {
  readonly name = 'preview';
  readonly role = 'dialer';
  readonly rings = false;
  readonly speaks = undefined;
  readonly hears = false;
  readonly account = undefined;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async probe(): Promise<void> {
    await probeFolder(this.#folder, this.name);
  }

  /** The file is whole or not there. Placing a call again writes the same file again. */
  async place(request: DialRequest): Promise<Placed> {
    const fileName = previewFileName(request.contact.id);
    const target = join(this.#folder, fileName);
    const source = audioOf(request);
    try {
      await mkdir(this.#folder, { recursive: true });
      await this.#put(source, target, request.call);
    } catch (error) {
      if (isSystemError(error) && error.code === 'ENOENT' && !(await isThere(source))) {
        throw new ServiceFailure(`preview: the audio is gone: ${source}`, {
          kind: 'permanent',
          scope: 'request',
          code: 'audio_missing',
          cause: error,
        });
      }
      throw writeFailure(error, 'preview: cannot write', target);
    }
    return { service: this.name, reference: fileName };
  }

  async follow(placed: Placed): Promise<Ended> {
    return { outcome: 'previewed', detail: placed.reference };
  }

  /** Placed if the file is there with this very sound; else writing it once more does no harm. */
  async find(request: DialRequest): Promise<Found> {
    const fileName = previewFileName(request.contact.id);
    const target = join(this.#folder, fileName);
    try {
      return (await isSameSound(audioOf(request), target))
        ? { state: 'placed', placed: { service: this.name, reference: fileName } }
        : { state: 'absent' };
    } catch (error) {
      if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
        return { state: 'absent' };
      }
      throw fileFailure(error, 'preview: cannot read', target);
    }
  }

  async hangUp(): Promise<void> {}

  async #put(source: string, target: string, call: string): Promise<void> {
    const temporary = join(this.#folder, `.${previewFileName(call)}.part`);
    try {
      // Left by a run that was killed.
      await rm(temporary, { force: true });
      await linkOrCopy(source, temporary);
      await rename(temporary, target);
    } finally {
      // Renaming one link of a file to another does nothing, and leaves both.
      await rm(temporary, { force: true });
    }
  }
}

/** Where audio was deleted after a call began, an empty path: that of a file that is not there. */
function audioOf({ audio }: DialRequest): string {
  return audio?.path ?? '';
}

/** A link takes no space: a list of 10,000 contacts would be some gigabytes of copies. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!isSystemError(error) || !NO_LINK.has(error.code)) {
      throw error;
    }
    await copyFile(source, target);
    const file = await open(target, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function isSameSound(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(one), stat(other)]);
  if (first.ino === second.ino && first.dev === second.dev) {
    return true;
  }
  if (first.size !== second.size || !second.isFile()) {
    return false;
  }
  const [firstBytes, secondBytes] = await Promise.all([readFile(one), readFile(other)]);
  return firstBytes.equals(secondBytes);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
