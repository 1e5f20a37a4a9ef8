import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { realDialerNotice, rings } from '../../src/cli/dialer-notice.ts';
import { runCommandLine } from '../../src/cli/main.ts';
import { fakeWorld } from '../support/fake-world.ts';

const CONFIG = 'script: { template: "Hello {{ name }}." }\n';
const LIST = 'name,phone\nZinnia,+14155550134\nQuill,+14155550135\n';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campaign-check-'));
});

async function check(files: Readonly<Record<string, string>>, ...args: string[]) {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
  }
  const before = (await readdir(folder)).sort();
  const world = fakeWorld({ args: ['check', ...args], folder });
  const code = await runCommandLine(world);
  expect((await readdir(folder)).sort(), 'it changes nothing').toEqual(before);
  return { code, ...world.screen };
}

describe('campaign check', () => {
  it('says what will happen', async () => {
    const { code, stdout, stderr } = await check(
      { 'config.yml': CONFIG, 'spring.csv': LIST },
      'spring.csv',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toBe(`config.yml: every setting is allowed.

spring.csv: 2 rows, 2 contacts, 0 rejected.

What \`campaign run spring.csv\` will do:
  Write a text per contact with template, speak it with flite, call with preview,
  note what became of it with csv: 4 calls at a time.
  No phone rings: each contact gets a WAV file in out/spring.
  While a service is down: put its contacts off and take the next; end after 30 min without any \
progress.
  Nobody is told when something breaks: no alert channel is on (alerts in config.yml).
`);
  });

  it('says who is told when something breaks', async () => {
    const hook = 'webhook: { enabled: true, url: "http://127.0.0.1:1/", severities: [critical] }';
    const mail =
      'email: { enabled: true, host: localhost, from: a@example.com, to: [b@example.com] }';
    const files = { 'config.yml': `${CONFIG}alerts:\n  ${hook}\n  ${mail}\n` };
    const { code, stdout } = await check(files);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  Alerts go out by email (critical, warning) and webhook (critical); ' +
        '`campaign alert-test` tries them.\n',
    );
    expect(JSON.parse((await check(files, '--json')).stdout).alerts).toEqual({
      email: { severities: ['critical', 'warning'] },
      webhook: { severities: ['critical'] },
    });
  });

  it('says how a .env beside config.yml comes into the environment', async () => {
    const config =
      'services: { llm: [openai] }\n' +
      'providers: { openai: { api_key: "${OPENAI_API_KEY}", model: m } }\n';
    const files = { 'config.yml': CONFIG + config };
    expect((await check(files)).stderr).not.toContain('.env');
    const { code, stderr } = await check({ ...files, '.env': 'OPENAI_API_KEY=test-key-1\n' });
    expect(code).toBe(78);
    expect(stderr).toContain(
      'export OPENAI_API_KEY=…\n  There is a .env beside it, which is loaded by you: ' +
        'set -a; . ./.env; set +a\n',
    );
    const elsewhere = await check(files, '--config', join(folder, 'config.yml'));
    expect(elsewhere.stderr).toContain(`set -a; . ${join(folder, '.env')}; set +a\n`);
  });

  it.each([
    ['asterisk-ari', 'Local/{number}@from-internal', true],
    ['asterisk-ami', 'local/{number}@from-internal/j', true],
    ['asterisk-ami', 'Local/{number}@from-internal/n', false],
    ['asterisk-ami', 'PJSIP/{number}@trunk', false],
  ])('warns of an endpoint that Asterisk leaves behind: %s, %s', async (name, endpoint, warns) => {
    const config =
      `services: { dialer: [${name}] }\n` +
      `providers: { ${name}: { username: u, password: "\${SECRET}", endpoint: "${endpoint}" } }\n`;
    await writeFile(join(folder, 'config.yml'), CONFIG + config);
    const world = fakeWorld({ args: ['check'], folder, env: { SECRET: 'test-secret' } });
    expect(await runCommandLine(world)).toBe(0);
    expect(world.screen.stdout.includes('without /n')).toBe(warns);
  });

  it('needs no list', async () => {
    const { code, stdout } = await check({ 'config.yml': CONFIG });
    expect(code).toBe(0);
    expect(stdout).toContain('What `campaign run <list>` will do:');
  });

  it('says which rows would be rejected and where they go, those there twice too', async () => {
    const list =
      'id,name,phone\n1,Zinnia,+14155550134\n1,Quill,+14155550135\n' +
      '2,Fennel,(415) 555-0134\n3,Wren,\n4,Tansy,+442079460018\n';
    const { code, stdout } = await check(
      { 'config.yml': CONFIG, 'spring.csv': list },
      'spring.csv',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('spring.csv: 5 rows, 2 contacts, 3 rejected:\n');
    expect(stdout).toContain('  line 3: same id as line 2\n');
    expect(stdout).toContain('  line 4: same number as line 2 (contact 1)\n');
    expect(stdout).toContain('  line 5: no number\n');
    expect(stdout).toContain('Rejected rows go to out/spring/rejected.csv.');
    const allowed = { 'config.yml': `${CONFIG}campaign: { same_number: allow }\n` };
    expect((await check(allowed, 'spring.csv')).stdout).toContain('3 contacts, 2 rejected:');
  });

  it('says which rows leave a hole in the text, and of which column', async () => {
    const template =
      'Hello {{ name | default: "there" }}, on {{ appointment_day }} at {{ hour }}.' +
      '{% if room != blank %} Room {{ room }}.{% endif %}';
    const list =
      'name,phone,Appointment day,hour,room,unused\n' +
      'Zinnia,+14155550134,Monday,9,,\n,+14155550135,Monday,9,1,\n' +
      'Quill,+14155550136,,,1,\nWren,+14155550137, ,9,,\n';
    const files = { 'config.yml': `script: { template: '${template}' }\n`, 'spring.csv': list };
    const { code, stdout } = await check(files, 'spring.csv');
    expect(code).toBe(0);
    const notes = stdout.split('\n').filter((line) => line.startsWith('Note: '));
    expect(notes).toEqual([
      'Note: 2 rows have no appointment_day, which the text uses (lines 4 and 5): they are ' +
        'called, with nothing in its place. Fill it in, or write ' +
        '{{ appointment_day | default: "…" }}',
      'Note: 1 row has no hour, which the text uses (line 4): it is called, with nothing in its ' +
        'place. Fill it in, or write {{ hour | default: "…" }}',
    ]);
    const byLanguage = {
      'config.yml': "script: { template: { en: 'Hi {{ hour }}', de: Hallo } }\n",
    };
    expect((await check(byLanguage, 'spring.csv')).stdout).toContain('1 row has no hour');
    const model = {
      'config.yml':
        'services: { llm: [openai, template] }\n' +
        "script: { prompt: 'Say {{ hour }}', template: Hi }\n" +
        'providers: { openai: { api_key: "${KEY}", model: gpt } }\n',
    };
    await check(model);
    const world = fakeWorld({ args: ['check', 'spring.csv'], folder, env: { KEY: 'k' } });
    await runCommandLine(world);
    expect(world.screen.stdout).toContain('1 row has no hour');
  });

  it('shows ten rejected rows and counts the rest', async () => {
    const bad = Array.from({ length: 12 }, (_, index) => `Bad ${index},\n`).join('');
    const { stdout } = await check(
      { 'config.yml': CONFIG, 'spring.csv': LIST + bad },
      'spring.csv',
    );
    expect(stdout).toContain('12 rejected:');
    expect(stdout).toContain('  line 13: no number\n  and 2 more\n');
  });

  it('tells all problems at once: config, list, folders', async () => {
    const { code, stderr } = await check(
      { 'config.yml': `${CONFIG}campaign: { lines: 0, concurrency: 2 }\n` },
      'nowhere.csv',
    );
    expect(code).toBe(78);
    expect(stderr).toContain('config.yml has 2 problems:\n  config.yml:2  campaign.lines: found 0');
    expect(stderr).toContain('nowhere.csv: there is no such file');
  });

  it.each<[string, Readonly<Record<string, string>>, string, number]>([
    ['no config', { 'spring.csv': LIST }, 'campaign init', 66],
    ['no list', { 'config.yml': CONFIG }, 'spring.csv: there is no such file', 66],
    [
      'no phone column',
      { 'config.yml': CONFIG, 'spring.csv': 'name,town\nZinnia,Here\n' },
      'phone',
      65,
    ],
    [
      'not one valid row',
      { 'config.yml': CONFIG, 'spring.csv': 'name,phone\nZinnia,\n' },
      'not one valid row',
      65,
    ],
    [
      'a file where a folder should be',
      { 'config.yml': `${CONFIG}output: { folder: spring.csv }\n`, 'spring.csv': LIST },
      'output.folder: ',
      74,
    ],
    [
      'a log within a file',
      { 'config.yml': `${CONFIG}logging: { file: spring.csv/app.log }\n`, 'spring.csv': LIST },
      'logging.file: ',
      74,
    ],
    [
      'a program that is not there',
      {
        'config.yml':
          `${CONFIG}services: { tts: [flite, espeak-ng] }\n` +
          'providers: { espeak-ng: { command: ./no-such-program } }\n',
        'spring.csv': LIST,
      },
      'services.tts: espeak-ng is not installed',
      78,
    ],
    [
      'a template for columns that the list does not have',
      { 'config.yml': 'script: { template: "{{ clinic }}" }\n', 'spring.csv': LIST },
      'the script fails for 2 of 2 contacts tried; line 2 of the list: ',
      78,
    ],
  ])('%s', async (_what, files, message, exit) => {
    const { code, stdout, stderr } = await check(files, 'spring.csv');
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
    expect(stdout).not.toContain('will do');
  });

  it('tells of a database that is a folder', async () => {
    await mkdir(join(folder, 'calls.db'));
    const { code, stderr } = await check({ 'config.yml': `${CONFIG}store: { path: calls.db }\n` });
    expect(stderr).toContain(`store.path: ${join(folder, 'calls.db')} is a folder`);
    expect(code).toBe(74);
  });

  it('tells of rows that would be heard as markup where a template prints them', async () => {
    const list =
      'name,phone\nZinnia,+14155550134\n"Ana [pause] **bold** +1 415 555 0199",+14155550135\n' +
      'Quill (laughs),+14155550136\n';
    const config = 'script: { template: "Hello {{ name }}, see you." }\n';
    const files = { 'config.yml': config, 'spring.csv': list };
    const { code, stdout } = await check(files, 'spring.csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Note: script\.template: 2 of 3 contacts tried would hear what is not for the ear, .*/,
    );
    expect(stdout).toMatch(/line 3 of the list: .*(?:pause|bold)/);
    expect(stdout).not.toContain('555 0199');
  });

  it('tells whom it cannot speak to, which stops nobody else', async () => {
    const list = 'name,phone,language\nZinnia,+14155550134,\nQuill,+14155550135,es\n';
    const config = 'script: { template: { en: "Hello {{ name }}.", fr: Salut } }\n';
    const { code, stdout } = await check(
      { 'config.yml': config, 'spring.csv': list },
      'spring.csv',
    );
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Note: the script fails for 1 of 2 contacts tried; line 3 of the list: no script.template ' +
        'for language es (have: en, fr)',
    );
    expect(stdout).toContain(
      'Note: no voice in services.tts speaks es: 1 contact will be set aside',
    );
  });

  it('tells of texts that are too long to be spoken', async () => {
    const config = 'script: { template: "Hello {{ name }}.", max_characters: 12 }\n';
    const { code, stdout } = await check(
      { 'config.yml': config, 'spring.csv': LIST },
      'spring.csv',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('line 2 of the list: the text has 13 characters');
  });
});

describe('a dialer that rings', () => {
  it('comes with what this version cannot do', () => {
    expect(rings('preview')).toBe(false);
    expect(rings('any other')).toBe(true);
    expect(realDialerNotice(false)).toBeUndefined();
    expect(realDialerNotice(true)).toMatch(
      /no calling hours.*the numbers of `campaign opt-outs` and no other/,
    );
  });
});

describe('campaign check of a CRM', () => {
  const hubspot = (settings: string, template: string): string =>
    `script: { template: '${template}' }\nservices: { crm: [hubspot] }\nproviders:\n` +
    `  hubspot: { access_token: "\${HUBSPOT_ACCESS_TOKEN}", ${settings} }\n`;

  async function checked(config: string): Promise<{ code: number; text: string }> {
    await writeFile(join(folder, 'config.yml'), config);
    await writeFile(join(folder, 'spring.csv'), LIST);
    const env = { HUBSPOT_ACCESS_TOKEN: 'pat-na1-test-1' };
    const world = fakeWorld({ args: ['check', 'spring.csv'], folder, env });
    const code = await runCommandLine(world);
    return { code, text: world.screen.stdout + world.screen.stderr };
  }

  it('takes a template that uses what is looked up, and nothing else under crm', async () => {
    const template = 'Hi {{ crm.firstname | default: name }}.';
    const { code, text } = await checked(hubspot('lookup: [firstname]', template));
    expect(code, text).toBe(0);
    const wrong = await checked(hubspot('lookup: [plan]', template));
    expect(wrong.code).toBe(78);
    expect(wrong.text).toContain('no column for {{ crm.firstname }}');
    expect(wrong.text).toContain('crm.plan');
  });

  it('says that a call is logged at least once, or exactly once', async () => {
    const least = 'hubspot logs each call at least once';
    expect((await checked(hubspot('lookup: []', 'Hi.'))).text).toContain(least);
    const exactly = hubspot('call_id_property: campaign_call_id', 'Hi.');
    expect((await checked(exactly)).text).not.toContain(least);
  });

  it('says that a webhook is not signed, and what a fallback gets', async () => {
    const config =
      'script: { template: Hi. }\nservices: { crm: [webhook, csv] }\n' +
      'providers: { webhook: { url: "http://127.0.0.1:9/x", secret: "${NOT_SET}" } }\n';
    const { code, text } = await checked(config);
    expect(code, text).toBe(0);
    expect(text).toContain('webhook sends unsigned');
    expect(text).toContain('csv in services.crm gets only what webhook cannot take');
  });
});
