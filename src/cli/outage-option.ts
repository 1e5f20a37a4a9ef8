/**
 * One `--outage` of `campaign simulate`: TARGET[@FROM-TO][:FAULT], such as `elevenlabs`,
 * `tts@09:10-09:20:503` or `all@+5m-+20m:slow:4s`.
 */
import { InvalidArgumentError } from 'commander';
import { ROLES } from '../domain/words.ts';
import { EXCHANGES } from '../sim/exchange.ts';
import type { Fault, Outage } from '../sim/outage.ts';
import { type Target, VENDOR_NAMES } from '../sim/vendors.ts';
import { durationText, parseDurations } from './durations.ts';
import { nearest } from './suggest.ts';

/** What the outage is about still has to be looked up in the chains: `placesOf`. */
export type ParsedOutage = Omit<Outage, 'places'> & { readonly target: Target };

/** Without `@FROM-TO` an outage begins after two good minutes, with calls on every line. */
export const DEFAULT_OUTAGE_START_MS = 120_000;

/**
 * And lasts three minutes. With the settings as shipped that shows all there is to see on the
 * built-in list: retries for 35 s, a breaker that opens, contacts put off, a first trial after
 * 60 s that fails, health probes every 30 s, and the recovery.
 */
export const DEFAULT_OUTAGE_LENGTH_MS = 180_000;

/** What a bare 429 asks for: more than the first retries wait, less than `retry.max_delay`. */
export const DEFAULT_RETRY_AFTER_MS = 30_000;

/** A window over midnight that is longer is taken for two times in the wrong order. */
const OVERNIGHT_MS_MAX = 12 * 3_600_000;

const DAY_MS = 24 * 3_600_000;
const OFFSET_MS_MAX = 30 * DAY_MS;
const FAULT_MS_MAX = DAY_MS;

/**
 * Clock times are UTC and mean the first such time from the start on; TO is the first one after
 * FROM. An outage that is on at the start is on from the start. Offsets count from the start.
 *
 * @param about.startMs wall clock of the virtual start
 * @throws InvalidArgumentError, whose message commander shows: which part, what was found, what
 *   is allowed
 */
export function parseOutage(text: string, about: { readonly startMs: number }): ParsedOutage {
  const nameEnd = text.search(/[@:]|$/);
  const name = text.slice(0, nameEnd);
  const target = parseTarget(name);
  refuseOtherOrder(name, text.slice(nameEnd));
  const { window, fault } = divided(text.slice(nameEnd));
  const { startMs, endMs } =
    window === undefined
      ? {
          startMs: DEFAULT_OUTAGE_START_MS,
          endMs: DEFAULT_OUTAGE_START_MS + DEFAULT_OUTAGE_LENGTH_MS,
        }
      : parseWindow(window, about.startMs);
  return { name, target, startMs, endMs, fault: parseFault(fault ?? '503', name) };
}

/** The other way round, with offsets from the start: `elevenlabs@+2m-+5m:503`. */
export function outageText(outage: Pick<Outage, 'name' | 'startMs' | 'endMs' | 'fault'>): string {
  const { name, startMs, endMs, fault } = outage;
  return `${name}@+${durationText(startMs)}-+${durationText(endMs)}:${faultText(fault)}`;
}

/** As it is written after the colon: `503`, `429/30s`, `slow:4s`, `flaky:30%`. */
export function faultText(fault: Fault): string {
  switch (fault.type) {
    case '429':
      return `429/${durationText(fault.retryAfterMs)}`;
    case 'slow':
      return `slow:${durationText(fault.byMs)}`;
    case 'flaky':
      return `flaky:${Math.round(fault.share * 10_000) / 100}%`;
    default:
      return fault.type;
  }
}

/** `allowed` goes before `hint`, as in the problems of config.yml. */
function wrong(part: string, found: string, allowed: string, hint?: string): InvalidArgumentError {
  const shown = found === '' ? 'nothing' : `"${found}"`;
  const ending = hint === undefined ? '.' : `; ${hint}${hint.endsWith('?') ? '' : '.'}`;
  return new InvalidArgumentError(`${part}: found ${shown}, allowed: ${allowed}${ending}`);
}

// ---------------------------------------------------------------------------- target

function parseTarget(name: string): Target {
  if (name === 'all') {
    return { type: 'all' };
  }
  const role = ROLES.find((known) => known === name);
  if (role !== undefined) {
    return { type: 'role', role };
  }
  if (VENDOR_NAMES.includes(name)) {
    return { type: 'service', service: name };
  }
  const near = nearest(name, ['all', ...ROLES, ...VENDOR_NAMES]);
  throw wrong(
    'TARGET',
    name,
    `all, a role (${ROLES.join(', ')}) or a service (${VENDOR_NAMES.join(', ')})`,
    name === '' || near === undefined ? undefined : `did you mean ${near}?`,
  );
}

// ---------------------------------------------------------------------------- window

interface Window {
  readonly from: string;
  readonly to: string;
}

const MOMENT = String.raw`\d{1,2}:\d{2}(?::\d{2})?|\+[^:-]*`;
const WINDOW = new RegExp(`^@(${MOMENT})-(${MOMENT})(?::(.*))?$`);
const MOMENT_ALLOWED =
  'a time of day such as 09:10 or 09:10:30, or one after the start: +5m, +1h30m';

/** Clock times and faults both hold colons, so the two are told apart by the shape of a time. */
function divided(rest: string): { window?: Window; fault?: string } {
  if (!rest.startsWith('@')) {
    return rest === '' ? {} : { fault: rest.slice(1) };
  }
  const [, from, to, fault] = WINDOW.exec(rest) ?? [];
  if (from === undefined || to === undefined) {
    throw wrongWindow(rest.slice(1));
  }
  return { window: { from, to }, ...(fault === undefined ? {} : { fault }) };
}

function wrongWindow(text: string): InvalidArgumentError {
  const dash = text.indexOf('-');
  const from = dash < 0 ? text : text.slice(0, dash);
  if (dash < 0) {
    return wrong('FROM-TO', text, 'both, such as 09:10-09:20 or +5m-+20m');
  }
  if (!new RegExp(`^(${MOMENT})$`).test(from)) {
    return wrong('FROM', from, MOMENT_ALLOWED, hintForMoment(from));
  }
  const to = text.slice(dash + 1).replace(/:(?!\d\d(?!\d)).*$/, '');
  return wrong('TO', to, MOMENT_ALLOWED, hintForMoment(to));
}

function hintForMoment(found: string): string | undefined {
  return parseDurations(found) === undefined ? undefined : `write +${found}`;
}

function parseWindow({ from, to }: Window, startMs: number): { startMs: number; endMs: number } {
  const begin = parseMoment('FROM', from);
  const end = parseMoment('TO', to);
  const timeOfDayMs = remainder(startMs, DAY_MS);
  const isOn = begin.isClock && end.isClock && begin.ms < timeOfDayMs && timeOfDayMs < end.ms;
  if (isOn) {
    return { startMs: 0, endMs: end.ms - timeOfDayMs };
  }
  const fromMs = begin.isClock ? remainder(begin.ms - timeOfDayMs, DAY_MS) : begin.ms;
  const toMs = end.isClock ? fromMs + remainder(end.ms - timeOfDayMs - fromMs, DAY_MS) : end.ms;
  const dayOf = (ms: number): number => Math.floor((timeOfDayMs + ms) / DAY_MS);
  // A window until 00:00 ends with its own day.
  const isOvernight = end.isClock && dayOf(toMs - 1) > dayOf(fromMs);
  if (toMs <= fromMs || (isOvernight && toMs - fromMs > OVERNIGHT_MS_MAX)) {
    throw wrong('TO', to, `a time after FROM, which is ${from}`);
  }
  return { startMs: fromMs, endMs: toMs };
}

/** Milliseconds since midnight, or since the start. */
function parseMoment(part: string, text: string): { isClock: boolean; ms: number } {
  const [, hours, minutes, seconds = '0'] = /^(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
    if (h > 23 || m > 59 || s > 59) {
      throw wrong(part, text, 'a time of day from 00:00 to 23:59:59');
    }
    return { isClock: true, ms: ((h * 60 + m) * 60 + s) * 1000 };
  }
  const ms = parseDurations(text.slice(1));
  if (ms === undefined) {
    throw wrong(part, text, MOMENT_ALLOWED);
  }
  if (ms > OFFSET_MS_MAX) {
    throw wrong(part, text, `up to +${durationText(OFFSET_MS_MAX)}`);
  }
  return { isClock: false, ms };
}

/** Never negative. */
function remainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

// ---------------------------------------------------------------------------- order

const FAULT_FIRST =
  /^[@:]((?:503|401|400|timeout|reset|refused|429(?:\/\w+)?|slow:\w+|flaky:[\d.]+%))[@:](.*)$/;

/** What goes wrong is written last, after the time. */
function refuseOtherOrder(name: string, rest: string): void {
  const [, fault, time = ''] = FAULT_FIRST.exec(rest) ?? [];
  if (fault === undefined || !new RegExp(`^(${MOMENT})(-|$)`).test(time)) return;
  const window = WINDOW.test(`@${time}`) ? time : `${time.replace(/-.*$/, '')}-TO`;
  const allowed = 'TARGET@FROM-TO:FAULT, in this order';
  throw wrong('OUTAGE', `${name}${rest}`, allowed, `write ${name}@${window}:${fault}`);
}

// ---------------------------------------------------------------------------- fault

const PLAIN_FAULTS = ['503', '401', '400', 'timeout', 'reset', 'refused'] as const;
const FAULT_FORMS = ['429', '429/2m', 'slow:4s', 'flaky:30%'];
/** What only an exchange of the operator's own can have. */
const EXCHANGE_FORMS: Readonly<Record<string, Fault>> = {
  restart: { type: 'restart' },
  cut: { type: 'cut' },
  trunk: { type: 'trunk', says: 'congested' },
};
const FAULTS_ALLOWED = [...PLAIN_FAULTS, ...FAULT_FORMS].join(', ');
const EXCHANGE_FAULTS_ALLOWED = Object.keys(EXCHANGE_FORMS).join(', ');

/** Answers that the program treats like one of those that can be simulated. */
const ALIKE: Readonly<Record<string, string>> = {
  408: '503',
  425: '503',
  500: '503',
  502: '503',
  504: '503',
  '5xx': '503',
  402: '401',
  403: '401',
  404: '400',
  422: '400',
};

function parseFault(text: string, target: string): Fault {
  const ofExchange = EXCHANGE_FORMS[text];
  if (ofExchange !== undefined) {
    if (EXCHANGES.includes(target)) return ofExchange;
    const hint = `${text} is for an exchange of your own: ${EXCHANGES.join(', ')}`;
    throw wrong('FAULT', text, FAULTS_ALLOWED, hint);
  }
  const plain = PLAIN_FAULTS.find((type) => type === text);
  if (plain !== undefined) {
    return { type: plain };
  }
  if (text === '429') {
    return { type: '429', retryAfterMs: DEFAULT_RETRY_AFTER_MS };
  }
  const [, word, value = ''] = /^(429\/|slow:|flaky:)(.+)$/.exec(text) ?? [];
  switch (word) {
    case '429/':
      return { type: '429', retryAfterMs: faultMs(text, value) };
    case 'slow:':
      return { type: 'slow', byMs: faultMs(text, value) };
    case 'flaky:':
      return { type: 'flaky', share: faultShare(text, value) };
    default:
      throw wrong('FAULT', text, allowedFor(target), hintForFault(text));
  }
}

function allowedFor(target: string): string {
  return EXCHANGES.includes(target)
    ? `${FAULTS_ALLOWED}, ${EXCHANGE_FAULTS_ALLOWED}`
    : `${FAULTS_ALLOWED}; of ${EXCHANGES.join(' and ')} also ${EXCHANGE_FAULTS_ALLOWED}`;
}

function faultMs(text: string, value: string): number {
  const ms = parseDurations(value);
  if (ms === undefined || ms < 1 || ms > FAULT_MS_MAX) {
    const isBare = /^\d+(\.\d+)?$/.test(value);
    const allowed = `a duration from 1ms to ${durationText(FAULT_MS_MAX)} at its end`;
    throw wrong('FAULT', text, allowed, isBare ? `write ${text}s for seconds` : undefined);
  }
  return ms;
}

/** Hundredths of a percent are kept. */
function faultShare(text: string, value: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(value)?.[1]);
  const share = Math.round(percent * 100) / 10_000;
  if (!(share > 0 && share <= 1)) {
    throw wrong('FAULT', text, 'a share of the requests, from flaky:0.01% to flaky:100%');
  }
  return share;
}

function hintForFault(text: string): string | undefined {
  const [word = '', value = ''] = text.split(/[:/]/, 2);
  if (word === '429') {
    return value === '' ? undefined : `write 429/${value}`;
  }
  const alike = ALIKE[text];
  if (alike !== undefined) {
    return `${text} has the same effect as ${alike}`;
  }
  const near = nearest(word, [...PLAIN_FAULTS, 'slow', 'flaky', ...Object.keys(EXCHANGE_FORMS)]);
  const form = FAULT_FORMS.find((one) => one.startsWith(`${near}:`)) ?? near;
  return form === undefined || /^\d/.test(word) ? undefined : `did you mean ${form}?`;
}
