/** Whether a machine has picked up, as the dialplan hears it, and when its greeting is over. */
import type { AriEvent } from './ari-events.ts';
import type { AriWaits } from './ari-waits.ts';
import type { AriWire } from './ari-wire.ts';

/** Asterisk's AMD() decides within 5 s. */
const DETECT_MS_MAX = 10_000;
/** A greeting, at most; and how long it is waited for that one begins. */
const GREETING_MS_MAX = 45_000;
export const GREETING_BEGINS_MS = 3_000;
/** The listening and a machine's greeting, once it has begun. */
export const MACHINE_MS_MAX = DETECT_MS_MAX + GREETING_MS_MAX;
/** So long after the last sound of a greeting its beep is over. */
const QUIET_MS = 1_500;
const LOUDNESS = 256;

export interface AriMachineParts {
  /** Of the channel. */
  readonly id: string;
  readonly wire: AriWire;
  readonly waits: AriWaits;
  /** Beyond each step, until Asterisk hangs up by itself. */
  readonly slackMs: number;
  /** Told when the dialplan that listens for machines is not there: nobody is sent into it. */
  readonly undetected: () => void;
}

export class AriMachine {
  readonly #parts: AriMachineParts;
  #isThere = false;

  constructor(parts: AriMachineParts) {
    this.#parts = parts;
  }

  /** A machine has picked up, as far as it is known. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Sends the channel into the dialplan that listens, and waits until it is back. */
  async detect(context: string): Promise<void> {
    const { id, wire, waits, slackMs, undetected } = this.#parts;
    await waits.bound(DETECT_MS_MAX + slackMs);
    if (!(await waits.ask((signal) => wire.hasDialplan(id, context, signal)))) {
      undetected();
      return;
    }
    await waits.ask((signal) => wire.subscribe(id, signal));
    const heard = this.#back();
    if (!(await waits.ask((signal) => wire.continueIn(id, context, signal)))) return;
    const event = await heard;
    const [, status, why] = event?.type === 'entered' ? event.args : [];
    this.#detected(status, why);
  }

  /** The channel is in the dialplan still. Answers whether it has come back. */
  async heardOut(): Promise<boolean> {
    const event = await this.#back();
    if (event?.type !== 'entered') return false;
    const [, status, why] = event.args;
    this.#detected(status, why);
    return true;
  }

  /** What was heard by the dialplan before we were killed. */
  async recall(): Promise<void> {
    const { id, wire, waits } = this.#parts;
    const [status, why] = await Promise.all(
      ['AMDSTATUS', 'AMDCAUSE'].map((name) =>
        waits.ask((signal) => wire.variable(id, name, signal)),
      ),
    );
    this.#detected(status, why);
  }

  async greetingOver(): Promise<void> {
    const { id, wire, waits, slackMs } = this.#parts;
    await waits.bound(GREETING_MS_MAX + slackMs);
    const begins = waits.next(({ type }) => type === 'talking', GREETING_BEGINS_MS);
    const detect = `${QUIET_MS},${LOUDNESS}`;
    await waits.ask((signal) => wire.setVariable(id, 'TALK_DETECT(set)', detect, signal));
    const first = await begins;
    if (first?.type !== 'talking' || first.isOver) return;
    const isOver = (event: AriEvent): boolean => event.type === 'talking' && event.isOver;
    await waits.next(isOver, GREETING_MS_MAX);
  }

  #back(): Promise<AriEvent | undefined> {
    return this.#parts.waits.next(({ type }) => type === 'entered', DETECT_MS_MAX);
  }

  #detected(status = '', why = ''): void {
    // Somebody who picks up and says nothing is no machine yet.
    this.#isThere = status === 'MACHINE' && !why.startsWith('INITIALSILENCE');
  }
}
