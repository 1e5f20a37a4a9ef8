/**
 * The Asterisk Manager Interface on the wire: lines of `Key: Value`, and an empty line after each
 * packet.
 */
import { StringDecoder } from 'node:string_decoder';
import { ServiceFailure } from '../../../domain/failure.ts';

export const AMI_NAME = 'asterisk-ami';

/** Keys in lower case. Of a key that comes several times, the first value. */
export type AmiPacket = ReadonlyMap<string, string>;

/** More than Asterisk ever sends: beyond it, whoever is there speaks something else. */
const PACKET_CHARACTERS_MAX = 262_144;

/** What is there does not speak AMI. */
export class AmiSyntaxError extends Error {
  override readonly name = 'AmiSyntaxError';
}

/** Takes bytes as they come, split anywhere, and gives whole packets. */
export class AmiReader {
  readonly #decoder = new StringDecoder('utf8');
  /** The greeting that comes before the first packet; undefined as long as it has not. */
  banner: string | undefined;
  #text = '';
  #fields = new Map<string, string>();
  /** Of the packet that is being read. */
  #characters = 0;

  /** Throws `AmiSyntaxError`; nothing can be read any more then. */
  read(bytes: Uint8Array): AmiPacket[] {
    const packets: AmiPacket[] = [];
    // What is left of before has no end of line.
    let from = this.#text.length;
    this.#text += this.#decoder.write(bytes);
    let begin = 0;
    for (;;) {
      const end = this.#text.indexOf('\n', from);
      if (end < 0) break;
      const packet = this.#line(this.#text.slice(begin, end).replace(/\r$/, ''));
      if (packet !== undefined) packets.push(packet);
      begin = end + 1;
      from = begin;
    }
    this.#text = this.#text.slice(begin);
    if (this.#text.length + this.#characters > PACKET_CHARACTERS_MAX) throw tooLong();
    return packets;
  }

  #line(line: string): AmiPacket | undefined {
    if (this.banner === undefined) {
      if (!line.startsWith('Asterisk Call Manager')) {
        throw new AmiSyntaxError(`it greets with "${line.slice(0, 60)}", which is not AMI`);
      }
      this.banner = line;
      return undefined;
    }
    if (line === '') return this.#packet();
    this.#characters += line.length;
    if (this.#characters > PACKET_CHARACTERS_MAX) throw tooLong();
    const colon = line.indexOf(':');
    // Free text in an answer is none of our business.
    if (colon <= 0) return undefined;
    const key = line.slice(0, colon).trim().toLowerCase();
    if (!this.#fields.has(key)) this.#fields.set(key, line.slice(colon + 1).trim());
    return undefined;
  }

  #packet(): AmiPacket | undefined {
    this.#characters = 0;
    if (this.#fields.size === 0) return undefined;
    const packet = this.#fields;
    this.#fields = new Map();
    return packet;
  }
}

function tooLong(): AmiSyntaxError {
  return new AmiSyntaxError(`it sends a packet of more than ${PACKET_CHARACTERS_MAX} characters`);
}

/** An action as it is sent. Some keys, such as `Variable`, may come several times. */
export type AmiFields = readonly (readonly [key: string, value: string])[];

/** Whether a value can be sent: a line break would begin a field of its own, or an action. */
export function isOneLine(value: string): boolean {
  return !/[\r\n\0]/.test(value);
}

/** Throws RangeError for a value that is not one line: nobody else's words become an action. */
export function amiText(fields: AmiFields): string {
  const lines = fields.map(([key, value]) => {
    if (!isOneLine(value)) throw new RangeError(`${key} is not one line`);
    return `${key}: ${value}\r\n`;
  });
  return `${lines.join('')}\r\n`;
}

/** Asterisk answered that it does not do it: our rights, or a setting. */
export function amiRefusal(message: string): ServiceFailure {
  const isDenied = /permission denied|forbidden/i.test(message);
  const hint = isDenied
    ? ': the user needs write = call,originate in manager.conf'
    : `: check providers.${AMI_NAME}.context, extension and endpoint`;
  return new ServiceFailure(`${AMI_NAME}: Asterisk refuses: ${message}${hint}`, {
    kind: 'permanent',
    scope: 'service',
    code: isDenied ? 'permission_denied' : 'refused',
  });
}
