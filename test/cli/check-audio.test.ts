import { rmSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeTwilio, FROM, SID, TOKEN } from '../services/dialer/fake-twilio.ts';
import { CommandBench } from '../support/command-bench.ts';
import { hurried } from '../support/hurried-clock.ts';
import { deadUrl, loopback, type Reply } from '../support/loopback.ts';

const ENV = { TWILIO_ACCOUNT_SID: SID, TWILIO_AUTH_TOKEN: TOKEN };
const FILE = `ab/ab${'1'.repeat(62)}.wav`;
const WAV = Buffer.from(`RIFF....WAVEfmt ${'.'.repeat(40)}`, 'latin1');
const PAGE: Reply = { headers: { 'content-type': 'text/html' }, body: '<!doctype html><p>Hi' };

async function bench(audio: string, hasAudio = true) {
  const clock = hurried();
  const fake = await new FakeTwilio(clock).listen();
  const campaign = new CommandBench(
    'services: { dialer: [twilio], tts: [flite] }\nscript: { template: "Hello." }\n' +
      'health_check: { timeout: 1m }\nproviders:\n' +
      '  twilio: { account_sid: "${TWILIO_ACCOUNT_SID}", auth_token: "${TWILIO_AUTH_TOKEN}", ' +
      `from: "${FROM}", base_url: "${fake.url}",\n    audio_base_url: "${audio}" }\n`,
  );
  onTestFinished(() => {
    campaign[Symbol.dispose]();
  });
  // The bench brings what was spoken before.
  rmSync(campaign.path('data/audio'), { recursive: true, force: true });
  if (hasAudio) campaign.write(`data/audio/${FILE}`, WAV.toString('latin1'));
  const told = await campaign.command('check --online', { env: ENV, clock });
  expect(fake.countOf('POST', ''), 'nobody is rung').toBe(0);
  return { ...told, line: /^ *twilio \(audio\).*$/m.exec(told.stdout)?.[0] ?? '' };
}

const served = (reply: Reply) => loopback(() => reply);
const wav = (type?: string): Reply => ({
  status: 206,
  headers: type === undefined ? {} : { 'content-type': type },
  body: WAV,
});

describe('check --online with audio_base_url', () => {
  it('asks for a file of the folder, and says that it is served', async () => {
    const server = await served(wav('audio/x-wav'));
    const { code, stderr, line } = await bench(`${server.url}/here/`);
    expect(code, stderr).toBe(0);
    expect(line).toMatch(/dialer +works +serves ab\/ab1+\.wav$/);
    expect(server.requests).toMatchObject([
      { method: 'GET', path: `/here/${FILE}`, headers: { range: 'bytes=0-43' } },
    ]);
  });

  it.each([
    ['a page', PAGE, /FAILS +answered with a page \(text\/html\) for ab\/ab1+\.wav of data\/audio/],
    ['nothing of the kind', { body: 'PK' }, /FAILS +answered with something else \(no content-/],
    ['nothing', { status: 404 }, /FAILS +answered 404 .*publish the folder itself there, with its/],
    ['a password', { status: 401 }, /REFUSES +answered 401 .*; Twilio has no password for it/],
    ['a way on', { status: 301, headers: { location: '/x' } }, /FAILS .*; write the address to/],
    ['an outage', { status: 503 }, /FAILS +answered 503 /],
  ] as const)('is not well where the server answers with %s', async (_what, reply, words) => {
    const { code, stderr, line } = await bench((await served(reply)).url);
    expect(code).toBe(69);
    expect(line).toMatch(words);
    expect(line).toContain('; check providers.twilio.audio_base_url');
    expect(stderr).toContain('would not work now: twilio (audio)');
  });

  it('warns of a type under which Twilio may not play it', async () => {
    const { code, line } = await bench((await served(wav('application/octet-stream'))).url);
    expect(code).toBe(0);
    expect(line).toMatch(/UNSURE +serves ab.* as application\/octet-stream: Twilio may refuse/);
  });

  it('takes what it can see for no more where no audio was made yet', async () => {
    const server = await served({ status: 404 });
    const { code, line } = await bench(server.url, false);
    expect(code).toBe(0);
    expect(line).toMatch(/UNSURE +is there \(answered 404\); no audio has been made yet/);
    expect(server.requests[0]?.path).toMatch(/^\/00\/0{64}\.wav$/);
  });

  it('does not believe a server that answers everything with a page', async () => {
    const { code, line } = await bench((await served(PAGE)).url, false);
    expect(code).toBe(69);
    expect(line).toMatch(/FAILS +answered with a page for a file that is not there: is it the/);
  });

  it('says who cannot be reached, and what to look at', async () => {
    const { code, line, stdout } = await bench(await deadUrl());
    expect(code).toBe(69);
    expect(line).toMatch(/NO ANSWER .*check providers\.twilio\.audio_base_url/);
    expect(stdout).toContain('is at 127.0.0.1, which Twilio cannot reach');
    expect(stdout).toContain('providers.twilio.audio_base_url is http: what people are told');
  });

  it.each(['https://example.com/audio/one.wav', 'https://example.com/audio?x=1', 'ftp://a.b/c'])(
    'names the line of an address that is none: %s',
    async (address) => {
      const { code, stderr } = await bench(address);
      expect(code).toBe(78);
      expect(stderr).toMatch(/config\.yml:6 +providers\.twilio\.audio_base_url: found .*folder/);
    },
  );
});
