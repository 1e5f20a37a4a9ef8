import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { selfSigned } from './self-signed.ts';

/** What a server was sent. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Anything but a text or bytes is sent as JSON. */
  readonly body?: unknown;
}

export interface Loopback {
  /** `http://127.0.0.1:…`, without a slash at its end. */
  readonly url: string;
  readonly requests: readonly Received[];
  /** Connections that were made. */
  readonly connections: () => number;
}

/** A server on this machine that is gone after the test. */
export async function loopback(
  answer: (request: Received, count: number) => Reply | Promise<Reply>,
): Promise<Loopback> {
  const requests: Received[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const received = { method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(received);
      void Promise.resolve(answer(received, requests.length)).then((reply) => {
        response.writeHead(reply.status ?? 200, reply.headers);
        response.end(bytesOf(reply.body));
      });
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: urlOf(server.address()), requests, connections: () => connections };
}

function bytesOf(body: unknown): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array
    ? body
    : body === undefined
      ? ''
      : JSON.stringify(body);
}

/** A server of bare sockets: told of each once its first bytes are there. Answers its URL. */
export async function rawServer(onRequest: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      onRequest(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return urlOf(server.address());
}

/** A server that a careful client does not talk to. Answers its URL, and what it was sent. */
export async function untrustedServer(): Promise<{ url: string; requests: readonly string[] }> {
  const requests: string[] = [];
  const server = createTlsServer(selfSigned(), (request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: urlOf(server.address()).replace('http:', 'https:'), requests };
}

/** A port on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = urlOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return url;
}

function urlOf(address: AddressInfo | string | null): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`;
}
