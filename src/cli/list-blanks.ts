/**
 * Rows of a list that leave a hole in what is said to them.
 */
import type { Contact } from '../domain/contact.ts';
import { BlankCells } from '../services/llm/blank-cells.ts';
import { sampleProperties } from './check-speech.ts';
import { blankText } from './list-text.ts';
import type { Config } from './settings.ts';

/** Lines that are shown; all are counted. */
const LINES_SHOWN = 3;

/** Takes the contacts of a list one by one. */
export class ListBlanks {
  readonly #language: string;
  readonly #properties: Readonly<Record<string, string>>;
  readonly #cells: BlankCells;
  readonly #found = new Map<string, { count: number; readonly lines: number[] }>();

  constructor(config: Config) {
    const { services, script, campaign } = config;
    this.#language = campaign.language;
    this.#properties = sampleProperties(config);
    // As with all that is wrong with a row: the first choice decides.
    const text = services.llm[0] === 'template' ? script.template : script.prompt;
    this.#cells = new BlankCells(text);
  }

  take(contact: Contact): void {
    const language = contact.language ?? this.#language;
    const properties = this.#properties;
    for (const name of this.#cells.namesIn({ contact, language, properties })) {
      const found = this.#found.get(name) ?? { count: 0, lines: [] };
      if (found.lines.length < LINES_SHOWN) found.lines.push(contact.line);
      found.count += 1;
      this.#found.set(name, found);
    }
  }

  /** One for each column. */
  notices(): readonly string[] {
    return [...this.#found].map(([name, found]) => blankText(name, found));
  }
}
