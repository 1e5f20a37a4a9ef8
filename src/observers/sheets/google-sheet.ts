/**
 * One sheet of a Google spreadsheet, through Google's own library: it signs the requests and knows
 * the addresses. The way to the network is ours, and so is what an answer means.
 */
import type { sheets_v4 } from '@googleapis/sheets';
import { ServiceFailure } from '../../domain/failure.ts';
import type { Http, HttpRequest, RowCell } from '../../engine/ports.ts';
import { type Asking, sheetRefusal, unusableAnswer } from './google-answers.ts';
import { ID_COLUMNS, rowId, SHEET_HEADER } from './row.ts';
import type { RowSheet } from './row-outbox.ts';
import { readServiceAccount, type ServiceAccount } from './service-account.ts';

export interface SheetSettings {
  readonly spreadsheetId: string;
  /** Title of the sheet in it. */
  readonly sheet: string;
  /** Absolute path of the key file. */
  readonly serviceAccount: string;
  /** Absolute; without a slash at its end. A path in it is kept. */
  readonly baseUrl: string;
}

/** What is there before the first row is written. */
export interface SheetFound {
  /** Of the spreadsheet. */
  readonly title: string;
  /** The sheet is there; else the first run makes it. */
  readonly isMade: boolean;
}

/** What the library hands to its fetch. */
type Fetch = (...args: Parameters<typeof fetch>) => ReturnType<typeof fetch>;
type Options = Omit<sheets_v4.Options, 'version'>;
type Properties = Pick<sheets_v4.Schema$SheetProperties, 'sheetId' | 'title' | 'gridProperties'>;

const SCOPE = 'https://www.googleapis.com/auth/spreadsheets';
/** Three short columns of so many rows are some 4 MB. */
const ROWS_PER_PAGE = 40_000;
const BYTES_MAX = 8_000_000;

/** Loads Google's library; connects to nothing. Throws `ServiceFailure` of the key file. */
export async function openGoogleSheet(settings: SheetSettings, http: Http): Promise<GoogleSheet> {
  const account = await readServiceAccount(settings.serviceAccount);
  const { auth, sheets } = await import('@googleapis/sheets');
  const jwt = new auth.JWT({
    email: account.email,
    key: account.privateKey,
    ...(account.keyId !== undefined && { keyId: account.keyId }),
    scopes: [SCOPE],
  });
  // Google takes what the key has signed itself (AIP-4111): no token has to be fetched.
  jwt.useJWTAccessWithScope = true;
  // Said, so that no other is taken from the environment.
  const api = sheets({ version: 'v4', auth: jwt, universeDomain: 'googleapis.com' });
  return new GoogleSheet(settings, account, api.spreadsheets, http);
}

export class GoogleSheet implements RowSheet {
  readonly #settings: SheetSettings;
  readonly #account: ServiceAccount;
  readonly #api: sheets_v4.Resource$Spreadsheets;
  readonly #http: Http;
  /** As Google has it. */
  #title: string;

  constructor(
    settings: SheetSettings,
    account: ServiceAccount,
    api: sheets_v4.Resource$Spreadsheets,
    http: Http,
  ) {
    this.#settings = settings;
    this.#account = account;
    this.#api = api;
    this.#http = http;
    this.#title = settings.sheet;
  }

  /** Makes the sheet and its header where they are missing. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { own } = await this.#look(signal);
    if (own === undefined) {
      await this.#make(signal);
      await this.#writeHeader(signal);
    } else if (!(await this.#hasHeader(own, signal))) {
      await this.#widen(own, signal);
      await this.#writeHeader(signal);
    }
  }

  async append(rows: readonly (readonly RowCell[])[], signal: AbortSignal): Promise<void> {
    const answer = await this.#ask('append', signal, (options) =>
      this.#api.values.append(
        {
          spreadsheetId: this.#settings.spreadsheetId,
          range: this.#range('A1'),
          // As they are: nothing becomes a formula, a date or a number.
          valueInputOption: 'RAW',
          insertDataOption: 'INSERT_ROWS',
          requestBody: { values: rows.map((cells) => [...cells]) },
        },
        options,
      ),
    );
    const { updatedRows } = answer.updates ?? {};
    if (updatedRows !== rows.length) {
      throw unusableAnswer(`not that ${rows.length} rows were written`, 'append');
    }
  }

  /** Looks from the end on, where they would be if nobody has sorted the sheet. */
  async find(ids: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { own } = await this.#look(signal);
    const found = new Set<string>();
    let to = own?.gridProperties?.rowCount ?? 0;
    while (to > 0 && found.size < ids.size) {
      const from = Math.max(1, to - ROWS_PER_PAGE + 1);
      for (const cells of await this.#read(`A${from}:${columnName(ID_COLUMNS)}${to}`, signal)) {
        const id = rowId(cells);
        if (ids.has(id)) found.add(id);
      }
      to = from - 1;
    }
    return found;
  }

  /** Whether rows could be written now. Changes nothing. */
  async inspect(signal: AbortSignal): Promise<SheetFound> {
    const { title, own } = await this.#look(signal);
    const isMade = own !== undefined;
    if (isMade) await this.#hasHeader(own, signal);
    // A value of null is passed over: https://developers.google.com/workspace/sheets/api/reference
    // /rest/v4/spreadsheets.values#ValueRange. Whoever may only read is refused all the same.
    await this.#put(isMade ? this.#range('A1') : 'A1', [[null]], signal);
    return { title, isMade };
  }

  async #look(signal: AbortSignal): Promise<{ title: string; own: Properties | undefined }> {
    const { spreadsheetId, sheet } = this.#settings;
    const fields = 'properties.title,sheets.properties(sheetId,title,gridProperties)';
    const answer = await this.#ask('read', signal, (options) =>
      this.#api.get({ spreadsheetId, fields }, options),
    );
    if (!Array.isArray(answer.sheets)) throw unusableAnswer('not with a spreadsheet', 'read');
    // Titles that differ only in case are the same to Google.
    const own = answer.sheets
      .map(({ properties }) => properties)
      .find((properties) => properties?.title?.toLowerCase() === sheet.toLowerCase());
    this.#title = own?.title ?? sheet;
    return { title: answer.properties?.title ?? '', own };
  }

  async #make(signal: AbortSignal): Promise<void> {
    const title = this.#settings.sheet;
    const gridProperties = { frozenRowCount: 1, columnCount: SHEET_HEADER.length };
    await this.#change({ addSheet: { properties: { title, gridProperties } } }, signal);
  }

  /** What lies outside of the grid can be neither read nor written. */
  async #widen(own: Properties, signal: AbortSignal): Promise<void> {
    const { sheetId = 0 } = own;
    const length = SHEET_HEADER.length - columnsOf(own);
    if (length <= 0) return;
    await this.#change({ appendDimension: { sheetId, dimension: 'COLUMNS', length } }, signal);
  }

  async #change(request: sheets_v4.Schema$Request, signal: AbortSignal): Promise<void> {
    const { spreadsheetId } = this.#settings;
    await this.#ask('write', signal, (options) =>
      this.#api.batchUpdate({ spreadsheetId, requestBody: { requests: [request] } }, options),
    );
  }

  /** What belongs to somebody else is not written into. */
  async #hasHeader(own: Properties, signal: AbortSignal): Promise<boolean> {
    const last = columnName(Math.min(SHEET_HEADER.length, columnsOf(own)));
    const [cells = []] = await this.#read(`A1:${last}1`, signal);
    if (cells.every((cell) => cell === '')) return false;
    if (SHEET_HEADER.every((name, index) => cells[index] === name)) return true;
    const { sheet } = this.#settings;
    const shown = cells.slice(0, 5).map(String).join(', ').slice(0, 100);
    throw new ServiceFailure(
      `the first row of the sheet ${sheet} is another one: found ${shown}; allowed: nothing, or ` +
        `${SHEET_HEADER.slice(0, 5).join(', ')} and so on. Name another with google_sheets.sheet`,
      { kind: 'permanent', scope: 'service', code: 'other_header' },
    );
  }

  async #writeHeader(signal: AbortSignal): Promise<void> {
    await this.#put(this.#range('A1'), [[...SHEET_HEADER]], signal);
  }

  async #put(
    range: string,
    values: readonly (readonly (RowCell | null)[])[],
    signal: AbortSignal,
  ): Promise<void> {
    const { spreadsheetId } = this.#settings;
    const requestBody = { values: values.map((cells) => [...cells]) };
    await this.#ask('write', signal, (options) =>
      this.#api.values.update(
        { spreadsheetId, range, valueInputOption: 'RAW', requestBody },
        options,
      ),
    );
  }

  async #read(cells: string, signal: AbortSignal): Promise<readonly (readonly unknown[])[]> {
    const { spreadsheetId } = this.#settings;
    const range = this.#range(cells);
    const { values = [] } = await this.#ask('read', signal, (options) =>
      this.#api.values.get(
        { spreadsheetId, range, valueRenderOption: 'UNFORMATTED_VALUE' },
        options,
      ),
    );
    return values ?? [];
  }

  #range(cells: string): string {
    return `'${this.#title.replaceAll("'", "''")}'!${cells}`;
  }

  async #ask<Answer extends object>(
    asking: Asking,
    signal: AbortSignal,
    request: (options: Options) => Promise<{ readonly data: Answer }>,
  ): Promise<Answer> {
    let data: Answer;
    try {
      const answer = await request({
        fetchImplementation: this.#fetch(asking, signal),
        responseType: 'json',
        // Ours to decide; and ours to connect, so a proxy from the environment is not looked for.
        retry: false,
        noProxy: [/./],
      });
      data = answer.data;
    } catch (error) {
      signal.throwIfAborted();
      throw causeOf(error);
    }
    if (typeof data !== 'object' || data === null) throw unusableAnswer('not with JSON', asking);
    return data;
  }

  #fetch(asking: Asking, signal: AbortSignal): Fetch {
    const { baseUrl, spreadsheetId, sheet } = this.#settings;
    return async (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init?.headers);
      const { body } = init ?? {};
      const response = await this.#http.send({
        method: (init?.method ?? 'GET') as HttpRequest['method'],
        url: `${baseUrl}${pathname}${search}`,
        headers: Object.fromEntries(
          ['authorization', 'content-type'].flatMap((name) => {
            const value = headers.get(name);
            return value === null ? [] : [[name, value]];
          }),
        ),
        ...(typeof body === 'string' && { body }),
        signal,
        idempotent: asking !== 'append',
        bytesMax: BYTES_MAX,
      });
      if (response.status < 200 || response.status >= 300) {
        throw sheetRefusal(response, { account: this.#account, spreadsheetId, sheet, asking });
      }
      return new Response(new TextDecoder().decode(response.body));
    };
  }
}

/** The library wraps what its fetch throws. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && !(cause instanceof ServiceFailure)) {
    if (cause.cause === undefined) return error;
    cause = cause.cause;
  }
  return cause;
}

function columnsOf({ gridProperties }: Properties): number {
  return gridProperties?.columnCount ?? SHEET_HEADER.length;
}

/** `A` for 1. There are fewer than 27 columns. */
function columnName(number: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + number - 1);
}
