import { createHash } from 'node:crypto';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DiskFailure } from '../../src/domain/failure.ts';
import type { AudioStore } from '../../src/engine/ports.ts';
import { audioFiles } from '../../src/services/audio-files.ts';
import { telephoneWav } from '../../src/services/tts/wav.ts';
import { sine, temporaryFolder } from './support.ts';

const hash = createHash('sha256').update('slt\nHello').digest('hex');
const wav = telephoneWav(sine(440, 8000, 4000));

async function store(): Promise<{ files: AudioStore; folder: string; path: string }> {
  const folder = join(await temporaryFolder(), 'audio');
  let count = 0;
  const files = audioFiles(folder, {
    id: () => {
      count += 1;
      return `id-${count}`;
    },
  });
  return { files, folder, path: join(folder, hash.slice(0, 2), `${hash}.wav`) };
}

describe('audioFiles', () => {
  it('gives back what it was given, in a file of its own', async () => {
    const { files, folder, path } = await store();
    expect(await files.find(hash)).toBeUndefined();
    const kept = await files.keep(hash, { wav });
    expect(kept).toEqual({ hash, path, durationMs: 500 });
    expect(isAbsolute(kept.path)).toBe(true);
    expect(await files.find(hash)).toEqual(kept);
    expect(new Uint8Array(await readFile(path))).toEqual(wav);
    expect(await readdir(join(folder, hash.slice(0, 2)))).toEqual([`${hash}.wav`]);
  });

  it('serves two who make the same sound at the same moment', async () => {
    const { files, folder } = await store();
    const kept = await Promise.all(Array.from({ length: 8 }, () => files.keep(hash, { wav })));
    expect(new Set(kept.map(({ path }) => path)).size).toBe(1);
    expect(await readdir(join(folder, hash.slice(0, 2)))).toEqual([`${hash}.wav`]);
  });

  it('does not take a damaged file for audio, and mends it', async () => {
    const { files, path } = await store();
    const kept = await files.keep(hash, { wav });
    await truncate(path, wav.length - 2);
    expect(await files.find(hash)).toBeUndefined();
    await truncate(path, 0);
    expect(await files.find(hash)).toBeUndefined();
    await writeFile(path, 'not audio');
    expect(await files.find(hash)).toBeUndefined();
    expect(await files.keep(hash, { wav })).toEqual(kept);
    expect(await files.find(hash)).toEqual(kept);
  });

  it('begins anew where someone deleted the folder', async () => {
    const { files, folder } = await store();
    await files.keep(hash, { wav });
    await rm(folder, { recursive: true });
    expect(await files.find(hash)).toBeUndefined();
    await files.keep(hash, { wav });
    expect(await files.find(hash)).toBeDefined();
  });

  it('keeps nothing that a telephone could not play', async () => {
    const { files } = await store();
    for (const bad of [wav.subarray(0, -2), new Uint8Array(), Buffer.from('{"error":"quota"}')]) {
      await expect(files.keep(hash, { wav: bad })).rejects.toThrow('not 8 kHz, mono, 16 bit');
    }
    const wide = wav.slice();
    new DataView(wide.buffer).setUint32(24, 16_000, true);
    await expect(files.keep(hash, { wav: wide })).rejects.toThrow('not 8 kHz, mono, 16 bit');
    expect(await files.find(hash)).toBeUndefined();
  });

  it('takes only hashes for names', async () => {
    const { files } = await store();
    expect(() => files.find('../../etc/passwd')).toThrow('not a hash');
  });

  it('stops the run where nothing can be kept any more', async () => {
    const { files, folder } = await store();
    await writeFile(folder, 'a file of this name');
    const failure = await files.keep(hash, { wav }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DiskFailure);
    expect((failure as Error).message).toContain('the audio store cannot write');
    expect((failure as Error).message).toMatch(/something else has this name|is a file/);
    expect(await files.find(hash)).toBeUndefined();
  });
});
