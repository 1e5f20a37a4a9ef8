/**
 * Makes alerts of what figures say.
 */
import type { Alert } from './alert.ts';
import { met, NOBODY_MET } from './alert-contacts.ts';
import type { AlertPolicies } from './alert-policy.ts';
import { unusedWords } from './alert-service-text.ts';
import type { Sign } from './alert-sign.ts';
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
  without,
} from './alert-state.ts';

/** Judged anew by what is open now: another run may have told it meanwhile. */
export function alertsBySigns(
  state: AlertState,
  signs: readonly Sign[],
  moment: AlertMoment,
): AlertsAfter {
  let after = quiet(state);
  for (const sign of signs) {
    const next = alertBySign(after.state, sign, moment);
    after = { state: next.state, news: [...after.news, ...next.news] };
  }
  return after;
}

function alertBySign(state: AlertState, sign: Sign, moment: AlertMoment): AlertsAfter {
  const { key } = sign;
  const open = state.get(key);
  switch (sign.type) {
    case 'joined': {
      if (open === undefined) return quiet(state);
      const { times = 1, contacts = [] } = sign;
      return quiet(withAlert(state, met({ ...open, affected: open.affected + times }, contacts)));
    }
    case 'raised': {
      if (open !== undefined) return quiet(state);
      const { rule, words, sinceMs, service, affected = 0, contacts } = sign;
      const whom = contacts && met(NOBODY_MET, contacts);
      const about = { key, sinceMs, affected, ...(service !== undefined && { service }) };
      return raisedIn(state, rule, { ...about, ...whom, ...words }, moment);
    }
    case 'cleared': {
      if (open === undefined) return quiet(state);
      const durationMs = Math.max(0, moment.wallMs - open.sinceMs);
      const { words, joins } = sign;
      const about = { ...words, ...(joins !== undefined && { joins }) };
      return cleared(state, open, about, moment.campaign, durationMs);
    }
    case 'noticed': {
      if (open !== undefined) return quiet(state);
      const { enabled, severity } = policiesOf(moment)[sign.rule];
      const { campaign, wallMs: sinceMs } = moment;
      const about = { key, severity, campaign, sinceMs, affected: 0 };
      const notice: Alert = { ...about, kind: 'notice', ...sign.words };
      // Kept also where nobody wants to hear of it: it is not to be told when that changes.
      return { state: withAlert(state, notice), news: enabled ? [notice] : [] };
    }
    case 'forgotten': {
      if (open?.kind !== 'notice') return quiet(state);
      return quiet(without(state, key));
    }
  }
}

/**
 * What an earlier run left open and this one will not judge: of rules that are switched off, which
 * nobody wants to hear of, and what this campaign noticed at services that it does not use any
 * more. Left open, it would swallow the next alert.
 */
export function alertsLeft(state: AlertState, moment: AlertMoment): AlertsAfter {
  const policies = policiesOf(moment);
  const { campaign, wallMs } = moment;
  let after = quiet(state);
  for (const open of state.values()) {
    if (isSwitchedOff(open, policies)) {
      after = { ...after, state: without(after.state, open.key) };
    } else if (isLeft(open, moment)) {
      const words = unusedWords(open.service ?? '', campaign);
      const next = cleared(after.state, open, words, campaign, Math.max(0, wallMs - open.sinceMs));
      after = { state: next.state, news: [...after.news, ...next.news] };
    }
  }
  return after;
}

/** What it told is taken back, without a message. */
export function isSwitchedOff({ rule }: Alert, policies: AlertPolicies): boolean {
  return rule !== undefined && !policies[rule].enabled;
}

/** Of an outage of a service itself, its own rule judges. */
function isLeft({ service, key, campaign }: Alert, moment: AlertMoment): boolean {
  if (service === undefined || key === serviceKey(service)) return false;
  if (campaign !== moment.campaign) return false;
  return !moment.breakers.some((breaker) => breaker.service === service);
}
