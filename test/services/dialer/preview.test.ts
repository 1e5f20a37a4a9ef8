import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AudioFile, Dialer, DialRequest } from '../../../src/engine/ports.ts';
import { preview, previewFileName } from '../../../src/services/dialer/preview.ts';
import { telephoneWav } from '../../../src/services/tts/wav.ts';
import { contactOf, failureOf, requestContext, sine, temporaryFolder } from '../support.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, link: vi.fn(real.link) };
});

interface Bench {
  readonly dialer: Dialer;
  readonly folder: string;
  readonly request: DialRequest & { readonly audio: AudioFile };
  readonly wav: Uint8Array;
}

async function bench(contact = contactOf({ id: 'dana' })): Promise<Bench> {
  const base = await temporaryFolder();
  const folder = join(base, 'out', 'spring');
  const path = join(base, 'audio.wav');
  const wav = telephoneWav(sine(440, 8000, 800));
  await writeFile(path, wav);
  const audio = { hash: 'a'.repeat(64), path, durationMs: 100 };
  const attempts = {
    begin: neverAsked,
    end: neverAsked,
    left: neverAsked,
    isOthers: neverThere,
    othersInDoubt: neverThere,
  };
  const said = { text: 'Hello', language: 'en', audio };
  const request = { call: 'call-1', contact, ...said, begunMs: 0, attempts };
  return { dialer: preview({ folder }), folder, request, wav };
}

/** Attempts are written down by whoever wraps a dialer. */
function neverAsked(): Promise<never> {
  throw new Error('a dialer writes down no attempts');
}

/** Nor does a preview ask whose a file is. */
function neverThere(): never {
  throw new Error('a preview looks for no call');
}

const context = requestContext();
const placed = { service: 'preview', reference: 'dana.wav' };

describe('previewFileName', () => {
  it.each([
    ['dana', 'dana.wav'],
    ['+14155550134', '+14155550134.wav'],
    ['row 7/b', 'row%207%2Fb.wav'],
    ['Zoë', 'Zo%C3%AB.wav'],
    ['..', '%2E..wav'],
    ['.hidden', '%2Ehidden.wav'],
    ['a.b', 'a.b.wav'],
    ['a\0b', 'a%00b.wav'],
    ['100%', '100%25.wav'],
  ])('%o is kept in %s', (id, name) => {
    expect(previewFileName(id)).toBe(name);
  });

  it('is one safe name per id, whatever the ids', () => {
    const ids = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string());
    fc.assert(
      fc.property(ids, ids, (one, other) => {
        const name = previewFileName(one);
        expect(name).toMatch(/^[A-Za-z0-9._+@%~-]+$/);
        expect(name.length).toBeLessThan(200);
        expect(name === previewFileName(other)).toBe(one === other);
        if (!name.includes('~')) {
          expect(decodeURIComponent(name.slice(0, -4))).toBe(one);
        }
      }),
    );
  });

  it('tells long ids apart that begin alike', () => {
    const start = 'x'.repeat(200);
    expect(previewFileName(`${start}1`)).not.toBe(previewFileName(`${start}2`));
    expect(previewFileName('ü'.repeat(54))).toContain('~');
    expect(previewFileName('ü'.repeat(26))).not.toContain('~');
  });
});

describe('preview', () => {
  it('rings nobody: it writes what would have been played, and says where', async () => {
    const { dialer, folder, request, wav } = await bench();
    expect(dialer.rings).toBe(false);
    expect(await dialer.place(request, context)).toEqual(placed);
    expect(new Uint8Array(await readFile(join(folder, 'dana.wav')))).toEqual(wav);
    expect(await dialer.follow(placed, request, context)).toEqual({
      outcome: 'previewed',
      detail: 'dana.wav',
    });
    await expect(dialer.hangUp(placed, context)).resolves.toBeUndefined();
  });

  it('takes no space on top of the audio', async () => {
    const { dialer, folder, request } = await bench();
    await dialer.place(request, context);
    const [kept, shown] = await Promise.all([
      stat(request.audio.path),
      stat(join(folder, 'dana.wav')),
    ]);
    expect(shown.ino).toBe(kept.ino);
  });

  it('copies where links are not possible', async () => {
    const { dialer, folder, request, wav } = await bench();
    vi.mocked(link).mockRejectedValueOnce(
      Object.assign(new Error('EXDEV'), { code: 'EXDEV', syscall: 'link' }),
    );
    await dialer.place(request, context);
    expect(new Uint8Array(await readFile(join(folder, 'dana.wav')))).toEqual(wav);
    expect((await stat(join(folder, 'dana.wav'))).nlink).toBe(1);
    expect(await dialer.find(request, context)).toEqual({ state: 'placed', placed });
  });

  it('leaves one file, also when a call is placed twice or was interrupted', async () => {
    const { dialer, folder, request, wav } = await bench();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.call-1.wav.part'), 'half');
    await dialer.place(request, context);
    await dialer.place(request, context);
    expect(await readdir(folder)).toEqual(['dana.wav']);
    expect(new Uint8Array(await readFile(join(folder, 'dana.wav')))).toEqual(wav);
  });

  it('replaces the sound of an earlier call', async () => {
    const { dialer, folder, request, wav } = await bench();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'dana.wav'), 'of yesterday');
    expect(await dialer.find(request, context)).toEqual({ state: 'absent' });
    await dialer.place(request, context);
    expect(new Uint8Array(await readFile(join(folder, 'dana.wav')))).toEqual(wav);
  });

  it('always knows what became of a call', async () => {
    const { dialer, folder, request, wav } = await bench();
    const file = join(folder, 'dana.wav');
    expect(await dialer.find(request, context)).toEqual({ state: 'absent' });
    await dialer.place(request, context);
    expect(await dialer.find(request, context)).toEqual({ state: 'placed', placed });
    await rm(file);
    expect(await dialer.find(request, context)).toEqual({ state: 'absent' });
    // Of the right length, yet another sound.
    await writeFile(file, wav.slice().fill(7, 44));
    expect(await dialer.find(request, context)).toEqual({ state: 'absent' });
    await writeFile(file, wav);
    expect(await dialer.find(request, context)).toEqual({ state: 'placed', placed });
    // The audio was deleted: it is made, and the call placed, again.
    const gone = { ...request, audio: { ...request.audio, path: '' } };
    expect(await dialer.find(gone, context)).toEqual({ state: 'absent' });
  });

  it('makes its folder again where someone deleted it', async () => {
    const { dialer, folder, request } = await bench();
    await dialer.place(request, context);
    await rm(folder, { recursive: true });
    await dialer.place(request, context);
    expect(await readdir(folder)).toEqual(['dana.wav']);
  });

  it('stays in its folder, whatever the id', async () => {
    const { dialer, folder, request } = await bench(contactOf({ id: '../../etc/x' }));
    await dialer.place(request, context);
    expect(await readdir(folder)).toEqual(['%2E.%2F..%2Fetc%2Fx.wav']);
  });

  it('says which audio is gone', async () => {
    const { dialer, request } = await bench();
    await rm(request.audio.path);
    expect(await failureOf(dialer.place(request, context))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'audio_missing',
      message: `preview: the audio is gone: ${request.audio.path}`,
    });
  });

  it('says what is wrong with its folder, to a call and to a probe', async () => {
    const { dialer, folder, request } = await bench();
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, 'a file of this name');
    expect(await failureOf(dialer.place(request, context))).toMatchObject({
      kind: 'permanent',
      scope: 'service',
      code: 'EEXIST',
      message:
        `preview: cannot write ${join(folder, 'dana.wav')}: ` +
        'something else has this name (EEXIST)',
    });
    const probed = await failureOf(dialer.probe(context.signal));
    expect(probed.message).toBe(
      `preview: cannot write in ${folder}: something else has this name (EEXIST)`,
    );
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'the file system is read-only'],
  ])('stops the run where the disk takes nothing: %s', async (code, reason) => {
    const { dialer, folder, request } = await bench();
    vi.mocked(link).mockRejectedValueOnce(
      Object.assign(new Error(code), { code, syscall: 'link' }),
    );
    await expect(dialer.place(request, context)).rejects.toMatchObject({
      name: 'DiskFailure',
      message: `preview: cannot write ${join(folder, 'dana.wav')}: ${reason} (${code})`,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['EIO', 'permanent', 'the disk reports an error'],
    ['EMFILE', 'transient', 'too many open files'],
  ])('calls %s by its name', async (code, kind, reason) => {
    const { dialer, folder, request } = await bench();
    vi.mocked(link).mockRejectedValueOnce(
      Object.assign(new Error(code), { code, syscall: 'link' }),
    );
    expect(await failureOf(dialer.place(request, context))).toMatchObject({
      kind,
      scope: 'service',
      code,
      message: `preview: cannot write ${join(folder, 'dana.wav')}: ${reason} (${code})`,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets a bug through as a bug', async () => {
    const { dialer, request } = await bench();
    vi.mocked(link).mockRejectedValueOnce(new TypeError('a bug'));
    await expect(dialer.place(request, context)).rejects.toThrow(TypeError);
  });

  it('is well where files can be made, and leaves none', async () => {
    const { dialer, folder } = await bench();
    await expect(dialer.probe(context.signal)).resolves.toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
});
