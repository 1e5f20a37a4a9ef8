import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG, CommandBench, clearNumbers, onceSaid, phoneOf } from '../support/command-bench.ts';

let bench: CommandBench;

/** c-1 is done, nobody knows what became of c-2, c-3 was not called yet. */
async function oneUncertain(): Promise<void> {
  bench.list('spring.csv', [1, 2, 3]);
  await bench.command('run spring.csv --limit 1 --lines 1');
  await bench.lose('spring', 1);
}

describe('campaign settle', () => {
  beforeEach(() => {
    bench = new CommandBench();
  });

  afterEach(() => {
    bench[Symbol.dispose]();
  });

  it('ends an uncertain call, and the next run tells the CRM', async () => {
    await oneUncertain();
    const run = await bench.command('run spring.csv');
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('All 3 have their outcome; 1 of them is uncertain.');
    expect(run.stdout).toContain(`
  uncertain: c-2 may have been rung;
  nobody can tell for certain; what the dialer said last: campaign report --csv
  Nobody is rung again for that by itself. Find out, then say so:
    campaign settle spring c-2 answered   (or: again)
`);
    expect(bench.read('out/spring/results.csv')).not.toMatch(/^c-2,/m);

    const settled = await bench.command('settle spring c-2 voicemail');
    expect(settled).toEqual({
      code: 0,
      stdout: 'c-2 of spring is settled: voicemail. The next run tells the CRM.\n',
      stderr: '',
    });
    expect((await bench.command('status')).stdout).toContain('  1 record owed to the CRM\n');
    const next = await bench.command('run spring.csv');
    expect(next.stdout).toContain(
      'spring: nobody was left to call, and the CRM got 1 record that was owed. ' +
        'All 3 have their outcome; nothing was repeated.\n',
    );
    const results = bench.read('out/spring/results.csv').trimEnd().split('\n');
    expect(results).toHaveLength(4);
    expect(results.at(-1)).toMatch(/^c-2,Person 2,\+14155550102,voicemail,settled by hand,/);
    expect((await bench.command('run spring.csv')).stdout).toContain('spring: nothing to do.');
    expect(bench.read('out/spring/results.csv').trimEnd().split('\n')).toEqual(results);
  });

  it('again: the next run calls once more', async () => {
    await oneUncertain();
    await bench.command('run spring.csv');
    const { code, stdout } = await bench.command('settle spring c-2 again');
    expect(code).toBe(0);
    expect(stdout).toBe('c-2 is back in the queue of spring; the next run calls again.\n');
    const next = await bench.command('run spring.csv');
    expect(next.stdout).toContain('spring: 1 contact done in');
    expect(bench.read('out/spring/results.csv')).toMatch(/^c-2,.*,previewed,/m);
  });

  it('again, while a run is on: the next run leaves one row of it in results.csv', async () => {
    const list = (language: string): string =>
      `id,phone,language\nc-1,+14155550101,${language}\nc-2,+14155550102,en\n` +
      'c-3,+14155550103,en\nc-4,+14155550104,en\n';
    bench.write('few.csv', list('xx'));
    await bench.command('run few.csv --limit 2 --lines 1');
    expect(bench.read('out/few/results.csv')).toContain('c-1,');
    bench.write('few.csv', list('en'));
    let settled: Promise<{ code: number }> | undefined;
    const meet = onceSaid('call to c-3 started', () => {
      settled = bench.command('settle few c-1 again');
    });
    await bench.command('run few.csv --lines 1 --verbose', { meet });
    expect((await settled)?.code).toBe(0);
    await bench.command('run few.csv');
    const rows = bench.read('out/few/results.csv').trim().split('\n').slice(1);
    const ids = new Set(rows.map((row) => row.split(',')[0]));
    expect([rows.length, ids.size]).toEqual([4, 4]);
    expect(rows.find((row) => row.startsWith('c-1,'))).toContain('previewed');
  });

  it('again: calls by the row as it was corrected', async () => {
    await oneUncertain();
    await bench.command('run spring.csv');
    const list = bench.read('spring.csv');
    bench.write('spring.csv', list.replace(phoneOf(2), phoneOf(77)));
    await bench.command('run spring.csv');
    expect((await bench.command('settle spring c-2 again')).stdout).toBe(
      'c-2 is back in the queue of spring; the next run calls again, ' +
        'by the row as it was corrected since.\n',
    );
    await bench.command('run spring.csv');
    const row = `c-2,Person 2,${phoneOf(77)},previewed,`;
    expect(bench.read('out/spring/results.csv')).toContain(row);
  });

  it('again: nobody whose row is gone', async () => {
    await oneUncertain();
    await bench.command('run spring.csv');
    bench.list('spring.csv', [1, 3]);
    await bench.command('run spring.csv');
    expect((await bench.command('settle spring c-2 again')).stdout).toBe(
      'c-2 has no row on the list of spring any more that a run accepts: taken out, and not ' +
        'called again. Should it have one again, the next run calls.\n',
    );
    expect((await bench.command('run spring.csv')).stdout).toContain('spring: nothing to do.');
    bench.list('spring.csv', [1, 2, 3]);
    expect((await bench.command('run spring.csv')).stdout).toContain('spring: 1 contact done in');
  });

  it('names the settings and the campaign as a shell wants them', async () => {
    bench.write('my settings.yml', CONFIG);
    bench.list('my list.csv', [1, 2]);
    const config = ['--config', 'my settings.yml'];
    await bench.command(['run', 'my list.csv', '--limit', '1', '--lines', '1', ...config]);
    await bench.lose('my list', 1);
    const { stdout } = await bench.command(['run', 'my list.csv', ...config]);
    expect(stdout).toContain(
      "    campaign settle 'my list' c-2 answered --config 'my settings.yml'   (or: again)\n",
    );
  });

  it('makes no database by asking', async () => {
    const { code, stderr } = await bench.command('settle spring c-2 answered');
    expect(code).toBe(66);
    expect(stderr).toContain('there is no database at');
    expect(() => bench.read('data/campaign.db')).toThrow('ENOENT');
  });
});

describe('who is meant', () => {
  beforeEach(async () => {
    bench = new CommandBench('campaign: { same_number: allow }\n' + CONFIG);
    bench.list('spring.csv', [1, 2, 3]);
    bench.write('spring.csv', `${bench.read('spring.csv')}C-9,Other,${phoneOf(2)}\n`);
    await bench.command('run spring.csv --limit 1 --lines 1');
  });

  afterEach(() => {
    bench[Symbol.dispose]();
  });

  const settle = (who: string) => bench.command(['settle', 'spring', who, 'busy']);

  it.each(['(415) 555-0102', '415.555.0102', '+1 415 555 0102', ' C-2 '])(
    'is the one uncertain contact that fits: %s',
    async (who) => {
      await bench.lose('spring', 1);
      const { code, stdout, stderr } = await settle(who);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^c-2 of spring is settled: busy/);
    },
  );

  it('is asked for where several are uncertain', async () => {
    await bench.lose('spring', 3);
    const { code, stderr } = await settle('415 555 0102');
    expect(code).toBe(64);
    expect(stderr).toBe(
      'campaign: 2 contacts of spring could be meant by +1 415 *** **02: c-2, C-9\n' +
        '  Give the id.\n',
    );
    expect((await settle('c-9')).stdout).toMatch(/^C-9 of spring is settled/);
  });

  it('is nobody else than the very id, also one that is not uncertain', async () => {
    await bench.lose('spring', 1);
    expect((await settle('c-1')).stderr).toMatch(/contact c-1 of campaign spring is done/);
    expect((await settle('c-')).stderr).toMatch(/has no contact c-\n {2}Did you mean c-2\?/);
  });

  it('is told by the reason where the one who fits is not uncertain', async () => {
    const { code, stderr } = await settle('(415) 555-0103');
    expect(code).toBe(64);
    expect(stderr).toMatch(/contact c-3 of campaign spring is in the queue/);
  });
});

describe('what settle refuses', () => {
  // One for all: what is refused changes nothing.
  beforeAll(async () => {
    bench = new CommandBench();
    await oneUncertain();
  });

  afterAll(() => {
    bench[Symbol.dispose]();
  });

  it.each<[string, string, RegExp]>([
    [
      'an outcome spelt wrong',
      'settle spring c-2 answerd',
      /^campaign: outcome: found "answerd", allowed: .*, again\n {2}Did you mean answered\?\n$/,
    ],
    ['an outcome of a preview', 'settle spring c-2 previewed', /outcome: found "previewed"/],
    ['an outcome that is none', 'settle spring c-2 uncertain', /outcome: found "uncertain"/],
    [
      'a campaign spelt wrong',
      'settle sprnig c-2 answered',
      /^campaign: there is no campaign sprnig; there is: spring\n {2}Did you mean spring\?\n$/,
    ],
    [
      'a contact spelt wrong',
      'settle spring c2x answered',
      /campaign spring has no contact c2x\n {2}Did you mean c-2\?\n$/,
    ],
    [
      'a contact unlike any',
      'settle spring zinnia answered',
      /has no contact zinnia\n {2}Uncertain in spring: c-2\.\n$/,
    ],
    [
      'a contact that is done',
      'settle spring c-1 answered',
      /contact c-1 of campaign spring is done \(previewed\); only a contact whose call/,
    ],
    ['a contact in the queue', 'settle spring c-3 again', /is in the queue, not called yet; only/],
  ])('refuses %s', async (_what, command, message) => {
    const { code, stdout, stderr } = await bench.command(command);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
    expect((await bench.command('status')).stdout).toContain('1 uncertain; ');
  });
});

describe('contacts that are known by their number', () => {
  beforeEach(async () => {
    bench = new CommandBench();
    bench.queue('spring', [1, 12, 2, 3].map(phoneOf));
    await bench.lose('spring', 3);
    bench.list('spring.csv', [1, 12, 2, 3], false);
  });

  afterEach(() => {
    bench[Symbol.dispose]();
  });

  it('are masked in the summary and in status, and settled as they stand there', async () => {
    const run = await bench.command('run spring.csv');
    expect(run.stdout).toContain(
      '  uncertain: +1 415 *** **01, +1 415 *** **12, +1 415 *** **02 may have been rung',
    );
    const line = /campaign settle spring '([^']*)' answered/.exec(run.stdout);
    expect(line?.[1]).toBe('+1 415 *** **01');
    const status = await bench.command('status');
    expect(status.stdout).toContain('uncertain: +1 415 *** **01, +1 415 *** **12, ');
    const settled = await bench.command(['settle', 'spring', line?.[1] ?? '', 'answered']);
    expect(settled.code).toBe(0);
    expect(settled.stdout).toContain('+1 415 *** **01 of spring is settled: answered');
    await bench.command('run spring.csv');
    const json = await bench.command('status --json');
    const screens = [run, status, settled, json].map(({ stdout, stderr }) => stdout + stderr);
    expect(clearNumbers(screens.join('\n') + bench.read('logs/app.log'))).toEqual([]);
    expect(bench.read('out/spring/results.csv')).toContain(`,${phoneOf(1)},answered,`);
  });

  it.each([phoneOf(12), '(415) 555-0112', '+1 415 555-0112', '+1 415 555 0112'])(
    'in any spelling: %s',
    async (who) => {
      const { code, stdout, stderr } = await bench.command(['settle', 'spring', who, 'busy']);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toBe(
        '+1 415 *** **12 of spring is settled: busy. The next run tells the CRM.\n',
      );
    },
  );

  it.each<[string, string, RegExp]>([
    [
      'not uncertain',
      phoneOf(3),
      /contact \+1 415 \*\*\* \*\*03 of campaign spring is in the queue/,
    ],
    ['unknown', '(415) 555-0113', /has no contact \+1 415 \*\*\* \*\*13\n {2}Did you mean \+1 415/],
    [
      'unknown, in E.164',
      '+442079460018',
      /no contact \+4420 \*\*\* \*\*18\n {2}Uncertain in spring: \+1 415 \*\*\* \*\*01, /,
    ],
  ])('tells no number in a refusal: %s', async (_what, who, message) => {
    const { code, stdout, stderr } = await bench.command(['settle', 'spring', who, 'busy']);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
    expect(clearNumbers(stderr)).toEqual([]);
  });

  it('asks for the whole number where two look alike', async () => {
    bench.queue('autumn', ['+442079460018', '+442079460118']);
    await bench.lose('autumn', 2);
    const refused = await bench.command(['settle', 'autumn', '+4420 *** **18', 'busy']);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toBe(
      'campaign: 2 contacts of autumn could be meant by +4420 *** **18: ' +
        'line 2 (Person +4420 *** **18), line 3 (Person +4420 *** **18)\n' +
        '  Give the whole number that the list has on the line of the one.\n',
    );
    const blanks = await bench.command(['settle', 'autumn', '+44 20 7946 0118', 'busy']);
    expect(blanks.code).toBe(0);
    const left = await bench.command('status autumn');
    expect(left.stdout).toContain('uncertain: +4420 *** **18 (campaign settle --help)\n');
  });
});
