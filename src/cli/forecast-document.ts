/**
 * What a simulation foretells, as a document.
 */
import type { Role } from '../domain/words.ts';
import type { CostDocument } from './costs.ts';
import { type ForecastFacts, type OutageCost, servicesOf } from './forecast-text.ts';
import { faultText } from './outage-option.ts';
import { isoTime } from './run-document.ts';

/** Each outage alone counts what it adds to the others. */
interface PriceDocument {
  readonly retries: number;
  readonly failed_calls: number;
  /** Times that somebody was put off, to be called later; */
  readonly put_off: number;
  /** times that the record of a call that had ended was. */
  readonly records_put_off: number;
  readonly fallbacks: number;
  readonly late_answers: number;
  readonly failed: number;
  readonly uncertain: number;
  readonly records_owed: number;
  /** Null where not everybody got an outcome. */
  readonly lost_ms: number | null;
}

export interface ForecastDocument {
  /** ISO 8601, UTC, virtual; null where nobody got an outcome. */
  readonly last_outcome_at: string | null;
  readonly lines: { readonly count: number; readonly busy: number };
  readonly delays: readonly {
    readonly service: string;
    readonly role: Role | null;
    readonly calls: number;
    /** Of calls that had ended: what a CRM holds up. */
    readonly records: number;
    readonly retries: number;
    readonly put_off: number;
    readonly failed_calls: number;
    readonly fallbacks: number;
  }[];
  /** Times that a request to ring waited for `calls_per_second` for a second, and all waits. */
  readonly pace: { readonly times: number; readonly wait_ms: number };
  /** Of services that were slow. */
  readonly late_answers: number;
  readonly outages: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly fault: string;
    /** Those that it is about. */
    readonly services: readonly string[];
    /** False where the list was done, or the run over, before it began. */
    readonly met: boolean;
    /** Null where it met nobody, or the simulation was stopped. */
    readonly price: PriceDocument | null;
  }[];
  /** Of all of them, which is not the sum. Null where fewer than two met somebody. */
  readonly outages_together: PriceDocument | null;
  /** By usage that is estimated; null where no price is written. */
  readonly cost: CostDocument | null;
  /** As a webhook has them. */
  readonly told: readonly {
    readonly at: string;
    readonly key: string;
    readonly severity: string;
    readonly kind: string;
    readonly title: string;
    /** Those that take it; null where there are no settings of the operator's. */
    readonly channels: readonly string[] | null;
  }[];
}

export function forecastDocument(facts: ForecastFacts): ForecastDocument {
  const { startMs, lines, outcomeMs, busyShare, delays, costs, together, told } = facts;
  const at = (atMs: number): string => isoTime(startMs + atMs);
  return {
    last_outcome_at: outcomeMs === undefined ? null : at(outcomeMs),
    lines: { count: lines, busy: Math.round(busyShare * 10_000) / 10_000 },
    delays: delays.map(({ service, role, calls, retries, putOff, failedCalls, fallbacks }) => ({
      service,
      role: role ?? null,
      calls: role === 'crm' ? 0 : calls,
      records: role === 'crm' ? calls : 0,
      retries,
      put_off: putOff,
      failed_calls: failedCalls,
      fallbacks,
    })),
    pace: { times: facts.pace.times, wait_ms: Math.round(facts.pace.waitMs) },
    late_answers: facts.lateAnswers,
    outages: costs.map(({ outage, price }) => ({
      name: outage.name,
      from: at(outage.startMs),
      to: at(outage.endMs),
      fault: faultText(outage.fault),
      services: servicesOf(outage),
      met: typeof price !== 'string' || price === 'stopped',
      price: priceDocument(price),
    })),
    outages_together: priceDocument(together),
    cost: facts.cost?.document ?? null,
    told: told.map(({ wallMs, key, severity, kind, title, channels }) => ({
      at: isoTime(wallMs),
      key,
      severity,
      kind,
      title,
      channels: channels ?? null,
    })),
  };
}

function priceDocument(price: OutageCost['price'] | undefined): PriceDocument | null {
  if (price === undefined || typeof price === 'string') return null;
  const { failedCalls, fallbacks, lateAnswers, lost, uncertain, recordsOwed } = price;
  return {
    retries: price.retries,
    failed_calls: failedCalls,
    put_off: price.callsPutOff,
    records_put_off: price.recordsPutOff,
    fallbacks,
    late_answers: lateAnswers,
    failed: lost,
    uncertain,
    records_owed: recordsOwed,
    lost_ms: price.lostMs === undefined ? null : Math.round(price.lostMs),
  };
}
