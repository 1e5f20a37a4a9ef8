/**
 * What a person sees while a run works: a live bar on a terminal, a line a minute elsewhere, and a
 * line at once for what the operator should know.
 */
import cliProgress from 'cli-progress';
import { type CampaignEvent, type ContactCounts, NOBODY } from '../domain/event.ts';
import { counted, spanText } from '../domain/text.ts';
import type { Clock } from '../engine/ports.ts';

/** How often there is a line where nobody sees a bar, in milliseconds. */
const LINE_EVERY_MS = 60_000;

/** Columns of the bar itself; where there are fewer, the words are all there is. */
const BAR_MIN = 5;
const BAR_MAX = 30;

export interface ProgressScreen {
  readonly write: (text: string) => void;
  /** The terminal to draw a bar on; undefined for lines. */
  readonly terminal: NodeJS.WriteStream | undefined;
  readonly clock: Clock;
  /** What is said about an event at once; undefined for nothing. */
  readonly lineFor: (event: CampaignEvent) => string | undefined;
}

interface Bar {
  update(done: number): void;
  /** Prints a line above the bar. */
  log(text: string): void;
  stop(): void;
}

/** Follows one run. Disposing takes the bar off the screen and leaves no timer. */
export class Progress implements Disposable {
  readonly #screen: ProgressScreen;
  readonly #startMs: number;
  #counts: ContactCounts = NOBODY;
  /** Uncertain ones too: nobody waits for them any more. */
  #done = 0;
  #uncertain = 0;
  #putOff = 0;
  /** Calls in hand; whom a breaker turned away never was. */
  readonly #inHand = new Set<string>();
  #bar: Bar | undefined;
  #cancel: () => void = () => undefined;

  constructor(screen: ProgressScreen) {
    this.#screen = screen;
    this.#startMs = screen.clock.monotonicMs();
  }

  take(event: CampaignEvent): void {
    this.#count(event);
    const line = this.#screen.lineFor(event);
    if (line !== undefined) {
      this.say(line);
    }
    this.#bar?.update(this.#done);
  }

  /** One line at once, above the bar where there is one. */
  say(line: string): void {
    if (this.#bar === undefined) {
      this.#screen.write(`${line}\n`);
    } else {
      this.#bar.log(line);
    }
  }

  [Symbol.dispose](): void {
    this.#cancel();
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #count(event: CampaignEvent): void {
    switch (event.type) {
      case 'run.started':
        this.#counts = event.contacts;
        this.#uncertain = event.contacts.uncertain;
        this.#done = event.contacts.done + this.#uncertain;
        this.#start();
        break;
      case 'run.finished':
        this[Symbol.dispose]();
        break;
      case 'call.started':
        this.#inHand.add(event.call);
        break;
      case 'call.finished':
        this.#inHand.delete(event.call);
        this.#done += event.was === undefined ? 1 : 0;
        this.#uncertain += event.outcome === 'uncertain' ? 1 : 0;
        this.#uncertain -= event.was === 'uncertain' ? 1 : 0;
        break;
      case 'contact.put_off':
        this.#putOff += 1;
        this.#inHand.delete(event.call ?? '');
        break;
      default:
    }
  }

  #start(): void {
    const { terminal } = this.#screen;
    if (this.#counts.total === this.#done) {
      return;
    }
    if (terminal === undefined) {
      this.#lineLater();
    } else {
      const state = (): string => this.#stateText();
      this.#bar = liveBar(terminal, this.#counts.total, this.#done, state);
    }
  }

  #lineLater(): void {
    this.#cancel = this.#screen.clock.after(LINE_EVERY_MS, () => {
      this.say(`${this.#done} of ${this.#counts.total} contacts, ${this.#stateText()}`);
      this.#lineLater();
    });
  }

  #stateText(): string {
    const span = spanText(this.#screen.clock.monotonicMs() - this.#startMs);
    return [
      ...(this.#uncertain > 0 ? [`${this.#uncertain} uncertain`] : []),
      ...(this.#putOff > 0 ? [`put off ${counted(this.#putOff, 'time')}`] : []),
      `${this.#inHand.size} in hand`,
      span,
    ].join(', ');
  }
}

/** The bar takes what the words beside it leave of the line. */
function barText(done: number, total: number, state: string, columns: number): string {
  const words = `${done} of ${total} contacts, ${state}`;
  const size = Math.min(BAR_MAX, columns - words.length - 4);
  if (size < BAR_MIN) return `  ${words}`;
  const full = Math.round((size * done) / total);
  return `  ${'█'.repeat(full)}${'░'.repeat(size - full)} ${words}`;
}

function liveBar(
  terminal: NodeJS.WriteStream,
  total: number,
  done: number,
  state: () => string,
): Bar {
  const bars = new cliProgress.MultiBar(
    {
      format: (_options, { value }, payload: { readonly state: string }) =>
        barText(value, total, payload.state, terminal.columns),
      hideCursor: true,
      // Left on: a line above the bar is as long as it is, and its end is the remedy.
      linewrap: true,
      clearOnComplete: true,
      stopOnComplete: false,
      stream: terminal,
      fps: 10,
      forceRedraw: true,
    },
    cliProgress.Presets.rect,
  );
  const bar = bars.create(total, done, { state: state() });
  // Asked at each drawing: while nothing happens, a person still sees the time go by.
  bars.on('redraw-pre', () => {
    bar.update({ state: state() });
  });
  return {
    update: (value) => {
      bar.update(value);
    },
    log: (text) => {
      bars.log(`${text}\n`);
    },
    stop: () => {
      // What was logged since the last drawing would be lost.
      bars.update();
      bars.stop();
    },
  };
}
