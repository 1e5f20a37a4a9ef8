/**
 * `campaign simulate` on a long list, the whole command. The peer is the same number of contacts
 * with the same waits on the bare virtual clock: what a simulation costs that does nothing. The
 * bar is 100,000 contacts in 20 s, with memory that grows by the list alone.
 *
 *     node bench/simulate.ts [contacts] [lines]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '../src/sim/virtual-clock.ts';

const CONTACTS = Number(process.argv[2] ?? 100_000);
const LINES = Number(process.argv[3] ?? 50);
const BIN = fileURLToPath(new URL('../bin/campaign.js', import.meta.url));
const MEBIBYTE = 1024 * 1024;
/** Script, speech, place twice, follow, record twice. */
const WAITS = 7;

interface Measured {
  readonly seconds: number;
  /** The most that the process held, in bytes. */
  readonly memory: number;
}

function simulated(contacts: number, ...more: readonly string[]): Measured {
  const args = ['simulate', '--contacts', String(contacts), '--lines', String(LINES), '--quiet'];
  const startMs = performance.now();
  const run = spawnSync(process.execPath, [MEASURED, BIN, ...args, ...more], { encoding: 'utf8' });
  const seconds = (performance.now() - startMs) / 1_000;
  if (run.status !== 0) throw new Error(run.stderr);
  const memory = Number(/memory (\d+)/.exec(run.stderr)?.[1]) * 1024;
  return { seconds, memory };
}

/** Runs the program in its own process and tells, at the end, the most that it held. */
const MEASURED = fileURLToPath(new URL('./with-memory.cjs', import.meta.url));

async function bare(): Promise<number> {
  const clock = new VirtualClock({ wallMs: 0, defer: (task) => process.nextTick(task) });
  const startMs = performance.now();
  let left = CONTACTS;
  const line = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      for (let wait = 0; wait < WAITS; wait += 1) await clock.sleep(1_000 + wait);
    }
  };
  await clock.until(Promise.all(Array.from({ length: LINES }, line)));
  return (performance.now() - startMs) / 1_000;
}

function row(what: string, { seconds, memory }: Measured): string {
  const rate = Math.round(CONTACTS / seconds).toLocaleString('en-US');
  const held = Math.round(memory / MEBIBYTE);
  return `  ${what.padEnd(26)} ${seconds.toFixed(1)} s, ${rate}/s, ${held} MB`;
}

const half = simulated(CONTACTS / 2);
const whole = simulated(CONTACTS);
const outage = simulated(CONTACTS, '--outage', 'elevenlabs@+10m-+40m');
const bareSeconds = await bare();
const perContact = (whole.memory - half.memory) / (CONTACTS / 2);
console.log(`campaign simulate, ${CONTACTS.toLocaleString('en-US')} contacts on ${LINES} lines`);
console.log(row('a good day', whole));
console.log(row('an outage, and without it', outage));
console.log(`  bare virtual clock         ${bareSeconds.toFixed(1)} s`);
console.log(`  ratio                      ${(whole.seconds / bareSeconds).toFixed(1)}`);
console.log(`  memory by the contact      ${Math.round(perContact)} bytes`);
