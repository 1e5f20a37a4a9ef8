import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { CommandBench } from '../support/command-bench.ts';
import { loopback } from '../support/loopback.ts';
import { mailServer } from '../support/mail-server.ts';

const SCRIPT = 'script: { template: "Hi." }\n';

let bench: CommandBench;

beforeEach(() => {
  bench = new CommandBench();
});

afterEach(() => {
  bench[Symbol.dispose]();
});

function problemsOf(alerts: string, env: Readonly<Record<string, string>> = {}): string {
  try {
    parseConfig(`${SCRIPT}alerts: ${alerts}\n`, { file: '/config.yml', env });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('alerts in config.yml', () => {
  it('need what their channel needs as soon as it is on, and nothing before', () => {
    expect(problemsOf('{ email: { enabled: false, pass: "${SMTP_PASS}" } }')).toBe('');
    const email = problemsOf('{ email: { enabled: true } }');
    expect(email).toContain('alerts.email.host: found nothing, allowed: the name of the mail');
    expect(email).toContain('alerts.email.from: found nothing');
    expect(email).toContain('alerts.email.to: found nothing');
    const telegram = problemsOf('{ telegram: { enabled: true, bot_token: "${BOT}" } }');
    expect(telegram).toContain('BOT');
    expect(telegram).toContain('alerts.telegram.chat_id: found nothing');
    expect(problemsOf('{ webhook: { enabled: true } }')).toContain('alerts.webhook.url');
  });

  it('take numbers of chats as numbers or texts, and the port from the environment', () => {
    const email = '{ enabled: true, host: mail.example.com, port: "${PORT}", from: a@example.com';
    const text = `${SCRIPT}alerts:\n  email: ${email}, to: [b@example.com] }\n  telegram:\n${[
      '    enabled: true',
      '    bot_token: "${BOT}"',
      '    chat_id: -100123456789',
    ].join('\n')}\n`;
    const env = { PORT: '2525', BOT: '123:abc\n' };
    const { alerts } = parseConfig(text, { file: '/config.yml', env });
    expect(alerts.email).toMatchObject({ port: 2525, security: 'starttls' });
    expect(alerts.telegram).toMatchObject({ chatId: '-100123456789', botToken: '123:abc' });
  });

  it('refuse secrets in the file, and a password in clear on the way to another machine', () => {
    expect(problemsOf('{ webhook: { secret: s3cret } }')).toContain(
      'found a secret written into the file, allowed: "${WEBHOOK_SECRET}"',
    );
    const relay =
      'enabled: true, from: a@example.com, to: [b@example.com], security: none, user: "${U}", ' +
      'pass: "${P}"';
    const env = { U: 'campaign', P: 'secret' };
    expect(problemsOf(`{ email: { host: mail.example.com, ${relay} } }`, env)).toContain(
      'alerts.email.security: found none, with a password for another machine',
    );
    expect(problemsOf(`{ email: { host: 127.0.0.1, ${relay} } }`, env)).toBe('');
  });

  it('say what a channel may be told of', () => {
    expect(problemsOf('{ email: { severities: [urgent] } }')).toContain(
      'allowed: critical, warning, info',
    );
  });
});

describe('campaign alert-test', () => {
  it('sends one through each channel that is on, and says what happened', async () => {
    const taken = await loopback(() => ({ body: { ok: true } }));
    const gone = await loopback(() => ({ status: 404 }));
    bench.write(
      'config.yml',
      `${SCRIPT}alerts:
  telegram: { enabled: true, bot_token: "\${BOT}", chat_id: 42, base_url: "${taken.url}" }
  webhook: { enabled: true, url: "${gone.url}/hook", secret: "\${SECRET}" }
`,
    );
    const env = { BOT: '123456:a-long-token', SECRET: 'a-secret' };
    const { code, stdout, stderr } = await bench.command('alert-test', { env });
    expect(code).toBe(69);
    expect(stdout).toContain('telegram  sent\n');
    expect(stdout).toContain('webhook   NOT SENT: webhook answered 404; nobody takes alerts there');
    expect(stderr).toBe('campaign: nobody was reached by webhook; the test was sent by telegram\n');
    expect(taken.requests).toHaveLength(1);
    const [request] = gone.requests;
    const { 'x-campaign-timestamp': time, 'x-campaign-signature': signature } =
      request?.headers ?? {};
    const signed = createHmac('sha256', 'a-secret').update(`${String(time)}.${request?.body}`);
    expect(signature).toBe(`sha256=${signed.digest('hex')}`);
    expect(`${stdout}${stderr}`).not.toMatch(/a-long-token|a-secret/);
  });

  it('says who of several was reached, who was not, and why', async () => {
    const { port, mails } = await mailServer({
      onRcptTo: ({ address }, _session, done) => {
        const isGone = address === 'ben@example.com';
        done(isGone ? Object.assign(new Error('No such box'), { responseCode: 550 }) : null);
      },
    });
    bench.write(
      'config.yml',
      `${SCRIPT}alerts:
  email: { enabled: true, host: 127.0.0.1, port: ${port}, security: none,
    from: c@example.com, to: [anna@example.com, ben@example.com] }
`,
    );
    const { code, stdout, stderr } = await bench.command('alert-test');
    expect(code).toBe(69);
    expect(stdout).toBe(
      `email  SENT TO SOME ONLY: it reached anna@example.com; the mail server 127.0.0.1:${port} ` +
        'refuses ben@example.com (550 No such box): check alerts.email.to\n',
    );
    expect(stderr).toBe('campaign: not everybody was reached by email\n');
    expect(mails).toHaveLength(1);
  });

  it('says so where no channel is on', async () => {
    const { code, stderr } = await bench.command('alert-test');
    expect(code).toBe(78);
    expect(stderr).toContain('no alert channel is on in config.yml');
    expect(stderr).toContain('alerts.telegram.enabled');
  });

  it('has a document for scripts', async () => {
    const taken = await loopback(() => ({ body: 'ok' }));
    const webhook = `{ enabled: true, url: "${taken.url}" }`;
    bench.write('config.yml', `${SCRIPT}alerts: { webhook: ${webhook} }\n`);
    const { code, stdout } = await bench.command('alert-test --json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ channels: { webhook: { sent: true } } });
  });
});

describe('campaign health', () => {
  it('asks every service in use, and its exit code is the answer', async () => {
    const well = await bench.command('health');
    expect([well.code, well.stderr]).toEqual([0, '']);
    expect(well.stdout).toMatch(/flite\s+tts\s+works/);
    const dead = await loopback(() => ({ status: 503, body: 'down' }));
    bench.write(
      'config.yml',
      `${SCRIPT}services: { crm: [webhook] }\nproviders: { webhook: { url: "${dead.url}" } }\n`,
    );
    const ill = await bench.command('health --json');
    expect(ill.code).toBe(69);
    expect(ill.stderr).toContain('1 of 4 services would not work: webhook');
    expect(JSON.parse(ill.stdout)).toMatchObject({
      status: 'unhealthy',
      services: { webhook: { role: 'crm', state: 'failing' }, flite: { state: 'ok' } },
    });
  });
});

describe('a run with an alert channel', () => {
  it('tells of an outage once over several runs, and once that it is over', async () => {
    const alerts = await loopback(() => ({ body: 'ok' }));
    let isDown = true;
    const crm = await loopback(() => (isDown ? { status: 401, body: 'no' } : { body: 'ok' }));
    const configure = (outageWait: string): void => {
      bench.write(
        'config.yml',
        `${SCRIPT}services: { crm: [webhook] }
campaign: { outage_wait: ${outageWait} }
circuit_breaker: { recovery_timeout: 100ms }
providers: { webhook: { url: "${crm.url}" } }
alerts: { webhook: { enabled: true, url: "${alerts.url}" } }
`,
      );
    };
    configure('1s');
    bench.list('spring.csv', [1, 2]);
    expect((await bench.command('run spring.csv')).code).toBe(75);
    expect((await bench.command('run spring.csv')).code).toBe(75);
    isDown = false;
    configure('1m');
    expect((await bench.command('run spring.csv')).code).toBe(0);
    const told = alerts.requests.map(({ body }) => JSON.parse(body));
    expect(told).toMatchObject([
      { key: 'service:webhook', kind: 'raised', severity: 'critical', campaign: 'spring' },
      { key: 'service:webhook', kind: 'recovered', severity: 'info' },
    ]);
  });

  it('tells of its campaign once, with the figures of all runs and who had opted out', async () => {
    const alerts = await loopback(() => ({ body: 'ok' }));
    const webhook = `{ enabled: true, url: "${alerts.url}", severities: [info] }`;
    bench.write('config.yml', `${SCRIPT}alerts: { webhook: ${webhook} }\n`);
    bench.list('spring.csv', [1, 2, 3, 4, 5]);
    const [number] = /\+\d+/.exec(bench.read('spring.csv')) ?? [];
    await bench.command(`opt-outs --add ${number}`);
    for (const options of ['--limit 2', '', '']) {
      expect((await bench.command(`run spring.csv ${options}`)).code).toBe(0);
    }
    const told = alerts.requests.map(({ body }) => JSON.parse(body));
    expect(told.map(({ key }) => key.replace('campaign:spring:', ''))).toEqual([
      'started',
      'milestone:25',
      'milestone:50',
      'milestone:75',
      'finished',
    ]);
    expect(told.at(-1).what).toContain(
      '5 contacts: 4 previewed and 1 failed (1 of them opted out: not rung, as they had asked). ',
    );
    bench.list('spring.csv', [1, 2, 3, 4, 5, 6]);
    await bench.command('run spring.csv');
    expect(alerts.requests.slice(5).map(({ body }) => JSON.parse(body).title)).toEqual([
      'The campaign spring has started again',
      'The campaign spring has finished',
    ]);
  });
});
