import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTelephoneFormat,
  TelephoneSounds,
  telephoneDurationMs,
  telephoneWav,
  type WavHeader,
  wavHeader,
} from '../../../src/services/tts/wav.ts';
import { peak, samplesOf, sine } from '../support.ts';

interface Shape {
  readonly rateHz: number;
  readonly channels?: number;
  readonly bits?: number;
  readonly kind?: number;
  /** Chunks before the sound: tag and content. */
  readonly extra?: readonly (readonly [string, string])[];
  readonly claimedBytes?: number;
}

function wavOf(samples: Int16Array, shape: Shape): Buffer {
  const { rateHz, channels = 1, bits = 16, kind = 1, extra = [] } = shape;
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const format = Buffer.alloc(24);
  format.write('fmt ');
  format.writeUInt32LE(16, 4);
  format.writeUInt16LE(kind, 8);
  format.writeUInt16LE(channels, 10);
  format.writeUInt32LE(rateHz, 12);
  format.writeUInt16LE(bits, 22);
  const others = extra.map(([tag, content]) => {
    const head = Buffer.alloc(8);
    head.write(tag);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([
      head,
      Buffer.from(content.padEnd(content.length + (content.length % 2))),
    ]);
  });
  const head = Buffer.from('RIFF....WAVE');
  const dataHead = Buffer.alloc(8);
  dataHead.write('data');
  dataHead.writeUInt32LE(shape.claimedBytes ?? data.length, 4);
  return Buffer.concat([head, format, ...others, dataHead, data]);
}

describe('wavHeader', () => {
  it('reads back what telephoneWav wrote, whatever the samples', () => {
    fc.assert(
      fc.property(fc.int16Array(), (samples) => {
        const wav = telephoneWav(samples);
        const header = wavHeader(wav) as WavHeader;
        expect(isTelephoneFormat(header)).toBe(true);
        expect(header.dataOffset + header.dataBytes).toBe(wav.length);
        expect(samplesOf(wav)).toEqual(samples);
        expect(telephoneDurationMs(header)).toBeCloseTo(samples.length / 8);
      }),
    );
  });

  it('passes over chunks before the sound, also of odd length', () => {
    const extra = [
      ['LIST', 'made by x'],
      ['fact', '1234'],
    ] as const;
    const header = wavHeader(wavOf(sine(440, 8000, 10), { rateHz: 8000, extra })) as WavHeader;
    expect(header).toMatchObject({ sampleRateHz: 8000, channels: 1, dataBytes: 20 });
    expect(header.dataOffset).toBe(12 + 24 + 18 + 12 + 8);
  });

  it('knows what is no WAV file', () => {
    const good = telephoneWav(sine(440, 8000, 10));
    expect(wavHeader(new Uint8Array())).toBeUndefined();
    expect(wavHeader(Buffer.from('{"error": "quota exceeded for this voice"}'))).toBeUndefined();
    expect(wavHeader(good.subarray(0, 30))).toBeUndefined();
  });

  it('never fails on bytes of any kind', () => {
    const start = Buffer.from('RIFF\0\0\0\0WAVE');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        wavHeader(bytes);
        wavHeader(Buffer.concat([start, bytes]));
      }),
    );
  });

  it.each([
    { rateHz: 16_000 },
    { rateHz: 8000, channels: 2 },
    { rateHz: 8000, bits: 8 },
    { rateHz: 8000, kind: 7 },
  ])('tells %o from what a telephone plays', (shape) => {
    const header = wavHeader(wavOf(sine(440, 8000, 10), shape)) as WavHeader;
    expect(isTelephoneFormat(header)).toBe(false);
  });
});

describe('TelephoneSounds', () => {
  const sounds = new TelephoneSounds();

  function soundFrom(bytes: Uint8Array, piped = false): Int16Array {
    const sound = sounds.from(bytes, piped);
    if (sound.type !== 'sound') {
      throw new Error(sound.type);
    }
    expect(isTelephoneFormat(wavHeader(sound.wav) as WavHeader)).toBe(true);
    return samplesOf(sound.wav);
  }

  it('makes 8 kHz of 16 kHz, with ends that do not click', () => {
    const cosine = Int16Array.from({ length: 16_000 }, (_, index) =>
      Math.round(20_000 * Math.cos((2 * Math.PI * 500 * index) / 16_000)),
    );
    const samples = soundFrom(wavOf(cosine, { rateHz: 16_000 }));
    expect(samples.length).toBe(8000);
    expect(Math.abs(samples[0] as number)).toBeLessThan(100);
    expect(Math.abs(samples.at(-1) as number)).toBeLessThan(100);
    expect(peak(samples.subarray(100, 200))).toBeGreaterThan(19_800);
    expect(peak(samples.subarray(-200, -100))).toBeGreaterThan(19_800);
  });

  it('mixes two channels', () => {
    const left = sine(500, 8000, 4000, 20_000);
    const stereo = Int16Array.from({ length: 8000 }, (_, index) =>
      index % 2 === 0 ? (left[index / 2] as number) : 0,
    );
    const samples = soundFrom(wavOf(stereo, { rateHz: 8000, channels: 2 }));
    expect(samples.length).toBe(4000);
    expect(peak(samples)).toBe(10_000);
  });

  it('reads to the end where a pipe kept the header from knowing the length', () => {
    const bytes = wavOf(sine(500, 8000, 4000), { rateHz: 8000, claimedBytes: 0x7ffff000 });
    expect(soundFrom(bytes, true).length).toBe(4000);
    expect(sounds.from(bytes, false)).toMatchObject({ type: 'unreadable' });
  });

  it('refuses a file that was cut off, and says what lacks', () => {
    const bytes = wavOf(sine(500, 8000, 4000), { rateHz: 8000 });
    expect(sounds.from(bytes.subarray(0, -6), false)).toEqual({
      type: 'unreadable',
      found: 'a WAV file that lacks its last 6 bytes',
    });
  });

  it.each([
    [Buffer.alloc(0), 'nothing'],
    [Buffer.from('no such voice'), '13 bytes that are no WAV file'],
    [wavOf(sine(500, 8000, 100), { rateHz: 8000, bits: 8 }), 'a WAV file of 8 bit'],
    [wavOf(sine(500, 8000, 100), { rateHz: 8000, kind: 7 }), 'a WAV file of 16 bit'],
    // A filter from these would take a minute to make, or all the memory there is.
    [wavOf(sine(500, 8000, 100), { rateHz: 191_999 }), '1 channels, 191999 Hz'],
    [wavOf(sine(500, 8000, 100), { rateHz: 4_294_967_275 }), '1 channels, 4294967275 Hz'],
  ])('says what it found in %o', (bytes, found) => {
    expect(sounds.from(bytes, true)).toMatchObject({
      type: 'unreadable',
      found: expect.stringContaining(found) as string,
    });
  });

  it('tells silence from speech', () => {
    const hum = wavOf(sine(50, 8000, 4000, 90), { rateHz: 8000 });
    expect(sounds.from(hum, false)).toEqual({ type: 'silent' });
    expect(sounds.from(wavOf(new Int16Array(), { rateHz: 16_000 }), false)).toEqual({
      type: 'silent',
    });
  });
});
