/**
 * Scripts from templates in Liquid: nobody is asked, nothing leaves the machine.
 */
import type { Liquid, Template } from 'liquidjs';
import type { Llm, Script, ScriptRequest } from '../../engine/ports.ts';
import { permanent, problemOf, renderFailure, scopeOf, strictLiquid } from './liquid.ts';

export interface TemplateSettings {
  /** One text, which is in `language`, or one per language tag. */
  readonly template: string | Readonly<Record<string, string>>;
  /** The campaign's own language. */
  readonly language: string;
}

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

  writes(language: string): boolean {
    return this.#templateFor(language) !== undefined;
  }

  async write(request: ScriptRequest): Promise<Script> {
    const template = this.#templateFor(request.language);
    if (template === undefined) {
      const have = this.#languages.join(', ');
      const message = `no script.template for language ${request.language} (have: ${have})`;
      throw permanent('request', 'no_template', message);
    }
    const scope = scopeOf(request);
    try {
      const text: unknown = this.#liquid.renderSync([...template], scope);
      return { text: String(text).trim() };
    } catch (error) {
      throw renderFailure(error, scope, 'script.template');
    }
  }

  #templateFor(language: string): readonly Template[] | undefined {
    return textFor(this.#templates, language);
  }
}

/** By language tag in small letters; `en-GB` falls back to `en`. */
export function textFor<Text>(
  texts: ReadonlyMap<string, Text>,
  language: string,
): Text | undefined {
  const parts = language.toLowerCase().split('-');
  for (let length = parts.length; length > 0; length -= 1) {
    const text = texts.get(parts.slice(0, length).join('-'));
    if (text !== undefined) {
      return text;
    }
  }
  return undefined;
}
