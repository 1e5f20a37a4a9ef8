/**
 * Cells that are blank and that a text prints all the same: what is said then has a hole.
 */
import type { Liquid, Template } from 'liquidjs';
import type { Contact } from '../../domain/contact.ts';
import type { ScriptRequest } from '../../engine/ports.ts';
import { scopeOf, snakeCase, strictLiquid } from './liquid.ts';
import { textFor } from './template.ts';

interface Text {
  readonly templates: readonly Template[];
  /** The variables that stand anywhere in it. */
  readonly names: ReadonlySet<string>;
  /** By header, the variable by which it stands in the text; undefined where it does not. */
  readonly nameOf: Map<string, string | undefined>;
  /** By the blank columns, what was found of rows that have these. */
  readonly seen: Map<string, { readonly count: number; readonly left: readonly string[] }>;
}

/**
 * Rows that leave the same columns blank are nearly always alike, and looking into one takes a
 * tenth of a millisecond: after so many, the last one speaks for those that follow.
 */
const SAME_BLANKS_MAX = 1000;

/** Some text, as most cells are. */
const FILLED = 'text';

export class BlankCells {
  readonly #liquid: Liquid;
  readonly #texts = new Map<string, Text>();
  readonly #everybodys: Text | undefined;
  #holes = 0;

  /** @param texts in Liquid: one for everybody, or one per language tag */
  constructor(texts: string | Readonly<Record<string, string>>) {
    this.#liquid = strictLiquid((value) => {
      const printed = typeof value === 'string' ? value : JSON.stringify(value ?? '');
      if (printed.trim() === '' || printed === '""') this.#holes += 1;
      return printed;
    });
    if (typeof texts === 'string') {
      this.#everybodys = this.#parsed(texts);
      return;
    }
    for (const [language, text] of Object.entries(texts)) {
      const parsed = this.#parsed(text);
      if (parsed !== undefined) this.#texts.set(language.toLowerCase(), parsed);
    }
  }

  #parsed(text: string): Text | undefined {
    try {
      const templates = this.#liquid.parse(text);
      const names = new Set(this.#liquid.globalVariablesSync([...templates]));
      return { templates, names, nameOf: new Map(), seen: new Map() };
    } catch {
      return undefined; // whoever checks the script says so
    }
  }

  /**
   * The names of blank columns that the text prints as they are. A default or a condition on the
   * cell leaves no hole.
   */
  namesIn(request: ScriptRequest): readonly string[] {
    const text = this.#everybodys ?? textFor(this.#texts, request.language);
    if (text === undefined) return [];
    const used = usedBlanks(text, request.contact);
    return used.length === 0 ? used : this.#left(text, request, used);
  }

  /** Those of the blank columns that leave a hole: there would be fewer with something in them. */
  #left(text: Text, request: ScriptRequest, used: readonly string[]): readonly string[] {
    const key = used.join('\n');
    const before = text.seen.get(key);
    if (before !== undefined && before.count >= SAME_BLANKS_MAX) return before.left;
    const scope = { ...scopeOf(request), contact: request.contact.variables };
    const holes = this.#holesIn(text, scope);
    const fills = (name: string): boolean =>
      this.#holesIn(text, { ...scope, [name]: FILLED }) < holes;
    const left = holes === 0 ? [] : used.filter(fills);
    text.seen.set(key, { count: (before?.count ?? 0) + 1, left });
    return left;
  }

  /** How many of the values that a text prints are blank. */
  #holesIn({ templates }: Text, scope: object): number {
    this.#holes = 0;
    try {
      this.#liquid.renderSync([...templates], scope);
      return this.#holes;
    } catch {
      return 0; // there is no text at all then, which is told of by itself
    }
  }
}

function usedBlanks(text: Text, { name, timezone, email, variables }: Contact): readonly string[] {
  const used: string[] = [];
  const take = (header: string): void => {
    const variable = variableOf(text, header);
    if (variable !== undefined) used.push(variable);
  };
  for (const header in variables) if (variables[header] === '') take(header);
  if (name === undefined) take('name');
  if (timezone === undefined) take('timezone');
  if (email === undefined) take('email');
  return used;
}

function variableOf({ names, nameOf }: Text, header: string): string | undefined {
  if (!nameOf.has(header)) {
    nameOf.set(
      header,
      [header, snakeCase(header)].find((one) => names.has(one)),
    );
  }
  return nameOf.get(header);
}
