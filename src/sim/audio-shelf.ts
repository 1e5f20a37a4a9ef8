import type { AudioFile } from '../engine/ports.ts';

/** Hexadecimal digits of a hash that make a whole number without loss: 52 bits of it. */
const DIGITS = 13;

/** The audio on a disk that a kill does not take away. */
export class AudioShelf {
  /** With who spoke, the language and the words, a line each. */
  readonly #words = new Map<string, string>();
  /** Of a long list they are the most that is left, so each takes as little as can be. */
  readonly #hashes = new Set<number>();
  readonly #keepsWords: boolean;

  /** @param keepsWords whether somebody asks what was said; else it is only known that it was */
  constructor(keepsWords: boolean) {
    this.#keepsWords = keepsWords;
  }

  find(hash: string): AudioFile | undefined {
    const isKept = this.#keepsWords ? this.#words.has(hash) : this.#hashes.has(numberOf(hash));
    return isKept ? fileOf(hash) : undefined;
  }

  keep(hash: string, wav: Uint8Array): AudioFile {
    if (this.#keepsWords) this.#words.set(hash, new TextDecoder().decode(wav));
    else this.#hashes.add(numberOf(hash));
    return fileOf(hash);
  }

  words(hash: string): string | undefined {
    return this.#words.get(hash);
  }

  clear(): void {
    this.#words.clear();
    this.#hashes.clear();
  }
}

function fileOf(hash: string): AudioFile {
  return { hash, path: `${hash}.wav`, durationMs: 0 };
}

function numberOf(hash: string): number {
  return Number.parseInt(hash.slice(0, DIGITS), 16);
}
