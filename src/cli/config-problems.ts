/**
 * What is wrong with config.yml, said so that it can be mended without looking anything up.
 */
import { counted } from '../domain/text.ts';

export interface ConfigProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** `retry.max_retries`; empty where the file as a whole is meant. */
  readonly path: string;
  /** What stands there, as shown to people; never a value that may be a secret. */
  readonly found: string;
  readonly allowed?: string | undefined;
  readonly hint?: string | undefined;
  /** The value does not stand in the file at all. */
  readonly isInEnvironment?: boolean | undefined;
  /** It is a variable that the environment does not have at all. */
  readonly isUnset?: boolean | undefined;
}

/** Every problem of one config file, in the order of its lines. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly ConfigProblem[];

  /** What would mend several of them at once. */
  readonly hint: string | undefined;

  /** `file` as it is shown to people. */
  constructor(file: string, problems: readonly ConfigProblem[], hint?: string) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const lines = sorted.map((problem) => `  ${problemText(file, problem)}`);
    super([`${file} has ${counted(sorted.length, 'problem')}:`, ...lines].join('\n'));
    this.problems = sorted;
    this.hint = hint;
  }
}

/** `config.yml:12  retry.max_retries: found "three", allowed: a whole number from 0 to 20`. */
export function problemText(file: string, problem: ConfigProblem): string {
  const place = problem.path === '' ? '' : `${problem.path}: `;
  const allowed = problem.allowed === undefined ? '' : `, allowed: ${problem.allowed}`;
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  const where = problem.isInEnvironment === true ? 'environment' : `${file}:${problem.line}`;
  return `${where}  ${place}found ${problem.found}${allowed}${hint}`;
}

export type ConfigPath = readonly (string | number)[];

/** `services.tts[1]`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join('');
}

/** What a rule across keys has found. */
export interface Finding {
  /** Where it is to be mended. */
  readonly path: ConfigPath;
  /** The other keys it depends on. */
  readonly with?: readonly ConfigPath[];
  readonly found: string;
  readonly allowed: string;
  readonly hint?: string | undefined;
}
