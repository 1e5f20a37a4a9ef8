/**
 * A list of 1,000,000 rows taken in, against csv-parse's own stream over the same file. Each run is
 * a process of its own, so that its memory is its own.
 *
 *     node bench/intake.ts [rows]
 *
 * Bars: 30 s and 250 MB with the store.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import type { ContactSink } from '../src/engine/ports.ts';
import { importList } from '../src/intake/import-list.ts';
import { listFile } from '../src/intake/list-source.ts';
import { openStore } from '../src/store/sqlite.ts';

const ROWS = 1_000_000;
const SECONDS_MAX = 30;
const MEGABYTES_MAX = 250;

interface Figures {
  readonly rows: number;
  readonly seconds: number;
  readonly megabytes: number;
}

const WAYS: Readonly<Record<string, (path: string) => Promise<number>>> = {
  'csv-parse stream': countWithPeer,
  'intake, no-op sink': (path) => takeIn(path, noSink()),
  'intake, store': takeIntoStore,
};

async function countWithPeer(path: string): Promise<number> {
  let rows = 0;
  for await (const row of createReadStream(path).pipe(parse({ from_line: 2 }))) {
    if ((row as readonly string[]).length > 0) rows += 1;
  }
  return rows;
}

function noSink(): ContactSink {
  return { add: (contacts) => contacts.map(() => ({ type: 'added' })), finish: () => 0 };
}

async function takeIntoStore(path: string): Promise<number> {
  using store = openStore({ path: `${path}.db`, defer: setImmediate });
  return await takeIn(path, store.contacts('bench', { sameNumber: 'allow' }));
}

async function takeIn(path: string, sink: ContactSink): Promise<number> {
  const tally = await importList({
    list: listFile(path),
    sink,
    rejectsFile: `${path}.rejected.csv`,
    defaultCountry: 'US',
    sameNumber: 'allow',
    emit: () => {},
  });
  return tally.added;
}

/** Numbers from the block kept for fiction, in any area: +1 NXX 555 01XX. */
function* rows(count: number): Generator<string> {
  yield 'id,name,phone,appointment_day,appointment_time,clinic\n';
  for (let row = 0; row < count; row += 1) {
    const area = 200 + (row % 800);
    const last = String(row % 100).padStart(2, '0');
    const number = row % 2 === 0 ? `+1${area}55501${last}` : `(${area}) 555-01${last}`;
    yield `${row},Person ${row},${number},Monday,9:30 am,Maple Lane Dental\n`;
  }
}

function measured(way: string, path: string): Figures {
  const text = execFileSync(process.execPath, [import.meta.filename, '--way', way, path], {
    encoding: 'utf8',
  });
  return JSON.parse(text) as Figures;
}

async function measure(way: string, path: string): Promise<void> {
  const startMs = performance.now();
  const count = await WAYS[way]?.(path);
  const seconds = (performance.now() - startMs) / 1000;
  // Peak resident set; Node gives it in kilobytes.
  const megabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ rows: count, seconds, megabytes }));
}

async function compare(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-intake-'));
  try {
    const path = join(folder, 'contacts.csv');
    await pipeline(rows(count), createWriteStream(path));
    const size = ((await stat(path)).size / 2 ** 20).toFixed(0);
    console.log(`intake: ${count} rows, ${size} MB`);
    let peerSeconds = 0;
    for (const way of Object.keys(WAYS)) {
      const figures = measured(way, path);
      peerSeconds ||= figures.seconds;
      print(way, figures, figures.seconds / peerSeconds);
      if (figures.rows !== count) throw new Error(`${way}: ${figures.rows} rows of ${count}`);
    }
    console.log(`  bars with the store: ${SECONDS_MAX} s, ${MEGABYTES_MAX} MB`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function print(way: string, { seconds, megabytes }: Figures, ratio: number): void {
  const cells = [
    way.padEnd(20),
    `${seconds.toFixed(1)} s`.padStart(8),
    `${megabytes.toFixed(0)} MB peak`.padStart(12),
    `${ratio.toFixed(2)} x csv-parse`.padStart(18),
  ];
  console.log(`  ${cells.join('')}`);
}

const [first, way = '', path = ''] = process.argv.slice(2);
await (first === '--way' ? measure(way, path) : compare(Number(first ?? ROWS)));
