/**
 * An exchange of the operator's own, such as an Asterisk: what befalls it, its trunk and the
 * network on the way to it, whoever asks.
 */
import type { HangupCause } from '../domain/hangup-cause.ts';
import type { Fate } from './call-book.ts';
import type { Fault, Outage, TrunkWord } from './outage.ts';

/** Dialers that keep a connection to an exchange, and hear over it what becomes of calls. */
export const EXCHANGES: readonly string[] = ['asterisk-ari', 'asterisk-ami'];

/** Faults that nothing else can have. */
export const EXCHANGE_FAULTS: ReadonlySet<Fault['type']> = new Set(['restart', 'cut', 'trunk']);

/** What the exchange says of a call that its trunk does not take. */
const REFUSALS: Readonly<Record<TrunkWord, HangupCause>> = {
  congested: { cause: 34, techCause: 503 },
  password: { cause: 21, techCause: 401 },
  nothing: { cause: 19 },
};

/** All times are from the start of the simulation, in milliseconds. */
export class Exchange {
  readonly #service: string;
  readonly #outages: readonly Outage[];

  /** @param outages those of everybody; they may change */
  constructor(service: string, outages: readonly Outage[]) {
    this.#service = service;
    this.#outages = outages;
  }

  /** Why there is no connection; undefined where there is one. */
  awayFor(atMs: number): Fault | undefined {
    return this.#aways().find(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)?.fault;
  }

  /** When there is a connection, from then on: at once, or when it is back. */
  backMs(atMs: number): number {
    const aways = [...this.#aways()].sort((one, other) => one.startMs - other.startMs);
    let backMs = atMs;
    for (const { startMs, endMs } of aways) {
      if (startMs <= backMs && backMs < endMs) backMs = endMs;
    }
    return backMs;
  }

  /** When the connection is lost next; never where it is Infinity. */
  lostMs(afterMs: number): number {
    const starts = this.#aways().map(({ startMs }) => startMs);
    return Math.min(...starts.filter((startMs) => startMs > afterMs), Number.POSITIVE_INFINITY);
  }

  /** What becomes of a call that is dialled now. */
  fateAt(atMs: number): Fate {
    const restarts = this.#its('restart').filter(({ startMs }) => startMs >= atMs);
    const cutMs = Math.min(...restarts.map(({ startMs }) => startMs), Number.POSITIVE_INFINITY);
    const trunk = this.#its('trunk').findLast(({ startMs, endMs }) => {
      return startMs <= atMs && atMs < endMs;
    })?.fault;
    const refusal = trunk?.type === 'trunk' ? REFUSALS[trunk.says] : undefined;
    return { refusal, cutMs: Number.isFinite(cutMs) ? cutMs : undefined };
  }

  #aways(): readonly Outage[] {
    return this.#its('restart', 'cut');
  }

  #its(...types: readonly Fault['type'][]): readonly Outage[] {
    return this.#outages.filter(
      ({ fault, places }) =>
        types.includes(fault.type) &&
        places.some(({ role, service }) => role === 'dialer' && service === this.#service),
    );
  }
}
