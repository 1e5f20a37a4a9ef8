/**
 * Scripts from templates in Liquid: nobody is asked, nothing leaves the machine.
 */
import { Liquid, LiquidError, type Template } from 'liquidjs';
import type { Contact } from '../../domain/contact.ts';
import { ServiceFailure } from '../../domain/failure.ts';
import type { Llm, Script, ScriptRequest } from '../../engine/ports.ts';

export interface TemplateSettings {
  /** One text, which is in `language`, or one per language tag. */
  readonly template: string | Readonly<Record<string, string>>;
  /** The campaign's own language. */
  readonly language: string;
}

/** Why a template cannot be used. Line and column are counted from 1, within the template. */
export interface TemplateProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Scope extends Readonly<Record<string, string | Readonly<Record<string, string>>>> {
  readonly crm: Readonly<Record<string, string>>;
}

/** These load other files. There are none. */
const FILE_TAGS = ['include', 'render', 'layout', 'block'];
const TEMPLATE_CHARACTERS_MAX = 100_000;
/**
 * Characters and list items made on the way to one text: a few of the longest cells that a list may
 * have, and little enough that a loop over a number from the list ends within half a second.
 */
const RENDER_MEMORY_MAX = 250_000;
/** For loops that make nothing. Long, because a machine that stalls must fail nobody. */
const RENDER_MS_MAX = 5000;

/**
 * Variables are the columns of the list by their headers, and by those in snake case
 * (`Appointment day` is also `appointment_day`); `id`, `name`, `phone`, `language`, `timezone` and
 * `email`; and what the CRM knows, under `crm`. A cell that is blank is an empty text, so
 * `{{ name | default: "there" }}` does what it says; a column that the list does not have is a
 * failure of that contact, even with a default, for it is most often a typing error.
 *
 * @throws ServiceFailure where a template does not compile: `checkTemplate` says so beforehand
 */
export function templateLlm(settings: TemplateSettings): Llm {
  const liquid = strictLiquid();
  const texts =
    typeof settings.template === 'string'
      ? { [settings.language]: settings.template }
      : settings.template;
  const templates = new Map<string, readonly Template[]>();
  for (const [language, text] of Object.entries(texts)) {
    try {
      templates.set(language.toLowerCase(), liquid.parse(text));
    } catch (error) {
      const { line, column, message } = problemOf(error);
      const place = `script.template for language ${language}, line ${line}, column ${column}`;
      throw permanent('service', 'template_broken', `${place}: ${message}`, error);
    }
  }
  return new TemplateLlm(liquid, templates, Object.keys(texts));
}

/** What is wrong with a template's text; undefined where it compiles. */
export function checkTemplate(text: string): TemplateProblem | undefined {
  try {
    strictLiquid().parse(text);
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

class TemplateLlm implements Llm {
  readonly name = 'template';
  readonly role = 'llm';
  readonly #liquid: Liquid;
  readonly #templates: ReadonlyMap<string, readonly Template[]>;
  readonly #languages: readonly string[];

  constructor(
    liquid: Liquid,
    templates: ReadonlyMap<string, readonly Template[]>,
    languages: readonly string[],
  ) {
    this.#liquid = liquid;
    this.#templates = templates;
    this.#languages = languages;
  }

  async probe(): Promise<void> {}

  async write(request: ScriptRequest): Promise<Script> {
    const template = this.#templateFor(request.language);
    const scope = scopeOf(request);
    try {
      const text: unknown = this.#liquid.renderSync([...template], scope);
      return { text: String(text).trim() };
    } catch (error) {
      throw renderFailure(error, scope);
    }
  }

  /** `en-GB` falls back to `en`. */
  #templateFor(language: string): readonly Template[] {
    const parts = language.toLowerCase().split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const template = this.#templates.get(parts.slice(0, length).join('-'));
      if (template !== undefined) {
        return template;
      }
    }
    const have = this.#languages.join(', ');
    const message = `no script.template for language ${language} (have: ${have})`;
    throw permanent('request', 'no_template', message);
  }
}

function strictLiquid(): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    parseLimit: TEMPLATE_CHARACTERS_MAX,
    renderLimit: RENDER_MS_MAX,
    memoryLimit: RENDER_MEMORY_MAX,
  });
  for (const tag of FILE_TAGS) {
    delete liquid.tags[tag];
  }
  return liquid;
}

function scopeOf(request: ScriptRequest): Scope {
  const { contact, language, properties } = request;
  return {
    ...snakeCased(contact.variables),
    ...contact.variables,
    ...knownColumns(contact, language),
    crm: properties,
  };
}

function knownColumns(contact: Contact, language: string): Readonly<Record<string, string>> {
  const { id, name = '', phone, timezone = '', email = '' } = contact;
  return { id, name, phone, language, timezone, email };
}

/** Liquid's names have no blanks. Of two columns that come to the same name, the first has it. */
function snakeCased(variables: Readonly<Record<string, string>>): Record<string, string> {
  const renamed: Record<string, string> = {};
  for (const [header, cell] of Object.entries(variables)) {
    renamed[snakeCase(header)] ??= cell;
  }
  return renamed;
}

function snakeCase(header: string): string {
  return header
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

function renderFailure(error: unknown, scope: Scope): unknown {
  if (!LiquidError.is(error)) {
    return error;
  }
  const { line, column, message } = problemOf(error);
  const place = `script.template, line ${line}, column ${column}`;
  const unknown = /^undefined variable: (.*)$/s.exec(message)?.[1];
  if (unknown === undefined) {
    return permanent('request', 'template_failed', `${place}: ${message}`, error);
  }
  const have = namesIn(scope).join(', ');
  const text = `${place}: no column for {{ ${unknown} }} (there are: ${have})`;
  return permanent('request', 'unknown_variable', text, error);
}

/** The names that templates can use, one per column. */
function namesIn(scope: Scope): readonly string[] {
  const { crm, ...columns } = scope;
  const names = Object.keys(columns).map((header) => snakeCase(header) || header);
  return [...new Set(names), ...Object.keys(crm).map((name) => `crm.${name}`)];
}

/** Liquid appends the place to the message, in its own words. */
function problemOf(error: unknown): TemplateProblem {
  const { message } = error as Error;
  if (!LiquidError.is(error)) {
    return { line: 1, column: 1, message };
  }
  const [line = 1, column = 1] = error.token.getPosition();
  return { line, column, message: message.replace(/, line:\d+, col:\d+.*$/s, '') };
}

function permanent(
  scope: 'request' | 'service',
  code: string,
  message: string,
  cause?: unknown,
): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope, code, cause });
}
