/**
 * Liquid as this program has it: strict, without files, bounded, with the columns of the list as
 * its variables.
 */
import { Liquid, LiquidError } from 'liquidjs';
import type { Contact } from '../../domain/contact.ts';
import { ServiceFailure } from '../../domain/failure.ts';
import type { ScriptRequest } from '../../engine/ports.ts';

/** Why a text cannot be used. Line and column are counted from 1, within the text. */
export interface TemplateProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Columns = Readonly<Record<string, string>>;

export interface Scope extends Readonly<Record<string, string | Columns>> {
  readonly crm: Columns;
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

/** What is wrong with a text in Liquid; undefined where it compiles. */
export function checkTemplate(text: string): TemplateProblem | undefined {
  try {
    strictLiquid().parse(text);
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

/** @param outputEscape makes what is printed of a value, whatever filters it went through */
export function strictLiquid(outputEscape?: (value: unknown) => string): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    parseLimit: TEMPLATE_CHARACTERS_MAX,
    renderLimit: RENDER_MS_MAX,
    memoryLimit: RENDER_MEMORY_MAX,
    ...(outputEscape !== undefined && { outputEscape }),
  });
  for (const tag of FILE_TAGS) {
    delete liquid.tags[tag];
  }
  if (outputEscape !== undefined) {
    // It would go round it.
    delete liquid.filters['raw'];
  }
  return liquid;
}

export function scopeOf(request: ScriptRequest): Scope {
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

export function snakeCase(header: string): string {
  return header
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

/**
 * A failure of this contact's text; what is no error of Liquid's comes back as it is.
 *
 * @param key where the text stands, such as `script.template`
 */
export function renderFailure(error: unknown, scope: Scope, key: string): unknown {
  if (!LiquidError.is(error)) {
    return error;
  }
  const { line, column, message } = problemOf(error);
  const place = `${key}, line ${line}, column ${column}`;
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
export function problemOf(error: unknown): TemplateProblem {
  const { message } = error as Error;
  if (!LiquidError.is(error)) {
    return { line: 1, column: 1, message };
  }
  const [line = 1, column = 1] = error.token.getPosition();
  return { line, column, message: message.replace(/, line:\d+, col:\d+.*$/s, '') };
}

export function permanent(
  scope: 'request' | 'service',
  code: string,
  message: string,
  cause?: unknown,
): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope, code, cause });
}
