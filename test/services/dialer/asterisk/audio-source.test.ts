import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { audioSource } from '../../../../src/services/dialer/asterisk/audio-source.ts';
import { failureOf } from '../../support.ts';

const HASH = `ab${'0'.repeat(62)}`;
const WAVE = Buffer.from('RIFF, and what is said');

async function audioFolder(): Promise<{ folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'audio-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, HASH.slice(0, 2), `${HASH}.wav`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, WAVE);
  await writeFile(join(folder, 'secret.wav'), 'for nobody');
  return { folder, path };
}

/** A port of this machine, and what holds it until it is let go. */
async function heldPort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const free = (): Promise<unknown> => new Promise((resolve) => server.close(resolve));
  return { port: (server.address() as AddressInfo).port, free };
}

async function served() {
  const { folder, path } = await audioFolder();
  const { port, free } = await heldPort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const source = audioSource({ type: 'http', host: '127.0.0.1', port, publicUrl }, folder);
  onTestFinished(() => source[Symbol.asyncDispose]());
  return { source, publicUrl, free, audio: { hash: HASH, path, durationMs: 1_000 } };
}

test('a folder that both read is named as Asterisk sees it, without an ending', async () => {
  const { folder, path } = await audioFolder();
  const source = audioSource({ type: 'folder', path: '/sounds' }, folder);
  const audio = { hash: HASH, path, durationMs: 1_000 };
  expect(await source.media(audio)).toBe(`sound:/sounds/ab/${HASH}`);
});

test('the server gives out audio by its hash, with what a cache goes by', async () => {
  const { source, publicUrl, free, audio } = await served();
  await free();
  const media = await source.media(audio);
  expect(media).toBe(`sound:${publicUrl}/${HASH}.wav`);
  const address = media.replace('sound:', '');
  const response = await fetch(address);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('audio/wav');
  expect(response.headers.get('etag')).toBe(`"${HASH}"`);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(WAVE);
  const head = await fetch(`${address}?query`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(WAVE.length)]);
});

test.each([
  ['GET', '/secret.wav', 404],
  ['GET', `/${HASH.slice(0, 2)}/${HASH}.wav`, 404],
  ['GET', `/..%2f${HASH}.wav`, 404],
  ['GET', `/${'c'.repeat(64)}.wav`, 404],
  ['GET', '/', 404],
  ['POST', `/${HASH}.wav`, 405],
])('%s %s is answered with %i', async (method, path, status) => {
  const { source, publicUrl, free, audio } = await served();
  await free();
  await source.media(audio);
  expect((await fetch(`${publicUrl}${path}`, { method })).status).toBe(status);
});

test('a port that is taken rings nobody, and is taken as soon as it is free', async () => {
  const { source, publicUrl, free, audio } = await served();
  const failure = await failureOf(source.media(audio));
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'audio_server' });
  expect(failure.message).toContain('providers.asterisk-ari.audio_server.host and port');
  await free();
  expect(await source.media(audio)).toBe(`sound:${publicUrl}/${HASH}.wav`);
});
