/** The routes over real HTTP on loopback, and who may ask. */
import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accessOf } from '../../src/web/access.ts';
import { openStatusServer, type StatusServerParts } from '../../src/web/server.ts';
import { AWAY, runStatus, service } from './statuses.ts';

const TOKEN = 'correct-horse-battery';
const ROUTES = ['/', '/health', '/api/health', '/live', '/ready', '/metrics'];

async function serve(more: Partial<StatusServerParts> = {}): Promise<string> {
  const server = await openStatusServer({
    host: '127.0.0.1',
    port: 0,
    token: undefined,
    status: () => runStatus(),
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('up 1\n') },
    ...more,
  });
  if ('problem' in server) throw new Error(server.problem);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server.url.replace(/\/$/, '');
}

/** `fetch` sets the host itself. */
function statusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the server', () => {
  it('answers each route in its own kind, and keeps nothing anywhere', async () => {
    const url = await serve();
    for (const [path, kind] of [
      ['/', 'text/html'],
      ['/health', 'application/json'],
      ['/api/health', 'application/json'],
      ['/live', 'application/json'],
      ['/ready', 'application/json'],
      ['/metrics', 'text/plain; version=0.0.4'],
    ] as const) {
      const answer = await fetch(`${url}${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers.get('content-type')).toContain(kind);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      const head = await fetch(`${url}${path}`, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const wrong = await fetch(`${url}${path}`, { method });
        expect([method, wrong.status]).toEqual([method, 405]);
        expect(wrong.headers.get('allow')).toBe('GET, HEAD');
        expect(await wrong.json()).toEqual({ error: 'this is only to look at: GET, HEAD' });
      }
    }
    const nowhere = await fetch(`${url}/nowhere`);
    expect(nowhere.status).toBe(404);
    expect(await nowhere.json()).toEqual({ error: 'not found', there_is: ROUTES });
    expect((await fetch(`${url}/nowhere`, { method: 'POST' })).status).toBe(404);
  });

  it('reads the state anew for each question', async () => {
    let now = runStatus();
    const url = await serve({ status: () => now });
    const codes = async () =>
      Promise.all(['/health', '/ready'].map(async (path) => (await fetch(url + path)).status));
    expect(await codes()).toEqual([200, 200]);
    now = runStatus({ services: [service('flite', 'tts', AWAY)], phase: 'draining' });
    expect(await codes()).toEqual([503, 503]);
  });

  it('says that it could not read what it could not read', async () => {
    const url = await serve({
      status: () => {
        throw new Error('the store is closed');
      },
    });
    const answer = await fetch(`${url}/health`);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ message: 'the store is closed' });
    expect((await fetch(`${url}/live`)).status).toBe(200);
  });

  it('says why it cannot listen, and ends with all its connections', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const parts = { token: undefined, status: () => runStatus() };
    const metrics = { contentType: 'text/plain', text: () => Promise.resolve('') };
    const refused = await openStatusServer({ ...parts, host: '127.0.0.1', port, metrics });
    const problem = `127.0.0.1:${port}: another program has that port`;
    expect('problem' in refused && refused.problem).toContain(problem);
    const served = await openStatusServer({ ...parts, host: '127.0.0.1', port: 0, metrics });
    if ('problem' in served) throw new Error(served.problem);
    await (await fetch(`${served.url}live`)).text();
    await served[Symbol.asyncDispose]();
    await expect(fetch(`${served.url}live`)).rejects.toThrow();
  });
});

describe('with a token', () => {
  it.each([
    ['nothing', undefined, 401],
    ['the token', `Bearer ${TOKEN}`, 200],
    ['the token as a password', `Basic ${btoa(`anybody:${TOKEN}`)}`, 200],
    ['a wrong token', 'Bearer wrong-horse-battery', 401],
    ['the beginning of it', `Bearer ${TOKEN.slice(0, -1)}`, 401],
    ['more than it', `Bearer ${TOKEN}s`, 401],
    ['no scheme', TOKEN, 401],
    ['it as a user', `Basic ${btoa(`${TOKEN}:`)}`, 401],
    ['it without a user', `Basic ${btoa(TOKEN)}`, 401],
  ])('%s', async (_what, authorization, code) => {
    const url = await serve({ token: TOKEN });
    for (const path of ROUTES) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await fetch(`${url}${path}`, { headers });
      const isOpen = path === '/live' || path === '/ready';
      expect([path, answer.status]).toEqual([path, isOpen ? 200 : code]);
      if (answer.status === 401) {
        expect(answer.headers.get('www-authenticate')).toMatch(/Basic realm=.*Bearer realm=/);
        expect(await answer.text()).not.toContain('spring');
      }
    }
  });

  it('any name of the machine will do', async () => {
    const url = await serve({ token: TOKEN });
    const headers = { host: 'runner.example.com', authorization: `Bearer ${TOKEN}` };
    expect(await statusFor(`${url}/health`, headers)).toBe(200);
  });
});

describe('without a token', () => {
  it('a page whose name was pointed here learns nothing', async () => {
    const url = await serve();
    for (const path of ROUTES) {
      expect(await statusFor(`${url}${path}`, { host: 'rebound.example.com' })).toBe(421);
    }
  });

  it.each([
    ['127.0.0.1:15000', 'allowed'],
    ['127.1.2.3', 'allowed'],
    ['LOCALHOST:80', 'allowed'],
    ['[::1]:15000', 'allowed'],
    ['localhost.example.com', 'misdirected'],
    ['127.0.0.1.example.com:15000', 'misdirected'],
    [undefined, 'misdirected'],
  ])('asked as %s: %s', (host, access) => {
    expect(accessOf({ path: '/live', host, authorization: undefined }, undefined)).toBe(access);
  });
});
