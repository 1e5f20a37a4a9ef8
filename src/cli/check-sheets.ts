/**
 * What `check` says of the Google spreadsheet: whether the key file can be used, and with --online
 * whether rows could be written. Writes nothing.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { openGoogleSheet } from '../observers/sheets/google-sheet.ts';
import { readServiceAccount } from '../observers/sheets/service-account.ts';
import { openHttp } from '../services/http.ts';
import type { Problem } from './check-speech.ts';
import { EXIT } from './exit.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
import type { World } from './world.ts';

/** `ready`: the key file is one, and nobody was asked. `works`: rows could be written now. */
export interface SheetCheck {
  readonly state: 'ready' | 'works' | 'key_file' | 'refused' | 'failing' | 'unreachable';
  /** One sentence, without a full stop. */
  readonly detail: string;
}

/** Undefined where no sheet is on. */
export async function checkSheet(
  world: World,
  { sheets, healthCheck }: Config,
  isOnline: boolean,
): Promise<SheetCheck | undefined> {
  if (!sheets.enabled) {
    return undefined;
  }
  try {
    const { email } = await readServiceAccount(sheets.serviceAccount);
    const target = `the sheet ${sheets.sheet} of the spreadsheet`;
    if (!isOnline) {
      return {
        state: 'ready',
        detail: `rows go to ${target} ${sheets.spreadsheetId}, as ${email}`,
      };
    }
    await using http = openHttp({ userAgent: USER_AGENT, clock: world.clock });
    const sheet = await openGoogleSheet(sheets, http);
    const { title, isMade } = await inLimit(world, healthCheck.timeoutMs, (signal) =>
      sheet.inspect(signal),
    );
    const made = isMade ? '' : ', which the first run makes';
    return { state: 'works', detail: `${email} may write to ${target} "${title}"${made}` };
  } catch (error) {
    return failed(error);
  }
}

/** For all of its requests together. */
async function inLimit<Answer>(
  { clock }: World,
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const limit = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    const message = `no answer to the check within ${timeoutMs / 1_000} s`;
    const about = { kind: 'transient', scope: 'service', code: 'timeout' } as const;
    limit.abort(new ServiceFailure(message, about));
  });
  try {
    return await ask(limit.signal);
  } finally {
    cancel();
  }
}

/** A bug is thrown on. */
function failed(error: unknown): SheetCheck {
  if (!(error instanceof ServiceFailure)) {
    throw error;
  }
  const { code, kind, status } = error;
  const detail = maskNumbers(error.message);
  if (code === 'key_file') return { state: code, detail };
  if (kind === 'permanent') return { state: 'refused', detail };
  return { state: status === undefined ? 'unreachable' : 'failing', detail };
}

const WORDS: Readonly<Record<SheetCheck['state'], string>> = {
  ready: 'not asked without --online',
  works: 'works',
  key_file: 'KEY FILE',
  refused: 'REFUSES',
  failing: 'FAILS',
  unreachable: 'NO ANSWER',
};

export function sheetLines({ state, detail }: SheetCheck): readonly string[] {
  return [`Google Sheets  ${WORDS[state]}  ${detail}`];
}

export function sheetProblems(check: SheetCheck | undefined): readonly Problem[] {
  if (check === undefined || check.state === 'ready' || check.state === 'works') {
    return [];
  }
  // The file is on this machine: nobody has to be asked to know that it is wrong.
  return check.state === 'key_file'
    ? [{ code: EXIT.config, text: check.detail }]
    : [{ code: EXIT.unavailable, text: `Google Sheets would take no rows now: ${check.detail}` }];
}
