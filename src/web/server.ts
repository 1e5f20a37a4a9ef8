/**
 * The state of one run over HTTP: health, metrics, and a page for people. It only looks.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { RunStatus } from '../domain/run-status.ts';
import { accessOf } from './access.ts';
import { type Answer, apiHealthAnswer, healthAnswer, LIVE, readyAnswer } from './documents.ts';
import { addressOf, listen } from './listen.ts';
import { statusPage } from './page.ts';

export interface StatusServerParts {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Without one, everybody on this machine may ask. */
  readonly token: string | undefined;
  /** What is so at this moment. */
  readonly status: () => RunStatus;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export type StatusServer =
  | (AsyncDisposable & { readonly url: string })
  /** It cannot listen, and this is why. */
  | { readonly problem: string };

/** Nobody who looks at a run needs more, and nobody may take all its sockets. */
const CONNECTIONS_MAX = 64;
/** From the first byte of a question to its last. */
const QUESTION_MS_MAX = 10_000;

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const METHODS = 'GET, HEAD';
const ROUTES = ['/', '/health', '/api/health', '/live', '/ready', '/metrics'];

/** Listens until it is disposed of, and never keeps the process alive. Never rejects. */
export async function openStatusServer(parts: StatusServerParts): Promise<StatusServer> {
  const server = createAdaptorServer({
    fetch: routes(parts).fetch,
    // It would put its own Request and Response in the place of Node's, for the whole process.
    overrideGlobalObjects: false,
    serverOptions: { requestTimeout: QUESTION_MS_MAX, headersTimeout: QUESTION_MS_MAX },
  }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket) => socket.unref());
  const listening = await listen(server, parts.host, parts.port);
  if ('problem' in listening) return listening;
  return {
    url: `http://${addressOf(parts.host, listening.port)}/`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

function routes({ status, metrics, token }: StatusServerParts): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    const refusal = refusalOf(context, token);
    if (refusal !== undefined) return refusal;
    await next();
    return undefined;
  });
  const answer = (path: string, of: (now: RunStatus) => Answer): void => {
    app.get(path, (context) => {
      const { code, body } = of(status());
      return context.json(body, code);
    });
  };
  answer('/health', healthAnswer);
  answer('/api/health', apiHealthAnswer);
  answer('/ready', readyAnswer);
  // Without a look at the run: what cannot be read is no reason to restart the process.
  app.get('/live', (context) => context.json(LIVE.body, LIVE.code));
  app.get('/metrics', async (context) => {
    return context.body(await metrics.text(), 200, { 'content-type': metrics.contentType });
  });
  app.get('/', (context) => context.html(statusPage(status())));
  app.notFound((context) => {
    if (!ROUTES.includes(context.req.path)) {
      return context.json({ error: 'not found', there_is: ROUTES }, 404);
    }
    context.header('allow', METHODS);
    return context.json({ error: `this is only to look at: ${METHODS}` }, 405);
  });
  app.onError((error, context) => {
    return context.json({ error: 'this could not be read', message: error.message }, 500);
  });
  return app;
}

function refusalOf(context: Context, token: string | undefined): Response | undefined {
  const { path } = context.req;
  const host = context.req.header('host');
  const authorization = context.req.header('authorization');
  switch (accessOf({ path, host, authorization }, token)) {
    case 'allowed':
      return undefined;
    case 'misdirected':
      return context.json({ error: 'ask for localhost or 127.0.0.1, or set server.token' }, 421);
    case 'unauthorized': {
      context.header('www-authenticate', 'Basic realm="campaign", charset="UTF-8"');
      context.header('www-authenticate', 'Bearer realm="campaign"', { append: true });
      return context.json({ error: 'the token is missing or wrong' }, 401);
    }
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
