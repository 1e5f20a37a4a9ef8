/**
 * The schema held against what config.yml says: each thing that does not fit becomes a problem with
 * its line, and what remains is filled in, so that the rules across keys can be judged as well.
 */
import type { z } from 'zod';
import { hintForKey, hintForService, keysAt } from './config-hints.ts';
import { type ConfigPath, type ConfigProblem, pathText } from './config-problems.ts';
import { type ConfigFile, configSchema } from './config-schema.ts';
import { DURATION_ALLOWED, SIZE_ALLOWED, within } from './config-schema-parts.ts';
import type { ConfigSource, MissingVariable } from './config-source.ts';
import { parseDuration, parseSize } from './durations.ts';
import { SERVICES_BY_ROLE } from './service-names.ts';

type Issue = z.core.$ZodIssue;
type Group = Record<string, unknown>;

/** Stands in for a required text that is not there, once that is noted or known to be no matter. */
const STAND_IN = { script: { template: '-' } };

export interface Validated {
  /** What is wrong is replaced by its default here; use it only where there is no problem. */
  readonly file: ConfigFile;
  readonly problems: readonly ConfigProblem[];
}

/** `missingAllowed`: variables that the environment lacks are no problem. */
export function validate(
  source: ConfigSource,
  { missingAllowed }: { readonly missingAllowed: boolean },
): Validated {
  const missing = missingAllowed ? [] : missingInUse(source);
  const value = withoutMissing(source);
  const schema = configSchema();
  let parsed = schema.safeParse(value);
  if (!parsed.success && numbersFromEnvironment(value, parsed.error.issues, source)) {
    parsed = schema.safeParse(value);
  }
  if (parsed.success) {
    return { file: parsed.data, problems: judgeable(source, missing) };
  }
  const { issues } = parsed.error;
  const unset = new Set(source.missing.map(({ path }) => pathText(path)));
  const problems = issues
    .filter((issue) => !unset.has(pathText(pathOf(issue))))
    .flatMap((issue) => problemsOf(issue, source, value));
  return { file: repaired(value, issues), problems: judgeable(source, [...missing, ...problems]) };
}

/** Nothing can be said about what follows the first line that is no YAML. */
function judgeable(source: ConfigSource, problems: ConfigProblem[]): readonly ConfigProblem[] {
  const { brokenLine } = source;
  const kept =
    brokenLine === undefined
      ? problems
      : problems.filter(({ line, found }) => line < brokenLine && found !== 'nothing');
  return [...source.problems, ...kept];
}

// ---------------------------------------------------------------------------- environment

/** What a service does without where the environment lacks it. */
const OPTIONAL: ReadonlySet<string> = new Set(['providers.webhook.secret', 'server.token']);

/** A variable is needed only where the service, channel or sheet that names it is in use. */
function missingInUse(source: ConfigSource): ConfigProblem[] {
  const inUse = namesInUse(source.value);
  return source.missing
    .filter(({ path }) => !OPTIONAL.has(pathText(path)))
    .filter(({ path }) => path[0] !== 'providers' || inUse.has(String(path[1])))
    .filter(({ path }) => path[0] !== 'alerts' || isEnabled(source.value, path.slice(0, 2)))
    .filter(
      ({ path: [first = ''] }) => first !== 'google_sheets' || isEnabled(source.value, [first]),
    )
    .map(({ problem }: MissingVariable) => problem);
}

function namesInUse(value: unknown): ReadonlySet<string> {
  const services = isGroup(value) && isGroup(value['services']) ? value['services'] : {};
  const namesOf = (role: keyof typeof SERVICES_BY_ROLE): readonly string[] => {
    const chain = services[role];
    return Array.isArray(chain) ? chain.map(String) : [SERVICES_BY_ROLE[role][0]];
  };
  const dialers = namesOf('dialer');
  // As `speaksItself` says of settings that are right.
  const isSpoken =
    !dialers.every((name) => name === 'twilio') ||
    Object.hasOwn(groupAt(value, ['providers', 'twilio']), 'audio_base_url');
  return new Set([
    ...namesOf('llm'),
    ...(isSpoken ? namesOf('tts') : []),
    ...dialers,
    ...namesOf('crm'),
  ]);
}

function isEnabled(value: unknown, channel: ConfigPath): boolean {
  return groupAt(value, channel)['enabled'] === true;
}

function groupAt(value: unknown, path: ConfigPath): Group {
  const found = at(value, path);
  return isGroup(found) ? found : {};
}

function withoutMissing(source: ConfigSource): unknown {
  const value = structuredClone(source.value);
  for (const { path } of source.missing) {
    remove(value, path);
    if (path[0] === 'script' && path[1] === 'template') {
      // A text has no default, and without one nobody of that language would be called.
      set(value, path, STAND_IN.script.template);
    }
  }
  return value;
}

/**
 * The environment holds only texts: where a number is wanted and the whole value is one variable
 * that holds a number, it is one. Answers whether anything was changed.
 */
function numbersFromEnvironment(
  value: unknown,
  issues: readonly Issue[],
  source: ConfigSource,
): boolean {
  let changed = false;
  for (const issue of issues) {
    const path = pathOf(issue);
    const text = at(value, path);
    const isNumber = typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text);
    const wanted =
      issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int');
    if (wanted && isNumber && source.isFromEnvironment(path)) {
      set(value, path, Number(text));
      changed = true;
    }
  }
  return changed;
}

// ---------------------------------------------------------------------------- issues

function problemsOf(issue: Issue, source: ConfigSource, value: unknown): ConfigProblem[] {
  const path = pathOf(issue);
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => unknownKey([...path, key], source))
    : [wrongValue(issue, path, source, at(value, path))];
}

function unknownKey(path: ConfigPath, source: ConfigSource): ConfigProblem {
  const { line, column } = source.placeOfKey(path);
  const keys = keysAt(path.slice(0, -1));
  return {
    line,
    column,
    path: pathText(path),
    found: 'an unknown key',
    allowed: keys.join(', '),
    hint: hintForKey(path, keys),
  };
}

function wrongValue(
  issue: Issue,
  path: ConfigPath,
  source: ConfigSource,
  value: unknown,
): ConfigProblem {
  const { line, column, found, isInEnvironment } = source.place(path);
  const role = path[0] === 'services' && path.length > 1 ? String(path[1]) : undefined;
  const hint = source.hasVariable(path)
    ? undefined // it would repeat what the variable holds
    : role === undefined
      ? hintForValue(issue, value)
      : hintForChain(role, path, value);
  const allowed = hint?.includes('available:') ? undefined : issue.message;
  return { line, column, path: pathText(path), found, allowed, hint, isInEnvironment };
}

function hintForChain(role: string, path: ConfigPath, value: unknown): string | undefined {
  return path.length === 2 && typeof value === 'string'
    ? `write it as a list: [${value}]`
    : hintForService(role, value);
}

/** What a number without a unit may have been meant as, the likeliest first. */
const DURATION_UNITS = { s: 'seconds', m: 'minutes', h: 'hours', ms: 'milliseconds' };
const SIZE_UNITS = { MB: 'millions of bytes', GB: 'thousands of MB', KB: 'thousands of bytes' };

/** The first unit with which it is allowed; undefined where it is with none. */
function hintForBare(
  text: string,
  allowed: string,
  units: Readonly<Record<string, string>>,
): string | undefined {
  const valueOf = (amount = '') => parseDuration(amount) ?? parseSize(amount);
  const [, min, max] = / from (\w+) to (\w+)/.exec(allowed) ?? [];
  const [least, most] = [valueOf(min), valueOf(max)];
  if (least === undefined || most === undefined) return undefined;
  const unit = Object.keys(units).find((one) => within(valueOf(`${text}${one}`), least, most));
  return unit && `write ${text}${unit} for ${units[unit]}`;
}

function hintForValue(issue: Issue, value: unknown): string | undefined {
  const text = String(value);
  const isBare = /^\d+(\.\d+)?$/.test(text);
  if (issue.message.startsWith(DURATION_ALLOWED)) {
    const units = 'units are ms, s, m and h: 500ms, 5s, 10m, 2h';
    return isBare ? (hintForBare(text, issue.message, DURATION_UNITS) ?? units) : units;
  }
  if (issue.message.startsWith(SIZE_ALLOWED)) {
    const units = 'units are KB, MB and GB: 500KB, 50MB, 2GB';
    return isBare ? (hintForBare(text, issue.message, SIZE_UNITS) ?? units) : units;
  }
  const isQuoted = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value);
  if (issue.code === 'invalid_type' && isQuoted) {
    return `write it without quotes: ${value}`;
  }
  const lower = typeof value === 'string' && value !== value.toUpperCase();
  return lower && issue.message.includes('capital letters') && /^[A-Za-z]{2}$/.test(text)
    ? `write ${text.toUpperCase()}`
    : undefined;
}

// ---------------------------------------------------------------------------- repair

/** Takes out what is wrong, so that defaults stand there and the rest can be judged. */
function repaired(value: unknown, issues: readonly Issue[]): ConfigFile {
  const copy = structuredClone(value);
  for (const issue of issues) {
    const path = pathOf(issue);
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    for (const wrong of paths) {
      // A chain with one wrong name is no chain.
      remove(copy, typeof wrong.at(-1) === 'number' ? wrong.slice(0, -1) : wrong);
    }
  }
  const schema = configSchema();
  const again = schema.safeParse(copy);
  return again.success ? again.data : schema.parse(withTemplate(copy));
}

function withTemplate(value: unknown): unknown {
  if (!isGroup(value)) {
    return STAND_IN;
  }
  const script = isGroup(value['script']) ? value['script'] : {};
  return { ...value, script: { ...script, ...STAND_IN.script } };
}

// ---------------------------------------------------------------------------- plain values

function pathOf(issue: Issue): (string | number)[] {
  return issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(value: unknown, path: ConfigPath): unknown {
  let here = value;
  for (const part of path) {
    here = typeof here === 'object' && here !== null ? (here as Group)[part] : undefined;
  }
  return here;
}

function set(value: unknown, path: ConfigPath, to: unknown): void {
  (at(value, path.slice(0, -1)) as Group)[String(path.at(-1))] = to;
}

function remove(value: unknown, path: ConfigPath): void {
  const parent = at(value, path.slice(0, -1));
  if (typeof parent === 'object' && parent !== null) {
    Reflect.deleteProperty(parent, path.at(-1) ?? '');
  }
}
