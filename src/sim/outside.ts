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
import { Exchange } from './exchange.ts';
import type { Life } from './life.ts';
import { type Fault, faultAt, type Outage, type Place } from './outage.ts';
import type { Quirks } from './quirks.ts';
import type { Method, Sight, Witness } from './sighting.ts';
import {
  type Asking,
  crowdedOut,
  cutOff,
  cutShort,
  firstFault,
  happens,
  pollTreatment,
  type Treatment,
  treatmentOf,
} from './treatment.ts';
import type { VirtualClock } from './virtual-clock.ts';

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
      const isTaken = this.#counters.enter(
        place,
        method,
        request,
        asking.life,
        clock.monotonicMs(),
      );
      const treatment = isTaken
        ? treatmentOf(fault, asking, request, typicalMs, this.#options)
        : crowdedOut(place, typicalMs);
      this.#countLate(fault, asking, treatment);
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
    const { clock, outages, draw } = this.#options;
    const { fault, afterMs } = firstFault(outages, asking.place, clock.monotonicMs(), overMs);
    return this.#send(asking, serve, (request) => {
      const treatment = pollTreatment(fault, asking, request, afterMs, draw);
      this.#countLate(fault, asking, treatment);
      return treatment;
    });
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
    const isDeaf = happens(this.draw, this.quirks.deaf, 'deaf', request);
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

  /** A slow service has answered late, unless it refuses. */
  #countLate(
    fault: Fault | undefined,
    { place: { service }, method }: Asking,
    { failure }: Treatment,
  ): void {
    if (fault?.type !== 'slow' || failure !== undefined || method === 'probe') return;
    this.lateAnswers.set(service, (this.lateAnswers.get(service) ?? 0) + 1);
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
