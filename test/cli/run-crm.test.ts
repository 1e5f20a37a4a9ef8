import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeHubspot, TOKEN } from '../services/crm/fake-hubspot.ts';
import { CommandBench, phoneOf } from '../support/command-bench.ts';
import { deadUrl, loopback } from '../support/loopback.ts';

const ENV = { HUBSPOT_ACCESS_TOKEN: TOKEN, CRM_WEBHOOK_SECRET: 'test-secret-1-wonderland' };
const PROPERTY = 'call_id_property: campaign_call_id';
const UPSERT = 'POST /crm/v3/objects/calls/batch/upsert';

function bench(
  hubspot: string,
  template = 'Hi.',
  rest = 'services: { crm: [hubspot] }',
): CommandBench {
  const made = new CommandBench(
    `${rest}\nscript: { template: '${template}' }\n` +
      'campaign: { outage_wait: 1s }\nretry: { initial_delay: 10ms, max_retries: 0 }\n' +
      'circuit_breaker: { recovery_timeout: 1s, failure_threshold: 1 }\n' +
      `providers:\n  hubspot: { access_token: "\${HUBSPOT_ACCESS_TOKEN}", ${hubspot} }\n`,
  );
  onTestFinished(() => {
    made[Symbol.dispose]();
  });
  made.list('list.csv', [1, 2]);
  return made;
}

async function portalWith(...ids: readonly number[]) {
  const portal = await fakeHubspot();
  for (const id of ids) {
    portal.contacts.set(String(500 + id), { phone: phoneOf(id), plan: `plan ${id}` });
  }
  return portal;
}

describe('a run with HubSpot', () => {
  it('writes with what HubSpot knows, logs each call, and tells who was not found', async () => {
    const portal = await portalWith(1);
    const campaign = bench(
      `base_url: "${portal.url}", ${PROPERTY}, lookup: [plan]`,
      'Your plan: {{ crm.plan | default: "none" }}.',
    );
    const { code, stdout, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    const bodies = portal.calls.map(({ properties }) => properties['hs_call_body'] ?? '').join(' ');
    expect(bodies).toContain('Your plan: none.');
    expect(bodies).toContain('Your plan: plan 1.');
    expect(portal.calls).toHaveLength(2);
    expect(portal.calls.flatMap(({ contacts }) => [...contacts])).toEqual(['501']);
    const note = 'no such contact in HubSpot: logged without association';
    expect(stdout).toContain(`1 with a note    ${note}`);
    expect(stdout).not.toContain('results.csv');
    const report = await campaign.command('report', { env: ENV });
    expect(report.stdout).toContain(`1 record with a note: ${note}`);
    const json = await campaign.command('report --json', { env: ENV });
    expect(JSON.parse(json.stdout)).toMatchObject({ record_notes: { [note]: 1 } });
    const log = readFileSync(campaign.path('logs/app.log'), 'utf8');
    expect(log + stdout + stderr).not.toMatch(/pat-na1|wonderland/);
    // Done is done: the next run asks nothing of the portal but whether it is well.
    const before = portal.calls.length;
    await campaign.command('run list.csv', { env: ENV });
    expect(portal.calls).toHaveLength(before);
  });

  it.each([
    ['with the unique property', PROPERTY, UPSERT],
    ['without it', '', 'POST /crm/v3/objects/calls'],
  ])('that is killed when a call is logged and nobody knows, %s', async (_how, property, at) => {
    const portal = await portalWith(1, 2);
    const campaign = bench(`base_url: "${portal.url}"${property && `, ${property}`}`);
    const killed = await campaign.command('run list.csv --lines 1', {
      env: ENV,
      meet: (world) => {
        portal.onDone = (what) => {
          if (!what.startsWith(at) || what.endsWith('/search')) return;
          portal.onDone = () => undefined;
          world.press('SIGINT');
          world.press('SIGINT');
        };
      },
    });
    expect(killed.code, killed.stderr).toBe(75);
    expect(portal.calls).toHaveLength(1);
    const { code, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(portal.calls).toHaveLength(2);
    expect(portal.calls.flatMap(({ contacts }) => [...contacts]).toSorted()).toEqual([
      '501',
      '502',
    ]);
  });

  it('that refuses a record says so, ends with 0, and the next run offers it again', async () => {
    const portal = await portalWith(1, 2);
    const message = `hs_call_to_number: ${phoneOf(1)} is not a number`;
    const reply = { status: 400, body: { message, category: 'VALIDATION_ERROR' } };
    portal.troubles.push({ at: UPSERT, reply, done: false });
    const campaign = bench(`base_url: "${portal.url}", ${PROPERTY}`);
    const first = await campaign.command('run list.csv --lines 1 --quiet', { env: ENV });
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('1 record owed    the CRM refused the record: hubspot answered');
    expect(first.stderr).not.toContain(phoneOf(1));
    const status = await campaign.command('status', { env: ENV });
    expect(status.stdout).toContain('1 record owed to the CRM');
    expect(status.stdout).toContain('1 record for the next run: the CRM refused the record: hub');
    const json = await campaign.command('status --json', { env: ENV });
    const [waiting] = JSON.parse(json.stdout).campaigns[0].waiting;
    expect(waiting).toEqual({ reason: expect.stringContaining('400') as string, count: 1 });
    const next = await campaign.command('run list.csv', { env: ENV });
    expect(next.code).toBe(0);
    expect(next.stdout).toContain('the CRM got 1 record that was owed');
    expect(portal.calls).toHaveLength(2);
  });

  it('that is away: calls go on, and records come with the next run', async () => {
    const dead = await deadUrl();
    const campaign = bench(`base_url: "${dead}", ${PROPERTY}`);
    const { code, stdout } = await campaign.command('run list.csv', { env: ENV });
    expect(code).toBe(75);
    expect(stdout).toContain('2 previewed');
    expect(stdout).toContain('2 records owed   the CRM gets them with the next run');
    const check = await campaign.command('check list.csv', { env: ENV });
    expect(check.stdout).toContain(
      'Note: 2 records of calls are owed to the CRM, and would be made',
    );
    const portal = await portalWith(1, 2);
    const config = campaign.read('config.yml').replace(dead, portal.url);
    // Its breaker may be open for some seconds yet.
    campaign.write('config.yml', config.replace('outage_wait: 1s', 'outage_wait: 1m'));
    const next = await campaign.command('run list.csv', { env: ENV });
    expect(next.code, next.stderr).toBe(0);
    expect(portal.calls).toHaveLength(2);
  });

  it('that is away and is needed for the text: nobody is called with half of it', async () => {
    const dead = await deadUrl();
    const campaign = bench(
      `base_url: "${dead}", ${PROPERTY}, lookup: [plan]`,
      'Your plan: {{ crm.plan }}.',
    );
    const { code, stdout } = await campaign.command('run list.csv', { env: ENV });
    expect(code).toBe(75);
    expect(stdout).toMatch(/2 put off/);
    expect(stdout).not.toContain('previewed');
  });
});

describe('a run with a webhook', () => {
  it('tells a server of one’s own, and no more than once what it has taken', async () => {
    const taken: string[] = [];
    const server = await loopback(({ method, headers }) => {
      if (method === 'POST') taken.push(String(headers['x-campaign-signature']));
      return { status: method === 'POST' ? 204 : 405 };
    });
    const campaign = new CommandBench(
      'script: { template: "Hi." }\nservices: { crm: [webhook] }\nproviders:\n' +
        '  webhook: { url: "${CRM_WEBHOOK_URL}", secret: "${CRM_WEBHOOK_SECRET}" }\n',
    );
    onTestFinished(() => {
      campaign[Symbol.dispose]();
    });
    campaign.list('list.csv', [1, 2, 3]);
    const env = { ...ENV, CRM_WEBHOOK_URL: `${server.url}/calls` };
    expect((await campaign.command('run list.csv', { env })).code).toBe(0);
    expect((await campaign.command('run list.csv', { env })).code).toBe(0);
    expect(taken).toHaveLength(3);
    expect(taken.every((one) => /^sha256=[0-9a-f]{64}$/.test(one))).toBe(true);
  });
});

describe('a CRM that takes no record before somebody mends it', () => {
  it('is not said to get them with the next run', async () => {
    const hook = await loopback(({ method }) => ({ status: method === 'GET' ? 200 : 401 }));
    const campaign = new CommandBench(
      'services: { crm: [webhook] }\nscript: { template: "Hi." }\n' +
        'campaign: { outage_wait: 1s, lines: 1 }\n' +
        'circuit_breaker: { recovery_timeout: 1s }\n' +
        `providers: { webhook: { url: "${hook.url}/hook" } }\n`,
    );
    onTestFinished(() => {
      campaign[Symbol.dispose]();
    });
    campaign.list('list.csv', [1, 2]);
    const { code, stdout } = await campaign.command('run list.csv');
    expect(code).toBe(75);
    expect(stdout).toContain(
      '2 records owed   the CRM gets them once webhook is mended (see below)',
    );
    expect(stdout).toContain('check providers.webhook.secret');
  });
});

describe('a CRM that answers something else by now', () => {
  it('is told with its last answer, and not only with what opened its breaker', async () => {
    let status = 500;
    const hook = await loopback(({ method }) =>
      method === 'GET' ? {} : { status, body: { message: `said ${status}` } },
    );
    const campaign = new CommandBench(
      'services: { crm: [webhook] }\nscript: { template: "Hi." }\n' +
        'campaign: { outage_wait: 2s, lines: 1 }\n' +
        'retry: { initial_delay: 10ms, max_retries: 0 }\n' +
        'circuit_breaker: { recovery_timeout: 100ms, failure_threshold: 1 }\n' +
        `providers: { webhook: { url: "${hook.url}/hook" } }\n`,
    );
    onTestFinished(() => {
      campaign[Symbol.dispose]();
    });
    campaign.list('list.csv', [1]);
    await campaign.command('run list.csv');
    status = 422;
    // Another contact, whose record nobody has put off yet.
    campaign.list('list.csv', [1, 2]);
    const { stdout } = await campaign.command('run list.csv');
    const words = /since .*: webhook answered 500: said 500; its last answer: .* 422: said 422/;
    expect(stdout).toMatch(words);
    const told = await campaign.command('status');
    expect(told.stdout).toMatch(words);
    const { services } = JSON.parse((await campaign.command('status --json')).stdout);
    expect(services.webhook).toMatchObject({ latest: 'webhook answered 422: said 422' });
  });
});
