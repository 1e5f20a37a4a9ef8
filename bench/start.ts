/**
 * What starting costs: `campaign --help` against a bare `node -e 0`, in turn, medians. The bar is
 * twice the bare start. Run `npm run build` before: what is measured is the built program.
 *
 *     node bench/start.ts [rounds]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.argv[2] ?? 31);
const BAR = 2;
const PROGRAM = fileURLToPath(new URL('../bin/campaign.js', import.meta.url));

function timeMs(...args: readonly string[]): number {
  const startMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

const bare: number[] = [];
const help: number[] = [];
timeMs(PROGRAM, '--help'); // fills the compile cache, as any earlier start has
for (let round = 0; round < ROUNDS; round += 1) {
  bare.push(timeMs('-e', '0'));
  help.push(timeMs(PROGRAM, '--help'));
}
const [bareMs, helpMs] = [median(bare), median(help)];
console.log(`start: node -e 0 ${bareMs.toFixed(1)} ms, campaign --help ${helpMs.toFixed(1)} ms`);
console.log(`  ratio ${(helpMs / bareMs).toFixed(2)}, bar ${BAR}`);
