import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../src/cli/world.ts';
import { STAGES } from '../../src/engine/ports.ts';
import { claimed, entries } from '../store-conformance/subjects.ts';
import { CONFIG, CommandBench, clearNumbers, phoneOf } from '../support/command-bench.ts';

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench();
});

afterEach(() => {
  bench[Symbol.dispose]();
});

function rows(text: string): string[] {
  return text.trimEnd().split('\n').slice(1);
}

/** Somebody for whom a text is written, by the script of the run before, and who is not called. */
async function prepared(id: number): Promise<void> {
  bench.list('spring.csv', [1]);
  await bench.command('run spring.csv');
  bench.queue('spring', [phoneOf(id)]);
  using store = bench.store();
  const journal = store.journal('spring');
  const { key } = await claimed(journal.claim(STAGES, 1000, `call-${id}`));
  void journal.write(key, entries.scriptEnded());
  await journal.write(key, entries.released);
  bench.write('list.csv', `name,phone\nPerson ${phoneOf(id)},${phoneOf(id)}\n`);
}

describe('campaign run', () => {
  it('works the list, and says so', async () => {
    bench.list('spring.csv', [1, 2, 3]);
    const { code, stdout, stderr } = await bench.command('run spring.csv');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.replace(/in [\d.]+ m?s\./, 'in a moment.')).toBe(`
spring: 3 contacts done in a moment. All 3 have their outcome.

      3 previewed

  results    out/spring/results.csv
  audio      out/spring/*.wav
  log        logs/app.log

  No phone rang. services.dialer in config.yml is preview, which writes what a
  phone would play. For real calls name twilio, asterisk-ari or asterisk-ami
  there (see "Real calls" in the README).

`);
    const results = rows(bench.read('out/spring/results.csv'));
    expect(results.map((row) => row.split(',').slice(0, 4).join(',')).toSorted()).toEqual(
      [1, 2, 3].map((id) => `c-${id},Person ${id},${phoneOf(id)},previewed`),
    );
    for (const id of [1, 2, 3]) {
      expect(bench.read(`out/spring/c-${id}.wav`).slice(0, 4)).toBe('RIFF');
    }
    const events = bench.read('logs/app.log').trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line).event)).toContain('run.finished');
  });

  it('does nothing the second time, and says so', async () => {
    bench.list('spring.csv', [1, 2]);
    await bench.command('run spring.csv');
    const results = bench.read('out/spring/results.csv');
    const { code, stdout } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'spring: nothing to do. All 2 have their outcome; nothing was repeated.\n',
    );
    expect(bench.read('out/spring/results.csv')).toBe(results);
    const { stdout: text } = await bench.command('run spring.csv --json');
    const { template, flite, preview, csv } = JSON.parse(text).services;
    for (const service of [template, flite, preview, csv]) {
      expect(service.requests).toBe(0);
    }
  });

  it('says before any call which rows leave a hole in the text', async () => {
    bench.write('config.yml', 'script: { template: "On {{ day }}." }\n');
    bench.write('spring.csv', `day,phone\nMonday,${phoneOf(1)}\n,${phoneOf(2)}\n`);
    const words = '1 row has no day, which the text uses (line 3): it is called';
    const { code, stderr } = await bench.command('run spring.csv --verbose');
    expect(code).toBe(0);
    expect(stderr).toContain(words);
    expect(stderr.indexOf(words)).toBeLessThan(stderr.indexOf('run started'));
    // Nobody is left to call.
    expect((await bench.command('run spring.csv')).stderr).not.toContain('which the text uses');
  });

  it('adds what a longer list has, and says who is no longer on a shorter one', async () => {
    bench.list('spring.csv', [1, 2]);
    await bench.command('run spring.csv --limit 1');
    bench.list('spring.csv', [1, 3, 4]);
    const { code, stdout } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain('spring: 2 contacts done in');
    expect(stdout).toContain('All 3 have their outcome.');
    expect(stdout).toContain('      1 taken out      not in the list any more, so not called\n');
    const called = rows(bench.read('out/spring/results.csv')).map((row) => row.split(',')[0]);
    expect(called).toHaveLength(3);
    expect(new Set(called)).toEqual(new Set(['c-1', 'c-3', 'c-4']));
    const status = await bench.command('status spring');
    expect(status.stdout).toContain('0 rows rejected, 1 taken out of the list\n');
    expect((await bench.command('report')).stdout).toContain(', 1 taken out of the list\n');
  });

  it('makes anew what is prepared where the script is changed, and says so', async () => {
    await prepared(2);
    bench.write('config.yml', CONFIG.replace('Hi', 'Hello'));
    const { code, stderr } = await bench.command('run list.csv --name spring --verbose');
    expect(code).toBe(0);
    expect(stderr).toContain(
      'config.yml has another script, or campaign.language, than at the last run: ' +
        'what was prepared for 1 contact not called yet is written and spoken anew',
    );
    expect(stderr).toContain('script done by template');
    const again = await bench.command('run list.csv --name spring --verbose');
    expect(again.stderr).not.toContain('another script');
  });

  it('keeps what is prepared where another script is refused, and the old is back', async () => {
    await prepared(2);
    bench.write('config.yml', CONFIG.replace('Hi', 'Hi {{ nmae }}'));
    const refused = await bench.command('run list.csv --name spring --verbose');
    expect(refused.code).toBe(78);
    expect(refused.stderr).toContain('Nobody was called.');
    expect(refused.stderr).not.toContain('another script');
    bench.write('config.yml', CONFIG);
    const { code, stderr } = await bench.command('run list.csv --name spring --verbose');
    expect(code).toBe(0);
    expect(stderr).not.toContain('another script');
    expect(stderr).not.toContain('script done by');
    expect(stderr).toContain('speech done by');
  });

  it('goes on after --limit with the command that it names', async () => {
    bench.list('my list.csv', [1, 2, 3]);
    const first = await bench.command(['run', 'my list.csv', '--limit', '2', '--name', "o'neil"]);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(
      /o'neil: 2 contacts done in .*, as --limit said, 1 contact left\./,
    );
    expect(first.stdout).toContain(`Go on with: campaign run 'my list.csv' --name 'o'\\''neil'\n`);
    expect(first.stdout).toContain('      1 queued\n');
    const second = await bench.command(['run', 'my list.csv', '--name', "o'neil"]);
    expect(second.stdout).toContain("o'neil: 1 contact done in");
  });

  it('names the config file that is not the usual one', async () => {
    bench.write('else where.yml', CONFIG);
    bench.list('spring.csv', [1, 2]);
    const args = ['run', 'spring.csv', '--limit', '1', '--config', 'else where.yml'];
    const { stdout } = await bench.command(args);
    expect(stdout).toContain("Go on with: campaign run spring.csv --config 'else where.yml'\n");
  });

  it('says which rows were rejected and why, and where they are', async () => {
    const bad = Array.from({ length: 6 }, (_, index) => `b-${index},Nobody,\n`).join('');
    bench.list('spring.csv', [1]);
    bench.write('spring.csv', `${bench.read('spring.csv')}c-9,Twin,(415) 555-0101\n${bad}`);
    const { code, stdout } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toContain(
      '      7 rejected       line 3: same number as line 2 (contact c-1)\n' +
        '                       line 4: no number\n',
    );
    expect(stdout).toContain('line 7: no number (and 2 more)\n');
    expect(stdout).toContain('  rejected   out/spring/rejected.csv\n');
    expect(rows(bench.read('out/spring/rejected.csv'))).toHaveLength(7);
    expect((await bench.command('status')).stdout).toContain('; 7 rows rejected\n');
  });

  it('rings a number twice only where that is allowed', async () => {
    bench.write('config.yml', `${CONFIG}campaign: { same_number: allow }\n`);
    bench.write('spring.csv', `id,phone\na,${phoneOf(1)}\nb,${phoneOf(1)}\n`);
    expect((await bench.command('run spring.csv')).stdout).toContain('      2 previewed\n');
  });

  it('says why calls failed', async () => {
    bench.write('config.yml', 'script: { template: "{{ word }}", max_characters: 5 }\n');
    const row = (id: number, word: string) => `c-${id},${phoneOf(id)},${word}\n`;
    const list = `id,phone,word\n${row(1, 'Hi.')}${row(2, 'too long')}${row(3, 'longer yet')}`;
    bench.write('spring.csv', list + row(4, 'too long'));
    const { code, stdout, stderr } = await bench.command('run spring.csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      / {6}3 failed {9}script: text_too_long, for example: template wrote .*\n/,
    );
    expect(stdout).toContain('      1 previewed\n');
    expect(stderr.match(/call to c-[234] failed/g)).toHaveLength(3);
    expect(rows(bench.read('out/spring/results.csv'))).toHaveLength(4);
  });

  it('keeps numbers that are ids to itself', async () => {
    bench.list('spring.csv', [1, 2], false);
    bench.write('spring.csv', `${bench.read('spring.csv')}Twin,(415) 555-0102\nX,+1 415 555 01\n`);
    const { code, stdout, stderr } = await bench.command('run spring.csv --verbose');
    expect(code).toBe(0);
    expect(stderr).toContain('call to +1 415 *** **01 ended: previewed');
    expect(clearNumbers(stdout + stderr + bench.read('logs/app.log'))).toEqual([]);
    expect(bench.read('out/spring/results.csv')).toContain(phoneOf(2));
    expect(clearNumbers(bench.read('out/spring/rejected.csv'))).toHaveLength(1);
  });
});

describe('what run shows', () => {
  const DOCUMENT = {
    campaign: 'spring',
    started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    finished_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    duration_ms: expect.any(Number),
    contacts: { total: 3, done: 2, calling: 0, queued: 1, put_off: 0, uncertain: 0, rejected: 1 },
    outcomes: { previewed: 2 },
    services: {
      template: { role: 'llm', requests: 2, failures: 0, retries: 0, breaker: 'closed' },
      flite: { role: 'tts', requests: 1, failures: 0, retries: 0, breaker: 'closed' },
      preview: { role: 'dialer', requests: 2, failures: 0, retries: 0, breaker: 'closed' },
      csv: { role: 'crm', requests: 2, failures: 0, retries: 0, breaker: 'closed' },
    },
    alerts: { sent: 0, failed: 0 },
    exit_code: 0,
  };

  it('--json: one document on stdout and nothing else, the summary on stderr', async () => {
    bench.write('config.yml', 'script: { template: "Words not spoken yet." }\n');
    bench.list('spring.csv', [1, 2, 3]);
    bench.write('spring.csv', `${bench.read('spring.csv')}c-9,Nobody,\n`);
    const { stdout, stderr } = await bench.command('run spring.csv --json --limit 2 --lines 1');
    expect(JSON.parse(stdout)).toEqual(DOCUMENT);
    expect(Object.keys(JSON.parse(stdout))).toEqual(Object.keys(DOCUMENT));
    expect(stderr).toContain('spring: 2 contacts done in');
    const status = JSON.parse((await bench.command('status --json')).stdout).campaigns[0];
    const report = JSON.parse((await bench.command('report --json')).stdout);
    for (const { contacts, outcomes } of [status, report]) {
      expect({ contacts, outcomes }).toEqual({
        contacts: DOCUMENT.contacts,
        outcomes: DOCUMENT.outcomes,
      });
    }
  });

  it('--quiet: nothing; with --json the document alone', async () => {
    bench.list('spring.csv', [1, 2]);
    const quiet = await bench.command('run spring.csv --quiet --limit 1');
    expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' });
    const { stdout, stderr } = await bench.command('run spring.csv --quiet --json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).contacts.done).toBe(2);
  });

  it('--verbose: a line for everything that happens', async () => {
    bench.write('config.yml', 'script: { template: "Nor were these." }\n');
    bench.list('spring.csv', [1]);
    const { stderr } = await bench.command('run spring.csv --verbose');
    const shown = stderr.replace(/\d+ m?s\b/g, 'a moment');
    expect(shown).toContain('  call to c-1 started\n');
    expect(shown).toContain('  speech done by flite in a moment (contact c-1)\n');
    expect(shown).toContain('  call to c-1 ended: previewed (c-1.wav) in a moment\n');
    expect(shown).toContain('  run ended after a moment: every contact has an outcome;');
  });

  it('is coloured for a person at a terminal who does not mind', async () => {
    bench.list('spring.csv', [1]);
    const coloured = await bench.command('run spring.csv', { terminal: true });
    expect(coloured.stdout).toContain('\u001b[1mspring\u001b[22m');
    const plain = [
      await bench.command('run spring.csv', { terminal: true, env: { NO_COLOR: '1' } }),
      await bench.command('run spring.csv --no-color', { terminal: true }),
      await bench.command('run spring.csv'),
    ];
    for (const { stdout, stderr } of plain) {
      expect(stdout + stderr).not.toContain('\u001b');
    }
    const empty = await bench.command('run spring.csv', { terminal: true, env: { NO_COLOR: '' } });
    expect(empty.stdout).toContain('\u001b');
  });
});

describe('--until', () => {
  it('takes nobody where the time has just passed', async () => {
    bench.list('spring.csv', [1]);
    const clock = { ...realClock(), wallMs: () => new Date(2026, 2, 2, 17, 1).getTime() };
    const { code, stdout } = await bench.command('run spring.csv --until 17:00', { clock });
    expect(code).toBe(75);
    expect(stdout).toMatch(/--until is reached, 0 contacts done, 1 contact left/);
    // cron hears of it even from a quiet run.
    const quiet = await bench.command('run spring.csv --until 17:00 --quiet', { clock });
    expect(quiet.stdout).toBe('');
    expect(quiet.stderr).toMatch(
      /^spring: --until is reached, 0 contacts done, 1 contact left.*\n$/,
    );
  });

  it('ends the run with 75 while somebody is left', async () => {
    bench.list('spring.csv', [1, 2]);
    let nowMs = new Date(2026, 2, 2, 17, 59).getTime();
    // Every look at the wall clock is ten seconds later.
    const clock = { ...realClock(), wallMs: () => (nowMs += 10_000) };
    const { code, stdout } = await bench.command('run spring.csv --until 18:00 --lines 1', {
      clock,
    });
    expect(code).toBe(75);
    expect(stdout).toMatch(
      /spring: --until is reached, \d contacts? done, \d contacts? left\. Go on/,
    );
    expect(existsSync(bench.path('out/spring/results.csv'))).toBe(true);
  });
});
