import { describe, expect, it } from 'vitest';
import { ListError } from '../../src/intake/list-error.ts';
import { listText } from '../../src/intake/text.ts';
import { errorOf, listOf } from './support.ts';

const TEXT = 'name,phone\r\nZoë 🦷 名前,+14155550134\r\n';

function utf16(text: string, order: 'LE' | 'BE', mark = true): Buffer {
  const bytes = Buffer.from(mark ? `\uFEFF${text}` : text, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
}

async function textOf(bytes: Uint8Array, sizes?: readonly number[]): Promise<string> {
  let text = '';
  for await (const piece of listText(listOf(bytes, sizes).open(), 'contacts.csv')) {
    text += piece;
  }
  return text;
}

async function refusal(bytes: Uint8Array, sizes?: readonly number[]): Promise<ListError> {
  const error = await errorOf(textOf(bytes, sizes));
  expect(error).toBeInstanceOf(ListError);
  expect(error).toMatchObject({ code: 'not_text' });
  return error as ListError;
}

describe('listText', () => {
  const encodings: Readonly<Record<string, Buffer>> = {
    'UTF-8': Buffer.from(TEXT),
    'UTF-8 with a mark': Buffer.from(`\uFEFF${TEXT}`),
    'UTF-16LE': utf16(TEXT, 'LE'),
    'UTF-16BE': utf16(TEXT, 'BE'),
  };
  for (const [name, bytes] of Object.entries(encodings)) {
    it.each([[1], [2], [3], [5], [7], [1000]])(`reads ${name} in pieces of %i`, async (size) => {
      expect(await textOf(bytes, [size])).toBe(TEXT);
    });
  }

  it('keeps a byte order mark that is not the first character', async () => {
    expect(await textOf(Buffer.from('\uFEFFa\uFEFFb'))).toBe('a\uFEFFb');
  });

  it('reads an empty list and one shorter than any mark', async () => {
    expect(await textOf(Buffer.from(''))).toBe('');
    expect(await textOf(Buffer.from('ab'))).toBe('ab');
  });

  it.each([[1], [4], [1000]])(
    'names line and byte of what is not UTF-8, in pieces of %i',
    async (size) => {
      const bytes = Buffer.from('name,phone\r\nAnn,1\rZo\u00eb,2\n', 'latin1');
      const error = await refusal(bytes, [size]);
      expect(error.message).toBe(
        'contacts.csv is not text: line 3, byte 21 of the file: byte 0xEB, which is not UTF-8. ' +
          'Allowed: UTF-8, or UTF-16 with a byte order mark.',
      );
      expect(error.hint).toContain('CSV UTF-8');
    },
  );

  it('counts a line end that two pieces share once', async () => {
    const bytes = Buffer.concat([Buffer.from('abcd\r\nef\r\n'), Buffer.from([0xff])]);
    expect((await refusal(bytes, [5])).message).toContain('line 3, byte 11 of the file');
  });

  it('refuses a character that the end of the file cuts off', async () => {
    expect((await refusal(Buffer.from('phone\n\u00eb').subarray(0, 7))).message).toContain(
      'line 2, byte 7 of the file: the file ends in the middle of a character',
    );
    expect((await refusal(utf16('ab', 'LE').subarray(0, 5))).message).toContain('in the middle');
  });

  it('refuses UTF-16 without a byte order mark', async () => {
    for (const order of ['LE', 'BE'] as const) {
      const error = await refusal(utf16(TEXT, order, false));
      expect(error.message).toContain('looks like UTF-16 without a byte order mark');
    }
  });

  it('refuses half a character in UTF-16', async () => {
    const error = await refusal(Buffer.from('\uFEFFab\ncd\uDC00e', 'utf16le'), [3]);
    expect(error.message).toContain(
      'line 2, byte 13 of the file: half a character, which is not UTF-16LE',
    );
  });

  it('refuses a zero byte, with its line', async () => {
    expect((await refusal(Buffer.from('phone\n12\0\n'))).message).toContain(
      'line 2, byte 9 of the file: a zero byte, as in a binary file',
    );
    expect((await refusal(utf16('phone\n12\0\n', 'BE'))).message).toContain('a zero character');
  });

  it.each([
    ['an Excel workbook or another ZIP file', [0x50, 0x4b, 3, 4, 1]],
    ['an old Excel workbook', [0xd0, 0xcf, 0x11, 0xe0, 0xa1]],
    ['a PDF', [0x25, 0x50, 0x44, 0x46, 0x2d]],
    ['a gzip file', [0x1f, 0x8b, 8, 0]],
    ['UTF-32', [0xff, 0xfe, 0, 0, 0x70, 0, 0, 0]],
  ])('says that a file is %s', async (kind, bytes) => {
    expect((await refusal(Buffer.from(bytes), [1])).message).toContain(
      `it is ${kind}. Allowed: UTF-8`,
    );
  });
});
