/**
 * What a simulation foretells, for people.
 */

import { endText } from '../domain/alert-text.ts';
import type { RunEnd } from '../domain/event.ts';
import { counted, listed, spanText, wrapped } from '../domain/text.ts';
import type { ServiceDelays } from '../sim/forecast.ts';
import type { Fault, Outage } from '../sim/outage.ts';
import type { CostDocument } from './costs.ts';
import type { OutagePrice } from './outage-price.ts';
import type { Paint } from './paint.ts';
import { timeText } from './timeline.ts';

/** Why there is no price. */
type Unpriced =
  /** The list was done before it began, */
  | 'late'
  /** or the run had ended early by then, */
  | 'ended'
  /** or the simulation was stopped by then; */
  | 'unbegun'
  /** it could not be compared any more. */
  | 'stopped';

const UNPRICED: Readonly<Record<Unpriced, string>> = {
  late: 'met nobody, the list was done before',
  ended: 'met nobody, the run had ended before',
  unbegun: 'had not begun when the simulation was stopped',
  stopped: 'stopped before it could be compared',
};

export interface OutageCost {
  readonly outage: Outage;
  /** Against the same day without this one. */
  readonly price: OutagePrice | Unpriced;
}

/** What the operator would have been told. */
export interface Told {
  readonly wallMs: number;
  readonly key: string;
  readonly severity: string;
  readonly kind: string;
  readonly title: string;
  /** Those that take it; undefined where there are no settings of the operator's. */
  readonly channels: readonly string[] | undefined;
  readonly isMoot?: boolean | undefined;
}

export interface ForecastFacts {
  readonly startMs: number;
  readonly lines: number;
  /** When the last contact got its outcome, from the start; undefined where none did. */
  readonly outcomeMs: number | undefined;
  /** When the run ended, from the start, and why. */
  readonly endMs: number;
  readonly end: RunEnd;
  /** Services that it waited for last. */
  readonly away: readonly string[];
  /** Whether everybody has an outcome. */
  readonly hasAll: boolean;
  /** Records that the CRM has not taken at the end. */
  readonly recordsOwed: number;
  readonly busyShare: number;
  readonly delays: readonly ServiceDelays[];
  readonly pace: { readonly times: number; readonly waitMs: number; readonly perSecond: number };
  /** Contacts without an outcome at the end. */
  readonly left: number;
  /** Answers that came late because a service was slow. */
  readonly lateAnswers: number;
  readonly costs: readonly OutageCost[];
  /** Against the same day without any, where several met somebody. */
  readonly together: OutageCost['price'] | undefined;
  readonly told: readonly Told[];
  /** Whether any alert channel is on. */
  readonly hasChannels: boolean;
  /** Undefined where no price is written. */
  readonly cost: { readonly text: string; readonly document: CostDocument } | undefined;
}

/** Before what is said: the label, and what a second line stands further in. */
const INDENT = 15;

/** Alerts that are listed; the rest are counted. */
const TOLD_MAX = 20;

/** Whole lines. */
export function forecastText(facts: ForecastFacts, paint: Paint, columns: number): string {
  const rows: (readonly [string, string])[] = [
    ['done', doneText(facts)],
    ['lines', busyText(facts)],
    ...labelled('cost', facts.cost === undefined ? [] : [facts.cost.text], undefined),
    ...labelled('held up', heldUpTexts(facts), 'nobody: no retries, nobody put off'),
    ...labelled('outages', costTexts(facts), undefined),
    ...labelled('you hear', toldTexts(facts), 'nothing: no alert'),
  ];
  const lines = rows.flatMap(([label, text]) =>
    wrapped(text, columns - INDENT).map((line, index) =>
      index === 0 ? `  ${label.padEnd(10)} ${line}` : `${' '.repeat(INDENT)}${line}`,
    ),
  );
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

function doneText(facts: ForecastFacts): string {
  const { hasAll, recordsOwed, outcomeMs, endMs, startMs } = facts;
  const end = timeText(startMs + endMs, startMs);
  if (outcomeMs === undefined) return `nobody got an outcome; ${endedText(facts, end)}`;
  const at = timeText(startMs + outcomeMs, startMs);
  const when = `at ${at}, ${spanText(outcomeMs)} after the start`;
  const done = hasAll ? when : `not all of the list; the last outcome came ${when}`;
  const owed = recordsOwed === 0 ? '' : `; ${counted(recordsOwed, 'record')} still owed`;
  return `${done}${owed}${at === end ? '' : `; ${endedText(facts, end)}`}`;
}

/** What a run did after the last outcome: other work than calls. */
function endedText({ end, away, hasAll, recordsOwed }: ForecastFacts, at: string): string {
  if (end === 'outage') {
    const names = listed(away, hasAll ? 'or' : 'and');
    return `the run waited${names === '' ? '' : ` for ${names}`} until ${at}`;
  }
  const isComplete = end === 'done' && hasAll && recordsOwed === 0;
  const last = isComplete ? `, when ${listed(away, 'or')} had the last record` : '';
  return `the run ended at ${at}${last}`;
}

function busyText({ busyShare, lines, hasAll }: ForecastFacts): string {
  const until = hasAll ? ' until the last outcome' : '';
  return `busy ${percent(busyShare)} of the time${until} (${counted(lines, 'line')})`;
}

/** An answer that comes late holds its call up, and is no retry. */
function heldUpTexts(facts: ForecastFacts): readonly string[] {
  const { delays, lateAnswers, pace, left, recordsOwed } = facts;
  const late = lateAnswers === 0 ? [] : [`${counted(lateAnswers, 'answer')} came late`];
  const texts = [...delays.map(delayText), ...paceTexts(pace), ...late];
  // Whom nobody came to was not held up, and must not look as if all were well.
  if (left === 0) {
    const isWell = texts.length > 0 || recordsOwed === 0;
    return isWell ? texts : [`nobody, with ${counted(recordsOwed, 'record')} still owed`];
  }
  const open = `${counted(left, 'contact')} left without an outcome`;
  return texts.length === 0 ? [`nobody, with ${open}`] : [...texts, `and ${open}`];
}

function paceTexts({ times, waitMs, perSecond }: ForecastFacts['pace']): readonly string[] {
  if (times === 0) return [];
  const waited = `${spanText(waitMs)} of waiting in all`;
  return [`${counted(times, 'time')} by the pace of ${paceText(perSecond)}: ${waited}`];
}

/** `2 calls a second`, `1 call in 1 min 40 s`. */
export function paceText(perSecond: number): string {
  return perSecond >= 1
    ? `${counted(perSecond, 'call')} a second`
    : `1 call in ${spanText(1_000 / perSecond)}`;
}

function delayText(delays: ServiceDelays): string {
  const { service, role, calls, retries, putOff, failedCalls, fallbacks } = delays;
  const parts = [
    ...(retries > 0 ? [counted(retries, 'retry', 'retries')] : []),
    ...(failedCalls > 0 ? [counted(failedCalls, 'failed call')] : []),
    ...(putOff > 0 ? [`put off ${counted(putOff, 'time')}`] : []),
    ...(fallbacks > 0 ? [`${counted(fallbacks, 'request')} answered by another`] : []),
  ];
  // Who has an outcome is not rung again: what waits for a CRM is the record.
  const held = calls === 0 ? '' : `${counted(calls, role === 'crm' ? 'record' : 'call')} by `;
  return `${held}${service}: ${parts.join(', ')}`;
}

function costTexts({ costs, together, startMs }: ForecastFacts): readonly string[] {
  const priced = costs.filter(({ price }) => typeof price !== 'string');
  const each = costs.map(({ outage, price }) => {
    const others = priced.length > 2 ? 'the others' : 'the other';
    const isBeyond = together !== undefined && typeof price !== 'string';
    const beyond = isBeyond ? `beyond ${others}, ` : '';
    return `${outageText(outage, startMs)}: ${beyond}${priceText(price)}`;
  });
  if (together === undefined) return each;
  const all = `all together: ${priceText(together)}`;
  const [any, none] = priced.length > 2 ? ['any', 'none'] : ['either', 'neither'];
  const why = `these do not add up: delays that ${any} would have caused alone count for ${none}`;
  return [all, ...each, why];
}

function priceText(price: OutageCost['price']): string {
  if (typeof price === 'string') return UNPRICED[price];
  const { retries, failedCalls, fallbacks, lateAnswers, lost, uncertain, recordsOwed } = price;
  const parts = [
    ...(retries > 0 ? [counted(retries, 'retry', 'retries')] : []),
    ...(failedCalls > 0 ? [counted(failedCalls, 'failed call')] : []),
    ...putOffTexts(price),
    ...(fallbacks > 0 ? [`${counted(fallbacks, 'request')} answered by another service`] : []),
    ...(lateAnswers > 0 ? [counted(lateAnswers, 'late answer')] : []),
    ...(lost > 0 ? [`${counted(lost, 'contact')} failed for good`] : []),
    ...(uncertain > 0 ? [`${counted(uncertain, 'contact')} uncertain`] : []),
    ...(recordsOwed > 0 ? [`${counted(recordsOwed, 'record')} still owed`] : []),
    lostText(price),
  ];
  return parts.join(', ');
}

/** What waited is said where it is not, or not only, people to be called. */
function putOffTexts({ callsPutOff, recordsPutOff }: OutagePrice): readonly string[] {
  const what = recordsPutOff > 0 ? 'calls ' : '';
  return [
    ...(callsPutOff > 0 ? [`${what}put off ${counted(callsPutOff, 'time')}`] : []),
    ...(recordsPutOff > 0 ? [`records put off ${counted(recordsPutOff, 'time')}`] : []),
  ];
}

function lostText({ lostMs, isDoneWithout }: OutagePrice): string {
  if (lostMs === undefined) {
    return isDoneWithout
      ? 'the list was not done'
      : 'the list was not done, nor would it be without';
  }
  return lostMs < 1_000 ? 'no time lost' : `${spanText(lostMs)} lost`;
}

function toldTexts({ told, startMs, hasChannels }: ForecastFacts): readonly string[] {
  const shown = told.slice(0, TOLD_MAX).map((alert) => {
    const { wallMs, severity, kind, title, channels } = alert;
    const what = kind === 'recovered' ? endText(alert).toLowerCase() : severity;
    const whom = channels === undefined || !hasChannels ? '' : `, ${channelsText(channels)}`;
    return `${timeText(wallMs, startMs)} ${what}${whom}: ${title}`;
  });
  const more = told.length - shown.length;
  const all = more > 0 ? [...shown, `and ${more} more`] : shown;
  return hasChannels ? all : [NO_CHANNELS, ...all];
}

const NO_CHANNELS =
  'nothing: no alert channel is configured, and what there is to tell goes to nobody';

/** By whom the operator is told of one alert, as part of a sentence. */
function channelsText(channels: readonly string[]): string {
  return channels.length === 0 ? 'to nobody (no channel takes it)' : `by ${listed(channels)}`;
}

export function servicesOf({ places }: Pick<Outage, 'places'>): readonly string[] {
  return [...new Set(places.map(({ service }) => service))];
}

/** `elevenlabs`, `tts (elevenlabs and flite)`. */
export function whomText({ name, places }: Pick<Outage, 'name' | 'places'>): string {
  const names = servicesOf({ places });
  if (names.length === 1 && names[0] === name) return name;
  return `${name === 'all' ? 'every service' : name} (${listed(names)})`;
}

/** `elevenlabs answers 503 from 09:02:00 to 09:05:00`. */
export function outageText(
  { name, places, fault, startMs, endMs }: Outage,
  fromMs: number,
): string {
  const whom = whomText({ name, places });
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
    case 'restart':
      return 'starts anew, and takes no connection';
    case 'cut':
      return 'is cut off from us';
    case 'trunk':
      return 'has a trunk that takes no calls';
    case '429':
      return `answers 429 (Retry-After ${spanText(fault.retryAfterMs)})`;
    default:
      return `answers ${fault.type}`;
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
