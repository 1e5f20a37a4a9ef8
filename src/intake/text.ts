/**
 * Bytes to text: UTF-8 with or without byte order mark, UTF-16 with one. Anything else is refused
 * with the place where it stopped being text.
 */
import { isUtf8 } from 'node:buffer';
import { ListError } from './list-error.ts';

type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE';

/** The longest of the marks that say what a file is. */
const MARK_BYTES = 4;
const ALLOWED = 'Allowed: UTF-8, or UTF-16 with a byte order mark.';
const SAVE_AS = 'Save it as "CSV UTF-8" (Excel) or with character set UTF-8 (LibreOffice).';

/** Yields the text piece by piece, without the mark. Throws `ListError` of code `not_text`. */
export async function* listText(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string> {
  let decoder: Decoder | undefined;
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of bytes) {
    if (decoder !== undefined) {
      yield decoder.decode(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length >= MARK_BYTES) {
      decoder = decoderFor(head, name);
      yield decoder.decode(head.subarray(decoder.markBytes));
    }
  }
  if (decoder === undefined) {
    decoder = decoderFor(head, name);
    yield decoder.decode(head.subarray(decoder.markBytes));
  }
  decoder.end();
}

function decoderFor(head: Uint8Array, name: string): Decoder {
  const kind = knownBinary(head);
  if (kind !== undefined) {
    const message = `${name} is not text: it is ${kind}. ${ALLOWED}`;
    throw new ListError('not_text', message, SAVE_AS);
  }
  if (startsWith(head, [0xef, 0xbb, 0xbf])) {
    return new Decoder('UTF-8', 3, name);
  }
  if (startsWith(head, [0xff, 0xfe])) {
    return new Decoder('UTF-16LE', 2, name);
  }
  if (startsWith(head, [0xfe, 0xff])) {
    return new Decoder('UTF-16BE', 2, name);
  }
  if ((head[0] === 0) !== (head[1] === 0) && head.length > 1) {
    const message = `${name} looks like UTF-16 without a byte order mark. ${ALLOWED}`;
    throw new ListError('not_text', message, SAVE_AS);
  }
  return new Decoder('UTF-8', 0, name);
}

/** What people most often pass by mistake, by the first bytes of such files. */
function knownBinary(head: Uint8Array): string | undefined {
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return 'an Excel workbook or another ZIP file';
  if (startsWith(head, [0xd0, 0xcf, 0x11, 0xe0])) return 'an old Excel workbook';
  if (startsWith(head, [0x25, 0x50, 0x44, 0x46])) return 'a PDF';
  if (startsWith(head, [0x1f, 0x8b])) return 'a gzip file';
  if (startsWith(head, [0xff, 0xfe, 0, 0]) || startsWith(head, [0, 0, 0xfe, 0xff])) return 'UTF-32';
  return undefined;
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/** Decodes whole characters; what is cut off at a chunk's end waits for the next chunk. */
class Decoder {
  readonly markBytes: number;
  readonly #encoding: Encoding;
  readonly #name: string;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes of the file before those in hand. */
  #offset: number;
  readonly #lines = new LineCounter();

  constructor(encoding: Encoding, markBytes: number, name: string) {
    this.#encoding = encoding;
    this.markBytes = markBytes;
    this.#offset = markBytes;
    this.#name = name;
  }

  decode(chunk: Uint8Array): string {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole = bytes.subarray(0, wholeBytes(bytes, this.#encoding));
    this.#rest = bytes.subarray(whole.length);
    const text = this.#encoding === 'UTF-8' ? this.#fromUtf8(whole) : this.#fromUtf16(whole);
    this.#lines.count(text);
    this.#offset += whole.length;
    return text;
  }

  end(): void {
    if (this.#rest.length > 0) {
      this.#refuse('', 0, 'the file ends in the middle of a character');
    }
  }

  #fromUtf8(bytes: Uint8Array): string {
    const zero = bytes.indexOf(0);
    if (zero >= 0 && isUtf8(bytes.subarray(0, zero))) {
      const before = this.#utf8.decode(bytes.subarray(0, zero));
      this.#refuse(before, zero, 'a zero byte, as in a binary file');
    }
    try {
      return this.#utf8.decode(bytes);
    } catch {
      const bad = firstBadByte(bytes);
      const before = this.#utf8.decode(bytes.subarray(0, bad));
      const byte = (bytes[bad] ?? 0).toString(16).toUpperCase().padStart(2, '0');
      return this.#refuse(before, bad, `byte 0x${byte}, which is not UTF-8`);
    }
  }

  #fromUtf16(bytes: Uint8Array): string {
    const ordered =
      this.#encoding === 'UTF-16LE' ? Buffer.from(bytes) : Buffer.from(bytes).swap16();
    const text = ordered.toString('utf16le');
    const bad = text.isWellFormed() ? text.indexOf('\0') : text.search(/[\0\p{Surrogate}]/u);
    if (bad >= 0) {
      const what = text[bad] === '\0' ? 'a zero character' : `half a character`;
      this.#refuse(text.slice(0, bad), bad * 2, `${what}, which is not ${this.#encoding}`);
    }
    return text;
  }

  #refuse(before: string, index: number, what: string): never {
    this.#lines.count(before);
    const place = `line ${this.#lines.line}, byte ${this.#offset + index + 1} of the file`;
    const message = `${this.#name} is not text: ${place}: ${what}. ${ALLOWED}`;
    throw new ListError('not_text', message, SAVE_AS);
  }
}

/** How many of the bytes end with a whole character. Malformed ones count as whole. */
function wholeBytes(bytes: Uint8Array, encoding: Encoding): number {
  const length = bytes.length;
  if (encoding !== 'UTF-8') {
    const even = length - (length % 2);
    const high = bytes[encoding === 'UTF-16LE' ? even - 1 : even - 2];
    return high !== undefined && (high & 0xfc) === 0xd8 ? even - 2 : even;
  }
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? length - back : length;
  }
  return length;
}

/** Where the first character begins that is not UTF-8. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let failing = bytes.length;
  while (failing - good > 1) {
    const middle = (good + failing) >> 1;
    if (canBeginUtf8(bytes.subarray(0, middle))) good = middle;
    else failing = middle;
  }
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good -= 1;
  return good;
}

function canBeginUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

class LineCounter {
  line = 1;
  #afterReturn = false;

  /** A carriage return and line feed are one line end, also with a chunk's end between them. */
  count(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code === CARRIAGE_RETURN || (code === LINE_FEED && !this.#afterReturn)) {
        this.line += 1;
      }
      this.#afterReturn = code === CARRIAGE_RETURN;
    }
  }
}
