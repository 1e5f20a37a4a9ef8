import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { telephoneDurationMs, wavHeader } from '../../../src/services/tts/wav.ts';
import type { Reply } from '../../support/loopback.ts';
import { failureOf, peak, requestContext, samplesOf } from '../support.ts';
import {
  aimedVoice,
  detail,
  fakeVoice,
  openaiError,
  TEXT,
  toneBytes,
  toneFile,
  VOICE,
  VOICE_KEY,
  VOICE_NAMES,
  type VoiceName,
} from './fake-voices.ts';

const REQUEST = { text: TEXT, language: 'en' };
const BASE = { kind: 'transient', scope: 'service' } as const;
const ACCOUNT = { kind: 'permanent', scope: 'service' } as const;
const OURS = { kind: 'permanent', scope: 'request' } as const;
/** Another voice may say it: nothing against this one. */
const LONG = { kind: 'transient', scope: 'request', retriesMax: 0 } as const;
/** It may be this contact or all of them: the next service, and the breaker counts. */
const UNPLACED = { kind: 'transient', scope: 'service', retriesMax: 0 } as const;

/** What a vendor's answer to one request becomes. */
async function failureAt(name: VoiceName, reply: Reply) {
  const vendor = await fakeVoice(name);
  vendor.next.push(reply);
  return await failureOf(aimedVoice(name, vendor.url).speak(REQUEST, requestContext()));
}

for (const name of VOICE_NAMES) {
  describe(name, () => {
    it('speaks in the telephone’s format, without clicks, and tells what it costs', async () => {
      const vendor = await fakeVoice(name);
      const { wav, usage } = await aimedVoice(name, vendor.url).speak(REQUEST, requestContext());
      const header = wavHeader(wav);
      expect(header).toMatchObject({ sampleRateHz: 8000, channels: 1, bitsPerSample: 16 });
      const durationMs = header === undefined ? 0 : telephoneDurationMs(header);
      expect(Math.abs(durationMs - 70 * TEXT.length)).toBeLessThan(1);
      const samples = samplesOf(wav);
      expect([samples[0], samples.at(-1)]).toEqual([0, 0]);
      expect(peak(samples)).toBeGreaterThan(9_500);
      expect(usage).toEqual({ characters: name === 'elevenlabs' ? TEXT.length / 2 : TEXT.length });
      expect(vendor.spoken).toEqual([TEXT]);
    });

    it('keeps the path of a gateway', async () => {
      const vendor = await fakeVoice(name);
      const service = aimedVoice(name, `${vendor.url}/gateway`);
      await service.speak(REQUEST, requestContext());
      await service.probe(requestContext().signal);
      expect(vendor.requests.every(({ path }) => path.startsWith('/gateway/'))).toBe(true);
    });

    it('a wrong key is the operator’s to mend, and is not shown', async () => {
      const vendor = await fakeVoice(name);
      const service = aimedVoice(name, vendor.url, { apiKey: 'test-key-4-red-queen' });
      for (const work of [
        service.speak(REQUEST, requestContext()),
        service.probe(requestContext().signal),
      ]) {
        const failure = await failureOf(work);
        expect(failure).toMatchObject({ ...ACCOUNT, code: 'invalid_api_key', status: 401 });
        expect(failure.message).toContain(`check providers.${name}.api_key`);
        expect(inspect(failure, { depth: 9 })).not.toMatch(/red-queen|test-key/);
      }
    });

    it.each([
      [{ voice: 'voice-two' }, 'voice'],
      [{ model: 'eleven_none' }, 'model'],
    ])('%o is the operator’s to mend', async (over, word) => {
      const vendor = await fakeVoice(name);
      const service = aimedVoice(name, vendor.url, over);
      const failure = await failureOf(service.speak(REQUEST, requestContext()));
      expect(failure).toMatchObject(ACCOUNT);
      expect(failure.message).toMatch(new RegExp(`check providers\\.${name}\\.\\w*${word}`));
      expect(failure.message).toContain(Object.values(over)[0]);
    });

    it.each([
      [408, BASE],
      [500, BASE],
      [502, BASE],
      [503, BASE],
      [504, BASE],
      [529, BASE],
      [402, ACCOUNT],
      [403, ACCOUNT],
      [404, ACCOUNT],
      [400, UNPLACED],
      [422, UNPLACED],
      [413, UNPLACED],
    ])('status %i, in whatever words', async (status, meaning) => {
      const failure = await failureAt(name, { status, body: '<html>oops</html>' });
      expect(failure).toMatchObject({ ...meaning, status });
    });

    it('too many requests: it says how long', async () => {
      const headers = { 'retry-after': '7' };
      const failure = await failureAt(name, { status: 429, headers, body: {} });
      expect(failure).toMatchObject({ ...BASE, status: 429, retryAfterMs: 7_000 });
      expect(failure.isCrowded).toBe(false);
    });

    it('echoes of the key and of telephone numbers are taken out of what it says', async () => {
      const message = `The key ${VOICE_KEY} may not call +1 415 555 0134`;
      const body = { error: { message }, detail: { message } };
      const failure = await failureAt(name, { status: 500, body });
      expect(failure.message).toContain('The key *** may not call ***');
    });

    it.each<[string, Reply, string]>([
      ['a page', { body: '<!doctype html><html>Sign in</html>' }, 'a page instead of a sound'],
      ['nothing', { body: '' }, 'nothing in it'],
      ['an error in a 200', { body: { detail: { message: 'no voice today' } } }, 'no voice today'],
      ['a word', { body: '"busy"' }, 'busy'],
      ['plain text', { body: 'upstream timed out' }, 'upstream timed out'],
      [
        'sound that calls itself text',
        { headers: { 'content-type': 'text/html' }, body: toneBytes(3_000, 16_000) },
        'a page instead of a sound',
      ],
      ['an MP3 file', { body: mpeg() }, 'another format'],
      ['an Ogg file', { body: Buffer.concat([Buffer.from('OggS\0'), mpeg()]) }, 'another format'],
      ['a cut sample', { body: toneBytes(3_000, 16_000).subarray(1) }, ''],
      ['a cut file', { body: toneFile(3_000, 24_000, 500_000) }, 'lacks its last'],
      ['a file of 8 bit', { body: eightBit() }, '8 bit'],
    ])('%s with status 200 is a failure, not a call', async (_what, reply, words) => {
      const failure = await failureAt(name, reply);
      expect(failure).toMatchObject({ ...BASE, code: 'unusable_answer', status: 200 });
      expect(failure.message).toContain(words);
    });

    it.each<[string, number, string]>([
      ['far too short', 300, 'it was cut off'],
      ['far too long', 70_000, 'too long for 39 letters'],
    ])('a sound that is %s: one more try, the breaker is not told', async (_what, ms, words) => {
      const body = name === 'elevenlabs' ? toneBytes(ms, 16_000) : toneFile(ms, 24_000);
      const failure = await failureAt(name, { body });
      expect(failure).toMatchObject({
        kind: 'transient',
        scope: 'request',
        code: 'bad_audio',
        retriesMax: 1,
        usage: { characters: TEXT.length },
      });
      expect(failure.message).toContain(words);
    });

    it('silence is no speech', async () => {
      const body = name === 'elevenlabs' ? new Uint8Array(64_000) : silentFile();
      expect(await failureAt(name, { body })).toMatchObject({ code: 'bad_audio' });
    });

    it('a text without a word costs nothing', async () => {
      const vendor = await fakeVoice(name);
      const speaking = aimedVoice(name, vendor.url).speak(
        { text: ' … !', language: 'en' },
        requestContext(),
      );
      expect(await failureOf(speaking)).toMatchObject({ ...OURS, code: 'silent' });
      expect(vendor.requests).toEqual([]);
    });

    it('the probe costs nothing, and stops with its signal', async () => {
      const vendor = await fakeVoice(name);
      const service = aimedVoice(name, vendor.url);
      await service.probe(requestContext().signal);
      expect(vendor.spoken).toEqual([]);
      const reason = new Error('stopped');
      await expect(service.probe(AbortSignal.abort(reason))).rejects.toBe(reason);
      vendor.probes.push({ status: 503 });
      expect(await failureOf(service.probe(requestContext().signal))).toMatchObject(BASE);
      vendor.probes.push({ body: '<html>fine</html>' });
      const failure = await failureOf(service.probe(requestContext().signal));
      expect(failure).toMatchObject({ ...BASE, code: 'unusable_answer' });
    });

    it('has a voice per language, whose name tells all that is heard', () => {
      const voices = { en: 'voice-en', 'es-MX': 'voice-mx' };
      const service = aimedVoice(name, 'http://127.0.0.1:9', { voice: voices });
      const named = (language: string) => service.voice(language);
      expect(named('en-GB')).toContain('voice-en');
      expect(named('ES-mx')).toContain('voice-mx');
      expect([named('es'), named('de')]).toEqual([undefined, undefined]);
      const other = (over: object) => aimedVoice(name, 'http://127.0.0.1:9', over).voice('en');
      const all = [{}, { voice: 'v2' }, { model: 'm2' }, { speed: 1.1, tuning: { speed: 1.1 } }];
      expect(new Set(all.map(other)).size).toBe(4);
      expect(other({})).toBe(other({}));
    });
  });
}

function mpeg(): Uint8Array {
  return Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(4_000, 7)]);
}

function eightBit(): Uint8Array {
  const file = toneFile(3_000, 8_000);
  file[34] = 8;
  return file;
}

function silentFile(): Uint8Array {
  return toneFile(3_000, 24_000).fill(0, 44);
}

describe.each(VOICE_NAMES)('%s repeats what it was sent', (name) => {
  const text = 'Your invalid model needs a voice_id, an api key and another output_format.';
  const bodies = [
    { error: { message: text, type: 'invalid_request_error', code: null, param: null } },
    { error: { message: "Not valid: 'model', 'voice'", code: 'invalid_request_error' } },
    { detail: { status: 'bad_request', message: `Cannot speak: ${text.toUpperCase()}` } },
    { detail: { status: text, message: text } },
    { detail: text },
    { detail: [{ loc: ['body'], msg: text, type: 'value_error' }] },
  ];

  it('nor does its whole request, which is not all shown', async () => {
    const vendor = await fakeVoice(name);
    const service = aimedVoice(name, vendor.url);
    const long = `${text} ${text}`;
    await service.speak({ ...REQUEST, text: long }, requestContext()).catch(() => undefined);
    const message = `Not valid: ${vendor.requests[0]?.body}`;
    const body = { error: { message }, detail: { status: 'bad_request', message } };
    vendor.next.push({ status: 400, body });
    const failure = await failureOf(service.speak({ ...REQUEST, text: long }, requestContext()));
    expect(failure, failure.message).toMatchObject(UNPLACED);
    expect(failure.message).toContain('Not valid: [what was sent]');
  });

  it.each(bodies)('no word of a text closes the service: %j', async (body) => {
    const vendor = await fakeVoice(name);
    vendor.next.push({ status: 400, body }, { status: 422, body });
    const service = aimedVoice(name, vendor.url);
    for (const _ of [400, 422]) {
      const failure = await failureOf(service.speak({ ...REQUEST, text }, requestContext()));
      expect(failure).toMatchObject(UNPLACED);
    }
  });
});

type Case = readonly [string, Reply, object, string];

describe('elevenlabs', () => {
  it('asks for raw samples, in the language where the model takes one', async () => {
    const vendor = await fakeVoice('elevenlabs');
    const tuning = { speed: 1.1, stability: 0.4, style: undefined };
    const service = aimedVoice('elevenlabs', vendor.url, { tuning });
    await service.speak({ text: TEXT, language: 'en-GB' }, requestContext());
    const [request] = vendor.requests;
    expect(request?.path).toBe(`/v1/text-to-speech/${VOICE}?output_format=pcm_16000`);
    expect(JSON.parse(request?.body ?? '')).toEqual({
      text: TEXT,
      model_id: 'eleven_flash_v2_5',
      language_code: 'en',
      voice_settings: { stability: 0.4, speed: 1.1 },
    });
    const other = aimedVoice('elevenlabs', vendor.url, { model: 'eleven_multilingual_v2' });
    await failureOf(other.speak({ text: TEXT, language: 'es' }, requestContext()));
    expect(vendor.requests[1]?.body).not.toMatch(/language_code|voice_settings/);
  });

  it('speaks English only where its model does', () => {
    const service = aimedVoice('elevenlabs', 'http://127.0.0.1:9', { model: 'eleven_flash_v2' });
    expect(service.voice('en-US')).toContain('eleven_flash_v2');
    expect(service.voice('es')).toBeUndefined();
  });

  it.each<Case>([
    [
      'the plan is used up, as 401',
      detail(401, 'quota_exceeded', 'This request exceeds your quota of 10000.'),
      { ...ACCOUNT, code: 'quota_exceeded', status: 401 },
      'see elevenlabs.io/app/subscription',
    ],
    [
      'the plan is used up, as 400',
      detail(400, 'quota_exceeded', 'You have 0 credits remaining'),
      { ...ACCOUNT, code: 'quota_exceeded' },
      '0 credits remaining',
    ],
    [
      'nobody paid',
      detail(402, 'payment_required', 'payment required'),
      { ...ACCOUNT, code: 'payment_required' },
      'elevenlabs.io/app/subscription',
    ],
    [
      'a key that may not speak',
      detail(401, 'missing_permissions', 'missing the permission text_to_speech'),
      { ...ACCOUNT, code: 'missing_permissions' },
      'use Text to Speech',
    ],
    [
      'a free plan from a server',
      detail(401, 'detected_unusual_activity', 'Unusual activity detected.'),
      { ...ACCOUNT, code: 'detected_unusual_activity' },
      'a paid one is not',
    ],
    [
      'a voice that is not there, as 400',
      detail(400, 'voice_not_found', 'A voice was not found.'),
      { ...ACCOUNT, code: 'voice_not_found' },
      'check providers.elevenlabs.voice_id',
    ],
    [
      'a voice id that is none',
      detail(400, 'invalid_uid', "An invalid ID has been received: 'x'."),
      { ...ACCOUNT, code: 'invalid_uid' },
      'check providers.elevenlabs.voice_id',
    ],
    [
      'a model, in the words only',
      { status: 400, body: { detail: { message: 'A model with model ID x does not exist' } } },
      ACCOUNT,
      'check providers.elevenlabs.model_id',
    ],
    [
      'a language that the model has not',
      detail(400, 'unsupported_language', "Model does not support language 'xx'"),
      { kind: 'transient', scope: 'request', retriesMax: 0, code: 'unsupported_language' },
      'the language of this contact is none that providers.elevenlabs.model_id speaks',
    ],
    [
      'a filter',
      detail(400, 'invalid_parameters', 'The text was blocked by our content filter'),
      { kind: 'transient', scope: 'request', retriesMax: 0, code: 'invalid_parameters' },
      'look at the row',
    ],
    [
      'what nobody can place',
      detail(400, 'bad_request', 'Something is not right'),
      { ...UNPLACED, code: 'bad_request' },
      'if others are refused like this one, check providers.elevenlabs.voice_id',
    ],
    [
      'what is not valid, and nobody can place',
      { status: 422, body: { detail: [{ loc: ['body'], msg: 'odd', type: 'z' }] } },
      { ...UNPLACED, code: 'z' },
      'body: odd',
    ],
    [
      'a plan without this voice',
      detail(403, 'only_for_creator+', 'This voice is for Creator and above'),
      { ...ACCOUNT, code: 'http_403' },
      'the plan does not have this',
    ],
    [
      'a text that is too long',
      detail(400, 'max_character_limit_exceeded', 'The text has 6,270 characters'),
      { ...LONG, code: 'max_character_limit_exceeded' },
      'The text has 6,270 characters; this text is too long for the voice: lower script.max_ch',
    ],
    [
      'a text that is too long, in the newer words',
      {
        status: 400,
        body: {
          detail: {
            type: 'validation_error',
            code: 'invalid',
            param: 'text',
            message: 'The text is too long',
          },
        },
      },
      { ...LONG, code: 'invalid' },
      'this text is too long for the voice',
    ],
    [
      'too many at once',
      detail(429, 'too_many_concurrent_requests', 'Too many concurrent requests'),
      { ...BASE, code: 'too_many_concurrent_requests', isCrowded: true },
      'providers.elevenlabs.concurrency',
    ],
    [
      'too many at once, in the newer words',
      {
        status: 429,
        body: { detail: { type: 'rate_limit_error', code: 'concurrent_limit_exceeded' } },
      },
      { ...BASE, code: 'concurrent_limit_exceeded', isCrowded: true },
      'concurrency',
    ],
    [
      'everybody at once',
      detail(429, 'system_busy', 'Our services are experiencing high traffic'),
      { ...BASE, code: 'system_busy', isCrowded: false },
      'high traffic',
    ],
    [
      'too often, in the newer words',
      { status: 429, body: { detail: { code: 'rate_limit_exceeded', message: 'Slow down' } } },
      { ...BASE, code: 'rate_limit_exceeded', isCrowded: false },
      'Slow down',
    ],
    [
      'a model that is overloaded passes',
      detail(503, 'model_overloaded', 'The model is overloaded'),
      { ...BASE, code: 'model_overloaded' },
      'overloaded',
    ],
    [
      'a setting that is not valid',
      { status: 422, body: { detail: [{ loc: ['body', 'model_id'], msg: 'bad', type: 'x' }] } },
      { ...ACCOUNT, code: 'x', status: 422 },
      'body.model_id: bad; check providers.elevenlabs.model_id',
    ],
    [
      'a setting that is not valid, in the newer words',
      {
        status: 400,
        body: {
          detail: { code: 'invalid_parameters', message: 'Not allowed', param: 'output_format' },
        },
      },
      { ...ACCOUNT, code: 'invalid_parameters' },
      'check providers.elevenlabs.output_format',
    ],
    [
      'a text that is not valid',
      { status: 422, body: { detail: [{ loc: ['body', 'text'], msg: 'too odd', type: 'y' }] } },
      { ...OURS, code: 'y', status: 422 },
      'body.text: too odd',
    ],
    [
      'a word alone',
      { status: 404, body: { detail: 'Not Found' } },
      { ...ACCOUNT, status: 404 },
      'Not Found; check providers.elevenlabs.voice_id and providers.elevenlabs.base_url',
    ],
  ])('%s', async (_what, reply, meaning, words) => {
    const failure = await failureAt('elevenlabs', reply);
    expect(failure).toMatchObject(meaning);
    expect(failure.message).toContain(words);
  });

  const plan = (over: object): Reply => ({
    body: { status: 'active', character_count: 9_500, character_limit: 10_000, ...over },
  });
  const missing = detail(401, 'missing_permissions', 'The API key is missing user_read');

  it.each<[string, Reply[], object]>([
    ['what is left', [plan({})], { detail: '500 of 10,000 characters left', isLow: true }],
    [
      'plenty',
      [plan({ character_count: 0 })],
      { detail: '10,000 of 10,000 characters left', isLow: false },
    ],
    [
      'billing by use',
      [
        plan({
          character_count: 10_000,
          can_extend_character_limit: true,
          allowed_to_extend_character_limit: true,
        }),
      ],
      { detail: '0 of 10,000 characters left, then billed by use', isLow: false },
    ],
    ['nothing that we know', [{ body: {} }], {}],
    ['a key that may not read the plan', [missing, { body: [] }], { detail: /may not read/ }],
    ['a key that may only speak', [missing, missing], { detail: /may not read/ }],
  ])('the probe tells of %s', async (_what, replies, expected) => {
    const vendor = await fakeVoice('elevenlabs');
    vendor.probes.push(...replies);
    const found = await aimedVoice('elevenlabs', vendor.url).probe(requestContext().signal);
    const { detail: words, ...rest } = expected as { detail?: string | RegExp };
    expect(found).toMatchObject(rest);
    if (words instanceof RegExp) expect(found?.detail).toMatch(words);
    else expect(found?.detail).toBe(words);
  });

  it('asks for each voice until it was found, and a voice that is not there is told', async () => {
    const vendor = await fakeVoice('elevenlabs');
    const { signal } = requestContext();
    const service = aimedVoice('elevenlabs', vendor.url);
    await service.probe(signal);
    await service.probe(signal);
    const asked = vendor.requests.map(({ path }) => path);
    expect(asked.filter((path) => path === `/v1/voices/${VOICE}`)).toHaveLength(1);
    const other = aimedVoice('elevenlabs', vendor.url, { voice: { en: VOICE, es: 'novoice' } });
    vendor.probes.push(plan({}), { body: {} }, detail(400, 'voice_not_found', 'No such voice'));
    const failure = await failureOf(other.probe(signal));
    expect(failure).toMatchObject({ ...ACCOUNT, code: 'voice_not_found' });
    expect(failure.message).toContain('check providers.elevenlabs.voice_id');
    // A key that may not look at voices may well speak with them.
    vendor.probes.push(plan({}), missing);
    await expect(aimedVoice('elevenlabs', vendor.url).probe(signal)).resolves.toBeDefined();
  });

  it.each<[string, Reply[], string]>([
    [
      'a plan that is used up',
      [plan({ character_count: 10_000, next_character_count_reset_unix: 1_785_542_400 })],
      'answered 200: all 10,000 characters of the plan are used until 2026-08-01; see elevenlabs',
    ],
    ['a plan that is disabled', [plan({ status: 'free_disabled' })], 'plan of this account'],
    ['models that do not come', [missing, { status: 401 }], 'check providers.elevenlabs.api_key'],
  ])('the probe fails for %s', async (_what, replies, words) => {
    const vendor = await fakeVoice('elevenlabs');
    vendor.probes.push(...replies);
    const probing = aimedVoice('elevenlabs', vendor.url).probe(requestContext().signal);
    const failure = await failureOf(probing);
    expect(failure).toMatchObject(ACCOUNT);
    expect(failure.message).toContain(words);
  });
});

describe('openai', () => {
  it('is asked for the model that speaks, and says of the voice that nobody can tell', async () => {
    const vendor = await fakeVoice('openai');
    const { signal } = requestContext();
    expect(await aimedVoice('openai', vendor.url).probe(signal)).toEqual({
      detail: 'whether the voice exists shows only at work',
    });
    vendor.probes.push(openaiError(404, 'model_not_found', 'The model `x` does not exist'));
    const failure = await failureOf(aimedVoice('openai', vendor.url).probe(signal));
    expect(failure).toMatchObject({ ...ACCOUNT, status: 404 });
    expect(failure.message).toContain('check providers.openai.tts_model');
    const scope = 'Missing scopes: api.model.read. Check that you have the correct role';
    vendor.probes.push(openaiError(403, 'missing_scope', scope));
    expect(await aimedVoice('openai', vendor.url).probe(signal)).toEqual({
      detail: expect.stringMatching(/^the key may not read models: .* shows only at work$/),
    });
  });

  it('asks for a file, whose header tells the rate', async () => {
    const vendor = await fakeVoice('openai');
    const over = { instructions: 'Warmly.', speed: 0.9 };
    const service = aimedVoice('openai', vendor.url, over);
    vendor.next.push({ body: toneFile(3_000, 44_100, 0) });
    const { wav } = await service.speak(REQUEST, requestContext());
    expect(JSON.parse(vendor.requests[0]?.body ?? '')).toEqual({
      model: 'eleven_flash_v2_5',
      input: TEXT,
      voice: VOICE,
      response_format: 'wav',
      instructions: 'Warmly.',
      speed: 0.9,
    });
    expect(vendor.requests[0]?.path).toBe('/v1/audio/speech');
    expect(Math.abs(samplesOf(wav).length - 24_000)).toBeLessThan(2);
  });

  it.each<Case>([
    [
      'rate limit',
      openaiError(429, 'rate_limit_exceeded', 'Rate limit reached'),
      { ...BASE, code: 'rate_limit_exceeded', isCrowded: false },
      'Rate limit reached',
    ],
    [
      'no credit',
      openaiError(429, 'insufficient_quota', 'You exceeded your current quota'),
      { ...ACCOUNT, code: 'insufficient_quota' },
      'see billing',
    ],
    [
      'a voice that is not there',
      openaiError(400, 'invalid_value', "Invalid value: 'x'", 'voice'),
      { ...ACCOUNT, code: 'invalid_value' },
      'check providers.openai.voice',
    ],
    [
      'a model that is not there, in the words only',
      openaiError(400, 'invalid_request_error', 'invalid model ID'),
      ACCOUNT,
      'check providers.openai.tts_model',
    ],
    [
      'a voice, in the words only',
      openaiError(400, 'invalid_request_error', "[{'loc': ('body', 'voice'), 'msg': 'odd'}]"),
      ACCOUNT,
      'check providers.openai.voice',
    ],
    [
      'what nobody can place',
      openaiError(400, 'invalid_request_error', 'Something is not right'),
      UNPLACED,
      'if others are refused like this one, check providers.openai.tts_model',
    ],
    [
      'a text that is too long',
      openaiError(400, 'string_above_max_length', 'String too long', 'input'),
      { ...LONG, code: 'string_above_max_length' },
      'String too long; this text is too long for the voice: lower script.max_characters',
    ],
  ])('%s', async (_what, reply, meaning, words) => {
    const failure = await failureAt('openai', reply);
    expect(failure).toMatchObject(meaning);
    expect(failure.message).toContain(words);
  });

  it('samples without a header are no file', async () => {
    const failure = await failureAt('openai', { body: toneBytes(3_000, 24_000) });
    expect(failure).toMatchObject({ ...BASE, code: 'unusable_answer' });
    expect(failure.message).toContain('no WAV file');
  });
});
