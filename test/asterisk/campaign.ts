/** The program itself, as a process of its own, on a folder that the Asterisk of the bed reads. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Alert } from './alert-desk.ts';
import type { Bed } from './bed.ts';
import { loudMs } from './bed.ts';
import { GUIDED_ENDPOINT } from './guide.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/campaign.js', import.meta.url));

export type DialerName = 'asterisk-ari' | 'asterisk-ami';

export interface Setting {
  readonly dialer: DialerName;
  readonly lines: number;
  /** Keys of `script` and of the provider, as YAML in braces would have them. */
  readonly script?: string;
  readonly provider?: string;
  readonly isServed?: boolean;
  /** Where the audio is said to be; where it is, if left out. */
  readonly sounds?: string;
  /** Over the guide's trunk where it is left out. */
  readonly endpoint?: string;
  /** Of whatever stands between us and Asterisk, where something does. */
  readonly port?: number;
}

/** What the journal claims of one contact. */
export interface Claimed {
  readonly phone: string;
  readonly outcome: string | null;
  readonly answer: string | null;
  readonly detail: string | null;
  /** Calls that the carrier must have seen, and may have seen. */
  readonly least: number;
  readonly most: number;
}

const TEXT = 'Hello, this is the Acme Clinic. Your appointment is tomorrow at ten. Goodbye.';

export class Campaign {
  readonly #bed: Bed;
  readonly #setting: Setting;
  readonly #folder: string;
  readonly #name: string;

  constructor(bed: Bed, name: string, setting: Setting, phones: readonly string[]) {
    this.#bed = bed;
    this.#setting = setting;
    this.#name = name;
    this.#folder = join(bed.of('SHARED_HOST'), 'campaigns', name);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, 'config.yml'), this.#config());
    bed.desk.forget(name);
    const rows = phones.map((phone, index) => `c${index + 1},${phone}`);
    // By which each has an application of its own.
    writeFileSync(join(this.#folder, `${name}.csv`), `id,phone\n${rows.join('\n')}\n`);
  }

  #config(): string {
    const { dialer, lines, script = '', provider = '', isServed = false } = this.#setting;
    const endpoint = this.#setting.endpoint ?? GUIDED_ENDPOINT;
    const { port: toPort } = this.#setting;
    const port = Number(this.#bed.of('AMI_PORT')) + 9;
    const heard = join(this.#bed.of('SHARED_MEDIA').slice('sound:'.length), 'campaigns');
    const audio = isServed
      ? `audio_server: { port: ${port} }`
      : `sounds: ${this.#setting.sounds ?? join(heard, this.#name, 'data', 'audio')}`;
    const url = new URL(this.#bed.of('ARI_URL'));
    const ari = `url: "http://${url.hostname}:${toPort ?? url.port}"`;
    const ami = `host: "${this.#bed.of('AMI_HOST')}", port: ${toPort ?? this.#bed.of('AMI_PORT')}`;
    const [own, secret] = dialer === 'asterisk-ari' ? [ari, 'ARI_PASSWORD'] : [ami, 'AMI_PASSWORD'];
    return [
      `campaign: { lines: ${lines}, calls_per_second: 20, same_number: allow, outage_wait: 5m }`,
      `services: { dialer: [${dialer}] }`,
      `script: { template: "${TEXT}"${script === '' ? '' : `, ${script}`} }`,
      'retry: { initial_delay: 1s, max_delay: 5s }',
      'circuit_breaker: { recovery_timeout: 5s }',
      'health_check: { interval: 5s }',
      `alerts: { webhook: { enabled: true, url: "${this.#bed.desk.addressOf(this.#name)}" } }`,
      `providers:`,
      `  ${dialer}: { ${own}, username: campaign, password: "\${${secret}}", ${audio}, ` +
        `endpoint: "${endpoint}", ring_time: 15s, retry_interval: 2s, ` +
        `retry_max: 5s${provider === '' ? '' : `, ${provider}`} }`,
      '',
    ].join('\n');
  }

  start(password = 'campaign'): ChildProcess {
    const args = [PROGRAM, 'run', `${this.#name}.csv`, '--quiet', '--no-color'];
    const env = { ...process.env, ARI_PASSWORD: password, AMI_PASSWORD: password };
    return spawn(process.execPath, args, { cwd: this.#folder, env, stdio: 'ignore' });
  }

  /** Runs it to its end; the exit code. */
  async run(): Promise<number | string> {
    return await endOf(this.start());
  }

  log(): string {
    const path = join(this.#folder, 'logs', 'app.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** What the operator was told is wrong, in order. */
  alerts(): readonly Alert[] {
    return this.#bed.desk.raised(this.#name);
  }

  /** Waits until so many events of that name are in the log. */
  async until(event: string, count: number, limitMs = 60_000): Promise<void> {
    const seen = () => this.log().split(`"event":"${event}"`).length - 1;
    for (let waitedMs = 0; seen() < count; waitedMs += 100) {
      if (waitedMs > limitMs) throw new Error(`no ${event} within ${limitMs} ms`);
      await sleep(100);
    }
  }

  claims(): readonly Claimed[] {
    const path = join(this.#folder, 'data', 'campaign.db');
    using store = new DatabaseSync(path, { readOnly: true });
    const rows = store
      .prepare(
        `SELECT contact.phone AS phone, contact.outcome AS outcome, answer, call.detail AS detail,
           sum(result = 'placed' OR (result = 'not_placed' AND attempt.detail = 'trunk_congested'))
             AS least,
           sum(attempt.number IS NOT NULL AND (result IS NULL OR result = 'unknown'
             OR (result = 'not_placed' AND attempt.detail IN ('all_invalid', 'never_rings')))
           ) AS doubtful
         FROM contact
         LEFT JOIN call ON call.contact = contact.row
         LEFT JOIN attempt ON attempt.contact = call.contact AND attempt.number = call.number
         GROUP BY contact.row`,
      )
      .all() as unknown as (Omit<Claimed, 'most'> & { readonly doubtful: number | null })[];
    return rows.map(({ doubtful, ...row }) => ({
      ...row,
      least: row.least ?? 0,
      most: (row.least ?? 0) + (doubtful ?? 0),
    }));
  }

  /** How much of the text is sound, in milliseconds: there is one for everybody. */
  textMs(): number {
    return loudMs(this.#audio());
  }

  /** How long it takes to say. */
  lengthMs(): number {
    return (statSync(this.#audio()).size - 44) / 16;
  }

  #audio(): string {
    const audio = join(this.#folder, 'data', 'audio');
    const [file] = readdirSync(audio, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.wav'),
    );
    return join(audio, file ?? '');
  }
}

export async function endOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return child.exitCode;
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? signal ?? '';
}
