/**
 * The one way to the network. What a vendor's answer means is for its service to say; what no
 * answer means is said here.
 */
import type { Agent } from 'undici';
import { ServiceFailure } from '../domain/failure.ts';
import { parseRetryAfter } from '../domain/retry.ts';
import type { Clock, Http, HttpRequest, HttpResponse } from '../engine/ports.ts';

export interface HttpOptions {
  /** Name and version of the program, as every server is told. */
  readonly userAgent: string;
  readonly clock: Pick<Clock, 'wallMs'>;
}

type Undici = Pick<typeof import('undici'), 'request'> & { readonly agent: Agent };

const BYTES_MAX = 1_000_000;
/** Of the body of an error; the rest is not waited for. */
const ERROR_BYTES_MAX = 64_000;

/** Nothing is loaded or connected before the first request. Dispose of it to close connections. */
export function openHttp(options: HttpOptions): Http & AsyncDisposable {
  return new UndiciHttp(options);
}

/** `baseUrl` may have a path of its own, which is kept; `path` begins with a slash. */
export function urlUnder(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, '')}${path}`;
}

/** The same, for one account: what cannot be reached is said to be so by this key. */
export function atSetting(http: Http, setting: string): Http {
  return { send: (request) => http.send({ ...request, setting }) };
}

class UndiciHttp implements Http, AsyncDisposable {
  readonly #options: HttpOptions;
  #undici: Promise<Undici> | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { method, url, body = null, signal, bytesMax = BYTES_MAX } = request;
    signal.throwIfAborted();
    const undici = await this.#load();
    try {
      const answer = await undici.request(url, {
        dispatcher: undici.agent,
        method,
        // Compressed answers would need a bound of their own.
        headers: {
          'user-agent': this.#options.userAgent,
          'accept-encoding': 'identity',
          ...request.headers,
        },
        // A view onto a larger buffer is sent as it is.
        body: typeof body === 'string' || body === null ? body : Buffer.from(body),
        signal,
      });
      const headers = flat(answer.headers);
      const bytes =
        answer.statusCode >= 400 || request.cutsAnswer === true
          ? await upTo(answer.body, Math.min(bytesMax, ERROR_BYTES_MAX))
          : await whole(answer.body, bytesMax);
      return {
        status: answer.statusCode,
        headers,
        body: bytes,
        retryAfterMs: this.#retryAfterMs(headers),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw networkFailure(error, request);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const undici = await this.#undici;
    // Not `close`, which would wait for a request that was given up.
    await undici?.agent.destroy();
  }

  #load(): Promise<Undici> {
    this.#undici ??= import('undici').then(({ Agent, request }) => ({
      request,
      agent: new Agent({
        // One protocol, so that there is one set of failures to know.
        allowH2: false,
        connect: { timeout: CONNECT_MS_MAX },
        // The caller's signal is the deadline.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    }));
    return this.#undici;
  }

  #retryAfterMs(headers: Readonly<Record<string, string>>): number | undefined {
    const inMs = headers['retry-after-ms']?.trim() ?? '';
    return /^\d+(\.\d+)?$/.test(inMs)
      ? Math.min(Math.ceil(Number(inMs)), Number.MAX_SAFE_INTEGER)
      : parseRetryAfter(headers['retry-after'], this.#options.clock.wallMs());
  }
}

/** A connection that takes longer is not coming; what was never sent is safe to try again. */
const CONNECT_MS_MAX = 10_000;

function flat(headers: Readonly<Record<string, string | string[] | undefined>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

class BodyTooLarge extends Error {}

async function whole(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const bytes = await upTo(body, bytesMax + 1);
  if (bytes.length > bytesMax) {
    throw new BodyTooLarge(`the answer is longer than ${bytesMax} bytes`);
  }
  return bytes;
}

/** Stops reading there, which closes the connection. */
async function upTo(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytesMax) {
      break;
    }
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, bytesMax));
}

// ---------------------------------------------------------------------------- faults

/** Only ever said of a connection that could not be made; what else says so names `connect`. */
const UNCONNECTED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** The request had not begun: it is safe to try again, whatever it would have done. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name service does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${CONNECT_MS_MAX / 1_000} s`,
};

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
  UND_ERR_SOCKET: 'the connection was closed before the whole answer was there',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is shorter or longer than it said',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was being sent',
  ETIMEDOUT: 'the connection timed out',
  // Said of a read or a write too, once the way to the other side is lost.
  EHOSTUNREACH: 'there is no way to that host any more',
  ENETUNREACH: 'there is no network any more',
};

const NO_TLS = 'ERR_SSL_WRONG_VERSION_NUMBER';

/** The certificate was looked at and found wrong before anything was sent. */
const CERTIFICATE = /CERT|^ERR_TLS_|SIGNATURE|ISSUER|_CRL_/;

const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by nobody but itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'it is signed by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is signed by an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'what it is signed by is not sent along, or not known',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is made out to another host',
};

/** Whether the other side is there, and it is its certificate that keeps us from talking to it. */
export function isCertificateFault(error: unknown): boolean {
  return (
    error instanceof ServiceFailure && error.status === undefined && CERTIFICATE.test(error.code)
  );
}

/** What no network can cause is a bug, and thrown on as it is. */
function networkFailure(error: unknown, request: HttpRequest): unknown {
  const where = URL.parse(request.url)?.host ?? 'that address';
  const { idempotent, setting = 'its address' } = request;
  if (error instanceof BodyTooLarge) {
    return fault(`${where}: ${error.message}; check ${setting}`, 'body_too_large', idempotent);
  }
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return fault(`${where}: the answer is no HTTP; check ${setting}`, 'no_http', idempotent);
  }
  const { code, syscall } = faultOf(error);
  if (code === undefined || code === 'UND_ERR_INVALID_ARG' || error instanceof TypeError) {
    return error;
  }
  if (CERTIFICATE.test(code)) {
    return certificateFailure(code, where, setting);
  }
  if (code === NO_TLS) {
    const message = `${where} speaks no TLS (${code}); check ${setting}: https, or http?`;
    return fault(message, code, idempotent);
  }
  if (UNCONNECTED.has(code) || syscall === 'connect' || syscall === 'getaddrinfo') {
    const what = NEVER_SENT[code] ?? 'no connection';
    return fault(`cannot reach ${where}: ${what} (${code}); check ${setting}`, code, true);
  }
  const what = MAYBE_SENT[code] ?? 'the connection failed';
  return fault(`${where}: ${what} (${code})`, code, idempotent);
}

function certificateFailure(code: string, where: string, setting: string): ServiceFailure {
  const what = CERTIFICATE_WORDS[code];
  const why = what === undefined ? code : `${what} (${code})`;
  const advice = `check ${setting}, the clock of this machine, and NODE_EXTRA_CA_CERTS`;
  const message = `the certificate of ${where} cannot be trusted: ${why}; ${advice}`;
  return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code });
}

/** The error itself is not kept as a cause: a parser's error has the answer in it. */
function fault(message: string, code: string, repeatable: boolean): ServiceFailure {
  const kind = repeatable ? 'transient' : 'unknown';
  return new ServiceFailure(message, { kind, scope: 'service', code });
}

/** Of the first address that was tried, where a host has several. */
function faultOf(error: unknown): { code: string | undefined; syscall: string | undefined } {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const { code, syscall } = (first ?? error ?? {}) as { code?: unknown; syscall?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    syscall: typeof syscall === 'string' ? syscall : undefined,
  };
}
