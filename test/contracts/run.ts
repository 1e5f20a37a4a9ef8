/**
 * Holds the requests of the services against what the vendors publish, in a bed of mock servers
 * that lives outside this project: `../shared/contracts` beside it, or wherever CONTRACTS_BED says.
 * Without a bed this says so and does nothing. The bed is copied, and installed in the copy.
 *
 *     npm run test:contracts
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { UNHELD, VENDORS } from './bed.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BED = resolve(ROOT, process.env['CONTRACTS_BED'] ?? '../shared/contracts');
const COPY = join(ROOT, 'node_modules', '.cache', 'contracts');
const BIN = join(ROOT, 'node_modules', '.bin');
const START_MS_MAX = 120_000;

function prepare(): void {
  const modules = join(COPY, 'node_modules');
  cpSync(BED, COPY, {
    recursive: true,
    filter: (path) => !/node_modules/.test(path.slice(BED.length)),
  });
  if (existsSync(modules) && readdirSync(modules).length > 0) {
    return;
  }
  console.log(`contracts: installing the bed in ${COPY}`);
  const install = ['-y', '-p', 'node@24', 'npm', 'install', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npx', install, { cwd: COPY, stdio: 'inherit' });
  if (status !== 0) {
    throw new Error('the bed could not be installed');
  }
}

/** Resolves when every vendor is up; rejects where one cannot be, such as for a port in use. */
async function start(): Promise<ChildProcess> {
  const bed = spawn(process.execPath, ['bed.mjs', ...VENDORS], {
    cwd: COPY,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((up, down) => {
    const late = setTimeout(() => down(new Error('the bed does not come up')), START_MS_MAX);
    let missing = VENDORS.length;
    createInterface({ input: bed.stdout }).on('line', (line) => {
      missing -= / ops=\d+$/.test(line) ? 1 : 0;
      if (missing === 0) {
        clearTimeout(late);
        up();
      }
    });
    bed.once('exit', (code) => {
      clearTimeout(late);
      down(new Error(`the bed ended with ${code}: are its ports (4101 to 4112) free?`));
    });
  });
  return bed;
}

function tellUnheld(): void {
  console.log(`contracts: held against what they publish: ${VENDORS.join(', ')}`);
  for (const [service, why] of Object.entries(UNHELD)) {
    console.log(`contracts: NOT held against any: ${service} (${why})`);
  }
}

if (!existsSync(join(BED, 'bed.mjs'))) {
  console.log(`contracts: skipped, there is no bed at ${BED} (CONTRACTS_BED names another)`);
} else {
  prepare();
  const bed = await start();
  try {
    const config = join(import.meta.dirname, 'vitest.config.ts');
    const tests = spawn(join(BIN, 'vitest'), ['run', '--config', config], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    process.exitCode = await new Promise((ended) => {
      tests.once('exit', (code) => ended(code ?? 1));
    });
    tellUnheld();
  } finally {
    bed.kill();
  }
}
