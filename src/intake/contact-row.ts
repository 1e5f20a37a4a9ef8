/**
 * Cells to a contact, or to the reason why not.
 */
import type { Contact } from '../domain/contact.ts';
import type { Header } from './header.ts';
import type { PhoneReader } from './phone.ts';
import type { Refusal } from './refusal.ts';
import { shownCell } from './shown.ts';

const ID_CHARACTERS_MAX = 200;

/** Judges the rows of one list, under its header. */
export class ContactReader {
  readonly #header: Header;
  readonly #phone: PhoneReader;
  readonly #languages = new Map<string, string | undefined>();
  readonly #zones = new Map<string, boolean>();

  constructor(header: Header, phone: PhoneReader) {
    this.#header = header;
    this.#phone = phone;
  }

  /** `line` is the line of the list on which the row begins. */
  read(cells: readonly string[], line: number): Contact | Refusal {
    const header = this.#header;
    if (cells.length !== header.width) {
      return wrongWidth(cells.length, header.width);
    }
    const cell = cellAt(cells, header.phone);
    const number = this.#phone(cell);
    if ('code' in number) {
      return number;
    }
    const id = header.id === undefined ? number.phone : cellAt(cells, header.id);
    const fault = idFault(id);
    if (fault !== undefined) {
      return fault;
    }
    const language = optionalAt(cells, header.language);
    const tag = language === undefined ? undefined : this.#languageTag(language);
    if (language !== undefined && tag === undefined) {
      const reason = `language ${shownCell(language)}: allowed: a tag such as en or en-GB`;
      return { code: 'bad_language', reason };
    }
    const timezone = optionalAt(cells, header.timezone);
    if (timezone !== undefined && !this.#isZone(timezone)) {
      const reason = `time zone ${shownCell(timezone)}: allowed: a name such as Europe/London`;
      return { code: 'bad_timezone', reason };
    }
    return {
      id,
      name: optionalAt(cells, header.name),
      phone: number.phone,
      ...writtenAs(cell, number.phone),
      language: tag,
      timezone,
      email: optionalAt(cells, header.email),
      variables: this.#variables(cells),
      line,
    };
  }

  #variables(cells: readonly string[]): Readonly<Record<string, string>> {
    const variables: Record<string, string> = {};
    for (const { index, name } of this.#header.variables) {
      variables[name] = cellAt(cells, index);
    }
    return variables;
  }

  #languageTag(cell: string): string | undefined {
    return remembered(this.#languages, cell, languageTag);
  }

  #isZone(cell: string): boolean {
    return remembered(this.#zones, cell, isZone);
  }
}

/** The number as it stands in the cell, where that is not E.164; without marks nobody sees. */
function writtenAs(cell: string, phone: string): Pick<Contact, 'phoneWritten'> {
  if (cell === phone) return {};
  const written = cell.replaceAll(/\p{Cf}/gu, '').trim();
  return written === phone ? {} : { phoneWritten: written };
}

function cellAt(cells: readonly string[], index: number): string {
  return (cells[index] ?? '').trim();
}

/** An empty cell says nothing. */
function optionalAt(cells: readonly string[], index: number | undefined): string | undefined {
  const cell = index === undefined ? '' : cellAt(cells, index);
  return cell === '' ? undefined : cell;
}

function wrongWidth(found: number, width: number): Refusal {
  const reason = `${found} ${found === 1 ? 'cell' : 'cells'}, the header has ${width}`;
  return { code: found < width ? 'too_few_cells' : 'too_many_cells', reason };
}

function idFault(id: string): Refusal | undefined {
  if (id === '') {
    return { code: 'no_id', reason: 'no id, and the list has a column for it' };
  }
  if (id.length > ID_CHARACTERS_MAX) {
    const reason = `an id of ${id.length} characters: allowed: ${ID_CHARACTERS_MAX} at most`;
    return { code: 'bad_id', reason };
  }
  if (/\p{Cc}/u.test(id)) {
    return { code: 'bad_id', reason: 'the id holds a control character, such as a line break' };
  }
  return undefined;
}

/** The tag as BCP 47 writes it (`en_gb` is `en-GB`); undefined where it cannot be one. */
function languageTag(cell: string): string | undefined {
  const tag = cell.replaceAll('_', '-');
  if (!/^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag)) {
    return undefined;
  }
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

function isZone(cell: string): boolean {
  // Intl takes offsets such as +05:00 too; they know nothing of summer time.
  if (!/^[a-z]/i.test(cell)) {
    return false;
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: cell });
    return true;
  } catch {
    return false;
  }
}

/** Cells repeat, and asking Intl is slow. Bounded, for a list in which they do not. */
const REMEMBERED_MAX = 1_000;

function remembered<T>(memory: Map<string, T>, cell: string, judge: (cell: string) => T): T {
  const known = memory.get(cell);
  if (known !== undefined || memory.has(cell)) {
    return known as T;
  }
  const judged = judge(cell);
  if (memory.size < REMEMBERED_MAX) {
    memory.set(cell, judged);
  }
  return judged;
}
