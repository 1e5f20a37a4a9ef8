/** A real Asterisk with a second one as carrier and callees; see the notes beside its script. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AlertDesk } from './alert-desk.ts';
import { asGuided } from './guide.ts';

const BESIDE = fileURLToPath(
  new URL('../../../shared/asterisk-bed/asterisk-bed.sh', import.meta.url),
);

/** Undefined where there is none. */
export function bedScript(): string | undefined {
  const named = process.env['ASTERISK_BED_SCRIPT'];
  return [named, BESIDE].find((path) => path !== undefined && existsSync(path));
}

/** One call, as the exchange that took it has it. */
export interface CallRecord {
  readonly number: string;
  /** `ANSWERED`, `BUSY`, `NO ANSWER`, `CONGESTION`, `FAILED`. */
  readonly disposition: string;
  /** From the answer to the end. */
  readonly talkedS: number;
}

/** Some cells have commas in them, the last ones have none. */
function recordOf(line: string): CallRecord {
  const cells = line.split(',').map((cell) => cell.replaceAll('"', ''));
  const [talked = '', disposition = '', , , number = ''] = cells.slice(-5);
  return { number, disposition, talkedS: Number(talked) };
}

export class Bed {
  readonly desk: AlertDesk;
  readonly #script: string;
  readonly #config: string;
  #env: Readonly<Record<string, string>> = {};

  constructor(script: string, desk: AlertDesk) {
    this.#script = script;
    this.desk = desk;
    this.#config = asGuided(join(dirname(script), 'config'));
  }

  async run(...words: readonly string[]): Promise<string> {
    const env = { ...process.env, ASTERISK_BED_CONFIG: this.#config };
    const { stdout } = await promisify(execFile)(this.#script, words, { timeout: 900_000, env });
    return stdout;
  }

  async up(): Promise<void> {
    await this.run('up');
    const lines = (await this.run('env')).trim().split('\n');
    this.#env = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  of(name: string): string {
    const value = this.#env[`ASTERISK_${name}`];
    if (value === undefined) throw new Error(`the bed does not say ASTERISK_${name}`);
    return value;
  }

  /** What each callee heard, by number: one recording per call, begun when the call arrives. */
  rung(): ReadonlyMap<string, readonly string[]> {
    const files = readdirSync(this.of('HEARD'));
    return Map.groupBy(files, (name) => name.slice(0, name.indexOf('-')));
  }

  /** The call records of both exchanges, of those who are called: written when a call is over. */
  records(): readonly CallRecord[] {
    return [this.of('CARRIER_CDR'), this.of('CDR')].flatMap((path) => {
      if (!existsSync(path)) return [];
      const lines = readFileSync(path, 'utf8').trim().split('\n').filter(Boolean);
      return lines.map(recordOf).filter(({ number }) => number !== '');
    });
  }

  /** Ends whatever is still up at the carrier, so that every call has its record. */
  async ended(): Promise<readonly CallRecord[]> {
    await this.run('cli', 'carrier', 'channel', 'request', 'hangup', 'all');
    const calls = [...this.rung().values()].flat().length;
    for (let waitedS = 0; waitedS < 20 && this.records().length < calls; waitedS += 1) {
      await sleep(1_000);
    }
    return this.records();
  }

  /** How long there was something to hear, in milliseconds. */
  heardMs(file: string): number {
    return loudMs(join(this.of('HEARD'), file));
  }
}

const WINDOW = 160;
const LOUD = 200;

/** Of a WAV file of 8 kHz, mono, 16 bit: how much of it is not silence. */
export function loudMs(path: string): number {
  const bytes = readFileSync(path);
  const samples = new Int16Array(
    bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length - (bytes.length % 2)),
  );
  let windows = 0;
  for (let start = 0; start + WINDOW <= samples.length; start += WINDOW) {
    let sum = 0;
    for (const sample of samples.subarray(start, start + WINDOW)) sum += sample * sample;
    if (Math.sqrt(sum / WINDOW) > LOUD) windows += 1;
  }
  return windows * 20;
}
