/** Whole runs that show their state over real HTTP. */
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { CONFIG, CommandBench, clearNumbers, onceSaid } from '../support/command-bench.ts';
import type { FakeWorld } from '../support/fake-world.ts';
import { loopback, type Reply } from '../support/loopback.ts';
import { parseMetrics, type Scrape } from '../support/prometheus.ts';

/** What is seen of a run while it works. */
interface Look {
  readonly code: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A run whose records go to a CRM that the test answers for. */
async function bench(record: (count: number) => Reply | Promise<Reply>, more = '') {
  const crm = await loopback(({ method }, count) => (method === 'POST' ? record(count) : {}));
  const campaign = new CommandBench(
    `${CONFIG}services: { crm: [webhook] }\nserver: { enabled: true, port: 0 }\n` +
      'retry: { initial_delay: 10ms, max_retries: 1, jitter: 0 }\n' +
      `${more}providers: { webhook: { url: "${crm.url}" } }\n`,
  );
  onTestFinished(() => {
    campaign[Symbol.dispose]();
  });
  campaign.list('list.csv', [1, 2, 3]);
  return campaign;
}

class Looker {
  #world: FakeWorld | undefined;

  readonly meet = (world: FakeWorld): void => {
    this.#world = world;
  };

  press(): void {
    this.#world?.press('SIGINT');
  }

  get url(): string {
    const stderr = this.#world?.screen.stderr ?? '';
    const [, url] = /status page at (http:\/\/127\.0\.0\.1:\d+)\//.exec(stderr) ?? [];
    if (url === undefined) throw new Error(`it did not say where it is: ${stderr}`);
    return url;
  }

  async look(path: string): Promise<Look> {
    const answer = await fetch(`${this.url}${path}`);
    return { code: answer.status, body: (await answer.json()) as Look['body'] };
  }

  async text(path: string): Promise<string> {
    return await (await fetch(`${this.url}${path}`)).text();
  }

  async scrape(): Promise<Scrape> {
    return parseMetrics(await this.text('/metrics'));
  }
}

describe('a run that works', () => {
  it('is seen on every route, and its metrics agree with its report', async () => {
    const looker = new Looker();
    const seen: Record<string, unknown> = {};
    let scrape: Scrape | undefined;
    const campaign = await bench(async (count) => {
      // The second record is refused once; the last one is looked at before it is answered.
      if (count === 2) return { status: 503 };
      if (count < 4) return {};
      for (const path of ['/health', '/api/health', '/live', '/ready']) {
        seen[path] = await looker.look(path);
      }
      seen['/'] = await looker.text('/');
      scrape = await looker.scrape();
      return {};
    });
    const told = await campaign.command('run list.csv --lines 1 --json', { meet: looker.meet });
    expect(told.code, told.stderr).toBe(0);
    const connected = { template: 'connected', flite: 'connected', preview: 'connected' };
    expect(seen['/health']).toMatchObject({
      code: 200,
      body: { status: 'healthy', dependencies: { ...connected, webhook: 'connected' } },
    });
    expect(seen['/api/health']).toMatchObject({
      code: 200,
      body: { status: 'ok', timestamp: expect.stringMatching(/Z$/), webhook_connected: true },
    });
    expect(seen['/live']).toEqual({ code: 200, body: { status: 'alive' } });
    expect(seen['/ready']).toEqual({ code: 200, body: { status: 'ready' } });
    expect(seen['/']).toContain('<h1>list is at work</h1>');
    expect(clearNumbers(String(seen['/']))).toEqual([]);
    const { outcomes, services } = JSON.parse(told.stdout);
    expect(outcomes).toEqual({ previewed: 3 });
    expect(scrape?.value('campaign_calls_total', { outcome: 'previewed' })).toBe(3);
    expect(scrape?.value('campaign_contacts', { state: 'calling' })).toBe(0);
    for (const [service, { requests, failures, retries }] of Object.entries<{
      requests: number;
      failures: number;
      retries: number;
    }>(services)) {
      // The last record was on its way.
      const later = service === 'webhook' ? 1 : 0;
      const figures = [
        scrape?.sum('campaign_attempts_total', { service }),
        scrape?.sum('campaign_failures_total', { service }),
        scrape?.sum('campaign_retries_total', { service }),
      ];
      expect([service, ...figures]).toEqual([service, requests - later, failures, retries]);
    }
    await expect(fetch(looker.url)).rejects.toThrow();
  });

  it('lets a stop be seen while the last calls end', async () => {
    const looker = new Looker();
    let seen: readonly Look[] = [];
    const campaign = await bench(async () => {
      looker.press();
      seen = [await looker.look('/ready'), await looker.look('/health')];
      return {};
    });
    const told = await campaign.command('run list.csv --lines 1', { meet: looker.meet });
    expect(told.code, told.stderr).toBe(75);
    expect(seen[0]).toEqual({ code: 503, body: { status: 'draining' } });
    expect(seen[1]).toMatchObject({ code: 200, body: { status: 'healthy', phase: 'draining' } });
  });

  it('says which service is away, since when and why', async () => {
    const looker = new Looker();
    let isDown = true;
    const campaign = await bench(
      () => (isDown ? { status: 503, body: 'for +1 415 555 0134: <b>later</b>' } : {}),
      'circuit_breaker: { failure_threshold: 2, recovery_timeout: 2s }\n',
    );
    let looked: Promise<void> | undefined;
    const seen: Record<string, Look> = {};
    let scrape: Scrape | undefined;
    let page = '';
    const look = async (): Promise<void> => {
      for (const path of ['/health', '/api/health', '/ready']) {
        seen[path] = await looker.look(path);
      }
      scrape = await looker.scrape();
      page = await looker.text('/');
      isDown = false;
    };
    const told = await campaign.command('run list.csv --lines 1', {
      meet: (world) => {
        looker.meet(world);
        onceSaid('is left alone', () => {
          looked = look();
        })(world);
      },
    });
    await looked;
    expect(told.code, told.stderr).toBe(0);
    expect(seen['/health']).toMatchObject({
      code: 503,
      body: {
        status: 'unhealthy',
        dependencies: { flite: 'connected', webhook: 'degraded' },
        problems: { webhook: { role: 'crm', breaker: 'open', reason: expect.any(String) } },
      },
    });
    const text = JSON.stringify(seen['/health']?.body);
    const [, since = ''] = /"since":"([^"]+)"/.exec(text) ?? [];
    expect(Math.abs(Date.parse(since) - Date.now())).toBeLessThan(60_000);
    expect(text).toContain('503');
    expect(seen['/api/health']).toMatchObject({
      code: 200,
      body: { status: 'error', webhook_connected: false, flite_connected: true },
    });
    expect(seen['/ready']?.code).toBe(200);
    expect(scrape?.value('campaign_breaker_state', { service: 'webhook' })).toBe(2);
    expect(scrape?.value('campaign_service_up', { service: 'webhook' })).toBe(0);
    expect(scrape?.value('campaign_breaker_openings_total', { service: 'webhook' })).toBe(1);
    expect(page).toContain('Nobody does the work of crm now:');
    expect(page).not.toContain('<b>later');
    expect(clearNumbers(page + text)).toEqual([]);
  });
});

describe('a port that is taken', () => {
  it('keeps nobody from being called: check and run say so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    using campaign = new CommandBench(`${CONFIG}server: { port: ${port} }\n`);
    campaign.list('list.csv', [1]);
    const { code, stderr } = await campaign.command('run list.csv --serve');
    expect(code, stderr).toBe(0);
    const problem = `not available at 127.0.0.1:${port}: another program has that port`;
    expect(stderr).toContain(problem);
    expect(campaign.read('logs/app.log')).toContain(problem);
    campaign.write('config.yml', `${CONFIG}server: { enabled: true, port: ${port} }\n`);
    const check = await campaign.command('check');
    expect(check.code, check.stderr).toBe(0);
    expect(check.stdout).toContain(`Note: server: a run could not show its status page`);
    campaign.write('config.yml', `${CONFIG}server: { enabled: true, port: 0 }\n`);
    expect((await campaign.command('check')).stdout).not.toContain('Note: server');
  });
});

describe('server in config.yml', () => {
  const KEY = 'correct-horse-battery';
  const problems = (server: string, env: Readonly<Record<string, string>> = {}, serve = false) => {
    try {
      const text = `${CONFIG}server: ${server}\n`;
      const config = parseConfig(text, { file: '/config.yml', env, serve });
      return JSON.stringify(config.server);
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    ['{ enabled: true }', {}, '"host":"127.0.0.1","port":15000'],
    ['{ enabled: true, host: "::1" }', {}, '"host":"::1"'],
    ['{ enabled: true, host: "[::1]" }', {}, '"host":"::1"'],
    ['{ enabled: true, host: localhost }', {}, '"host":"localhost"'],
    ['{ enabled: true, token: "${SERVER_TOKEN}" }', {}, '"enabled":true'],
    ['{ enabled: true, token: "${SERVER_TOKEN}" }', { SERVER_TOKEN: '' }, '"enabled":true'],
    ['{ host: 0.0.0.0 }', {}, '"enabled":false,"host":"0.0.0.0"'],
    [
      '{ enabled: true, host: 0.0.0.0, token: "${SERVER_TOKEN}" }',
      { SERVER_TOKEN: `${KEY}\n` },
      `"token":"${KEY}"`,
    ],
  ])('%s is allowed', (server, env, words) => {
    expect(problems(server, env)).toContain(words);
  });

  it.each([
    [
      '{ enabled: true, host: 0.0.0.0 }',
      {},
      'server.host: found 0.0.0.0, which other machines can reach, without a token, allowed: ' +
        '127.0.0.1; or any address with server.token: "${SERVER_TOKEN}", from the environment',
    ],
    [
      '{ enabled: true, host: "::", token: "${SERVER_TOKEN}" }',
      {},
      'server.host: found ::, which other machines can reach, without a token',
    ],
    ['{ enabled: true, host: calls.example.com }', {}, 'server.host: found calls.example.com, w'],
    [`{ token: ${KEY} }`, {}, 'server.token: found a secret written into the file'],
    [
      '{ enabled: true, token: "${SERVER_TOKEN}" }',
      { SERVER_TOKEN: 'short' },
      'server.token: found a token of 5 characters, allowed: at least 16',
    ],
    ['{ enabled: true, host: "http://127.0.0.1" }', {}, 'server.host'],
    ['{ port: 70000 }', {}, 'server.port: found 70000, allowed: a whole number from 0 to 65535'],
  ])('%s is not', (server, env, words) => {
    const told = problems(server, env);
    expect(told).toContain(words);
    expect(told).not.toContain(KEY);
  });

  it('is held to the same by --serve', () => {
    expect(problems('{ host: 0.0.0.0 }', {}, true)).toContain('server.host: found 0.0.0.0');
    expect(problems('{ host: 127.0.0.1 }', {}, true)).toContain('"enabled":true');
  });
});
