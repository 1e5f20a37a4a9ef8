/**
 * Turns events into alerts: one per cause until that is over, then one notice that it is. Rules
 * that count over time are put together in `alert-watch.ts`.
 */
import type { Alert } from './alert.ts';
import { contactName, met } from './alert-contacts.ts';
import type { AlertPolicies } from './alert-policy.ts';
import {
  isLacking,
  isOutage,
  serviceBack,
  serviceOpened,
  serviceStalled,
} from './alert-services.ts';
import { sheetAwayWords, sheetWorksWords } from './alert-sheet-text.ts';
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
  storeFailedWords,
  storeWorksWords,
} from './alert-text.ts';
import type { CampaignEvent, ContactCounts, EventOf, EventType, RunEnd } from './event.ts';
import { NO_AUDIO } from './trunk-watch.ts';

export { alertsFound, type FoundOpen, UNKNOWN_CAUSE } from './alert-services.ts';
export { type AlertMoment, type AlertState, type AlertsAfter, NO_ALERTS } from './alert-state.ts';

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
  'attempt.failed',
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

/** What is refused for what is in it does not follow from what its service does not do. */
function callFailed(
  state: AlertState,
  { service, contact, isRefusal }: EventOf<'call.failed'>,
  { campaign }: AlertMoment,
): AlertsAfter {
  if (service === undefined || isRefusal === true) return quiet(state);
  return quiet(joined(state, [service], contactName(campaign, contact)));
}

/** Whose call was placed and not heard has an outcome: it neither fails nor is put off. */
function callUnheard(
  state: AlertState,
  { service, contact, code, kind }: EventOf<'attempt.failed'>,
  { campaign }: AlertMoment,
): AlertsAfter {
  if (code !== NO_AUDIO || kind !== 'permanent') return quiet(state);
  const name = contact === undefined ? undefined : contactName(campaign, contact);
  return quiet(joined(state, [service], name));
}

/**
 * What was read anew, with what has been counted since it was read before: another run may have
 * counted, ended or raised meanwhile.
 */
export function withCounts(read: AlertState, before: AlertState, counted: AlertState): AlertState {
  let after = read;
  for (const alert of counted.values()) {
    const { key, sinceMs, affected, contactNames = [], contactsMore } = alert;
    const open = read.get(key);
    if (alert === before.get(key) || open?.sinceMs !== sinceMs) continue;
    const more = Math.max(0, affected - (before.get(key)?.affected ?? 0));
    const all = met({ ...open, affected: open.affected + more }, contactNames);
    // Those beyond the ones that are told apart have no name here.
    after = withAlert(after, contactsMore === true ? { ...all, contactsMore } : all);
  }
  return after;
}

function contactPutOff(
  state: AlertState,
  { waitsFor, contact }: EventOf<'contact.put_off'>,
  { campaign }: AlertMoment,
): AlertsAfter {
  return quiet(joined(state, waitsFor ?? [], contactName(campaign, contact)));
}

/** Who stands in does so because of the outage. */
function stoodIn(
  state: AlertState,
  { instead, contact }: EventOf<'fallback.used'>,
  { campaign }: AlertMoment,
): AlertsAfter {
  const name = contact === undefined ? undefined : contactName(campaign, contact);
  return quiet(joined(state, [instead], name));
}

function joined(state: AlertState, services: readonly string[], name?: string): AlertState {
  let after = state;
  for (const service of services) {
    const open = after.get(serviceKey(service));
    if (open === undefined) continue;
    const counted = { ...open, affected: open.affected + 1 };
    after = withAlert(after, name === undefined ? counted : met(counted, [name]));
  }
  return after;
}

/** Ends that were planned: whoever reaches one was not kept from it by an outage. */
const PLANNED_ENDS: ReadonlySet<RunEnd> = new Set(['done', 'limit', 'until']);

function runFinished(
  state: AlertState,
  { end, contacts }: EventOf<'run.finished'>,
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
  const causes = [...state.values()].filter((alert) => isLacking(alert, state, breakers));
  if (causes.length > 0) {
    const doing = endedMeanwhile(campaign, isCalled(contacts));
    return quiet(causes.reduce((after, alert) => withAlert(after, { ...alert, doing }), state));
  }
  if (open !== undefined) return quiet(state);
  const about = {
    key,
    sinceMs: wallMs,
    ...waiting(contacts),
    ...endedEarlyWords(campaign, isCalled(contacts)),
  };
  return raisedIn(state, 'endedEarly', about, moment);
}

/** Whether everybody has their outcome: all that a run can have left then are records. */
function isCalled({ total, done, uncertain }: ContactCounts): boolean {
  return done + uncertain === total;
}

/** Whom nobody calls now; of records that are owed it is not known whose they are. */
function waiting(contacts: ContactCounts): Pick<Alert, 'contacts'> {
  const { total, done, uncertain } = contacts;
  return isCalled(contacts) ? {} : { contacts: total - done - uncertain };
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
  { end, reason, contacts }: EventOf<'run.finished'>,
  moment: AlertMoment,
): AlertsAfter {
  const { campaign, wallMs: sinceMs } = moment;
  const key = budgetKey(campaign);
  if (end !== 'budget' || state.has(key)) return quiet(state);
  const words = budgetSpentWords(campaign, reason);
  const about = { key, sinceMs, ...waiting(contacts), ...words };
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
  const about = {
    key: SHEETS_KEY,
    sinceMs: moment.wallMs,
    ...sheetAwayWords(moment.campaign, event),
  };
  return raisedIn(state, 'sheetAway', about, moment);
}

/** Ends what is open under a key, whoever raised it. */
function endOf<Event>(
  key: string,
  wordsOf: (durationMs: number, campaign: string, event: Event) => AlertWords,
) {
  return (state: AlertState, event: Event, { campaign, wallMs }: AlertMoment): AlertsAfter => {
    const open = state.get(key);
    if (open === undefined) return quiet(state);
    const durationMs = Math.max(0, wallMs - open.sinceMs);
    return cleared(state, open, wordsOf(durationMs, campaign, event), campaign, durationMs);
  };
}

const SERVICE_DOWN: AlertRule = {
  name: 'service_down',
  on: {
    'breaker.opened': serviceOpened,
    'breaker.closed': serviceBack,
    'service.stalled': serviceStalled,
    'service.resumed': serviceBack,
    'attempt.failed': callUnheard,
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
  on: {
    'sheet.away': sheetAway,
    'sheet.works': endOf(SHEETS_KEY, (durationMs, campaign, event: EventOf<'sheet.works'>) =>
      sheetWorksWords(campaign, event, durationMs),
    ),
  },
};

/** Of every campaign on the store: whoever can write it again says so. */
export const STORE_KEY = 'store';

function storeBroke(
  state: AlertState,
  { end, reason, contacts }: EventOf<'run.finished'>,
  moment: AlertMoment,
): AlertsAfter {
  if (end !== 'disk_failed' || state.has(STORE_KEY)) return quiet(state);
  const { campaign, wallMs: sinceMs } = moment;
  const words = storeFailedWords(campaign, reason);
  const about = { key: STORE_KEY, sinceMs, ...waiting(contacts), ...words };
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
