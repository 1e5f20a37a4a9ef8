import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  AmiReader,
  AmiSyntaxError,
  amiText,
} from '../../../../src/services/dialer/asterisk/ami-wire.ts';

const BANNER = 'Asterisk Call Manager/11.0.0\r\n';

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const value = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .map((text) => text.replace(/[\r\n\0]/g, '').trim());
const packet = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 8 });

test('packets come out as they went in, wherever the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 6 }), fc.array(fc.nat()), (packets, cuts) => {
      const bytes = Buffer.from(BANNER + packets.map(amiText).join(''), 'utf8');
      const reader = new AmiReader();
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
      let from = 0;
      const read = ends
        .toSorted((one, other) => one - other)
        .flatMap((end) => {
          const part = bytes.subarray(from, end);
          from = end;
          return reader.read(part);
        });
      const expected = packets.map((fields) => {
        const first = new Map<string, string>();
        for (const [name, text] of fields) {
          if (!first.has(name.toLowerCase())) first.set(name.toLowerCase(), text);
        }
        return first;
      });
      expect(read).toEqual(expected);
      expect(reader.banner).toBe(BANNER.trim());
    }),
  );
});

test('whoever does not greet as Asterisk does is something else', () => {
  const read = (): unknown => new AmiReader().read(Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'));
  expect(read).toThrow(AmiSyntaxError);
});

test.each([
  ['one line without an end', 'x'.repeat(300_000)],
  ['a packet without an end', 'Key: value\r\n'.repeat(30_000)],
])('%s does not fill the memory', (_what, text) => {
  const reader = new AmiReader();
  reader.read(Buffer.from(BANNER));
  expect(() => reader.read(Buffer.from(text))).toThrow(AmiSyntaxError);
});

test.each(['a\r\nAction: Command', 'a\nb', 'a\0b'])('no value begins a field: %j', (text) => {
  expect(() => amiText([['CallerID', text]])).toThrow(RangeError);
});
