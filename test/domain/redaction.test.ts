import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redacted } from '../../src/domain/redaction.ts';

const SECRET = 'test-key-1-wonderland';

describe('secrets', () => {
  it.each([
    ['as sent', `no account for ${SECRET}`],
    ['in quotes', `{"key":"${SECRET}"}`],
    ['cut off', `no account for ${SECRET.slice(0, 12)}`],
    ['masked by the vendor', `no account for ${SECRET.slice(0, 4)}*****${SECRET.slice(-4)}`],
    ['in base64', `Authorization: Basic ${btoa(SECRET)}`],
    ['in a URL', `see https://api.example.com/v1?key=${SECRET}&x=1`],
    ['in a path', `POST https://api.example.com/bot12:${SECRET}/send`],
    ['with a credential', `https://me:${SECRET}@api.example.com/`],
    ['several times', `${SECRET} ${SECRET}${SECRET}`],
  ])('%s are taken out', (_how, text) => {
    const shown = redacted(text, [SECRET]);
    expect(shown).not.toMatch(/wonder|land|test-key/);
    expect(shown).not.toContain(btoa(SECRET).slice(0, 10));
  });

  it('are found percent-encoded', () => {
    expect(redacted('q=a%2Fb%20c%2Bd%2Fe', ['a/b c+d/e'])).toBe('q=***');
  });

  it('unknown to us go by what stands beside them', () => {
    expect(redacted('Bearer abc123def456 was refused', [])).toBe('Bearer *** was refused');
    expect(redacted('api_key=abc123 was refused', [])).toBe('api_key=*** was refused');
    expect(redacted('key abcd...wxyz is wrong', [])).toBe('key *** is wrong');
  });

  it('that are words of every text are no secrets', () => {
    expect(redacted('the key is wrong', ['', 'key'])).toBe('the key is wrong');
  });

  it('never survive, wherever they stand', () => {
    const word = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(word, fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(secret.trim() === secret && !/\s{2}|\*/.test(secret));
        expect(redacted(before + secret + after, [secret])).not.toContain(secret);
      }),
    );
  });
});

describe('telephone numbers', () => {
  it.each([
    '+14155550134',
    '+1 415 555 0134',
    '+1 (415) 555-0134',
    '(415) 555-0134',
    '415.555.0134',
    '14155550134',
    '%2B14155550134',
    '+442079460123',
    '020 7946 0123 0',
  ])('%s is hidden', (number) => {
    expect(redacted(`The number ${number} is not valid`, [])).toBe('The number *** is not valid');
  });

  it.each([
    'try again at 2026-03-02 09:01:00',
    'code 21211, 1048576 tokens at most, 4096 asked',
    'request req_011CSHoEeqs5C35K2UUqR7Fy',
  ])('"%s" has none', (text) => {
    expect(redacted(text, [])).toBe(text);
  });
});

describe('what is shown', () => {
  it('keeps links to the help of a vendor', () => {
    const text = 'see https://platform.example.com/account/billing for details.';
    expect(redacted(text, [])).toBe(text);
    expect(redacted('see https://example.com/a?token=abc#top', [])).toBe(
      'see https://example.com/a',
    );
    expect(redacted('GET /v1/calls?To=abc&From=def failed', [])).toBe('GET /v1/calls?*** failed');
  });

  it('is one line without what moves a terminal', () => {
    expect(redacted('a\r\n\tb\u001b[31m c\u202e d\u0000', [])).toBe('a b [31m c d');
  });

  it('is cut after the secrets are out, and not in the middle of one', () => {
    const text = `${'x'.repeat(290)} ${SECRET}`;
    expect(redacted(text, [SECRET])).toBe(`${'x'.repeat(290)} ***`);
    expect(redacted('word '.repeat(2_000), [])).toHaveLength(300);
    expect(redacted('abcdef', [], 4)).toBe('abc…');
  });

  it('takes no time to speak of, whatever it is sent', () => {
    const nasty = ['1 '.repeat(9_999), '+'.repeat(9_999), 'a*'.repeat(9_999), '(1'.repeat(9_999)];
    for (const text of nasty) {
      expect(redacted(text, [SECRET, '1 1 1 1 1']).length).toBeLessThanOrEqual(300);
    }
  });
});
