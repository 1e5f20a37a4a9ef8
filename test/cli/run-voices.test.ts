import { describe, expect, it, onTestFinished } from 'vitest';
import { detail, fakeVoice, toneBytes, VOICE, VOICE_KEY } from '../services/tts/fake-voices.ts';
import { CommandBench } from '../support/command-bench.ts';

const ENV = { ELEVEN_API_KEY: `${VOICE_KEY}\n`, OPENAI_API_KEY: VOICE_KEY };
/** Other words in every test: the bench remembers what was spoken. */
let tests = 0;

function bench(urls: { elevenlabs: string; openai: string }, contacts: number): CommandBench {
  tests += 1;
  const template = `Hello {{ name }}, this is Northside. See you in room ${tests}.`;
  const made = new CommandBench(
    'services: { tts: [elevenlabs, openai, flite] }\n' +
      `script: { template: "${template}" }\nretry: { initial_delay: 10ms, max_retries: 1 }\n` +
      'providers:\n' +
      `  elevenlabs: { api_key: "\${ELEVEN_API_KEY}", voice_id: { en: ${VOICE} }, ` +
      `concurrency: 2, base_url: "${urls.elevenlabs}/", fallback_delay: 0s }\n` +
      '  openai: { api_key: "${OPENAI_API_KEY}", tts_model: eleven_flash_v2_5, ' +
      `voice: ${VOICE}, base_url: "${urls.openai}", fallback_delay: 0s }\n`,
  );
  onTestFinished(() => {
    made[Symbol.dispose]();
  });
  made.list(
    'list.csv',
    Array.from({ length: contacts }, (_, index) => index + 1),
  );
  return made;
}

interface Report {
  readonly fallbacks: readonly {
    readonly role: string;
    readonly service: string;
    readonly instead: string;
    readonly count: number;
    readonly reason: string;
  }[];
}

describe('a run with voices of vendors', () => {
  it('has the first choice speak, and pays for a text once', async () => {
    const [elevenlabs, openai] = [await fakeVoice('elevenlabs'), await fakeVoice('openai')];
    const campaign = bench({ elevenlabs: elevenlabs.url, openai: openai.url }, 4);
    const { code, stdout, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(elevenlabs.spoken).toHaveLength(4);
    expect(new Set(elevenlabs.spoken).size).toBe(4);
    expect(openai.spoken).toEqual([]);
    expect(stdout + stderr).not.toMatch(/fallback|cheshire/);
    const { stdout: report } = await campaign.command('report --json');
    expect((JSON.parse(report) as Report).fallbacks).toEqual([]);
  });

  it('says who spoke instead: in the summary, and in the report long after', async () => {
    const [elevenlabs, openai] = [await fakeVoice('elevenlabs'), await fakeVoice('openai')];
    elevenlabs.next.push(detail(401, 'quota_exceeded', 'You have 0 credits remaining'));
    const campaign = bench({ elevenlabs: elevenlabs.url, openai: openai.url }, 1);
    const { code, stdout, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(openai.spoken).toHaveLength(1);
    expect(stdout + stderr).toMatch(
      /1 fallback +openai instead of elevenlabs: elevenlabs answered 401: You have 0 credits/,
    );
    expect(stdout + stderr).toContain('see elevenlabs.io/app/subscription');
    const { stdout: json } = await campaign.command('report --json');
    expect((JSON.parse(json) as Report).fallbacks).toMatchObject([
      {
        role: 'tts',
        service: 'openai',
        instead: 'elevenlabs',
        count: 1,
        reason: expect.stringContaining('elevenlabs answered 401: You have 0 credits'),
      },
    ]);
    const { stdout: text } = await campaign.command('report');
    expect(text).toMatch(/Fallbacks: .*\n {2}openai +elevenlabs +1 +last .*You have 0 credits/);
    expect(campaign.read('logs/app.log')).toContain('openai speaks the text instead of elevenlabs');
  });

  it('has the embedded voice as its last resort, and rings nobody with half a sound', async () => {
    const [elevenlabs, openai] = [await fakeVoice('elevenlabs'), await fakeVoice('openai')];
    const short = { body: toneBytes(100, 16_000) };
    elevenlabs.next.push(short, short);
    const page = { body: '<html>Sign in</html>' };
    openai.next.push(page, page);
    const campaign = bench({ elevenlabs: elevenlabs.url, openai: openai.url }, 1);
    const { code, stdout, stderr } = await campaign.command('run list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    const posts = [elevenlabs, openai].map(
      ({ requests }) => requests.filter(({ method }) => method === 'POST').length,
    );
    expect(posts).toEqual([2, 2]);
    expect(stdout + stderr).toMatch(/1 fallback +flite instead of elevenlabs/);
  });

  it('tells what is missing before anybody is called', async () => {
    const campaign = new CommandBench(
      'services: { tts: [elevenlabs, openai] }\nscript: { template: "Hi." }\n',
    );
    onTestFinished(() => {
      campaign[Symbol.dispose]();
    });
    campaign.list('list.csv', [1]);
    const { code, stderr } = await campaign.command('run list.csv');
    expect(code).toBe(78);
    for (const key of ['elevenlabs.api_key', 'elevenlabs.voice_id', 'openai.tts_model']) {
      expect(stderr).toContain(`providers.${key}: found nothing`);
    }
    expect(stderr).toContain('providers.openai.voice: found nothing');
    // Nobody writes with it, so no model is asked for.
    expect(stderr).not.toContain('providers.openai.model:');
  });

  it('checks without asking a vendor which languages have a voice', async () => {
    const elevenlabs = await fakeVoice('elevenlabs');
    const campaign = bench({ elevenlabs: elevenlabs.url, openai: elevenlabs.url }, 1);
    const { code, stderr } = await campaign.command('check list.csv', { env: ENV });
    expect(code, stderr).toBe(0);
    expect(elevenlabs.requests).toEqual([]);
  });
});
