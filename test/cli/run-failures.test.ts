/** What ends a run before its list is done, or keeps it from beginning. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../src/cli/world.ts';
import type { Alert } from '../../src/domain/alert.ts';
import { breakerPolicy } from '../../src/domain/breaker.ts';
import { breakerKey, saveBreaker } from '../../src/domain/breaker-snapshot.ts';
import * as appLog from '../../src/observers/app-log.ts';
import { BreakerBench } from '../support/breaker-bench.ts';
import { CONFIG, CommandBench, clearNumbers, onceSaid, phoneOf } from '../support/command-bench.ts';
import { failure } from '../support/failures.ts';
import type { FakeWorld } from '../support/fake-world.ts';

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench();
});

afterEach(() => {
  bench[Symbol.dispose]();
});

/** A voice that is installed and cannot speak. */
function brokenVoice(): string {
  const path = bench.write(
    'broken-voice',
    `#!/bin/sh
case "$1" in
  --version) echo 'eSpeak NG text-to-speech: 1.51' ;;
  --voices) printf 'Pty Language Age/Gender VoiceName File\\n 2  en  --/M  English  gmw/en\\n' ;;
  *) echo 'no sound card' >&2; exit 1 ;;
esac
`,
  );
  chmodSync(path, 0o755);
  return path;
}

function openAlerts(): readonly Alert[] {
  using store = bench.store();
  expect(store.alerts.load().owed).toEqual([]);
  return store.alerts.load().open;
}

const HASTY =
  'retry: { initial_delay: 10ms, max_retries: 1, jitter: 0 }\n' +
  'circuit_breaker: { failure_threshold: 2, recovery_timeout: 50ms }\n';

describe('what keeps a run from beginning', () => {
  it.each<[string, Readonly<Record<string, string>>, string, number, readonly string[]]>([
    ['no list', {}, 'run nowhere.csv', 66, ['nowhere.csv: there is no such file']],
    ['a list that is a folder', {}, 'run data', 66, ['data', 'folder']],
    ['no phone column', { 'a.csv': 'name\nZinnia\n' }, 'run a.csv', 65, ['phone']],
    [
      'not one valid row',
      { 'a.csv': 'phone\n12\n' },
      'run a.csv',
      65,
      ['not one valid row', 'rejected.csv'],
    ],
    ['not text', { 'a.csv': 'phone\n\0\0\0\0' }, 'run a.csv', 65, ['a.csv']],
    ['no config', { 'a.csv': '' }, 'run a.csv --config none.yml', 66, ['campaign init']],
    [
      'a wrong config',
      { 'config.yml': `${CONFIG}lines: 3\n`, 'a.csv': '' },
      'run a.csv',
      78,
      ['config.yml:2', 'lines'],
    ],
    [
      'a template for columns that the list does not have',
      {
        'config.yml': 'script: { template: "{{ clinic }}" }\n',
        'a.csv': `phone\n${phoneOf(1)}\n`,
      },
      'run a.csv',
      78,
      ['clinic', 'Nobody was called. Mend script.template'],
    ],
    [
      'a name that is no folder name',
      { 'a.csv': `phone\n${phoneOf(1)}\n` },
      'run a.csv --name ../up',
      64,
      ['--name: found "../up"'],
    ],
    [
      'an output folder that is a file',
      { out: '', 'a.csv': `phone\n${phoneOf(1)}\n` },
      'run a.csv',
      74,
      ['out', 'file'],
    ],
    [
      'an output folder that is a file, and a row to be rejected',
      { out: '', 'a.csv': `phone,name\n${phoneOf(1)},\n,Nobody\n` },
      'run a.csv',
      74,
      ['output.folder: ', 'is a file; allowed: a folder', 'Nobody was called'],
    ],
    [
      'a store folder that is a file',
      {
        'config.yml': `${CONFIG}store: { path: kept/campaign.db }\n`,
        kept: '',
        'a.csv': `phone\n${phoneOf(1)}\n`,
      },
      'run a.csv',
      74,
      ['kept'],
    ],
  ])('%s', async (_what, files, command, exit, words) => {
    mkdirSync(bench.path('data'), { recursive: true });
    for (const [name, text] of Object.entries(files)) bench.write(name, text);
    const { code, stdout, stderr } = await bench.command(`${command} --json`);
    expect(code, stderr).toBe(exit);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^campaign: /);
    for (const word of words) expect(stderr).toContain(word);
    expect(clearNumbers(stderr)).toEqual([]);
  });

  it('a list of the same name from another place, unless it is named', async () => {
    bench.list('spring.csv', [1]);
    bench.list('north/spring.csv', [2]);
    await bench.command('run spring.csv');
    const { code, stdout, stderr } = await bench.command('run north/spring.csv');
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toBe(
      `campaign: the campaign spring was made from another list: ${bench.path('spring.csv')}\n` +
        '  Give this one a name of its own with --name; or, if it takes the place of the other, ' +
        '--name spring.\n',
    );
    expect((await bench.command('status')).stdout).toContain('spring: 1 contact, 1 done');
    expect((await bench.command('run ./spring.csv')).code).toBe(0);
    expect((await bench.command('run north/spring.csv --name north')).code).toBe(0);
    const replaced = await bench.command('run north/spring.csv --name spring');
    expect(replaced.code).toBe(0);
    expect((await bench.command('run north/spring.csv')).code).toBe(0);
  });

  it('a run of the same campaign in this process', async () => {
    bench.list('spring.csv', [1, 2]);
    let second: Promise<{ code: number; stderr: string }> | undefined;
    const meet = onceSaid('call to c-1 started', () => {
      second = bench.command('run spring.csv');
    });
    const { code } = await bench.command('run spring.csv --verbose', { meet });
    expect(code).toBe(0);
    const refused = await second;
    expect(refused?.code).toBe(73);
    expect(refused?.stderr.replace(/since [\d:.TZ-]+ /, 'since then ')).toBe(
      'campaign: the campaign spring is already running, since then (process 4242 on test-host)\n' +
        '  Nothing was done. Wait for that run to end, or stop it: it lets its calls end first.\n',
    );
  });

  it('a run of the same campaign in another process', async () => {
    bench.list('spring.csv', [1]);
    const holder = `
      const { acquireRunLock } = await import(${JSON.stringify(
        new URL('../../src/store/lock.ts', import.meta.url).href,
      )});
      const store = ${JSON.stringify(bench.path('data/campaign.db'))};
      // Kept in hand: a database that nobody holds is closed by the garbage collector.
      globalThis.lock = acquireRunLock({ store, campaign: 'spring' });
      process.stdout.write('held');
      process.stdin.resume();`;
    await bench.command('run spring.csv');
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await new Promise((resolve) => {
        child.stdout.once('data', resolve);
      });
      const early = await bench.command('run spring.csv');
      expect(early.code).toBe(73);
      expect(early.stderr).toContain('the campaign spring is already running\n');
      expect((await bench.command('run spring.csv --name other')).code).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => {
        child.once('exit', resolve);
      });
    }
    expect((await bench.command('run spring.csv')).code).toBe(0);
  });
});

describe('what ends a run early', () => {
  it('a service that is down too long', async () => {
    // Nobody is due again before the run has waited long enough, however slow the machine.
    const patient = HASTY.replace('50ms', '1s');
    const config = `${CONFIG}${patient}campaign: { outage_wait: 1s }\n`;
    const broken = `providers: { espeak-ng: { command: ${brokenVoice()} } }\n`;
    bench.write('config.yml', `${config}${broken}services: { tts: [espeak-ng] }\n`);
    bench.list('spring.csv', [1, 2], false);
    const { code, stdout, stderr } = await bench.command('run spring.csv --json --lines 1');
    expect(code, stderr).toBe(75);
    const document = JSON.parse(stdout);
    expect(document.exit_code).toBe(75);
    // Nobody is told without a channel, but what is open is known.
    expect(document.alerts).toEqual({ sent: 0, failed: 0 });
    expect(openAlerts()).toMatchObject([{ key: 'service:espeak-ng', role: 'tts' }]);
    expect(document.contacts).toMatchObject({ total: 2, done: 0, put_off: 2 });
    const { requests, failures, retries, breaker } = document.services['espeak-ng'];
    expect(failures).toBe(requests);
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(retries).toBeGreaterThanOrEqual(1);
    expect(breaker).not.toBe('closed');
    expect(stderr).toContain('espeak-ng is left alone for');
    expect(stderr).toContain(
      'spring: ended early, because nothing got through any more: 0 contacts done in',
    );
    expect(stderr).toContain('2 contacts left. Go on with: campaign run spring.csv\n');
    expect(stderr).toMatch(/ {6}2 put off {8}\S/);
    expect(stderr).toMatch(/ {2}espeak-ng does not work since [\d:.TZ-]+: .*no sound card/);

    const since = openAlerts().map(({ sinceMs }) => sinceMs);
    expect((await bench.command('run spring.csv --quiet')).code).toBe(75);
    expect(openAlerts().map(({ sinceMs }) => sinceMs)).toEqual(since);

    const status = await bench.command('status');
    expect(status.stdout).toMatch(
      /espeak-ng does not work since [\d:.TZ-]+ \(.*\): .*no sound card/,
    );
    expect(status.stdout).toMatch(/put off: .*espeak-ng.*; the next run takes them/);
    const report = await bench.command('report');
    expect(report.stdout).toMatch(/Failures by service\n {2}espeak-ng .*no sound card/);
    const all = [stdout, stderr, status.stdout, report.stdout, bench.read('logs/app.log')];
    expect(clearNumbers(all.join('\n'))).toEqual([]);
  });

  it('a file that cannot be written, without telling the number in its name', async () => {
    bench.write('config.yml', `${CONFIG}${HASTY}`);
    bench.list('spring.csv', [1], false);
    mkdirSync(bench.path(`out/spring/${phoneOf(1)}.wav/x`), { recursive: true });
    const meet = onceSaid('preview is left alone', (world) => {
      world.press('SIGINT');
    });
    const { code, stdout, stderr } = await bench.command('run spring.csv --json', { meet });
    expect(code).toBe(75);
    expect(stderr).toContain('+1 415 *** **01.wav: ');
    const status = await bench.command('status');
    expect(status.stdout).toContain('preview does not work since');
    const documents = await Promise.all(
      ['status --json', 'report', 'report --json'].map((line) => bench.command(line)),
    );
    const all = [stdout, stderr, bench.read('logs/app.log'), status.stdout];
    const told = [...all, ...documents.map((document) => document.stdout)].join('\n');
    expect(told).toContain('+1 415 *** **01.wav: ');
    expect(clearNumbers(told)).toEqual([]);
  });

  it('audio that cannot be kept: dialling stops, the journal goes on', async () => {
    bench.list('spring.csv', [1, 2]);
    rmSync(bench.path('data/audio'), { recursive: true, force: true });
    bench.write('data/audio', '');
    const { code, stdout, stderr } = await bench.command('run spring.csv --json');
    expect({ code, stdout }).toEqual({ code: 74, stdout: '' });
    expect(stderr).toMatch(/^campaign: dialling stopped: .*audio/m);
    const log = bench.read('logs/app.log').trimEnd().split('\n');
    expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({
      event: 'run.finished',
      end: 'disk_failed',
      level: 'error',
    });
    expect((await bench.command('status')).stdout).toContain('0 done, 2 calling');
    rmSync(bench.path('data/audio'));
    expect((await bench.command('run spring.csv')).stdout).toContain('spring: 2 contacts done in');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s: calls in progress end', async (signal) => {
    bench.list('spring.csv', [1, 2, 3]);
    const meet = onceSaid('call to c-1 started', (world) => {
      world.press(signal);
    });
    const stopped = await bench.command('run spring.csv --lines 1 --verbose', { meet });
    expect(stopped.code).toBe(75);
    expect(stopped.stderr).toContain(
      '  stopping: no new contact is taken, calls in progress end. Ctrl-C again stops at once\n',
    );
    expect(stopped.stdout).toMatch(
      /^\nspring: stopped, 1 contact done in .*, 2 contacts left\. Go/,
    );
    expect((await bench.command('run spring.csv')).stdout).toContain('2 contacts done in');
    expect(bench.read('out/spring/results.csv').trimEnd().split('\n')).toHaveLength(4);
  });

  it('a second Ctrl-C: at once, and the next run goes on', async () => {
    bench.list('spring.csv', [1, 2]);
    const real = realClock();
    let laterMs = 0;
    const clock = { ...real, monotonicMs: () => real.monotonicMs() + laterMs };
    const meet = onceSaid('call to c-1 started', (world) => {
      world.press('SIGINT');
      world.press('SIGTERM');
      laterMs = 5_000;
      world.press('SIGINT');
    });
    const options = { meet, clock };
    const { code, stdout, stderr } = await bench.command('run spring.csv --verbose', options);
    expect(code).toBe(75);
    expect(stderr.match(/stopping/g)).toHaveLength(2);
    expect(stderr).toContain('stopping at once: calls in progress are hung up');
    expect(stdout).toContain('2 contacts left. Go on with');
    expect((await bench.command('run spring.csv')).code).toBe(0);
    expect(bench.read('out/spring/results.csv').trimEnd().split('\n')).toHaveLength(3);
  });

  it('Ctrl-C while the list is read is no bug', async () => {
    bench.list('spring.csv', [1]);
    bench.write('spring.csv', `${bench.read('spring.csv')}c-9,Nobody,\n`);
    const meet = (world: FakeWorld): void => {
      const { onStop } = world;
      Object.assign(world, {
        onStop: (listener: Parameters<typeof onStop>[0]) => {
          const off = onStop(listener);
          world.press('SIGINT');
          return off;
        },
      });
    };
    const { code, stderr } = await bench.command('run spring.csv', { meet });
    expect(code).toBe(75);
    expect(stderr).toContain('campaign: stopped before spring.csv was read to its end');
    expect(stderr).not.toContain('bug');
    const { stdout } = await bench.command('report');
    expect(stdout).toContain('(stopped)');
    expect((await bench.command('run spring.csv')).code).toBe(0);
  });
});

describe('what an earlier run found broken', () => {
  it('is said at the start, with since when, why and when it is tried again', async () => {
    const settings = { failureThreshold: 1, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 };
    const breaker = new BreakerBench(breakerPolicy(settings, 60_000));
    breaker.trip(failure({ message: `no voice for ${phoneOf(1)}` }));
    {
      using store = bench.store();
      const agoMs = Date.now() - 59_000;
      store.breakers.save(breakerKey('tts', 'flite'), saveBreaker(breaker.state, 0, agoMs));
    }
    bench.list('spring.csv', [1]);
    const { code, stderr } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^ {2}found by an earlier run: flite does not work since [\d:.TZ-]+ \([^)]+\): no voice for /,
    );
    expect(stderr).toContain('no voice for +1 415 *** **01; ');
    expect(stderr).toMatch(/(it is tried again in|the next call tries it again)/);
    expect(stderr).toContain('. Where the cause is mended, there is nothing else to do\n');
    expect((await bench.command('run spring.csv')).stderr).not.toContain('earlier run');
  });
});

describe('what does not stop a run', () => {
  it('an alert that is open of a service that works: it is over', async () => {
    const words = { title: 'flite', what: 'mute.', doing: '', toDo: '' };
    const about = { key: 'service:flite', campaign: 'other', service: 'flite', affected: 0 };
    const raised = { severity: 'critical', kind: 'raised', role: 'tts', sinceMs: 1000 } as const;
    {
      using store = bench.store();
      await store.alerts.save({ open: [{ ...about, ...raised, ...words }] });
    }
    expect(openAlerts()).toHaveLength(1);
    bench.list('spring.csv', [1]);
    expect((await bench.command('run spring.csv')).code).toBe(0);
    expect(openAlerts()).toEqual([]);
  });

  it('a log that cannot be written: it is said once', async () => {
    bench.write('logs', '');
    bench.list('spring.csv', [1, 2, 3]);
    const { code, stdout, stderr } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain('3 contacts done');
    expect(stderr.match(/^campaign: the log .* cannot be written.*$/gm)).toHaveLength(1);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('a view that fails: it is left out, which is said once', async () => {
    bench.list('spring.csv', [1, 2, 3]);
    let taken = 0;
    vi.spyOn(appLog, 'openAppLog').mockReturnValue({
      take: () => {
        taken += 1;
        throw new Error('a bug of a view');
      },
      programFailed: () => undefined,
      [Symbol.dispose]: () => undefined,
    });
    const { code, stdout, stderr } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain('3 contacts done');
    expect(taken).toBe(1);
    expect(stderr).toBe('campaign: the app log is left out from here on: a bug of a view\n');
  });
});
