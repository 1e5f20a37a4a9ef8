/**
 * The engine at work: 20,000 contacts on 50 lines, services that do nothing, the real store with
 * full durability. The peer is the same journal traffic without an engine (bench/store.ts writes
 * it); the bar is 5,000 contacts a second with flat memory.
 *
 *     node bench/engine.ts [contacts] [lines]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeEngine } from '../src/cli/compose.ts';
import type { Services } from '../src/cli/compose-services.ts';
import { parseConfig } from '../src/cli/config.ts';
import { realWorld } from '../src/cli/world.ts';
import type { Contact } from '../src/domain/contact.ts';
import { EventStream } from '../src/engine/event-stream.ts';
import type { AudioFile } from '../src/engine/ports.ts';
import { openStore, type Store } from '../src/store/sqlite.ts';

const CONTACTS = Number(process.argv[2] ?? 20_000);
const LINES = Number(process.argv[3] ?? 50);
const CAMPAIGN = 'bench';
const BATCH = 2_000;
const MEBIBYTE = 1024 * 1024;

function contactOf(number: number): Contact {
  const area = 200 + (Math.floor(number / 100) % 800);
  return {
    id: `c${number}`,
    name: `Contact ${number}`,
    phone: `+1${area}5550${100 + (number % 100)}`,
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: { clinic: 'Maple Lane Dental' },
    line: number + 1,
  };
}

function fill(store: Store): void {
  const sink = store.contacts(CAMPAIGN, { sameNumber: 'allow' });
  for (let from = 0; from < CONTACTS; from += BATCH) {
    const count = Math.min(BATCH, CONTACTS - from);
    sink.add(Array.from({ length: count }, (_, index) => contactOf(from + index + 1)));
  }
}

function idleServices(): Services {
  const probe = () => Promise.resolve();
  return {
    llm: [
      {
        name: 'template',
        role: 'llm',
        probe,
        write: ({ contact }) => Promise.resolve({ text: contact.id }),
      },
    ],
    tts: [
      {
        name: 'flite',
        role: 'tts',
        probe,
        voice: () => 'none',
        speak: () => Promise.resolve({ wav: new Uint8Array(0) }),
      },
    ],
    dialer: [
      {
        name: 'preview',
        role: 'dialer',
        rings: false,
        speaks: undefined,
        hears: false,
        account: undefined,
        probe,
        place: ({ call }) => Promise.resolve({ service: 'preview', reference: call }),
        follow: () => Promise.resolve({ outcome: 'answered' }),
        find: () => Promise.resolve({ state: 'unknown' }),
        hangUp: () => Promise.resolve(),
      },
    ],
    crm: [{ name: 'csv', role: 'crm', probe, record: () => Promise.resolve({}) }],
  };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'campaign-bench-'));
  const world = realWorld();
  const store = openStore({ path: join(folder, 'campaign.db'), defer: world.defer });
  try {
    fill(store);
    const config = parseConfig('script: { template: "Hello" }', { file: '/config.yml', env: {} });
    let memoryMax = 0;
    let calls = 0;
    const events = new EventStream((view, error) => {
      throw new Error(view, { cause: error });
    });
    events.listen('bench', ({ type }) => {
      if (type === 'call.finished' && ++calls % 1_000 === 0) {
        memoryMax = Math.max(memoryMax, process.memoryUsage().rss);
      }
    });
    const audio = (hash: string): AudioFile => ({ hash, path: '/none', durationMs: 0 });
    const { runner } = composeEngine({
      campaign: CAMPAIGN,
      config,
      policy: {
        lines: LINES,
        onOutage: 'skip',
        outageWaitMs: 60_000,
        limit: undefined,
        untilMs: undefined,
      },
      services: idleServices(),
      audio: {
        find: () => Promise.resolve(undefined),
        keep: (hash) => Promise.resolve(audio(hash)),
      },
      journal: store.journal(CAMPAIGN),
      breakers: store.breakers,
      clock: world.clock,
      random: world.random,
      emit: events.emit,
    });
    const memoryBefore = process.memoryUsage().rss;
    const startMs = performance.now();
    const never = new AbortController().signal;
    const end = await runner.run({ drain: never, stop: never });
    const seconds = (performance.now() - startMs) / 1_000;
    const rate = Math.round(calls / seconds);
    console.log(`engine: ${calls} contacts on ${LINES} lines in ${seconds.toFixed(2)} s (${end})`);
    console.log(`  ${rate} contacts/s, bar 5000, ratio to the bar ${(rate / 5_000).toFixed(2)}`);
    console.log(
      `  memory ${Math.round(memoryBefore / MEBIBYTE)} MB before, ` +
        `${Math.round(memoryMax / MEBIBYTE)} MB at most`,
    );
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
