/** A real Asterisk with a second one as carrier and callees; see the notes beside its script. */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BESIDE = fileURLToPath(
  new URL('../../../shared/asterisk-bed/asterisk-bed.sh', import.meta.url),
);

/** Undefined where there is none. */
export function bedScript(): string | undefined {
  const named = process.env['ASTERISK_BED_SCRIPT'];
  return [named, BESIDE].find((path) => path !== undefined && existsSync(path));
}

/** The bed's configuration, with the dialplan that the guide has for AMI. */
function withDialplan(config: string): string {
  const guide = readFileSync(new URL('../../docs/guide/asterisk.md', import.meta.url), 'utf8');
  const [, dialplan] = /```ini\n(\[campaign\]\nexten[^`]+)```/.exec(guide) ?? [];
  if (dialplan === undefined) throw new Error('the guide has no dialplan');
  const folder = mkdtempSync(join(tmpdir(), 'asterisk-bed-config-'));
  cpSync(config, folder, { recursive: true });
  const file = join(folder, 'pbx', 'extensions.conf');
  chmodSync(dirname(file), 0o755);
  chmodSync(file, 0o644);
  appendFileSync(file, `\n${dialplan}`);
  return folder;
}

export class Bed {
  readonly #script: string;
  readonly #config: string;
  #env: Readonly<Record<string, string>> = {};

  constructor(script: string) {
    this.#script = script;
    this.#config = withDialplan(join(dirname(script), 'config'));
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

  /** How often each number was rung, as the carrier itself has it: one recording per call. */
  rung(): ReadonlyMap<string, readonly string[]> {
    const files = readdirSync(this.of('HEARD')).filter((name) => name.includes('-carrier-'));
    return Map.groupBy(files, (name) => name.slice(0, name.indexOf('-')));
  }

  /** The carrier's own call records, written when a call is over: number and disposition. */
  records(): readonly { readonly number: string; readonly disposition: string }[] {
    const path = this.of('CARRIER_CDR');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n').filter(Boolean);
    return lines.map((line) => {
      const cells = line.split(',').map((cell) => cell.replaceAll('"', ''));
      return { number: cells.at(-1) ?? '', disposition: cells.at(-4) ?? '' };
    });
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
