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

/** Columns of the bar itself. */
const BAR_MIN = 6;
const BAR_MAX = 30;
/** `  … 412 of 560 contacts, put off 3 times, 4 in hand, 12 min 5 s` without the bar. */
const WORDS_BESIDE = 62;

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
  #done = 0;
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
        this.#done = event.contacts.done + event.contacts.uncertain;
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
      ...(this.#putOff > 0 ? [`put off ${counted(this.#putOff, 'time')}`] : []),
      `${this.#inHand.size} in hand`,
      span,
    ].join(', ');
  }
}

/** As wide as a bar needs to be, and narrower where the words beside it need the columns. */
function barSize(columns = 80): number {
  return Math.max(BAR_MIN, Math.min(BAR_MAX, columns - WORDS_BESIDE));
}

function liveBar(
  terminal: NodeJS.WriteStream,
  total: number,
  done: number,
  state: () => string,
): Bar {
  const bars = new cliProgress.MultiBar(
    {
      format: '  {bar} {value} of {total} contacts, {state}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: barSize(terminal.columns),
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
