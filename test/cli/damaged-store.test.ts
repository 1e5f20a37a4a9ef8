import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandBench } from '../support/command-bench.ts';

const PAGE_BYTES = 4096;

/** Writes nonsense over the first page of a table or an index. */
function damage(path: string, name: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const row = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name);
  database.close();
  const page = Number(row?.['rootpage']);
  if (!(page > 0)) throw new Error(`there is no ${name}`);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  closeSync(file);
}

describe('a database that is damaged', () => {
  let bench: CommandBench;

  beforeEach(async () => {
    bench = new CommandBench('script: { template: "Hi." }\ncampaign: { lines: 1 }\n');
    bench.list('spring.csv', [1, 2, 3]);
    await bench.command('run spring.csv --limit 1');
  });
  afterEach(() => {
    bench[Symbol.dispose]();
  });

  it.each([
    ['campaign', 'run spring.csv'],
    ['breaker', 'run spring.csv'],
    ['contact', 'run spring.csv'],
    ['call', 'report spring --csv'],
    ['step', 'report spring --json'],
    ['opt_out', 'opt-outs'],
  ])('in %s is told as such by %s, and not as a bug', async (name, command) => {
    damage(bench.path('data/campaign.db'), name);
    const { code, stderr } = await bench.command(command);
    expect(code, stderr).toBe(74);
    expect(stderr).toMatch(/^campaign: the database .*is damaged\. Keep a copy of it/m);
    expect(stderr).not.toContain('bug');
  });

  it('where the file of results is made again', async () => {
    rmSync(bench.path('out/spring/results.csv'));
    damage(bench.path('data/campaign.db'), 'call');
    const { code, stderr } = await bench.command('run spring.csv');
    expect(code, stderr).toBe(74);
    expect(stderr).toContain('is damaged');
  });

  it('is the last line of the log of the run that met it', async () => {
    damage(bench.path('data/campaign.db'), 'breaker');
    const { code } = await bench.command('run spring.csv');
    const last = JSON.parse(bench.read('logs/app.log').trim().split('\n').at(-1) ?? '{}');
    expect(code).toBe(74);
    expect(last).toMatchObject({ event: 'run.finished', level: 'error' });
    expect(last.msg).toContain('malformed');
  });
});
