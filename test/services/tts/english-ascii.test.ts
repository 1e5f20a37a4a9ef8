import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { englishAscii } from '../../../src/services/tts/english-ascii.ts';

describe('englishAscii', () => {
  it.each([
    ['plain text, 10:30.', 'plain text, 10:30.'],
    ['It’s “quoted”, isn‘t it', 'It\'s "quoted", isn\'t it'],
    ['Zoë Müller, café, naïve, Łódź', 'Zoe Muller, cafe, naive, Lodz'],
    ['Straße, Ærø, Þór, Søren', 'Strasse, AEro, Thor, Soren'],
    ['Tuesday — half past ten', 'Tuesday, half past ten'],
    ['open 10–15', 'open 10-15'],
    ['wait… please', 'wait... please'],
    ['£20 or €15.50', '20 pounds or 15.50 euros'],
    ['in €', 'in  euros'],
    ['20 °C', '20  degrees C'],
    ['thank you 🎉', 'thank you'],
    ['no\u00a0break, soft\u00adhyphen, zero\u200bwidth', 'no break, softhyphen, zerowidth'],
    ['ﬁne １２３', 'fine 123'],
    ['bell\u0007 and tab\tand\r\nline', 'bell  and tab and \nline'],
  ])('%o becomes %o', (text, plain) => {
    expect(englishAscii(text)).toEqual({ type: 'text', text: plain });
  });

  it.each([
    ['Hello Дмитрий, it is time', 'Дмитрий'],
    ['こんにちは', 'こんにちは'],
    ['room ٤٢', '٤٢'],
  ])('does not leave names out: %o', (text, letters) => {
    expect(englishAscii(text)).toEqual({ type: 'foreign', letters });
  });

  it('answers printable ASCII or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = englishAscii(text);
        if (plain.type === 'text') {
          expect(plain.text).toMatch(/^[\n -~]*$/);
        } else {
          expect(plain.letters).not.toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('changes nothing in a text of printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(englishAscii(text)).toEqual({ type: 'text', text: text.trim() });
      }),
    );
  });
});
