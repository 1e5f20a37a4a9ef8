/**
 * What is promised of shares of calls: they are told when they are too high, and never otherwise.
 * Counted anew from all that was told, event by event, without windows or levels.
 */
import { CLEAR_AFTER_MS } from '../../domain/alert-figure.ts';
import { DEFAULT_ALERT_POLICIES } from '../../domain/alert-policy.ts';
import type { CampaignEvent } from '../../domain/event.ts';
import type { Checker, Violation } from '../check.ts';
import type { Sighting } from '../sighting.ts';
import { changesOf, stateAt } from './alert-states.ts';
import { isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, evidenceOf, type Mark, type Of } from './evidence.ts';
import { isSuspect } from './health-spells.ts';
import { heldUntil } from './refusals.ts';

type Found = Omit<Violation, 'checker'>;
type Alert = Of<'alerted'> & Mark;

/** The simulation's config says nothing else. */
const POLICIES = {
  error_rate: DEFAULT_ALERT_POLICIES.errorRate,
  llm_failure_rate: DEFAULT_ALERT_POLICIES.llmFailureRate,
  success_rate: DEFAULT_ALERT_POLICIES.successRate,
  cut_calls: DEFAULT_ALERT_POLICIES.cutCalls,
};
type Share = keyof typeof POLICIES;

/** The window forgets a slice at a time. */
const SLICES = 15;
/** What is so near to the limit may be taken for either side of it. */
const CLOSE = 0.02;
/** An alert takes a moment to arrive. */
const CLEAR_SLACK_MS = 5_000;

export const SHARES_TOLD: Checker = {
  name: 'shares told',
  promise: 'That too many calls fail is told, once, where it is so, and no outage is the cause.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const alerts = seen.log.flatMap((sight, index) =>
      isTheOperators(sight) && isShare(sight.key) ? [{ ...sight, index }] : [],
    );
    const shares = Object.keys(POLICIES) as Share[];
    return shares.flatMap((share) => {
      const its = alerts.filter(({ key }) => key.endsWith(`:${share}`));
      return judged(evidence, share, its);
    });
  },
};

/** Whether an alert is about what is counted over time. */
export function isShare(key: string): boolean {
  return Object.keys(POLICIES).some((share) => key.endsWith(`:${share}`));
}

function judged(evidence: Evidence, share: Share, alerts: readonly Alert[]): readonly Found[] {
  const { may, must } = momentsOf(evidence, share);
  const unjust = alerts.flatMap(({ kind, index, atMs, run }, position) => {
    const before = alerts[position - 1];
    if (kind === 'recovered' && before?.kind === 'raised') {
      return isTooSoon(evidence, must, { index, atMs, run })
        ? [{ atMs, message: `${share} is said to be over, and it was beyond its limit just now` }]
        : [];
    }
    // An end of which nobody heard the beginning was that of a share that was too high as well.
    if (may.some((moment) => moment.index <= index)) return [];
    return [{ atMs, message: `${share} is told, and it was never beyond its limit` }];
  });
  const untold = must.flatMap((moment) => {
    const key = `campaign:hunt:${share}`;
    const end = tellsBy(evidence, moment, key);
    if (end === undefined) return [];
    const isOpen = alerts.findLast(({ index }) => index <= moment.index)?.kind === 'raised';
    const isTold = alerts.some(({ index }) => index > moment.index && index <= end.index);
    if (isOpen || isTold) return [];
    return [{ atMs: moment.atMs, message: `${share} is beyond its limit, and nobody is told` }];
  });
  return [...unjust, ...untold.slice(0, 1)];
}

interface Moment extends Mark {
  readonly run: number;
}

/** Over only after a while in which it was well, with its list, or where an outage is the cause. */
function isTooSoon({ seen }: Evidence, must: readonly Moment[], end: Moment): boolean {
  const last = must.findLast(({ run, index }) => run === end.run && index < end.index);
  if (last === undefined || last.atMs < end.atMs - CLEAR_AFTER_MS + CLEAR_SLACK_MS) return false;
  return !seen.log.slice(last.index, end.index).some((sight) => {
    if (sight.type !== 'told') return false;
    const { type } = sight.event;
    const isCause = type === 'breaker.opened' || type === 'service.stalled';
    return isCause || (type === 'run.finished' && sight.run === end.run);
  });
}

/** One call or text of which it is known how it went. */
interface Try extends Moment {
  readonly isBad: boolean;
  /** The service that failed it. */
  readonly service: string | undefined;
  /** A kill came before it can be known whether that was out. */
  readonly isUnsure: boolean;
  /** Until then it may turn out that its service refuses everything as too much (429). */
  readonly heldUntil: number;
}

/** When the share was beyond its limit: whichever way one counts, and in every way. */
function momentsOf(
  evidence: Evidence,
  share: Share,
): { readonly may: readonly Moment[]; readonly must: readonly Moment[] } {
  const { threshold, windowMs, callsMin } = POLICIES[share];
  const limit = share === 'success_rate' ? 1 - threshold : threshold;
  const tries = triesOf(evidence, share);
  const outages = outagesOf(evidence);
  const may: Moment[] = [];
  const must: Moment[] = [];
  for (const one of tries) {
    const its = tries.filter(({ run, index }) => run === one.run && index <= one.index);
    const shares = [windowMs, windowMs * (1 - 1 / SLICES)].flatMap((lengthMs) => {
      const within = its.filter(({ atMs }) => atMs > one.atMs - lengthMs);
      const sure = within.filter(({ isUnsure }) => !isUnsure);
      const free = sure.filter(({ isBad, heldUntil }) => !isBad || heldUntil <= one.index);
      return [within, sure, free].map((those) => shareOf(those, one, outages));
    });
    const isEnough = shares.filter(({ calls }) => calls >= callsMin);
    if (isEnough.some(({ bad, calls }) => bad / calls > limit - CLOSE)) may.push(one);
    const isSure = shares.every(
      ({ bad, calls }) => calls >= callsMin && bad / calls > limit + CLOSE,
    );
    if (isSure) must.push(one);
  }
  return { may, must };
}

function shareOf(
  tries: readonly Try[],
  { index: now }: Mark,
  outages: readonly { readonly service: string; readonly index: number }[],
): { readonly bad: number; readonly calls: number } {
  const counted = tries.filter(({ isBad, service, index }) => {
    // What led to an outage belongs to it as soon as there is one.
    return !(
      isBad &&
      outages.some((one) => one.service === service && one.index > index && one.index <= now)
    );
  });
  return { bad: counted.filter(({ isBad }) => isBad).length, calls: counted.length };
}

function outagesOf({ seen }: Evidence) {
  return seen.log.flatMap((sight, index) => {
    if (sight.type !== 'told') return [];
    const { event } = sight;
    const begins = event.type === 'breaker.opened' || event.type === 'service.stalled';
    return begins ? [{ service: event.service, index }] : [];
  });
}

function triesOf(evidence: Evidence, share: Share): readonly Try[] {
  const { seen } = evidence;
  const failedBy = new Map<string, string | undefined>();
  /** Calls that were refused for what is in them: no outage is why. */
  const refused = new Set<string>();
  const changes = new Map<string, ReturnType<typeof changesOf>>();
  const stateOf = (service: string | undefined, index: number): string => {
    if (service === undefined) return 'up';
    const known = changes.get(service) ?? changesOf(evidence, service);
    changes.set(service, known);
    const state = stateAt(known, index);
    const isSuspected = state === 'up' && isSuspect(evidence, service, index);
    return isSuspected ? 'unsure' : state;
  };
  const dialers = seen.promised.chains.dialer;
  /** By call in hand: how its services were as they failed it, and the dialer that did so last. */
  const inHand = new Map<string, { dialer?: string; readonly met: Map<string, string[]> }>();
  return seen.log.flatMap((sight, index): readonly Try[] => {
    if (sight.type !== 'told') return [];
    const { event, atMs, run } = sight;
    const call = `${run} ${callOf(event)}`;
    const went = wentBy(share, event, failedBy.has(call));
    const service = went?.service ?? failedBy.get(call);
    if (event.type === 'call.failed') {
      failedBy.set(call, event.service);
      if (event.isRefusal === true) refused.add(call);
      else refused.delete(call);
    }
    const isRefused = refused.has(call);
    // Tried again later, it may go well.
    if (event.type === 'contact.put_off') {
      failedBy.delete(call);
      refused.delete(call);
      inHand.delete(call);
    }
    if (event.type === 'attempt.failed') {
      const state = isKnownOut(evidence, event.service, sight, index)
        ? 'down'
        : stateOf(event.service, index);
      const its = inHand.get(call) ?? { met: new Map<string, string[]>() };
      inHand.set(call, its);
      if (event.step === 'dial') its.dialer = event.service;
      its.met.set(event.service, [...(its.met.get(event.service) ?? []), state]);
    }
    if (went === undefined) return [];
    const { isBad } = went;
    const about = { index, atMs, run, isBad };
    if (isRefused) return [{ ...about, service: undefined, isUnsure: false, heldUntil: index }];
    const isAmiss =
      event.type === 'call.finished' &&
      event.outcome !== 'invalid_number' &&
      !REACHED.has(event.outcome);
    const asked = [service, ...(isAmiss ? dialers : [])];
    const its = inHand.get(call);
    const isInDoubt = isAmiss && event.outcome === 'uncertain';
    const causes = [service, isInDoubt ? its?.dialer : undefined];
    // Who may have been rung in an outage of the dialer counts as neither good nor bad.
    const isLess = isBad || isAmiss;
    const before = isLess ? causes.flatMap((one) => its?.met.get(one ?? '') ?? []) : [];
    const states = [...asked.map((one) => stateOf(one, index)), ...before];
    if (states.includes('down')) return [];
    const isUnsure = isLess && states.includes('unsure');
    return [{ ...about, service, isUnsure, heldUntil: heldUntil(evidence, about, service) }];
  });
}

/** Until an all clear has come, and a little longer, its alert may be over already. */
const ALL_CLEAR_MS = 1_000;

/** Whether the operator knew that a service is in trouble, and it was, at this place in the log. */
function isKnownOut(
  { seen }: Evidence,
  service: string,
  { run, atMs }: Sighting,
  index: number,
): boolean {
  const its = seen.log.flatMap((one, at) =>
    isTheOperators(one) && one.key === `service:${service}` ? [{ ...one, at }] : [],
  );
  const last = its.findLast(({ at }) => at <= index);
  const next = its.find(({ at }) => at > index);
  const isLater = next === undefined || next.atMs > atMs + ALL_CLEAR_MS;
  return last?.kind === 'raised' && last.run === run && isLater;
}

function callOf(event: CampaignEvent): string {
  return ('call' in event ? event.call : undefined) ?? '';
}

const REACHED: ReadonlySet<string> = new Set([
  'answered',
  'voicemail',
  'busy',
  'no_answer',
  'previewed',
]);

/** What an event says of one call; undefined where nothing. */
function wentBy(
  share: Share,
  event: CampaignEvent,
  hasFailed: boolean,
): { readonly isBad: boolean; readonly service?: string | undefined } | undefined {
  // What came out later was counted when it was told as uncertain.
  const isEnd = event.type === 'call.finished' && event.was === undefined;
  // Nobody was rung, as they had asked: that went neither well nor wrong.
  if (isEnd && event.code === 'opted_out') return undefined;
  // It was counted when it was told to be uncertain.
  if (isEnd && event.was !== undefined) return undefined;
  switch (share) {
    case 'error_rate':
      if (event.type === 'call.failed') return { isBad: true, service: event.service };
      if (!isEnd) return undefined;
      if (event.outcome !== 'failed') return { isBad: false };
      return hasFailed ? undefined : { isBad: true };
    case 'llm_failure_rate':
      if (event.type === 'call.failed' && event.step === 'script') {
        return { isBad: true, service: event.service };
      }
      return event.type === 'step.finished' && event.step === 'script' && event.kept !== true
        ? { isBad: false }
        : undefined;
    case 'success_rate':
      return isEnd ? { isBad: !REACHED.has(event.outcome) } : undefined;
    case 'cut_calls': {
      const isCounted = isEnd && event.outcome !== 'failed' && event.outcome !== 'invalid_number';
      return isCounted ? { isBad: event.cut === true } : undefined;
    }
  }
}
