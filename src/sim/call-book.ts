/**
 * The calls that dialers have taken on, and what will come of each: settled when it is dialled.
 */
import type { Contact } from '../domain/contact.ts';
import type { HangupCause } from '../domain/hangup-cause.ts';
import type { Outcome } from '../domain/words.ts';
import type { Behaviour, CallEnd } from './behaviour.ts';
import { type Draw, spread } from './draws.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A call that a dialer has taken on. */
export interface TakenCall {
  readonly service: string;
  /** Whose account placed it; undefined where that never changes. */
  readonly account: string | undefined;
  /** The vendor's id of it. */
  readonly reference: string;
  readonly phone: string;
  /** When it was dialled, by the wall clock. */
  readonly atMs: number;
  /** `failed` where a trunk took no call, `uncertain` where it is cut off: nobody can say. */
  readonly outcome: CallEnd | 'previewed' | 'failed' | 'uncertain';
  /** What the carrier says of its end; undefined where an exchange is none, or has lost it. */
  readonly word: HangupCause | undefined;
  /** From when to when somebody listens who picked up, whatever comes between. */
  readonly talk: { readonly fromMs: number; readonly untilMs: number } | undefined;
  /** When somebody or a machine picks up, if any does. */
  readonly pickUpMs: number;
  endMs: number;
}

export interface CallBookOptions {
  readonly clock: VirtualClock;
  readonly draw: Draw;
  readonly behaviour: Behaviour;
}

/** Who dials, and whether a phone rings then. */
export interface Taker {
  readonly service: string;
  readonly account: string | undefined;
  readonly rings: boolean;
  /** What an exchange has in store for the call. */
  readonly fate?: Fate | undefined;
}

/** What an exchange or its trunk does to a call that is dialled now. */
export interface Fate {
  /** The trunk refuses it, and says so at once; with 19, once it would have rung out. */
  readonly refusal: HangupCause | undefined;
  /** When the exchange starts anew: it does not outlast that. */
  readonly cutMs: number | undefined;
}

export class CallBook {
  readonly #options: CallBookOptions;
  readonly #calls = new Map<string, TakenCall>();
  /** How calls end, and how often. */
  readonly #ends: readonly (readonly [CallEnd, number])[];

  constructor(options: CallBookOptions) {
    this.#options = options;
    this.#ends = Object.entries(options.behaviour.shares) as [CallEnd, number][];
  }

  get(id: string): TakenCall | undefined {
    return this.#calls.get(id);
  }

  /** The call that a service has under this reference. */
  idOf(service: string, reference: string): string {
    return reference.slice(service.length + 1);
  }

  /** What a service has dialled at this number. */
  to(service: string, phone: string): readonly TakenCall[] {
    return [...this.#calls.values()].filter(
      (call) => call.service === service && call.phone === phone,
    );
  }

  /** Dials, and settles what will come of it. */
  take(taker: Taker, id: string, { id: contact, phone }: Contact): TakenCall {
    const { service, account, rings, fate } = taker;
    const reference = `${service}-${id}`;
    const about = { service, account, reference, phone, atMs: this.#options.clock.wallMs() };
    const refusal = fate?.refusal;
    const call =
      refusal === undefined
        ? { ...about, ...this.#course(rings ? this.#endOf(contact) : 'previewed', contact, fate) }
        : { ...about, ...this.#refused(refusal, contact) };
    this.#calls.set(id, call);
    return call;
  }

  /** Nobody asks for it any more. */
  forget(id: string): void {
    this.#calls.delete(id);
  }

  #course(drawn: CallEnd | 'previewed', contact: string, fate: Fate | undefined): Course {
    const { clock, draw, behaviour } = this.#options;
    const nowMs = clock.monotonicMs();
    const { dropped = 0 } = behaviour;
    const isDropped = drawn === 'answered' && dropped > 0 && draw('dropped', contact) < dropped;
    const untilMs = nowMs + (isDropped ? this.#droppedMs(contact) : this.#lengthMs(drawn, contact));
    const { cutMs = Number.POSITIVE_INFINITY } = fate ?? {};
    const isCut = cutMs < untilMs;
    const isHeard = drawn === 'answered' && !isDropped;
    const pickUpMs = nowMs + this.#ringMs(contact);
    return {
      outcome: isCut ? 'uncertain' : drawn,
      word: isCut || drawn === 'previewed' ? undefined : WORDS[drawn],
      talk: isHeard ? { fromMs: pickUpMs, untilMs } : undefined,
      pickUpMs,
      endMs: Math.min(untilMs, cutMs),
    };
  }

  #refused(word: HangupCause, contact: string): Course {
    const { clock, draw, behaviour } = this.#options;
    const afterMs =
      word.cause === NO_ANSWER ? spread(behaviour.noAnswerMs, draw('ring', contact)) : 0;
    const endMs = clock.monotonicMs() + afterMs;
    return { outcome: 'failed', word, talk: undefined, pickUpMs: endMs, endMs };
  }

  #droppedMs(contact: string): number {
    return this.#ringMs(contact) + DROPPED_MS * this.#options.draw('dropped after', contact);
  }

  #ringMs(contact: string): number {
    const { draw, behaviour } = this.#options;
    return spread(behaviour.ringMs, draw('ring', contact));
  }

  /** Until a call is over, in milliseconds. */
  leftMs(id: string): number {
    return Math.max(0, (this.#calls.get(id)?.endMs ?? 0) - this.#options.clock.monotonicMs());
  }

  /** Ends it now, if it goes on; false where there is none. */
  end(id: string): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    call.endMs = Math.min(call.endMs, this.#options.clock.monotonicMs());
    return true;
  }

  #endOf(contact: string): CallEnd {
    let left = this.#options.draw('end', contact);
    for (const [end, share] of this.#ends) {
      left -= share;
      if (left < 0) return end;
    }
    return 'answered';
  }

  #lengthMs(outcome: Outcome, contact: string): number {
    const { draw, behaviour } = this.#options;
    const { noAnswerMs, talkMs } = behaviour;
    switch (outcome) {
      case 'answered':
      case 'voicemail':
        return this.#ringMs(contact) + spread(talkMs, draw('talk', contact));
      case 'no_answer':
        return spread(noAnswerMs, draw('ring', contact));
      case 'busy':
        return BUSY_TONE_MS;
      default:
        return 0;
    }
  }
}

type Course = Pick<TakenCall, 'outcome' | 'word' | 'talk' | 'pickUpMs' | 'endMs'>;

/** Q.850: nobody answers. */
const NO_ANSWER = 19;
/** What a carrier says, by Q.850 and where there is more to say by SIP. */
const WORDS: Readonly<Record<CallEnd, HangupCause>> = {
  answered: { cause: 16 },
  voicemail: { cause: 16 },
  busy: { cause: 17 },
  no_answer: { cause: NO_ANSWER },
  invalid_number: { cause: 1, techCause: 404 },
};

/** Who hangs up upon picking up is gone by then. */
const DROPPED_MS = 1_000;
/** Until a busy line is told as one: an estimate. */
const BUSY_TONE_MS = 3_000;

/** From picking up to the end, of a call that was picked up. */
export function talkMsOf({ pickUpMs, endMs }: TakenCall): number {
  return Math.max(0, endMs - pickUpMs);
}
