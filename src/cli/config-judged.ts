/**
 * What a rule about config.yml has before it.
 */
import type { ConfigPath, ConfigProblem, Finding } from './config-problems.ts';
import type { ConfigFile } from './config-schema.ts';
import type { ConfigSource } from './config-source.ts';
import type { Config } from './settings.ts';

/** What the rules ask of the libraries and services, handed in by commands that use them. */
export interface Judgement {
  /** What is wrong with a script template; undefined where it compiles. */
  checkTemplate(template: string): string | undefined;
  /** Names of the voices that are built in. */
  readonly voices: readonly string[];
  isCountry(code: string): boolean;
}

export interface Judged {
  readonly config: Config;
  readonly file: ConfigFile;
  readonly source: ConfigSource;
  /** Found before; a rule about one of those keys has nothing to go by. */
  readonly problems: readonly ConfigProblem[];
}

/** Looks at the whole config, and says what it found. */
export type Rule = (judged: Judged, judgement: Judgement | undefined) => readonly Finding[];

/** A value as it may be shown: one from the environment only by the variable's name. */
export function shown({ source }: Judged, path: ConfigPath, value: string): string {
  return source.hasVariable(path) ? source.place(path).found : value;
}
