import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/main.ts';
import { VERSION } from '../../src/cli/version.ts';
import { fakeWorld } from '../support/fake-world.ts';

async function campaign(...args: string[]) {
  const world = fakeWorld({ args, folder: '/nowhere' });
  const code = await runCommandLine(world);
  return { code, ...world.screen };
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  init: [],
  check: ['--config'],
  run: [
    '--config',
    '--name',
    '--lines',
    '--limit',
    '--until',
    '--json',
    '--quiet',
    '--verbose',
    '--no-color',
  ],
  status: ['--config', '--json'],
  report: ['--config', '--json', '--csv'],
  settle: ['--config'],
  logs: ['--config', '--follow', '--service', '--level', '--contact', '--since'],
};

describe('campaign', () => {
  it('shows help where nothing is asked', async () => {
    const { code, stdout, stderr } = await campaign();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: campaign /);
    for (const command of Object.keys(COMMANDS)) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect(stdout).toContain('Examples:\n  $ campaign init');
    expect(await campaign('--help')).toEqual({ code, stdout, stderr });
    expect(await campaign('help')).toEqual({ code, stdout, stderr });
  });

  it.each(Object.entries(COMMANDS))('%s has help with its options', async (command, options) => {
    const { code, stdout, stderr } = await campaign(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: campaign ${command} `));
    for (const option of options) expect(stdout).toMatch(new RegExp(`^ .*${option}\\b`, 'm'));
    expect((await campaign('help', command)).stdout).toBe(stdout);
  });

  it('has the version of its package', async () => {
    const file = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8'));
    expect(VERSION).toBe(version);
    const told = await campaign('--version');
    expect(told).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each<[readonly string[], RegExp]>([
    [['rnu', 'a.csv'], /unknown command 'rnu'\n\(Did you mean run\?\)\n/],
    [['zzzzzz'], /unknown command 'zzzzzz'/],
    [['--jsno'], /unknown option '--jsno'/],
    [['run', 'a.csv', '--limt', '3'], /unknown option '--limt'\n\(Did you mean --limit\?\)\n/],
    [['run'], /missing required argument 'list'/],
    [['run', 'a.csv', 'b.csv'], /too many arguments/],
    [['run', 'a.csv', '--limit', '0'], /'0' is invalid\. Allowed: a whole number from 1\./],
    [['run', 'a.csv', '--limit', '1.5'], /Allowed: a whole number from 1\./],
    [['run', 'a.csv', '--limit'], /argument missing/],
    [['run', 'a.csv', '--lines', '1001'], /Allowed: a whole number from 1 to 1000\./],
    [['run', 'a.csv', '--lines', '0'], /Allowed: a whole number from 1 to 1000\./],
    [['run', 'a.csv', '--until', '24:00'], /Allowed: a time of day from 00:00 to 23:59\./],
    [['run', 'a.csv', '--until', 'noon'], /Allowed: a time of day/],
    [['settle', 'spring', 'c-1'], /missing required argument 'outcome'/],
    [['status', '--csv'], /unknown option '--csv'/],
    [['logs', '--lines', 'all'], /Allowed: a whole number from 1\./],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await campaign(...args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each(['run a.csv', 'status', 'report', 'settle a b again', 'check', 'logs'])(
    '%s says where to begin without a config.yml',
    async (line) => {
      const { code, stdout, stderr } = await campaign(...line.split(' '));
      expect({ code, stdout }).toEqual({ code: 66, stdout: '' });
      expect(stderr).toMatch(/^campaign: .*config\.yml/);
      expect(stderr).toContain('campaign init');
    },
  );

  it('prints help no wider than the terminal', async () => {
    const world = fakeWorld({ args: ['run', '--help'], folder: '/', terminal: true });
    await runCommandLine(world);
    const described = world.screen.stdout.split('\nExamples:')[0] ?? '';
    for (const line of described.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(world.screen.stdout).not.toContain('\u001b');
  });
});
