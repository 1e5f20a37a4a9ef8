// Builds src/ into dist/. It compiles beside dist/ and swaps at the end, so that a campaign that
// starts meanwhile (from cron, say) finds either the old program or the new one, never half of one,
// and no file whose source is gone stays behind.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const migrations = join('store', 'migrations');

function compile(outFolder: string): boolean {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(manifest), 'bin', 'tsc');
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', outFolder];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function copyAssets(outFolder: string): void {
  const from = join(root, 'src', migrations);
  if (existsSync(from)) cpSync(from, join(outFolder, migrations), { recursive: true });
}

function swap(fresh: string, old: string): void {
  const dist = join(root, 'dist');
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
}

function build(): boolean {
  const fresh = join(root, `dist.new-${process.pid}`);
  const old = join(root, `dist.old-${process.pid}`);
  try {
    if (!compile(fresh)) return false;
    copyAssets(fresh);
    swap(fresh, old);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

process.exitCode = build() ? 0 : 1;
