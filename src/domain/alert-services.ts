/**
 * The alert of a service: what it does not do for us, by role, as its breaker and its health check
 * say. One alert until the last of it is over.
 */
import type { Alert, Trouble } from './alert.ts';
import { NOBODY_MET } from './alert-contacts.ts';
import {
  type AlertMoment,
  type AlertState,
  type AlertsAfter,
  cleared,
  policiesOf,
  quiet,
  raisedIn,
  serviceKey,
  withAlert,
  worsened,
} from './alert-state.ts';
import {
  type AlertWords,
  checkFailsWords,
  checkPassesWords,
  type Meanwhile,
  serviceBackWords,
  serviceDownWords,
  serviceStalledWords,
  serviceUnusedWords,
  troublesWords,
  troubleText,
} from './alert-text.ts';
import type { EventOf } from './event.ts';
import type { CheckTrouble } from './health-watch.ts';
import { breakerOf, type RunBreakers, workerFor } from './run-breakers.ts';
import type { Role } from './words.ts';

/** A breaker that opens while the service's alert is open only brings that up to date. */
export function serviceOpened(
  state: AlertState,
  event: EventOf<'breaker.opened'>,
  moment: AlertMoment,
  sinceMs = moment.failing?.sinceMs ?? moment.wallMs,
): AlertsAfter {
  const { service, role, kind } = event;
  const { campaign } = moment;
  const key = serviceKey(service);
  const open = state.get(key);
  const trouble: Trouble = { role, kind, what: troubleText(event), campaign };
  const troubles = withTrouble(open === undefined ? [] : troublesOf(open), trouble);
  const down = troubles.filter(isOn);
  const isWell = moment.failing?.isWell === true;
  const cutOff = moment.cutOff?.(service);
  const words = serviceDownWords(event, down, meanwhile(down, moment), isWell, cutOff);
  if (open !== undefined)
    return worsened(state, { ...open, ...words, troubles }, 'serviceDown', moment);
  const about = { key, sinceMs, service, role, troubles, ...NOBODY_MET, ...words };
  return raisedIn(state, 'serviceDown', about, moment);
}

/** It does this work again; `outageMs` is how long the run has known that it did not. */
interface Back {
  readonly service: string;
  readonly role: Role;
  readonly outageMs?: number | undefined;
}

export function serviceBack(
  state: AlertState,
  { service, role, outageMs = 0 }: Back,
  { campaign, wallMs }: AlertMoment,
): AlertsAfter {
  const open = state.get(serviceKey(service));
  if (open === undefined) return quiet(state);
  const troubles = troublesOver(open, (trouble) => trouble.role === role);
  // Its checks, or another of its roles, may have failed long before its breaker opened.
  const durationMs = Math.max(outageMs, wallMs - open.sinceMs);
  const words = serviceBackWords(service, troubles, durationMs);
  return troublesEnded(state, open, troubles, words, campaign, durationMs);
}

/** Its breaker stays closed, and yet it does nothing. */
export function serviceStalled(
  state: AlertState,
  event: EventOf<'service.stalled'>,
  moment: AlertMoment,
): AlertsAfter {
  const { service, role, kind, forMs } = event;
  const key = serviceKey(service);
  const open = state.get(key);
  const about = { kind, what: troubleText(event), campaign: moment.campaign };
  const trouble: Trouble = { role, ...about, by: 'stall' };
  const troubles = withTrouble(open === undefined ? [] : troublesOf(open), trouble);
  const down = troubles.filter(isOn);
  const words = serviceStalledWords(event, down, meanwhile(down, moment));
  if (open !== undefined)
    return worsened(state, { ...open, ...words, troubles }, 'serviceDown', moment);
  const sinceMs = moment.wallMs - forMs;
  const its = { key, sinceMs, service, role, troubles, ...NOBODY_MET, ...words };
  return raisedIn(state, 'serviceDown', its, moment);
}

/** Whether an earlier run was refused everything by a service, and none has been answered since. */
export function isStalled(
  state: AlertState,
  { service, role }: { readonly service: string; readonly role: Role },
): boolean {
  const open = state.get(serviceKey(service));
  const troubles = open === undefined ? [] : troublesOf(open);
  return troubles.some((one) => one.role === role && isOn(one) && one.by === 'stall');
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
    const isKnown = troubles.some((one) => one.role === event.role && !isOfCheck(one));
    if (isKnown && event.code === UNKNOWN_CAUSE) continue;
    then(serviceOpened(after.state, event, moment, sinceMs));
  }
  return after;
}

/** Other alerts may be about a service as well. */
export function isOutage(alert: Alert): alert is Alert & { readonly service: string } {
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
    // What a health check has to say of it, or a first request, the run does not know yet.
    const isUnproven = trouble.by !== undefined;
    return breaker.isOpen || isUnproven ? trouble : { ...trouble, isOver: true };
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
export function troublesOf({ troubles, role, what, campaign }: Alert): readonly Trouble[] {
  if (troubles !== undefined) return troubles;
  return role === undefined ? [] : [{ role, kind: 'unknown', what, campaign }];
}

export function isOn({ isOver }: Trouble): boolean {
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

interface Place {
  readonly service: string;
  readonly role: Role;
}

/** Through which nothing gets, as their health checks say: their breakers may be closed. */
function downByCheck(state: AlertState): readonly Place[] {
  return [...state.values()].filter(isOutage).flatMap((alert) => {
    const { service } = alert;
    const down = troublesOf(alert).filter((trouble) => isOn(trouble) && trouble.isDown);
    return down.map(({ role }) => ({ service, role }));
  });
}

/** As if their breakers were open: their work is somebody else's, or nobody's. */
function asOpen(breakers: RunBreakers, places: readonly Place[]): RunBreakers {
  const down = places.map(({ service, role }) => breakerOf(breakers, service, role));
  return breakers.map((one) => (down.includes(one) ? { ...one, isOpen: true } : one));
}

/** Whether a run lacks the service that an alert is about, and nobody else does that work. */
export function isLacking(alert: Alert, state: AlertState, breakers: RunBreakers): boolean {
  if (!isOutage(alert)) return false;
  const its = asOpen(breakers, downByCheck(state));
  const down = troublesOf(alert).filter(isOn);
  return down.some(({ role }) => {
    const isOpen = breakerOf(its, alert.service, role)?.isOpen === true;
    return isOpen && workerFor(its, role) === undefined;
  });
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

// ---------------------------------------------------------------------------- health checks

/**
 * A health check that keeps failing. Its breaker may say nothing: nobody asks anything of the
 * service at the moment, or the work still gets through.
 */
export function checkFailed(
  state: AlertState,
  { service, role, kind, code, message, sinceMs, isDown }: CheckTrouble,
  moment: AlertMoment,
): AlertsAfter {
  const key = serviceKey(service);
  const open = state.get(key);
  const before = open === undefined ? [] : troublesOf(open);
  const known = before.find((one) => one.role === role && isOn(one));
  // What only its checks said may be said anew, where it is known by now that nothing gets through.
  if (known !== undefined && !(isOfCheck(known) && isDown)) return quiet(state);
  const what = troubleText({ code, message });
  const { campaign } = moment;
  const trouble: Trouble = { role, kind, what, campaign, by: 'check', ...(isDown && { isDown }) };
  const troubles = withTrouble(before, trouble);
  const rule = isDown ? 'serviceDown' : 'serviceUnhealthy';
  const down = troubles.filter(isOn);
  const left = undone(state, service, down, moment);
  const words = checkFailsWords(service, down, left, moment.cutOff?.(service));
  if (open !== undefined) {
    const changed = down.every(isOfCheck) ? words : troublesWords(service, down);
    return policiesOf(moment)[rule].enabled
      ? worsened(state, { ...open, ...changed, troubles }, rule, moment)
      : quiet(state);
  }
  const about = { key, sinceMs, service, role, troubles, ...NOBODY_MET, ...words };
  return raisedIn(state, rule, about, moment);
}

/** What becomes of the work of a service through which nothing gets, as far as that is known. */
function undone(
  state: AlertState,
  service: string,
  troubles: readonly Trouble[],
  moment: AlertMoment,
): Meanwhile | undefined {
  const down = troubles.filter(({ isDown }) => isDown);
  if (down.length === 0) return undefined;
  const places = [...downByCheck(state), ...down.map(({ role }) => ({ service, role }))];
  return meanwhile(down, { ...moment, breakers: asOpen(moment.breakers, places) });
}

/** Where its breaker is open, only a request that gets through ends it. */
export function checkPassed(
  state: AlertState,
  { service, role }: Pick<CheckTrouble, 'service' | 'role'>,
  { campaign, wallMs, breakers }: AlertMoment,
): AlertsAfter {
  const open = state.get(serviceKey(service));
  if (open === undefined || breakerOf(breakers, service, role)?.isOpen === true)
    return quiet(state);
  const troubles = troublesOver(open, (trouble) => trouble.role === role && isOfCheck(trouble));
  const durationMs = Math.max(0, wallMs - open.sinceMs);
  const words = troubles.every(isOfCheck)
    ? checkPassesWords(service, troubles, durationMs)
    : serviceBackWords(service, troubles, durationMs);
  return troublesEnded(state, open, troubles, words, campaign, durationMs);
}

/** Whether a health check of this service that passes ends anything. */
export function hasCheckTrouble(
  state: AlertState,
  { service, role }: Pick<CheckTrouble, 'service' | 'role'>,
): boolean {
  const open = state.get(serviceKey(service));
  if (open === undefined) return false;
  return troublesOf(open).some((one) => one.role === role && isOn(one) && isOfCheck(one));
}

function isOfCheck({ by }: Trouble): boolean {
  return by === 'check';
}
