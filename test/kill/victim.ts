/**
 * A run to be killed: the real engine and the real store, vendors that write down what they did in
 * a file before they answer, and a fuse that ends the process with kill -9 at the n-th thing that
 * happens: before or after a vendor's effect, before or after a commit.
 *
 *     node victim.ts FOLDER FUSE MEMORY
 *
 * FUSE is a count, 0 for none. MEMORY is `knows` for a dialer that can be asked about a call, or
 * `forgets` for one that cannot.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { composeEngine } from '../../src/cli/compose.ts';
import { parseConfig } from '../../src/cli/config.ts';
import { campaignFolders } from '../../src/cli/folders.ts';
import { resultsCall } from '../../src/cli/results-call.ts';
import { realWorld } from '../../src/cli/world.ts';
import { EventStream } from '../../src/engine/event-stream.ts';
import type { Dialer, Llm, Tts } from '../../src/engine/ports.ts';
import { audioFiles } from '../../src/services/audio-files.ts';
import { csvCrm } from '../../src/services/crm/csv.ts';
import { acquireRunLock } from '../../src/store/lock.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { openReports } from '../../src/store/sqlite-reports.ts';
import { contactOf } from '../support/engine-bench.ts';

export const CAMPAIGN = 'killed';
export const CONTACTS = 40;
export const LINES = 4;

const [folder = '', fuseText = '0', memory = 'knows'] = process.argv.slice(2);
const truthFile = join(folder, 'truth.log');
let fuse = Number(fuseText);

/** Something happened; the fuse may end here. */
function tick(): void {
  fuse -= 1;
  if (fuse === 0) {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** An effect in the world, which no kill takes back. */
function effect(...words: readonly string[]): void {
  tick();
  appendFileSync(truthFile, `${words.join(' ')}\n`);
  tick();
}

function hasRung(call: string): boolean {
  const truth = existsSync(truthFile) ? readFileSync(truthFile, 'utf8') : '';
  return truth.split('\n').some((line) => line.startsWith('rung ') && line.endsWith(` ${call}`));
}

const probe = () => Promise.resolve();

const llm: Llm = {
  name: 'template',
  role: 'llm',
  probe,
  write: async ({ contact }) => {
    effect('written', contact.id);
    return { text: `Hello ${contact.id}` };
  },
};

const tts: Tts = {
  name: 'flite',
  role: 'tts',
  probe,
  voice: () => 'test',
  speak: async ({ text }) => {
    effect('spoken', text.replace('Hello ', ''));
    return { wav: silence() };
  },
};

const dialer: Dialer = {
  name: 'preview',
  role: 'dialer',
  rings: false,
  speaks: undefined,
  hears: false,
  account: undefined,
  probe,
  place: async ({ contact, call }) => {
    effect('rung', contact.id, call);
    return { service: 'preview', reference: call };
  },
  follow: async () => ({ outcome: 'answered' }),
  find: async ({ call }) => {
    if (memory === 'forgets') {
      return { state: 'unknown' };
    }
    const placed = { service: 'preview', reference: call };
    return hasRung(call) ? { state: 'placed', placed } : { state: 'absent' };
  },
  hangUp: async () => undefined,
};

/** A whole WAV file of a hundred samples. */
function silence(): Uint8Array {
  const wav = Buffer.alloc(244);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(236, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8_000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(200, 40);
  return wav;
}

async function main(): Promise<void> {
  const world = realWorld();
  const path = join(folder, 'campaign.db');
  const config = parseConfig('script: { template: "Hello" }\noutput: { folder: out }\n', {
    file: join(folder, 'config.yml'),
    env: {},
  });
  const defer = (flush: () => void): void => {
    world.defer(() => {
      tick();
      flush();
      tick();
    });
  };
  using store = openStore({ path, defer });
  using lock = acquireLock(path);
  const journal = store.journal(CAMPAIGN);
  journal.recover(world.clock.wallMs());
  const sink = store.contacts(CAMPAIGN, { sameNumber: 'allow' });
  sink.add(Array.from({ length: CONTACTS }, (_, index) => contactOf(index + 1)));
  sink.finish();
  using reports = openReports({ path });
  const folders = campaignFolders(config, CAMPAIGN);
  mkdirSync(folders.output, { recursive: true });
  await using crm = csvCrm({
    file: folders.results,
    ledger: {
      bytes: () => reports.resultsBytes(CAMPAIGN),
      hasOpenRecords: () => reports.hasOpenRecords(CAMPAIGN),
      *recorded() {
        for (const call of reports.calls(CAMPAIGN, { recorded: true })) {
          yield resultsCall(CAMPAIGN, call);
        }
      },
    },
  });
  await crm.open();
  const { runner } = composeEngine({
    campaign: CAMPAIGN,
    config,
    policy: {
      lines: LINES,
      onOutage: 'skip',
      outageWaitMs: 10_000,
      limit: undefined,
      untilMs: undefined,
    },
    services: { llm: [llm], tts: [tts], dialer: [dialer], crm: [crm] },
    audio: audioFiles(folders.audio, world.random),
    journal,
    breakers: store.breakers,
    clock: world.clock,
    random: world.random,
    emit: new EventStream((view, error) => {
      throw new Error(view, { cause: error });
    }).emit,
  });
  const never = new AbortController().signal;
  await runner.run({ drain: never, stop: never });
  lock.release();
}

function acquireLock(store: string) {
  const lock = acquireRunLock({ store, campaign: CAMPAIGN });
  if (lock === 'held') {
    throw new Error('the killed run left its lock behind');
  }
  return lock;
}

// Now, since who is killed writes none: the next victim need not compile all this again.
flushCompileCache();
await main();
