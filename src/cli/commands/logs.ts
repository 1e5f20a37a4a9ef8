import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { serviceKey, servicesInUse } from '../../domain/service-key.ts';
import { LOG_LEVELS, type LogLevel } from '../../observers/log-lines.ts';
import { loadConfig } from '../config.ts';
import { parseSpan } from '../durations.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { shownPath } from '../folders.ts';
import { LogTail } from '../log-tail.ts';
import { asItStands, forPeople, isWanted, type LogFilter, readEntry } from '../log-view.ts';
import type { Config } from '../settings.ts';
import { nearest } from '../suggest.ts';
import type { World } from '../world.ts';

export interface LogsOptions {
  readonly config: string;
  readonly follow?: boolean;
  readonly lines?: number;
  readonly service?: readonly string[];
  readonly level?: string;
  readonly contact?: readonly string[];
  readonly since?: string;
  readonly json?: boolean;
  readonly color: boolean;
}

/** How many of the last lines are shown where neither --lines nor --since says otherwise. */
const LINES_SHOWN = 50;
/** How often a followed log is looked at, in milliseconds. */
const LOOK_MS = 250;

/** Shows the app log, and with `follow` goes on until Ctrl-C. */
export async function logs(world: World, options: LogsOptions): Promise<number> {
  const filter = filterOf(world, options);
  const config = await loadConfig({
    file: resolve(world.folder, options.config),
    shownAs: options.config,
    env: world.env,
    withoutSecrets: true,
  });
  const { file, keep } = config.logging;
  const isThere = (await modifiedMs(file)) !== undefined;
  if (!isThere) {
    nothingYet(world, shownPath(file, world.folder), options.follow === true);
  }
  const dress = options.json === true ? asItStands : forPeople(hasColors(world, options));
  let shown = 0;
  const show = (line: string): void => {
    shown += 1;
    world.stdout.write(dress(line, readEntry(line)));
  };
  await using tail = new LogTail(file);
  const linesMax = options.lines ?? (filter.sinceMs === undefined ? LINES_SHOWN : undefined);
  const older = await olderFiles(file, keep, filter.sinceMs);
  if (linesMax === undefined) {
    await showAll(older, tail, filter, show);
  } else {
    (await lastLines(older, tail, filter, linesMax)).forEach(show);
  }
  if (options.follow !== true) {
    wanted([...tail.rest()], filter).forEach(show);
  }
  if (shown === 0 && isThere) {
    world.stderr.write(nothingMatches(shownPath(file, world.folder), options, config));
  }
  if (options.follow === true) {
    await follow(world, tail, filter, show);
  }
  return EXIT.ok;
}

// ---------------------------------------------------------------------------- options

function filterOf(world: World, options: LogsOptions): LogFilter {
  const { service, contact, level, since } = options;
  return {
    service,
    contact,
    level: level === undefined ? undefined : levelNamed(level),
    sinceMs: since === undefined ? undefined : sinceMs(since, world.clock.wallMs()),
  };
}

function levelNamed(name: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === name.toLowerCase());
  if (level !== undefined) {
    return level;
  }
  const near = nearest(name, LOG_LEVELS);
  throw new CommandFailure(
    EXIT.usage,
    `--level: found "${name}", allowed: ${LOG_LEVELS.join(', ')}`,
    near === undefined ? undefined : `Did you mean ${near}?`,
  );
}

/** A span before now, or a time of day on this machine's clock unless it says which zone. */
export function sinceMs(text: string, nowMs: number): number {
  const spanMs = parseSpan(text);
  if (spanMs !== undefined) {
    return nowMs - spanMs;
  }
  const isDate = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(
    text,
  );
  // JavaScript reads a bare date as UTC, and one with a time as local.
  const timeMs = isDate ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw new CommandFailure(
      EXIT.usage,
      `--since: found "${text}", allowed: a span such as 30m, 2h or 1d, or a time such as ` +
        '2026-11-23T03:00',
    );
  }
  return timeMs;
}

function hasColors(world: World, options: LogsOptions): boolean {
  return options.color && world.stdout.isTerminal && (world.env['NO_COLOR'] ?? '') === '';
}

// ---------------------------------------------------------------------------- files

function nothingYet(world: World, file: string, isFollowing: boolean): void {
  const message = `nothing was logged yet: there is no ${file}`;
  if (!isFollowing) {
    throw new CommandFailure(EXIT.noInput, message, '`campaign run` writes it.');
  }
  world.stderr.write(`campaign: ${message}; waiting for it\n`);
}

/** What was asked for and what that is compared with; empty where nothing was asked for. */
function nothingMatches(file: string, options: LogsOptions, { services }: Config): string {
  const { service = [], contact = [], level, since } = options;
  const asked = [
    ...service.map((name) => `--service ${name}`),
    ...contact.map((id) => `--contact ${id}`),
    ...(level === undefined ? [] : [`--level ${level}`]),
    ...(since === undefined ? [] : [`--since ${since}`]),
  ];
  if (asked.length === 0) return '';
  const used = servicesInUse(services);
  const inUse = used.map((one) => serviceKey(used, one)).join(', ');
  return [
    `campaign: no line of ${file} matches ${asked.join(' ')}`,
    ...(service.length === 0 ? [] : [`  --service is a name as in config.yml: ${inUse}`]),
    ...(contact.length === 0
      ? []
      : ['  --contact is the id in the list, or, in a list without ids, the number with its +']),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** Logs that were set aside and may hold wanted lines, the newest first. */
async function olderFiles(
  file: string,
  keep: number,
  sinceMs: number | undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let number = 1; number <= keep; number++) {
    const path = `${file}.${number}`;
    const lastMs = await modifiedMs(path);
    if (lastMs === undefined || (sinceMs !== undefined && lastMs < sinceMs)) {
      return found;
    }
    found.push(path);
  }
  return found;
}

async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

// ---------------------------------------------------------------------------- lines

function wanted(lines: readonly string[], filter: LogFilter): readonly string[] {
  return lines.filter((line) => line !== '' && isWanted(readEntry(line), filter));
}

async function* wantedFrom(tail: LogTail, filter: LogFilter): AsyncGenerator<string> {
  for await (const line of tail.newLines()) {
    yield* wanted([line], filter);
  }
}

async function showAll(
  older: readonly string[],
  tail: LogTail,
  filter: LogFilter,
  show: (line: string) => void,
): Promise<void> {
  for (const path of older.toReversed()) {
    await using olderTail = new LogTail(path);
    for await (const line of wantedFrom(olderTail, filter)) {
      show(line);
    }
    wanted([...olderTail.rest()], filter).forEach(show);
  }
  for await (const line of wantedFrom(tail, filter)) {
    show(line);
  }
}

/** From the current log, and from older ones where it does not hold so many. */
async function lastLines(
  older: readonly string[],
  tail: LogTail,
  filter: LogFilter,
  linesMax: number,
): Promise<readonly string[]> {
  let lines = await lastOf(tail, filter, linesMax);
  for (const path of older) {
    if (lines.length >= linesMax) {
      break;
    }
    await using olderTail = new LogTail(path);
    lines = [...(await lastOf(olderTail, filter, linesMax - lines.length)), ...lines];
  }
  return lines;
}

async function lastOf(
  tail: LogTail,
  filter: LogFilter,
  linesMax: number,
): Promise<readonly string[]> {
  let lines: string[] = [];
  for await (const line of wantedFrom(tail, filter)) {
    lines.push(line);
    if (lines.length >= 2 * linesMax + 1000) {
      lines = lines.slice(-linesMax);
    }
  }
  return lines.slice(-linesMax);
}

async function follow(
  world: World,
  tail: LogTail,
  filter: LogFilter,
  show: (line: string) => void,
): Promise<void> {
  const stopped = new AbortController();
  const ignore = world.onStop(() => {
    stopped.abort();
  });
  try {
    while (!stopped.signal.aborted) {
      await world.clock.sleep(LOOK_MS, stopped.signal);
      for await (const line of wantedFrom(tail, filter)) {
        show(line);
      }
    }
  } catch (error) {
    if (!stopped.signal.aborted) {
      throw error;
    }
  } finally {
    ignore();
  }
}
