import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import type { Clock } from '../../src/engine/ports.ts';
import { type AppLogOptions, openAppLog } from '../../src/observers/app-log.ts';
import { LOG_LEVELS, levelOf } from '../../src/observers/log-lines.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

const START_MS = Date.UTC(2026, 10, 23, 3, 0, 0, 250);

let folder: string;
let file: string;
let nowMs: number;
let complaints: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campaign-log-'));
  file = join(folder, 'logs', 'app.log');
  nowMs = 0;
  complaints = [];
});

const clock: Clock = {
  wallMs: () => START_MS + nowMs,
  monotonicMs: () => nowMs,
  after: () => () => undefined,
  sleep: () => Promise.resolve(),
};

function open(options: Partial<AppLogOptions> = {}) {
  return openAppLog({
    file,
    level: 'debug',
    maxSizeBytes: 1_000_000,
    keep: 3,
    campaign: 'spring',
    services: [],
    clock,
    onProblem: (message) => complaints.push(message),
    ...options,
  });
}

function notice(message: string, level: 'info' | 'warn' | 'error' = 'info'): CampaignEvent {
  return { type: 'notice', level, code: 'test', message };
}

async function entries(path = file): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function messages(path = file): Promise<readonly unknown[]> {
  return (await entries(path)).map((entry) => entry['msg']);
}

describe('one line of the app log', () => {
  it('is one JSON object per event, with time, level, event, campaign and a message', async () => {
    const log = open();
    for (const event of EVERY_EVENT) {
      log.take(event);
    }
    const written = await entries();
    expect(written.map((entry) => entry['event'])).toEqual(EVERY_EVENT.map(({ type }) => type));
    for (const [index, entry] of written.entries()) {
      expect(entry['time']).toBe('2026-11-23T03:00:00.250Z');
      expect(entry['campaign']).toBe('spring');
      expect(entry['level']).toBe(levelOf(EVERY_EVENT[index] as CampaignEvent));
      expect(entry['msg']).toMatch(/\S/);
    }
  });

  it('has the fields of a failed attempt', async () => {
    open().take({
      type: 'attempt.failed',
      service: 'flite',
      role: 'tts',
      step: 'speech',
      contact: 'c-017',
      call: 'call-1',
      line: 2,
      attempt: 3,
      kind: 'transient',
      scope: 'service',
      code: 'timeout',
      status: 503,
      message: 'no answer',
      durationMs: 15_000.4,
    });
    expect(await entries()).toEqual([
      {
        level: 'warn',
        time: '2026-11-23T03:00:00.250Z',
        event: 'attempt.failed',
        campaign: 'spring',
        contact: 'c-017',
        call: 'call-1',
        step: 'speech',
        line: 2,
        role: 'tts',
        service: 'flite',
        error_category: 'transient',
        code: 'timeout',
        status: 503,
        scope: 'service',
        retry_count: 2,
        duration_ms: 15_000,
        msg: 'flite failed at speech, attempt 3: no answer (timeout 503)',
      },
    ]);
  });

  it.each<[CampaignEvent['type'], Record<string, unknown>]>([
    ['retry.scheduled', { retry_count: 1, delay_ms: 5000, code: 'timeout' }],
    [
      'breaker.opened',
      { breaker_state: 'open', delay_ms: 60_000, service: 'flite', error_category: 'transient' },
    ],
    ['alert.sent', { channel: 'email', key: 'service:flite', alert: 'raised', service: 'flite' }],
    [
      'alert.failed',
      { channel: 'telegram', severity: 'critical', error_category: 'transient', status: 502 },
    ],
    ['breaker.half_open', { breaker_state: 'half_open' }],
    ['breaker.closed', { breaker_state: 'closed', duration_ms: 125_000 }],
    ['service.stalled', { duration_ms: 60_000, delay_ms: 30_000, code: '429', service: 'flite' }],
    ['service.resumed', { duration_ms: 125_000 }],
    ['contact.put_off', { delay_ms: 60_000 }],
    ['call.finished', { outcome: 'previewed', duration_ms: 321 }],
    ['call.failed', { error_category: 'transient', code: 'timeout' }],
    ['contact.rejected', { list_line: 8, code: 'no_number' }],
    ['run.finished', { end: 'outage', duration_ms: 61_000 }],
  ])('has the fields of %s', async (type, fields) => {
    const event = EVERY_EVENT.find((candidate) => candidate.type === type);
    open().take(event as CampaignEvent);
    expect((await entries())[0]).toMatchObject(fields);
  });

  it('never holds a telephone number', async () => {
    const log = open();
    const phone = '+14155550134';
    for (const event of EVERY_EVENT) {
      log.take({ ...event, ...('contact' in event ? { contact: phone } : {}) });
    }
    const call = { contact: phone, call: 'x' };
    log.take({
      ...call,
      type: 'call.finished',
      outcome: 'previewed',
      detail: '14155550134.wav',
      durationMs: 1,
    });
    log.take({ type: 'contact.put_off', ...call, reason: `${phone} is busy`, delayMs: 1 });
    log.take(notice(`no such number: ${phone}`));
    log.programFailed(new Error(`cannot ring ${phone}`));
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('4155550134');
    expect(text).toContain('+1 415 *** **34');
  });

  it('is not written below the level asked for', async () => {
    for (const [index, level] of LOG_LEVELS.entries()) {
      const path = join(folder, `${level}.log`);
      const log = open({ level, file: path });
      for (const name of ['info', 'warn', 'error'] as const) {
        log.take(notice(name, name));
      }
      expect(await messages(path)).toEqual(['info', 'warn', 'error'].slice(Math.max(0, index - 1)));
    }
  });

  it('holds the stack of an error that ends the program', async () => {
    open().programFailed(new TypeError('x is not a function'));
    expect((await entries())[0]).toMatchObject({
      level: 'error',
      event: 'program.failed',
      msg: 'x is not a function',
      stack: expect.stringContaining('app-log.test.ts') as string,
    });
  });
});

describe('a log that grows', () => {
  const bytesOf = async (path: string): Promise<number> => (await stat(path)).size;

  it('is set aside before it is longer than allowed, and the oldest goes', async () => {
    const log = open({ maxSizeBytes: 1000, keep: 2 });
    for (let number = 0; number < 60; number++) {
      log.take(notice(`number ${number}`));
    }
    const names = (await readdir(join(folder, 'logs'))).sort();
    expect(names).toEqual(['app.log', 'app.log.1', 'app.log.2']);
    const kept: unknown[] = [];
    for (const name of names.toReversed()) {
      const path = join(folder, 'logs', name);
      expect(await bytesOf(path)).toBeLessThanOrEqual(1000);
      kept.push(...(await messages(path)));
    }
    const first = 60 - kept.length;
    expect(kept).toEqual(kept.map((_, index) => `number ${first + index}`));
    expect(kept.length).toBeGreaterThan(10);
  });

  it('is set aside at the start where it is too long already', async () => {
    await mkdir(join(folder, 'logs'));
    await writeFile(file, `${'x'.repeat(2000)}\n`);
    open({ maxSizeBytes: 1000 }).take(notice('new'));
    expect(await messages()).toEqual(['new']);
    expect(await bytesOf(`${file}.1`)).toBe(2001);
  });

  it('keeps a line whole that is longer than a file may be', async () => {
    open({ maxSizeBytes: 10, file: join(folder, 'short.log') }).take(notice('alone'));
    expect(await readdir(folder)).toEqual(['short.log']);
    const log = open({ maxSizeBytes: 1000 });
    log.take(notice('before'));
    log.take(notice('é'.repeat(3000)));
    log.take(notice('after'));
    expect(await messages()).toEqual(['after']);
    expect(await messages(`${file}.1`)).toEqual(['é'.repeat(3000)]);
    expect(await messages(`${file}.2`)).toEqual(['before']);
    expect(complaints).toEqual([]);
  });

  it('is shared by two runs, and no line of either is lost', async () => {
    const one = open({ maxSizeBytes: 2000, keep: 100 });
    const other = open({ maxSizeBytes: 2000, keep: 100, campaign: 'autumn' });
    for (let number = 0; number < 100; number++) {
      one.take(notice(`one ${number}`));
      other.take(notice(`other ${number}`));
    }
    const found: unknown[] = [];
    for (const name of await readdir(join(folder, 'logs'))) {
      found.push(...(await messages(join(folder, 'logs', name))));
    }
    expect(found).toHaveLength(200);
    expect(new Set(found).size).toBe(200);
    expect((await readdir(join(folder, 'logs'))).length).toBeGreaterThan(5);
  });

  it('is left at once when another run has set it aside', async () => {
    const one = open();
    one.take(notice('first'));
    const other = open({ maxSizeBytes: 100 });
    other.take(notice('second'));
    one.take(notice('third'));
    expect(await messages()).toEqual(['second', 'third']);
    expect(await messages(`${file}.1`)).toEqual(['first']);
  });

  it('is shared by processes at full speed, and no line is lost or mixed', async () => {
    const writer = join(import.meta.dirname, '..', 'support', 'log-writer.ts');
    const names = ['one', 'two', 'three'];
    await Promise.all(
      names.map((name) => promisify(execFile)(process.execPath, [writer, file, name, '2000'])),
    );
    const found: unknown[] = [];
    for (const name of await readdir(join(folder, 'logs'))) {
      found.push(...(await messages(join(folder, 'logs', name))));
    }
    expect(found).toHaveLength(6000);
    expect(new Set(found).size).toBe(6000);
  });

  it('grows on while another process sets it aside, unless that one died long ago', async () => {
    const log = open({ maxSizeBytes: 1000, keep: 2 });
    log.take(notice('x'.repeat(900)));
    await writeFile(`${file}.lock`, '');
    nowMs = Date.now() - START_MS;
    log.take(notice('second'));
    expect(await messages()).toHaveLength(2);
    nowMs += 120_000;
    log.take(notice('third')); // takes the dead one's lock away
    log.take(notice('fourth'));
    expect(await messages()).toEqual(['fourth']);
    expect(await messages(`${file}.1`)).toHaveLength(3);
  });

  it('begins a new line after one that was cut by a kill', async () => {
    await mkdir(join(folder, 'logs'));
    await writeFile(file, '{"cut":');
    open().take(notice('whole'));
    const [cut, whole] = (await readFile(file, 'utf8')).split('\n');
    expect(cut).toBe('{"cut":');
    expect(JSON.parse(whole ?? '')).toMatchObject({ msg: 'whole' });
  });

  it('goes on in a new file when somebody deletes it', async () => {
    const log = open();
    log.take(notice('first'));
    await rm(join(folder, 'logs'), { recursive: true });
    log.take(notice('second'));
    expect(await messages()).toEqual(['second']);
  });
});

describe('a log that cannot be written', () => {
  it('is complained of once, and the run goes on; it comes back by itself', async () => {
    await writeFile(join(folder, 'logs'), 'a file where the folder should be');
    const log = open();
    log.take(notice('lost 1'));
    log.take(notice('lost 2'));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(file);
    expect(complaints[0]).toContain('the run goes on without it');
    await rm(join(folder, 'logs'));
    log.take(notice('lost 3')); // too soon to try again
    nowMs += 1000;
    log.take(notice('back'));
    expect(await messages()).toEqual([
      'back',
      '3 lines before the last one could not be written here',
    ]);
    expect(complaints).toHaveLength(1);
  });

  it('is complained of where it cannot be set aside, and goes on growing', async () => {
    const log = open({ maxSizeBytes: 1000, keep: 1 });
    await mkdir(`${file}.1`, { recursive: true });
    for (let number = 0; number < 30; number++) {
      log.take(notice(`number ${number}`));
    }
    expect(await messages()).toHaveLength(30);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain('cannot be set aside');
    expect(await readdir(join(folder, 'logs'))).not.toContain('app.log.lock');
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', () => {
    const log = open({ file: '/dev/full' });
    log.take(notice('lost'));
    log.take(notice('lost'));
    expect(complaints).toEqual([expect.stringContaining('ENOSPC') as string]);
  });

  it('makes no file before there is something to write', async () => {
    open()[Symbol.dispose]();
    expect(await readdir(folder)).toEqual([]);
  });
});
