import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceFailure } from '../../../src/domain/failure.ts';
import type { HttpResponse } from '../../../src/engine/ports.ts';
import { VendorSounds } from '../../../src/services/tts/vendor-sound.ts';
import { samplesOf } from '../support.ts';

const ACCOUNT = { name: 'elevenlabs', secrets: ['test-key-3-cheshire-cat'] };
const sounds = new VendorSounds();

function answer(body: Uint8Array): HttpResponse {
  const headers = { 'content-type': 'audio/mpeg' };
  return { status: 200, headers, body, retryAfterMs: undefined };
}

function heard(body: Uint8Array, rawHz = 16_000): Int16Array {
  return samplesOf(
    sounds.wav(ACCOUNT, answer(body), { text: 'Hello', speed: 1, rawHz, usage: {} }),
  );
}

function refusalOf(body: Uint8Array): ServiceFailure {
  try {
    heard(body);
  } catch (error) {
    if (error instanceof ServiceFailure) return error;
    throw error;
  }
  throw new Error('it was taken for a sound');
}

/** A voice: a few tones that come and go, and noise. */
const voices = fc
  .record({
    tones: fc.array(
      fc.record({
        hz: fc.integer({ min: 80, max: 7_900 }),
        loud: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    loudness: fc.integer({ min: 1_000, max: 60_000 }),
    noise: fc.integer({ min: 0, max: 500 }),
    samples: fc.integer({ min: 16_000, max: 24_000 }),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(({ tones, loudness, noise, samples, seed }) => {
    let state = seed;
    return Int16Array.from({ length: samples }, (_, index) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      const hiss = noise * (state / 1_073_741_824 - 1);
      const sum = tones.reduce(
        (so, { hz, loud }) => so + loud * Math.sin((2 * Math.PI * hz * index) / 16_000),
        Math.sin((2 * Math.PI * 220 * index) / 16_000),
      );
      // Louder than the scale is: a vendor's own clipping must not become a click.
      return Math.max(-32_768, Math.min(32_767, Math.round((loudness * sum) / 2 + hiss)));
    });
  });

describe('what a vendor sends', () => {
  it('any voice is taken for one, as long as it was, and ends without a click', () => {
    fc.assert(
      fc.property(voices, fc.constantFrom(8_000, 16_000, 22_050, 24_000), (samples, rateHz) => {
        const after = heard(new Uint8Array(samples.buffer), rateHz);
        expect(after.length).toBe(Math.ceil((samples.length * 8_000) / rateHz));
        expect([after[0], after.at(-1)]).toEqual([0, 0]);
        // The first millisecond of a fade of four is below a fifth of the scale.
        for (let index = 0; index < 8; index += 1) {
          expect(Math.abs(after[index] as number)).toBeLessThan(6_554);
          expect(Math.abs(after.at(-1 - index) as number)).toBeLessThan(6_554);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a loud voice does not jump from one end of the scale to the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 80, max: 1_000 }), (hz) => {
        const samples = Int16Array.from({ length: 16_000 }, (_, index) => {
          const loud = 60_000 * Math.sin((2 * Math.PI * hz * index) / 16_000);
          return Math.max(-32_768, Math.min(32_767, Math.round(loud)));
        });
        const after = heard(new Uint8Array(samples.buffer));
        for (let index = 1; index < after.length; index += 1) {
          const step = Math.abs((after[index] as number) - (after[index - 1] as number));
          expect(step).toBeLessThan(60_000);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('any text is found to be none, and shown without its control characters', () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!/[^\P{Cc}\t\n\r]/u.test(text));
        const failure = refusalOf(new TextEncoder().encode(text));
        expect(failure).toMatchObject({ kind: 'transient', code: 'unusable_answer' });
        expect(failure.message).toMatch(/instead of a sound/);
      }),
    );
  });

  it('whatever bytes come, it is a sound of the telephone or a failure', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (body) => {
        try {
          expect(heard(body).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceFailure);
        }
      }),
    );
  });

  it('no key is shown of a text that has it', () => {
    const body = new TextEncoder().encode('{"key":"test-key-3-cheshire-cat"}');
    expect(refusalOf(body).message).not.toContain('cheshire');
  });
});
