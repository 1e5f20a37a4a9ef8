/**
 * The app log: one JSON object a line for every event, for machines first. Field names are those
 * that log collectors know; durations and delays are milliseconds.
 */
import { type Logger, pino } from 'pino';
import type { CampaignEvent, Subject } from '../domain/event.ts';
import { maskContactId, maskNumbers } from '../domain/privacy.ts';
import type { Payee, Usage } from '../domain/usage.ts';
import type { Role } from '../domain/words.ts';
import type { Clock } from '../engine/ports.ts';
import { LogFile } from './log-file.ts';
import { detailText, type LogLevel, levelOf, messageOf } from './log-lines.ts';

export interface AppLogOptions {
  /** Absolute path of the current log. */
  readonly file: string;
  /** Less important lines are not written. */
  readonly level: LogLevel;
  readonly maxSizeBytes: number;
  readonly keep: number;
  readonly campaign: string;
  /** Those in use; see `messageOf`. */
  readonly services: readonly Payee[];
  readonly clock: Clock;
  /** Told once when the log cannot be written, in a sentence for people. */
  onProblem(message: string): void;
}

/** While the log cannot be written, how long until it is tried again, in milliseconds. */
const TRY_AGAIN_MS = 1000;

/** A view of the engine's events. Never throws. */
export interface AppLog extends Disposable {
  take(event: CampaignEvent): void;
  /** Notes an error that ends the program, with its stack. */
  programFailed(error: unknown): void;
}

/** The file is made with the first line. */
export function openAppLog(options: AppLogOptions): AppLog {
  return new AppLogFile(options);
}

/** Writes every line before it returns, so that nothing is lost at the end. */
class AppLogFile implements AppLog {
  readonly #options: AppLogOptions;
  readonly #file: LogFile;
  readonly #logger: Logger;
  #lost = 0;
  #tryAgainMs = Number.NEGATIVE_INFINITY;
  #hasComplained = false;

  constructor(options: AppLogOptions) {
    this.#options = options;
    const { file: path, maxSizeBytes, keep, clock } = options;
    const wallMs = (): number => clock.wallMs();
    const rotationFailed = (error: unknown): void => {
      this.#complain(`the log ${path} cannot be set aside and goes on growing`, error);
    };
    this.#file = new LogFile({ path, maxSizeBytes, keep, wallMs, rotationFailed });
    this.#logger = jsonLogger(options.level, wallMs, (line) => {
      this.#append(line);
    });
  }

  take(event: CampaignEvent): void {
    const level = levelOf(event);
    if (this.#logger.isLevelEnabled(level)) {
      const { campaign, services } = this.#options;
      this.#logger[level](fieldsOf(event, campaign), messageOf(event, services));
    }
  }

  programFailed(error: unknown): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { campaign } = this.#options;
    const fields = { event: 'program.failed', campaign, stack: maskNumbers(stack) };
    this.#logger.error(fields, maskNumbers(error instanceof Error ? error.message : stack));
  }

  [Symbol.dispose](): void {
    try {
      this.#file.close();
    } catch (error) {
      this.#complain(`the log ${this.#options.file} could not be closed`, error);
    }
  }

  #append(line: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#tryAgainMs) {
      this.#lost += 1;
      return;
    }
    try {
      this.#file.append(line);
    } catch (error) {
      this.#lost += 1;
      this.#tryAgainMs = nowMs + TRY_AGAIN_MS;
      const text = `the log ${this.#options.file} cannot be written, so the run goes on without it`;
      this.#complain(text, error);
      return;
    }
    this.#tellLost();
  }

  #tellLost(): void {
    if (this.#lost > 0) {
      const lost = this.#lost;
      this.#lost = 0;
      const { campaign } = this.#options;
      const fields = { event: 'notice', campaign, code: 'log_lines_lost', lost };
      this.#logger.error(fields, `${lost} lines before the last one could not be written here`);
    }
  }

  #complain(text: string, error: unknown): void {
    if (!this.#hasComplained) {
      this.#hasComplained = true;
      this.#options.onProblem(`${text}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function jsonLogger(level: LogLevel, wallMs: () => number, write: (line: string) => void): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
}

/** One value or none per field; pino leaves out what is undefined. */
function fieldsOf(event: CampaignEvent, campaign: string): object {
  const { contact, call, step, line, role, service } = event as Subject & {
    readonly role?: Role;
    readonly service?: string;
  };
  return {
    event: event.type,
    campaign,
    contact: contact === undefined ? undefined : maskContactId(contact),
    call,
    step,
    line,
    role,
    service,
    ...ownFields(event),
  };
}

function ownFields(event: CampaignEvent): object | undefined {
  switch (event.type) {
    case 'run.started':
      return { lines: event.lines, contacts: event.contacts };
    case 'run.finished':
      return endFields(event);
    case 'contact.rejected':
      return { list_line: event.listLine, code: event.code };
    case 'call.started':
      return undefined;
    case 'step.finished':
      return stepFields(event);
    case 'attempt.failed':
      return {
        error_category: event.kind,
        code: event.code,
        status: event.status,
        scope: event.scope,
        retry_count: event.attempt - 1,
        duration_ms: Math.round(event.durationMs),
        usage: usageFields(event.usage),
      };
    case 'retry.scheduled':
      return { code: event.code, retry_count: event.retry, delay_ms: Math.round(event.delayMs) };
    case 'fallback.used':
      return { instead: event.instead, code: event.code };
    case 'breaker.opened':
      return openedFields(event);
    case 'breaker.half_open':
      return { breaker_state: 'half_open' };
    case 'breaker.closed':
      return { breaker_state: 'closed', duration_ms: Math.round(event.outageMs) };
    case 'service.stalled':
      return stallFields(event);
    case 'service.resumed':
      return { duration_ms: Math.round(event.outageMs) };
    case 'call.looked_for':
      return { for_ms: event.forMs };
    case 'call.looked_up':
      return { exists: event.exists };
    case 'record.refused':
      return { error_category: 'permanent', code: event.code };
    case 'call.failed':
      return { error_category: event.kind, code: event.code, put_off: event.putOff };
    case 'contact.put_off':
      return { delay_ms: Math.round(event.delayMs) };
    case 'call.finished':
      return finishedFields(event);
    case 'health.changed':
      return { health: event.health, away_ms: event.awayMs && Math.round(event.awayMs) };
    case 'connection.changed':
      return connectionFields(event);
    case 'alert.sent':
      return alertFields(event);
    case 'alert.failed':
      return { ...alertFields(event), ...reasonFields(event), kept: event.kept };
    case 'sheet.works':
    case 'sheet.away':
      return sheetFields(event);
    case 'notice':
      return { code: event.code };
  }
}

function endFields({
  end,
  contacts,
  durationMs,
}: Extract<CampaignEvent, { type: 'run.finished' }>): object {
  return { end, contacts, duration_ms: Math.round(durationMs) };
}

function finishedFields(event: Extract<CampaignEvent, { type: 'call.finished' }>): object {
  const { outcome, detail, contact, answer, code, durationMs, cut, was } = event;
  return {
    outcome,
    detail: detail === undefined ? undefined : detailText(detail, contact),
    answer,
    code,
    duration_ms: Math.round(durationMs),
    cut,
    was,
  };
}

function stepFields({
  durationMs,
  requestMs,
  kept,
  usage,
}: Extract<CampaignEvent, { type: 'step.finished' }>): object {
  const request = requestMs === undefined ? undefined : Math.round(requestMs);
  return {
    duration_ms: Math.round(durationMs),
    request_ms: request,
    kept,
    usage: usageFields(usage),
  };
}

function openedFields({
  kind,
  code,
  openMs,
}: Extract<CampaignEvent, { type: 'breaker.opened' }>): object {
  const delayMs = Math.round(openMs);
  return { breaker_state: 'open', error_category: kind, code, delay_ms: delayMs };
}

function stallFields({
  kind,
  code,
  forMs,
  waitMs,
}: Extract<CampaignEvent, { type: 'service.stalled' }>): object {
  const [durationMs, delayMs] = [Math.round(forMs), Math.round(waitMs)];
  return { error_category: kind, code, duration_ms: durationMs, delay_ms: delayMs };
}

function usageFields(usage: Usage | undefined): object | undefined {
  return (
    usage && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      characters: usage.characters,
      seconds: usage.seconds,
    }
  );
}

function alertFields({
  channel,
  key,
  alert,
  severity,
  contacts,
  contactsMore,
}: Extract<CampaignEvent, { type: 'alert.sent' | 'alert.failed' }>): object {
  return { channel, key, alert, severity, contacts, contacts_more: contactsMore };
}

function connectionFields(event: Extract<CampaignEvent, { type: 'connection.changed' }>): object {
  const { state, address, attempt, lastedMs, delayMs, kind, code } = event;
  return {
    state,
    address,
    attempt,
    duration_ms: Math.round(lastedMs),
    delay_ms: delayMs,
    error_category: kind,
    code,
  };
}

function sheetFields(
  event: Extract<CampaignEvent, { type: 'sheet.works' | 'sheet.away' }>,
): object {
  if (event.type === 'sheet.away') return { ...reasonFields(event), waiting: event.waiting };
  const { rows, outageMs } = event;
  return { rows, duration_ms: outageMs === undefined ? undefined : Math.round(outageMs) };
}

function reasonFields({
  kind,
  code,
  status,
}: Extract<CampaignEvent, { type: 'alert.failed' | 'sheet.away' }>): object {
  return { error_category: kind, code, status };
}
