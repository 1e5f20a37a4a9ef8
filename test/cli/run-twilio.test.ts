import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeTwilio, FROM, SID, TOKEN, wrong } from '../services/dialer/fake-twilio.ts';
import { CommandBench } from '../support/command-bench.ts';
import { hurried } from '../support/hurried-clock.ts';

const ENV = { TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: TOKEN };

async function bench() {
  const clock = hurried();
  const fake = await new FakeTwilio(clock).listen();
  const campaign = new CommandBench(
    'services: { dialer: [twilio], tts: [espeak-ng] }\n' +
      'script: { template: "Hello {{ name }}." }\ntimeouts: { request: 60s }\n' +
      'providers:\n  espeak-ng: { command: /nowhere/espeak-ng }\n' +
      '  twilio: { account_sid: "${TWILIO_ACCOUNT_SID}", auth_token: "${TWILIO_AUTH_TOKEN}", ' +
      `from: "${FROM}", base_url: "${fake.url}" }\n`,
  );
  onTestFinished(() => {
    campaign[Symbol.dispose]();
  });
  campaign.list('list.csv', [1, 2]);
  const told = (line: string) => campaign.command(line, { env: ENV, clock });
  return { fake, campaign, told };
}

describe('a campaign that calls through Twilio', () => {
  it('rings, speaks without any service of tts, and tells nobody a secret', async () => {
    const { fake, campaign, told } = await bench();
    fake.fates.push({}, { isDone: false, answer: wrong(400, 21211, 'not a valid number') });
    const { code, stdout, stderr } = await told('run list.csv');
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain('No phone rang');
    expect(fake.calls[0]?.twiml).toContain('<Say language="en-US">Hello Person 1.</Say>');
    const results = campaign.read('out/list/results.csv');
    expect(results).toMatch(/^c-1,.*,answered,/m);
    expect(results).toMatch(/^c-2,.*,invalid_number,/m);
    const log = readFileSync(campaign.path('logs/app.log'), 'utf8');
    expect(log).toContain('"event":"call.finished"');
    expect(log + stdout + stderr).not.toMatch(/wonderland|\+1415555\d{4}/);
    expect(stderr).toContain('the numbers of `campaign opt-outs` and no other');
  });

  it('is told beforehand what it will do, and who cannot be spoken to', async () => {
    const { campaign, told } = await bench();
    campaign.write('list.csv', 'id,phone,language\nc-1,+14155550101,en\nc-2,+14155550102,tlh\n');
    const { code, stdout, stderr } = await told('check list.csv');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('call and speak it with twilio,');
    expect(stdout).toContain('Real phones ring.');
    expect(stdout).toContain('no voice in services.dialer speaks tlh: 1 contact will be set aside');
  });

  it('asks for no key, voice or price of a service that nobody needs to speak', async () => {
    const { campaign, told } = await bench();
    const config = campaign.read('config.yml');
    const chain = 'tts: [elevenlabs, openai]';
    const keys =
      '  elevenlabs: { api_key: "${ELEVEN_API_KEY}" }\n' +
      '  openai: { api_key: "${OPENAI_API_KEY}" }\n';
    const budget = 'campaign: { budget: 5 }\n';
    const priced = config
      .replace('tts: [espeak-ng]', chain)
      .replace('twilio: { ', 'twilio: { prices: { per_minute: 0.014 }, ');
    campaign.write('config.yml', `${budget}${priced}${keys}`);
    const spoken = await told('check list.csv --online');
    expect(spoken.code, spoken.stderr).toBe(0);
    expect(spoken.stdout).toMatch(/twilio +dialer +works/);
    expect(spoken.stdout).not.toMatch(/(elevenlabs|openai) +tts/);
    const audio = priced.replace('from:', 'audio_base_url: "https://example.com/audio", from:');
    campaign.write('config.yml', `${budget}${audio}${keys}`);
    const played = await told('check list.csv');
    expect(played.code).toBe(78);
    expect(played.stderr).toContain('ELEVEN_API_KEY');
    expect(played.stderr).toContain('providers.elevenlabs.voice_id');
    expect(played.stderr).toContain('providers.openai.tts_model');
  });
});
