import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskContactId, maskNumbers, maskPhone } from '../../src/domain/privacy.ts';

describe('a number', () => {
  it.each([
    ['+14155550134', '+1 415 *** **34'],
    ['+442079460018', '+4420 *** **18'],
  ])('%s is shown as %s', (phone, shown) => {
    expect(maskPhone(phone)).toBe(shown);
    expect(maskContactId(phone)).toBe(shown);
    expect(maskNumbers(`a ${phone}, b`)).toBe(`a ${shown}, b`);
  });

  it('never shows more than six of its digits', () => {
    const phone = fc.stringMatching(/^\+[1-9]\d{7,14}$/);
    fc.assert(
      fc.property(phone, (number) => {
        for (const shown of [maskPhone(number), maskContactId(number), maskNumbers(number)]) {
          expect(shown.replace(/\D/g, '').length).toBeLessThanOrEqual(6);
          expect(shown).not.toContain(number.slice(1));
        }
      }),
    );
  });
});

describe('an id', () => {
  it.each(['c-017', '17', '+1', 'a+14155550134', '+14155550134x', '4155550134'])(
    '%s that is no number stays as it is',
    (id) => {
      expect(maskContactId(id)).toBe(id);
    },
  );
});

describe('a text', () => {
  it.each([
    ['no answer', 'no answer'],
    ['/out/+14155550134.wav: no space', '/out/+1 415 *** **34.wav: no space'],
    ['/Calls?To=%2B14155550134&x', '/Calls?To=+1 415 *** **34&x'],
    ['/Calls?To=%2b14155550134', '/Calls?To=+1 415 *** **34'],
    ['+14155550134+14155550135', '+1 415 *** **34+1 415 *** **35'],
    ['2026-03-02T09:00:00+0100', '2026-03-02T09:00:00+0100'],
    ['took +120 ms', 'took +120 ms'],
    ['+1415555010012345', '+1415555010012345'],
  ])('%s', (text, shown) => {
    expect(maskNumbers(text)).toBe(shown);
    expect(maskNumbers(shown)).toBe(shown);
  });
});
