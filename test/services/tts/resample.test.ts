import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resampler } from '../../../src/services/tts/resample.ts';
import { peak, rms, sine } from '../support.ts';

/** Loudness of a tone after conversion against before, without the filter's run-in. */
function gainDb(hz: number, fromHz: number, toHz: number): number {
  const before = sine(hz, fromHz, fromHz);
  const after = resampler(fromHz, toHz).resample(before);
  const middle = after.subarray(toHz / 4, (toHz * 3) / 4);
  return 20 * Math.log10(Math.max(rms(middle), 0.01) / rms(before));
}

describe.each([16_000, 22_050, 24_000, 44_100])('from %i Hz to 8,000 Hz', (fromHz) => {
  it.each([100, 1000, 2500, 3400])('keeps a tone of %i Hz', (hz) => {
    expect(Math.abs(gainDb(hz, fromHz, 8000))).toBeLessThan(0.1);
  });

  it.each([4100, 6000, 7900])('takes out a tone of %i Hz, which would fold back', (hz) => {
    expect(gainDb(hz, fromHz, 8000)).toBeLessThan(-65);
  });

  it('keeps the pitch: as many waves per second', () => {
    const after = resampler(fromHz, 8000).resample(sine(1000, fromHz, fromHz));
    let rises = 0;
    for (let index = 1; index < after.length; index += 1) {
      rises += Number((after[index - 1] as number) < 0 && (after[index] as number) >= 0);
    }
    expect(Math.abs(rises - 1000)).toBeLessThanOrEqual(2);
  });
});

describe('resampler', () => {
  it('keeps a peak', () => {
    const after = resampler(16_000, 8000).resample(sine(440, 16_000, 16_000, 30_000));
    expect(peak(after.subarray(500, 7500))).toBeGreaterThan(29_700);
    expect(peak(after)).toBeLessThan(30_600);
  });

  it('stops at the ends of the scale where a loud edge would overshoot', () => {
    const square = Int16Array.from({ length: 4000 }, (_, index) =>
      Math.floor(index / 40) % 2 === 0 ? 32_767 : -32_768,
    );
    const after = resampler(16_000, 8000).resample(square);
    let jumps = 0;
    for (let index = 1; index < after.length; index += 1) {
      jumps += Number(Math.abs((after[index] as number) - (after[index - 1] as number)) > 60_000);
    }
    // A sum that ran over would jump from one end of the scale to the other.
    expect(jumps).toBe(0);
    expect(peak(after)).toBe(32_768);
  });

  it('leaves samples at the right rate as they are', () => {
    const before = sine(6000, 8000, 100);
    expect(resampler(8000, 8000).resample(before)).toEqual(before);
  });

  it('also goes up: 6,000 Hz to 8,000 Hz', () => {
    expect(Math.abs(gainDb(1000, 6000, 8000))).toBeLessThan(0.1);
  });

  it('gives as much time as it was given', () => {
    const rates = fc.constantFrom(6000, 8000, 11_025, 16_000, 22_050, 24_000, 48_000);
    const filters = new Map<number, ReturnType<typeof resampler>>();
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 500 }), (fromHz, length) => {
        const filter = filters.get(fromHz) ?? resampler(fromHz, 8000);
        filters.set(fromHz, filter);
        const after = filter.resample(new Int16Array(length).fill(5000));
        expect(after.length).toBe(Math.ceil((length * 8000) / fromHz));
      }),
    );
  });
});
