// A process to be killed: works a campaign on eight lines and says on stdout, line by line, what
// the journal has acknowledged.
//
//   node crash-writer.ts DATABASE CONTACTS

import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { type Claim, type Journal, STAGES } from '../../src/engine/ports.ts';
import { acquireRunLock } from '../../src/store/lock.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { contactOf, defer, entries } from '../store-conformance/subjects.ts';

const LINES = 8;
const campaign = 'spring';

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}

async function work(journal: Journal, { key, stage, finished }: Claim): Promise<void> {
  const { contact, number } = key;
  if (stage === 'dialling') {
    // It may have rung: nobody can tell.
    await journal.write(key, entries.callEnded('uncertain'));
    say('ended', contact, number, 'uncertain');
    return;
  }
  if (stage !== 'owed') {
    await journal.write(key, { type: 'step.begun', step: 'script', atMs: 1 });
    if (finished.script === undefined) void journal.write(key, entries.scriptEnded());
    if (finished.speech === undefined) void journal.write(key, entries.speechEnded());
    await journal.write(key, entries.attemptBegun());
    say('attempt', contact, number, 1);
    void journal.write(key, entries.attemptEnded({ type: 'placed', reference: 'CA1' }));
    await journal.write(key, entries.callEnded('answered'));
    say('ended', contact, number, 'answered');
  }
  await journal.write(key, entries.recordEnded());
  say('recorded', contact, number);
}

async function line(journal: Journal): Promise<void> {
  for (;;) {
    const claim = await journal.claim(STAGES, 0, randomUUID());
    if (claim === undefined) return;
    say('claimed', claim.key.contact, claim.key.number, claim.key.call);
    await work(journal, claim);
  }
}

async function main(path: string, contacts: number): Promise<void> {
  if (acquireRunLock({ store: path, campaign }) === 'held') throw new Error('the lock is held');
  using store = openStore({ path, defer });
  const journal = store.journal(campaign);
  journal.recover(0);
  const rows = Array.from({ length: contacts }, (_, index) => contactOf(`c${index}`));
  store.contacts(campaign, { sameNumber: 'allow' }).add(rows);
  await Promise.all(Array.from({ length: LINES }, () => line(journal)));
  say('finished');
}

const [path, contacts] = process.argv.slice(2);
await main(path ?? '', Number(contacts));
