/**
 * The kill test in large, on the program itself: 100,000 made-up rows, run in portions with
 * `--limit`, killed with -9 at twenty random moments, then run to the end. Everybody must be
 * accounted for exactly once. It takes some minutes, so it is run by hand:
 *
 *     npm run test:kill            (or: node test/kill/large.ts [rows] [kills])
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';

const ROWS = Number(process.argv[2] ?? 100_000);
const KILLS = Number(process.argv[3] ?? 20);
const PROGRAM = fileURLToPath(new URL('../../bin/campaign.js', import.meta.url));
const CONFIG = `campaign: { lines: 50, same_number: allow }
script: { template: "Hello, this is {{ clinic }}." }
`;

async function writeList(path: string): Promise<void> {
  const list = createWriteStream(path);
  list.write('id,phone,clinic\n');
  for (let row = 1; row <= ROWS; row += 1) {
    const phone = `+1${200 + (row % 800)}5550${100 + (Math.floor(row / 800) % 100)}`;
    if (!list.write(`c${row},${phone},Clinic ${row % 10}\n`)) {
      await once(list, 'drain');
    }
  }
  list.end();
  await once(list, 'close');
}

function start(folder: string, ...options: readonly string[]): ChildProcess {
  const args = [PROGRAM, 'run', 'list.csv', '--quiet', ...options];
  return spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** The exit code, or the signal that ended it. */
async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal] = await once(child, 'exit');
  return code ?? signal;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'campaign-kill-'));
  try {
    writeFileSync(join(folder, 'config.yml'), CONFIG);
    await writeList(join(folder, 'list.csv'));
    const startMs = performance.now();
    const portion = String(Math.ceil(ROWS / KILLS));
    let kills = 0;
    for (let round = 1; kills < KILLS && round <= 3 * KILLS; round += 1) {
      const child = start(folder, '--limit', portion);
      const end = ended(child);
      await Promise.race([end, sleep(300 + Math.random() * 4_000)]);
      child.kill('SIGKILL');
      const how = await end;
      kills += how === 'SIGKILL' ? 1 : 0;
      if (how !== 'SIGKILL' && how !== 0) throw new Error(`round ${round} ended with ${how}`);
    }
    const last = await ended(start(folder));
    if (last !== 0) throw new Error(`the last run ended with ${last}`);
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    judge(folder);
    console.log(`${ROWS} rows, ${kills} kills, ${seconds} s: everybody exactly once`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(folder: string): void {
  const results: { contact: string }[] = parse(
    readFileSync(join(folder, 'out', 'list', 'results.csv')),
    { columns: true },
  );
  const contacts = new Set(results.map(({ contact }) => contact));
  const files = readdirSync(join(folder, 'out', 'list')).filter((name) => name.endsWith('.wav'));
  using store = new DatabaseSync(join(folder, 'data', 'campaign.db'), { readOnly: true });
  const count = (sql: string): unknown => Object.values(store.prepare(sql).get() ?? {})[0];
  const figures: Record<string, unknown> = {
    'rows of results.csv': results.length,
    'contacts in results.csv': contacts.size,
    'WAV files': files.length,
    'contacts done': count("SELECT count(*) FROM contact WHERE outcome = 'previewed'"),
    calls: count('SELECT count(*) FROM call'),
    'placed calls': count('SELECT count(*) FROM (SELECT DISTINCT contact, number FROM attempt)'),
  };
  console.log(figures);
  const wrong = Object.entries(figures).filter(([, figure]) => figure !== ROWS);
  if (wrong.length > 0) {
    throw new Error(`not ${ROWS}: ${wrong.map(([what]) => what).join(', ')}`);
  }
}

await main();
