/**
 * Turns events into alerts: one per cause until that is over, then one notice that it is. A later
 * rule is one more entry of the table at the end.
 */
import type { Alert } from './alert.ts';
import {
  type AlertWords,
  budgetOpenWords,
  budgetSpentWords,
  endedEarlyWords,
  endedMeanwhile,
  endedWellWords,
  serviceBackWords,
  serviceDownWords,
} from './alert-text.ts';
import type { CampaignEvent, EventType, RunEnd } from './event.ts';

/** The alerts that are open, by key. */
export type AlertState = ReadonlyMap<string, Alert>;

export interface AlertMoment {
  readonly campaign: string;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

export interface AlertsAfter {
  /** The same object where nothing has changed. */
  readonly state: AlertState;
  /** To be told, in this order. */
  readonly news: readonly Alert[];
}

type EventOf<Type extends EventType> = Extract<CampaignEvent, { type: Type }>;
type Judge<Type extends EventType> = (
  state: AlertState,
  event: EventOf<Type>,
  moment: AlertMoment,
) => AlertsAfter;

export interface AlertRule {
  readonly name: string;
  /** What it does with the events that it listens to. */
  readonly on: { readonly [Type in EventType]?: Judge<Type> };
}

export const NO_ALERTS: AlertState = new Map();

/** Whether any rule listens to such events: most are none of an alert's business. */
export function isHeard(type: EventType): boolean {
  return ALERT_RULES.some((rule) => rule.on[type] !== undefined);
}

export function alertsAfter(
  state: AlertState,
  event: CampaignEvent,
  moment: AlertMoment,
): AlertsAfter {
  let after: AlertsAfter = { state, news: [] };
  for (const rule of ALERT_RULES) {
    // The table has its judges by type; only the compiler cannot see that they belong together.
    const judge = rule.on[event.type] as Judge<EventType> | undefined;
    if (judge === undefined) continue;
    const next = judge(after.state, event, moment);
    after = { state: next.state, news: [...after.news, ...next.news] };
  }
  return after;
}

const SERVICE_PREFIX = 'service:';

function serviceKey(service: string): string {
  return `${SERVICE_PREFIX}${service}`;
}

function campaignKey(campaign: string): string {
  return `campaign:${campaign}`;
}

/** A breaker that opens again in the same outage only brings the cause up to date. */
function serviceOpened(
  state: AlertState,
  event: EventOf<'breaker.opened'>,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const { service, role } = event;
  const words = serviceDownWords(event);
  const key = serviceKey(service);
  const open = state.get(key);
  if (open !== undefined) return quiet(withAlert(state, { ...open, ...words }));
  const alert = raised(key, words, campaign, wallMs);
  const about = { ...alert, service, role };
  return { state: withAlert(state, about), news: [about] };
}

function serviceClosed(
  state: AlertState,
  { service, role, outageMs }: EventOf<'breaker.closed'>,
  { campaign }: AlertMoment,
): AlertsAfter {
  const open = state.get(serviceKey(service));
  if (open === undefined) return quiet(state);
  const words = serviceBackWords({ service, role, what: open.what }, outageMs);
  return cleared(state, open, words, campaign, outageMs);
}

/**
 * What is open of services whose breakers are closed when a run begins. It is over, though no
 * breaker was heard to close: two runs at a time may overwrite each other's breakers. Left open,
 * it would swallow the alert of the next outage.
 *
 * @param closed services none of whose breakers is open
 */
export function alertsOver(
  state: AlertState,
  closed: readonly string[],
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  let after: AlertsAfter = quiet(state);
  for (const service of closed) {
    const open = after.state.get(serviceKey(service));
    if (open?.role === undefined) continue;
    const durationMs = Math.max(0, wallMs - open.sinceMs);
    const words = serviceBackWords({ service, role: open.role, what: open.what }, durationMs);
    const next = cleared(after.state, open, words, campaign, durationMs);
    after = { state: next.state, news: [...after.news, ...next.news] };
  }
  return after;
}

function callFailed(state: AlertState, { service }: EventOf<'call.failed'>): AlertsAfter {
  return quiet(service === undefined ? state : joined(state, [service]));
}

function contactPutOff(state: AlertState, { waitsFor }: EventOf<'contact.put_off'>): AlertsAfter {
  return quiet(joined(state, waitsFor ?? []));
}

function joined(state: AlertState, services: readonly string[]): AlertState {
  let after = state;
  for (const service of services) {
    const open = after.get(serviceKey(service));
    if (open !== undefined) after = withAlert(after, { ...open, affected: open.affected + 1 });
  }
  return after;
}

/** Ends that were planned: whoever reaches one was not kept from it by an outage. */
const PLANNED_ENDS: ReadonlySet<RunEnd> = new Set(['done', 'limit', 'until']);

function runFinished(
  state: AlertState,
  { end, reason }: EventOf<'run.finished'>,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const key = campaignKey(campaign);
  const open = state.get(key);
  if (PLANNED_ENDS.has(end)) {
    if (open === undefined) return quiet(state);
    const durationMs = Math.max(0, wallMs - open.sinceMs);
    return cleared(state, open, endedWellWords(campaign, durationMs), campaign, durationMs);
  }
  if (end !== 'outage') return quiet(state);
  // The services that are down are the cause: who mends them need not hear of the run as well.
  const down = [...state.values()].filter((alert) => alert.key.startsWith(SERVICE_PREFIX));
  if (down.length > 0) {
    const doing = endedMeanwhile(campaign);
    return quiet(down.reduce((after, alert) => withAlert(after, { ...alert, doing }), state));
  }
  if (open !== undefined) return quiet(state);
  const alert = raised(key, endedEarlyWords(campaign, reason), campaign, wallMs);
  return { state: withAlert(state, alert), news: [alert] };
}

function budgetKey(campaign: string): string {
  return `${campaignKey(campaign)}:budget`;
}

function runStarted(
  state: AlertState,
  { isSpent }: EventOf<'run.started'>,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const open = state.get(budgetKey(campaign));
  if (open === undefined || isSpent === true) return quiet(state);
  const durationMs = Math.max(0, wallMs - open.sinceMs);
  return cleared(state, open, budgetOpenWords(campaign), campaign, durationMs);
}

function runEndedByBudget(
  state: AlertState,
  { end, reason }: EventOf<'run.finished'>,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const key = budgetKey(campaign);
  if (end !== 'budget' || state.has(key)) return quiet(state);
  const alert = raised(key, budgetSpentWords(campaign, reason), campaign, wallMs);
  return { state: withAlert(state, alert), news: [alert] };
}

function raised(key: string, words: AlertWords, campaign: string, sinceMs: number): Alert {
  return { key, severity: 'critical', kind: 'raised', campaign, sinceMs, ...words, affected: 0 };
}

function cleared(
  state: AlertState,
  open: Alert,
  words: AlertWords,
  campaign: string,
  durationMs: number,
): AlertsAfter {
  const after = new Map(state);
  after.delete(open.key);
  const notice = { ...open, ...words, campaign, durationMs } as const;
  return { state: after, news: [{ ...notice, severity: 'info', kind: 'recovered' }] };
}

function withAlert(state: AlertState, alert: Alert): AlertState {
  return new Map(state).set(alert.key, alert);
}

function quiet(state: AlertState): AlertsAfter {
  return { state, news: [] };
}

const SERVICE_DOWN: AlertRule = {
  name: 'service_down',
  on: {
    'breaker.opened': serviceOpened,
    'breaker.closed': serviceClosed,
    'call.failed': callFailed,
    'contact.put_off': contactPutOff,
  },
};

const ENDED_EARLY: AlertRule = { name: 'ended_early', on: { 'run.finished': runFinished } };

/** Nobody is called until a person decides: told once, until a run may spend again. */
const BUDGET_SPENT: AlertRule = {
  name: 'budget_spent',
  on: { 'run.started': runStarted, 'run.finished': runEndedByBudget },
};

export const ALERT_RULES: readonly AlertRule[] = [SERVICE_DOWN, ENDED_EARLY, BUDGET_SPENT];
