/**
 * The calls that dialers have taken on, and what will come of each: settled when it is dialled.
 */
import type { Contact } from '../domain/contact.ts';
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
  readonly outcome: CallEnd | 'previewed';
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
}

export class CallBook {
  readonly #options: CallBookOptions;
  readonly #calls = new Map<string, TakenCall>();

  constructor(options: CallBookOptions) {
    this.#options = options;
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
  take({ service, account, rings }: Taker, id: string, { id: contact, phone }: Contact): TakenCall {
    const { clock } = this.#options;
    const outcome = rings ? this.#endOf(contact) : 'previewed';
    const endMs = clock.monotonicMs() + this.#lengthMs(outcome, contact);
    const reference = `${service}-${id}`;
    const atMs = clock.wallMs();
    const call: TakenCall = { service, account, reference, phone, atMs, outcome, endMs };
    this.#calls.set(id, call);
    return call;
  }

  /** Nobody asks for it any more. */
  forget(id: string): void {
    this.#calls.delete(id);
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
    const { behaviour, draw } = this.#options;
    let left = draw('end', contact);
    for (const [end, share] of Object.entries(behaviour.shares) as [CallEnd, number][]) {
      left -= share;
      if (left < 0) return end;
    }
    return 'answered';
  }

  #lengthMs(outcome: Outcome, contact: string): number {
    const { draw, behaviour } = this.#options;
    const { ringMs, noAnswerMs, talkMs } = behaviour;
    const ring = spread(ringMs, draw('ring', contact));
    switch (outcome) {
      case 'answered':
      case 'voicemail':
        return ring + spread(talkMs, draw('talk', contact));
      case 'no_answer':
        return spread(noAnswerMs, draw('ring', contact));
      case 'busy':
        return BUSY_TONE_MS;
      default:
        return 0;
    }
  }
}

/** Until a busy line is told as one: an estimate. */
const BUSY_TONE_MS = 3_000;
