/**
 * What is outside of the program and goes on when it is killed: vendors, telephones, people, the
 * CRM, files. A vendor does what it is asked before it answers, so that an answer can be lost.
 */
import { ServiceFailure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { Ended, Found, Script } from '../engine/ports.ts';
import { AudioShelf } from './audio-shelf.ts';
import type { Behaviour } from './behaviour.ts';
import type { Bills } from './billing.ts';
import { CallBook, type Fate } from './call-book.ts';
import { type Capacity, Counters } from './capacity.ts';
import { type Draw, spread } from './draws.ts';
import { EXCHANGE_FAULTS, Exchange } from './exchange.ts';
import { failureOf, noNumber, POLL_TIMEOUT_MS, timeoutFailure } from './fault-failures.ts';
import type { Life } from './life.ts';
import { type Fault, faultAt, isOf, type Outage, type Place } from './outage.ts';
import type { Asked, Method, Sight, Witness } from './sighting.ts';
import {
  type Asking,
  crowdedOut,
  cutOff,
  cutShort,
  REFUSAL_SHARE,
  type Treatment,
} from './treatment.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What vendors and their clients do that a bug hunt must live through. */
export interface Quirks {
  /** Whether a dialer can tell what became of a call that it may have taken on; `some` by call. */
  readonly memory: 'knows' | 'some' | 'forgets';
  /**
   * A dialer that is asked about a call answers at once, also while it may still place it: that it
   * cannot tell, or, of a request that has not reached it yet, that there is no such call.
   */
  readonly hasty: boolean;
  /** From this life on every dialer is another account, which knows nothing of calls before. */
  readonly accountChange?: number | undefined;
  /** Share of requests whose answer still comes after they were given up. */
  readonly deaf: number;
  /** Share of contacts for whom the text comes back empty. */
  readonly emptyTexts: number;
  /** Share of contacts whom a vendor refuses for what is in their row. */
  readonly refusals: number;
  /** Share of numbers that no dialer takes, because they are none. */
  readonly noNumbers?: number | undefined;
  /** Dialers that speak the text themselves; some of them in no language but English. */
  readonly speaking?: readonly string[] | undefined;
  /** Share of those who pick up that opt out; left out where the script asks for no key. */
  readonly optOuts?: number | undefined;
  /** Dialers that know a call again by its number and time only. */
  readonly byNumber?: readonly string[] | undefined;
  /** Dialers that keep a connection to an exchange of the operator's own. */
  readonly exchanges?: readonly string[] | undefined;
}

export const NO_QUIRKS: Quirks = {
  memory: 'knows',
  hasty: false,
  deaf: 0,
  emptyTexts: 0,
  refusals: 0,
};

export interface OutsideOptions {
  readonly clock: VirtualClock;
  readonly draw: Draw;
  readonly behaviour: Behaviour;
  /** What a service usually takes to answer, in milliseconds. */
  readonly answerMs: (place: Place) => number;
  readonly outages: readonly Outage[];
  /** How many requests at once vendors take; as many as come where it is left out. */
  readonly capacities?: readonly Capacity[] | undefined;
  readonly quirks: Quirks;
  /** Told of everything; without one, what is over is forgotten. */
  readonly witness: Witness | undefined;
  /** None are written where they are left out. */
  readonly bills?: Bills | undefined;
}

/** What a vendor does for a request, which has this number; a failure that it throws is told. */
type Serve<T> = (request: number) => T;
/** What its client makes of a good answer; undefined where that is what it is. */
type Judge = () => ServiceFailure | undefined;

/** Until the first answer to a question that is asked again and again. */
const FIRST_POLL_MS = 300;
/** What a question that is asked again and again gets through, or is only slowed down by. */
const POLLS_THROUGH: ReadonlySet<Fault['type']> = new Set([
  ...EXCHANGE_FAULTS,
  '400',
  'flaky',
  'late',
  'picky',
  'slow',
]);
/** Until a phone rings, and the rest of the way to the answer that says so. */
const DONE_SHARE = 0.6;

export class Outside {
  readonly audio: AudioShelf;
  /** What dialers have taken on. */
  readonly calls: CallBook;
  /** By service: answers that come late because it is slow. */
  readonly lateAnswers = new Map<string, number>();
  readonly #options: OutsideOptions;
  /** By call: until when requests to place it are under way at a vendor. */
  readonly #placingUntilMs = new Map<string, number>();
  /** By request: calls that a client still tries to place, though it may have been given up. */
  readonly #placing = new Map<number, { readonly life: Life; readonly call: string }>();
  readonly #counters: Counters;
  readonly #exchanges: ReadonlyMap<string, Exchange>;
  #requests = 0;

  constructor(options: OutsideOptions) {
    this.#options = options;
    this.audio = new AudioShelf(this.isWatched);
    this.calls = new CallBook(options);
    this.#counters = new Counters(options.capacities ?? []);
    const { exchanges = [] } = options.quirks;
    this.#exchanges = new Map(exchanges.map((name) => [name, new Exchange(name, options.outages)]));
  }

  /** The exchange behind a dialer; undefined where it has none of the operator's own. */
  exchange(service: string): Exchange | undefined {
    return this.#exchanges.get(service);
  }

  /** What becomes of a call that a dialer dials now; undefined where only its callee decides. */
  fateOf(service: string): Fate | undefined {
    return this.exchange(service)?.fateAt(this.#options.clock.monotonicMs());
  }

  /** Whoever is killed meanwhile, something outside happens so much later. */
  after(delayMs: number, happen: () => void): void {
    this.#options.clock.after(Math.max(0, delayMs), happen);
  }

  get draw(): Draw {
    return this.#options.draw;
  }

  get quirks(): Quirks {
    return this.#options.quirks;
  }

  get isWatched(): boolean {
    return this.#options.witness !== undefined;
  }

  see(life: { readonly run: number }, sight: Sight): void {
    const { witness, clock } = this.#options;
    witness?.({ ...sight, atMs: clock.monotonicMs(), run: life.run });
  }

  /** Whether a dialer speaks the text itself, and in which language. */
  speaks(service: string, language: string): boolean {
    const isOwn = this.quirks.speaking?.includes(service) === true;
    // Nobody is found out in a forecast whose language has no voice.
    const isAny = !this.isWatched || language === 'en';
    return isOwn && (isAny || this.draw('speaks', service, language) < 0.6);
  }

  /** Writes an answer on the bill, if bills are written. */
  bill(life: Life, place: Place, request: number, who: string, talkMs = 0): Usage | undefined {
    const usage = this.#options.bills?.of(place, who, talkMs);
    if (usage !== undefined) this.see(life, { type: 'billed', request, ...place, usage });
    return usage;
  }

  /** Whoever is on the line is put down. */
  hangUp(life: Life, id: string): void {
    if (this.calls.end(id)) this.see(life, { type: 'hung_up', call: id });
  }

  /** What became of a call was told. */
  told(call: string): void {
    if (!this.isWatched) this.calls.forget(call);
  }

  /** How long until no request to place this call is under way at a vendor. */
  placingMs(call: string): number {
    const untilMs = this.#placingUntilMs.get(call) ?? 0;
    return Math.max(0, untilMs - this.#options.clock.monotonicMs());
  }

  /** Whether a client of this life has a request to place the call under way. */
  isPlacing(life: Life, call: string): boolean {
    return [...this.#placing.values()].some((one) => one.life === life && one.call === call);
  }

  /** Whether its dialer knows nothing of a call that it may have taken on. */
  isForgotten(call: string): boolean {
    const { memory } = this.quirks;
    return memory === 'forgets' || (memory === 'some' && this.draw('forgets', call) < 0.5);
  }

  /** Sends a request; `serve` is what the vendor does, once or, where it refuses, not at all. */
  ask<T>(asking: Asking, serve: Serve<T>, judge?: Judge): Promise<T> {
    const { place, method, asked } = asking;
    const { outages, clock, answerMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const exchange = place.role === 'dialer' ? this.exchange(place.service) : undefined;
    const fault = exchange?.awayFor(nowMs) ?? faultAt(outages, place, nowMs);
    const treated = (request: number): Treatment => {
      const typicalMs = spread(
        answerMs(place),
        this.draw('answer', method, asked.contact ?? request),
      );
      const treatment = this.#counters.enter(
        place,
        method,
        request,
        asking.life,
        clock.monotonicMs(),
      )
        ? this.#treatment(fault, asking, request, typicalMs)
        : crowdedOut(place, typicalMs);
      const lostMs = (exchange?.lostMs(nowMs) ?? Infinity) - nowMs;
      return Number.isFinite(lostMs) ? cutShort(treatment, asking, lostMs) : treatment;
    };
    const treat = (request: number): Treatment => {
      const treatment = treated(request);
      if (treatment.doneMs !== undefined) this.#working(asking, treatment.doneMs);
      return treatment;
    };
    return this.#send(asking, serve, treat, judge);
  }

  /** A vendor has a request to place a call under way for so long. */
  #working({ method, asked: { call } }: Asking, doneMs: number): void {
    if (method !== 'place' || call === undefined) return;
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + doneMs;
    this.#placingUntilMs.set(call, Math.max(untilMs, this.#placingUntilMs.get(call) ?? 0));
  }

  /** The vendor has nothing to do with a request any more. */
  #over({ place, asked: { call = '' } }: Asking, request: number): void {
    this.#counters.leave(place, request);
    if (this.#placing.delete(request) && this.placingMs(call) === 0) {
      this.#placingUntilMs.delete(call);
    }
  }

  /** What a client refuses before anything leaves; seen all the same, as a request of its own. */
  async refuse(asking: Asking, failure: ServiceFailure): Promise<never> {
    const { life, place, method, asked } = asking;
    if (!life.moment(`${method} leaves for ${place.service}`)) return new Promise(() => undefined);
    this.#requests += 1;
    const request = this.#requests;
    this.see(life, { type: 'request', request, ...place, method, ...asked });
    this.#answered(life, request, failure, {});
    throw failure;
  }

  /**
   * Asks again and again until `afterMs` from now, then has the answer; what goes wrong on the way
   * makes the question fail there and then.
   */
  poll<T>(asking: Asking, overMs: number, serve: Serve<T>): Promise<T> {
    const { fault, afterMs } = this.#firstFault(asking.place, overMs);
    return this.#send(asking, serve, (request) => {
      const { place } = asking;
      const isSpared = fault?.type === 'flaky' && this.draw('flaky', request) >= fault.share;
      if (fault === undefined || isSpared)
        return { doneMs: afterMs, answerMs: afterMs, failure: undefined };
      switch (fault.type) {
        case '400':
        case 'late':
        case 'picky':
        case 'restart':
        case 'cut':
        case 'trunk':
          return { doneMs: afterMs, answerMs: afterMs, failure: undefined };
        case 'slow': {
          const laterMs = afterMs + fault.byMs;
          this.#countLate(asking);
          return { doneMs: laterMs, answerMs: laterMs, failure: undefined };
        }
        case 'timeout': {
          const failure = timeoutFailure(place.service);
          return { doneMs: undefined, answerMs: afterMs + POLL_TIMEOUT_MS, failure };
        }
        default:
          return {
            doneMs: undefined,
            answerMs: afterMs,
            failure: failureOf(fault, place.service, false),
          };
      }
    });
  }

  /** What goes wrong first with a question that takes so long, and when; else its end. */
  #firstFault(
    place: Place,
    overMs: number,
  ): { readonly fault: Fault | undefined; readonly afterMs: number } {
    const { outages, clock } = this.#options;
    if (!outages.some((outage) => isOf(outage, place)))
      return { fault: undefined, afterMs: overMs };
    const nowMs = clock.monotonicMs();
    const begins = outages.map(({ startMs }) => startMs - nowMs);
    // What is wrong at the beginning is noticed when the first answer should come.
    const early = [Math.min(FIRST_POLL_MS, overMs), ...begins];
    const times = early.filter((ms) => ms > 0 && ms < overMs).sort((one, other) => one - other);
    for (const afterMs of times) {
      const fault = faultAt(outages, place, nowMs + afterMs);
      if (fault !== undefined && !POLLS_THROUGH.has(fault.type)) return { fault, afterMs };
    }
    return { fault: faultAt(outages, place, nowMs + overMs), afterMs: overMs };
  }

  #send<T>(
    asking: Asking,
    serve: Serve<T>,
    treat: (request: number) => Treatment,
    judge: Judge = () => undefined,
  ): Promise<T> {
    const { life, place, method, asked, watch } = asking;
    if (!life.moment(`${method} leaves for ${place.service}`)) return new Promise(() => undefined);
    this.#requests += 1;
    const request = this.#requests;
    if (this.isWatched) this.see(life, { type: 'request', request, ...place, method, ...asked });
    const isDeaf = this.#happens(this.quirks.deaf, 'deaf', request);
    const treatment = treat(request);
    const { doneMs, answerMs, failure: known } = isDeaf ? cutOff(treatment, asking) : treatment;
    if (method === 'place') this.#placing.set(request, { life, call: asked.call ?? '' });
    return new Promise((resolve, reject) => {
      let value: { readonly done: T } | undefined;
      let failure = known;
      const onAbort = (): void => {
        if (!life.isAlive || isDeaf) return;
        this.#over(asking, request);
        this.see(life, { type: 'given_up', request });
        reject(watch.reason as Error);
      };
      const answer = (): void => {
        watch.offAbort(onAbort);
        this.#over(asking, request);
        const { isAlive } = life;
        if (!life.moment(`${method} answered by ${place.service}`)) return;
        if (isAlive && (isDeaf || !watch.aborted)) {
          failure ??= judge();
          if (this.isWatched) this.#answered(life, request, failure, saidBy(method, value?.done));
        }
        if (value !== undefined && failure === undefined) resolve(value.done);
        else if (failure !== undefined) reject(failure);
      };
      if (watch.aborted) onAbort();
      else watch.onAbort(onAbort);
      this.#later(
        doneMs,
        answerMs,
        () => {
          try {
            value = { done: serve(request) };
          } catch (error) {
            if (!(error instanceof ServiceFailure)) throw error;
            failure ??= error;
          }
        },
        answer,
      );
    });
  }

  /** What is done and what is answered at the same moment share a timer. */
  #later(
    doneMs: number | undefined,
    answerMs: number | undefined,
    serve: () => void,
    answer: () => void,
  ): void {
    const { clock } = this.#options;
    if (doneMs !== undefined && doneMs === answerMs) {
      clock.after(doneMs, () => {
        serve();
        answer();
      });
      return;
    }
    if (doneMs !== undefined) clock.after(doneMs, serve);
    if (answerMs !== undefined) clock.after(answerMs, answer);
  }

  #answered(life: Life, request: number, failure: ServiceFailure | undefined, said: Said): void {
    if (failure === undefined) {
      this.see(life, { type: 'answer', request, ...said });
      return;
    }
    const { kind, scope, code, retryAfterMs } = failure;
    this.see(life, { type: 'answer', request, failure: { kind, scope, code, retryAfterMs } });
  }

  #treatment(
    fault: Fault | undefined,
    asking: Asking,
    request: number,
    typicalMs: number,
  ): Treatment {
    const {
      place: { service },
      method,
      asked,
    } = asking;
    const isPlace = method === 'place';
    const refusedMs = typicalMs * REFUSAL_SHARE;
    const doneMs = isPlace || method === 'record' ? typicalMs * DONE_SHARE : typicalMs;
    const works = { doneMs, answerMs: typicalMs, failure: undefined };
    const refuses = { doneMs: undefined, answerMs: refusedMs };
    const isRefused =
      method !== 'probe' &&
      this.#happens(this.quirks.refusals, 'refusal', method, asked.contact ?? '');
    if (isRefused && (isPlace || method === 'speak')) {
      return { ...refuses, failure: failureOf({ type: '400' }, service, isPlace) };
    }
    if (isPlace && this.#isNoNumber(asking)) return { ...refuses, failure: noNumber(service) };
    if (fault === undefined || fault.type === 'trunk') return works;
    switch (fault.type) {
      case 'slow': {
        const { byMs } = fault;
        this.#countLate(asking);
        return { doneMs: doneMs + byMs, answerMs: typicalMs + byMs, failure: undefined };
      }
      case 'flaky': {
        const fails = this.draw('flaky', request) < fault.share;
        return fails ? { ...refuses, failure: failureOf(fault, service, isPlace) } : works;
      }
      case 'picky': {
        const fails = this.#isPickedOn(asked, fault.share);
        return fails ? { ...refuses, failure: failureOf(fault, service, isPlace) } : works;
      }
      case 'late': {
        const laterMs = typicalMs + fault.byMs;
        const kind = isPlace ? Math.floor(this.draw('late', request) * 3) : -1;
        if (kind === 0) return { doneMs, answerMs: laterMs, failure: undefined };
        if (kind === 1) return { doneMs: laterMs, answerMs: laterMs, failure: undefined };
        if (kind === 2) return { doneMs: undefined, answerMs: undefined, failure: undefined };
        return works;
      }
      case 'timeout': {
        const isDone = this.draw('done', request) < 0.5;
        return {
          doneMs: isDone ? doneMs : undefined,
          answerMs: undefined,
          failure: undefined,
        };
      }
      case 'reset':
        return { ...works, failure: failureOf(fault, service, isPlace) };
      default:
        return { ...refuses, failure: failureOf(fault, service, isPlace) };
    }
  }

  /** What no draw can bring about is not drawn: there are many requests. */
  #happens(share: number, ...about: readonly (string | number)[]): boolean {
    return share > 0 && this.draw(...about) < share;
  }

  #countLate({ place: { service }, method }: Asking): void {
    if (method === 'probe') return;
    this.lateAnswers.set(service, (this.lateAnswers.get(service) ?? 0) + 1);
  }

  /** A preview dials nothing, and never hears of it. */
  #isNoNumber({ phone }: Asking): boolean {
    const share = this.quirks.noNumbers ?? 0;
    return phone !== undefined && this.#happens(share, 'no number', phone);
  }

  #isPickedOn({ contact }: Asked, share: number): boolean {
    return contact !== undefined && this.draw('picked on', contact) < share;
  }
}

type Said = Pick<Extract<Sight, { type: 'answer' }>, 'found' | 'text' | 'digit'>;

/** What can be seen of an answer. */
function saidBy(method: Method, done: unknown): Said {
  if (done === undefined) return {};
  if (method === 'find') return { found: (done as Found).state };
  if (method === 'write') return { text: (done as Script).text };
  const digit = method === 'follow' ? (done as Ended).digit : undefined;
  return digit === undefined ? {} : { digit };
}
