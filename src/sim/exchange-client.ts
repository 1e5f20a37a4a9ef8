/**
 * The client of an exchange of the operator's own, of one life of the program: it hears over a
 * connection what becomes of its calls, and goes by what the last ones met. A call that ended while
 * nobody listened is lost: the exchange keeps no word of it.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { callEnd } from '../domain/hangup-cause.ts';
import { type TrunkSigns, TrunkWatch } from '../domain/trunk-watch.ts';
import type { DialRequest, Ended, Found, Placed } from '../engine/ports.ts';
import { type TakenCall, talkMsOf } from './call-book.ts';
import type { Exchange } from './exchange.ts';
import { failureOf } from './fault-failures.ts';
import { keysTold } from './keys.ts';
import type { Life } from './life.ts';
import type { Outside } from './outside.ts';
import type { Asking } from './treatment.ts';

/** One question to an exchange about a call. */
const LOOK_MS = 50;
/** The answer that a call is gone may overtake the word of its end: so long that is waited for. */
const LAST_WORD_MS = 2_000;
/**
 * Nothing was heard of a call for so long: it is over by the exchange's own limit. An estimate, of
 * a text of 20 s that may ring for 30 s.
 */
const UNHEARD_MS = 120_000;

/** When the client knows that a call is over, and whether it has heard how it ended. */
interface News {
  readonly atMs: number;
  readonly isHeard: boolean;
}

export class ExchangeClient {
  readonly #service: string;
  readonly #exchange: Exchange;
  readonly #outside: Outside;
  readonly #life: Life;
  readonly #watch: TrunkWatch;
  /** By call: since when this life hears of it. */
  readonly #sinceMs = new Map<string, number>();
  /** By call: the keys that this life has heard, in order. */
  readonly #keys = new Map<string, string[]>();
  /** Calls that are none of ours any more. */
  readonly #left = new Set<string>();
  #lookedMs: number;

  constructor(service: string, exchange: Exchange, outside: Outside, life: Life) {
    this.#service = service;
    this.#exchange = exchange;
    this.#outside = outside;
    this.#life = life;
    this.#watch = new TrunkWatch(service);
    this.#lookedMs = life.clock.monotonicMs();
  }

  /** @param send has the last word on what was answered */
  async place(
    request: DialRequest,
    asking: Asking,
    send: (judge: () => ServiceFailure | undefined) => Promise<Placed>,
  ): Promise<Placed> {
    const { call, contact } = request;
    const nowMs = this.#nowMs();
    this.#noteLosses();
    if (this.#exchange.awayFor(nowMs) === undefined) {
      try {
        this.#watch.admit(contact.phone);
      } catch (error) {
        return await this.#outside.refuse(asking, error as ServiceFailure);
      }
    }
    this.#sinceMs.set(call, nowMs);
    return await send(() => {
      const taken = this.#outside.calls.get(call);
      return taken && this.#watch.begun(this.#signs(taken), contact.phone);
    });
  }

  async follow(placed: Placed, request: DialRequest, asking: Asking): Promise<Ended> {
    const call = this.#outside.calls.idOf(this.#service, placed.reference);
    const taken = this.#outside.calls.get(call);
    if (taken === undefined) throw new Error(`${this.#service} never placed ${call}`);
    this.#known(call);
    this.#listen(call, taken, request);
    const { atMs, isHeard } = this.#news(call, taken);
    return await this.#outside.poll(asking, atMs - this.#nowMs(), (number) => {
      this.#noteLosses();
      const signs = this.#signs(taken, isHeard);
      if (!asking.watch.aborted) this.#watch.over(signs, request.contact.phone);
      const ended = this.#endOf(call, taken, isHeard);
      if (ended === undefined) throw lost(this.#service);
      const { life, place } = asking;
      const isPickedUp = ended.outcome === 'answered' || ended.outcome === 'voicemail';
      const who = request.contact.id;
      return {
        ...ended,
        usage: isPickedUp
          ? this.#outside.bill(life, place, number, who, talkMsOf(taken))
          : undefined,
      };
    });
  }

  /** It says never that there was no such call: of one that is gone it knows nothing any more. */
  async find({ call }: DialRequest, asking: Asking): Promise<Found> {
    const since = this.#sinceMs.get(call);
    const backMs = this.#exchange.backMs(this.#nowMs());
    const isThere = (): boolean => {
      return (this.#outside.calls.get(call)?.endMs ?? 0) > this.#nowMs();
    };
    const waitMs = backMs - this.#nowMs() + LOOK_MS + (isThere() ? 0 : LAST_WORD_MS);
    return await this.#outside.poll(asking, waitMs, (): Found => {
      const taken = this.#outside.calls.get(call);
      if (taken !== undefined && isThere()) {
        this.#known(call);
        const { reference } = taken;
        return { state: 'placed', placed: { service: this.#service, reference } };
      }
      const isHeard = taken !== undefined && since !== undefined && this.#isHeard(taken, since);
      const ended = isHeard ? this.#endOf(call, taken, true) : undefined;
      return ended === undefined ? { state: 'unknown', detail: GONE } : { state: 'ended', ended };
    });
  }

  async hangUp({ reference }: Placed, asking: Asking): Promise<void> {
    const call = this.#outside.calls.idOf(this.#service, reference);
    this.#left.add(call);
    const fault = this.#exchange.awayFor(this.#nowMs());
    if (fault !== undefined) {
      return await this.#outside.refuse(asking, failureOf(fault, this.#service, false));
    }
    await this.#outside.poll(asking, LOOK_MS, () => this.#outside.hangUp(this.#life, call));
  }

  // -------------------------------------------------------------------------- what is heard

  /** From now on it is heard of, or from when the connection is back. */
  #known(call: string): void {
    const sinceMs = this.#sinceMs.get(call) ?? this.#exchange.backMs(this.#nowMs());
    this.#sinceMs.set(call, sinceMs);
  }

  #isHeard({ endMs, word }: TakenCall, sinceMs: number): boolean {
    return word !== undefined && sinceMs <= endMs && this.#exchange.awayFor(endMs) === undefined;
  }

  #news(call: string, taken: TakenCall): News {
    const nowMs = this.#nowMs();
    const { endMs, word } = taken;
    const sinceMs = this.#sinceMs.get(call) ?? nowMs;
    if (this.#isHeard(taken, sinceMs)) {
      const unheardMs = this.#unheardMs(nowMs, endMs);
      return unheardMs === undefined
        ? { atMs: Math.max(nowMs, endMs), isHeard: true }
        : { atMs: unheardMs, isHeard: false };
    }
    // An exchange that starts anew ends its calls first, and says nothing of how.
    if (word === undefined && sinceMs <= endMs)
      return { atMs: Math.max(nowMs, endMs), isHeard: false };
    const goneMs = this.#exchange.backMs(Math.max(nowMs, endMs)) + LAST_WORD_MS;
    return { atMs: this.#unheardMs(nowMs, goneMs) ?? goneMs, isHeard: false };
  }

  /** When nothing has been heard for too long, if that is so before then. */
  #unheardMs(nowMs: number, untilMs: number): number | undefined {
    let fromMs = this.#exchange.awayFor(nowMs) === undefined ? this.#exchange.lostMs(nowMs) : nowMs;
    while (fromMs < untilMs) {
      const backMs = this.#exchange.backMs(fromMs);
      const givenUpMs = fromMs + UNHEARD_MS;
      if (backMs > givenUpMs && givenUpMs < untilMs) return givenUpMs;
      fromMs = this.#exchange.lostMs(backMs);
    }
    return undefined;
  }

  #signs(taken: TakenCall, isHeard = true): TrunkSigns {
    const { endMs, outcome, word, talk } = taken;
    const isOver = endMs <= this.#nowMs();
    const hasRung = RINGS.has(outcome);
    const isPlayed = isOver && talk !== undefined;
    return { isOver, hasRung, word: isOver && isHeard ? word : undefined, isHeard: isPlayed };
  }

  /** Undefined where nobody can tell. */
  #endOf(call: string, { outcome, word, talk, endMs }: TakenCall, isHeard: boolean) {
    const digit = this.#keys.get(call)?.[0];
    // Whoever pressed a key was there.
    if (digit !== undefined) return { outcome: 'answered', digit } as const;
    if (!isHeard) return undefined;
    const wasUp = outcome === 'answered' || outcome === 'voicemail';
    const signs = { wasUp, wasRinging: RINGS.has(outcome), isMachine: outcome === 'voicemail' };
    const end = callEnd(signs, word);
    const isDropped = outcome === 'answered' && talk === undefined && endMs <= this.#nowMs();
    return isDropped && end ? { ...end, detail: 'hung up before the message began' } : end;
  }

  // -------------------------------------------------------------------------- keys

  /** Every key that counts is told as soon as it is pressed, to whoever is connected. */
  #listen(call: string, taken: TakenCall, { answers, contact }: DialRequest): void {
    const { talk } = taken;
    if (answers === undefined || talk === undefined || this.#keys.has(call)) return;
    const heard: string[] = [];
    this.#keys.set(call, heard);
    const { draw, quirks } = this.#outside;
    const sinceMs = this.#sinceMs.get(call) ?? Number.POSITIVE_INFINITY;
    for (const { digit, at } of keysTold(answers, contact.id, draw, quirks.optOuts ?? 0)) {
      const pressedMs = talk.fromMs + at * (talk.untilMs - talk.fromMs);
      if (pressedMs < sinceMs || this.#exchange.awayFor(pressedMs) !== undefined) continue;
      this.#outside.after(pressedMs - this.#nowMs(), () => {
        if (this.#left.has(call) || taken.endMs < pressedMs) return;
        if (!this.#life.moment(`a key is told by ${this.#service}`)) return;
        const about = { service: this.#service, contact: contact.id, call, digit };
        this.#outside.see(this.#life, { type: 'key', ...about });
        heard.push(digit);
        answers.pressed(digit).catch(() => undefined);
      });
    }
  }

  /** What an exchange ends as it stops says nothing of its trunk. */
  #noteLosses(): void {
    const nowMs = this.#nowMs();
    if (this.#exchange.lostMs(this.#lookedMs) <= nowMs) this.#watch.lost();
    this.#lookedMs = nowMs;
  }

  #nowMs(): number {
    return this.#life.clock.monotonicMs();
  }
}

/** What comes of a call that rings; one that is cut off rang, as far as was heard. */
const RINGS: ReadonlySet<string> = new Set(['answered', 'voicemail', 'no_answer', 'uncertain']);

const GONE = 'there is no such call any more, and nothing was heard of how it ended';

function lost(service: string): ServiceFailure {
  const message = `${service}: the call is gone, and the exchange does not know why`;
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code: 'call_lost' });
}
