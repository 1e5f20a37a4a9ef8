/**
 * Text to records: where each row of the list begins and ends, with its line number. Memory stays
 * within the bounds below whatever the text holds.
 */

/** One row, as it stands in the list. */
export interface ListRecord {
  /** Without its line end. Of a faulty one only the first line, cut to `RAW_CHARACTERS_MAX`. */
  readonly text: string;
  /** Line of the list on which it begins, counted from 1. */
  readonly line: number;
  readonly fault?: RecordFault | undefined;
}

/**
 * `unclosed_quote`: a quote opened on this line is not closed where it should be. `bad_quote`: a
 * quotation mark inside a cell that is not quoted, or text after a closing one. `too_long`: beyond
 * the bounds below. A faulty record is its first line only; reading goes on at the next line.
 */
export type RecordFault = 'unclosed_quote' | 'bad_quote' | 'too_long';

export const CELL_CHARACTERS_MAX = 64 * 1024;
export const CELL_LINES_MAX = 20;
/** Room for four of the longest cells; real rows have a hundredth of it. */
export const RECORD_CHARACTERS_MAX = 256 * 1024;
/** What is kept of a refused row. */
export const RAW_CHARACTERS_MAX = 1024;

export const DELIMITERS = [',', ';', '\t'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

const QUOTE = 34;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
const TAB = 9;

/** How far a cell has come. `before`: nothing but blanks yet. `after`: behind its closing quote. */
type CellState = 'before' | 'plain' | 'quoted' | 'after';

/** The line breaks that one record spans, and where it ends; or what is wrong with it. */
type Scan = { readonly end: number; readonly breaks: number } | RecordFault | 'unfinished';

/**
 * Fed with text in pieces of any size; `take` answers the next record, or undefined where more text
 * is needed or, after `close`, none is left. Lines end with LF, CRLF or CR.
 */
export class RecordScanner {
  /** Until the header is read a cell may end at any delimiter. */
  delimiters: readonly Delimiter[] = DELIMITERS;
  #text = '';
  #at = 0;
  #line = 1;
  #closed = false;
  /** The rest of the current line is refused already. */
  #skipping = false;
  /** Next place of each at or after `#at`, as far as looked for; Infinity where there is none. */
  #nextFeed = -1;
  #nextReturn = -1;
  #nextQuote = -1;

  feed(text: string): void {
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    this.#nextFeed = -1;
    this.#nextReturn = -1;
    this.#nextQuote = -1;
  }

  close(): void {
    this.#closed = true;
  }

  take(): ListRecord | undefined {
    if (this.#skipping && !this.#skipLine()) {
      return undefined;
    }
    if (this.#at >= this.#text.length) {
      return undefined;
    }
    const lineEnd = this.#lineEnd();
    if (this.#nextQuote < this.#at) {
      this.#nextQuote = placeOf(this.#text, '"', this.#at);
    }
    const scan = this.#nextQuote >= lineEnd ? this.#scanPlain(lineEnd) : this.#scanQuoted();
    if (scan === 'unfinished') {
      return undefined;
    }
    return typeof scan === 'string' ? this.#refuse(scan) : this.#accept(scan.end, scan.breaks);
  }

  #accept(end: number, breaks: number): ListRecord {
    const record = { text: this.#text.slice(this.#at, end), line: this.#line };
    this.#goPast(end);
    this.#line += breaks;
    return record;
  }

  /** Undefined where what is kept of the row has not come yet. */
  #refuse(fault: RecordFault): ListRecord | undefined {
    const end = this.#lineEnd();
    const rawEnd = Math.min(end, this.#at + RAW_CHARACTERS_MAX);
    if (rawEnd > this.#text.length) {
      return undefined;
    }
    const record = { text: this.#text.slice(this.#at, rawEnd), line: this.#line, fault };
    if (end === Infinity) {
      this.#skipping = true;
      this.#skipLine();
    } else {
      this.#goPast(end);
    }
    return record;
  }

  /** Behind the line end at `end`. */
  #goPast(end: number): void {
    const text = this.#text;
    const pair = text.charCodeAt(end) === CARRIAGE_RETURN && text.charCodeAt(end + 1) === LINE_FEED;
    this.#at = end + (pair ? 2 : 1);
    this.#line += 1;
  }

  /** Answers whether the line's end was found. */
  #skipLine(): boolean {
    const end = this.#lineEnd();
    if (end === Infinity) {
      // A carriage return at the very end may be half of a line end: it stays.
      const half = this.#text.charCodeAt(this.#text.length - 1) === CARRIAGE_RETURN;
      this.#at = Math.max(this.#at, this.#text.length - (half && !this.#closed ? 1 : 0));
      return false;
    }
    this.#goPast(end);
    this.#skipping = false;
    return true;
  }

  /** Where the current line ends; Infinity where the text does not say yet. */
  #lineEnd(): number {
    if (this.#nextFeed < this.#at) {
      this.#nextFeed = placeOf(this.#text, '\n', this.#at);
    }
    if (this.#nextReturn < this.#at) {
      this.#nextReturn = placeOf(this.#text, '\r', this.#at);
    }
    const end = Math.min(this.#nextFeed, this.#nextReturn);
    const undecided = end === this.#text.length - 1 && end === this.#nextReturn;
    if (undecided && !this.#closed) {
      return Infinity;
    }
    return end === Infinity && this.#closed ? this.#text.length : end;
  }

  /** A line without a quotation mark, which is most of them. */
  #scanPlain(lineEnd: number): Scan {
    const length = Math.min(lineEnd, this.#text.length) - this.#at;
    if (length > RECORD_CHARACTERS_MAX) {
      return 'too_long';
    }
    if (lineEnd === Infinity) {
      return 'unfinished';
    }
    if (length > CELL_CHARACTERS_MAX && this.#hasLongCell(lineEnd)) {
      return 'too_long';
    }
    return { end: lineEnd, breaks: 0 };
  }

  #separates(character: string): boolean {
    return this.delimiters.some((delimiter) => delimiter === character);
  }

  #hasLongCell(end: number): boolean {
    let cell = this.#at;
    for (let index = this.#at; index < end; index += 1) {
      if (this.#separates(this.#text.charAt(index))) cell = index + 1;
      if (index - cell >= CELL_CHARACTERS_MAX) return true;
    }
    return false;
  }

  #scanQuoted(): Scan {
    const text = this.#text;
    const more = !this.#closed;
    let state: CellState = 'before';
    let cell = this.#at;
    let cellLines = 1;
    let breaks = 0;
    for (let index = this.#at; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code === CARRIAGE_RETURN && more && index === text.length - 1) {
        return 'unfinished';
      }
      const newLine = code === LINE_FEED || code === CARRIAGE_RETURN;
      if (state === 'quoted') {
        if (code === QUOTE) {
          if (text.charCodeAt(index + 1) === QUOTE) index += 1;
          else state = 'after';
        } else if (newLine) {
          if (code === CARRIAGE_RETURN && text.charCodeAt(index + 1) === LINE_FEED) index += 1;
          breaks += 1;
          cellLines += 1;
          if (cellLines > CELL_LINES_MAX) return 'unclosed_quote';
        }
      } else if (newLine) {
        return { end: index, breaks };
      } else if (this.#separates(text.charAt(index))) {
        state = 'before';
        cell = index + 1;
        cellLines = 1;
      } else if (code === QUOTE) {
        if (state !== 'before') return misplacedQuote(breaks);
        state = 'quoted';
      } else if (code !== BLANK && code !== TAB) {
        if (state === 'after') return misplacedQuote(breaks);
        state = 'plain';
      }
      if (index - cell >= CELL_CHARACTERS_MAX || index - this.#at >= RECORD_CHARACTERS_MAX) {
        return state === 'quoted' ? 'unclosed_quote' : 'too_long';
      }
    }
    if (more) {
      return 'unfinished';
    }
    return state === 'quoted' ? 'unclosed_quote' : { end: text.length, breaks };
  }
}

/**
 * A quotation mark where none may be. If the record had run over a line's end before, the mark most
 * likely opens a cell of a later, sound row, and the fault is a quote left open on the first line.
 */
function misplacedQuote(breaks: number): RecordFault {
  return breaks > 0 ? 'unclosed_quote' : 'bad_quote';
}

function placeOf(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index < 0 ? Infinity : index;
}
