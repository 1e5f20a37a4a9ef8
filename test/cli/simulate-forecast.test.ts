/** What a forecast says of the operator's own settings: money, channels, pace. */
import { expect, it } from 'vitest';
import { CommandBench } from '../support/command-bench.ts';

/** A rings-for-money config; what is written after it is on top. */
const TWILIO = `
script: { template: "Hello {{ name }}." }
services: { dialer: [twilio] }
providers:
  twilio:
    account_sid: "\${TWILIO_ACCOUNT_SID}"
    auth_token: "\${TWILIO_AUTH_TOKEN}"
    from: "+12025550100"
    prices: { per_minute: 0.03, billed_seconds: 60 }
`;

it('plays the budget: a run that it would end ends by it, with what it has cost', async () => {
  using bench = new CommandBench(`${TWILIO}campaign: { lines: 1, budget: 0.10 }\n`);
  const command = 'simulate --contacts 60 --config config.yml';
  const { stdout } = await bench.command(command);
  expect(stdout).toContain('campaign.budget is 0.10 USD: it is played, with estimates');
  expect(stdout).toContain('made-up: campaign.budget is spent, 4 contacts done');
  expect(stdout).toMatch(/cost +0\.12 of 0\.10 USD are spent by estimated usage\n/);
  const told = JSON.parse((await bench.command(`${command} --json`)).stdout);
  expect(told.exit_code).toBe(75);
  expect(told.contacts).toMatchObject({ done: 4, queued: 56 });
  expect(told.forecast.cost).toEqual({
    currency: 'USD',
    campaign: 0.12,
    budget: 0.1,
    unpriced: [],
  });
});

it('says what the list would cost where prices are written, and is silent without', async () => {
  using bench = new CommandBench(TWILIO);
  const { stdout } = await bench.command('simulate --contacts 60 --config config.yml --json');
  const { forecast, contacts, outcomes } = JSON.parse(stdout);
  expect(contacts.done).toBe(60);
  const pickedUp = outcomes.answered + outcomes.voicemail;
  expect(forecast.cost.campaign).toBeCloseTo(0.03 * pickedUp, 6);
  const free = await bench.command('simulate --json');
  expect(JSON.parse(free.stdout).forecast.cost).toBeNull();
});

const VENDORS = `
script: { template: "Hello {{ name }}." }
services: { dialer: [twilio], tts: [elevenlabs], llm: [openai], crm: [hubspot] }
providers:
  twilio: { account_sid: "\${SID}", auth_token: "\${TOKEN}", from: "+12025550100" }
  elevenlabs: { api_key: "\${KEY}", voice_id: "x" }
  openai: { api_key: "\${KEY}", model: m }
  hubspot: { access_token: "\${KEY}" }
retry: { jitter: 0 }
`;
const EMAIL = `
alerts:
  email:
    { enabled: true, host: localhost, port: 25, security: none, from: a@example.com,
      to: [b@example.com], severities: [critical] }
`;
const LINES = 'campaign: { lines: 3, calls_per_second: 5 }\n';

/** What was told, on one line. */
async function told(config: string, options: string): Promise<string> {
  using bench = new CommandBench(config);
  const { stdout } = await bench.command(`simulate --config config.yml ${options}`);
  return stdout.replace(/\s+/g, ' ');
}

/** The forecast of `--json`. */
async function forecastOf(config: string, options: string) {
  using bench = new CommandBench(config);
  const { stdout } = await bench.command(`simulate --config config.yml ${options} --json`);
  return JSON.parse(stdout).forecast;
}

it('says which channel would tell the operator, and what would reach nobody', async () => {
  const options = '--contacts 8 --outage elevenlabs@+30s-+5m --outage twilio@+2m-+5m:reset';
  const text = await told(VENDORS + LINES + EMAIL, options);
  expect(text).toMatch(/critical, by email: elevenlabs, which speaks the texts, does not work/);
  const forecast = await forecastOf(VENDORS + LINES + EMAIL, options);
  expect(forecast.told).toContainEqual(
    expect.objectContaining({ key: 'service:elevenlabs', channels: ['email'] }),
  );
  const warned = await told(VENDORS + LINES + EMAIL, '--contacts 8 --outage twilio:reset');
  expect(warned).toContain('ALERT (warning, to nobody): twilio');
  expect(warned).toContain('warning, to nobody (no channel takes it): twilio');
});

it('says that no channel is configured, and nothing of them in the built-in world', async () => {
  const options = '--contacts 8 --outage elevenlabs@+30s-+5m';
  const text = await told(VENDORS + LINES, options);
  expect(text).toContain('you hear nothing: no alert channel is configured');
  expect(text).toContain('ALERT (critical, to nobody): elevenlabs');
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --outage elevenlabs');
  expect(stdout).not.toContain('channel');
  const { forecast } = JSON.parse((await bench.command('simulate --outage tts --json')).stdout);
  expect(forecast.told[0].channels).toBeNull();
});

it('tells of what only one channel takes', async () => {
  const telling = (severities: string): string => EMAIL.replace('[critical]', severities);
  const rules = '  rules: { campaign_started: { enabled: true } }\n';
  const options = '--contacts 4';
  const heard = await told(`${VENDORS}${LINES}${telling('[info]')}${rules}`, options);
  expect(heard).toContain('info, by email: ');
  const deaf = await told(`${VENDORS}${LINES}${telling('[critical]')}${rules}`, options);
  expect(deaf).not.toContain(' info');
});

it('names the pace that holds a list up, and takes no waiting for it for work', async () => {
  const slow = 'campaign: { lines: 3, calls_per_second: 0.01 }\n';
  const text = await told(VENDORS + slow, '--contacts 4');
  expect(text).toContain('the pace is 1 call in 1 min 40 s at most');
  expect(text).toMatch(/held up 3 times by the pace of 1 call in 1 min 40 s: \d+ min .*waiting/);
  const { lines, pace } = await forecastOf(VENDORS + slow, '--contacts 4');
  expect(pace.times).toBe(3);
  expect(pace.wait_ms).toBeGreaterThan(300_000);
  expect(lines.busy).toBeLessThan(0.3);
  const quick = await told(VENDORS + LINES, '--contacts 4');
  expect(quick).toContain('the pace is 5 calls a second at most');
  expect(quick).toContain('held up nobody');
});

it('counts calls that failed for good among those that were held up, with their role', async () => {
  const options = '--contacts 12 --outage openai@+0s-+2h:400';
  expect(await told(VENDORS + LINES, options)).toContain(
    'held up 12 calls by openai: 12 failed calls',
  );
  const { delays } = await forecastOf(VENDORS + LINES, options);
  expect(delays).toMatchObject([{ service: 'openai', role: 'llm', calls: 12, failed_calls: 12 }]);
});

it('counts retries that were made, not those that the breaker cut short', async () => {
  using bench = new CommandBench();
  const command = 'simulate --contacts 12 --lines 4 --outage elevenlabs@+0s-+5m';
  const { stdout: text } = await bench.command(command);
  const made = text.match(/elevenlabs failed at speech, attempt [2-9]/g)?.length ?? 0;
  expect(text.match(/elevenlabs: retry \d in/g)?.length).toBeGreaterThan(made);
  expect(text).toMatch(new RegExp(`calls by elevenlabs: ${made} retries`));
  const { services, forecast } = JSON.parse((await bench.command(`${command} --json`)).stdout);
  expect(services.elevenlabs.retries).toBe(made);
  expect(forecast.delays[0].retries).toBe(made);
  expect(forecast.outages[0].price.retries).toBe(made);
});

it('says of an outage of the CRM that it is records that wait', async () => {
  const options = '--contacts 12 --outage hubspot@+1m-+5m';
  const text = await told(VENDORS + LINES, options);
  expect(text).toMatch(/held up \d+ records by hubspot:/);
  const price =
    / 09:01:00 to 09:05:00: \d+ retries, (?:\d+ failed calls?, )?records put off \d+ times/;
  expect(text).toMatch(price);
  const { delays } = await forecastOf(VENDORS + LINES, options);
  expect(delays).toMatchObject([{ service: 'hubspot', role: 'crm', calls: 0 }]);
  expect(delays[0].records).toBeGreaterThan(0);
  const verbose = await told(VENDORS + LINES, `${options} --verbose`);
  expect(verbose).toMatch(/ the record of \w+ is put off for 1 min/);
  expect(verbose).not.toMatch(/\d\d (?!the record)\S+ is put off for/);
});

it('counts good checks as the breaker does: two in a row free a service', async () => {
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --outage elevenlabs:timeout');
  const good = stdout.replace(/\s+/g, ' ').match(/its health check is good,( [a-z\d]+){3,7}/g);
  expect(good).toEqual([
    'its health check is good, the work has yet to prove it',
    'its health check is good, the first since it was left alone',
    'its health check is good, 2 in a row',
  ]);
});

it('says when the run ended where that is later than the last outcome, and why', async () => {
  using bench = new CommandBench();
  const ending = async (outage: string): Promise<string> => {
    const { stdout } = await bench.command(`simulate --outage ${outage}`);
    return stdout.replace(/\s+/g, ' ').replace(/^.*made-up: /, '');
  };
  const record = await ending('twilio:429');
  expect(record).toContain('12 contacts done in 12 min 6 s');
  expect(record).toContain(
    'done at 09:12:05, 12 min 5 s after the start; the run ended at 09:12:06, ' +
      'when hubspot had the last record',
  );
  const owed = await ending('hubspot@+5m-+40m');
  expect(owed).toContain('7 records still owed; the run waited for hubspot until 09:39:37');
  // Nobody was left to call in the half hour after the last outcome.
  expect(owed).toContain('busy 100 % of the time until the last outcome (1 line)');
  const left = await ending('elevenlabs@+1m-+4h');
  expect(left).toContain('after the start; the run waited for elevenlabs until 09:31:00');
  expect(left).toMatch(/busy \d % of the time \(1 line\)/);
  const nobody = await ending('openai@+0s-+9h');
  expect(nobody).toContain('nobody got an outcome; the run waited for openai until 09:30:00');
  expect(await ending('elevenlabs')).toContain('12 min 20 s after the start lines busy');
});

it('says beside nobody held up that the CRM refused records', async () => {
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --outage crm:400');
  expect(stdout).toContain('held up    nobody, with 5 records still owed\n');
});

it('gives no milliseconds to a wait for a breaker that is all but ready', async () => {
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --outage crm');
  expect(stdout).not.toMatch(/put off for \d+ ms/);
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'the record of marigold is put off until it can be asked: waits for hubspot',
  );
});

it('says that records waited only where some did, and what was tried again', async () => {
  const calls = await told(VENDORS + LINES, '--contacts 12 --outage all@+1m-+20m');
  expect(calls).toMatch(/to 09:20:00: \d+ retries, \d+ failed calls?, put off \d+ times, \d+ min/);
  const both = '--contacts 40 --outage all@+1m-+20m --outage hubspot@+0s-+2m';
  const text = await told(VENDORS + LINES, both);
  expect(text).toMatch(/all together: [^:]* calls put off \d+ times, records put off \d+ times/);
  const { outages_together: together } = await forecastOf(VENDORS + LINES, both);
  expect(together.retries).toBeGreaterThan(0);
  expect(together.records_put_off).toBeGreaterThan(0);
  // Each is counted once, as in the text.
  const { put_off: people, records_put_off: records } = together;
  expect(text).toContain(`calls put off ${people} times, records put off ${records} times`);
});

it('says why the shares of outages that overlap do not add up', async () => {
  const options = '--contacts 12 --outage tts@+1m-+5m --outage llm@+2m-+6m';
  const why = 'these do not add up: delays that either would have caused alone count for neither';
  expect(await told(VENDORS + LINES, options)).toContain(why);
  expect(await told(VENDORS + LINES, '--contacts 12 --outage tts')).not.toContain(why);
});

it('says beside who was held up whom a run that ended early has left', async () => {
  const text = await told(VENDORS + LINES, '--contacts 12 --outage elevenlabs@+1m-+4h');
  expect(text).toMatch(
    /held up \d+ calls by elevenlabs: .* and 9 contacts left without an outcome/,
  );
  expect(text).toContain('elevenlabs does not work since 09:01:');
});

it('does not lay an undone list at the door of an outage that changed nothing of it', async () => {
  const budget = 'campaign: { lines: 1, budget: 0.10 }\n';
  const text = await told(TWILIO + budget, '--contacts 60 --outage twilio@+30s-+1m:slow:2s');
  expect(text).toContain('the list was not done, nor would it be without');
});

it('names each call once', async () => {
  const text = await told(VENDORS + LINES, '--contacts 12 --outage twilio:reset');
  expect(text).toMatch(/did not say what became of the call to \w+, asked 2 times/);
  expect(text).not.toMatch(/\(ECONNRESET\) \(call to/);
});

it('tells of no jitter where there is none', async () => {
  expect(await told(VENDORS, '--contacts 1')).toContain('again after 5 s, 10 s and 20 s; after 4');
});

it('tells of a breaker after the call that opened it, also step by step', async () => {
  const text = await told(VENDORS, '--lines 1 --outage elevenlabs --verbose');
  const failed = text.indexOf('failed at speech: elevenlabs answered 503');
  expect(failed).toBeGreaterThan(0);
  expect(text.indexOf('elevenlabs is left alone')).toBeGreaterThan(failed);
});

it.each([
  ['simulate --outage foo', 'campaign simulate --help'],
  ['simulate --foo', '(campaign simulate --help shows what there is)'],
  ['simulate --outage hubspot:x', 'of asterisk-ari and asterisk-ami also restart, cut, trunk'],
])('%s ends with where to look', async (line, words) => {
  using bench = new CommandBench();
  const { code, stderr } = await bench.command(line);
  expect(code).toBe(64);
  expect(stderr).toContain(words);
});

it('has a help that names what only an exchange of your own can have', async () => {
  using bench = new CommandBench();
  const { stdout } = await bench.command('simulate --help');
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'of asterisk-ari and asterisk-ami also restart, cut or trunk',
  );
});

it('counts times of waiting for the pace, several of a call that is retried', async () => {
  const slow = 'campaign: { lines: 6, calls_per_second: 0.05 }\n';
  const options = '--contacts 30 --outage twilio@+1m-+4m:flaky:50%';
  const { pace } = await forecastOf(VENDORS + slow, options);
  expect(pace.times).toBeGreaterThan(30);
  expect(await told(VENDORS + slow, options)).toContain(`${pace.times} times by the pace`);
});

it('says of a run that held nobody up and ended early that somebody is left', async () => {
  const text = await told(`${TWILIO}campaign: { lines: 1, budget: 0.10 }\n`, '--contacts 60');
  expect(text).toContain('held up nobody, with 56 contacts left without an outcome');
});

it('asks no voice where twilio speaks the text itself, but for one that is to fail', async () => {
  const priced = VENDORS.replace('voice_id: "x"', '$&, prices: { per_thousand_characters: 0.1 }');
  const plain = await told(priced + LINES, '--contacts 8 --outage all');
  expect(plain).toContain('openai writes, twilio rings, hubspot notes');
  expect(plain).toContain('twilio speaks the text itself: no service of tts is asked');
  expect(plain).toContain('every service (openai, twilio and hubspot) answers 503');
  expect(plain).toContain('cost 0.00 USD by estimated usage');
  const failing = await told(priced + LINES, '--contacts 8 --outage tts@+30s-+5m');
  expect(failing).toContain('twilio speaks the text itself in a real run: here elevenlabs does');
  expect(failing).toContain('elevenlabs is left alone');
  const two = priced.replace('tts: [elevenlabs]', 'tts: [elevenlabs, flite]');
  expect(await told(two + LINES, '--contacts 1 --outage tts')).toContain(
    'in a real run: here elevenlabs and flite do ',
  );
  const audio = priced.replace('from:', 'audio_base_url: "https://audio.example.com", from:');
  expect(await told(audio + LINES, '--contacts 8')).toContain('elevenlabs speaks, twilio rings');
});

it('rings whom twilio speaks to in any language', async () => {
  using bench = new CommandBench(VENDORS + LINES);
  bench.write('list.csv', 'name,phone,language\nA,+12025550101,pl\nB,+12025550102,sv\n');
  const { stdout } = await bench.command('simulate list.csv --config config.yml --json');
  expect(JSON.parse(stdout).outcomes.failed).toBeUndefined();
});
