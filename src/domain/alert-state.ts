/**
 * What is open, and what becomes of it: the parts that every rule of alerts is made of.
 */
import { type Alert, bySeverity } from './alert.ts';
import type { CutOff } from './alert-connection-text.ts';
import { nameless } from './alert-contacts.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from './alert-policy.ts';
import type { AlertWords } from './alert-text.ts';
import type { RunBreakers } from './run-breakers.ts';

/** The alerts that are open, and the notices that were told, by key. */
export type AlertState = ReadonlyMap<string, Alert>;

export interface AlertMoment {
  readonly campaign: string;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
  /** Of the service whose breaker opens; from now on, where left out. */
  readonly failing?: Failing | undefined;
  /** The connection that a service keeps, while that is away. */
  readonly cutOff?: ((service: string) => CutOff | undefined) | undefined;
  /** Of this run, with what the event has made of them. */
  readonly breakers: RunBreakers;
  /** How long this run goes on without any progress; undefined where that is not known. */
  readonly outageWaitMs?: number | undefined;
  /** As shipped, where left out. */
  readonly policies?: AlertPolicies | undefined;
}

/** What is known of a service as its breaker opens. */
export interface Failing {
  /** Since when it has done nothing; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Its health check has been good since. */
  readonly isWell: boolean;
}

export interface AlertsAfter {
  /** The same object where nothing has changed. */
  readonly state: AlertState;
  /** To be told, in this order. */
  readonly news: readonly Alert[];
}

export const NO_ALERTS: AlertState = new Map();

export function policiesOf({ policies }: AlertMoment): AlertPolicies {
  return policies ?? DEFAULT_ALERT_POLICIES;
}

export function serviceKey(service: string): string {
  return `service:${service}`;
}

export function campaignKey(campaign: string): string {
  return `campaign:${campaign}`;
}

/** Changes nothing where the rule is switched off. */
export function raisedIn(
  state: AlertState,
  rule: keyof AlertPolicies,
  about: Pick<Alert, 'key' | 'sinceMs'> & Partial<Alert> & AlertWords,
  moment: AlertMoment,
): AlertsAfter {
  const { enabled, severity } = policiesOf(moment)[rule];
  if (!enabled) return quiet(state);
  const { campaign, wallMs } = moment;
  const later = about.sinceMs === wallMs ? {} : { raisedMs: wallMs };
  const base = { severity, kind: 'raised', rule, campaign, affected: 0 } as const;
  const alert: Alert = { ...base, ...later, ...about };
  return { state: withAlert(state, alert), news: [alert] };
}

/**
 * Brings what is open up to date. Where it matters more than what was told, it is told once more:
 * whoever read a warning and slept on has not been told of what is critical.
 */
export function worsened(
  state: AlertState,
  open: Alert,
  rule: keyof AlertPolicies,
  moment: AlertMoment,
): AlertsAfter {
  const { enabled, severity } = policiesOf(moment)[rule];
  const isWorse = bySeverity(severity, open.severity) < 0;
  if (!enabled || !isWorse) return quiet(withAlert(state, open));
  const alert: Alert = { ...open, severity, rule, was: open.was ?? open.severity };
  return { state: withAlert(state, alert), news: [alert] };
}

export function cleared(
  state: AlertState,
  open: Alert,
  words: AlertWords & Pick<Alert, 'joins'>,
  campaign: string,
  durationMs: number,
): AlertsAfter {
  const after = without(state, open.key);
  const ends = open.severity;
  const notice = { ...nameless(open), ...words, campaign, ends, durationMs } as const;
  return { state: after, news: [{ ...notice, severity: 'info', kind: 'recovered' }] };
}

export function withAlert(state: AlertState, alert: Alert): AlertState {
  return new Map(state).set(alert.key, alert);
}

export function without(state: AlertState, key: string): AlertState {
  const after = new Map(state);
  after.delete(key);
  return after;
}

/** The notices apart from the rest. */
export function noticesApart(state: AlertState): {
  readonly open: AlertState;
  readonly told: AlertState;
} {
  const [open, told] = [new Map<string, Alert>(), new Map<string, Alert>()];
  for (const [key, alert] of state) (alert.kind === 'notice' ? told : open).set(key, alert);
  return { open, told };
}

export function quiet(state: AlertState): AlertsAfter {
  return { state, news: [] };
}
