/**
 * Every event of the engine in one sentence for people, and how important it is. The app log,
 * `--verbose` and `logs` show the same words.
 */
import { affectedText } from '../domain/alert-contacts.ts';
import { elsewhereText } from '../domain/alert-sheet-text.ts';
import type {
  CampaignEvent,
  ContactCounts,
  EventOf,
  EventType,
  RowsOwed,
  RunEnd,
} from '../domain/event.ts';
import { CALL_LIMIT } from '../domain/failure.ts';
import type { Health } from '../domain/health.ts';
import { maskContactId, maskNumbers } from '../domain/privacy.ts';
import { withServiceKeys } from '../domain/service-key.ts';
import { counted, numberText, spanText } from '../domain/text.ts';
import type { Payee } from '../domain/usage.ts';
import type { Role } from '../domain/words.ts';

/** From the least to the most important. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Sentences = { readonly [Type in EventType]: (event: EventOf<Type>) => string };

const ENDS: Readonly<Record<RunEnd, string>> = {
  done: 'every contact has an outcome',
  limit: 'the limit was reached',
  outage: 'a needed service was down too long',
  until: 'the time given with --until was reached',
  budget: 'the budget of the campaign was reached',
  stopped: 'it was stopped',
  disk_failed: 'what must be kept could not be written',
  program_failed: 'the program failed',
};

const HEALTH_MEANS: Readonly<Record<Health, string>> = {
  healthy: '',
  degraded: ': its health check is good, the work has yet to prove it',
  unhealthy: ': its health check fails',
};

const FALLBACK_DID: Readonly<Record<Role, string>> = {
  llm: 'writes the text',
  tts: 'speaks the text',
  dialer: 'makes the call',
  crm: 'is asked or told of the call',
};

/** How long a service had not been healthy. */
function metText(event: EventOf<'alert.sent'>): string {
  const text = affectedText({ ...event, kind: event.alert });
  return text === undefined ? '' : ` (${text})`;
}

function afterText(awayMs: number | undefined): string {
  return awayMs === undefined ? '' : `; it had not been healthy for ${spanText(awayMs)}`;
}

const CONNECTION_SENTENCES: Readonly<
  Record<EventOf<'connection.changed'>['state'], (event: EventOf<'connection.changed'>) => string>
> = {
  connecting: ({ service, address, attempt = 1 }) =>
    `${service}: connecting to ${address}, attempt ${attempt}`,
  connected: ({ service, address, attempt = 1 }) =>
    `${service} is connected to ${address}, at attempt ${attempt}`,
  disconnected: ({ service, address, attempt = 0, lastedMs, delayMs = 0, code, message }) =>
    (attempt === 0
      ? `${service} lost its connection to ${address} after ${spanText(lastedMs)}: `
      : `${service} is not connected to ${address}, attempt ${attempt} failed: `) +
    `${failureText(code ?? 'lost', undefined, message ?? 'no reason given')}; ` +
    (delayMs === 0 ? 'tried again at once' : `tried again in ${spanText(delayMs)}`),
  closed: ({ service, address }) => `${service}: the connection to ${address} is closed`,
};

const SENTENCES: Sentences = {
  'run.started': ({ lines, contacts }) =>
    `run started on ${counted(lines, 'line')}: ${countsText(contacts)}`,
  'run.finished': ({ end, contacts, durationMs, reason }) =>
    `run ended after ${spanText(durationMs)}: ${ENDS[end]}${because(reason)}; ` +
    countsText(contacts),
  'contact.rejected': ({ listLine, reason }) =>
    `line ${listLine} of the list was rejected: ${maskNumbers(reason)}`,
  'call.started': ({ contact }) => `call to ${shown(contact)} started`,
  'step.finished': ({ step, service, durationMs, kept, note }) =>
    kept === true || service === undefined
      ? `${step} was there already`
      : `${step} done by ${service} in ${spanText(durationMs)}` +
        (note === undefined ? '' : `: ${maskNumbers(note)}`),
  'attempt.failed': (event) => {
    const { code, status, message } = event;
    return `${failedText(event)}: ${failureText(code, status, message)}`;
  },
  'retry.scheduled': ({ service, retry, delayMs, question }) =>
    question === true
      ? `${service} is asked again in ${spanText(delayMs)}`
      : `${service}: retry ${retry} in ${spanText(delayMs)}`,
  'fallback.used': ({ service, role, instead, reason }) =>
    `${service} ${FALLBACK_DID[role]} instead of ${instead}: ${maskNumbers(reason)}`,
  'breaker.opened': ({ service, openMs, isCutOff, code, message }) =>
    `${service} is left alone ` +
    (isCutOff === true ? 'until it is connected' : `for ${spanText(openMs)}`) +
    `: ${failureText(code, undefined, message)}`,
  'breaker.half_open': ({ service }) => `${service} is tried again`,
  'breaker.closed': ({ service, outageMs }) => `${service} works again after ${spanText(outageMs)}`,
  'service.stalled': ({ service, forMs, waitMs, code, message }) =>
    (forMs < 1_000
      ? `${service} takes no requests for ${spanText(waitMs)}: `
      : `${service} has taken no requests for ${spanText(forMs)}: `) +
    failureText(code, undefined, message),
  'service.resumed': ({ service, outageMs }) =>
    `${service} takes requests again after ${spanText(outageMs)}`,
  'call.failed': ({ contact, step, code, message, putOff }) =>
    `call to ${shown(contact)} ${putOff === true ? 'is put off, it ' : ''}failed` +
    `${step === undefined ? '' : ` at ${step}`}: ` +
    failureText(code, undefined, message),
  'contact.put_off': (event) =>
    `${shown(event.contact)} is ${putOffText(event)}: ${maskNumbers(event.reason)}`,
  'call.finished': ({ contact, outcome, detail, durationMs, was }) => {
    const ended = was === undefined ? 'ended' : 'was uncertain, and is known now';
    const why = detail === undefined ? '' : ` (${detailText(detail, contact)})`;
    const span = was === undefined ? ` in ${spanText(durationMs)}` : '';
    return `call to ${shown(contact)} ${ended}: ${outcome.replace('_', ' ')}${why}${span}`;
  },
  'call.looked_for': ({ service, contact, forMs }) =>
    `the answer about the call to ${shown(contact)} was lost: ${service} is asked whether it has ` +
    `the call, which takes ${forMs === 0 ? 'until it tells' : `${spanText(forMs)} at most`}; ` +
    'they are not rung again meanwhile',
  'call.looked_up': ({ service, contact, exists }) =>
    exists
      ? `${service} has the call to ${shown(contact)} whose answer was lost: nobody is rung again`
      : `${service} has no call to ${shown(contact)}, whose answer was lost: nobody was rung`,
  'record.refused': ({ service, contact, code, message }) =>
    `${service} refused the record of the call to ${shown(contact)}: ` +
    `${failureText(code, undefined, message)}; it is owed: the next run offers it again`,
  'health.changed': ({ service, health, awayMs, message }) =>
    `${service} is ${health}${HEALTH_MEANS[health]}${because(message)}${afterText(awayMs)}`,
  'connection.changed': (event) => CONNECTION_SENTENCES[event.state](event),
  'alert.sent': (event) =>
    `alert sent by ${event.channel}: ${maskNumbers(event.title)}${metText(event)}`,
  'alert.failed': ({ channel, title, code, status, message, kept }) =>
    `alert not sent by ${channel} (${maskNumbers(title)}): ` +
    `${failureText(code, status, message)}; ${kept ? 'it is sent later' : 'it is given up'}`,
  'sheet.works': ({ rows, outageMs, elsewhere }) =>
    'Google Sheets takes rows' +
    (outageMs === undefined ? '' : ` again after ${spanText(outageMs)}`) +
    `: ${counted(rows, 'row')} written${othersText(elsewhere)}`,
  'sheet.away': ({ code, status, message, waiting, elsewhere }) =>
    `Google Sheets takes no rows, ${counted(waiting, 'row')} ${waiting === 1 ? 'waits' : 'wait'}` +
    `${othersText(elsewhere)}: ${failureText(code, status, message)}`,
  notice: ({ message }) => maskNumbers(message),
};

function othersText(elsewhere: readonly RowsOwed[] = []): string {
  return elsewhere.length === 0 ? '' : `; ${elsewhereText(elsewhere)}`;
}

const LEVELS: Readonly<Record<Exclude<EventType, 'notice' | 'call.finished'>, LogLevel>> = {
  'run.started': 'info',
  'run.finished': 'info',
  'contact.rejected': 'warn',
  'call.started': 'info',
  'step.finished': 'info',
  'attempt.failed': 'warn',
  'retry.scheduled': 'info',
  'fallback.used': 'warn',
  'breaker.opened': 'error',
  'breaker.half_open': 'info',
  'breaker.closed': 'info',
  'service.stalled': 'error',
  'service.resumed': 'info',
  'call.failed': 'error',
  'contact.put_off': 'info',
  'call.looked_for': 'warn',
  'call.looked_up': 'info',
  'record.refused': 'warn',
  'health.changed': 'warn',
  'connection.changed': 'info',
  'alert.sent': 'info',
  'alert.failed': 'error',
  'sheet.works': 'info',
  'sheet.away': 'warn',
};

/**
 * One sentence, without a full stop. Telephone numbers are masked.
 *
 * @param services those in use: an account that fills two roles is named as two
 */
export function messageOf(event: CampaignEvent, services: readonly Payee[]): string {
  // The table has an entry per type; only the compiler cannot see that they belong together.
  const sentence = SENTENCES[event.type] as (event: CampaignEvent) => string;
  return sentence(withServiceKeys(services, event));
}

export function levelOf(event: CampaignEvent): LogLevel {
  switch (event.type) {
    case 'notice':
      return event.level;
    case 'health.changed':
      return event.health === 'healthy' ? 'info' : 'warn';
    case 'connection.changed':
      return event.state === 'disconnected' ? 'warn' : 'info';
    case 'call.finished':
      return levelOfCall(event);
    case 'run.finished':
      return levelOfEnd(event.end);
    default:
      return LEVELS[event.type];
  }
}

/** What reached nobody, or nobody can tell of; not who was left alone because they had asked. */
function levelOfCall({ outcome, code }: EventOf<'call.finished'>): LogLevel {
  const isTrouble = (outcome === 'failed' && code !== 'opted_out') || outcome === 'uncertain';
  return isTrouble ? 'warn' : 'info';
}

function levelOfEnd(end: RunEnd): LogLevel {
  switch (end) {
    case 'disk_failed':
    case 'program_failed':
      return 'error';
    case 'outage':
    case 'budget':
      return 'warn';
    case 'done':
    case 'limit':
    case 'until':
    case 'stopped':
      return 'info';
  }
}

/** What a call's detail says, without the number of the person who was called. */
export function detailText(detail: string, contact: string): string {
  const masked = maskNumbers(detail);
  return maskContactId(contact) === contact
    ? masked
    : masked.replaceAll(contact.replace(/\D/g, ''), '***');
}

function countsText(counts: ContactCounts): string {
  const { total, done, queued, put_off, calling, uncertain } = counts;
  const others = Object.entries({ queued, 'put off': put_off, calling, uncertain })
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `, ${numberText(count)} ${word}`);
  return `${counted(total, 'contact')}, ${numberText(done)} done${others.join('')}`;
}

/** A breaker whose time is almost up waits for somebody who tries its service. */
const NO_TIME_MS = 1_000;

/** `put off for 1 min, behind the others`: until when, as part of a sentence. */
export function putOffText({ delayMs, behind, waitsFor }: EventOf<'contact.put_off'>): string {
  if (waitsFor !== undefined && delayMs < NO_TIME_MS) {
    return `put off until ${waitsFor.length === 1 ? 'it' : 'they'} can be asked`;
  }
  return `put off for ${spanText(delayMs)}${behind === true ? ', behind the others' : ''}`;
}

function failedText(event: EventOf<'attempt.failed'>): string {
  const { service, contact, step, attempt, question, hangUp, code } = event;
  const call = contact === undefined ? 'a call' : callTo(contact);
  if (hangUp === true) return `${service} did not hang up ${call}`;
  if (question === true && code === CALL_LIMIT) return `${service}: ${call} was cut`;
  if (question === true) {
    return `${service} did not say what became of ${call}, asked ${counted(attempt, 'time')}`;
  }
  return `${service} failed${step === undefined ? '' : ` at ${step}`}, attempt ${attempt}`;
}

function failureText(code: string, status: number | undefined, message: string): string {
  const plain = maskNumbers(message);
  const known = status === undefined || plain.includes(String(status)) ? '' : ` ${status}`;
  return plain.includes(code) ? `${plain}${known}` : `${plain} (${code}${known})`;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : ` (${maskNumbers(reason)})`;
}

function shown(contact: string): string {
  return maskContactId(contact);
}

/** Events whose sentence says whose they are. */
const NAMES_CONTACT: ReadonlySet<unknown> = new Set<EventType>([
  'call.started',
  'call.failed',
  'call.finished',
  'contact.put_off',
  'call.looked_for',
  'call.looked_up',
  'record.refused',
]);

/**
 * Whether an event's sentence says whose it is. Found by what it is, for the id may be a word that
 * stands there for something else: the 1 of "attempt 1".
 */
export function namesContact(type: unknown, contact: string, sentence: string): boolean {
  const call = callTo(contact);
  const isNamed = [` ${call}, asked `, ` did not hang up ${call}: `, ` ${call} was cut: `].some(
    (one) => sentence.includes(one),
  );
  return NAMES_CONTACT.has(type) || isNamed;
}

function callTo(contact: string): string {
  return `the call to ${shown(contact)}`;
}
