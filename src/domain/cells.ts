/**
 * Cells of CSV files and sheets that people open in a spreadsheet.
 */

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, which
 * spreadsheets read as "this is text" (OWASP, CSV injection). Telephone numbers in E.164 begin
 * with a plus sign and hold only digits; they are left alone, and so are masked ones.
 */
export function plainCell(text: string): string {
  if (/^\+\d+$|^\+\d{1,4}( \d{3})? \*{3} \*{2}\d{2}$/.test(text)) {
    return text;
  }
  return /^\s*[=+\-@]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}

/** A line of a CSV file (RFC 4180), ended by a line feed. Line breaks in cells become blanks. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(text: string): string {
  const plain = plainCell(text).replace(/\r\n|[\r\n]/g, ' ');
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
