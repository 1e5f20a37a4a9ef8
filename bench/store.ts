// How many contacts a second the journal takes, with every commit on the disk: 50 lines at once,
// each writing what a processor writes for a whole call.
//
//   node bench/store.ts [contacts] [lines]

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contact } from '../src/domain/contact.ts';
import { type Claim, type Journal, STAGES } from '../src/engine/ports.ts';
import { openStore } from '../src/store/sqlite.ts';

const IMPORT_ROWS = 2_000;
const TEXT = 'Good morning, this is a reminder of your appointment on Tuesday at ten. '.repeat(4);

function contactOf(index: number): Contact {
  const area = 200 + (Math.floor(index / 100) % 800);
  return {
    id: `contact-${index}`,
    name: `Person ${index}`,
    phone: `+1${area}55501${String(index % 100).padStart(2, '0')}`,
    language: undefined,
    timezone: 'America/New_York',
    email: `person${index}@example.com`,
    variables: { appointment: 'Tuesday at ten', doctor: 'Dr. Example', clinic: 'Main Street' },
    line: index + 2,
  };
}

/** Everything one line writes for one contact; the last write is not waited for. */
async function work(journal: Journal, { key }: Claim): Promise<void> {
  const atMs = Date.now();
  const service = 'service';
  await journal.write(key, { type: 'step.begun', step: 'script', atMs });
  void journal.write(key, { type: 'script.ended', text: TEXT, service, atMs });
  await journal.write(key, { type: 'step.begun', step: 'speech', atMs });
  void journal.write(key, { type: 'speech.ended', hash: 'a'.repeat(64), service, atMs });
  void journal.write(key, { type: 'step.begun', step: 'dial', atMs });
  await journal.write(key, { type: 'attempt.begun', attempt: 1, service, atMs });
  const result = { type: 'placed', reference: 'reference' } as const;
  await journal.write(key, { type: 'attempt.ended', attempt: 1, result, atMs });
  const outcome = 'answered';
  void journal.write(key, { type: 'call.ended', outcome, detail: undefined, service, atMs });
  await journal.write(key, { type: 'step.begun', step: 'record', atMs });
  void journal.write(key, { type: 'record.ended', service, bytes: atMs, atMs });
}

async function line(journal: Journal): Promise<void> {
  for (;;) {
    const claim = await journal.claim(STAGES, Date.now(), randomUUID());
    if (claim === undefined) return;
    await work(journal, claim);
  }
}

function perSecond(count: number, startMs: number): string {
  const seconds = (performance.now() - startMs) / 1_000;
  return `${Math.round(count / seconds).toLocaleString('en')}/s (${seconds.toFixed(2)} s)`;
}

async function main(): Promise<void> {
  const contacts = Number(process.argv[2] ?? 20_000);
  const lines = Number(process.argv[3] ?? 50);
  const folder = mkdtempSync(join(tmpdir(), 'campaign-bench-'));
  let commits = 0;
  const defer = (flush: () => void): void => {
    setImmediate(() => {
      commits += 1;
      flush();
    });
  };
  try {
    using store = openStore({ path: join(folder, 'campaign.db'), defer });
    const sink = store.contacts('bench', { sameNumber: 'allow' });
    let startMs = performance.now();
    for (let from = 0; from < contacts; from += IMPORT_ROWS) {
      const rows = Math.min(IMPORT_ROWS, contacts - from);
      sink.add(Array.from({ length: rows }, (_, index) => contactOf(from + index)));
    }
    console.log(`taken in: ${perSecond(contacts, startMs)}`);
    const journal = store.journal('bench');
    startMs = performance.now();
    await Promise.all(Array.from({ length: lines }, () => line(journal)));
    await journal.settled();
    console.log(`worked: ${perSecond(contacts, startMs)}, ${commits} commits`);
    console.log(journal.counts());
    console.log(`memory: ${Math.round(process.memoryUsage.rss() / 1e6)} MB`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
