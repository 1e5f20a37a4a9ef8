/**
 * config.yml as text: YAML into plain values, `${NAME}` filled in from the environment, and a way
 * back from every value to the line on which it stands.
 */

import type { Node, Pair, Scalar, YAMLError } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type ConfigPath, type ConfigProblem, pathText } from './config-problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value stands and how it is shown. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly found: string;
  /** It comes from the environment, and the place is where it would stand. */
  readonly isInEnvironment?: boolean | undefined;
}

export interface MissingVariable {
  readonly path: ConfigPath;
  readonly name: string;
  readonly problem: ConfigProblem;
}

export interface ConfigSource {
  /** Plain objects, lists, texts, numbers; a section with nothing in it is an empty object. */
  readonly value: unknown;
  /** Syntax errors, keys written twice. */
  readonly problems: readonly ConfigProblem[];
  /** The first line that is no YAML; what comes after it cannot be judged. */
  readonly brokenLine: number | undefined;
  readonly missing: readonly MissingVariable[];
  /** Of the value at a path, or of the nearest thing above it. */
  place(path: ConfigPath): Place;
  placeOfKey(path: ConfigPath): Place;
  /** Whether the value is one `${NAME}` and nothing else. */
  isFromEnvironment(path: ConfigPath): boolean;
  /** Whether any part of the value came from the environment, so that it must not be shown. */
  hasVariable(path: ConfigPath): boolean;
}

const FOUND_CHARACTERS_MAX = 60;

export function readConfigSource(text: string, env: Environment): ConfigSource {
  return new Source(text, env);
}

class Source implements ConfigSource {
  readonly value: unknown;
  readonly problems: ConfigProblem[] = [];
  readonly missing: MissingVariable[] = [];
  readonly brokenLine: number | undefined;
  readonly #env: Environment;
  readonly #lines = new LineCounter();
  readonly #values = new Map<string, Place>();
  readonly #keys = new Map<string, Place>();
  readonly #fromEnvironment = new Set<string>();
  readonly #withVariable = new Set<string>();

  constructor(text: string, env: Environment) {
    this.#env = env;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.value = this.#plain(document.contents, []) ?? {};
    const broken = document.errors.filter((error) => error.code !== 'DUPLICATE_KEY');
    for (const error of [...document.errors, ...document.warnings]) {
      // After the first slip the parser stumbles over what follows: those are no news.
      if (error.code !== 'UNEXPECTED_TOKEN' || error === broken[0]) {
        this.#addSyntaxProblem(text, error);
      }
    }
    this.brokenLine =
      broken.length === 0
        ? undefined
        : Math.min(...broken.map((error) => this.#lines.linePos(error.pos[0]).line));
  }

  place(path: ConfigPath): Place {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#values.get(pathText(path.slice(0, length)));
      if (place !== undefined) {
        return length === path.length ? place : { ...place, found: 'nothing' };
      }
    }
    return { line: 1, column: 1, found: 'nothing' };
  }

  placeOfKey(path: ConfigPath): Place {
    return this.#keys.get(pathText(path)) ?? this.place(path);
  }

  isFromEnvironment(path: ConfigPath): boolean {
    return this.#fromEnvironment.has(pathText(path));
  }

  hasVariable(path: ConfigPath): boolean {
    return this.#withVariable.has(pathText(path));
  }

  #addSyntaxProblem(text: string, error: YAMLError): void {
    const { line, col } = this.#lines.linePos(error.pos[0]);
    if (this.problems.some((problem) => problem.line === line)) {
      return; // one slip often breaks several rules of the grammar
    }
    const place = { line, column: col, path: '' };
    this.problems.push(
      error.code === 'DUPLICATE_KEY'
        ? {
            ...place,
            found: 'a key that stands here for the second time',
            allowed: 'each key once',
          }
        : {
            ...place,
            found: `text that is not YAML: ${plainMessage(error.message)}`,
            hint: syntaxHint(text.split('\n')[line - 1] ?? ''),
          },
    );
  }

  #plain(node: unknown, path: ConfigPath): unknown {
    if (isMap(node)) {
      this.#keep(node, path, 'a group of keys');
      return Object.fromEntries(node.items.map((pair) => this.#entry(pair, path)));
    }
    if (isSeq(node)) {
      this.#keep(node, path, 'a list');
      return node.items.map((item, index) => this.#plain(item, [...path, index]));
    }
    if (isAlias(node)) {
      this.#keep(node, path, `*${node.source}`);
      const { line, column } = this.place(path);
      const found = `the alias *${node.source}`;
      this.problems.push({
        line,
        column,
        path: pathText(path),
        found,
        allowed: 'the value itself',
      });
      return undefined;
    }
    return isScalar(node) ? this.#scalar(node, path) : undefined;
  }

  #entry(pair: Pair, path: ConfigPath): [string, unknown] {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const below = [...path, key];
    const offset = (pair.key as Node | null)?.range?.[0] ?? 0;
    this.#keys.set(pathText(below), this.#placeAt(offset, `the key ${shown(key)}`));
    const value = this.#plain(pair.value, below);
    if (!this.#values.has(pathText(below))) {
      this.#values.set(pathText(below), this.#placeAt(offset, 'nothing'));
    }
    // A section whose keys are all commented out is an empty section.
    return [key, value === null && isSectionPath(below) ? {} : value];
  }

  #scalar(node: Scalar, path: ConfigPath): unknown {
    if (typeof node.value !== 'string') {
      this.#keep(node, path, node.value === null ? 'nothing' : (node.source ?? 'a value'));
      return node.value;
    }
    const filled = substitute(node.value, this.#env);
    this.#keep(node, path, shown(filled.withNames));
    if (filled.whole) {
      this.#fromEnvironment.add(pathText(path));
    }
    if (filled.names > 0) {
      this.#withVariable.add(pathText(path));
    }
    for (const name of filled.missing) {
      this.missing.push({ path, name, problem: this.#missingProblem(path, name) });
    }
    return filled.missing.length === 0 ? filled.text : undefined;
  }

  #missingProblem(path: ConfigPath, name: string): ConfigProblem {
    const { line, column } = this.place(path);
    const state = this.#env[name] === undefined ? 'not set' : 'set but empty';
    return {
      line,
      column,
      path: pathText(path),
      found: `\${${name}}, which is ${state}`,
      allowed: 'a variable that the environment has',
      hint: `set it before the start: export ${name}=…`,
      isUnset: this.#env[name] === undefined,
    };
  }

  #keep(node: Node, path: ConfigPath, found: string): void {
    this.#values.set(pathText(path), this.#placeAt(node.range?.[0] ?? 0, found));
  }

  #placeAt(offset: number, found: string): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), found };
  }
}

/** Top-level sections, providers, what a provider may override, and groups of simulation. */
function isSectionPath(path: ConfigPath): boolean {
  const [section, name, below] = path.map(String);
  return (
    path.length === 1 ||
    (section === 'script' && name === 'answers' && path.length === 2) ||
    (section === 'providers' &&
      (path.length === 2 || ['retry', 'circuit_breaker', 'timeouts'].includes(below ?? ''))) ||
    (section === 'simulation' && path.length === 2 && /^(answer_time|shares)$/.test(name ?? ''))
  );
}

interface Substituted {
  readonly text: string;
  /** The text as it may be shown: names stay names. */
  readonly withNames: string;
  /** How many variables were filled in or missed. */
  readonly names: number;
  readonly missing: readonly string[];
  readonly whole: boolean;
}

const VARIABLE = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** `${NAME}` becomes the variable's value; `$${NAME}` is the text `${NAME}`. */
export function substitute(template: string, env: Environment): Substituted {
  const missing: string[] = [];
  let names = 0;
  const text = template.replace(VARIABLE, (_all, escape: string, name: string) => {
    if (escape !== '') {
      return `\${${name}}`;
    }
    names += 1;
    const value = env[name] ?? '';
    if (value === '' && !missing.includes(name)) {
      missing.push(name);
    }
    return value;
  });
  return {
    text,
    withNames: template,
    names,
    missing,
    whole: /^\$\{[A-Za-z0-9_]+\}$/.test(template),
  };
}

/** Whoever is named in an address has a password there, perhaps with signs that break it. */
const USER_IN_ADDRESS = /(?<=:\/\/)(?:\S*:\S*|[^/?#\s]*)@/g;

function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(USER_IN_ADDRESS, '***@');
  return line.length > FOUND_CHARACTERS_MAX
    ? `"${line.slice(0, FOUND_CHARACTERS_MAX)}…"`
    : `"${line}"`;
}

function syntaxHint(line: string): string | undefined {
  if (/^\s*\t/.test(line)) {
    return 'indent with blanks';
  }
  return /[{[,].*[^"'$]\$\{/.test(line) ? 'write "${NAME}" in quotes' : undefined;
}

/** The parser's message on one line, without its full stop. */
function plainMessage(message: string): string {
  return message.replace(/\s+/g, ' ').replace(/\.$/, '').trim();
}
