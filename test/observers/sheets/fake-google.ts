/**
 * Google Sheets on loopback: spreadsheets that can be read and written by those they are shared
 * with, requests that must be signed by the account's key, and faults. What is asked is done before
 * it is answered.
 */
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const EMAIL = 'robot@clinic-calls.iam.gserviceaccount.com';
export const SPREADSHEET = '1AbcDEFghiJKLmnoPQRstuVWXyz_0123456789-abcd';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What becomes of the answer to one request. `before`: it is not even done. */
export type Fault =
  | { readonly before?: boolean; readonly answer: Answer }
  | { readonly before?: boolean; readonly reset: true }
  | { readonly before?: boolean; readonly silent: true };

type Kind = 'get' | 'read' | 'update' | 'append' | 'batch';
type Cell = string | number | null;

export interface Asked {
  readonly kind: Kind;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface BatchRequest {
  readonly addSheet?: {
    readonly properties: {
      readonly title: string;
      readonly gridProperties?: { readonly columnCount: number };
    };
  };
  readonly appendDimension?: { readonly sheetId: number; readonly length: number };
}

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The key file of a service account, made for this test run. */
export function keyFile(change: object = {}): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'clinic-calls',
    private_key_id: 'abcdef0123456789',
    private_key: KEYS.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: EMAIL,
    ...change,
  });
}

/** As Google writes it. */
export function refusedWith(
  status: number,
  name: string,
  message: string,
  reason?: string,
): Answer {
  const details =
    reason === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }];
  return { status, body: { error: { code: status, message, status: name, details } } };
}

export const QUOTA = refusedWith(
  429,
  'RESOURCE_EXHAUSTED',
  "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user'",
  'RATE_LIMIT_EXCEEDED',
);
export const DOWN = refusedWith(503, 'UNAVAILABLE', 'The service is currently unavailable.');

export class FakeGoogle {
  /** By title, with every cell that was ever written. */
  readonly sheets = new Map<string, Cell[][]>([['Sheet1', []]]);
  /** Of the grid, where it is not 26. */
  readonly columns = new Map<string, number>();
  readonly requests: Asked[] = [];
  /** The next answers of a kind. */
  readonly faults: Partial<Record<Kind, Fault[]>> = {};
  /** For as long as it is set. */
  always: Fault | undefined;
  role: 'none' | 'reader' | 'writer' = 'writer';
  publicKey: KeyObject = KEYS.publicKey;
  isApiEnabled = true;
  /** What a gateway adds in front. */
  prefix = '';
  url = '';

  async listen(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#take(request, response, Buffer.concat(chunks).toString()));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  fault(kind: Kind, ...faults: Fault[]): void {
    this.faults[kind] = [...(this.faults[kind] ?? []), ...faults];
  }

  /** The rows of a sheet below its header, as records. */
  rows(title = 'Calls'): Record<string, Cell>[] {
    const [header = [], ...rows] = this.sheets.get(title) ?? [];
    return rows.map((cells) =>
      Object.fromEntries(header.map((name, index) => [String(name), cells[index] ?? ''])),
    );
  }

  count(kind: Kind): number {
    return this.requests.filter((one) => one.kind === kind).length;
  }

  #take(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { method = '', url: path = '', headers } = request;
    const kind = kindOf(method, path);
    this.requests.push({ kind, method, path, headers, body });
    const fault = this.always ?? this.faults[kind]?.shift();
    const answer = fault?.before === true ? undefined : this.#answer(kind, path, headers, body);
    if (fault !== undefined && 'reset' in fault) {
      request.socket.resetAndDestroy();
    } else if (fault === undefined || 'answer' in fault) {
      const { status, body: told } = fault?.answer ?? answer ?? DOWN;
      response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
      response.end(typeof told === 'string' ? told : JSON.stringify(told));
    }
  }

  #answer(kind: Kind, path: string, headers: IncomingMessage['headers'], body: string): Answer {
    const { pathname, searchParams } = new URL(path, this.url);
    const [, id, rest = ''] =
      /^\/v4\/spreadsheets\/([\w-]+)(.*)$/.exec(pathname.slice(this.prefix.length)) ?? [];
    if (!pathname.startsWith(this.prefix) || id === undefined) {
      return { status: 404, body: '<html>Not Found</html>' };
    }
    if (!this.#isSigned(headers.authorization ?? '')) {
      return refusedWith(
        401,
        'UNAUTHENTICATED',
        'Request had invalid authentication credentials. Expected OAuth 2 access token, login ' +
          'cookie or other valid authentication credential.',
        'ACCESS_TOKEN_TYPE_UNSUPPORTED',
      );
    }
    if (!this.isApiEnabled) {
      return refusedWith(
        403,
        'PERMISSION_DENIED',
        'Google Sheets API has not been used in project 123456789012 before or it is disabled. ' +
          'Enable it by visiting https://console.developers.google.com/apis/api/x?project=1 then ' +
          'retry.',
        'SERVICE_DISABLED',
      );
    }
    if (id !== SPREADSHEET) {
      return refusedWith(404, 'NOT_FOUND', 'Requested entity was not found.');
    }
    const isWrite = kind !== 'get' && kind !== 'read';
    if (this.role === 'none' || (isWrite && this.role === 'reader')) {
      return refusedWith(403, 'PERMISSION_DENIED', 'The caller does not have permission');
    }
    if (isWrite && kind !== 'batch' && searchParams.get('valueInputOption') !== 'RAW') {
      return refusedWith(400, 'INVALID_ARGUMENT', "'valueInputOption' is required to be RAW here");
    }
    return this.#done(kind, decodeURIComponent(rest), body);
  }

  #done(kind: Kind, rest: string, body: string): Answer {
    const json = body === '' ? {} : JSON.parse(body);
    if (kind === 'get') return { status: 200, body: this.#spreadsheet() };
    if (kind === 'batch') return this.#batch(json.requests);
    const { title, from, to, width } = rangeOf(
      rest.replace(/^\/values\//, '').replace(/:append$/, ''),
    );
    const rows = this.sheets.get(title ?? [...this.sheets.keys()][0] ?? '');
    if (rows === undefined) {
      return refusedWith(400, 'INVALID_ARGUMENT', `Unable to parse range: ${rest}`);
    }
    const values = json.values as Cell[][];
    const wanted = kind === 'read' ? width : (values[0]?.length ?? 0);
    const isOutside = from > gridRows(rows) || wanted > this.#columnsOf(title);
    if (isOutside && kind !== 'append') {
      return refusedWith(400, 'INVALID_ARGUMENT', `Range (${rest}) exceeds grid limits.`);
    }
    if (kind === 'read') {
      const found = rows.slice(from - 1, to).map((cells) => cells.slice(0, width));
      return { status: 200, body: { ...(found.length > 0 && { values: found }) } };
    }
    if (kind === 'update') {
      for (const [index, cell] of (values[0] ?? []).entries()) {
        if (cell !== null) (rows[0] ??= [])[index] = cell;
      }
      return { status: 200, body: { updatedRows: 1 } };
    }
    rows.push(...values);
    return { status: 200, body: { updates: { updatedRows: values.length } } };
  }

  #spreadsheet(): object {
    const sheets = [...this.sheets].map(([title, rows], sheetId) => {
      const gridProperties = { rowCount: gridRows(rows), columnCount: this.#columnsOf(title) };
      return { properties: { sheetId, title, gridProperties } };
    });
    return { properties: { title: 'Clinic calls' }, sheets };
  }

  #columnsOf(title: string | undefined): number {
    return this.columns.get(title ?? '') ?? 26;
  }

  #batch([request]: BatchRequest[]): Answer {
    if (request?.appendDimension !== undefined) {
      const { sheetId, length } = request.appendDimension;
      const title = [...this.sheets.keys()][sheetId];
      this.columns.set(title ?? '', this.#columnsOf(title) + length);
    }
    const { title, gridProperties } = request?.addSheet?.properties ?? {};
    if (title === undefined) return { status: 200, body: {} };
    if (this.sheets.has(title)) {
      const message = `A sheet with the name "${title}" already exists.`;
      return refusedWith(400, 'INVALID_ARGUMENT', message);
    }
    this.sheets.set(title, []);
    this.columns.set(title, gridProperties?.columnCount ?? 26);
    return { status: 200, body: {} };
  }

  /** As AIP-4111 has it: signed by the account's own key, for the scope, for an hour. */
  #isSigned(authorization: string): boolean {
    const [head = '', claims = '', signature = ''] = authorization
      .replace('Bearer ', '')
      .split('.');
    const signed = Buffer.from(`${head}.${claims}`);
    const isGenuine = verify(
      'RSA-SHA256',
      signed,
      this.publicKey,
      Buffer.from(signature, 'base64url'),
    );
    if (!isGenuine) return false;
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString());
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return (
      kid === 'abcdef0123456789' &&
      said.iss === EMAIL &&
      said.sub === EMAIL &&
      said.scope === 'https://www.googleapis.com/auth/spreadsheets' &&
      said.exp - said.iat === 3600
    );
  }
}

function gridRows(rows: readonly unknown[]): number {
  return Math.max(1000, rows.length);
}

function kindOf(method: string, path: string): Kind {
  const { pathname } = new URL(path, 'http://localhost');
  if (pathname.endsWith(':append')) return 'append';
  if (pathname.endsWith(':batchUpdate')) return 'batch';
  if (method === 'PUT') return 'update';
  return pathname.includes('/values/') ? 'read' : 'get';
}

function rangeOf(range: string) {
  const [, quoted, from = '1', last = 'A', to = from] =
    /^(?:'((?:[^']|'')+)'!)?[A-Z](\d+)(?::([A-Z])(\d+))?$/.exec(range) ?? [];
  const title = quoted?.replaceAll("''", "'");
  return { title, from: Number(from), to: Number(to), width: last.charCodeAt(0) - 64 };
}
