import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  CONFIG,
  CommandBench,
  clearNumbers,
  onceSaid,
  type Told,
} from '../support/command-bench.ts';

const SERVICES = 'services: { dialer: [asterisk-ami] }\n';
const HASTY =
  'retry: { initial_delay: 10ms, max_retries: 0, jitter: 0 }\n' +
  'circuit_breaker: { failure_threshold: 1, recovery_timeout: 1m }\n';
const env = { AMI_PASSWORD: 'test-secret-2-wonderland' };

let bench: CommandBench;
let port: number;

/** Where nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeEach(async () => {
  port = await closedPort();
  const own = 'username: campaign, password: "${AMI_PASSWORD}", endpoint: "PJSIP/{number}@trunk"';
  const ami = `providers: { asterisk-ami: { port: ${port}, ${own} } }\n`;
  bench = new CommandBench(`${CONFIG}${SERVICES}${ami}${HASTY}`);
});

afterEach(() => {
  bench[Symbol.dispose]();
});

/** Runs until the dialer is left alone, looks with these commands, and stops. */
async function lookedAt(...lines: readonly string[]): Promise<readonly Told[]> {
  bench.list('spring.csv', [1, 2]);
  let looked: Promise<readonly Told[]> = Promise.resolve([]);
  const look = async (): Promise<readonly Told[]> => {
    const told: Told[] = [];
    for (const line of lines) told.push(await bench.command(line, { env }));
    return told;
  };
  const meet = onceSaid('c-2 is put off for', (world) => {
    looked = look().finally(() => world.press('SIGINT'));
  });
  const { code, stderr } = await bench.command('run spring.csv --lines 1 --verbose', { env, meet });
  expect(code, stderr).toBe(75);
  return await looked;
}

it('says that the dialer of a run is not connected, since when, why, and what comes', async () => {
  const [status, json] = await lookedAt('status', 'status --json');
  const text = status?.stdout ?? '';
  expect(text).toMatch(
    new RegExp(
      `^ {2}asterisk-ami is not connected to 127\\.0\\.0\\.1:${port} since [\\dT:.-]+Z ` +
        '\\(.*\\): .*; tried again in 1\\d s, and it rings nobody meanwhile$',
      'm',
    ),
  );
  expect(text).toMatch(/ 1 put off: .* is due in .*, or as soon as asterisk-ami is connected$/m);
  expect(text).toMatch(/ c-1 .* is due in .*, or as soon as asterisk-ami is connected: /);
  expect(text).toMatch(/: waits for asterisk-ami; .* or as soon as asterisk-ami is connected$/m);
  expect(text).toMatch(/^asterisk-ami does not work since .*, or as soon as it is connected$/m);
  const [campaign] = JSON.parse(json?.stdout ?? '').campaigns;
  expect(campaign.not_connected).toEqual([
    {
      service: 'asterisk-ami',
      address: `127.0.0.1:${port}`,
      since: expect.any(String),
      retry_at: expect.any(String),
      reason: expect.any(String),
    },
  ]);
  expect(clearNumbers(text)).toEqual([]);
});

it('says nothing of it once no run is on', async () => {
  await lookedAt();
  const { stdout } = await bench.command('status', { env });
  expect(stdout).toContain('no run is on');
  expect(stdout).not.toMatch(/not connected to 127\.0\.0\.1:\d+ since|as soon as/);
});
