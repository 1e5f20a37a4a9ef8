/** bin/campaign.js by itself, in a folder of its own, as a newcomer may meet it. */
import { fork, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const BIN = join(import.meta.dirname, '..', 'bin');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'campaign-bin-'));
  cpSync(BIN, join(folder, 'bin'), { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function build(main: string): void {
  put('dist/package.json', '{ "type": "module" }');
  put('dist/cli/main.js', main);
}

/** Brings a Node along, as the project does: a script that tells its arguments. */
function bring(version: string, script: string): void {
  put('node_modules/node/package.json', JSON.stringify({ version, bin: { node: 'bin/node' } }));
  chmodSync(put('node_modules/node/bin/node', `#!/bin/sh\n${script}\n`), 0o755);
}

/** `claimed`: the version this Node says it is. */
function start(args: readonly string[], claimed = process.version) {
  const claim = `Object.defineProperty(process, 'version', { value: '${claimed}' });`;
  const preload = put('claim.cjs', claim);
  const command = ['--require', preload, join(folder, 'bin', 'campaign.js'), ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8' });
}

/** A program that listens as a run does, and ends when it is told to. */
function listening(source: string): string {
  return `import { realWorld } from ${JSON.stringify(source)};
    export async function main() {
      const world = realWorld();
      const alive = setInterval(() => {}, 1000);
      world.onStop((signal) => {
        world.stdout.write(signal + '\\n');
        clearInterval(alive);
        world.exitWith(75);
        process.once('exit', () => process.stderr.write('over'));
      });
      world.stdout.write('{"ready":true}\\n');
    }`;
}

/** Starts it as an older Node does, and watches what both say. */
function launch() {
  const claim = `Object.defineProperty(process, 'version', { value: 'v20.20.2' });`;
  const preload = put('claim.cjs', claim);
  const command = ['--require', preload, join(folder, 'bin', 'campaign.js')];
  const launcher = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    launcher.kill('SIGKILL');
  });
  let stdout = '';
  let all = '';
  let heard = (): void => undefined;
  launcher.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  for (const stream of [launcher.stdout, launcher.stderr]) {
    stream.on('data', (chunk) => {
      all += String(chunk);
      heard();
    });
  }
  const output = (words: string): Promise<void> =>
    new Promise((resolve) => {
      heard = () => {
        if (all.includes(words)) resolve();
      };
      heard();
    });
  const closed = new Promise<number | null>((resolve) => launcher.on('close', resolve));
  return { launcher, output, closed, ended: closed.then((code) => ({ code, stdout })) };
}

describe('bin/campaign.js', () => {
  it('runs the program with its arguments and its exit code', () => {
    build('export async function main() { console.log(process.argv[2]); process.exitCode = 75; }');
    expect(start(['status'])).toMatchObject({ stdout: 'status\n', stderr: '', status: 75 });
  });

  it('ends with 1 and the stack where the program fails', () => {
    build('export async function main() { throw new Error("a bug"); }');
    const { stderr, status } = start([]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: a bug\n\s+at .*main.*main\.js/);
  });

  it('says what to do where nothing is built', () => {
    const { stderr, status } = start([]);
    expect(status).toBe(1);
    expect(stderr).toContain('not built');
    expect(stderr).toContain('npm ci');
    expect(stderr).toContain('npm run build');
  });

  it('says which Node it needs on an older one', () => {
    build('export async function main() { console.log("ran"); }');
    const { stdout, stderr, status } = start([], 'v20.20.2');
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toContain('needs Node 24 or newer, and this is Node v20.20.2');
  });

  it('runs itself again on the Node that the project brings along', () => {
    bring('24.1.0', 'echo "$0 $@"; exit 65');
    const { stdout, status } = start(['run', 'a b.csv'], 'v20.20.2');
    expect(status).toBe(65);
    expect(stdout).toMatch(/node_modules\/node\/bin\/node .*bin\/campaign\.js run a b\.csv\n$/);
  });

  it('ends by the signal that ended the Node it brought along', () => {
    bring('24.1.0', 'kill -9 $$');
    expect(start([], 'v20.20.2').signal).toBe('SIGKILL');
  });

  it('passes a signal on, and leaves standard output to the Node it brought along', async () => {
    bring('24.1.0', `exec '${process.execPath}' "$@"`);
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    build(listening(source));
    const { launcher, output, ended } = launch();
    await output('ready');
    launcher.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 75, stdout: '{"ready":true}\nSIGTERM\n' });
  });

  it('killed with -9, stops the Node it brought along, which knows why', async () => {
    bring('24.1.0', `exec '${process.execPath}' "$@"`);
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    build(listening(source));
    const { launcher, output } = launch();
    await output('ready');
    launcher.kill('SIGKILL');
    // The pipe stays open as long as the other Node lives.
    await output('parent_gone');
    await output('over');
  });

  it('is not stopped by another parent, which only closes the channel to it', async () => {
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    // A signal to itself would be heard within a turn of the loop.
    build(`import { realWorld } from ${JSON.stringify(source)};
      export async function main() {
        const world = realWorld();
        world.onStop(() => process.exit(1));
        const alive = setInterval(() => {}, 1000);
        const later = (turns) =>
          setImmediate(() => (turns > 0 ? later(turns - 1) : clearInterval(alive)));
        process.on('disconnect', () => later(100));
        process.send('ready');
      }`);
    const child = fork(join(folder, 'bin', 'campaign.js'));
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise((resolve) => child.on('exit', (...end) => resolve(end)));
    await new Promise((resolve) => child.on('message', resolve));
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });

  it('tells the programs that it starts nothing of how it is stopped itself', async () => {
    bring('24.1.0', `exec '${process.execPath}' "$@"`);
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    build(`import { realWorld } from ${JSON.stringify(source)};
      export async function main() {
        const world = realWorld();
        world.stdout.write(String(Object.keys(process.env).some((key) => /WITH_PARENT/.test(key))));
      }`);
    expect(start([], 'v20.20.2')).toMatchObject({ status: 0, stdout: 'false', stderr: '' });
  });

  it('a command that listens to no signal ends as well when it is killed with -9', async () => {
    bring('24.1.0', `exec '${process.execPath}' "$@"`);
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    build(`import { realWorld } from ${JSON.stringify(source)};
      export async function main() {
        realWorld().stdout.write('ready\\n');
        setInterval(() => {}, 1000);
      }`);
    const { launcher, output, closed } = launch();
    await output('ready');
    launcher.kill('SIGKILL');
    await closed;
  });

  it('the channel to its launcher keeps no command from ending', () => {
    bring('24.1.0', `exec '${process.execPath}' "$@"`);
    const source = join(import.meta.dirname, '..', 'src', 'cli', 'world.ts');
    build(`import { realWorld } from ${JSON.stringify(source)};
      export async function main() { realWorld().exitWith(65); }`);
    expect(start([], 'v20.20.2')).toMatchObject({ status: 65, stderr: '' });
  });

  it('does not run itself again on a Node that is too old as well', () => {
    bring('22.0.0', 'echo ran');
    expect(start([], 'v20.20.2')).toMatchObject({ stdout: '', status: 1 });
  });
});
