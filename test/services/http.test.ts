import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Http, HttpRequest } from '../../src/engine/ports.ts';
import { atSetting, isCertificateFault, openHttp, urlUnder } from '../../src/services/http.ts';
import { deadUrl, loopback, rawServer, untrustedServer } from '../support/loopback.ts';
import { failureOf } from './support.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 9);

function client(): Http {
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => NOW_MS } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  return http;
}

function request(url: string, over: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', url, signal: new AbortController().signal, idempotent: false, ...over };
}

/** An answer as it stands on the wire. */
const wire = (head: string, body = ''): string => `HTTP/1.1 ${head}\r\n\r\n${body}`;

describe('a request', () => {
  it('is sent as it was given, under the name of the program', async () => {
    const server = await loopback(() => ({ body: { ok: true }, headers: { 'X-Id': 'r1' } }));
    const response = await client().send(
      request(`${server.url}/base/v1/calls?limit=1`, {
        headers: { authorization: 'Bearer test-key-1', 'content-type': 'application/json' },
        body: '{"text":"Grüße"}',
      }),
    );
    expect(response).toMatchObject({ status: 200, headers: { 'x-id': 'r1' } });
    expect(new TextDecoder().decode(response.body)).toBe('{"ok":true}');
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/base/v1/calls?limit=1',
        body: '{"text":"Grüße"}',
        headers: {
          authorization: 'Bearer test-key-1',
          'user-agent': 'campaign/test',
          'accept-encoding': 'identity',
        },
      },
    ]);
  });

  it('sends bytes as they are, also a part of a larger buffer', async () => {
    const server = await loopback(() => ({}));
    const body = new TextEncoder().encode('before|the part|after').subarray(7, 15);
    await client().send(request(server.url, { method: 'PUT', body }));
    expect(server.requests[0]?.body).toBe('the part');
  });

  it('shares connections with the one before', async () => {
    const server = await loopback(() => ({ body: 'x' }));
    const http = client();
    for (let count = 0; count < 5; count += 1) {
      await http.send(request(server.url, { method: 'GET' }));
    }
    expect(server.requests).toHaveLength(5);
    // The second begins before the first is wholly put away.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('joins headers that come several times', async () => {
    const server = await loopback(() => ({ headers: { 'X-Way': ['a', 'b'] } }));
    expect((await client().send(request(server.url))).headers['x-way']).toBe('a, b');
  });
});

describe('a base URL', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/v1/calls'],
    ['https://api.example.com/', 'https://api.example.com/v1/calls'],
    ['https://gateway.example.com/vendor//', 'https://gateway.example.com/vendor/v1/calls'],
  ])('%s keeps its path', (base, url) => {
    expect(urlUnder(base, '/v1/calls')).toBe(url);
  });
});

describe('an answer', () => {
  it.each([404, 429, 503])('%i is an answer like any other', async (status) => {
    const server = await loopback(() => ({ status, body: 'why' }));
    const response = await client().send(request(server.url));
    expect(response.status).toBe(status);
    expect(new TextDecoder().decode(response.body)).toBe('why');
  });

  it.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': 'Mon, 02 Mar 2026 09:01:00 GMT' }, 60_000],
    [{ 'retry-after': '3', 'retry-after-ms': '1250.5' }, 1_251],
    [{ 'retry-after': '3', 'retry-after-ms': 'soon' }, 3_000],
    [{ 'retry-after': 'later' }, undefined],
    [{}, undefined],
  ])('%j asks for a pause', async (headers, retryAfterMs) => {
    const server = await loopback(() => ({ status: 429, headers }));
    expect((await client().send(request(server.url))).retryAfterMs).toBe(retryAfterMs);
  });

  it('a redirect is not followed, whoever it names', async () => {
    const other = await loopback(() => ({ body: 'a secret went here' }));
    const server = await loopback(() => ({ status: 307, headers: { location: other.url } }));
    const response = await client().send(
      request(server.url, { headers: { authorization: 'Bearer test-key-1' } }),
    );
    expect(response).toMatchObject({ status: 307, headers: { location: other.url } });
    expect(other.requests).toEqual([]);
  });

  it('that is too long is given up, and the next request goes on', async () => {
    const server = await loopback((_, count) => ({ body: count === 1 ? 'x'.repeat(3e6) : 'y' }));
    const http = client();
    const idempotent = true;
    const failure = await failureOf(http.send(request(server.url, { idempotent })));
    expect(failure).toMatchObject({ kind: 'transient', scope: 'service', code: 'body_too_large' });
    expect(failure.message).toMatch(/longer than 1000000 bytes; check its address$/);
    const second = await http.send(request(server.url, { idempotent }));
    expect(new TextDecoder().decode(second.body)).toBe('y');
  });

  it('may be as long as its limit', async () => {
    const server = await loopback(() => ({ body: '12345' }));
    const { body } = await client().send(request(server.url, { bytesMax: 5 }));
    expect(body).toHaveLength(5);
    expect(await failureOf(client().send(request(server.url, { bytesMax: 4 })))).toMatchObject({
      kind: 'unknown',
      code: 'body_too_large',
    });
  });

  it('the body of an error is cut instead: its status is what matters', async () => {
    const server = await loopback(() => ({ status: 502, body: 'x'.repeat(3e6) }));
    const response = await client().send(request(server.url));
    expect(response.status).toBe(502);
    expect(response.body).toHaveLength(64_000);
  });

  it('so is that of a success, where nothing is wanted of it', async () => {
    const server = await loopback(() => ({ body: 'x'.repeat(3e6) }));
    const response = await client().send(request(server.url, { cutsAnswer: true }));
    expect(response).toMatchObject({ status: 200 });
    expect(response.body).toHaveLength(64_000);
  });
});

describe('a fault of the network', () => {
  it.each([true, false])('refused: nothing was sent (idempotent %s)', async (idempotent) => {
    const failure = await failureOf(client().send(request(await deadUrl(), { idempotent })));
    expect(failure).toMatchObject({ kind: 'transient', scope: 'service', code: 'ECONNREFUSED' });
    expect(failure.message).toMatch(
      /^cannot reach 127\.0\.0\.1:\d+: the connection was refused \(ECONNREFUSED\); check /,
    );
  });

  it('no TLS where TLS is expected', async () => {
    const url = (await loopback(() => ({}))).url.replace('http:', 'https:');
    const failure = await failureOf(client().send(request(url)));
    expect(failure).toMatchObject({ scope: 'service', code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
  });

  it('a certificate that nobody vouches for: the next request would find it too', async () => {
    const server = await untrustedServer();
    const failure = await failureOf(client().send(request(server.url)));
    expect(server.requests).toEqual([]);
    expect(failure).toMatchObject({
      kind: 'permanent',
      scope: 'service',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(failure.message).toContain('NODE_EXTRA_CA_CERTS');
    expect(isCertificateFault(failure)).toBe(true);
  });

  it('names the setting that its address is from', async () => {
    const http = atSetting(client(), 'providers.webhook.url');
    const dead = new URL(await deadUrl());
    const gone = await failureOf(http.send(request(dead.href)));
    expect(gone.message).toBe(
      `cannot reach ${dead.host}: the connection was refused (ECONNREFUSED); ` +
        'check providers.webhook.url',
    );
    const { url } = await untrustedServer();
    const untrusted = await failureOf(http.send(request(url)));
    expect(untrusted.message).toBe(
      `the certificate of ${new URL(url).host} cannot be trusted: it is signed by nobody but ` +
        'itself (DEPTH_ZERO_SELF_SIGNED_CERT); check providers.webhook.url, the clock of this ' +
        'machine, and NODE_EXTRA_CA_CERTS',
    );
    expect(isCertificateFault(gone)).toBe(false);
  });

  it('a name that does not exist: nothing was sent', async () => {
    const failure = await failureOf(client().send(request('http://nobody.invalid/v1')));
    expect(failure).toMatchObject({ kind: 'transient', scope: 'service' });
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(failure.code);
  });

  it.each([
    ['reset before the answer', 'ECONNRESET', (socket: Socket) => socket.resetAndDestroy()],
    ['closed before the answer', 'UND_ERR_SOCKET', (socket: Socket) => socket.end()],
    [
      'closed within the headers',
      'UND_ERR_SOCKET',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    ],
    [
      'closed within the body',
      'UND_ERR_SOCKET',
      (socket: Socket) => socket.end(wire('200 OK\r\nContent-Length: 100', 'only this')),
    ],
    [
      'closed within a chunk',
      'UND_ERR_SOCKET',
      (socket: Socket) => socket.end(wire('200 OK\r\nTransfer-Encoding: chunked', 'ff\r\nonly')),
    ],
    [
      'reset within the body',
      'ECONNRESET',
      (socket: Socket) => {
        socket.write(wire('200 OK\r\nContent-Length: 100', 'only this'), () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        );
      },
    ],
    ['no HTTP', 'no_http', (socket: Socket) => socket.end('220 mail.example.com test-key-1\r\n')],
  ] as const)('%s: it may have taken effect', async (_what, code, onRequest) => {
    const url = await rawServer(onRequest);
    const body = 'a body';
    const once = await failureOf(client().send(request(`${url}/v1?key=test-key-1`, { body })));
    expect(once).toMatchObject({ kind: 'unknown', scope: 'service', code });
    expect(inspect(once)).not.toContain('test-key-1');
    const again = await failureOf(client().send(request(url, { body, idempotent: true })));
    expect(again).toMatchObject({ kind: 'transient', scope: 'service', code });
  });

  it.each(['EHOSTUNREACH', 'ENETUNREACH', 'ECONNREFUSED'])(
    '%s of a connection that was made: it may have taken effect',
    async (code) => {
      let connected: Socket | undefined;
      const listen = (message: unknown): void => {
        connected = (message as { readonly socket: Socket }).socket;
      };
      subscribe('undici:client:connected', listen);
      onTestFinished(() => void unsubscribe('undici:client:connected', listen));
      // The kernel's word when the way is lost between the request and its answer.
      const url = await rawServer(() => {
        const lost = Object.assign(new Error(`read ${code}`), { code, syscall: 'read' });
        connected?.destroy(lost);
      });
      const body = 'a body';
      const once = await failureOf(client().send(request(url, { body })));
      expect(once).toMatchObject({ kind: 'unknown', scope: 'service', code });
      const again = await failureOf(client().send(request(url, { body, idempotent: true })));
      expect(again).toMatchObject({ kind: 'transient', scope: 'service', code });
    },
  );

  it('shows the host and nothing else of the URL', async () => {
    const base = (await deadUrl()).replace('http://', 'http://user:pass-word-1@');
    const url = `${base}/bot77:test-key-1/send?key=test-key-2&to=%2B14155550134`;
    const failure = await failureOf(client().send(request(url)));
    expect(inspect(failure, { depth: 9 })).not.toMatch(/pass-word|test-key|5550134/);
  });
});

describe('a signal', () => {
  const reason = new Error('time is up');

  it('that has aborted keeps the request from being sent', async () => {
    const server = await loopback(() => ({}));
    const signal = AbortSignal.abort(reason);
    await expect(client().send(request(server.url, { signal }))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['before the answer', ''],
    ['within the headers', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['within the body', wire('200 OK\r\nContent-Length: 100', 'only this')],
  ])('ends a slow request %s', async (_when, text) => {
    const controller = new AbortController();
    const url = await rawServer((socket) => {
      socket.write(text, () => setTimeout(() => controller.abort(reason), 20));
    });
    const sent = client().send(request(url, { signal: controller.signal }));
    await expect(sent).rejects.toBe(reason);
  });

  it('ends a request that waits for its connection', async () => {
    const controller = new AbortController();
    const sent = client().send(request(await deadUrl(), { signal: controller.signal }));
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
  });
});

describe('the end', () => {
  it('closes connections, and needs none to have been opened', async () => {
    await openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => NOW_MS } })[
      Symbol.asyncDispose
    ]();
    const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => NOW_MS } });
    const server = await loopback(() => ({ body: 'x' }));
    await http.send(request(server.url));
    await http[Symbol.asyncDispose]();
    const failure = await failureOf(http.send(request(server.url)));
    expect(failure.code).toBe('UND_ERR_DESTROYED');
  });

  it('a header that cannot be sent is a mistake of the program', async () => {
    const headers = { authorization: 'Bearer test-key-1\r\nx-more: 1' };
    const sent = client().send(request('http://127.0.0.1:9/', { headers }));
    const error: unknown = await sent.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
    expect(inspect(error)).not.toContain('test-key-1');
  });
});
