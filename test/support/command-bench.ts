/** Whole commands in a folder of their own, with the embedded services. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommandLine } from '../../src/cli/main.ts';
import { type Clock, STAGES } from '../../src/engine/ports.ts';
import { openStore, type Store } from '../../src/store/sqlite.ts';
import { contactOf, entries } from '../store-conformance/subjects.ts';
import { type FakeWorld, fakeWorld } from './fake-world.ts';

const AUDIO = 'data/audio';

/** The same words for everybody: the voice speaks them once. */
export const CONFIG = 'script: { template: "Hi." }\n';

export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly cores?: number;
  /** Told of the world before the command begins. */
  readonly meet?: (world: FakeWorld) => void;
}

/** What the voice has said in this process, by file name: it need not say it in every folder. */
const spoken = new Map<string, Uint8Array>();

export class CommandBench implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'campaign-cli-'));

  constructor(config = CONFIG) {
    this.write('config.yml', config);
    for (const [name, wav] of spoken) this.write(join(AUDIO, name), wav);
  }

  write(name: string, text: string | Uint8Array): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A list with an id column, or without one. */
  list(name: string, ids: readonly number[], withIds = true): void {
    const row = (id: number) => [...(withIds ? [`c-${id}`] : []), `Person ${id}`, phoneOf(id)];
    const lines = [[...(withIds ? ['id'] : []), 'name', 'phone'], ...ids.map(row)];
    this.write(name, lines.map((cells) => `${cells.join(',')}\n`).join(''));
  }

  async command(line: string | readonly string[], options: CommandOptions = {}): Promise<Told> {
    const { meet, ...rest } = options;
    const args = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
    const world = fakeWorld({ ...rest, args, folder: this.folder });
    meet?.(world);
    const code = await runCommandLine(world);
    this.#rememberVoice();
    return { code, ...world.screen };
  }

  store(): Store {
    const path = this.path('data/campaign.db');
    return openStore({ path, defer: (flush) => setImmediate(flush) });
  }

  /** Puts contacts in the queue whose numbers are their ids, as from a list without ids. */
  queue(campaign: string, phones: readonly string[]): void {
    using store = this.store();
    store.journal(campaign);
    const contacts = phones.map((phone, index) => contactOf(phone, { phone, line: index + 2 }));
    store.contacts(campaign, { sameNumber: 'reject' }).add(contacts);
  }

  /** The next `count` contacts were dialled by something that cannot tell what became of it. */
  async lose(campaign: string, count: number): Promise<void> {
    using store = this.store();
    const journal = store.journal(campaign);
    for (let index = 0; index < count; index += 1) {
      const claim = await journal.claim(STAGES, 1000, `call-${campaign}-${index}`);
      if (claim === undefined) throw new Error('nobody was there to be claimed');
      void journal.write(claim.key, entries.attemptBegun(1, 2000));
      await journal.write(claim.key, entries.callEnded('uncertain', 3000));
    }
  }

  #rememberVoice(): void {
    if (!existsSync(this.path(AUDIO)) || !statSync(this.path(AUDIO)).isDirectory()) return;
    for (const name of readdirSync(this.path(AUDIO), { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.wav')) spoken.set(name, readFileSync(this.path(join(AUDIO, name))));
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Does something, once, when the command has said `words`. */
export function onceSaid(
  words: string,
  act: (world: FakeWorld) => void,
  where: 'stdout' | 'stderr' = 'stderr',
) {
  return (world: FakeWorld): void => {
    const output = world[where];
    const write = output.write.bind(output);
    let isDone = false;
    output.write = (text) => {
      write(text);
      if (!isDone && text.includes(words)) {
        isDone = true;
        act(world);
      }
    };
  };
}

/** `+14155550100` and on. */
export function phoneOf(id: number): string {
  return `+1415555${String(100 + id).padStart(4, '0')}`;
}

/** Every spelling in which a number could slip through. */
export function clearNumbers(text: string): readonly string[] {
  return text.match(/\+?1?[ .(-]*\d{3}[ .)-]*555[ .-]?\d{4}|\+44[\d ]{10,}/g) ?? [];
}
