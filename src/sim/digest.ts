/** A fingerprint of 64 bits of everything it is told, in order: sixteen hexadecimal digits. */
export class LogDigest {
  #low = 0x811c_9dc5 | 0;
  #high = 0x9e37_79b9 | 0;

  add(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      this.#low = Math.imul(this.#low ^ code, 0x0100_0193);
      this.#high = Math.imul(this.#high ^ (code + index), 0x85eb_ca6b) ^ (this.#high >>> 15);
    }
  }

  get hex(): string {
    return hexOf(this.#high) + hexOf(this.#low);
  }
}

function hexOf(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}
