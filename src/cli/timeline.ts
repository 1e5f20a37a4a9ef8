/**
 * A simulated run as a story: a line per thing that happens, with its virtual time, in the words of
 * the log.
 */
import type { Alert } from '../domain/alert.ts';
import { endText, metText } from '../domain/alert-text.ts';
import type { CampaignEvent } from '../domain/event.ts';
import { maskContactId } from '../domain/privacy.ts';
import { counted, wrapped } from '../domain/text.ts';
import type { Payee } from '../domain/usage.ts';
import type { Role } from '../domain/words.ts';
import { levelOf, messageOf, putOffText } from '../observers/log-lines.ts';
import { CheckLines } from './check-lines.ts';
import type { Paint, Style } from './paint.ts';

/** `all`: everything. `story`: every call. `news`: only what an operator would want to know. */
export type Detail = 'all' | 'story' | 'news';

export interface TimelineOptions {
  readonly write: (text: string) => void;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  readonly paint: Paint;
  /** Of the screen. */
  readonly columns: number;
  readonly detail: Detail;
  /** Those in use; see `messageOf`. */
  readonly services: readonly Payee[];
  /** On one line it is clear whose attempt fails. */
  readonly lines: number;
  /** That a call begins is told too: at the speed of life nothing else happens for a while. */
  readonly tellsStarts?: boolean | undefined;
}

/** Between the time and what is said in a second line. */
const INDENT = 4;

/** What waits of those who were called. */
const RECORD_OF = 'the record of ';

/** People that a line names before it counts the rest. */
const NAMED_MAX = 6;

type PutOff = Extract<CampaignEvent, { type: 'contact.put_off' }>;
type Moved = Extract<CampaignEvent, { type: 'breaker.opened' | 'breaker.half_open' }>;

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #startMs: number;
  /** Put off at one moment for one reason: one line. */
  #together: PutOff[] = [];
  #togetherMs = 0;
  /** Told after the call that failed, or the check that was good, at this moment: its cause. */
  #moved: { readonly event: Moved; readonly wallMs: number } | undefined;
  readonly #recording = new Set<string>();
  readonly #checks: CheckLines;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#checks = new CheckLines(options.services);
    this.#startMs = options.wallMs();
  }

  take(event: CampaignEvent): void {
    this.#follow(event);
    if (event.type === 'contact.put_off' && this.#options.detail !== 'all') {
      this.#putOff(event);
      return;
    }
    const isMove = event.type === 'breaker.opened' || event.type === 'breaker.half_open';
    if (isMove && this.#options.detail !== 'news') {
      this.flush();
      this.#moved = { event, wallMs: this.#options.wallMs() };
      return;
    }
    const text = this.#textOf(event);
    if (text === undefined) return;
    const isCause = event.type === 'call.failed' && this.#moves('breaker.opened', event.service);
    if (!isCause) this.flush();
    this.#write(this.#options.wallMs(), text, styleOf(event));
  }

  /** A health check ended: each one counts while its service is not healthy. */
  check(place: Payee, isGood: boolean, durationMs: number): void {
    if (this.#options.detail === 'news') return;
    const wallMs = this.#options.wallMs();
    const frees = isGood && this.#moves('breaker.half_open', place.service, place.role);
    const check = { isGood, wallMs, begunMs: wallMs - durationMs, frees };
    const text = this.#checks.textOf(place, check);
    if (text === undefined) return;
    if (!frees) this.flush();
    this.#write(wallMs, text, isGood ? undefined : 'yellow');
  }

  /** Whether what happens at this moment is why its breaker has moved. */
  #moves(type: Moved['type'], service: string | undefined, role?: Role): boolean {
    const { event, wallMs } = this.#moved ?? {};
    const isThis = event?.type === type && event.service === service;
    return isThis && (role ?? event.role) === event.role && wallMs === this.#options.wallMs();
  }

  /** One line with the time of day. */
  say(text: string, style?: Style): void {
    this.flush();
    this.#write(this.#options.wallMs(), text, style);
  }

  /**
   * What the operator is told at this moment, wherever they are.
   *
   * @param channels those that take it; undefined where none are known
   */
  alert(alert: Alert, channels?: readonly string[]): void {
    const { kind, severity, title } = alert;
    const isOver = kind === 'recovered';
    const whom = channels?.length === 0 ? 'to nobody' : undefined;
    const about = [isOver ? undefined : severity, whom].filter((one) => one !== undefined);
    const more = about.length === 0 ? '' : ` (${about.join(', ')})`;
    const word = isOver ? endText(alert).toUpperCase() : 'ALERT';
    const isWell = alert.isMoot !== true && alert.joins === undefined;
    this.say(`${word}${more}: ${title}`, isOver && isWell ? 'green' : isOver ? 'yellow' : 'red');
    const met = metText(alert);
    const what = met === undefined ? [alert.what] : [alert.what, `${met}.`];
    const parts = isOver ? what : [...what, alert.doing, `You: ${alert.toDo}`];
    for (const part of parts.flatMap((part) => wrapped(part, this.#charactersMax))) this.#add(part);
  }

  /** Further lines of what was said last. */
  #add(text: string): void {
    const { write, paint } = this.#options;
    write(`${' '.repeat(this.#timeColumns + INDENT)}${paint('dim', text)}\n`);
  }

  /** What is still to be told together is told now. */
  flush(): void {
    if (this.#moved !== undefined) {
      const { event, wallMs } = this.#moved;
      this.#moved = undefined;
      this.#write(wallMs, this.#messageOf(event), styleOf(event));
    }
    const [first] = this.#together;
    if (first === undefined) return;
    const contacts = this.#together.map(({ contact }) => maskContactId(contact));
    this.#together = [];
    const { reason, waitsFor } = first;
    const named = contacts.slice(0, NAMED_MAX).join(', ');
    const more = contacts.length - NAMED_MAX;
    const who = more > 0 ? `${named} and ${more} more` : named;
    const verb = contacts.length === 1 ? 'is' : 'are';
    const why = waitsFor === undefined ? '' : `: ${reason}`;
    const what = this.#recording.has(first.contact) ? RECORD_OF : '';
    this.#write(this.#togetherMs, `${what}${who} ${verb} ${putOffText(first)}${why}`, 'yellow');
  }

  #putOff(event: PutOff): void {
    if (this.#options.detail === 'news') return;
    const [first] = this.#together;
    const nowMs = this.#options.wallMs();
    const fits =
      first?.reason === event.reason &&
      first.delayMs === event.delayMs &&
      first.behind === event.behind &&
      this.#recording.has(first.contact) === this.#recording.has(event.contact) &&
      this.#togetherMs === nowMs;
    if (!fits) this.flush();
    this.#together.push(event);
    this.#togetherMs = nowMs;
  }

  /** Who has an outcome and is still heard of: it is the record that waits. */
  #follow(event: CampaignEvent): void {
    this.#checks.follow(event, this.#options.wallMs());
    if (event.type === 'call.finished') this.#recording.add(event.contact);
    if (event.type === 'step.finished' && event.step === 'record') {
      this.#recording.delete(event.contact ?? '');
    }
  }

  #textOf(event: CampaignEvent): string | undefined {
    const { detail } = this.#options;
    if (detail === 'all') return this.#messageOf(event);
    switch (event.type) {
      case 'run.started':
      case 'alert.sent': // it was shown itself
      case 'step.finished':
        return undefined;
      case 'run.finished':
        return event.end === 'done' ? undefined : this.#messageOf(event);
      case 'call.started':
        return this.#options.tellsStarts === true ? this.#messageOf(event) : undefined;
      case 'retry.scheduled':
      case 'attempt.failed':
      case 'call.failed':
      case 'call.finished':
        return detail === 'story' ? this.#storyOf(event) : undefined;
      case 'fallback.used':
        return detail === 'story' ? this.#messageOf(event) : undefined;
      default:
        return this.#messageOf(event);
    }
  }

  /** They were called; nobody must think that they are rung again. */
  #messageOf(event: CampaignEvent): string {
    const isRecord = event.type === 'contact.put_off' && this.#recording.has(event.contact);
    return `${isRecord ? RECORD_OF : ''}${messageOf(event, this.#options.services)}`;
  }

  #storyOf(event: CampaignEvent): string {
    const text = event.type === 'retry.scheduled' ? retryText(event) : this.#messageOf(event);
    const isOneOfMany = event.type === 'retry.scheduled' || event.type === 'attempt.failed';
    const { contact } = isOneOfMany && this.#options.lines > 1 ? event : {};
    // Of several calls it must be clear whose this is; a few sentences name them.
    return contact === undefined || text.includes(`call to ${maskContactId(contact)}`)
      ? text
      : `${text} (call to ${maskContactId(contact)})`;
  }

  #write(wallMs: number, text: string, style: Style | undefined): void {
    const { write, paint } = this.#options;
    const [first = '', ...rest] = wrapped(text, this.#charactersMax).map((line) =>
      style === undefined ? line : paint(style, line),
    );
    write(`${paint('dim', this.#timeText(wallMs))}  ${first}\n`);
    for (const line of rest) write(`${' '.repeat(this.#timeColumns + INDENT)}${line}\n`);
  }

  get #timeColumns(): number {
    return this.#timeText(this.#options.wallMs()).length;
  }

  get #charactersMax(): number {
    return this.#options.columns - this.#timeColumns - INDENT;
  }

  #timeText(wallMs: number): string {
    return timeText(wallMs, this.#startMs);
  }
}

const DAY_MS = 24 * 3_600_000;

function retryText(event: Extract<CampaignEvent, { type: 'retry.scheduled' }>): string {
  // Tenths, so that jitter is seen for what it is.
  const seconds = (event.delayMs / 1_000).toFixed(1);
  const again = event.question === true ? 'asked again' : `retry ${event.retry}`;
  return `${event.service}: ${again} in ${seconds} s`;
}

/** To the second: `09:10:37`; on a later day than the start's `+1 day 00:10:37`. */
export function timeText(exactMs: number, startMs: number): string {
  const wallMs = Math.round(exactMs / 1_000) * 1_000;
  const days = Math.floor(wallMs / DAY_MS) - Math.floor(startMs / DAY_MS);
  const time = new Date(wallMs).toISOString().slice(11, 19);
  return days === 0 ? time : `+${counted(days, 'day')} ${time}`;
}

function styleOf(event: CampaignEvent): Style | undefined {
  if (event.type === 'breaker.closed' || event.type === 'service.resumed') return 'green';
  const level = levelOf(event);
  return level === 'error' ? 'red' : level === 'warn' ? 'yellow' : undefined;
}
