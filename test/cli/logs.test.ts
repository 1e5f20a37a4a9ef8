import {
  appendFile,
  mkdir,
  mkdtemp,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { sinceMs } from '../../src/cli/commands/logs.ts';
import { runCommandLine } from '../../src/cli/main.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { fakeWorld } from '../support/fake-world.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campaign-logs-'));
  file = join(folder, 'logs', 'app.log');
  await mkdir(join(folder, 'logs'));
  await writeFile(join(folder, 'config.yml'), 'script: { template: Hello }\n');
});

/** A clock whose sleeper wakes when the test says so. */
class StepClock implements Clock {
  #wake: () => void = () => undefined;
  #isAsleep = Promise.withResolvers<void>();

  wallMs(): number {
    return NOW_MS;
  }

  monotonicMs(): number {
    return 0;
  }

  after(): () => void {
    throw new Error('nothing here needs it');
  }

  sleep(_delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      this.#isAsleep.resolve();
    });
  }

  /** Resolves when everything there was to read has been read. */
  async asleep(): Promise<void> {
    await this.#isAsleep.promise;
  }

  async look(): Promise<void> {
    this.#isAsleep = Promise.withResolvers<void>();
    this.#wake();
    await this.asleep();
  }
}

function worldFor(args: readonly string[], terminal = false, env = {}) {
  const clock = new StepClock();
  const world = fakeWorld({ args: ['logs', ...args], folder, clock, terminal, env });
  return { world, clock };
}

async function logs(...args: string[]) {
  const { world } = worldFor(args);
  const code = await runCommandLine(world);
  return { code, ...world.screen };
}

interface Fields {
  readonly minutesAgo?: number;
  readonly level?: string;
  readonly service?: string;
  readonly role?: string;
  readonly event?: string;
  readonly contact?: string;
  readonly stack?: string;
}

function line(msg: string, fields: Fields = {}): string {
  const { minutesAgo = 0, level = 'info', ...rest } = fields;
  const time = new Date(NOW_MS - minutesAgo * 60_000).toISOString();
  return `${JSON.stringify({ level, time, event: 'notice', campaign: 'spring', ...rest, msg })}\n`;
}

/** The messages of what was shown. */
function messages(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((shown) => shown.replace(/^.* spring {2}/, ''));
}

const numbered = (count: number, first = 1): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line ${first + index}`);

describe('campaign logs', () => {
  it('shows lines to people: when, how bad, which campaign, what, whom', async () => {
    await writeFile(file, line('flite failed', { level: 'warn', contact: 'c-017' }));
    const { code, stdout } = await logs();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^2026-11-2\d \d\d:00:00 WARN: {2}spring {2}flite failed \(contact c-017\)\n$/,
    );
  });

  it('shows the last fifty, or as many as asked for', async () => {
    await writeFile(
      file,
      numbered(2000)
        .map((text) => line(text))
        .join(''),
    );
    expect(messages((await logs()).stdout)).toEqual(numbered(50, 1951));
    expect(messages((await logs('-n', '3')).stdout)).toEqual(numbered(3, 1998));
    expect(messages((await logs('--lines', '5000')).stdout)).toEqual(numbered(2000));
  });

  it('goes back to logs that were set aside where the current one has too few', async () => {
    await writeFile(`${file}.2`, line('line 1') + line('line 2'));
    await writeFile(`${file}.1`, line('line 3') + line('line 4'));
    await writeFile(file, line('line 5'));
    expect(messages((await logs('-n', '4')).stdout)).toEqual(numbered(4, 2));
    expect(messages((await logs()).stdout)).toEqual(numbered(5));
  });

  it('shows everything since a time, from logs that reach that far', async () => {
    await writeFile(`${file}.2`, line('line 1', { minutesAgo: 500 }));
    await writeFile(
      `${file}.1`,
      numbered(60, 2)
        .map((text) => line(text, { minutesAgo: 80 }))
        .join(''),
    );
    await writeFile(
      file,
      line('line 62', { minutesAgo: 61 }) + line('line 63', { minutesAgo: 59 }),
    );
    await utimes(`${file}.2`, NOW_MS / 1000 - 30_000, NOW_MS / 1000 - 30_000);
    await utimes(`${file}.1`, NOW_MS / 1000 - 4800, NOW_MS / 1000 - 4800);
    expect(messages((await logs('--since', '1h')).stdout)).toEqual(['line 63']);
    expect(messages((await logs('--since', '90m')).stdout)).toEqual(numbered(62, 2));
    expect(messages((await logs('--since', '90m', '-n', '2')).stdout)).toEqual(numbered(2, 62));
    expect(messages((await logs('--since', '2026-11-23T11:00:30Z')).stdout)).toEqual(['line 63']);
  });

  it('picks by service, level and contact', async () => {
    await writeFile(
      file,
      line('a', { service: 'flite', level: 'error' }) +
        line('b', { service: 'csv', level: 'warn' }) +
        line('c', { contact: '+1 415 *** **34' }) +
        line('d', { contact: 'c-017', service: 'flite' }),
    );
    const shown = async (...args: string[]): Promise<readonly string[]> =>
      messages((await logs('--json', ...args)).stdout).map(
        (text) => (JSON.parse(text) as { msg: string }).msg,
      );
    expect(await shown('--service', 'flite')).toEqual(['a', 'd']);
    expect(await shown('--level', 'warn')).toEqual(['a', 'b']);
    expect(await shown('--level', 'ERROR')).toEqual(['a']);
    expect(await shown('--contact', 'c-017')).toEqual(['d']);
    expect(await shown('--contact', '+14155550134')).toEqual(['c']);
    expect(await shown('--contact', '+1 (415) 555-0134')).toEqual(['c']);
    expect(await shown('--service', 'flite', '--level', 'warn')).toEqual(['a']);
    expect(await shown('--service', 'nobody')).toEqual([]);
    expect(await shown('--service', 'csv', '--service', 'flite')).toEqual(['a', 'b', 'd']);
    expect(await shown('--contact', 'c-017', '--contact', '+14155550134')).toEqual(['c', 'd']);
  });

  it('picks what an account does in one of its roles', async () => {
    const [llm, tts] = (['llm', 'tts'] as const).map((role) => ({ service: 'openai', role }));
    await writeFile(file, line('a', llm) + line('b', tts));
    const shown = async (name: string) => messages((await logs('--service', name)).stdout);
    expect(await shown('openai (tts)')).toEqual(['b']);
    expect(await shown('openai (llm)')).toEqual(['a']);
    expect(await shown('openai')).toEqual(['a', 'b']);
  });

  it('says whom a line is about, whatever else the number in it counts', async () => {
    const contact = '1';
    await writeFile(
      file,
      line('flite failed at speech, attempt 1: mute', { event: 'attempt.failed', contact }) +
        line('call to 1 started', { event: 'call.started', contact }) +
        line('twilio did not say what became of the call to 1, asked 1 time: 503', {
          event: 'attempt.failed',
          contact,
        }),
    );
    expect(messages((await logs()).stdout)).toEqual([
      'flite failed at speech, attempt 1: mute (contact 1)',
      'call to 1 started',
      'twilio did not say what became of the call to 1, asked 1 time: 503',
    ]);
  });

  it('says that nothing matched, and what is compared', async () => {
    await writeFile(file, line('a', { contact: '+1 415 *** **34' }));
    const nobody = await logs('--contact', '4155550134', '--service', 'nosuch', '--level', 'warn');
    expect(nobody).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'campaign: no line of logs/app.log matches --service nosuch --contact 4155550134 ' +
        '--level warn\n' +
        '  --service is a name as in config.yml: template, flite, preview, csv\n' +
        '  --contact is the id in the list, or, in a list without ids, the number with its +\n',
    });
    expect((await logs('--contact', '+14155550134')).stderr).toBe('');
  });

  it('shows a broken line as it is, and the lines around it', async () => {
    await writeFile(file, `${line('a')}{"cut": \n\n[1]\n${line('b')}{"no end`);
    expect(messages((await logs()).stdout)).toEqual(['a', '{"cut": ', '[1]', 'b', '{"no end']);
    expect(messages((await logs('--level', 'debug')).stdout)).toEqual(['a', 'b']);
  });

  it('shows the lines as they stand with --json', async () => {
    const text = line('a', { contact: 'c-017' }) + line('b', { level: 'error' });
    await writeFile(file, text);
    expect((await logs('--json')).stdout).toBe(text);
  });

  it('shows the stack of an error below it', async () => {
    await writeFile(file, line('boom', { level: 'error', stack: 'Error: boom\n    at here' }));
    expect((await logs()).stdout).toMatch(/ERROR: spring {2}boom\nError: boom\n {4}at here\n$/);
  });

  it('lets no line of the log command the terminal', async () => {
    await writeFile(file, line('\u001b[2Jgone\r', { contact: '\u001b]0;x' }));
    expect((await logs()).stdout).toMatch(/ \[2Jgone {2}\(contact {2}\]0;x\)\n$/);
  });

  it('paints only for a terminal that wants it', async () => {
    await writeFile(file, line('a', { level: 'error' }));
    const shown = async (args: readonly string[], terminal: boolean, env = {}): Promise<string> => {
      const { world } = worldFor(args, terminal, env);
      await runCommandLine(world);
      return world.screen.stdout;
    };
    const painted = await shown([], true);
    const plain = await shown([], false);
    expect(painted).toContain('\u001b[31m');
    expect(stripVTControlCharacters(painted)).toBe(plain);
    expect(await shown(['--no-color'], true)).toBe(plain);
    expect(await shown([], true, { NO_COLOR: '1' })).toBe(plain);
    expect(await shown(['--json'], true)).toBe(line('a', { level: 'error' }));
  });

  it.each([
    [
      ['--level', 'wran'],
      64,
      '--level: found "wran", allowed: debug, info, warn, error\n  Did you mean warn?',
    ],
    [
      ['--since', 'yesterday'],
      64,
      '--since: found "yesterday", allowed: a span such as 30m, 2h or 1d',
    ],
    [['--lines', '0'], 64, '--lines'],
    [[], 66, 'nothing was logged yet: there is no logs/app.log'],
    [['--config', 'other.yml'], 66, 'there is no other.yml'],
  ])('%j exits %d', async (args, exit, message) => {
    const { code, stdout, stderr } = await logs(...args);
    expect(code).toBe(exit);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });

  it('reads times as this machine shows them, unless they name a zone', () => {
    expect(sinceMs('30m', NOW_MS)).toBe(NOW_MS - 1_800_000);
    expect(sinceMs('1d', NOW_MS)).toBe(NOW_MS - 86_400_000);
    expect(sinceMs('2026-11-23T03:00', NOW_MS)).toBe(new Date(2026, 10, 23, 3).getTime());
    expect(sinceMs('2026-11-23 03:00:30', NOW_MS)).toBe(new Date(2026, 10, 23, 3, 0, 30).getTime());
    expect(sinceMs('2026-11-23', NOW_MS)).toBe(new Date(2026, 10, 23).getTime());
    expect(sinceMs('2026-11-23T03:00Z', NOW_MS)).toBe(Date.UTC(2026, 10, 23, 3));
    expect(() => sinceMs('2026-13-01', NOW_MS)).toThrow('--since');
  });
});

describe('campaign logs --follow', () => {
  async function following(...args: string[]) {
    const { world, clock } = worldFor(['--follow', ...args]);
    const ended = runCommandLine(world);
    await clock.asleep();
    return {
      world,
      shown: async (): Promise<readonly string[]> => {
        await clock.look();
        return messages(world.screen.stdout);
      },
      end: async (): Promise<number> => {
        world.press('SIGINT');
        return ended;
      },
    };
  }

  it('shows what comes, whole lines only, until Ctrl-C', async () => {
    await writeFile(file, line('a') + line('b'));
    const { shown, end } = await following('-n', '1');
    expect(await shown()).toEqual(['b']);
    const next = line('c');
    await appendFile(file, next.slice(0, 20));
    expect(await shown()).toEqual(['b']);
    await appendFile(file, next.slice(20) + line('d'));
    expect(await shown()).toEqual(['b', 'c', 'd']);
    expect(await end()).toBe(0);
  });

  it('loses nothing when the log is set aside', async () => {
    await writeFile(file, line('a'));
    const { shown, end } = await following();
    await appendFile(file, line('b'));
    await rename(file, `${file}.1`);
    await appendFile(`${file}.1`, line('c')); // by a process that has not noticed yet
    expect(await shown()).toEqual(['a', 'b', 'c']);
    await writeFile(file, line('d'));
    expect(await shown()).toEqual(['a', 'b', 'c', 'd']);
    await appendFile(file, 'e, cut by a kill');
    await rename(file, `${file}.1`);
    await writeFile(file, line('f'));
    expect(await shown()).toEqual(['a', 'b', 'c', 'd', 'e, cut by a kill', 'f']);
    await end();
  });

  it('begins again when the log is cut to nothing or deleted', async () => {
    await writeFile(file, line('a') + line('b'));
    const { shown, end } = await following('-n', '1');
    await truncate(file);
    expect(await shown()).toEqual(['b']);
    await appendFile(file, line('c'));
    expect(await shown()).toEqual(['b', 'c']);
    await rm(file);
    expect(await shown()).toEqual(['b', 'c']);
    await writeFile(file, line('d'));
    expect(await shown()).toEqual(['b', 'c', 'd']);
    await end();
  });

  it('waits for a log that is not there yet', async () => {
    const { world, shown, end } = await following('--level', 'warn');
    expect(world.screen.stderr).toContain('nothing was logged yet');
    await writeFile(file, line('a', { level: 'warn' }) + line('b'));
    expect(await shown()).toEqual(['a']);
    expect(await end()).toBe(0);
  });
});
