import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandBench } from '../support/command-bench.ts';

describe('campaign opt-outs', () => {
  let bench: CommandBench;

  beforeEach(() => {
    bench = new CommandBench();
  });
  afterEach(() => {
    bench[Symbol.dispose]();
  });

  it('has nobody before anybody asked, and makes no database to say so', async () => {
    const { code, stdout } = await bench.command('opt-outs');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Nobody has asked not to be called.\n' });
    expect(JSON.parse((await bench.command('opt-outs --json')).stdout)).toEqual({ opt_outs: [] });
  });

  it('refuses a number that is added, and lets it be called again', async () => {
    bench.list('spring.csv', [1, 2]);
    const [number = ''] = /\+\d+/.exec(bench.read('spring.csv')) ?? [];
    const added = await bench.command(`opt-outs --add ${number} --reason letter`);
    expect(added.code).toBe(0);
    expect(added.stdout).not.toContain(number);
    expect((await bench.command('opt-outs')).stdout).toMatch(/^1 number .*\n .*letter\n$/);
    expect((await bench.command('opt-outs --numbers')).stdout).toContain(number);

    const run = await bench.command('run spring.csv');
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('not rung, as they had asked');
    const row = bench.read('out/spring/results.csv').split('\n')[1] ?? '';
    expect(row).toMatch(/,failed,this number asked on \d{4}-\d\d-\d\d not to be called,/);
    const report = JSON.parse((await bench.command('report spring --json')).stdout);
    expect(report).toMatchObject({ outcomes: { failed: 1, previewed: 1 }, opted_out: 1 });
    expect(report.failures).toEqual([]);
    expect((await bench.command('status')).stdout).toContain('1 opted out');

    const early = await bench.command('settle spring c-1 again');
    expect(early.code).toBe(64);
    expect(early.stderr).toContain('not to be called. `campaign opt-outs --remove` takes');
    expect((await bench.command(`opt-outs --remove ${number}`)).code).toBe(0);
    expect((await bench.command(`opt-outs --remove ${number}`)).code).toBe(64);
    expect((await bench.command('settle spring c-1 again')).code).toBe(0);
    await bench.command('run spring.csv');
    const again = JSON.parse((await bench.command('report spring --json')).stdout);
    expect(again.outcomes).toEqual({ previewed: 2 });
    expect(again.opted_out).toBeUndefined();
  });

  it('keeps every number of a command, however they are given', async () => {
    const spoken = ['+14155550101', '+14155550102', '+14155550103', '+442079460104'];
    const [one, two, three, four] = spoken as [string, string, string, string];
    const kept = async (): Promise<string[]> => {
      const { stdout } = await bench.command('opt-outs --numbers --json');
      return JSON.parse(stdout).opt_outs.map(({ number }: { number: string }) => number);
    };
    const words = ['opt-outs', '--add', '415 555 0101', two, '--add', three, '--reason', 'letter'];
    const added = await bench.command([...words, '--add', four, three]);
    expect(added.code).toBe(0);
    expect(added.stdout.match(/is not rung any more/g)).toHaveLength(4);
    expect((await kept()).sort()).toEqual(spoken);

    const wrong = await bench.command(['opt-outs', '--remove', one, '--remove', '+14155550109']);
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('+1 415 *** **09 is not among');
    expect(await kept()).toHaveLength(4);
    const removed = await bench.command(['opt-outs', '--remove', one, two, '--remove', four]);
    expect(removed.code).toBe(0);
    expect(await kept()).toEqual([three]);
  });

  it('writes none of them down where one is no number', async () => {
    const { code, stderr } = await bench.command('opt-outs --add +14155550101 --add 415 555 0102');
    expect(code).toBe(64);
    expect(stderr).toContain('in quotes');
    expect((await bench.command('opt-outs')).stdout).toContain('Nobody has asked');
  });

  it.each([
    ['opt-outs --add +14155550101 --reason a --add +14155550102 --reason b', 'found 2'],
    ['opt-outs --add 1 --remove 2', 'one of the two is allowed'],
    ['opt-outs --reason letter', 'without --add'],
    ['opt-outs --add hello', 'no telephone number'],
  ])('%s is wrong usage', async (command, told) => {
    const { code, stderr } = await bench.command(command);
    expect(code).toBe(64);
    expect(stderr).toContain(told);
  });
});
