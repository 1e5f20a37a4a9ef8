/**
 * What Google Sheets answers when it does not do what it was asked, and what there is to do.
 * Errors: https://cloud.google.com/apis/design/errors; limits:
 * https://developers.google.com/workspace/sheets/api/limits.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import { type HttpResponse, jsonOf, refusal, type Said } from '../../domain/http-failure.ts';
import { at, listAt, textAt } from '../../domain/json-fields.ts';
import type { ServiceAccount } from './service-account.ts';

/** `append` is a write that may be done twice by accident. */
export type Asking = 'read' | 'write' | 'append';

export interface Asked {
  readonly account: Pick<ServiceAccount, 'email' | 'project'>;
  readonly spreadsheetId: string;
  readonly sheet: string;
  readonly asking: Asking;
}

const NAME = 'Google Sheets';

export function sheetRefusal(response: HttpResponse, asked: Asked): ServiceFailure {
  return refusal({ name: NAME, secrets: [] }, response, saidBy(response, asked));
}

/** It says that it did it, and does not say what. */
export function unusableAnswer(what: string, asking: Asking): ServiceFailure {
  return new ServiceFailure(`${NAME} answered 200, but ${what}; check google_sheets.base_url`, {
    kind: asking === 'append' ? 'unknown' : 'transient',
    scope: 'service',
    code: 'unusable_answer',
    status: 200,
  });
}

function saidBy(response: HttpResponse, asked: Asked): Said {
  const error = at(jsonOf(response), 'error');
  const reasons = listAt(error, 'details').map((one) => textAt(one, 'reason'));
  const reason = reasons.find((one) => one !== undefined);
  const message = textAt(error, 'message');
  const said = { message, code: reason ?? textAt(error, 'status') };
  const { status } = response;
  // A server, or a proxy, that gave up on a request may have done it all the same.
  const isGivenUp = status >= 500 || status === 408 || status === 499;
  if (isGivenUp && asked.asking === 'append') return { ...said, kind: 'unknown', scope: 'service' };
  if (status >= 500) return said;
  return { ...said, ...meaning(status, reason, message ?? '', asked) };
}

function meaning(status: number, reason: string | undefined, message: string, asked: Asked): Said {
  const { account, spreadsheetId } = asked;
  switch (status) {
    case 400:
      return ofRequest(message, asked);
    case 401:
      return {
        advice:
          `the key does not count (any more): it was revoked, the service account ` +
          `${account.email} deleted, or the clock of this machine is wrong. Make a new key and ` +
          'put its file where google_sheets.service_account says',
      };
    case 403:
      return ofRights(reason, message, asked);
    case 404:
      return {
        scope: 'service',
        advice:
          `there is no spreadsheet with the id ${spreadsheetId}: check ` +
          'google_sheets.spreadsheet_id, which stands in its address between /d/ and /edit',
      };
    default:
      return status >= 300 && status < 400
        ? { advice: 'redirects are not followed: check google_sheets.base_url' }
        : {};
  }
}

const QUOTA = /rate.?limit|quota/i;

function ofRights(reason: string | undefined, message: string, asked: Asked): Said {
  const { account, asking } = asked;
  if (QUOTA.test(reason ?? '') || QUOTA.test(message)) return { kind: 'transient' };
  if (reason === 'SERVICE_DISABLED' || /has not been used|is disabled/.test(message)) {
    const project = account.project === undefined ? '' : ` ${account.project}`;
    return {
      code: 'api_not_enabled',
      advice:
        `enable the Google Sheets API in the project${project}: ` +
        'console.cloud.google.com/apis/library/sheets.googleapis.com',
    };
  }
  return asking === 'read'
    ? {
        code: 'not_shared',
        advice: `share the spreadsheet with ${account.email}, as an editor`,
      }
    : {
        code: 'read_only',
        advice: `${account.email} may only read it: share the spreadsheet with it as an editor`,
      };
}

/** Of the sheet, not of one row: the next request would meet it too. */
function ofRequest(message: string, { sheet }: Asked): Said {
  if (/unable to parse range|exceeds grid limits|already exists/i.test(message)) {
    // Somebody has deleted, renamed, shortened or made it since it was looked for.
    return { kind: 'transient', scope: 'service', code: 'sheet_changed' };
  }
  if (/not supported for this document/i.test(message)) {
    return {
      scope: 'service',
      advice: 'it is an Excel file: open it and choose File > Save as Google Sheets',
    };
  }
  if (/protected/i.test(message)) {
    return { scope: 'service', advice: `let the service account edit the sheet ${sheet}` };
  }
  if (/limit of \d+ cells|number of cells/i.test(message)) {
    return { scope: 'service', code: 'full', advice: 'it is full: begin another spreadsheet' };
  }
  return { scope: 'service' };
}
