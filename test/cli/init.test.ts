import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/main.ts';
import { fakeWorld } from '../support/fake-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = ['config.yml', 'config.schema.json', 'contacts/sample.csv', '.env.example'];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campaign-init-'));
});

async function command(...args: string[]) {
  const world = fakeWorld({ args, folder });
  const code = await runCommandLine(world);
  return { code, ...world.screen };
}

describe('campaign init', () => {
  it("writes the project's own files", async () => {
    const { code, stdout, stderr } = await command('init');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of FILES) {
      const written = await readFile(join(folder, name), 'utf8');
      expect(written).toBe(await readFile(join(ROOT, name), 'utf8'));
      expect(stdout).toMatch(new RegExp(`wrote {2}${name.replaceAll('.', '\\.')} `));
    }
  });

  it('leaves a config that check and run can work with', async () => {
    await command('init');
    const { code, stdout, stderr } = await command('check', 'contacts/sample.csv');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('2 rejected:');
  });

  it('writes never over a file, and says which it left alone', async () => {
    await writeFile(join(folder, 'config.yml'), 'mine');
    await mkdir(join(folder, 'contacts'));
    await writeFile(join(folder, 'contacts', 'sample.csv'), 'mine too');
    const { code, stdout } = await command('init');
    expect(code).toBe(0);
    expect(await readFile(join(folder, 'config.yml'), 'utf8')).toBe('mine');
    expect(await readFile(join(folder, 'contacts', 'sample.csv'), 'utf8')).toBe('mine too');
    expect(stdout).toMatch(/kept {3}config\.yml .*was there already/);
    expect(stdout).toMatch(/kept {3}contacts\/sample\.csv .*was there already/);
    expect(stdout).toMatch(/wrote {2}\.env\.example/);
    expect(stdout).not.toContain('Nothing to do');
  });

  it('does nothing twice', async () => {
    await command('init');
    const { code, stdout } = await command('init');
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing to do');
    expect(stdout).not.toContain('wrote');
  });

  it('makes the folder it is given', async () => {
    const { code, stdout } = await command('init', 'spring/clinic');
    expect(code).toBe(0);
    expect((await readdir(join(folder, 'spring', 'clinic'))).sort()).toEqual(
      ['.env.example', 'config.schema.json', 'config.yml', 'contacts'].sort(),
    );
    expect(stdout).toContain('cd spring/clinic');
  });

  it('shows commands that work as it was called itself', async () => {
    expect((await command('init')).stdout).toContain(`
Next:
  campaign check contacts/sample.csv    is everything right?
  campaign run contacts/sample.csv      work the list; no phone rings yet
`);
    const npx = { npm_command: 'exec', npm_execpath: '/usr/lib/npm/bin/npx-cli.js' };
    const here = fakeWorld({ args: ['init'], folder, env: npx });
    await runCommandLine(here);
    expect(here.screen.stdout).toContain('  npx campaign check contacts/sample.csv    is every');
    const there = fakeWorld({ args: ['init', 'my calls'], folder, env: npx });
    await runCommandLine(there);
    const [, list, config] =
      /npx campaign run '(.*)' --config '(.*)' +work/.exec(there.screen.stdout) ?? [];
    expect(there.screen.stdout).not.toContain('cd ');
    const args = ['check', list ?? '', '--config', config ?? ''];
    const check = fakeWorld({ args, folder, env: npx });
    expect(await runCommandLine(check)).toBe(0);
  });

  it('exits 74 where it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await command('init', 'file');
    expect(code).toBe(74);
    expect(stderr).toContain(join(folder, 'file'));
  });
});
