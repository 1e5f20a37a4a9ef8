import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { STAGES } from '../../src/engine/ports.ts';
import { FakeTwilio, FROM, SID, TOKEN, wrong } from '../services/dialer/fake-twilio.ts';
import { claimed, entries } from '../store-conformance/subjects.ts';
import { CommandBench } from '../support/command-bench.ts';
import type { FakeWorld } from '../support/fake-world.ts';
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

  it('says at the start what check says of the settings, and in the log', async () => {
    const { fake, campaign, told } = await bench();
    const config = campaign
      .read('config.yml')
      .replace('tts: [espeak-ng]', 'tts: [flite], crm: [csv, webhook]')
      .replace('providers:\n', 'providers:\n  webhook: { url: "http://127.0.0.1:9/" }\n')
      .replace(`"${fake.url}"`, `"${fake.url}", audio_base_url: "http://127.0.0.1:9/audio"`);
    campaign.write('config.yml', config);
    const notes = [
      'providers.twilio.audio_base_url is at 127.0.0.1, which Twilio cannot reach',
      'providers.twilio.audio_base_url is http: ',
      'webhook sends unsigned',
      'webhook in services.crm gets only what csv cannot take',
      'This version knows no calling hours',
    ];
    const check = await told('check list.csv');
    const run = await told('run list.csv');
    const log = campaign.read('logs/app.log');
    for (const note of notes) {
      expect(check.stdout).toContain(`Note: ${note}`);
      expect(run.stderr).toContain(note);
      expect(log).toMatch(new RegExp(`"event":"notice".*${note}`));
    }
    expect(log.indexOf('webhook sends unsigned')).toBeLessThan(log.indexOf('"call.started"'));
  });

  it.each(['check', 'run'])('%s refuses audio that Twilio itself cannot reach', async (command) => {
    const { fake, campaign, told } = await bench();
    const config = campaign.read('config.yml').replace('[espeak-ng]', '[flite]');
    const audio = 'audio_base_url: "http://192.168.0.7/audio"';
    campaign.write('config.yml', config.replace(`base_url: "${fake.url}"`, audio));
    const { code, stderr } = await told(`${command} list.csv`);
    expect(code).toBe(78);
    expect(stderr).toContain(
      'providers.twilio.audio_base_url: found 192.168.0.7, which Twilio cannot reach: whoever ' +
        'picks up would hear that an error has occurred, allowed: where the audio folder',
    );
  });

  it.each(['0.tcp.ngrok.io', '10.example.com'])('takes a name for no address: %s', async (host) => {
    const { fake, campaign, told } = await bench();
    const config = campaign.read('config.yml').replace('[espeak-ng]', '[flite]');
    const audio = `audio_base_url: "https://${host}/audio"`;
    campaign.write('config.yml', config.replace(`base_url: "${fake.url}"`, audio));
    const { code, stdout, stderr } = await told('check list.csv');
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain('cannot reach');
  });

  it('asks Twilio in the next run how a call ended of which it could not tell', async () => {
    const { fake, campaign, told } = await bench();
    const config = campaign.read('config.yml');
    campaign.write('config.yml', config.replace('request: 60s', 'request: 60s, call: 2m'));
    fake.polls.push(...Array.from({ length: 100 }, () => wrong(503, 20503, 'Unavailable')));
    const run = await told('run list.csv --limit 1');
    expect(run.stdout).toContain(`
  uncertain: c-1 may have been rung;
  the dialer has not told how 1 call ended: the next run asks it once more, by itself.
  Nobody is rung again for that by itself. Of whom it cannot tell then, find out, then say so:
    campaign settle list c-1 answered   (or: again)
`);
    const status = '1 queued, 0 put off, 1 uncertain; ';
    expect((await told('status')).stdout).toContain(status);
    expect((await told('status')).stdout).toContain(
      'uncertain: c-1 (campaign settle --help); the next run asks the dialer about 1 of them once',
    );
    expect(JSON.parse((await told('status --json')).stdout).campaigns[0]).toMatchObject({
      uncertain: ['c-1'],
      asked_again: 1,
      records_owed: 0,
      waiting: [],
    });
    fake.polls.length = 0;
    const next = await told('run list.csv');
    expect(next.code, next.stderr).toBe(0);
    expect(next.stdout).toContain('All 2 have their outcome.');
    expect(campaign.read('out/list/results.csv')).toMatch(/^c-1,.*,answered,20 s; CA0+1,/m);
    expect(fake.calls).toHaveLength(2);
    const log = campaign.read('logs/app.log');
    expect(log).toContain('call to c-1 was uncertain, and is known now: answered (20 s; CA0');
  });

  it('tells a call that goes on until timeouts.call for what it is, and asks again', async () => {
    const { fake, campaign, told } = await bench();
    const config = campaign.read('config.yml');
    campaign.write('config.yml', config.replace('request: 60s', 'request: 60s, call: 2m'));
    fake.course = { ringMs: 5_000, talkMs: 400_000, end: 'completed' };
    const run = await told('run list.csv --limit 1');
    const cut = 'it was still in progress after 120 s, and is hung up';
    expect(run.stderr).toContain(`  twilio: the call to c-1 was cut: ${cut} (call_limit)\n`);
    expect(run.stderr).not.toContain('did not say');
    expect((await told('logs --level warn')).stdout).toContain(`ended: uncertain (${cut})`);
    fake.course = { ringMs: 5_000, talkMs: 0, end: 'failed' };
    const next = await told('run list.csv');
    expect(next.code, next.stderr).toBe(0);
    expect(fake.calls).toHaveLength(2);
    expect(campaign.read('out/list/results.csv')).toMatch(/^c-1,.*,answered,/m);
    const why = 'Twilio could not put the call through: most often there is no such number';
    expect(next.stdout).toMatch(new RegExp(`1 failed +${why}\n`));
    expect((await told('report')).stdout).toContain(`\nWhy calls failed\n       1  ${why}\n`);
    expect((await told('logs --level warn')).stdout).toContain(`ended: failed (${why}`);
  });

  it('rings those who were in the hands of a preview that was killed', async () => {
    const { fake, campaign, told } = await bench();
    expect((await told('run list.csv --limit 1')).code).toBe(0);
    {
      using store = campaign.store();
      const journal = store.journal('list');
      const { key } = await claimed(journal.claim(STAGES, 1000, 'call-x'));
      void journal.write(key, entries.scriptEnded());
      await journal.write(key, { ...entries.attemptBegun(), service: 'preview' });
    }
    const { code, stderr } = await told('run list.csv');
    expect(code, stderr).toBe(0);
    expect(fake.calls).toHaveLength(2);
    expect(campaign.read('out/list/results.csv')).toMatch(/^c-2,.*,answered,/m);
  });

  it('says at a second Ctrl-C who may have been rung, and asks in the next run', async () => {
    const { fake, campaign, told } = await bench();
    fake.course = { ringMs: 5_000, talkMs: 60_000, end: 'completed' };
    const real = hurried();
    let laterMs = 0;
    const clock = { ...real, monotonicMs: () => real.monotonicMs() + laterMs };
    const met = Promise.withResolvers<FakeWorld>();
    const running = campaign.command('run list.csv --lines 1', {
      env: ENV,
      clock,
      meet: met.resolve,
    });
    const world = await met.promise;
    await vi.waitFor(() => expect(fake.calls).toHaveLength(1), { timeout: 60_000 });
    world.press('SIGINT');
    laterMs = 5_000;
    world.press('SIGINT');
    const { code, stdout } = await running;
    expect(code).toBe(75);
    expect(stdout).toMatch(
      / 2 queued\n +1 in doubt +of these may have\s+been rung: the next run asks/,
    );
    const next = await told('run list.csv');
    expect(next.code, next.stderr).toBe(0);
    expect(next.stdout).not.toContain('in doubt');
    expect(fake.calls).toHaveLength(2);
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
