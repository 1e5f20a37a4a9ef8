import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireRunLock } from '../../src/store/lock.ts';
import { CommandBench, clearNumbers, phoneOf } from '../support/command-bench.ts';

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench();
});

afterEach(() => {
  bench[Symbol.dispose]();
});

describe('campaign report', () => {
  it('tells outcomes, failures and timings', async () => {
    bench.write('config.yml', 'script: { template: { en: "Words not spoken yet." } }\n');
    const row = (id: number, language: string) => `c-${id},${phoneOf(id)},${language}\n`;
    const rows = `${row(1, 'en')}${row(2, '')}${row(3, 'es')},,\n`;
    bench.write('spring.csv', `id,phone,language\n${rows}c-9,,en\n`);
    await bench.command('run spring.csv');
    const { code, stdout } = await bench.command('report');
    expect(code).toBe(0);
    expect(stdout).toContain('spring: 3 contacts, 3 done, 0 uncertain, 1 row rejected\n');
    expect(stdout).toContain(`  list      ${bench.path('spring.csv')}\n`);
    expect(stdout).toMatch(/ {2}last run {2}[\d:.TZ-]+ \(done\)\n/);
    expect(stdout).toMatch(/Outcomes\n {2}previewed +2 +67 %\n {2}failed +1 +33 %\n/);
    expect(stdout).toMatch(/\nWhy calls failed\n +1 {2}no script.template for language es .*\n\n/);
    expect(stdout).toMatch(
      /Failures by service\n {2}template +no_template +1 {2}last \d{4}-.*Z {2}no script/,
    );
    expect(stdout).toMatch(/Timings\n {2}script {2}template +2 times {2}mean \d+ m?s, longest/);
    expect(stdout).toMatch(/\n {2}speech {2}flite +2 times/);

    const document = JSON.parse((await bench.command('report spring --json')).stdout);
    expect(document).toMatchObject({
      campaign: 'spring',
      list: bench.path('spring.csv'),
      last_run: { started_at: expect.any(String), finished_at: expect.any(String), end: 'done' },
      contacts: { total: 3, done: 3, calling: 0, queued: 0, put_off: 0, uncertain: 0, rejected: 1 },
      records_owed: 0,
      outcomes: { previewed: 2, failed: 1 },
    });
    expect(document.failed_calls).toEqual([
      { reason: expect.stringMatching(/^no script.template for language es/), count: 1 },
    ]);
    expect(document.failures).toEqual([
      {
        service: 'template',
        role: 'llm',
        error_category: 'permanent',
        code: 'no_template',
        count: 1,
        last_at: expect.any(String),
        message: 'no script.template for language es (have: en)',
      },
    ]);
    const speech = document.timings.find(({ step }: { step: string }) => step === 'speech');
    expect(speech).toMatchObject({ service: 'flite', count: 2, max_ms: expect.any(Number) });
  });

  it('tells a run that is on from one that was cut off', async () => {
    bench.queue('spring', [phoneOf(1)]);
    {
      using store = bench.store();
      store.startRun({ campaign: 'spring', pid: 4242, host: 'test-host', startedMs: 1 });
    }
    const lastRun = async () => {
      const { last_run: run } = JSON.parse((await bench.command('report --json')).stdout);
      const { stdout } = await bench.command('report');
      return [/last run .*Z \((.*)\)/.exec(stdout)?.[1], run.is_on];
    };
    expect(await lastRun()).toEqual(['cut off: no run is on', false]);
    const lock = acquireRunLock({ store: bench.path('data/campaign.db'), campaign: 'spring' });
    if (lock === 'held') throw new Error('nobody else holds it');
    using _held = lock;
    expect(await lastRun()).toEqual(['still on', true]);
  });

  it('names an account that fills two roles as two, and counts one time as one', async () => {
    const providers = '{ openai: { model: m, tts_model: m, voice: v, api_key: "${K}" } }';
    const chains = '{ llm: [openai, template], tts: [openai, flite] }';
    bench.write(
      'config.yml',
      `services: ${chains}\nproviders: ${providers}\nscript: { template: "Hi.", prompt: "Hi." }\n`,
    );
    bench.queue('spring', [phoneOf(1)]);
    {
      using store = bench.store();
      const about = { campaign: 'spring', service: 'openai', kind: 'transient' } as const;
      const failure = { ...about, code: 'http_429', message: 'openai answered 429', atMs: 1 };
      const subject = { contact: 'c', call: 'x', status: 429 };
      store.noteFailure({ ...failure, ...subject, step: 'script', role: 'llm' });
      store.noteFailure({ ...failure, ...subject, step: 'speech', role: 'tts' });
      const used = { campaign: 'spring', service: 'flite', instead: 'openai', atMs: 1 };
      store.noteFallback({ ...used, role: 'tts', reason: 'openai answered 429' });
    }
    const { stdout } = await bench.command('report');
    expect(stdout).toMatch(/\n {2}openai +http_429 +1 .*\n/);
    expect(stdout).toMatch(/\n {2}openai \(tts\) +http_429 +1 .*\n/);
    expect(stdout).toMatch(/\n {2}flite +openai \(tts\) +1 /);
    const document = JSON.parse((await bench.command('report --json')).stdout);
    const names = document.failures.map(({ service }: { service: string }) => service);
    expect(names.toSorted()).toEqual(['openai', 'openai (tts)']);
    expect(document.fallbacks).toMatchObject([{ role: 'tts', instead: 'openai (tts)' }]);
  });

  it('--csv: every finished call, as in results.csv', async () => {
    bench.list('spring.csv', [1, 2, 3], false);
    bench.write('spring.csv', `${bench.read('spring.csv')}"=cmd()|, ""x""",+442079460018\n`);
    await bench.command('run spring.csv --limit 1');
    expect((await bench.command('report')).stdout).toMatch(/script {2}template +1 time +mean/);
    await bench.command('run spring.csv');
    const { code, stdout, stderr } = await bench.command('report --csv');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [header, ...rows] = stdout.trimEnd().split('\n');
    const [resultsHeader, ...results] = bench.read('out/spring/results.csv').trimEnd().split('\n');
    expect(header).toBe(resultsHeader);
    expect(rows.toSorted()).toEqual(results.toSorted());
    expect(rows).toHaveLength(4);
    expect(stdout).toContain(`,"'=cmd()|, ""x""",+442079460018,previewed,`);
  });

  it('shows the uncertain in --csv, and no number anywhere else', async () => {
    bench.queue('spring', [1, 2].map(phoneOf));
    await bench.lose('spring', 1);
    const csv = await bench.command('report --csv');
    expect(csv.stdout).toContain(`\n${phoneOf(1)},Person ${phoneOf(1)},${phoneOf(1)},uncertain,`);
    for (const line of ['report', 'report --json']) {
      const { stdout } = await bench.command(line);
      expect(clearNumbers(stdout)).toEqual([]);
    }
  });

  it('is short where nothing was called yet', async () => {
    bench.queue('spring', [phoneOf(1)]);
    expect((await bench.command('report')).stdout).toBe(`\
spring: 1 contact, 0 done, 0 uncertain, 0 rows rejected
  list      none read yet
  last run  none

No outcome yet

No service failed
`);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['two kinds at once', ['spring'], 'report --json --csv', /--json and --csv: one of the two/],
    ['no campaign', [], 'report', /there is no campaign yet\n {2}`campaign run <list>` begins one/],
    [
      'several',
      ['autumn', 'spring'],
      'report',
      /there are several campaigns; name one of: autumn, spring\n$/,
    ],
    [
      'a name spelt wrong',
      ['autumn', 'spring'],
      'report atumn',
      /; there are: autumn and spring\n {2}Did you mean autumn/,
    ],
  ])('refuses %s', async (_what, campaigns, command, message) => {
    bench.store().close();
    for (const campaign of campaigns) bench.queue(campaign, []);
    const { code, stdout, stderr } = await bench.command(command);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
