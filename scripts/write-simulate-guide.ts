// Writes into docs/guide/simulate.md what the program says today: its blocks of output, its list
// of checkers. What is told between them stays as it is. Run it after `npm run build`.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKERS } from '../src/sim/checkers.ts';
import { ALERT_MUTANTS } from '../test/simulation/alert-mutants.ts';
import { BREAKER_MUTANTS } from '../test/simulation/breaker-mutants.ts';
import { MUTANTS } from '../test/simulation/mutants.ts';
import { ROOM_MUTANTS } from '../test/simulation/room-mutants.ts';
import { WAITING_MUTANTS } from '../test/simulation/waiting-mutants.ts';

const ROOT = join(import.meta.dirname, '..');
const GUIDE = join(ROOT, 'docs/guide/simulate.md');
const FORECAST =
  '--contacts 400 --lines 4 --start 17:00 --outage elevenlabs@17:30-17:50 ' +
  '--outage hubspot@+20m-+35m:timeout';

function simulated(options: string): string {
  const args = [join(ROOT, 'bin/campaign.js'), 'simulate', ...options.split(' ')];
  return execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** The document of the forecast, with its lists cut to their first entry. */
function sample(): string {
  const { seed, campaign, contacts, exit_code, forecast } = JSON.parse(
    simulated(`${FORECAST} --json`),
  );
  const cut = Object.entries(forecast).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.slice(0, 1) : value,
  ]);
  const short = { seed, campaign, contacts, exit_code, forecast: Object.fromEntries(cut) };
  return `${JSON.stringify(short, null, 2)}\n`;
}

const blocks = [simulated('--outage elevenlabs'), simulated(FORECAST)];
const promises = CHECKERS.map(({ name, promise }) => `- **${name}**: ${promise}\n`).join('');
const defects = [
  ...MUTANTS,
  ...WAITING_MUTANTS,
  ...ALERT_MUTANTS,
  ...ROOM_MUTANTS,
  ...BREAKER_MUTANTS,
].length;
const guide = readFileSync(GUIDE, 'utf8')
  .replace(/```text\n.*?```/gs, (block) => {
    const text = blocks.shift();
    return text === undefined ? block : `\`\`\`text\n${text}\`\`\``;
  })
  .replace(/```json\n.*?```/s, () => `\`\`\`json\n${sample()}\`\`\``)
  .replace(/(?:- \*\*.*\n)+(?=\nEvery seed is played twice)/, () => promises)
  .replace(/has \d+ deliberate defects/, `has ${defects} deliberate defects`);
writeFileSync(GUIDE, guide);
