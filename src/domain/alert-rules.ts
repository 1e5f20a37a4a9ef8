/**
 * Turns events into alerts: one per cause until that is over, then one notice that it is. Rules
 * that count over time are in `alert-watch.ts`.
 */
import type { Alert, Trouble } from './alert.ts';
import type { AlertPolicies } from './alert-policy.ts';
import {
  type AlertMoment,
  type AlertState,
  type AlertsAfter,
  campaignKey,
  cleared,
  quiet,
  raisedIn,
  serviceKey,
  withAlert,
} from './alert-state.ts';
import {
  type AlertWords,
  budgetOpenWords,
  budgetSpentWords,
  endedEarlyWords,
  endedMeanwhile,
  endedWellWords,
  type Meanwhile,
  serviceBackWords,
  serviceDownWords,
  serviceUnusedWords,
  sheetAwayWords,
  sheetWorksWords,
  storeFailedWords,
  storeWorksWords,
  troublesWords,
  troubleText,
} from './alert-text.ts';
import type { CampaignEvent, EventType, RunEnd } from './event.ts';
import { breakerOf, type RunBreakers, workerFor } from './run-breakers.ts';
import type { Role } from './words.ts';

export { type AlertMoment, type AlertState, type AlertsAfter, NO_ALERTS } from './alert-state.ts';

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

/** Whether any rule listens to such events: most are none of an alert's business. */
export function isHeard(type: EventType): boolean {
  return ALERT_RULES.some((rule) => rule.on[type] !== undefined);
}

const COUNTED: ReadonlySet<EventType> = new Set([
  'call.failed',
  'contact.put_off',
  'fallback.used',
]);

/** Whether such an event, of which there are many, only joins what is open. */
export function isCounted(type: EventType): boolean {
  return COUNTED.has(type);
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

/** A breaker that opens while the service's alert is open only brings that up to date. */
function serviceOpened(
  state: AlertState,
  event: EventOf<'breaker.opened'>,
  moment: AlertMoment,
  sinceMs = moment.wallMs,
): AlertsAfter {
  const { service, role, kind } = event;
  const { campaign } = moment;
  const key = serviceKey(service);
  const open = state.get(key);
  const trouble: Trouble = { role, kind, what: troubleText(event), campaign };
  const troubles = withTrouble(open === undefined ? [] : troublesOf(open), trouble);
  const down = troubles.filter(isOn);
  const words = serviceDownWords(event, down, meanwhile(down, moment));
  if (open !== undefined) return quiet(withAlert(state, { ...open, ...words, troubles }));
  const about = { key, sinceMs, service, role, troubles, ...words };
  return raisedIn(state, 'serviceDown', about, moment);
}

function serviceClosed(
  state: AlertState,
  { service, role, outageMs }: EventOf<'breaker.closed'>,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const open = state.get(serviceKey(service));
  if (open === undefined) return quiet(state);
  const troubles = troublesOver(open, (trouble) => trouble.role === role);
  // Of several, the first may have begun long before the one that ends last.
  const sinceMs = troubles.length > 1 ? open.sinceMs : wallMs;
  const durationMs = Math.max(outageMs, wallMs - sinceMs);
  const words = serviceBackWords(service, troubles, durationMs);
  return troublesEnded(state, open, troubles, words, campaign, durationMs);
}

/** The code of a breaker that is open, and nobody knows why any more. */
export const UNKNOWN_CAUSE = 'unknown';

/** A breaker that is not closed when a run begins, as if it opened now. */
export interface FoundOpen {
  readonly event: EventOf<'breaker.opened'>;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/**
 * Makes what is open agree with the breakers that a run begins with.
 *
 * What is closed by now is over, though nobody heard it close: two runs at a time may overwrite
 * each other's breakers. Left open, it would swallow the alert of the next outage. So is what this
 * campaign noticed at a service that it does not name any more; of another campaign's services
 * that one's own runs judge. What is open and not known is told: its alert may never have come to
 * be on disk.
 */
export function alertsFound(
  state: AlertState,
  found: readonly FoundOpen[],
  moment: AlertMoment,
): AlertsAfter {
  let after: AlertsAfter = quiet(state);
  const then = (next: AlertsAfter): void => {
    after = { state: next.state, news: [...after.news, ...next.news] };
  };
  for (const open of state.values()) {
    if (isOutage(open)) then(alertFound(after.state, open, open.service, moment));
  }
  for (const { event, sinceMs } of found) {
    const open = after.state.get(serviceKey(event.service));
    const troubles = open === undefined ? [] : troublesOf(open).filter(isOn);
    // Brought up to date: what an earlier run said it was doing need not be true any more.
    const isKnown = troubles.some(({ role }) => role === event.role);
    if (isKnown && event.code === UNKNOWN_CAUSE) continue;
    then(serviceOpened(after.state, event, moment, sinceMs));
  }
  return after;
}

/** Other alerts may be about a service as well. */
function isOutage(alert: Alert): alert is Alert & { readonly service: string } {
  return alert.service !== undefined && alert.key === serviceKey(alert.service);
}

function alertFound(
  state: AlertState,
  open: Alert,
  service: string,
  { campaign, wallMs, breakers }: AlertMoment,
): AlertsAfter {
  const before = troublesOf(open);
  const troubles = before.map((trouble) => {
    if (!isOn(trouble)) return trouble;
    const breaker = breakerOf(breakers, service, trouble.role);
    if (breaker === undefined) return withoutCampaign(trouble, campaign);
    return breaker.isOpen ? trouble : { ...trouble, isOver: true };
  });
  // What ended before is not what is told now.
  const ending = troubles.filter((trouble, at) => !isOn(trouble) && isOn(before[at] ?? trouble));
  const back = ending.filter(({ role }) => breakerOf(breakers, service, role) !== undefined);
  const durationMs = Math.max(0, wallMs - open.sinceMs);
  const words =
    back.length > 0
      ? serviceBackWords(service, back, durationMs)
      : serviceUnusedWords(service, ending, campaign);
  return troublesEnded(state, open, troubles, words, campaign, durationMs);
}

/** An alert that an earlier version kept knows one role, and no more of it than its words. */
function troublesOf({ troubles, role, what, campaign }: Alert): readonly Trouble[] {
  if (troubles !== undefined) return troubles;
  return role === undefined ? [] : [{ role, kind: 'unknown', what, campaign }];
}

function isOn({ isOver }: Trouble): boolean {
  return isOver !== true;
}

function withTrouble(troubles: readonly Trouble[], trouble: Trouble): readonly Trouble[] {
  const isKnown = troubles.some(({ role }) => role === trouble.role);
  if (!isKnown) return [...troubles, trouble];
  return troubles.map((one) => (one.role === trouble.role ? joinedTrouble(one, trouble) : one));
}

/** Another campaign that meets it needs to hear of its end too, whoever else stops using it. */
function joinedTrouble(known: Trouble, met: Trouble): Trouble {
  if (!isOn(known) || known.campaign === met.campaign) {
    return { ...met, ...(isOn(known) && { alsoIn: known.alsoIn }) };
  }
  const others = [...(known.alsoIn ?? []), met.campaign];
  return { ...met, campaign: known.campaign, alsoIn: [...new Set(others)] };
}

/** What is left of a trouble once a campaign does not use the service any more. */
function withoutCampaign(trouble: Trouble, campaign: string): Trouble {
  const { alsoIn = [] } = trouble;
  const others = [trouble.campaign, ...alsoIn].filter((other) => other !== campaign);
  const [first, ...rest] = others;
  return first === undefined
    ? { ...trouble, isOver: true }
    : { ...trouble, campaign: first, alsoIn: rest };
}

/** The troubles of an alert; those of which `isEnded` says so are over. */
function troublesOver(open: Alert, isEnded: (trouble: Trouble) => boolean): readonly Trouble[] {
  return troublesOf(open).map((trouble) => {
    return isOn(trouble) && isEnded(trouble) ? { ...trouble, isOver: true } : trouble;
  });
}

/** Only with its last trouble the alert is over. */
function troublesEnded(
  state: AlertState,
  open: Alert,
  troubles: readonly Trouble[],
  words: AlertWords,
  campaign: string,
  durationMs: number,
): AlertsAfter {
  const left = troubles.filter(isOn);
  if (left.length === troublesOf(open).filter(isOn).length) {
    const isSame = troubles.every((trouble, at) => trouble === troublesOf(open)[at]);
    return quiet(isSame ? state : withAlert(state, { ...open, troubles }));
  }
  const after = { ...open, troubles };
  if (left.length === 0) return cleared(state, after, words, campaign, durationMs);
  return quiet(withAlert(state, { ...after, ...troublesWords(open.service ?? '', left) }));
}

/** What becomes of the work that a service does not do. */
function meanwhile(down: readonly Trouble[], { breakers, outageWaitMs }: AlertMoment): Meanwhile {
  const roles: readonly Role[] = down.map(({ role }) => role);
  return {
    waiting: roles.filter((role) => workerFor(breakers, role) === undefined),
    fallbacks: [...new Set(roles.flatMap((role) => workerFor(breakers, role) ?? []))],
    outageWaitMs,
  };
}

function callFailed(state: AlertState, { service }: EventOf<'call.failed'>): AlertsAfter {
  return quiet(service === undefined ? state : joined(state, [service]));
}

/**
 * What was read anew, with what has been counted since it was read before: another run may have
 * counted, ended or raised meanwhile.
 */
export function withCounts(read: AlertState, before: AlertState, counted: AlertState): AlertState {
  let after = read;
  for (const { key, sinceMs, affected } of counted.values()) {
    const more = affected - (before.get(key)?.affected ?? 0);
    const open = read.get(key);
    if (more <= 0 || open?.sinceMs !== sinceMs) continue;
    after = withAlert(after, { ...open, affected: open.affected + more });
  }
  return after;
}

function contactPutOff(state: AlertState, { waitsFor }: EventOf<'contact.put_off'>): AlertsAfter {
  return quiet(joined(state, waitsFor ?? []));
}

/** Who stands in does so because of the outage. */
function stoodIn(state: AlertState, { instead }: EventOf<'fallback.used'>): AlertsAfter {
  return quiet(joined(state, [instead]));
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
  moment: AlertMoment,
): AlertsAfter {
  const { campaign, wallMs, breakers } = moment;
  const key = campaignKey(campaign);
  const open = state.get(key);
  if (PLANNED_ENDS.has(end)) {
    if (open === undefined) return quiet(state);
    const durationMs = Math.max(0, wallMs - open.sinceMs);
    return cleared(state, open, endedWellWords(campaign, durationMs), campaign, durationMs);
  }
  if (end !== 'outage') return quiet(state);
  // The services that are down are the cause: who mends them need not hear of the run as well.
  const causes = [...state.values()].filter((alert) => isCause(alert, breakers));
  if (causes.length > 0) {
    const doing = endedMeanwhile(campaign);
    return quiet(causes.reduce((after, alert) => withAlert(after, { ...alert, doing }), state));
  }
  if (open !== undefined) return quiet(state);
  const about = { key, sinceMs: wallMs, ...endedEarlyWords(campaign, reason) };
  return raisedIn(state, 'endedEarly', about, moment);
}

/** Whether this very run lacks the service it is about, and nobody else does that work. */
function isCause(alert: Alert, breakers: RunBreakers): boolean {
  if (!isOutage(alert)) return false;
  const { service } = alert;
  const down = troublesOf(alert).filter(isOn);
  return down.some(({ role }) => {
    const isOpen = breakerOf(breakers, service, role)?.isOpen === true;
    return isOpen && workerFor(breakers, role) === undefined;
  });
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
  moment: AlertMoment,
): AlertsAfter {
  const { campaign, wallMs: sinceMs } = moment;
  const key = budgetKey(campaign);
  if (end !== 'budget' || state.has(key)) return quiet(state);
  const about = { key, sinceMs, ...budgetSpentWords(campaign, reason) };
  return raisedIn(state, 'budgetSpent', about, moment);
}

const SHEETS_KEY = 'sheets';

/** Calls go on without it, so nobody is woken. */
function sheetAway(
  state: AlertState,
  event: EventOf<'sheet.away'>,
  moment: AlertMoment,
): AlertsAfter {
  if (state.has(SHEETS_KEY)) return quiet(state);
  const about = { key: SHEETS_KEY, sinceMs: moment.wallMs, ...sheetAwayWords(event) };
  return raisedIn(state, 'sheetAway', about, moment);
}

/** Ends what is open under a key, whoever raised it. */
function endOf(key: string, wordsOf: (durationMs: number) => AlertWords) {
  return (state: AlertState, _event: unknown, { campaign, wallMs }: AlertMoment): AlertsAfter => {
    const open = state.get(key);
    if (open === undefined) return quiet(state);
    const durationMs = Math.max(0, wallMs - open.sinceMs);
    return cleared(state, open, wordsOf(durationMs), campaign, durationMs);
  };
}

const SERVICE_DOWN: AlertRule = {
  name: 'service_down',
  on: {
    'breaker.opened': serviceOpened,
    'breaker.closed': serviceClosed,
    'call.failed': callFailed,
    'contact.put_off': contactPutOff,
    'fallback.used': stoodIn,
  },
};

const ENDED_EARLY: AlertRule = { name: 'ended_early', on: { 'run.finished': runFinished } };

/** Nobody is called until a person decides: told once, until a run may spend again. */
const BUDGET_SPENT: AlertRule = {
  name: 'budget_spent',
  on: { 'run.started': runStarted, 'run.finished': runEndedByBudget },
};

const SHEET_AWAY: AlertRule = {
  name: 'sheet_away',
  on: { 'sheet.away': sheetAway, 'sheet.works': endOf(SHEETS_KEY, sheetWorksWords) },
};

/** Of every campaign on the store: whoever can write it again says so. */
export const STORE_KEY = 'store';

function storeBroke(
  state: AlertState,
  { end, reason }: EventOf<'run.finished'>,
  moment: AlertMoment,
): AlertsAfter {
  if (end !== 'disk_failed' || state.has(STORE_KEY)) return quiet(state);
  const { campaign, wallMs: sinceMs } = moment;
  const about = { key: STORE_KEY, sinceMs, ...storeFailedWords(campaign, reason) };
  return raisedIn(state, 'storeFailed', about, moment);
}

const STORE_FAILED: AlertRule = {
  name: 'store_failed',
  on: {
    // By now the list has been read into the store.
    'run.started': endOf(STORE_KEY, storeWorksWords),
    'run.finished': storeBroke,
  },
};

export const ALERT_RULES: readonly AlertRule[] = [
  SERVICE_DOWN,
  ENDED_EARLY,
  BUDGET_SPENT,
  SHEET_AWAY,
  STORE_FAILED,
];

/** What is told of what has become known: the severity and the silence that config.yml asks for. */
export function asWanted(news: readonly Alert[], policies: AlertPolicies): readonly Alert[] {
  const { enabled, severity } = policies.serviceRecovered;
  return news.flatMap((alert) => {
    if (alert.kind !== 'recovered' || !isOutage(alert)) return [alert];
    return enabled ? [{ ...alert, severity }] : [];
  });
}
