import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/cli/config.ts';
import { ConfigProblems } from '../../src/cli/config-problems.ts';
import { DEFAULT_PROMPT } from '../../src/cli/config-schema.ts';
import { fullJudgement } from '../../src/cli/judgement.ts';
import type { Config } from '../../src/cli/settings.ts';
import { DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import { FLITE_VOICES } from '../../src/services/tts/flite.ts';
import { DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';

const SCRIPT = 'script: { template: Hello }\n';
const SHIPPED = join(import.meta.dirname, '..', '..', 'config.yml');

type Environment = Readonly<Record<string, string>>;

function parsed(text: string, env: Environment = {}): Config {
  const judgement = fullJudgement();
  return parseConfig(text, {
    file: '/srv/calls/config.yml',
    shownAs: 'config.yml',
    env,
    judgement,
  });
}

const SCRIPT_SETTINGS = {
  prompt: DEFAULT_PROMPT,
  template: 'Hello',
  maxCharacters: 900,
  answers: undefined,
};

const NO_VOICES = {
  elevenlabs: {
    apiKey: '',
    baseUrl: 'https://api.elevenlabs.io',
    voice: '',
    model: 'eleven_flash_v2_5',
    tuning: {},
  },
  openaiVoice: { model: '', voice: '', instructions: undefined, speed: undefined },
};

const VOICES = 'flite, espeak-ng, elevenlabs, openai';

/** The lines of the message below its headline; none where the config is right. */
function problemsOf(text: string, env: Environment = {}): readonly string[] {
  try {
    parsed(text, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigProblems);
    const { message, problems } = error as ConfigProblems;
    const [headline, ...lines] = message.split('\n');
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    expect(headline).toBe(`config.yml has ${count}:`);
    expect(lines).toHaveLength(problems.length);
    return lines.map((line) => line.trim());
  }
}

const CRMS = {
  hubspot: {
    accessToken: '',
    baseUrl: 'https://api.hubapi.com',
    callIdProperty: undefined,
    lookup: [],
    findBy: ['email', 'phone'],
    idProperty: undefined,
    owner: undefined,
  },
  webhook: { url: '', secret: undefined },
};

const MODELS = {
  openai: { apiKey: '', model: '', baseUrl: 'https://api.openai.com' },
  openrouter: { apiKey: '', model: '', baseUrl: 'https://openrouter.ai' },
  google: { apiKey: '', model: '', baseUrl: 'https://generativelanguage.googleapis.com' },
  anthropic: { apiKey: '', model: '', baseUrl: 'https://api.anthropic.com' },
};

/** Without an account. */
const NO_TWILIO = {
  accountSid: '',
  authToken: '',
  from: '',
  baseUrl: 'https://api.twilio.com',
  audioBaseUrl: undefined,
  machineDetection: false,
  ringMs: 30_000,
};

const NO_ASTERISK = {
  host: '127.0.0.1',
  port: 5038,
  username: '',
  password: '',
  events: 'system,call,user,dtmf',
  endpoint: '',
  context: 'campaign',
  extension: 's',
  callerId: undefined,
  ringMs: 30_000,
  machineDetection: false,
  variables: {},
  sounds: undefined,
  reconnect: { initialDelayMs: 15_000, delayMsMax: 60_000, stableMs: 60_000 },
  keepAlive: { intervalMs: 15_000, timeoutMs: 5_000 },
};

const NO_ARI = {
  url: 'http://127.0.0.1:8088',
  username: '',
  password: '',
  app: 'campaign',
  endpoint: '',
  callerId: undefined,
  ringMs: 30_000,
  variables: {},
  machineContext: undefined,
  voicemail: 'leave',
  sounds: undefined,
  audioServer: undefined,
  reconnect: { initialDelayMs: 15_000, delayMsMax: 60_000, stableMs: 60_000 },
  keepAlive: { intervalMs: 15_000, timeoutMs: 5_000 },
};

/** No channel is on. */
const NO_SHEETS = {
  enabled: false,
  spreadsheetId: '',
  sheet: 'Calls',
  serviceAccount: '',
  baseUrl: 'https://sheets.googleapis.com',
};

const NO_ALERTS = {
  email: {
    enabled: false,
    severities: ['critical', 'warning'],
    host: '',
    port: 587,
    security: 'starttls',
    user: undefined,
    pass: undefined,
    from: '',
    to: [],
  },
  telegram: {
    enabled: false,
    severities: ['critical', 'warning'],
    botToken: '',
    chatId: '',
    baseUrl: 'https://api.telegram.org',
  },
  webhook: {
    enabled: false,
    severities: ['critical', 'warning'],
    url: '',
    secret: undefined,
  },
  policies: DEFAULT_ALERT_POLICIES,
};

const NOBODY_TOLD = { alerts: NO_ALERTS, sheets: NO_SHEETS };
const LOGGING = {
  file: '/srv/calls/logs/app.log',
  level: 'info',
  maxSizeBytes: 50_000_000,
  keep: 10,
};

describe('config.yml in the terms of the program', () => {
  it('fills in every default', () => {
    const retry = {
      initialDelayMs: 5000,
      backoffFactor: 2,
      maxRetries: 3,
      maxDelayMs: 60_000,
      jitter: 0.1,
    };
    const circuitBreaker = {
      failureThreshold: 4,
      recoveryTimeoutMs: 60_000,
      halfOpenMaxCalls: 1,
    };
    const timeouts = { requestMs: 15_000, callMs: 600_000, idleMs: 1_800_000 };
    const general = { retry, circuitBreaker, timeouts, fallbackDelayMs: 0 };
    const policy = { ...general, fallbackDelayMs: 2_000 };
    const voice = { ...policy, timeouts: { ...timeouts, requestMs: 120_000 } };
    expect(parsed(SCRIPT)).toEqual({
      file: '/srv/calls/config.yml',
      campaign: {
        lines: 4,
        callsPerSecond: 1,
        defaultCountry: 'US',
        language: 'en',
        sameNumber: 'reject',
        onOutage: 'skip',
        outageWaitMs: 1_800_000,
        budgetMicros: undefined,
        currency: 'USD',
      },
      prices: {},
      services: { llm: ['template'], tts: ['flite'], dialer: ['preview'], crm: ['csv'] },
      script: SCRIPT_SETTINGS,
      generalPolicy: general,
      policies: {
        template: policy,
        flite: voice,
        'espeak-ng': voice,
        preview: policy,
        csv: policy,
        openai: policy,
        openrouter: policy,
        google: policy,
        anthropic: policy,
        hubspot: policy,
        webhook: policy,
        elevenlabs: policy,
        twilio: policy,
        'asterisk-ari': policy,
        'asterisk-ami': policy,
      },
      healthCheck: { intervalMs: 30_000, timeoutMs: 5000 },
      providers: {
        flite: { voice: 'slt', workers: undefined },
        espeakNg: { command: 'espeak-ng' },
        ...NO_VOICES,
        ...MODELS,
        ...CRMS,
        twilio: NO_TWILIO,
        'asterisk-ari': NO_ARI,
        'asterisk-ami': NO_ASTERISK,
      },
      ...NOBODY_TOLD,
      logging: LOGGING,
      server: { enabled: false, host: '127.0.0.1', port: 15_000, token: undefined },
      store: { path: '/srv/calls/data/campaign.db' },
      output: { folder: '/srv/calls/out' },
      simulation: DEFAULT_BEHAVIOUR,
    });
  });

  it('is, as shipped, the defaults and a template', async () => {
    const shipped = parsed(await readFile(SHIPPED, 'utf8'));
    const { template } = shipped.script;
    expect(shipped).toEqual(parsed(`script: { template: ${JSON.stringify(template)} }\n`));
    for (const column of ['name', 'clinic', 'appointment_day', 'appointment_time']) {
      expect(template).toContain(`{{ ${column}`);
    }
  });

  it('names, as shipped, the voices there are', async () => {
    expect(await readFile(SHIPPED, 'utf8')).toContain(`# ${FLITE_VOICES.join(', ')}\n`);
  });

  it('lets a provider override single keys and inherit the rest', () => {
    const { policies } = parsed(
      `${SCRIPT}retry: { max_retries: 5, jitter: 0 }\n` +
        'providers:\n  flite:\n    retry: { max_retries: 1 }\n    timeouts: { request: 2s }\n',
    );
    expect(policies.flite.retry).toMatchObject({ maxRetries: 1, jitter: 0, maxDelayMs: 60_000 });
    expect(policies.flite.timeouts).toEqual({
      requestMs: 2000,
      callMs: 600_000,
      idleMs: 1_800_000,
    });
    expect(policies.csv.retry).toMatchObject({ maxRetries: 5, jitter: 0 });
    expect(policies.csv.timeouts.requestMs).toBe(15_000);
  });

  it('lets a provider be checked more or less often than all', () => {
    const { policies, healthCheck } = parsed(
      `${SCRIPT}health_check: { timeout: 3s }\n` +
        'providers: { flite: { health_check: { interval: 5m } } }\n',
    );
    expect(policies.flite.healthCheck).toEqual({ intervalMs: 300_000 });
    expect(policies.csv.healthCheck).toBeUndefined();
    expect(healthCheck).toEqual({ intervalMs: 30_000, timeoutMs: 3_000 });
  });

  it('has a policy for services without settings: the general one, without any override', () => {
    const { generalPolicy } = parsed(
      `${SCRIPT}retry: { max_retries: 5 }\n` +
        'providers: { template: { retry: { max_retries: 1 } } }\n',
    );
    expect(generalPolicy.retry).toMatchObject({ maxRetries: 5, initialDelayMs: 5000 });
    expect(generalPolicy.timeouts).toEqual({
      requestMs: 15_000,
      callMs: 600_000,
      idleMs: 1_800_000,
    });
  });

  it('takes single times of a simulation, and all or some of the shares', () => {
    const { simulation } = parsed(
      `${SCRIPT}simulation:\n  answer_time: { llm: 10ms }\n  talk_time: 1m\n` +
        '  shares: { answered: 0.83, voicemail: 0 }\n',
    );
    expect(simulation).toEqual({
      ...DEFAULT_BEHAVIOUR,
      answerMs: { ...DEFAULT_BEHAVIOUR.answerMs, llm: 10 },
      talkMs: 60_000,
      shares: { ...DEFAULT_BEHAVIOUR.shares, answered: 0.83, voicemail: 0 },
    });
    const thirds = 'answered: 0.333, voicemail: 0.333, no_answer: 0.333';
    expect(
      parsed(`${SCRIPT}simulation: { shares: { ${thirds}, busy: 0, invalid_number: 0 } }\n`)
        .simulation.shares,
    ).toMatchObject({ answered: 0.333, busy: 0 });
  });

  it('takes a section whose keys are all commented out', () => {
    expect(parsed(`${SCRIPT}retry:\n#  jitter: 0\nproviders:\n  flite:\n`)).toEqual(parsed(SCRIPT));
    expect(parsed(`${SCRIPT}simulation:\n  answer_time:\n  shares:\n`)).toEqual(parsed(SCRIPT));
  });

  it('starts relative paths at its folder, and keeps absolute ones', () => {
    const config = parsed(
      `${SCRIPT}store: { path: /var/calls.db }\noutput: { folder: ../results }\n` +
        'providers: { espeak-ng: { command: ./bin/speak } }\n',
    );
    expect(config.store.path).toBe('/var/calls.db');
    expect(config.output.folder).toBe('/srv/results');
    expect(config.providers.espeakNg.command).toBe('/srv/calls/bin/speak');
  });

  it('takes a template per language', () => {
    expect(parsed('script:\n  template: { en: Hello, no: Hei }\n').script.template).toEqual({
      en: 'Hello',
      no: 'Hei',
    });
    expect(problemsOf('campaign: { language: en-GB }\nscript: { template: { en: A } }\n')).toEqual(
      [],
    );
  });
});

describe('the guide to an Asterisk of your own', () => {
  it('writes settings that are taken', async () => {
    const path = join(import.meta.dirname, '..', '..', 'docs', 'guide', 'asterisk.md');
    const guide = await readFile(path, 'utf8');
    const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
    expect(blocks).toHaveLength(4);
    const env = {
      ARI_PASSWORD: 'test-secret-3-wonderland',
      AMI_PASSWORD: 'test-secret-2-wonderland',
    };
    for (const block of blocks) expect(problemsOf(`${SCRIPT}${block}`, env)).toEqual([]);
  });
});

describe('an Asterisk with its REST Interface', () => {
  const OWN = 'username: campaign, password: "${ARI_PASSWORD}", endpoint: "PJSIP/{number}@trunk"';
  const withOwn = (more: string): string =>
    `${SCRIPT}services: { dialer: [asterisk-ari] }\nproviders:\n` +
    `  asterisk-ari: { ${OWN}${more} }\n`;
  const SECRET = { ARI_PASSWORD: 'test-secret-3-wonderland' };

  it('is taken as it stands in the file, and its account from the environment', () => {
    const own = ', machine_detection: detect, audio_server: { port: 15081 }';
    const env = { ...SECRET, ARI_URL: 'http://pbx.example.com:8088/', ARI_USERNAME: 'caller' };
    expect(parsed(withOwn(own), env).providers['asterisk-ari']).toMatchObject({
      url: 'http://pbx.example.com:8088',
      username: 'caller',
      password: 'test-secret-3-wonderland',
      machineContext: 'campaign-amd',
      audioServer: { host: '127.0.0.1', port: 15_081, publicUrl: 'http://127.0.0.1:15081' },
    });
  });

  it('can have its whole account from the environment', () => {
    const text =
      `${SCRIPT}services: { dialer: [asterisk-ari] }\n` +
      'providers: { asterisk-ari: { endpoint: "PJSIP/{number}@trunk" } }\n';
    const env = { ...SECRET, ARI_URL: 'https://pbx.example.com', ARI_USERNAME: 'caller' };
    expect(parsed(text, env).providers['asterisk-ari']).toMatchObject({
      url: 'https://pbx.example.com',
      username: 'caller',
      password: 'test-secret-3-wonderland',
    });
  });

  it.each([
    ['url: "http://127.0.0.1:8088/ari"', 'providers.asterisk-ari.url'],
    ['retry_interval: 90s', 'providers.asterisk-ari.retry_max'],
    ['sounds: /a, audio_server: { port: 15080 }', 'providers.asterisk-ari.sounds'],
    ['ring_time: 600s', 'providers.asterisk-ari.ring_time'],
  ])('is refused with %s', (more, path) => {
    const [problem = '', ...others] = problemsOf(withOwn(`, ${more}`), SECRET);
    expect(others).toEqual([]);
    expect(problem).toContain(path);
  });
});

describe('an Asterisk with its Manager Interface', () => {
  const USED = `${SCRIPT}services: { dialer: [asterisk-ami] }\nproviders:\n`;
  const OWN = 'username: campaign, password: "${AMI_PASSWORD}", endpoint: "PJSIP/{number}@trunk"';
  const withOwn = (more: string): string => `${USED}  asterisk-ami: { ${OWN}${more} }\n`;
  const SECRET = { AMI_PASSWORD: 'test-secret-2-wonderland' };

  it('is taken as it stands in the file', () => {
    const { services, providers } = parsed(withOwn(', port: 6038'), SECRET);
    expect(services.dialer).toEqual(['asterisk-ami']);
    expect(providers['asterisk-ami']).toMatchObject({
      host: '127.0.0.1',
      port: 6038,
      username: 'campaign',
      password: 'test-secret-2-wonderland',
      endpoint: 'PJSIP/{number}@trunk',
    });
  });

  it('can have every setting of its account from the environment', () => {
    const env = {
      AMI_ENABLED: 'true',
      AMI_HOST: 'pbx.example.com',
      AMI_PORT: '6038',
      AMI_USERNAME: 'dialer',
      AMI_PASSWORD: 'test-secret-2-wonderland',
      AMI_EVENTS: 'system,call,user,dialplan',
      AMI_RETRY_INTERVAL: '10s',
      AMI_RETRY_MAX: '2m',
    };
    const endpoint = 'providers: { asterisk-ami: { endpoint: "PJSIP/{number}@trunk" } }\n';
    const { services, providers } = parsed(`${SCRIPT}${endpoint}`, env);
    expect(services.dialer).toEqual(['asterisk-ami']);
    expect(providers['asterisk-ami']).toMatchObject({
      host: 'pbx.example.com',
      port: 6038,
      username: 'dialer',
      password: 'test-secret-2-wonderland',
      events: 'system,call,user,dialplan',
      reconnect: { initialDelayMs: 10_000, delayMsMax: 120_000 },
    });
  });

  it('is left out where the environment switches it off, whatever it says else', () => {
    const env = { AMI_ENABLED: 'false', AMI_PORT: 'none' };
    expect(parsed(SCRIPT, { ...env, ...SECRET }).services.dialer).toEqual(['preview']);
  });

  it('is not switched off where nobody is left who rings: a list is not previewed away', () => {
    const found = problemsOf(withOwn(''), { ...SECRET, AMI_ENABLED: 'false' });
    expect(found).toEqual([
      'environment  services.dialer: found AMI_ENABLED="false", ' +
        'allowed: another dialer beside asterisk-ami: none is left',
    ]);
  });

  it('is switched by true or false alone', () => {
    expect(problemsOf(withOwn(''), { ...SECRET, AMI_ENABLED: 'yes' }).join()).toContain(
      'found AMI_ENABLED="yes", allowed: true or false',
    );
  });

  it('says what is wrong, with the name of the variable and no line of the file', () => {
    const found = problemsOf(withOwn(''), { ...SECRET, AMI_PORT: 'abc' }).join('\n');
    expect(found).toContain('environment  providers.asterisk-ami.port: found AMI_PORT="abc"');
    const maybe = problemsOf(withOwn(''), { ...SECRET, AMI_ENABLED: 'maybe' });
    expect(maybe.join('\n')).toContain(
      'services.dialer: found AMI_ENABLED="maybe", allowed: true or false',
    );
  });

  it('names the variable also where a setting is wrong beside another', () => {
    const found = (env: object) => problemsOf(withOwn(''), { ...SECRET, ...env }).join('\n');
    const wrong = 'providers.asterisk-ami.retry_max: found';
    expect(found({ AMI_RETRY_MAX: '5s' })).toBe(
      `environment  ${wrong} AMI_RETRY_MAX="5s", allowed: at least retry_interval (15s)`,
    );
    expect(found({ AMI_RETRY_MAX: '60s', AMI_RETRY_INTERVAL: '2m' })).toBe(
      `environment  ${wrong} 1m (AMI_RETRY_MAX="60s"), allowed: at least retry_interval (2m)`,
    );
    expect(found({ AMI_RETRY_INTERVAL: '2m' })).toMatch(
      / 1m, allowed: at least retry_interval \(2m\); the environment has AMI_RETRY_INTERVAL="2m"$/,
    );
    expect(found({ AMI_PASSWORD: ' ' })).toContain('found nothing (AMI_PASSWORD), allowed:');
  });

  it.each([
    ['AMI_HOST', 'a b'],
    ['AMI_PORT', '0'],
    ['AMI_USERNAME', ' '],
    ['AMI_PASSWORD', ' '],
    ['AMI_EVENTS', 'system'],
    ['AMI_RETRY_INTERVAL', '2'],
    ['AMI_RETRY_MAX', '1s'],
    ['ARI_URL', 'http://127.0.0.1:8088/ari'],
    ['ARI_USERNAME', ' '],
    ['ARI_PASSWORD', ' '],
  ])('%s that is wrong is told as such', (name, value) => {
    const service = name.startsWith('AMI') ? 'asterisk-ami' : 'asterisk-ari';
    const own = 'username: campaign, password: "${P}", endpoint: "PJSIP/{number}@trunk"';
    const use = `${SCRIPT}services: { dialer: [${service}] }\n`;
    const text = `${use}providers: { ${service}: { ${own} } }\n`;
    const found = problemsOf(text, { P: 'test-secret-2-wonderland', [name]: value });
    expect(found).toEqual([expect.stringMatching(`^environment  providers\\..*found .*${name}`)]);
  });

  it.each([
    ['', 'endpoint: found nothing, allowed: whom Asterisk rings'],
    ['endpoint: "PJSIP/trunk"', 'endpoint: found "PJSIP/trunk", allowed: a channel with {number}'],
    ['password: hunter2', 'password: found a password written into the file'],
    ['events: "system,call"', 'events: found "system,call", allowed: a list of classes'],
    ['retry_interval: 2m', 'retry_max: found 1m, allowed: at least retry_interval (2m)'],
    ['timeouts: { call: 1m }', 'ring_time: found 30s, allowed: at least 1m less than'],
    ['sounds: audio', 'sounds: found "audio", allowed: an absolute path'],
  ])('refuses { %s }', (settings, expected) => {
    const text = `${USED}  asterisk-ami: { ${settings} }\n`;
    expect(problemsOf(text, {}).join('\n')).toContain(`providers.asterisk-ami.${expected}`);
  });
});

describe('an account with Twilio', () => {
  const ENV = { SID: `AC${'0'.repeat(32)}\n`, TOKEN: 'test-token-1' };
  const using = (settings: string): string =>
    `${SCRIPT}services: { dialer: [twilio] }\nproviders:\n  twilio: { ${settings} }\n`;
  const WHOLE = 'account_sid: "${SID}", auth_token: "${TOKEN}", from: "+14155550100"';

  it('has its token from the environment, and the rest from wherever', () => {
    const { providers } = parsed(
      using(`${WHOLE}, audio_base_url: "https://a.example/x/", machine_detection: detect`),
      ENV,
    );
    expect(providers.twilio).toEqual({
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: 'test-token-1',
      from: '+14155550100',
      baseUrl: 'https://api.twilio.com',
      audioBaseUrl: 'https://a.example/x',
      machineDetection: true,
      ringMs: 30_000,
    });
  });

  it.each([
    [
      'ring_time: 20s',
      [
        'account_sid: found nothing, allowed: the account, AC and 32 digits, from ' +
          'console.twilio.com',
        'auth_token: found nothing, allowed: "${TWILIO_AUTH_TOKEN}", a key from the environment',
        'from: found nothing, allowed: the number that people see, such as "+14155550100": one ' +
          'of the account',
      ],
    ],
    [
      WHOLE.replace('"${TOKEN}"', 'test-token-1'),
      [
        'auth_token: found a key written into the file, allowed: "${TWILIO_AUTH_TOKEN}", a key ' +
          'from the environment',
      ],
    ],
    [
      WHOLE.replace('"+14155550100"', '+14155550100'),
      [
        'from: found +14155550100, allowed: a number with its country, in quotes, such as ' +
          '"+14155550100"',
      ],
    ],
    [
      WHOLE.replace('"${SID}"', 'AC12'),
      [
        'account_sid: found "AC12", allowed: AC and 32 hexadecimal digits, as ' +
          'console.twilio.com shows it',
      ],
    ],
    [
      `${WHOLE}, timeouts: { call: 1m }`,
      [
        'ring_time: found 30s, allowed: at least 1m less than providers.twilio.timeouts.call ' +
          '(1m), the time for the whole call',
      ],
    ],
    [
      `${WHOLE}, base_url: "https://api.twilio.com/2010-04-01"`,
      [
        'base_url: found "https://api.twilio.com/2010-04-01", allowed: an address such as ' +
          'https://api.twilio.com, without user, query, or the path of the vendor, such as /v1 ' +
          'or /api/v1, which is added',
      ],
    ],
    [`${WHOLE}, machine_detection: on`, ['machine_detection: found "on", allowed: off, detect']],
  ])('%s', (settings, expected) => {
    const found = problemsOf(using(settings), ENV).map((line) => line.replace(/^\S+ +/, ''));
    expect(found).toEqual(expected.map((one) => `providers.twilio.${one}`));
  });

  it('takes no longer texts than its request has room for, where it speaks them itself', () => {
    const long = (settings: string, most: number) =>
      problemsOf(
        `${using(settings).replace(SCRIPT, '')}script: { template: Hi, max_characters: ${most} }\n`,
        ENV,
      );
    const plays = `${WHOLE}, audio_base_url: "https://a.example"`;
    expect([long(WHOLE, 3_900), long(plays, 4_000)]).toEqual([[], []]);
    const [problem, ...more] = long(WHOLE, 4_000);
    expect(more).toEqual([]);
    expect(problem).toMatch(/script\.max_characters: found 4000, allowed: up to 39\d\d, /);
  });
});

describe('an account with a vendor of models', () => {
  const KEY = { MY_KEY: 'test-key-1' };
  const using = (settings: string): string =>
    `${SCRIPT}services: { llm: [openai, template] }\nproviders:\n  openai: { ${settings} }\n`;

  it('has its key from the environment, and its model and address from the file', () => {
    const { providers, policies } = parsed(
      using(
        'api_key: "${MY_KEY}", model: small-1, base_url: "http://127.0.0.1:4102/gateway/", ' +
          'fallback_delay: 500ms, retry: { max_retries: 1 }',
      ),
      { MY_KEY: 'test-key-1\n' },
    );
    expect(providers.openai).toEqual({
      apiKey: 'test-key-1',
      model: 'small-1',
      baseUrl: 'http://127.0.0.1:4102/gateway',
    });
    expect(policies.openai).toMatchObject({ fallbackDelayMs: 500, retry: { maxRetries: 1 } });
  });

  const wrong: readonly (readonly [string, Environment, ...string[]])[] = [
    [
      'base_url: "https://api.example.com"',
      {},
      'providers.openai.api_key: found nothing, allowed: "${OPENAI_API_KEY}", a key from the ' +
        'environment',
      'providers.openai.model: found nothing, allowed: the name of a model, from ' +
        'platform.openai.com/docs/models',
    ],
    [
      'api_key: test-key-1, model: small-1',
      {},
      'providers.openai.api_key: found a key written into the file, allowed: ' +
        '"${OPENAI_API_KEY}", a key from the environment',
    ],
    [
      'api_key: "${MY_KEY}", model: small-1',
      {},
      'providers.openai.api_key: found ${MY_KEY}, which is not set, allowed: a variable that ' +
        'the environment has; set it before the start: export MY_KEY=…',
    ],
    [
      'api_key: "${MY_KEY}", model: small-1',
      { MY_KEY: 'two words' },
      'providers.openai.api_key: found "${MY_KEY}" with blanks, line breaks or accents in it, ' +
        'allowed: the key as the vendor shows it',
    ],
    ...[
      'https://api.openai.com/v1',
      'api.openai.com',
      'ftp://a.example',
      'https://u:p@a.example',
    ].map(
      (url) =>
        [
          `api_key: "\${MY_KEY}", model: small-1, base_url: "${url}"`,
          KEY,
          `providers.openai.base_url: found "${url.replace('u:p@', '***@')}", ` +
            'allowed: an address such as ' +
            'https://api.openai.com, without user, query, or the path of the vendor, such as ' +
            '/v1 or /api/v1, which is added',
        ] as const,
    ),
  ];

  it.each([
    ['https://openrouter.ai', true],
    ['https://openrouter.ai/api', false],
    ['https://openrouter.ai/api/v1', false],
    ['https://gateway.example.com/api', true],
  ])('takes %s for OpenRouter: %s', (url, isTaken) => {
    const text =
      'services: { llm: [openrouter] }\nscript: { template: Hi. }\nproviders:\n' +
      `  openrouter: { api_key: "\${MY_KEY}", model: a/b, base_url: "${url}" }\n`;
    const words = 'allowed: an address such as https://openrouter.ai, without user, query, or';
    expect(problemsOf(text, KEY)).toEqual(
      isTaken ? [] : [expect.stringContaining(words) as string],
    );
  });

  it.each(wrong.map(([settings, env, ...expected]) => ({ settings, env, expected })))(
    '$settings',
    ({ settings, env, expected }) => {
      const found = problemsOf(using(settings), env).map((line) => line.replace(/^\S+ +/, ''));
      expect(found).toEqual(expected);
    },
  );

  it('needs nothing while no chain names it, nor for commands that ask no service', () => {
    expect(problemsOf(`${SCRIPT}providers: { openai: { api_key: "\${MY_KEY}" } }\n`)).toEqual([]);
    const text = using('api_key: "${MY_KEY}", model: small-1');
    const file = '/srv/calls/config.yml';
    const config = parseConfig(text, { file, env: {}, withoutSecrets: true });
    expect(config.services.llm).toEqual(['openai', 'template']);
  });

  it('a prompt that is no Liquid is found before anybody is called', () => {
    const [problem] = problemsOf('script: { template: Hello, prompt: "Remind {{ name" }\n');
    expect(problem).toMatch(/script\.prompt: found a prompt that cannot be used: line 1, column 8/);
  });
});

describe('what is wrong with config.yml', () => {
  it('lists five problems with their lines', () => {
    const text = `campaign:
  lines: 0
  concurrency: 8
script:
  template: "Hello {{ name"
retry:
  max_retries: three
circuit_breaker:
  recovery_timeout: 60
`;
    expect(problemsOf(text)).toEqual([
      'config.yml:2  campaign.lines: found 0, allowed: a whole number from 1 to 1000',
      'config.yml:3  campaign.concurrency: found an unknown key, allowed: lines, ' +
        'calls_per_second, default_country, language, same_number, on_outage, outage_wait, ' +
        'budget, currency; calls at the same time are campaign.lines',
      expect.stringMatching(
        /^config\.yml:5 {2}script\.template: found a template .*: line 1, column 7: .* not closed/,
      ),
      'config.yml:7  retry.max_retries: found "three", allowed: a whole number from 0 to 20',
      'config.yml:9  circuit_breaker.recovery_timeout: found 60, allowed: a duration from 10ms ' +
        'to 24h; write 60s for seconds',
    ]);
  });

  it.each([
    ['lines: 2.5', 'found 2.5, allowed: a whole number from 1 to 1000'],
    ['lines: "4"', 'found "4", allowed: a whole number from 1 to 1000; write it without quotes: 4'],
    ['lines:', 'found nothing, allowed: a whole number from 1 to 1000'],
    ['lines: [1]', 'found a list, allowed: a whole number from 1 to 1000'],
    ['lines: { a: 1 }', 'found a group of keys, allowed: a whole number from 1 to 1000'],
    ['calls_per_second: 0', 'found 0, allowed: a number from 0.01 to 1000'],
    [
      'default_country: us',
      'found "us", allowed: a country as two capital letters, such as US, GB or DE; write US',
    ],
    [
      'default_country: UK',
      'found "UK", which is no country with numbers, allowed: a country as two capital ' +
        'letters, such as US, GB or DE; the United Kingdom is GB',
    ],
    [
      'language: english please',
      'found "english please", allowed: a language tag such as en, en-GB or es',
    ],
    ['same_number: maybe', 'found "maybe", allowed: reject, allow'],
    ['outage_wait: "5"', 'found "5", allowed: a duration from 1s to 24h; write 5s for seconds'],
    [
      'outage_wait: 5 min',
      'found "5 min", allowed: a duration from 1s to 24h; units are ms, s, m and h: 500ms, ' +
        '5s, 10m, 2h',
    ],
    [
      'outage_wait: 3d',
      'found "3d", allowed: a duration from 1s to 24h; units are ms, s, m and h: 500ms, 5s, ' +
        '10m, 2h',
    ],
    [
      'outage_wait: 25h',
      'found "25h", allowed: a duration from 1s to 24h; units are ms, s, m and h: 500ms, 5s, ' +
        '10m, 2h',
    ],
  ])('campaign: %s', (line, expected) => {
    const key = line.split(':')[0];
    expect(problemsOf(`${SCRIPT}campaign:\n  ${line}\n`)).toEqual([
      `config.yml:3  campaign.${key}: ${expected}`,
    ]);
  });

  it.each([
    ['retry: { max_attempts: 4 }', 'max_retries counts the tries after the first one'],
    ['retry: { maxRetries: 4 }', 'did you mean max_retries?'],
    ['retry: { max_retires: 4 }', 'did you mean retry.max_retries?'],
    ['circuit_breaker: { cooldown: 4s }', 'is circuit_breaker.recovery_timeout'],
    ['circuit_breaker: { reset_timeout: 4s }', 'is circuit_breaker.recovery_timeout'],
    ['campaign: { workers: 4 }', 'are campaign.lines'],
    ['campaign: { channels: 4 }', 'are campaign.lines'],
    ['lines: 4', 'it belongs elsewhere: campaign.lines'],
    ['loging: { level: info }', 'did you mean logging?'],
    ['simulation: { latency: 2s }', 'is simulation.answer_time'],
    ['simulation: { answer_rate: 0.4 }', 'is simulation.shares'],
    ['simulation: { shares: { noanswer: 0.1 } }', 'did you mean simulation.shares.no_answer?'],
    ['answered: 0.4', 'it belongs elsewhere: simulation.shares.answered'],
  ])('an unknown key gets a hint: %s', (line, hint) => {
    const [problem, ...others] = problemsOf(`${SCRIPT}${line}\n`);
    expect(others).toEqual([]);
    expect(problem).toMatch(/^config\.yml:2 {2}.*found an unknown key, allowed: /);
    expect(problem).toContain(hint);
  });

  it.each([
    [
      'tts: flite',
      `services.tts: found "flite", allowed: a list of at least one of: ${VOICES}; ` +
        'write it as a list: [flite]',
    ],
    ['tts: []', `services.tts: found a list, allowed: a list of at least one of: ${VOICES}`],
    [
      'tts: [espeak]',
      `services.tts[0]: found "espeak", allowed: ${VOICES}; did you mean espeak-ng?`,
    ],
    ['tts: [csv]', `services.tts[0]: found "csv", allowed: ${VOICES}; csv belongs in services.crm`],
    [
      'tts: [flite, flite]',
      'services.tts[1]: found "flite" a second time, allowed: each service once',
    ],
  ])('services: %s', (line, expected) => {
    expect(problemsOf(`${SCRIPT}services:\n  ${line}\n`)).toEqual([`config.yml:3  ${expected}`]);
  });

  it('services: a preview stands in for no call', () => {
    expect(problemsOf(`${SCRIPT}services:\n  dialer: [twilio, preview]\n`)).toContain(
      'config.yml:3  services.dialer[1]: found "preview" beside twilio, allowed: preview alone, ' +
        'or dialers that ring; it would take contacts for done whom nobody has rung',
    );
  });

  it.each([
    [
      'retry: { initial_delay: 90s }',
      'config.yml:2  retry.initial_delay: found max_delay 1m below initial_delay 90s, ' +
        'allowed: a max_delay that is at least initial_delay',
    ],
    [
      'providers:\n  csv:\n    retry:\n      max_delay: 1s',
      'config.yml:5  providers.csv.retry.max_delay: found max_delay 1s below initial_delay ' +
        '5s, allowed: a max_delay that is at least initial_delay',
    ],
    [
      'timeouts: { call: 5s }',
      'config.yml:2  timeouts.call: found call 5s below request 15s, allowed: a time for a ' +
        'whole call that is at least the time for one request',
    ],
    [
      'campaign: { outage_wait: 30s }',
      'config.yml:2  campaign.outage_wait: found 30s, allowed: at least ' +
        'circuit_breaker.recovery_timeout (1m), or a run ends before a service could come back',
    ],
    [
      'providers: { flite: { voice: stl } }',
      'config.yml:2  providers.flite.voice: found "stl", allowed: slt, rms, awb, kal16, kal; ' +
        'did you mean slt?',
    ],
    [
      'logging: { max_size: 50 }',
      'config.yml:2  logging.max_size: found 50, allowed: a size from 10KB to 10GB, such as ' +
        '500KB or 50MB; write 50MB for millions of bytes',
    ],
    [
      'simulation: { shares: { answered: 0.9 } }',
      'config.yml:2  simulation.shares: found 1.52 in all, allowed: parts that add up to 1; the ' +
        'others are at their defaults: voicemail 0.45, no_answer 0.11, busy 0.04 and ' +
        'invalid_number 0.02',
    ],
    [
      'simulation:\n  shares:\n    { answered: 0.5, voicemail: 0.5, no_answer: 0.1, busy: 0, ' +
        'invalid_number: 0 }',
      'config.yml:4  simulation.shares: found 1.1 in all, allowed: parts that add up to 1',
    ],
    [
      'simulation: { shares: { answered: 38 } }',
      'config.yml:2  simulation.shares.answered: found 38, allowed: a number from 0 to 1',
    ],
    [
      'simulation: { answer_time: { tts: 0s } }',
      'config.yml:2  simulation.answer_time.tts: found "0s", allowed: a duration from 1ms to ' +
        '1h; units are ms, s, m and h: 500ms, 5s, 10m, 2h',
    ],
  ])('across keys: %s', (line, expected) => {
    const problems = problemsOf(`${SCRIPT}${line}\n`);
    expect(problems[0]?.replace(/\.(initial|max)_delay: found/, '.$1_delay: found')).toBe(
      expected.replace('retry.initial_delay: found max_delay', 'retry.max_delay: found max_delay'),
    );
    expect(problems).toHaveLength(1);
  });

  it('judges across keys although another key is wrong, but not by that key', () => {
    expect(
      problemsOf(
        `${SCRIPT}campaign: { lines: 0, outage_wait: 30s }\nretry: { max_delay: x }\n`,
      ).map((line) => line.split(':')[1]),
    ).toEqual(['2  campaign.lines', '2  campaign.outage_wait', '3  retry.max_delay']);
    // The default max_delay, 60 s, is not what stands there.
    expect(problemsOf(`${SCRIPT}retry: { initial_delay: 2m, max_delay: 3x }\n`)).toHaveLength(1);
  });

  it('wants a template, and one for the language of the campaign', () => {
    const missing =
      'script.template: found nothing, allowed: a text in Liquid, or one per language such as ' +
      '{ en: …, es: … }';
    expect(problemsOf('')).toEqual([`config.yml:1  ${missing}`]);
    expect(problemsOf('# nothing yet\n')).toEqual([`config.yml:1  ${missing}`]);
    expect(problemsOf('campaign: {}\nscript:\n  max_characters: 5\n')).toEqual([
      `config.yml:3  ${missing}`,
    ]);
    expect(problemsOf('script:\n  template: { es: Hola, fr: Salut }\n')).toEqual([
      'config.yml:2  script.template: found only es, fr, allowed: a template for ' +
        'campaign.language, which is en',
    ]);
    expect(problemsOf('script:\n  template:\n    en: A\n    es: "{{ x | nope }}"\n')).toEqual([
      expect.stringMatching(/^config\.yml:4 {2}script\.template\.es: .*undefined filter: nope/),
    ]);
  });
});

describe('CRMs in config.yml', () => {
  const using = (name: string, settings: string): string =>
    `${SCRIPT}services: { crm: [${name}] }\nproviders:\n  ${name}: { ${settings} }\n`;
  const HUBSPOT = { HUBSPOT_ACCESS_TOKEN: 'pat-na1-test-1\n' };
  const TOKEN = 'access_token: "${HUBSPOT_ACCESS_TOKEN}"';

  it('takes the settings of HubSpot, the token without its line break', () => {
    const settings =
      'base_url: "http://127.0.0.1:9/gateway/", call_id_property: campaign_call_id, ' +
      'lookup: [plan, plan], find_by: [id, phone], id_property: customer_no, owner: "77"';
    const { providers } = parsed(using('hubspot', `${TOKEN}, ${settings}`), HUBSPOT);
    expect(providers.hubspot).toEqual({
      accessToken: 'pat-na1-test-1',
      baseUrl: 'http://127.0.0.1:9/gateway',
      callIdProperty: 'campaign_call_id',
      lookup: ['plan'],
      findBy: ['id', 'phone'],
      idProperty: 'customer_no',
      owner: '77',
    });
  });

  it.each([
    ['', ['email', 'phone']],
    [', id_property: customer_no', ['id', 'email', 'phone']],
    [', find_by: [phone]', ['phone']],
  ])('finds a contact by id only where HubSpot has it: %j', (settings, findBy) => {
    const { providers } = parsed(using('hubspot', TOKEN + settings), HUBSPOT);
    expect(providers.hubspot.findBy).toEqual(findBy);
  });

  it.each([
    ['hubspot', 'find_by: [phone]', 'hubspot.access_token: found nothing, allowed: "${HUBSPOT_'],
    ['hubspot', 'access_token: pat-na1-x', 'hubspot.access_token: found a key written into the'],
    ['hubspot', `${TOKEN}, call_id_property: Call Id`, 'hubspot.call_id_property: found "Call'],
    ['hubspot', `${TOKEN}, lookup: plan`, 'hubspot.lookup: found "plan", allowed: a list of'],
    ['hubspot', `${TOKEN}, find_by: [name]`, 'hubspot.find_by[0]: found "name", allowed: id, em'],
    ['hubspot', `${TOKEN}, owner: 77`, 'hubspot.owner: found 77, allowed: the id of a HubSpot'],
    [
      'hubspot',
      `${TOKEN}, id_property: no, find_by: [email]`,
      'hubspot.id_property: found no, which finds nobody',
    ],
    ['hubspot', `${TOKEN}, token: x`, 'hubspot.token: found an unknown key, allowed: access_to'],
    ['webhook', 'secret: "${HUBSPOT_ACCESS_TOKEN}"', 'webhook.url: found nothing, allowed: the'],
    ['webhook', 'url: example.com', 'webhook.url: found "example.com", allowed: an address tha'],
    [
      'webhook',
      'url: "https://dana:test-1@a.example/x"',
      'webhook.url: found "https://***@a.example/x", allowed: an address that begins with',
    ],
    // A sign that ends the host there must not show what it was meant to be part of.
    [
      'webhook',
      'url: "https://dana:te/st-1@a.example/x"',
      'webhook.url: found "https://***@a.example/x", allowed: an address that begins with',
    ],
    [
      'webhook',
      'url: "https://dana:te#st-1@a.example/x"',
      'webhook.url: found "https://***@a.example/x", allowed: an address that begins with',
    ],
    ['webhook', 'url: "http://a.example", secret: x', 'webhook.secret: found a secret written'],
  ])('%s: %s', (name, settings, expected) => {
    const problems = problemsOf(using(name, settings), HUBSPOT);
    expect(problems).toEqual([expect.stringContaining(`config.yml:4  providers.${expected}`)]);
  });

  it('does without a secret that the environment lacks, and not without an address', () => {
    const settings = 'url: "${CRM_WEBHOOK_URL}", secret: "${CRM_WEBHOOK_SECRET}"';
    const config = parsed(using('webhook', settings), { CRM_WEBHOOK_URL: 'https://a.example/x' });
    expect(config.providers.webhook).toEqual({ url: 'https://a.example/x', secret: undefined });
    expect(problemsOf(using('webhook', settings))).toEqual([
      expect.stringContaining('providers.webhook.url: found ${CRM_WEBHOOK_URL}, which is not set'),
    ]);
  });
});

describe('config.yml that is not YAML', () => {
  it('names the line, and still judges what stands above it', () => {
    expect(
      problemsOf('campaign:\n  lines: 0\n\tlanguage: en\nretry: { max_retries: x }\n'),
    ).toEqual([
      'config.yml:2  campaign.lines: found 0, allowed: a whole number from 1 to 1000',
      expect.stringMatching(
        /^config\.yml:3 {2}found text that is not YAML: Tabs .*; indent with blanks$/,
      ),
    ]);
  });

  it.each([
    [
      '- a\n- b\n',
      'config.yml:1  found a list, allowed: groups of keys, such as script: and retry:',
    ],
    ['hello\n', 'config.yml:1  found "hello", allowed: groups of keys, such as script: and retry:'],
    [
      `${SCRIPT}retry: {}\nretry: {}\n`,
      'config.yml:3  found a key that stands here for the second time, allowed: each key once',
    ],
    [
      `${SCRIPT}retry: &r {}\ntimeouts: *r\n`,
      'config.yml:3  timeouts: found the alias *r, allowed: the value itself',
    ],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  it('says how a variable is written inside braces, and nothing of what follows from it', () => {
    const broken = 'providers:\n  flite: { voice: ${VOICE} }\n';
    const problems = problemsOf(`${SCRIPT}${broken}store:\n  path: "x"\nretry: {}\n`);
    expect(problems).toEqual([
      expect.stringMatching(/^config\.yml:3 .* is not YAML: .*; write "\$\{NAME\}" in quotes$/),
    ]);
  });
});

describe('variables of the environment', () => {
  it('are filled in, alone or within a text, and as numbers where a number is wanted', () => {
    const config = parsed(
      `${SCRIPT}campaign: { lines: "\${LINES}" }\nstore: { path: "\${DATA}/calls.db" }\n` +
        'providers: { flite: { voice: "${VOICE}" } }\n',
      { LINES: '9', DATA: '/srv/data', VOICE: 'rms' },
    );
    expect(config.campaign.lines).toBe(9);
    expect(config.store.path).toBe('/srv/data/calls.db');
    expect(config.providers.flite.voice).toBe('rms');
  });

  it('can be written without being meant', () => {
    expect(parsed('script: { template: "$${NAME} costs $5 ${" }\n').script.template).toBe(
      '${NAME} costs $5 ${',
    );
  });

  it.each([
    [{}, 'not set'],
    [{ DATA: '' }, 'set but empty'],
  ])('are missed: %j', (env: Environment, state) => {
    expect(problemsOf(`${SCRIPT}store:\n  path: "\${DATA}/calls.db"\n`, env)).toEqual([
      `config.yml:3  store.path: found \${DATA}, which is ${state}, allowed: a variable that the ` +
        'environment has; set it before the start: export DATA=…',
    ]);
  });

  it('are missed only by services in use', () => {
    const settings = 'providers:\n  espeak-ng: { command: "${ESPEAK}" }\n';
    expect(parsed(SCRIPT + settings).providers.espeakNg.command).toBe('espeak-ng');
    expect(problemsOf(`${SCRIPT}${settings}services: { tts: [flite, espeak-ng] }\n`)).toEqual([
      expect.stringContaining('config.yml:3  providers.espeak-ng.command: found ${ESPEAK}'),
    ]);
  });

  it('are not missed at all by commands that call no service: the defaults stand there', () => {
    const text =
      'script: { template: { en: "${TEXT}" } }\nservices: { tts: ["${VOICE}"] }\n' +
      'campaign: { lines: "${LINES}" }\nstore: { path: "${DATA}/calls.db" }\n' +
      'providers:\n  flite: { voice: "${VOICE}", retry: { max_retries: "${RETRIES}" } }\n' +
      'simulation: { shares: { answered: "${SHARE}", voicemail: 0.45 } }\n';
    expect(problemsOf(text)).toHaveLength(5);
    const options = { file: '/srv/calls/config.yml', env: {}, judgement: fullJudgement() };
    const config = parseConfig(text, { ...options, withoutSecrets: true });
    expect(config.script.template).toEqual({ en: '-' });
    expect(config.campaign.lines).toBe(4);
    expect(config.services.tts).toEqual(['flite']);
    expect(config.store.path).toBe('/srv/calls/data/campaign.db');
    expect(config.simulation).toEqual(DEFAULT_BEHAVIOUR);
    expect(
      parseConfig('script: { template: "${TEXT}" }\n', { ...options, withoutSecrets: true }),
    ).toMatchObject({ script: { template: '-' } });
    // What is wrong is still told.
    expect(() =>
      parseConfig(`${text}retry: { jitter: 2 }\n`, { ...options, withoutSecrets: true }),
    ).toThrow('config.yml has 1 problem:');
  });

  it('are missed once, also where the key is required', () => {
    expect(problemsOf('script: { template: "${TEXT}" }\n')).toHaveLength(1);
  });

  it('never show their value', () => {
    const env = { SECRET: 'hush-4711' };
    const texts = [
      `${SCRIPT}campaign: { lines: "\${SECRET}" }\n`,
      `${SCRIPT}campaign: { same_number: "\${SECRET}" }\n`,
      `${SCRIPT}services: { tts: ["\${SECRET}"] }\n`,
      `${SCRIPT}services: { tts: "\${SECRET}" }\n`,
      `${SCRIPT}retry: { max_delay: "\${SECRET}" }\n`,
      `${SCRIPT}providers: { flite: { voice: "\${SECRET}" } }\n`,
      `${SCRIPT}campaign: { default_country: "\${SECRET}" }\n`,
      'script: { template: "{{ ${SECRET} | ${SECRET} }}" }\n',
      `${SCRIPT}simulation: { talk_time: "\${SECRET}" }\n`,
    ];
    for (const text of texts) {
      const problems = problemsOf(text, env);
      expect(problems).toHaveLength(1);
      expect(problems[0]).not.toContain('hush');
      expect(problems[0]).toContain('SECRET');
    }
    const share = `${SCRIPT}simulation: { shares: { answered: "\${SHARE}" } }\n`;
    expect(problemsOf(share, { SHARE: '0.9' })).toEqual([
      expect.stringContaining('simulation.shares: found another sum, allowed: parts that add'),
    ]);
  });
});

describe('the file itself', () => {
  it('is read, or missed with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'campaign-config-'));
    const options = { file: join(folder, 'config.yml'), shownAs: 'config.yml', env: {} };
    await expect(loadConfig(options)).rejects.toMatchObject({
      name: 'CommandFailure',
      code: 66,
      message: 'there is no config.yml',
      hint: expect.stringContaining('campaign init') as string,
    });
    await writeFile(options.file, SCRIPT);
    expect((await loadConfig(options)).output.folder).toBe(join(folder, 'out'));
  });
});
