/**
 * What a simulation foretells, for people and as a document.
 */

import { counted, listed, spanText } from '../domain/text.ts';
import type { Role } from '../domain/words.ts';
import type { ServiceDelays } from '../sim/forecast.ts';
import type { Fault, Outage } from '../sim/outage.ts';
import { faultText } from './outage-option.ts';
import type { Paint } from './paint.ts';
import { isoTime } from './run-document.ts';
import { timeText } from './timeline.ts';

/** What one outage did, found by simulating the same day without it. */
export interface OutageCost {
  readonly outage: Outage;
  /** The list was done before it began. */
  readonly met: boolean;
  /** Times that a contact was put off more than without it. */
  readonly putOff: number;
  /** Calls that failed, to be tried again, more than without it. */
  readonly failedCalls: number;
  /** How much later the last contact had its outcome; undefined where not everybody got one. */
  readonly lostMs: number | undefined;
}

/** What the operator would have been told. */
export interface Told {
  readonly wallMs: number;
  readonly severity: string;
  readonly kind: string;
  readonly title: string;
}

export interface ForecastFacts {
  readonly startMs: number;
  readonly lines: number;
  /** When the last contact got its outcome, from the start; undefined where none did. */
  readonly outcomeMs: number | undefined;
  readonly isDone: boolean;
  readonly busyShare: number;
  readonly delays: readonly ServiceDelays[];
  readonly costs: readonly OutageCost[];
  readonly told: readonly Told[];
}

/** Alerts that are listed; the rest are counted. */
const TOLD_MAX = 20;

/** Whole lines. */
export function forecastText(facts: ForecastFacts, paint: Paint): string {
  const rows: (readonly [string, string])[] = [
    ['done', doneText(facts)],
    ['lines', `busy ${percent(facts.busyShare)} of the time (${counted(facts.lines, 'line')})`],
    ...labelled('held up', facts.delays.map(delayText), 'no call by anything'),
    ...labelled(
      'outages',
      facts.costs.map((cost) => costText(cost, facts)),
      undefined,
    ),
    ...labelled('you hear', toldTexts(facts), 'nothing: no alert'),
  ];
  const lines = rows.map(([label, text]) => `  ${label.padEnd(10)} ${text}`);
  return `${paint('bold', 'Forecast')}\n${lines.join('\n')}\n`;
}

function labelled(
  label: string,
  texts: readonly string[],
  none: string | undefined,
): (readonly [string, string])[] {
  const shown = texts.length === 0 && none !== undefined ? [none] : texts;
  return shown.map((text, index) => [index === 0 ? label : '', text] as const);
}

function doneText({ isDone, outcomeMs, startMs }: ForecastFacts): string {
  if (outcomeMs === undefined) return 'nobody got an outcome';
  const at = timeText(startMs + outcomeMs, startMs);
  const when = `at ${at}, ${spanText(outcomeMs)} after the start`;
  return isDone ? when : `not all of the list; the last outcome came ${when}`;
}

function delayText(delays: ServiceDelays): string {
  const { service, calls, retries, putOff, failedCalls, fallbacks } = delays;
  const parts = [
    ...(retries > 0 ? [counted(retries, 'retry', 'retries')] : []),
    ...(failedCalls > 0 ? [counted(failedCalls, 'failed call')] : []),
    ...(putOff > 0 ? [`put off ${counted(putOff, 'time')}`] : []),
    ...(fallbacks > 0 ? [`${counted(fallbacks, 'request')} answered by another`] : []),
  ];
  return `${counted(calls, 'call')} by ${service}: ${parts.join(', ')}`;
}

function costText(
  { outage, met, putOff, failedCalls, lostMs }: OutageCost,
  facts: ForecastFacts,
): string {
  const what = outageText(outage, facts.startMs);
  if (!met) return `${what}: met nobody, the list was done before`;
  const lost =
    lostMs === undefined
      ? 'the list was not done'
      : lostMs < 1_000
        ? 'no time lost'
        : `${spanText(lostMs)} lost`;
  const parts = [
    `${counted(failedCalls, 'failed call')}`,
    `put off ${counted(putOff, 'time')}`,
    lost,
  ];
  return `${what}: ${parts.join(', ')}`;
}

function toldTexts({ told, startMs }: ForecastFacts): readonly string[] {
  const shown = told.slice(0, TOLD_MAX).map(({ wallMs, severity, kind, title }) => {
    const what = kind === 'recovered' ? 'all clear' : severity;
    return `${timeText(wallMs, startMs)} ${what}: ${title}`;
  });
  const more = told.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

/** `elevenlabs answers 503 from 09:02:00 to 09:05:00`. */
export function outageText(
  { name, places, fault, startMs, endMs }: Outage,
  fromMs: number,
): string {
  const who = name === 'all' ? 'every service' : name;
  const names = [...new Set(places.map(({ service }) => service))];
  const whom = names.length === 1 && names[0] === name ? name : `${who} (${listed(names)})`;
  const from = timeText(fromMs + startMs, fromMs);
  const to = timeText(fromMs + endMs, fromMs);
  return `${whom} ${faultWords(fault)} from ${from} to ${to}`;
}

/** What a service does while it is out, as the end of a sentence. */
export function faultWords(fault: Fault): string {
  switch (fault.type) {
    case 'timeout':
      return 'does not answer';
    case 'reset':
      return 'does what is asked and loses the answer';
    case 'refused':
      return 'refuses connections';
    case 'slow':
      return `answers ${spanText(fault.byMs)} late`;
    case 'flaky':
      return `answers ${percent(fault.share)} of requests with 503`;
    case '429':
      return `answers 429 (Retry-After ${spanText(fault.retryAfterMs)})`;
    default:
      return `answers ${fault.type}`;
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

// ---------------------------------------------------------------------------- document

export interface ForecastDocument {
  /** ISO 8601, UTC, virtual; null where nobody got an outcome. */
  readonly last_outcome_at: string | null;
  readonly lines: { readonly count: number; readonly busy: number };
  readonly delays: readonly {
    readonly service: string;
    readonly role: Role | null;
    readonly calls: number;
    readonly retries: number;
    readonly put_off: number;
    readonly failed_calls: number;
    readonly fallbacks: number;
  }[];
  readonly outages: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly fault: string;
    readonly met: boolean;
    readonly put_off: number;
    readonly failed_calls: number;
    readonly lost_ms: number | null;
  }[];
  readonly told: readonly {
    readonly at: string;
    readonly severity: string;
    readonly kind: string;
    readonly title: string;
  }[];
}

export function forecastDocument(facts: ForecastFacts): ForecastDocument {
  const { startMs, lines, outcomeMs, busyShare, delays, costs, told } = facts;
  const at = (atMs: number): string => isoTime(startMs + atMs);
  return {
    last_outcome_at: outcomeMs === undefined ? null : at(outcomeMs),
    lines: { count: lines, busy: Math.round(busyShare * 10_000) / 10_000 },
    delays: delays.map(({ service, role, calls, retries, putOff, failedCalls, fallbacks }) => ({
      service,
      role: role ?? null,
      calls,
      retries,
      put_off: putOff,
      failed_calls: failedCalls,
      fallbacks,
    })),
    outages: costs.map(({ outage, met, putOff, failedCalls, lostMs }) => ({
      name: outage.name,
      from: at(outage.startMs),
      to: at(outage.endMs),
      fault: faultText(outage.fault),
      met,
      put_off: putOff,
      failed_calls: failedCalls,
      lost_ms: lostMs === undefined ? null : Math.round(lostMs),
    })),
    told: told.map(({ wallMs, severity, kind, title }) => ({
      at: isoTime(wallMs),
      severity,
      kind,
      title,
    })),
  };
}
