/**
 * Lines of the app log: which of them are wanted, and how they look to people.
 */
import { prettyFactory } from 'pino-pretty';
import { maskContactId } from '../domain/privacy.ts';
import { LOG_LEVELS, type LogLevel, namesContact } from '../observers/log-lines.ts';

/** The fields that are looked at here; a line has more. */
export interface LogEntry {
  readonly time?: unknown;
  readonly event?: unknown;
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly campaign?: unknown;
  readonly contact?: unknown;
  readonly service?: unknown;
  readonly role?: unknown;
  readonly stack?: unknown;
}

export interface LogFilter {
  /** Any of them. */
  readonly service?: readonly string[] | undefined;
  /** This level and the more important ones. */
  readonly level?: LogLevel | undefined;
  /** Any of them. */
  readonly contact?: readonly string[] | undefined;
  /** Wall clock, milliseconds. */
  readonly sinceMs?: number | undefined;
}

/** Undefined where the line is no JSON object. */
export function readEntry(line: string): LogEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A line that cannot be read is wanted unless something is asked of it that it cannot tell. */
export function isWanted(entry: LogEntry | undefined, filter: LogFilter): boolean {
  const { service, level, contact, sinceMs } = filter;
  if (entry === undefined) {
    return service === undefined && level === undefined && contact === undefined;
  }
  return (
    (service === undefined || service.some((one) => isBy(entry, one))) &&
    (level === undefined || rank(entry.level) >= rank(level)) &&
    (contact === undefined || contact.some((one) => contactInLog(one) === entry.contact)) &&
    (sinceMs === undefined || !(Date.parse(String(entry.time)) < sinceMs))
  );
}

/** `openai` is all that the account does, and `openai (tts)` what it does in that role. */
function isBy({ service, role }: LogEntry, name: string): boolean {
  return name === service || name === `${String(service)} (${String(role)})`;
}

/** A level this version does not know is shown rather than hidden. */
function rank(level: unknown): number {
  const index = LOG_LEVELS.findIndex((known) => known === level);
  return index < 0 ? LOG_LEVELS.length : index;
}

/** Contacts whose id is their number stand in the log with a masked one. */
function contactInLog(contact: string): string {
  return maskContactId(/^\+[\d\s().-]+$/.test(contact) ? contact.replace(/[^+\d]/g, '') : contact);
}

/** Dresses one line for the screen; the answer ends with a line feed. */
export type Dress = (line: string, entry: LogEntry | undefined) => string;

/** The longest name of a level is five characters. */
const LEVEL_WIDTH = 5;

export function asItStands(line: string): string {
  return `${line}\n`;
}

/** `2026-11-23 03:00:01 WARN:  spring  flite failed at speech, attempt 1: … (contact c-017)`. */
export function forPeople(colors: boolean): Dress {
  const pretty = prettyFactory({
    colorize: colors,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss',
    messageKey: 'text',
    include: 'time,level',
    customPrettifiers: { time: (time) => (typeof time === 'string' ? time : '') },
  });
  return (line, entry) => {
    if (entry === undefined || typeof entry.msg !== 'string') {
      return asItStands(line);
    }
    return String(pretty({ ...entry, stack: undefined, text: sentence(entry, entry.msg) }));
  };
}

function sentence(entry: LogEntry, message: string): string {
  const campaign = typeof entry.campaign === 'string' ? `${entry.campaign}  ` : '';
  const { contact, stack } = entry;
  const about =
    typeof contact === 'string' && !namesContact(entry.event, contact, message)
      ? ` (contact ${contact})`
      : '';
  // Whoever wrote the line may have put anything there; a terminal must not obey it.
  const text = `${campaign}${message}${about}`.replace(/\p{Cc}/gu, ' ');
  const gap = ' '.repeat(Math.max(0, LEVEL_WIDTH - String(entry.level).length));
  const below = typeof stack === 'string' ? `\n${stack.replace(/[^\P{Cc}\n]/gu, ' ')}` : '';
  return `${gap}${text}${below}`;
}
