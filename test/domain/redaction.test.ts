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

  it('are found in small letters and in capitals', () => {
    const email = 'Dana.Sample@Example.com';
    expect(redacted('no dana.sample@example.com here', [email])).toBe('no *** here');
    expect(redacted('no DANA.SAMPLE%40EXAMPLE.COM', [email])).toBe('no ***');
    expect(redacted('no dana.sample@exa', [email])).toBe('no ***');
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
    '1.4155550134',
    '%2B14155550134',
    '%252B14155550134',
    '%2B1%20415%20555%200134',
    '%2B1+415+555+0134',
    '%28415%29%20555%2D0134',
    '+442079460123',
    '020 7946 0123 0',
    '+1\u00a0415\u00a0555\u00a00134',
    '+1\u202f415\u202f555\u202f0134',
    '415–555–0134',
    '415—555—0134',
    '415‑555‑0134',
    '415/555/0134',
    '415/5550134',
    '41 55 55 01 34',
    '41.55.55.01.34',
    '415  555  0134',
    '+1  (415)  555 - 0134',
    '415_555_0134',
    '(0)20 7946 0123',
    '+44 (0)20 7946 0123',
    '0044 20 7946 0123',
    '7946 0123',
    '55 50 12 34',
    '079460123',
    '044 668 18 00',
    '555-0134',
    '+1\\u00a0415\\u00a0555\\u00a00134',
    '+1&nbsp;415&nbsp;555&nbsp;0134',
    '&#43;1&#32;415&#32;555&#32;0134',
    '&#x2B;1&#xA0;415&#xA0;555&#xA0;0134',
    '＋1 415 555 0134',
    '١٤١٥٥٥٥٠١٣٤',
  ])('%s is hidden', (number) => {
    expect(redacted(`The number ${number} is not valid`, [])).toBe('The number *** is not valid');
    expect(redacted(`Not valid: ${number}`, [])).toBe('Not valid: ***');
  });

  it.each([
    ['To=4155550134', 'To=***'],
    ['phone_4155550134 is busy', 'phone_*** is busy'],
    ['tel4155550134', 'tel***'],
    ['tel:+14155550134', 'tel:***'],
    ['{"to":"4155550134"}', '{"to":"***"}'],
    ["'phone': '79460123'", "'phone': '***'"],
    ['number 79460123', 'number ***'],
    ['calls/4155550134/end', 'calls/***/end'],
    ['from 4155550134 to 4155550135', 'from *** to ***'],
    ['4155550134x12', '***x12'],
    ['on 2026-03-02 4155550134', 'on 2026-03-02 ***'],
  ])('whatever stands beside them: %s', (text, shown) => {
    expect(redacted(text, [])).toBe(shown);
  });

  it.each([
    'try again at 2026-03-02 09:01:00',
    'at 2026-03-02T09:01:00.123Z, 2026-03-02T09:01:00+01:00, 02/03/2026 or 2026/03/02 10:15',
    'reset at 1774600000, "created": 1774600000123',
    'code 21211, 1048576 tokens at most, 4096 asked',
    'request req_011CSHoEeqs5C35K2UUqR7Fy',
    'answered 429, then 503: try again in 12.5 s, or 30000 ms, or 5 min',
    'call CA1234567890abcdef1234567890abcdef',
    'chatcmpl-9876543210abcdef',
    'id 550e8400-e29b-41d4-a716-446655440000',
    'version 24.21.0 of 1.2.3-beta.4, models gemini-2.5-flash-001 and claude-3-5-haiku-20241022',
    'prices $12.50, $1,234,567.89, 1.048.576 and 0.1234567890123 USD',
    'balance 0.30000000000000004',
    '10 485 760 bytes, 64000000 of them, 10485760ms',
    '192.168.100.200:8080 and 127.0.0.1',
    'quota of 6,270 characters, 10,485,760 in all',
    'account 12345678, trace 1234567890123456789',
  ])('"%s" has none', (text) => {
    expect(redacted(text, [])).toBe(text);
  });

  const DIGITS = fc.integer({ min: 100, max: 199 }).map((last) => `5550${last}`);
  const AREA = fc.constantFrom('212', '415', '646', '907');
  const gaps = ['', ' ', '  ', '-', '.', '/', '\u00a0', '\u202f', '–', '—', ' - ', '%20', '_', '‑'];
  const GAP = fc.constantFrom(...gaps);
  const GROUPS = fc.constantFrom([3, 3, 4], [10], [3, 7], [2, 2, 2, 2, 2], [4, 3, 3], [5, 5]);

  /** A number of nobody's in any spelling, and its figures. */
  const spelling = fc
    .record({
      area: AREA,
      local: DIGITS,
      country: fc.constantFrom('', '+1', '1', '001', '%2B1'),
      groups: GROUPS,
      gap: GAP,
      parentheses: fc.boolean(),
    })
    .map(({ area, local, country, groups, gap, parentheses }) => {
      const digits = area + local;
      let from = 0;
      const parts = groups.map((length) => digits.slice(from, (from += length)));
      const first = parentheses && groups[0] === 3 ? `(${parts[0] ?? ''})` : parts[0];
      const national = [first, ...parts.slice(1)].join(gap);
      return { digits, written: country === '' ? national : country + gap + national };
    });
  const BEFORE = fc.constantFrom('', ' ', '=', '_', 'tel', 'To=', '"', ': ', 'number ', '/');
  const AFTER = fc.constantFrom('', ' ', '"', ', sorry', '. It is', ')', '/end', '&x=1');

  const figuresOf = (text: string): string => text.replace(/%(?:20|2B)/g, '').replace(/\D/g, '');

  it('so short that they would have no country leave the rest as it is', () => {
    expect(redacted('no way to 290 5550 today', ['+2905550'])).toBe('no way to *** today');
  });

  it('are hidden in any spelling, whatever stands beside them', () => {
    fc.assert(
      fc.property(spelling, BEFORE, AFTER, ({ written }, before, after) => {
        const shown = redacted(`refused${before}${written}${after}`, []);
        expect(figuresOf(shown.replace('x=1', ''))).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('that are known are hidden among other figures and letters too', () => {
    const anywhere = fc.constantFrom('', 'a1', 'req7-', '12 ', '99', 'x9x', '2026-03-02 ');
    fc.assert(
      fc.property(spelling, anywhere, anywhere, ({ digits, written }, before, after) => {
        const shown = redacted(`${before}${written}${after}`, [`+1${digits}`]);
        expect(figuresOf(shown)).not.toContain(digits.slice(3));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['+4570123456', '70 12 34 56'],
    ['+4570123456', 'x70123456y'],
    ['+4570123456', '0045 7012 3456'],
    ['+441632960123', '(01632) 960 123'],
    ['+441632960123', '+44 (0) 1632 960123'],
    ['+35315550123', '01 555 0123'],
    ['+14155550134', '5550134'],
    ['+2905550', '290 5550'],
    ['+14155550134', '1048576-4155550134'],
    ['+14155550134', '415,555,0134'],
  ])('%s as %s, once it is known', (phone, written) => {
    const shown = redacted(`refused ${written} today`, [phone]);
    expect(figuresOf(shown)).not.toContain(phone.slice(-6));
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
    nasty.push(
      '%20'.repeat(3_333),
      '1%20'.repeat(2_499),
      '$1,111'.repeat(1_666),
      '2026-'.repeat(1_999),
    );
    for (const text of nasty) {
      expect(redacted(text, [SECRET, '1 1 1 1 1', '+111111111111']).length).toBeLessThanOrEqual(
        300,
      );
    }
    // Some milliseconds each would keep this test, and a run, for minutes.
    for (let count = 0; count < 2_000; count += 1) redacted('a'.repeat(5_000), [SECRET]);
  });
});
