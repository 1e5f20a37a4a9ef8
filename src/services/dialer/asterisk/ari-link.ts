/**
 * The websocket over which Asterisk tells what happens to our calls.
 */
import type { WebSocket } from 'ws';
import { ServiceFailure } from '../../../domain/failure.ts';
import type { Clock, HttpResponse } from '../../../engine/ports.ts';
import { type AriEvent, ariEvent } from './ari-events.ts';
import { ARI_NAME, type AriAccount, type AriWire, ariRefusal, basicAuth } from './ari-wire.ts';
import type { Link } from './connection.ts';

/** An event is some 1.5 kB; what is larger is none. */
const EVENT_BYTES_MAX = 1_000_000;

/** So long a connection that was given up is listened to: no network stands still for longer. */
const LATE_MS_MAX = 600_000;

const TRANSIENT = { kind: 'transient', scope: 'service' } as const;

export interface AriLinkParts {
  readonly wire: AriWire;
  readonly take: (event: AriEvent) => void;
  readonly clock: Clock;
  /** Aborts when the program ends. */
  readonly life: AbortSignal;
}

/**
 * Resolves when Asterisk took our password, has booted and sends events: never is anybody rung
 * before, for a call that is answered while nobody listens is hung up.
 *
 * @param take told of every event, in order; also of what a connection that was given up, because
 *   nothing came through any more, brings later, until another takes its place or `life` aborts
 */
export async function connectAri(
  account: AriAccount,
  { wire, take, clock, life }: AriLinkParts,
  signal: AbortSignal,
): Promise<Link> {
  await wire.info(signal);
  const { WebSocket } = await import('ws');
  const query = new URLSearchParams({ app: account.app });
  const url = `${account.url.replace(/^http/, 'ws')}/ari/events?${query.toString()}`;
  const headers = { authorization: basicAuth(account) };
  const socket = new WebSocket(url, {
    headers,
    maxPayload: EVENT_BYTES_MAX,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const link = new AriLink(socket, { wire, take, clock, life });
  await opened(socket, account, signal);
  return link;
}

function opened(socket: WebSocket, account: AriAccount, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      socket.terminate();
      reject(error as Error);
    };
    const onAbort = (): void => give(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('open', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
      give(ariRefusal(account, bare(statusCode)));
    });
    socket.once('error', (error) => give(broken(error)));
  });
}

function bare(status: number): HttpResponse {
  return { status, headers: {}, body: new Uint8Array(), retryAfterMs: undefined };
}

class AriLink implements Link {
  readonly lost: Promise<ServiceFailure>;
  readonly #socket: WebSocket;
  readonly #parts: AriLinkParts;
  #isReplaced = false;
  /** Ends what is listened to still after it was given up. */
  #end: (() => void) | undefined;

  constructor(socket: WebSocket, parts: AriLinkParts) {
    this.#socket = socket;
    this.#parts = parts;
    const { promise, resolve } = Promise.withResolvers<ServiceFailure>();
    this.lost = promise;
    socket.on('message', (data: Buffer) => {
      const event = ariEvent(data.toString('utf8'));
      if (event?.type === 'replaced') {
        this.#isReplaced = true;
        resolve(replaced());
        this.#end?.();
      } else if (event !== undefined) {
        parts.take(event);
      }
    });
    socket.on('error', (error) => resolve(broken(error)));
    socket.on('close', (code) => {
      const message = `${ARI_NAME}: the websocket was closed (${code})`;
      resolve(new ServiceFailure(message, { ...TRANSIENT, code: 'closed' }));
    });
  }

  /** Over both ways: each can be dead alone. */
  async ping(signal: AbortSignal): Promise<void> {
    const pong = new Promise<void>((resolve, reject) => {
      this.#socket.once('pong', () => resolve());
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    this.#socket.ping();
    await Promise.all([pong, this.#parts.wire.ping(signal)]);
  }

  /**
   * What Asterisk has told of our calls, a key that was pressed, it tells nobody else: where it
   * only stood still, or the network did, that comes yet.
   */
  close(): void {
    const { clock, life } = this.#parts;
    const socket = this.#socket;
    if (this.#isReplaced || life.aborted || socket.readyState !== socket.OPEN) {
      socket.terminate();
      return;
    }
    const end = (): void => {
      cancel();
      life.removeEventListener('abort', end);
      socket.terminate();
    };
    const cancel = clock.after(LATE_MS_MAX, end);
    life.addEventListener('abort', end);
    socket.once('close', end);
    this.#end = end;
  }
}

function broken(error: Error): ServiceFailure {
  const code = 'code' in error ? String(error.code) : 'websocket';
  const message = `${ARI_NAME}: the websocket failed: ${error.message}`;
  return new ServiceFailure(message, { ...TRANSIENT, code });
}

/** The other one is perhaps a run of the same campaign on another machine. */
function replaced(): ServiceFailure {
  const message =
    `${ARI_NAME}: another program has taken over our application, and hears of our calls in our ` +
    `place: give each its own providers.${ARI_NAME}.app`;
  const code = 'application_replaced';
  return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code });
}
