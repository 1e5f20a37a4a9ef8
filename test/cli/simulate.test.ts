import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../src/cli/world.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { CHECKERS } from '../../src/sim/checkers.ts';
import { MemoryContacts } from '../../src/store/memory-contacts.ts';
import { CommandBench, onceSaid } from '../support/command-bench.ts';
import type { FakeWorld } from '../support/fake-world.ts';

/** Services that are there, a dialer that rings, and secrets that nobody has set. */
/** Days of thousands of calls take as long as the machine needs for them. */
const SLOW_MACHINE = { timeout: 600_000 };

const CONFIG = `
campaign: { lines: 2, calls_per_second: 2 }
script: { template: "Hello {{ name }}." }
services: { tts: [flite, espeak-ng] }
logging: { level: "\${LEVEL}" }
`;

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench(CONFIG);
});

afterEach(() => {
  bench[Symbol.dispose]();
});

/** That the words come in this order, other words between them. */
function expectInOrder(text: string, words: readonly string[]): void {
  let from = 0;
  for (const word of words) {
    const at = text.indexOf(word, from);
    expect(at, `"${word}" after what comes before it, in:\n${text}`).toBeGreaterThanOrEqual(0);
    from = at + word.length;
  }
}

describe('campaign simulate --outage elevenlabs', () => {
  it('tells the textbook story, and everybody is accounted for', async () => {
    const { code, stdout, stderr } = await bench.command('simulate --outage elevenlabs');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expectInOrder(stdout, [
      'seed 1: 12 made-up contacts on 1 line',
      'elevenlabs answers 503 from 09:02:00 to 09:05:00',
      'ended:',
      '── from now on elevenlabs answers 503',
      'elevenlabs failed at speech, attempt 1',
      'retry 1 in 5.',
      'retry 2 in 10.',
      'retry 3 in 2',
      'attempt 4',
      'call to marigold is put off, it failed at speech',
      'elevenlabs is left alone for 1 min',
      'marigold is put off for 1 min, behind the others',
      'ALERT (critical): elevenlabs, which speaks the texts, does not work',
      'Affected so far: 1 contact.',
      'thistle, quill, juniper, orlo, clementine are put off for 1 min:',
      'elevenlabs: its health check fails again, 3 in a row',
      'elevenlabs: its health check fails again, 6 in a row',
      '── elevenlabs is well again',
      'elevenlabs is degraded: its health check is good',
      'elevenlabs: its health check is good, 2 in a row, enough to try it',
      'elevenlabs is tried again',
      'elevenlabs works again',
      'ALL CLEAR: elevenlabs, which speaks the texts, works again',
      'Affected in all: 6 contacts, some more than once: 7 times.',
      '12 contacts done',
      'All 12 have their outcome',
      'Forecast',
    ]);
  });

  it('is the same to the byte with the same seed, whatever the time and the place', async () => {
    const first = await bench.command('simulate --outage elevenlabs --seed 7');
    const clock: Clock = { ...realClock(), wallMs: () => Date.UTC(2031, 6, 1) };
    const again = await bench.command('simulate --outage elevenlabs --seed 7', { clock });
    expect(again.stdout).toBe(first.stdout);
    const other = await bench.command('simulate --outage elevenlabs --seed 8');
    expect(other.stdout).not.toBe(first.stdout);
  });

  it('tells each health check of a service that is not well, of a long outage some', async () => {
    const { stdout } = await bench.command('simulate --outage elevenlabs@+1m-+16m');
    const rows = [...stdout.matchAll(/health check fails again, (\d+) in a row/g)];
    expect(rows.map(([, row]) => Number(row))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30]);
    const well = await bench.command('simulate');
    expect(well.stdout).not.toContain('health check');
    const large = await bench.command('simulate --contacts 60 --outage elevenlabs');
    expect(large.stdout).toContain('elevenlabs is unhealthy: its health check fails');
    expect(large.stdout).not.toContain('in a row,');
    expect(large.stdout).not.toContain('fails again');
  });

  it('puts a service that is not in use first in its chain, and says so', async () => {
    const { stdout } = await bench.command('simulate --outage flite');
    expect(stdout).toContain('flite is not in use: here it is the first choice of tts');
    expect(stdout).toContain('elevenlabs speaks the text instead of flite');
  });

  it('goes at the speed that is asked for', async () => {
    let sleptMs = 0;
    const clock: Clock = {
      ...realClock(),
      monotonicMs: () => sleptMs,
      sleep: (delayMs) => {
        sleptMs += delayMs;
        return Promise.resolve();
      },
    };
    const { stdout } = await bench.command('simulate --speed 10 --json', { clock });
    const { duration_ms: durationMs } = JSON.parse(stdout);
    expect(durationMs).toBeGreaterThan(60_000);
    expect(sleptMs).toBeGreaterThan(durationMs / 10 - 2);
    expect(sleptMs).toBeLessThan(durationMs / 10 + 2);
  });

  it('has told everything that happened before it waits', async () => {
    let [nowMs, told] = [0, ''];
    const waited: string[] = [];
    const clock: Clock = {
      ...realClock(),
      monotonicMs: () => nowMs,
      sleep: (delayMs) => {
        waited.push(told);
        nowMs += delayMs;
        return Promise.resolve();
      },
    };
    const meet = ({ stdout }: FakeWorld): void => {
      const write = stdout.write.bind(stdout);
      stdout.write = (text) => {
        told += text;
        write(text);
      };
    };
    await bench.command('simulate --outage elevenlabs --speed 10', { clock, meet });
    const without = waited.filter((text) => !text.includes('09:03:52'));
    expect(without.at(-1)).toContain('clementine are put off for 1 min');
  });
});

describe('campaign simulate --outage all:401', () => {
  it('is told while one long call is all that is going on, once, and that it is over', async () => {
    const { code, stdout } = await bench.command('simulate --outage all:401');
    expect(code).toBe(0);
    const services = ['openai', 'elevenlabs', 'twilio', 'hubspot'];
    for (const service of services) {
      expect(stdout.split(`ALERT (critical): ${service}`).length).toBe(2);
    }
    expect(stdout).not.toMatch(/ALL CLEAR: .*, works again/);
    expect(stdout.match(/ all clear: /g)).toHaveLength(services.length);
  });
});

describe('a forecast', () => {
  it('takes the real list and the real settings, and needs no key', async () => {
    bench.list('spring.csv', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { code, stdout } = await bench.command(
      'simulate spring.csv --outage twilio@09:00:30-09:05 --outage crm@+1m-+2m:timeout --json',
    );
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      seed: 1,
      campaign: 'spring',
      started_at: '2026-03-02T09:00:00.000Z',
      contacts: { total: 10, done: 10, rejected: 0 },
      exit_code: 0,
    });
    expect(told.services.twilio).toMatchObject({ role: 'dialer', breaker: 'closed' });
    const { outages, lines, delays } = told.forecast;
    expect(lines.count).toBe(2);
    expect(outages).toMatchObject([
      { name: 'twilio', from: '2026-03-02T09:00:30.000Z', to: '2026-03-02T09:05:00.000Z' },
      { name: 'crm', fault: 'timeout' },
    ]);
    expect(delays.length).toBeGreaterThan(0);
  });

  it('says of an outage that it met nobody', async () => {
    const { stdout } = await bench.command('simulate --contacts 3 --outage tts@23:00-23:30');
    expect(stdout).toMatch(/met\s+nobody, the list was done before/);
  });

  it('says of an outage that the run was over before, or stopped', async () => {
    const early = await bench.command(
      'simulate --contacts 5 --outage elevenlabs@+0s-+3h --outage openai@+2h-+3h',
    );
    expect(early.stdout).toMatch(/openai.*met\s+nobody,\s+the\s+run\s+had\s+ended\s+before/s);
    expect(early.stdout).not.toContain('beyond');
    const meet = onceSaid('from now on', (world) => world.press('SIGINT'), 'stdout');
    const command = 'simulate --outage elevenlabs --outage openai@+6m-+8m';
    const { stdout } = await bench.command(command, { meet });
    expect(stdout).toMatch(/openai.*had\s+not\s+begun\s+when\s+the\s+simulation\s+was\s+stopped/s);
    expect(stdout).not.toMatch(/the\s+list\s+was\s+done\s+before/);
  });

  it.each([60, 80])('fits on a terminal of %d columns', async (columns) => {
    const command =
      'simulate --contacts 40 --start 23:50 --outage all@+5m-+15m --outage elevenlabs --no-color';
    const { stdout } = await bench.command(command, { terminal: true, columns });
    const told = stdout.split('\n').filter((line) => !line.startsWith('made-up: '));
    expect(told.filter((line) => line.length > columns)).toEqual([]);
    expect(stdout).toContain('+1 day 00:');
  });

  it('says what an outage costs: the day with it against the day without it', async () => {
    const { stdout } = await bench.command('simulate --outage elevenlabs --json');
    const { told, outages } = JSON.parse(stdout).forecast;
    const [outage] = outages;
    expect(told).toMatchObject([
      { key: 'service:elevenlabs', severity: 'critical', kind: 'raised' },
      { key: 'service:elevenlabs', kind: 'recovered' },
    ]);
    expect(outage.services).toEqual(['elevenlabs']);
    expect(outage.met).toBe(true);
    expect(outage.price.put_off).toBeGreaterThan(0);
    expect(outage.price.lost_ms).toBeGreaterThan(60_000);
  });

  it('counts who is served by another or left uncertain into the price', async () => {
    bench.list('spring.csv', [1, 2, 3, 4]);
    const { stdout } = await bench.command('simulate spring.csv --outage twilio@+0s-+10m --json');
    const { forecast, outcomes } = JSON.parse(stdout);
    expect(outcomes).toEqual({ previewed: 4 });
    expect(forecast.outages[0].price.fallbacks).toBe(4);
  });

  it('says what outages cost together that overlap, and what each adds to the others', async () => {
    const { stdout } = await bench.command(
      'simulate --outage elevenlabs@+1m-+11m --outage elevenlabs@+5m-+15m --json',
    );
    const { outages, outages_together: together } = JSON.parse(stdout).forecast;
    expect(outages).toHaveLength(2);
    expect(together.lost_ms).toBeGreaterThan(12 * 60_000);
    for (const { price } of outages) expect(price.lost_ms).toBeLessThan(together.lost_ms);
    const told = await bench.command('simulate --outage tts@+1m-+11m --outage llm@+5m-+15m');
    expect(told.stdout).toMatch(/outages\s+all together: [^]*?lost[^]*beyond\s+the\s+other,/);
  });

  it('counts late answers into the price of a slow service', async () => {
    const command = 'simulate --outage elevenlabs@+1m-+5m:slow:4s';
    const { stdout } = await bench.command(command);
    expect(stdout).toMatch(/held up +5 answers came late\n/);
    const { forecast } = JSON.parse((await bench.command(`${command} --json`)).stdout);
    expect(forecast.late_answers).toBe(5);
    expect(stdout).toMatch(/\d+\s+late\s+answers,\s+\d+\s+s\s+lost/);
  });

  it('of records that are refused says that they are owed, and frees their lines', async () => {
    const command = 'simulate --contacts 30 --lines 3 --outage hubspot@+0s-+5h:400';
    const { stdout } = await bench.command(command);
    expect(stdout).toMatch(/done\s+at 09:.*;\s+30\s+records\s+still\s+owed/);
    expect(stdout).toMatch(/30\s+records\s+still\s+owed,\s+no\s+time\s+lost/);
    const { forecast } = JSON.parse((await bench.command(`${command} --json`)).stdout);
    expect(forecast.lines.busy).toBeLessThanOrEqual(1);
    expect(forecast.outages[0].price.records_owed).toBe(30);
  });

  it('tells of a service that refuses everything with 429, and the calls go on', async () => {
    const command = 'simulate --contacts 100 --lines 4 --outage hubspot@+2m-+62m:429';
    const { stdout } = await bench.command(command);
    expect(stdout).toContain('100 contacts done');
    expect(stdout).toMatch(/you hear +09:03:.* critical: hubspot, .*takes no\s+requests/);
    expect(stdout).toMatch(/10:02:.* all clear: hubspot/);
  });

  it('names the service for which a run ends that 429 has brought to a halt', async () => {
    const command = 'simulate --contacts 100 --lines 4 --outage elevenlabs@+2m-+62m:429';
    const { stdout } = await bench.command(command);
    expect(stdout).toContain('ended early, because nothing got through any more');
    expect(stdout).toMatch(/you hear +09:0[34]:.* critical: elevenlabs, .*takes no\s+requests/);
    expect(stdout).not.toMatch(/critical: The run of/);
  });

  // So many that a second core is asked at all; three days of it, twice.
  it('of a long list is the same on one core and on two', SLOW_MACHINE, async () => {
    const command =
      'simulate --contacts 5000 --lines 100 --outage elevenlabs --outage llm --quiet --json';
    const alone = await bench.command(command, { cores: 1 });
    const beside = await bench.command(command, { cores: 2 });
    expect(beside).toEqual(alone);
    const { price } = JSON.parse(beside.stdout).forecast.outages[0];
    expect(price.put_off).toBeGreaterThan(0);
  });

  it('that is stopped stops what is played beside it', async () => {
    const meet = onceSaid('from now on', (world) => world.press('SIGINT'), 'stdout');
    const command = 'simulate --contacts 20000 --lines 5 --outage elevenlabs';
    const { code, stdout } = await bench.command(command, { cores: 2, meet });
    expect(code).toBe(75);
    expect(stdout).toMatch(/stopped\s+before\s+it\s+could\s+be\s+compared/);
  });

  it('goes at one speed', async () => {
    const { code, stdout, stderr } = await bench.command('simulate --realtime --speed 5');
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain("'--speed <n>' cannot be used with option '--realtime'");
  });

  it('that is stopped foretells nothing, and says so', async () => {
    const meet = onceSaid('from now on', (world) => world.press('SIGINT'), 'stdout');
    const { code, stdout } = await bench.command('simulate --outage elevenlabs', { meet });
    expect(code).toBe(75);
    expect(stdout).toMatch(/stopped\s+before\s+it\s+could\s+be\s+compared/);
  });

  it('of a run that would end early has the exit code of that run, and its own is 0', async () => {
    const { code, stdout } = await bench.command(
      'simulate --contacts 5 --outage elevenlabs@+0s-+5h --json',
    );
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.exit_code).toBe(75);
    expect(told.contacts.put_off + told.contacts.queued).toBe(5);
    expect(told.forecast.outages[0].price.lost_ms).toBeNull();
  });

  it('says of several calls whose attempt failed', async () => {
    const { stdout } = await bench.command('simulate --lines 4 --outage elevenlabs@+10s-+3m');
    expect(stdout).toMatch(/failed at speech, attempt 1: .*503\s+\(call to \w+\)/);
    expect(stdout).toMatch(/elevenlabs: retry 1 in 5\.\d s \(call to \w+\)/);
  });

  it('tells long lists by their news, and short ones call by call', async () => {
    const long = await bench.command('simulate --contacts 200 --lines 20 --outage elevenlabs');
    expect(long.stdout).not.toContain('call to');
    expect(long.stdout).toContain('elevenlabs is left alone');
    expect(long.stdout.split('\n').length).toBeLessThan(60);
    const verbose = await bench.command('simulate --contacts 200 --lines 20 --verbose');
    expect(verbose.stdout).toContain('call to zinnia-3 started');
  });

  it('touches nothing but the log that it is asked for', async () => {
    bench.list('spring.csv', [1, 2, 3]);
    const before = readdirSync(bench.folder, { recursive: true });
    await bench.command('simulate spring.csv --outage tts');
    expect(readdirSync(bench.folder, { recursive: true })).toEqual(before);
    await bench.command('simulate spring.csv --outage tts --log night.log');
    const twice = await bench.command('simulate spring.csv --outage tts --log night.log');
    expect([twice.code, twice.stderr]).toEqual([64, expect.stringContaining('already')]);
    const [line] = bench.read('night.log').split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      time: '2026-03-02T09:00:00.000Z',
      event: 'run.started',
    });
    expect(existsSync(bench.path('logs'))).toBe(false);
  });
});

describe('what cannot be simulated is refused with words', () => {
  it.each([
    ['simulate --outage elvenlabs', 64, 'did you mean elevenlabs?'],
    ['simulate --outage tts@09:10', 64, '09:10-09:20'],
    ['simulate nobody.csv', 66, 'nobody.csv'],
    ['simulate --config missing.yml', 66, 'campaign init'],
    ['simulate spring.csv --contacts 5', 64, '--contacts 5'],
    ['simulate --speed 0', 64, 'above 0'],
    ['simulate --seed -1', 64, 'whole number from 0'],
    ['simulate --seeds 5', 64, '--seeds without --hunt'],
    ['simulate --hunt --outage all', 64, '--hunt and --outage'],
    ['simulate --hunt --contacts 4', 64, '--hunt and --contacts'],
    ['simulate --hunt --config other.yml', 64, '--hunt and --config'],
    ['simulate spring.csv --hunt', 64, '--hunt and a list'],
  ])('%s', async (line, expected, words) => {
    const { code, stderr } = await bench.command(line);
    expect(code).toBe(expected);
    expect(stderr).toContain(words);
  });
});

describe('campaign simulate --hunt', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('says that every promise was kept, and in how many worlds', async () => {
    const { code, stdout } = await bench.command('simulate --hunt --seed 10 --seeds 3');
    expect(code).toBe(0);
    expect(stdout).toContain('3 worlds from seed 10 on, each played twice');
    expect(stdout).toContain('Every promise was kept');
    const again = await bench.command('simulate --hunt --seed 10 --seeds 3');
    expect(again.stdout).toBe(stdout);
  });

  it('tells a broken promise with its story and the command that plays it again', async () => {
    vi.spyOn(MemoryContacts.prototype, 'finish').mockReturnValue(0);
    const { code, stdout } = await bench.command('simulate --hunt --seeds 60');
    expect(code).toBe(1);
    expectInOrder(stdout, [
      'breaks',
      'removed stay away: Whose row was deleted is not rung',
      'What was seen until the first:',
      'Again: campaign simulate --hunt --seed',
    ]);
    const [, again = ''] = /Again: campaign (.*)/.exec(stdout) ?? [];
    const document = await bench.command(`${again} --json`);
    expect(document.code).toBe(1);
    const { failures, worlds } = JSON.parse(document.stdout);
    expect(worlds).toBe(1);
    const promises = failures[0].broken.map(({ promise }: { promise: string }) => promise);
    expect(promises).toContain('removed stay away');
  });
});

describe('the guide', () => {
  const guide = readFileSync(new URL('../../docs/guide/simulate.md', import.meta.url), 'utf8');
  const [demo, forecast] = [...guide.matchAll(/```text\n(.*?)```/gs)].map(([, text]) => text);

  it('names every promise that the hunt checks', () => {
    const names = [...guide.matchAll(/^- \*\*(.*?)\*\*: (.*)$/gm)].map(([, name]) => name);
    expect(names.filter((name) => CHECKERS.some((checker) => checker.name === name))).toEqual(
      CHECKERS.map(({ name }) => name),
    );
  });

  it('shows the demo as it is', async () => {
    const { stdout } = await bench.command('simulate --outage elevenlabs');
    expect(demo).toBe(stdout);
  });

  it('shows the forecast as it is', async () => {
    const { stdout } = await bench.command(
      'simulate --contacts 400 --lines 4 --start 17:00 ' +
        '--outage elevenlabs@17:30-17:50 --outage hubspot@+20m-+35m:timeout',
    );
    expect(forecast).toBe(stdout);
  });
});
