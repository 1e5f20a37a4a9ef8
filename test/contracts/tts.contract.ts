import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, requestContext } from '../services/support.ts';
import { aimedVoice } from '../services/tts/fake-voices.ts';
import { clear, failNext, journal, urlOf, type Vendor } from './bed.ts';

const TEXT = 'Hello Zoë "Z" Ünal, see you on Tuesday.';
const NAMES = ['elevenlabs', 'openai'] as const satisfies readonly Vendor[];
const POSTS = {
  elevenlabs: 'POST /v1/text-to-speech/voice-one?output_format=pcm_16000',
  openai: 'POST /v1/audio/speech',
} as const;
const PROBES = {
  elevenlabs: ['GET /v1/user/subscription', 'GET /v1/voices/voice-one'],
  openai: ['GET /v1/models/eleven_flash_v2_5'],
} as const;

/** The mock does not say what is wrong: it may be one contact or all of them. */
const UNPLACED = { kind: 'transient', scope: 'service', retriesMax: 0 } as const;
const PERMANENT = { kind: 'permanent', scope: 'service' } as const;
const TRANSIENT = { kind: 'transient', scope: 'service' } as const;

const CASES: readonly (readonly [number, object])[] = [
  [400, UNPLACED],
  [401, PERMANENT],
  [402, PERMANENT],
  [404, PERMANENT],
  [422, UNPLACED],
  [429, { ...TRANSIENT, retryAfterMs: 7_000 }],
  [500, TRANSIENT],
  [503, TRANSIENT],
];
/** What the bed's example says is more than its status. */
const OTHERWISE: Readonly<Record<string, object>> = { 'elevenlabs 400': PERMANENT };
/** Statuses that the vendor's description does not have. */
const NOT_IN = { elevenlabs: [503] as readonly number[], openai: [402, 422] as readonly number[] };

describe.each(NAMES)('%s speaks', (vendor) => {
  const service = () =>
    aimedVoice(vendor, urlOf(vendor), {
      instructions: 'Warmly.',
      speed: 1.1,
      tuning: { speed: 1.1 },
    });
  const speak = () => service().speak({ text: TEXT, language: 'en' }, requestContext());

  beforeEach(() => clear(vendor));
  afterEach(async () => {
    expect((await journal(vendor)).bad).toEqual([]);
  });

  it('takes every request that the service makes, and its six bytes are no speech', async () => {
    const failure = await failureOf(speak());
    expect(failure).toMatchObject({ ...TRANSIENT, code: 'unusable_answer', status: 200 });
    await service().probe(requestContext().signal);
    expect((await journal(vendor)).requests).toEqual([POSTS[vendor], ...PROBES[vendor]]);
  });

  it.each(CASES.filter(([code]) => !NOT_IN[vendor].includes(code)))(
    '%i in its own words',
    async (code, meaning) => {
      const headers: Record<string, string> = code === 429 ? { 'retry-after': '7' } : {};
      await failNext(vendor, { code, headers, match: 'POST /v1' });
      const failure = await failureOf(speak());
      expect(failure).toMatchObject({
        ...(OTHERWISE[`${vendor} ${code}`] ?? meaning),
        status: code,
      });
      expect(failure.isCrowded).toBe(vendor === 'elevenlabs' && code === 429);
      expect(failure.message.length).toBeGreaterThan(`${vendor} answered ${code}`.length);
    },
  );
});
