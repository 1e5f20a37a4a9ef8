import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../src/cli/world.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { SHEET_HEADER } from '../../src/observers/sheets/row.ts';
import { DOWN, FakeGoogle, keyFile, SPREADSHEET } from '../observers/sheets/fake-google.ts';
import { CONFIG, CommandBench, clearNumbers } from '../support/command-bench.ts';
import { hurried } from '../support/hurried-clock.ts';
import { loopback } from '../support/loopback.ts';

const ENV = { GOOGLE_SERVICE_ACCOUNT_JSON_PATH: 'key.json' };
const ROOT = new URL('../../', import.meta.url);

let bench: CommandBench;
let google: FakeGoogle;

beforeEach(async () => {
  google = await new FakeGoogle().listen();
  bench = new CommandBench();
  bench.write('key.json', keyFile());
  configure();
  bench.list('spring.csv', [1, 2, 3]);
});

afterEach(() => {
  bench[Symbol.dispose]();
});

function configure(more = '', config = CONFIG): void {
  const sheets =
    `google_sheets: { enabled: true, spreadsheet_id: ${SPREADSHEET}, base_url: "${google.url}", ` +
    'service_account: "${GOOGLE_SERVICE_ACCOUNT_JSON_PATH}" }\n';
  bench.write('config.yml', `${config}${sheets}${more}`);
}

function run(line = 'run spring.csv', clock?: Clock) {
  return bench.command(line, clock === undefined ? { env: ENV } : { env: ENV, clock });
}

/** Lines end in any order. */
function contacts(): string[] {
  return google
    .rows()
    .map(({ contact }) => String(contact))
    .toSorted();
}

/** What the log says of these events. */
function logged(...events: readonly string[]): Record<string, unknown>[] {
  const lines = bench.read('logs/app.log').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ event }) => events.includes(event));
}

/** Cells as the log has its fields: nothing for what is empty. */
function fieldsOf(row: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ''));
}

/** A sentence without how long it took. */
function timeless(msg: unknown): string {
  return String(msg).replace(/ in [\d.]+ \w+( \d+ \w+)?$/, '');
}

/** The program as a process of its own. What it has loaded is told at its end. */
function process(line: string) {
  const script = bench.write(
    'campaign.mjs',
    `import { createRequire } from 'node:module';
     import { runCommandLine } from '${new URL('src/cli/main.ts', ROOT).href}';
     import { realWorld } from '${new URL('src/cli/world.ts', ROOT).href}';
     process.exitCode = await runCommandLine(realWorld());
     const loaded = Object.keys(createRequire(import.meta.url).cache);
     console.log('GOOGLE ' + loaded.some((path) => path.includes('googleapis')));`,
  );
  const env = { ...globalThis.process.env, ...ENV };
  const args = [script, ...line.split(' ')];
  return spawn(globalThis.process.execPath, args, { cwd: bench.folder, env });
}

async function outputOf(child: ReturnType<typeof process>): Promise<string> {
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  return output;
}

describe('a run with a Google sheet', () => {
  it('writes a row per finished call with the words of the log, once', async () => {
    const { code, stdout, stderr } = await run();
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`https://docs.google.com/spreadsheets/d/${SPREADSHEET}\n`);
    const finished = logged('call.finished');
    expect(finished).toHaveLength(3);
    for (const fields of finished as Record<string, string | number>[]) {
      const { line: _line, detail: _detail, time, duration_ms: ms, msg, ...words } = fields;
      const row = google.rows().find(({ call }) => call === words['call']);
      expect(row).toMatchObject({ ...words, step: 'dial', service: 'preview' });
      // The row is written a moment before the event, so its times are not to the millisecond.
      expect(timeless(row?.['msg'])).toBe(timeless(msg));
      expect(Math.abs(Date.parse(String(row?.['time'])) - Date.parse(String(time)))).toBeLessThan(
        5_000,
      );
      expect(Math.abs(Number(row?.['duration_ms']) - Number(ms))).toBeLessThan(5_000);
    }
    expect(google.sheets.get('Calls')?.[0]).toEqual([...SHEET_HEADER]);
    bench.list('spring.csv', [1, 2, 3, 4]);
    await run();
    expect(contacts()).toEqual(['c-1', 'c-2', 'c-3', 'c-4']);
    expect(google.count('update')).toBe(1);
    expect(google.count('append')).toBe(2);
    expect(bench.read('logs/app.log') + stdout + stderr).not.toMatch(/PRIVATE KEY|Bearer|eyJ/);
    expect(logged('sheet.works')[0]).toMatchObject({ level: 'info', rows: 3 });
  });

  it('shares the sheet with other campaigns', async () => {
    bench.list('autumn.csv', [7]);
    await run();
    await run('run autumn.csv');
    const campaigns = google.rows().map(({ campaign }) => campaign);
    expect(campaigns).toEqual(['spring', 'spring', 'spring', 'autumn']);
  });

  it('shows no number, and starts no formula', async () => {
    bench.list('spring.csv', [1, 2], false);
    bench.write('odd.csv', 'id,phone\n"=HYPERLINK(""http://x"")",+14155550103\n');
    await run();
    await run('run odd.csv');
    expect(contacts()).toEqual([`'=HYPERLINK("http://x")`, '+1 415 *** **01', '+1 415 *** **02']);
    expect(clearNumbers(JSON.stringify(google.requests))).toEqual([]);
    for (const cells of google.sheets.get('Calls') ?? []) {
      for (const cell of cells) expect(String(cell)).not.toMatch(/^\s*[=@-]|^\+(?!1 415 \*)/);
    }
  });

  it('says of a call that failed what, where, how often, and how the breaker is', async () => {
    const voice = bench.write(
      'broken-voice',
      `#!/bin/sh
case "$1" in
  --version) echo 'eSpeak NG text-to-speech: 1.51' ;;
  --voices) printf 'Pty Language Age/Gender VoiceName File\\n 2  en  --/M  English  gmw/en\\n' ;;
  *) echo 'no sound card' >&2; exit 1 ;;
esac
`,
    );
    chmodSync(voice, 0o755);
    const hasty =
      'retry: { initial_delay: 10ms, max_retries: 1, jitter: 0 }\n' +
      'circuit_breaker: { failure_threshold: 2, recovery_timeout: 50ms }\n' +
      `providers: { espeak-ng: { command: ${JSON.stringify(voice)} } }\n`;
    const campaign = 'lines: 1, outage_wait: 1s';
    configure(hasty, `${CONFIG}campaign: { ${campaign} }\nservices: { tts: [espeak-ng] }\n`);
    bench.list('spring.csv', [1]);
    expect((await run('run spring.csv', hurried())).code).toBe(75);
    const failed = google.rows();
    expect(failed.length).toBeGreaterThan(0);
    expect(failed).toHaveLength(logged('call.failed').length);
    const { call, time, duration_ms: durationMs, ...words } = failed[0] ?? {};
    const { line: _line, time: _time, put_off: _putOff, ...told } = logged('call.failed')[0] ?? {};
    expect(fieldsOf(words)).toEqual({
      ...told,
      call: undefined,
      role: 'tts',
      retry_count: 1,
      breaker_state: 'open',
    });
    expect([call, typeof time, typeof durationMs]).toEqual([told['call'], 'string', 'number']);
    // The same call, mended and taken up again, has a row of its own.
    configure('', CONFIG);
    expect((await run('run spring.csv', hurried())).code).toBe(0);
    const rows = google.rows().filter((row) => row['call'] === call);
    expect(rows.at(-1)).toMatchObject({ event: 'call.finished', outcome: 'previewed' });
  });
});

describe('while Google is away', () => {
  it('nothing is lost or delayed, and it is told once, also of its end', async () => {
    const alerts = await loopback(() => ({ status: 200 }));
    const severities = 'severities: [critical, warning, info]';
    configure(`alerts: { webhook: { enabled: true, url: "${alerts.url}/a", ${severities} } }\n`);
    google.always = { answer: DOWN };
    const first = await run('run spring.csv', hurried());
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain(
      'Google Sheets takes no rows, 3 rows wait: Google Sheets answer',
    );
    expect(first.stderr).toContain('3 rows for Google Sheets are kept: the next run of this');
    expect(google.rows()).toEqual([]);
    expect((await run('status spring')).stdout).toContain('  3 rows owed to the Google sheet\n');
    await run('run spring.csv', hurried());
    google.always = undefined;
    const third = await run('run spring.csv', hurried());
    expect(third.stderr).not.toContain('Google Sheets takes no rows');
    expect(contacts()).toEqual(['c-1', 'c-2', 'c-3']);
    expect((await run('status spring')).stdout).not.toContain('Google sheet');
    const told = alerts.requests.map(({ body }) => JSON.parse(body));
    expect(told.filter(({ key }) => key === 'sheets')).toMatchObject([
      { kind: 'raised', severity: 'warning', title: 'Google Sheets takes no rows' },
      { kind: 'recovered', severity: 'info', title: 'Google Sheets takes rows again' },
    ]);
    expect(logged('sheet.away')[0]).toMatchObject({
      level: 'warn',
      error_category: 'transient',
      status: 503,
      waiting: 3,
    });
  });

  it('says whose rows wait, and of its end what other campaigns still have to write', async () => {
    const alerts = await loopback(() => ({ status: 200 }));
    configure(`alerts: { webhook: { enabled: true, url: "${alerts.url}/a" } }\n`);
    for (const [name, ids] of [
      ['w1', [4]],
      ['w2', [5, 6]],
    ] as const) {
      bench.list(`${name}.csv`, ids);
      google.always = { answer: DOWN };
      await run(`run ${name}.csv`, hurried());
    }
    google.always = undefined;
    const third = await run('run spring.csv --verbose', hurried());
    const left = '1 row of w1 and 2 rows of w2 wait for a run of their own campaign';
    expect(third.stderr).toContain(`Google Sheets takes rows: 3 rows written; ${left}`);
    const told = alerts.requests.map(({ body }) => JSON.parse(body));
    expect(told.filter(({ key }) => key === 'sheets')).toMatchObject([
      { kind: 'raised', doing: expect.stringContaining('disk here (so far 1 row of w1) and are') },
      {
        kind: 'recovered',
        doing: `The rows of spring that waited are being written. ${left}.`,
        to_do: expect.stringMatching(/^Run the lists of these campaigns once more, finished ones/),
      },
    ]);
    // What it says does it, and rings nobody.
    await run('run w1.csv', hurried());
    await run('run w2.csv', hurried());
    expect(contacts()).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-6']);
    expect((await run('status')).stdout).not.toContain('owed to the Google sheet');
  });

  it('a server that never answers costs a run no more than the flush', async () => {
    google.always = { silent: true };
    const clock = hurried();
    const startMs = clock.monotonicMs();
    const { code } = await run('run spring.csv', clock);
    expect(code).toBe(0);
    const ended = logged('run.finished')[0];
    expect(ended).toMatchObject({ end: 'done' });
    expect(clock.monotonicMs() - startMs - Number(ended?.['duration_ms'])).toBeLessThan(60_000);
    google.always = undefined;
    await run('run spring.csv', hurried(10 * 60_000));
    expect(google.rows()).toHaveLength(3);
  });

  it('a lost answer writes nothing twice', async () => {
    google.fault('append', { reset: true });
    const { code, stderr } = await run('run spring.csv', hurried());
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(google.rows()).toHaveLength(3);
    expect(google.count('append')).toBe(1);
    expect(stderr).not.toContain('Google Sheets takes no rows');
  });

  it('a key file that is wrong is told at the start, and the calls are made', async () => {
    bench.write('key.json', '{}');
    const { code, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr).toContain('key.json: it is some other JSON, not the key of a service account');
    expect(google.requests).toEqual([]);
    bench.write('key.json', keyFile());
    await run();
    expect(google.rows()).toHaveLength(3);
  });
});

describe('as a process of its own', () => {
  it('a kill between the row and its mark leaves the row there once', async () => {
    const child = process('run spring.csv');
    google.fault('append', { silent: true });
    const killed = new Promise((resolve) => child.on('close', resolve));
    await expect.poll(() => google.count('append'), { timeout: 50_000 }).toBe(1);
    expect(google.rows()).toHaveLength(3);
    child.kill('SIGKILL');
    await killed;
    // The request may still be on its way from the dead process: nothing is decided yet.
    const soon = await run();
    expect(soon.stderr).toContain('3 rows for Google Sheets are kept');
    bench.list('spring.csv', [1, 2, 3, 4]);
    const real = realClock();
    await run('run spring.csv', { ...real, wallMs: () => real.wallMs() + 10 * 60_000 });
    expect(google.rows()).toHaveLength(4);
    expect(google.count('append')).toBe(2);
  });

  it("loads Google's library only where the sheet is on", async () => {
    expect(await outputOf(process('run spring.csv'))).toContain('GOOGLE true');
    expect(google.rows()).toHaveLength(3);
    expect(await outputOf(process('--help'))).toContain('GOOGLE false');
    bench.write('config.yml', CONFIG);
    expect(await outputOf(process('run spring.csv'))).toContain('GOOGLE false');
  });
});

describe('campaign check', () => {
  it('says what is wrong with the key file without asking anybody', async () => {
    const good = await run('check spring.csv');
    expect(good.code, good.stderr).toBe(0);
    expect(good.stdout).toContain(
      `Google Sheets  not asked without --online  rows go to the sheet Calls of the spreadsheet ` +
        `${SPREADSHEET}, as robot@clinic-calls.iam.gserviceaccount.com\n`,
    );
    bench.write('key.json', 'oops');
    const bad = await run('check --json');
    expect(bad.code).toBe(78);
    expect(JSON.parse(bad.stdout).problems).toEqual([
      expect.stringContaining('key.json: it is not JSON; make a key for the service account'),
    ]);
    expect(google.requests).toEqual([]);
  });

  it('asks with --online whether rows could be written, and writes none', async () => {
    const fresh = await run('check --online');
    expect(fresh.code, fresh.stderr).toBe(0);
    expect(fresh.stdout).toContain(
      'Google Sheets  works  robot@clinic-calls.iam.gserviceaccount.com may write to the sheet ' +
        'Calls of the spreadsheet "Clinic calls", which the first run makes\n',
    );
    const well = await run('health');
    expect([well.code, well.stderr]).toEqual([0, '']);
    expect(well.stdout).toMatch(/\n\nGoogle Sheets {2}works {2}robot@/);
    expect([...google.sheets]).toEqual([['Sheet1', []]]);
    google.role = 'none';
    const refused = await run('check --online --json');
    expect(refused.code).toBe(69);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      google_sheets: { state: 'refused', detail: expect.stringContaining('share the spreadsheet') },
      problems: [expect.stringContaining('Google Sheets would take no rows now: ')],
    });
    const ill = await run('health --json');
    expect(ill.code).toBe(69);
    expect(ill.stderr).toContain('campaign: Google Sheets would take no rows now: ');
    expect(JSON.parse(ill.stdout)).toMatchObject({
      status: 'unhealthy',
      google_sheets: { state: 'refused' },
    });
    google.always = { answer: DOWN };
    expect((await run('check --online')).stdout).toMatch(/Google Sheets {2}FAILS {2}Google Sheets/);
    google.always = { silent: true };
    configure('health_check: { timeout: 200ms }\n');
    const silent = await run('check --online');
    expect(silent.stdout).toContain(
      'Google Sheets  NO ANSWER  no answer to the check within 0.2 s',
    );
  });
});
