import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { type ImportOptions, type ImportTally, importList } from '../../src/intake/import-list.ts';
import type { ListSource } from '../../src/intake/list-source.ts';
import { MemoryContacts } from '../support/memory-sink.ts';

export type Rejected = Extract<CampaignEvent, { readonly type: 'contact.rejected' }>;

/** A list in memory; the bytes come in pieces of the sizes given, the last one repeated. */
export function listOf(
  content: string | Uint8Array,
  sizes: readonly number[] = [65_536],
): ListSource {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  async function* open(): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (let piece = 0; at < bytes.length; piece += 1) {
      const size = sizes[Math.min(piece, sizes.length - 1)] ?? bytes.length;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  return { name: 'contacts.csv', open };
}

export interface Imported {
  readonly tally: ImportTally;
  readonly contacts: MemoryContacts;
  readonly rejected: readonly Rejected[];
}

/** Imports a list, by default into an empty campaign of a US operator. */
export async function imported(
  list: string | Uint8Array | ListSource,
  options: Partial<ImportOptions> & { readonly contacts?: MemoryContacts } = {},
): Promise<Imported> {
  const { contacts = new MemoryContacts(options.sameNumber), ...rest } = options;
  const rejected: Rejected[] = [];
  const tally = await importList({
    list: typeof list === 'string' || list instanceof Uint8Array ? listOf(list) : list,
    sink: contacts.sink(),
    defaultCountry: 'US',
    sameNumber: 'reject',
    emit: (event) => {
      if (event.type === 'contact.rejected') rejected.push(event);
    },
    ...rest,
  });
  return { tally, contacts, rejected };
}

/** What `work` rejects with; fails where it does not. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to fail');
}

/** An empty folder that is gone after the test. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'intake-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
