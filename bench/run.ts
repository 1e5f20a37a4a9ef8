/**
 * All benchmarks, one after the other, each in a process of its own: `npm run bench`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHES = ['start', 'guard', 'store', 'engine', 'intake', 'simulate'];

for (const bench of BENCHES) {
  const script = fileURLToPath(new URL(`./${bench}.ts`, import.meta.url));
  console.log(`\n== ${bench}`);
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) {
    process.exitCode = 1;
  }
}
