/**
 * A simulated run as a story: a line per thing that happens, with its virtual time, in the words of
 * the log.
 */
import type { Alert } from '../domain/alert.ts';
import type { CampaignEvent } from '../domain/event.ts';
import { maskContactId } from '../domain/privacy.ts';
import { counted, spanText } from '../domain/text.ts';
import { levelOf, messageOf } from '../observers/log-lines.ts';
import type { Paint, Style } from './paint.ts';

/** `all`: everything. `story`: every call. `news`: only what an operator would want to know. */
export type Detail = 'all' | 'story' | 'news';

export interface TimelineOptions {
  readonly write: (text: string) => void;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  readonly paint: Paint;
  readonly detail: Detail;
}

/** People that a line names before it counts the rest. */
const NAMED_MAX = 6;

type PutOff = Extract<CampaignEvent, { type: 'contact.put_off' }>;

export class Timeline {
  readonly #options: TimelineOptions;
  readonly #startMs: number;
  /** Put off at one moment for one reason: one line. */
  #together: PutOff[] = [];
  #togetherMs = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#startMs = options.wallMs();
  }

  take(event: CampaignEvent): void {
    if (event.type === 'contact.put_off' && this.#options.detail !== 'all') {
      this.#putOff(event);
      return;
    }
    const text = this.#textOf(event);
    if (text !== undefined) this.say(text, styleOf(event));
  }

  /** One line with the time of day. */
  say(text: string, style?: Style): void {
    this.flush();
    this.#write(this.#options.wallMs(), text, style);
  }

  /** What the operator is told at this moment, wherever they are. */
  alert(alert: Alert): void {
    const { kind, severity, title } = alert;
    const isOver = kind === 'recovered';
    const word = isOver ? 'ALL CLEAR' : `ALERT (${severity})`;
    this.say(`${word}: ${title}`, isOver ? 'green' : 'red');
    const parts = isOver ? [alert.what] : [alert.what, alert.doing, `You: ${alert.toDo}`];
    for (const part of parts.flatMap(wrapped)) this.#add(part);
  }

  /** Further lines of what was said last. */
  #add(text: string): void {
    const { write, paint } = this.#options;
    write(`${' '.repeat(this.#columns)}    ${paint('dim', text)}\n`);
  }

  /** What is still to be told together is told now. */
  flush(): void {
    const [first] = this.#together;
    if (first === undefined) return;
    const contacts = this.#together.map(({ contact }) => maskContactId(contact));
    this.#together = [];
    const { delayMs, reason, waitsFor } = first;
    const named = contacts.slice(0, NAMED_MAX).join(', ');
    const more = contacts.length - NAMED_MAX;
    const who = more > 0 ? `${named} and ${more} more` : named;
    const verb = contacts.length === 1 ? 'is' : 'are';
    const why = waitsFor === undefined ? '' : `: ${reason}`;
    const wait = `put off for ${spanText(delayMs)}`;
    this.#write(this.#togetherMs, `${who} ${verb} ${wait}${why}`, 'yellow');
  }

  #putOff(event: PutOff): void {
    if (this.#options.detail === 'news') return;
    const [first] = this.#together;
    const nowMs = this.#options.wallMs();
    const fits =
      first?.reason === event.reason &&
      first.delayMs === event.delayMs &&
      this.#togetherMs === nowMs;
    if (!fits) this.flush();
    this.#together.push(event);
    this.#togetherMs = nowMs;
  }

  #textOf(event: CampaignEvent): string | undefined {
    const { detail } = this.#options;
    if (detail === 'all') return messageOf(event);
    switch (event.type) {
      case 'run.started':
      case 'run.finished':
      case 'alert.sent': // it was shown itself
      case 'call.started':
      case 'step.finished':
        return undefined;
      case 'retry.scheduled':
      case 'attempt.failed':
      case 'call.failed':
      case 'call.finished':
        return detail === 'story' ? this.#storyOf(event) : undefined;
      case 'fallback.used':
        return detail === 'story' ? messageOf(event) : undefined;
      default:
        return messageOf(event);
    }
  }

  #storyOf(event: CampaignEvent): string {
    if (event.type !== 'retry.scheduled') return messageOf(event);
    // Tenths, so that jitter is seen for what it is.
    const seconds = (event.delayMs / 1_000).toFixed(1);
    return `${event.service}: retry ${event.retry} in ${seconds} s`;
  }

  #write(wallMs: number, text: string, style: Style | undefined): void {
    const { write, paint } = this.#options;
    const dressed = style === undefined ? text : paint(style, text);
    write(`${paint('dim', this.#timeText(wallMs))}  ${dressed}\n`);
  }

  get #columns(): number {
    return this.#timeText(this.#options.wallMs()).length;
  }

  #timeText(wallMs: number): string {
    return timeText(wallMs, this.#startMs);
  }
}

const WRAPPED_CHARACTERS = 84;

/** A long sentence in lines of bearable length. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WRAPPED_CHARACTERS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const DAY_MS = 24 * 3_600_000;

/** `09:10:37`; on a later day than the start's `+1 day 00:10:37`. */
export function timeText(wallMs: number, startMs: number): string {
  const days = Math.floor(wallMs / DAY_MS) - Math.floor(startMs / DAY_MS);
  const time = new Date(wallMs).toISOString().slice(11, 19);
  return days === 0 ? time : `+${counted(days, 'day')} ${time}`;
}

function styleOf(event: CampaignEvent): Style | undefined {
  if (event.type === 'breaker.closed') return 'green';
  const level = levelOf(event);
  return level === 'error' ? 'red' : level === 'warn' ? 'yellow' : undefined;
}
