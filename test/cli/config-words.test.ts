import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, parseDuration, parseDurations, parseSize } from '../../src/cli/durations.ts';
import { editDistance, nearest } from '../../src/cli/suggest.ts';
import { counted, listed, spanText } from '../../src/domain/text.ts';

describe('durations and sizes', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['0s', 0],
  ])('%s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each(['', '5', 's', '5 s', '-5s', '5S', '5sec', '1e3s', '.5s', '5d', ' 5s'])(
    'no duration: %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each([
    ['5s', 5000],
    ['1h30m', 5_400_000],
    ['1m30s', 90_000],
    ['1h500ms', 3_600_500],
    ['5ms', 5],
    ['1.5h1m', 5_460_000],
    ['', undefined],
    ['30m1h', undefined],
    ['1h1h', undefined],
    ['1.2.3h', undefined],
    ['1h ', undefined],
    ['1h30', undefined],
    ['h', undefined],
  ])('added up: %j', (text, expected) => {
    expect(parseDurations(text)).toBe(expected);
  });

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 9 }), (spanMs) => {
        expect(parseDuration(durationText(spanMs))).toBe(spanMs);
      }),
    );
    expect(durationText(90_000)).toBe('90s');
    expect(durationText(1_800_000)).toBe('30m');
  });

  it.each([
    ['64KB', 64_000],
    ['50MB', 50_000_000],
    ['1.5GB', 1_500_000_000],
    ['50', undefined],
    ['50mb', undefined],
    ['50 MB', undefined],
  ])('size %s', (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });
});

describe('suggestions', () => {
  it('count the slips between two words', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('retires', 'retries')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(editDistance(one, other)).toBe(editDistance(other, one));
        expect(editDistance(one, other) === 0).toBe(one === other);
        expect(editDistance(one, other)).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });

  it('take the nearest, whatever its case and hyphens, and nothing far away', () => {
    const keys = ['max_retries', 'max_delay', 'jitter'];
    expect(nearest('maxRetries', keys)).toBe('max_retries');
    expect(nearest('MAX-DELAY', keys)).toBe('max_delay');
    expect(nearest('jiter', keys)).toBe('jitter');
    expect(nearest('colour', keys)).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });
});

describe('pieces of English', () => {
  it.each([
    [0.4, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h'],
    [7_199_000, '2 h'],
    [7_500_000, '2 h 5 min'],
  ])('%s ms last %s', (spanMs, text) => {
    expect(spanText(spanMs)).toBe(text);
  });

  it('count and list', () => {
    expect(counted(1, 'contact')).toBe('1 contact');
    expect(counted(12_000, 'contact')).toBe('12,000 contacts');
    expect(counted(0, 'entry', 'entries')).toBe('0 entries');
    expect(listed([])).toBe('');
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'], 'or')).toBe('a, b or c');
  });
});
