/**
 * What has been heard of the calls in hand, by channel id. Events come in any order, and those of
 * all other calls of the exchange come too.
 */
import { type CallSigns, dialCause, type HangupCause } from '../../../domain/hangup-cause.ts';
import type { Clock } from '../../../engine/ports.ts';
import type { AmiPacket } from './ami-wire.ts';

/** The name of the UserEvent with which the dialplan tells what it found out. */
export const USER_EVENT = 'Campaign';

const ACTION = /^originate-/;

/** The id of the action that makes a call. */
export function originateId(call: string): string {
  return `originate-${call}`;
}

const UP = '6';
const RINGING: ReadonlySet<string> = new Set(['5', '4']);

/** One call. What it knows only grows. */
export class AmiCall {
  /** A channel with its id was there. */
  wasMade = false;
  /** Asterisk says that no channel came about. */
  wasRefused = false;
  wasRinging = false;
  wasUp = false;
  isMachine = false;
  /** The keys that count; see `AnswersWanted`. */
  keys = '';
  /** The first of them that was pressed. */
  digit: string | undefined;
  /** Every key that counts and was pressed, each once, in order. */
  readonly pressed: string[] = [];
  /** The text has begun; false also where its dialplan does not say so. */
  wasBegun = false;
  /** Its dialplan would have said that the text begins. */
  isBeginTold = false;
  /** The text has been said. */
  wasPlayed = false;
  /** The dialplan could not play the audio. */
  isUnplayed = false;
  hangup: HangupCause | undefined;
  /** It was up while nobody of ours listened, and whether a machine was heard is not known. */
  isMachineUnknown = true;
  #isUnheard = true;
  /** What its dialling came to, where that is how it ended. */
  #refusal: HangupCause | undefined;
  /** Monotonic. */
  #upMs: number | undefined;
  #overMs: number | undefined;
  readonly #clock: Clock;
  #saysNothing = false;
  /** The text has begun, or that may have been missed: keys count. */
  #isAsked = true;
  /** Keys that were pressed before it. */
  #early: string[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get signs(): CallSigns {
    return this;
  }

  /** From the answer to the end, or to now; as far as we know. */
  get upSeconds(): number {
    if (this.#upMs === undefined) return 0;
    return Math.ceil(((this.#overMs ?? this.#clock.monotonicMs()) - this.#upMs) / 1_000);
  }

  /** Nobody of ours listened to it for a while, and it may have been up then. */
  get wasUnheard(): boolean {
    return this.#isUnheard;
  }

  /** One that counts may have been pressed while nobody of ours listened. */
  get mayLackKey(): boolean {
    return this.#isUnheard && this.wasUp && !this.isMachine && this.keys !== '';
  }

  take(event: AmiPacket): void {
    const of = (key: string): string => event.get(key) ?? '';
    switch (of('event')) {
      case 'OriginateResponse':
        if (of('response') === 'Failure') this.wasRefused = true;
        break;
      case 'VarSet':
        this.#detected(of('variable'), of('value'));
        break;
      case 'DTMFEnd':
        if (of('direction') !== 'Sent') this.#heard(of('digit'));
        break;
      case 'UserEvent':
        if (of('userevent') === USER_EVENT) this.#told(of);
        break;
      case 'Hangup':
        this.#ended({ cause: wholeOf(of('cause')), techCause: wholeOf(of('techcause')) });
        this.stands(of('channelstate'));
        this.#overMs ??= this.#clock.monotonicMs();
        break;
      case 'DialEnd':
        this.#refusal = dialCause(of('dialstatus'));
        if (this.hangup !== undefined) this.#ended(this.hangup);
        break;
      case 'DialState':
        // Many networks let themselves be heard and never say that it rings.
        if (/^(RINGING|PROGRESS)$/.test(of('dialstatus'))) this.wasRinging = true;
        this.stands(of('destchannelstate'));
        break;
      default:
        this.stands(of('channelstate'));
    }
    this.#changed();
  }

  #ended(word: HangupCause): void {
    this.hangup = word.cause === 0 ? (this.#refusal ?? word) : word;
  }

  /** It is about to be rung: whoever presses a key before the text answers no question. */
  begins(): void {
    this.#isAsked = false;
    this.isMachineUnknown = false;
    this.#isUnheard = false;
  }

  /** The connection was lost. */
  unheard(): void {
    this.isMachineUnknown = true;
    this.#isUnheard = true;
    this.missed();
  }

  /** Asterisk was asked, and says that it stands so. */
  found(channelState: string): void {
    // Nobody had picked up yet: no key was missed.
    if (channelState !== UP && !this.wasUp) this.#isUnheard = false;
    this.stands(channelState);
  }

  /** What was told meanwhile may have been missed: no key is lost for it. */
  missed(): void {
    this.#asked(true);
    this.#changed();
  }

  /** What the variables of its channel say of a machine; nothing where it was not decided yet. */
  recalled(status: string, cause: string): void {
    if (status === '') return;
    this.#detected('AMDCAUSE', cause);
    this.#detected('AMDSTATUS', status);
    this.isMachineUnknown = false;
  }

  /** A channel with its id is in this state. */
  stands(channelState: string): void {
    this.wasMade = true;
    if (channelState === UP) {
      this.wasUp = true;
      this.#upMs ??= this.#clock.monotonicMs();
    }
    if (RINGING.has(channelState)) this.wasRinging = true;
  }

  /** Told of everything that is heard of it; the answer ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Resolves when it is so, and when the time is over; rejects with the signal's reason. */
  until(isSo: () => boolean, clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const end = (): void => {
        cancel();
        stop();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const onTime = (): void => {
        end();
        resolve();
      };
      const stop = this.listen(() => {
        if (isSo()) onTime();
      });
      const cancel = clock.after(delayMs, onTime);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #detected(variable: string, value: string): void {
    // Somebody who picks up and says nothing is no machine yet.
    if (variable === 'AMDCAUSE' && value.startsWith('INITIALSILENCE')) this.#saysNothing = true;
    if (variable === 'AMDSTATUS') this.isMachine = value === 'MACHINE';
    if (this.#saysNothing) this.isMachine = false;
  }

  #told(of: (key: string) => string): void {
    if (of('machine') !== '') this.isMachine = of('machine') === 'MACHINE';
    this.#pressed(of('digit'));
    if (of('playing') !== '') {
      this.wasBegun = true;
      this.#asked(false);
    }
    if (of('played') !== '') {
      this.wasPlayed = true;
      // A dialplan that does not say when the text begins: all that was pressed counts.
      this.#asked(true);
    }
    if (of('played') === 'FAILED') this.isUnplayed = true;
  }

  #asked(isLate: boolean): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    for (const key of isLate ? this.#early : []) this.#pressed(key);
  }

  #heard(key: string): void {
    if (this.#isAsked) this.#pressed(key);
    else this.#early.push(key);
  }

  #pressed(key: string): void {
    if (key.length !== 1 || !this.keys.includes(key)) return;
    this.digit ??= key;
    if (!this.pressed.includes(key)) this.pressed.push(key);
  }
}

export class AmiCalls {
  readonly #calls = new Map<string, AmiCall>();
  readonly #clock: Clock;
  /** The dialplan says when the text begins: it did so in some call. */
  #saysBegin = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known of a call, from now on also what is heard of it. Ids are case-insensitive. */
  track(id: string): AmiCall {
    const key = id.toLowerCase();
    const known = this.#calls.get(key);
    if (known !== undefined) return known;
    const call = new AmiCall(this.#clock);
    this.#calls.set(key, call);
    return call;
  }

  forget(id: string): void {
    this.#calls.delete(id.toLowerCase());
  }

  /** The connection was lost. */
  missed(): void {
    for (const call of this.#calls.values()) call.unheard();
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Answers the call that it was about. */
  take(event: AmiPacket): AmiCall | undefined {
    // A dialling without a caller names only whom it dials.
    const isDialling = /^Dial(State|End)$/.test(event.get('event') ?? '');
    const id = event.get(isDialling ? 'destuniqueid' : 'uniqueid') ?? '';
    // Where no channel came about, only the id of the action says whose it was.
    const isAnswer = event.get('event') === 'OriginateResponse';
    const own = isAnswer ? (event.get('actionid') ?? '').replace(ACTION, '') : id;
    const call = this.#calls.get(own.toLowerCase());
    if (event.get('userevent') === USER_EVENT && event.has('playing')) this.#saysBegin = true;
    // Whoever pressed the key to opt out and hung up is not to be rung again for want of a word.
    if (event.get('event') === 'Hangup' && !this.#saysBegin) call?.missed();
    if (call !== undefined) call.isBeginTold = this.#saysBegin;
    call?.take(event);
    return call;
  }
}

/** 0 for what is no number. */
function wholeOf(text: string): number {
  const digits = /\d+/.exec(text);
  return digits === null ? 0 : Number(digits[0]);
}
