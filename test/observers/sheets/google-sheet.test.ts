import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { realClock } from '../../../src/cli/world.ts';
import { openGoogleSheet, type SheetSettings } from '../../../src/observers/sheets/google-sheet.ts';
import { SHEET_HEADER } from '../../../src/observers/sheets/row.ts';
import { openHttp } from '../../../src/services/http.ts';
import { failureOf, NEVER } from '../../channels/support.ts';
import { deadUrl } from '../../support/loopback.ts';
import {
  DOWN,
  EMAIL,
  FakeGoogle,
  keyFile,
  QUOTA,
  refusedWith,
  SPREADSHEET,
} from './fake-google.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'campaign-sheets-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function opened(baseUrl: string, change: Partial<SheetSettings> = {}, key = keyFile()) {
  const serviceAccount = join(folder(), 'key.json');
  writeFileSync(serviceAccount, key);
  const http = openHttp({ userAgent: 'campaign/test', clock: realClock() });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const settings = { spreadsheetId: SPREADSHEET, sheet: 'Calls', serviceAccount, baseUrl };
  return await openGoogleSheet({ ...settings, ...change }, http);
}

const ROWS = [
  ['call-1', '2026-03-02T09:00:00.000Z', 'call.finished', 12],
  ['call-2', '2026-03-02T09:00:01.000Z', 'call.failed', '=1+1'],
];
const IDS = ROWS.map((cells) => cells.slice(0, 3).join(' '));

describe('a Google sheet', () => {
  it('is made with its header, once, and takes rows as they are', async () => {
    const google = await new FakeGoogle().listen();
    const sheet = await opened(google.url);
    await sheet.prepare(NEVER);
    await sheet.append(ROWS, NEVER);
    await sheet.prepare(NEVER);
    expect(google.sheets.get('Calls')).toEqual([[...SHEET_HEADER], ...ROWS]);
    expect(google.sheets.get('Sheet1')).toEqual([]);
    expect(google.count('batch')).toBe(1);
    expect(google.count('update')).toBe(1);
    const append = google.requests.find(({ kind }) => kind === 'append');
    expect(append?.path).toContain('valueInputOption=RAW');
    expect(append?.headers).toMatchObject({
      'user-agent': 'campaign/test',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    });
  });

  it('is asked without a round trip for a token, also behind a gateway with a path', async () => {
    const google = await new FakeGoogle().listen();
    google.prefix = '/gateway/google';
    const sheet = await opened(`${google.url}/gateway/google`);
    await sheet.prepare(NEVER);
    expect(google.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'PUT']);
    expect(google.requests[0]?.path).toMatch(/^\/gateway\/google\/v4\/spreadsheets\//);
  });

  it('is asked in our way, whatever the environment says of proxies and places', async () => {
    vi.stubEnv('HTTPS_PROXY', ':nowhere');
    vi.stubEnv('GOOGLE_CLOUD_UNIVERSE_DOMAIN', 'example.org');
    const google = await new FakeGoogle().listen();
    await (await opened(google.url)).prepare(NEVER);
    expect(google.requests).toHaveLength(3);
  });

  it('gets a header where it is there and empty, whatever is in its title', async () => {
    const google = await new FakeGoogle().listen();
    google.sheets.set("Bob's/calls", []);
    const sheet = await opened(google.url, { sheet: "bob's/calls" });
    await sheet.prepare(NEVER);
    expect(google.sheets.get("Bob's/calls")).toEqual([[...SHEET_HEADER]]);
    expect(google.sheets.size).toBe(2);
  });

  it('that is too narrow is made wider', async () => {
    const google = await new FakeGoogle().listen();
    google.sheets.set('Calls', []);
    google.columns.set('Calls', 3);
    const sheet = await opened(google.url);
    expect(await sheet.inspect(NEVER)).toMatchObject({ isMade: true });
    await sheet.prepare(NEVER);
    await sheet.prepare(NEVER);
    await sheet.append(ROWS, NEVER);
    expect(google.columns.get('Calls')).toBe(SHEET_HEADER.length);
    expect(google.sheets.get('Calls')).toEqual([[...SHEET_HEADER], ...ROWS]);
  });

  it('that holds something else is not written into', async () => {
    const google = await new FakeGoogle().listen();
    google.sheets.set('Calls', [['Invoice', 'Amount']]);
    const failure = await failureOf((await opened(google.url)).prepare(NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'other_header' });
    expect(await failureOf((await opened(google.url)).inspect(NEVER))).toEqual(failure);
    expect(failure.message).toContain('found Invoice, Amount; allowed: nothing, or call, time,');
    expect(google.sheets.get('Calls')).toEqual([['Invoice', 'Amount']]);
  });

  it('may have columns of other people behind ours', async () => {
    const google = await new FakeGoogle().listen();
    const header = [...SHEET_HEADER, 'who calls back?'];
    google.sheets.set('Calls', [header]);
    await (await opened(google.url)).prepare(NEVER);
    expect(google.sheets.get('Calls')).toEqual([header]);
  });

  it('knows which rows are there, however it was sorted', async () => {
    const google = await new FakeGoogle().listen();
    const others = Array.from({ length: 1500 }, (_, at) => [`x-${at}`, 'then', 'call.failed']);
    google.sheets.set('Calls', [[...SHEET_HEADER], ...ROWS.slice(0, 1), ...others]);
    const sheet = await opened(google.url);
    expect(await sheet.find(new Set(IDS), NEVER)).toEqual(new Set(IDS.slice(0, 1)));
    google.sheets.delete('Calls');
    expect(await sheet.find(new Set(IDS), NEVER)).toEqual(new Set());
  });
});

describe('what goes wrong', () => {
  const UNKNOWN = { kind: 'unknown', scope: 'service' };
  const PASSES = { kind: 'transient', scope: 'service' };

  it('may have been written where an append has no answer, and only there', async () => {
    const google = await new FakeGoogle().listen();
    const sheet = await opened(google.url);
    await sheet.prepare(NEVER);
    google.fault('append', { reset: true }, { answer: DOWN });
    google.fault('append', {
      answer: { status: 200, body: '<html>Log in to this network</html>' },
    });
    for (const status of [408, 499]) google.fault('append', { answer: { status, body: '' } });
    for (let lost = 0; lost < 5; lost += 1) {
      expect(await failureOf(sheet.append(ROWS, NEVER))).toMatchObject(UNKNOWN);
    }
    expect(google.rows()).toHaveLength(10);
    google.fault('append', { before: true, answer: QUOTA });
    expect(await failureOf(sheet.append(ROWS, NEVER))).toMatchObject({
      ...PASSES,
      code: 'RATE_LIMIT_EXCEEDED',
      status: 429,
    });
    google.fault('get', { reset: true }, { answer: DOWN });
    google.fault('get', { answer: { status: 200, body: '<html></html>' } });
    for (let lost = 0; lost < 3; lost += 1) {
      expect(await failureOf(sheet.prepare(NEVER))).toMatchObject(PASSES);
    }
    const nowhere = await opened(await deadUrl());
    expect(await failureOf(nowhere.append(ROWS, NEVER))).toMatchObject(PASSES);
  });

  it('ends with the signal, for its reason', async () => {
    const google = await new FakeGoogle().listen();
    google.always = { silent: true };
    const limit = new AbortController();
    const asked = (await opened(google.url)).prepare(limit.signal);
    const reason = new Error('too late');
    limit.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });

  const CASES: [string, (google: FakeGoogle) => void, object, RegExp][] = [
    [
      'a revoked key',
      (google) => {
        google.publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
      },
      { kind: 'permanent', status: 401 },
      /revoked, the service account robot@\S+ deleted, or the clock of this machine is wrong/,
    ],
    [
      'an API that is not enabled',
      (google) => {
        google.isApiEnabled = false;
      },
      { kind: 'permanent', code: 'api_not_enabled' },
      /enable the Google Sheets API in the project clinic-calls: console\.cloud\.google\.com/,
    ],
    [
      'a spreadsheet that is not shared',
      (google) => {
        google.role = 'none';
      },
      { kind: 'permanent', code: 'not_shared' },
      new RegExp(`permission; share the spreadsheet with ${EMAIL}, as an editor`),
    ],
    [
      'one that is shared for reading',
      (google) => {
        google.role = 'reader';
      },
      { kind: 'permanent', code: 'read_only' },
      new RegExp(`${EMAIL} may only read it: share the spreadsheet with it as an editor`),
    ],
    [
      'an Excel file',
      (google) => {
        const message = 'This operation is not supported for this document';
        google.fault('get', { answer: refusedWith(400, 'FAILED_PRECONDITION', message) });
      },
      { kind: 'permanent', scope: 'service' },
      /it is an Excel file: open it and choose File > Save as Google Sheets/,
    ],
    [
      'an old form of the quota',
      (google) => {
        const answer = refusedWith(403, 'PERMISSION_DENIED', 'User Rate Limit Exceeded');
        google.fault('get', { answer });
      },
      { kind: 'transient' },
      /User Rate Limit Exceeded/,
    ],
    [
      'a redirect',
      (google) => {
        google.fault('get', { answer: { status: 302, body: '' } });
      },
      { kind: 'permanent' },
      /redirects are not followed: check google_sheets\.base_url/,
    ],
  ];

  it.each(CASES)('is told: %s', async (_name, arrange, shape, words) => {
    const google = await new FakeGoogle().listen();
    arrange(google);
    const failure = await failureOf((await opened(google.url)).inspect(NEVER));
    expect(failure).toMatchObject(shape);
    expect(failure.message).toMatch(words);
    expect(failure.message).not.toMatch(/Bearer|123456789012|PRIVATE/);
  });

  it('is told: no such spreadsheet', async () => {
    const google = await new FakeGoogle().listen();
    const sheet = await opened(google.url, { spreadsheetId: 'not-the-right-one' });
    const failure = await failureOf(sheet.prepare(NEVER));
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'NOT_FOUND' });
    expect(failure.message).toContain('there is no spreadsheet with the id not-the-right-one');
  });

  it('passes where the sheet was deleted or made meanwhile', async () => {
    const google = await new FakeGoogle().listen();
    const sheet = await opened(google.url);
    await sheet.prepare(NEVER);
    google.sheets.delete('Calls');
    expect(await failureOf(sheet.append(ROWS, NEVER))).toMatchObject(PASSES);
    google.fault('batch', { reset: true });
    expect(await failureOf(sheet.prepare(NEVER))).toMatchObject(PASSES);
    await sheet.prepare(NEVER);
    await sheet.append(ROWS, NEVER);
    expect(google.sheets.get('Calls')).toEqual([[...SHEET_HEADER], ...ROWS]);
  });

  it('shows in a look that changes nothing', async () => {
    const google = await new FakeGoogle().listen();
    const sheet = await opened(google.url);
    expect(await sheet.inspect(NEVER)).toEqual({ title: 'Clinic calls', isMade: false });
    expect([...google.sheets]).toEqual([['Sheet1', []]]);
    await sheet.prepare(NEVER);
    expect(await sheet.inspect(NEVER)).toEqual({ title: 'Clinic calls', isMade: true });
    expect(google.sheets.get('Calls')).toEqual([[...SHEET_HEADER]]);
  });
});

describe('the key file', () => {
  const KEY = JSON.parse(keyFile());
  it.each([
    ['not JSON', 'abc', /it is not JSON; make a key for the service account/],
    ['a list', '[1]', /it is some other JSON, not the key of a service account/],
    ['an OAuth client', '{"installed":{}}', /it is the key of an OAuth client, not/],
    ['a login', '{"type":"authorized_user"}', /it is a person's own login, not/],
    ['without an address', keyFile({ client_email: '' }), /it has no client_email/],
    ['a key cut off', keyFile({ private_key: KEY.private_key.slice(0, 400) }), /not a whole key/],
    ['no key', keyFile({ private_key: undefined }), /its private_key is not a whole key/],
  ])('says what it is: %s', async (_name, text, words) => {
    const failure = await failureOf(opened('http://127.0.0.1:1', {}, text));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'key_file' });
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain('key.json');
    expect(failure.message).not.toContain('PRIVATE');
  });

  it('says that it is not there, or is none', async () => {
    const nowhere = opened('http://127.0.0.1:1', { serviceAccount: '/no/such/key.json' });
    expect((await failureOf(nowhere)).message).toContain(
      '/no/such/key.json: there is no such file',
    );
    const place = opened('http://127.0.0.1:1', { serviceAccount: folder() });
    expect((await failureOf(place)).message).toContain('it cannot be read (EISDIR)');
  });
});
