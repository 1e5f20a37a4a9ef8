import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../store-conformance/subjects.ts';
import { recounted } from './recount.ts';

const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
const CONTACTS = 400;
const ROUNDS = 10;

/** Runs the writer and kills it once it has said so many lines; answers what it said. */
async function killedAfter(path: string, linesMax: number): Promise<readonly string[]> {
  const args = ['--disable-warning=ExperimentalWarning', WRITER, path, String(CONTACTS)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > linesMax) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return said.split('\n').slice(0, -1);
}

/** What a line says, as SQL: ?1 the contact, ?2 the number of its call, ?3 the last word. */
const CHECKS: Readonly<Record<string, string>> = {
  claimed: `SELECT 1 FROM call JOIN contact k ON k.row = contact
    WHERE k.id = ?1 AND number = ?2 AND call.id = ?3`,
  attempt: `SELECT 1 FROM attempt JOIN contact k ON k.row = contact
    WHERE k.id = ?1 AND number = ?2 AND attempt = ?3`,
  ended: `SELECT 1 FROM call JOIN contact k ON k.row = contact
    WHERE k.id = ?1 AND number = ?2 AND call.outcome = ?3`,
  recorded: `SELECT 1 FROM step JOIN contact k ON k.row = contact
    WHERE k.id = ?1 AND number = ?2 AND step = 4 AND ended_ms IS NOT NULL AND k.queue = 0`,
};

function missing(database: DatabaseSync, said: readonly string[]): readonly string[] {
  return said.filter((line) => {
    const [what = '', contact = '', number, detail] = line.split(' ');
    const sql = CHECKS[what];
    if (sql === undefined) return what !== 'finished';
    const values = [contact, Number(number), ...(detail === undefined ? [] : [detail])];
    return database.prepare(sql).get(...values) === undefined;
  });
}

it('keeps all it acknowledged through ten kills, and finishes', async () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'campaign.db');
  try {
    const said: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // From at once to the middle of the work; the last one lives.
      const linesMax = round === ROUNDS - 1 ? Infinity : 1 + Math.floor(Math.random() * 150);
      said.push(...(await killedAfter(path, linesMax)));
      const database = new DatabaseSync(path);
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      expect(missing(database, said)).toEqual([]);
      const { kept, actual } = recounted(database, 'spring');
      expect(kept).toEqual(actual);
      database.close();
    }
    expect(said.at(-1)).toBe('finished');
    const database = new DatabaseSync(path);
    const { kept } = recounted(database, 'spring');
    expect(kept).toMatchObject({ calling: 0, queued: 0, put_off: 0 });
    expect((kept.done ?? 0) + (kept.uncertain ?? 0)).toBe(CONTACTS);
    // One call and one attempt each, whatever happened.
    expect(database.prepare('SELECT count(*) AS count FROM call').get()).toEqual({
      count: CONTACTS,
    });
    expect(database.prepare('SELECT count(*) AS count FROM attempt').get()).toEqual({
      count: CONTACTS,
    });
    database.close();
  } finally {
    folder.remove();
  }
}, 60_000);
