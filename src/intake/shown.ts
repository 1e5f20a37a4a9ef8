/**
 * Pieces of a list in messages, logs and files.
 */

const CELL_CHARACTERS_SHOWN_MAX = 40;
/** A telephone number without its area has five digits at the least. */
const DIGITS_SHOWN_MAX = 4;

/** The first characters of a text, never half of one. */
export function startOf(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).replace(/[\uD800-\uDBFF]$/, '');
}

/** A cell quoted in a message: short, and with its digits hidden where they could be a number. */
export function shownCell(cell: string): string {
  const digits = cell.replaceAll(/\D/g, '').length;
  const plain = digits > DIGITS_SHOWN_MAX ? cell.replaceAll(/\d/g, '*') : cell;
  const line = plain.replaceAll(/[\s\p{Cc}]+/gu, ' ');
  const cut = line.length > CELL_CHARACTERS_SHOWN_MAX ? '…' : '';
  return `"${startOf(line, CELL_CHARACTERS_SHOWN_MAX)}${cut}"`;
}
