import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';

const SCRIPT = 'script: { template: "Hi." }\n';
const ID = '1AbcDEFghiJKLmnoPQRstuVWXyz_0123456789-abcd';
const PATH = 'GOOGLE_SERVICE_ACCOUNT_JSON_PATH';

function parsed(sheets: string, env: Readonly<Record<string, string>> = {}) {
  return parseConfig(`${SCRIPT}google_sheets: ${sheets}\n`, { file: '/srv/config.yml', env })
    .sheets;
}

function problemsOf(sheets: string, env: Readonly<Record<string, string>> = {}): string {
  try {
    parsed(sheets, env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('google_sheets in config.yml', () => {
  it('needs a spreadsheet and a key file as soon as it is on, and nothing before', () => {
    expect(problemsOf(`{ service_account: "\${${PATH}}" }`)).toBe('');
    const text = problemsOf('{ enabled: true }');
    expect(text).toContain('google_sheets.spreadsheet_id: found nothing, allowed: the part of the');
    expect(text).toContain(
      'google_sheets.service_account: found nothing, allowed: "${GOOGLE_SERVI',
    );
    const missing = problemsOf(
      `{ enabled: true, spreadsheet_id: ${ID}, service_account: "\${${PATH}}" }`,
    );
    expect(missing).toContain(PATH);
  });

  it('takes a path from the folder of config.yml on, and a title in another language', () => {
    const on = `enabled: true, spreadsheet_id: "${ID}", service_account: "\${${PATH}}"`;
    expect(parsed(`{ ${on}, sheet: "Appels d'été" }`, { [PATH]: 'keys/robot.json\n' })).toEqual({
      enabled: true,
      spreadsheetId: ID,
      sheet: "Appels d'été",
      serviceAccount: '/srv/keys/robot.json',
      baseUrl: 'https://sheets.googleapis.com',
    });
    expect(parsed(`{ ${on} }`, { [PATH]: '/etc/robot.json' }).serviceAccount).toBe(
      '/etc/robot.json',
    );
  });

  it('can be taken from the shipped file as it is', () => {
    const shipped = readFileSync(new URL('../../config.yml', import.meta.url), 'utf8');
    const [, section = ''] = /\ngoogle_sheets:\n([^]*?)\n\n/.exec(shipped) ?? [];
    const written = section
      .replace('false', 'true')
      .replace(/^ {2}# /gm, '  ')
      .replace('…', ID);
    const text = `${SCRIPT}google_sheets:\n${written}\n`;
    const { sheets } = parseConfig(text, { file: '/srv/config.yml', env: { [PATH]: 'key.json' } });
    expect(sheets).toMatchObject({ enabled: true, spreadsheetId: ID, sheet: 'Calls' });
    expect(sheets.serviceAccount).toBe('/srv/key.json');
  });

  it('says that the key belongs into a file, without repeating it', () => {
    const on = `{ enabled: true, spreadsheet_id: ${ID}, service_account: "\${${PATH}}" }`;
    const text = problemsOf(on, { [PATH]: '{"private_key":"s3cret"}' });
    expect(text).toContain(
      'google_sheets.service_account: found the key itself, allowed: the path',
    );
    expect(text).not.toContain('s3cret');
  });

  it('wants the id of the spreadsheet, not its address, and a title', () => {
    const address = `https://docs.google.com/spreadsheets/d/${ID}/edit#gid=0`;
    expect(problemsOf(`{ spreadsheet_id: "${address}" }`)).toContain('between /d/ and /edit');
    expect(problemsOf('{ sheet: " " }')).toContain('the title of a sheet');
  });
});
