/**
 * What an outage costs: the day as it was, compared with the same day without it.
 */
import type { Outcome } from '../domain/words.ts';
import type { PutOffs, ServiceDelays } from '../sim/forecast.ts';
import type { Outage } from '../sim/outage.ts';
import type { Played } from './simulated-run.ts';

/** What is compared of a day that was played; plain data, so that threads can hand it over. */
export interface DayFigures {
  /** When the last contact got its outcome, from the start; undefined where none did. */
  readonly outcomeMs: number | undefined;
  /** Whether everybody has an outcome. */
  readonly hasAll: boolean;
  readonly recordsOwed: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly delays: readonly ServiceDelays[];
  /** See `Forecast.putOffs`: of a chain's services, each may be a reason. */
  readonly putOffs: ReadonlyMap<string, PutOffs>;
  /** By service: answers that came late because it was slow. */
  readonly lateAnswers: ReadonlyMap<string, number>;
}

/** How much more there was than on a day without. */
export interface OutagePrice {
  readonly retries: number;
  /** Calls that failed, to be tried again. */
  readonly failedCalls: number;
  /** Times that a contact was put off, to be called later, */
  readonly callsPutOff: number;
  /** or the record of a call that had ended. */
  readonly recordsPutOff: number;
  /** Requests that another service of the chain answered. */
  readonly fallbacks: number;
  /** Answers that came late, of a service that was slow. */
  readonly lateAnswers: number;
  /** Contacts whose outcome is `failed`. */
  readonly lost: number;
  /** Contacts of whom nobody can tell whether they were rung. */
  readonly uncertain: number;
  /** Calls whose record the CRM has not taken at the end. */
  readonly recordsOwed: number;
  /** How much later the last contact had its outcome; undefined where not everybody got one. */
  readonly lostMs: number | undefined;
  /** Whether everybody got one on the other day. */
  readonly isDoneWithout: boolean;
}

export function figuresOf({ forecast, state, lateAnswers }: Played): DayFigures {
  const { queued, put_off, calling } = state.contacts;
  return {
    outcomeMs: forecast.outcomeMs,
    hasAll: queued + put_off + calling === 0,
    recordsOwed: state.recordsOwed,
    outcomes: state.outcomes,
    delays: forecast.delays,
    putOffs: forecast.putOffs,
    lateAnswers,
  };
}

/** @param outages those that the other day did without */
export function priceOf(
  outages: readonly Outage[],
  day: DayFigures,
  without: DayFigures,
): OutagePrice {
  const places = outages.flatMap((outage) => outage.places);
  const services = new Set(places.map(({ service }) => service));
  const isOut = (service: string): boolean => services.has(service);
  const more = (count: (of: DayFigures) => number): number =>
    Math.max(0, count(day) - count(without));
  const delayed = (what: 'retries' | 'failedCalls' | 'fallbacks'): number =>
    more(({ delays }) => total(delays.map((one) => (services.has(one.service) ? one[what] : 0))));
  const putOff = (what: keyof PutOffs): number =>
    more(({ putOffs }) =>
      total([...putOffs].map(([by, of]) => (by.split(',').some(isOut) ? of[what] : 0))),
    );
  const [last, lastWithout] = [day.outcomeMs, without.outcomeMs];
  const isDone = day.hasAll && last !== undefined && lastWithout !== undefined;
  return {
    retries: delayed('retries'),
    failedCalls: delayed('failedCalls'),
    callsPutOff: putOff('calls'),
    recordsPutOff: putOff('records'),
    fallbacks: delayed('fallbacks'),
    lateAnswers: more(({ lateAnswers }) => total([...lateAnswers.values()])),
    lost: more(({ outcomes }) => outcomes.get('failed') ?? 0),
    uncertain: more(({ outcomes }) => outcomes.get('uncertain') ?? 0),
    recordsOwed: more(({ recordsOwed }) => recordsOwed),
    isDoneWithout: without.hasAll,
    lostMs: isDone ? Math.max(0, last - lastWithout) : undefined,
  };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
