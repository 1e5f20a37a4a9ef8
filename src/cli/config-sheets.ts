/**
 * The section `google_sheets` of config.yml: its keys, what it means, and what must be true of it.
 */
import { z } from 'zod';
import type { SheetSettings } from '../observers/sheets/google-sheet.ts';
import type { Finding } from './config-problems.ts';
import { baseUrl, pattern, secret } from './config-schema-parts.ts';

const ID = "the part of the spreadsheet's address between /d/ and /edit";

export function sheetsKeys() {
  return {
    enabled: z
      .boolean({ error: 'true or false' })
      .default(false)
      .describe('Whether each finished or failed call gets a row in a Google spreadsheet.'),
    spreadsheet_id: z
      .string({ error: ID })
      .regex(/^\s*[\w-]{10,}\s*$/, { error: ID })
      .optional()
      .describe('Which spreadsheet: the part of its address between /d/ and /edit.'),
    sheet: pattern(
      /^(?=.*\S).{1,100}$/u,
      'the title of a sheet, 100 characters at most',
      'Calls',
      'Title of the sheet in it; made where it is missing.',
    ),
    service_account: secret(
      'Path of the key file (JSON) of a service account with which the spreadsheet is shared.',
      'GOOGLE_SERVICE_ACCOUNT_JSON_PATH',
    ),
    base_url: baseUrl('https://sheets.googleapis.com'),
  };
}

/** Where it is not enabled, what it needs may be empty. */
export interface SheetsConfig extends SheetSettings {
  readonly enabled: boolean;
}

type Written = z.output<z.ZodObject<ReturnType<typeof sheetsKeys>>>;

/** @param absolute makes a path start at the folder of config.yml */
export function sheetsConfig(file: Written, absolute: (path: string) => string): SheetsConfig {
  const path = (file.service_account ?? '').trim();
  return {
    enabled: file.enabled,
    spreadsheetId: (file.spreadsheet_id ?? '').trim(),
    sheet: file.sheet,
    // What is no path is left for the rule below, which does not repeat it.
    serviceAccount: path === '' || path.startsWith('{') ? path : absolute(path),
    baseUrl: file.base_url.replace(/\/+$/, ''),
  };
}

export function sheetsFindings(sheets: SheetsConfig): readonly Finding[] {
  if (!sheets.enabled) return [];
  const finding = (key: string, found: string, allowed: string): readonly Finding[] => [
    { path: ['google_sheets', key], found, allowed },
  ];
  const { spreadsheetId, serviceAccount } = sheets;
  return [
    ...(spreadsheetId === '' ? finding('spreadsheet_id', 'nothing', ID) : []),
    ...(serviceAccount === ''
      ? finding(
          'service_account',
          'nothing',
          '"${GOOGLE_SERVICE_ACCOUNT_JSON_PATH}", the path of the key file',
        )
      : []),
    ...(serviceAccount.startsWith('{')
      ? finding('service_account', 'the key itself', 'the path of the file that holds it')
      : []),
  ];
}
