/**
 * What is promised of calls that failed for good: somebody hears of it, once for each service, and
 * of an outage's consequences with the outage.
 */
import type { Checker, Violation } from '../check.ts';
import { changesOf, stateAt } from './alert-states.ts';
import { isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, evidenceOf, type Mark, toldOf } from './evidence.ts';
import { isSuspect } from './health-spells.ts';

type Found = Omit<Violation, 'checker'>;

interface ForGood extends Mark {
  readonly run: number;
  readonly service: string;
  /** Where in the log it failed at this call, in this round. */
  readonly failedAt: readonly number[];
  /** For what is in it: no outage is why. */
  readonly isRefusal: boolean;
}

const PART = ':call_failed:';
/** What is told later than that was told by itself first. */
const DIRECTLY_MS = 1_000;

export const FAILED_TOLD: Checker = {
  name: 'failed calls told',
  promise:
    'That a call failed for good after its retries is told, once for each service that is the ' +
    'cause, and never otherwise.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const failed = failedForGood(evidence);
    const alerts = seen.log.flatMap((sight, index) =>
      isTheOperators(sight) && sight.key.includes(PART) ? [{ ...sight, index }] : [],
    );
    const serviceOf = (key: string): string => key.slice(key.indexOf(PART) + PART.length);
    const unjust = alerts.flatMap(({ key, kind, index, atMs }): readonly Found[] => {
      if (failed.some((one) => one.service === serviceOf(key) && one.index <= index)) return [];
      return [{ atMs, message: `${key} is ${kind}, and no such call was there` }];
    });
    const untold = failed.flatMap((one): readonly Found[] => {
      const its = alerts.filter(({ key }) => serviceOf(key) === one.service);
      const end = tellsBy(evidence, one, its[0]?.key ?? `campaign:hunt${PART}${one.service}`);
      if (end === undefined || isOfOutage(evidence, one)) return [];
      const isOpen = its.findLast(({ index }) => index <= one.index)?.kind === 'raised';
      const isTold = its.some(({ index }) => index > one.index && index <= end.index);
      if (isOpen || isTold) return [];
      const message = `a call failed for good because of ${one.service}, and nobody is told`;
      return [{ atMs: one.atMs, message }];
    });
    return [...unjust, ...untold];
  },
};

/** Calls given up after rounds of retries, of what a service may do better another time. */
function failedForGood({ seen }: Evidence): readonly ForGood[] {
  const failures = new Map<string, { readonly service: string; readonly isForGood: boolean }>();
  const refused = new Set<string>();
  const tries = new Map<string, { readonly service: string; readonly index: number }[]>();
  return seen.log.flatMap((sight, index): readonly ForGood[] => {
    if (sight.type !== 'told') return [];
    const { event, atMs, run } = sight;
    if (event.type === 'attempt.failed' && event.contact !== undefined) {
      const its = `${run} ${event.contact}`;
      tries.set(its, [...(tries.get(its) ?? []), { service: event.service, index }]);
    }
    if (event.type === 'call.failed') {
      const { contact, service = '', kind } = event;
      if (event.isRefusal === true) refused.add(`${run} ${contact}`);
      failures.set(`${run} ${contact}`, { service, isForGood: kind !== 'permanent' });
    }
    if (event.type !== 'call.finished' && event.type !== 'contact.put_off') return [];
    const place = `${run} ${event.contact}`;
    const last = failures.get(place);
    failures.delete(place);
    const isRefusal = refused.delete(place);
    const its = tries.get(place) ?? [];
    tries.delete(place);
    if (event.type !== 'call.finished' || event.outcome !== 'failed') return [];
    if (last?.isForGood !== true) return [];
    const { service } = last;
    const failedAt = its.filter((one) => one.service === service).map((one) => one.index);
    return [{ index, atMs, run, service, failedAt, isRefusal }];
  });
}

/** Its service had an alert of its own when it failed, or a kill left nobody sure of that. */
function isOfOutage(evidence: Evidence, one: ForGood): boolean {
  const { service, index, atMs, run, failedAt, isRefusal } = one;
  if (isRefusal) return false;
  const changes = changesOf(evidence, service);
  const isOut = [...failedAt, index].some((at) => {
    return stateAt(changes, at) !== 'up' || isSuspect(evidence, service, at);
  });
  if (isOut) return true;
  // Down directly after: one message says both.
  const { log } = evidence.seen;
  return [...toldOf(log, 'breaker.opened'), ...toldOf(log, 'service.stalled')].some((began) => {
    const isIts = began.run === run && began.event.service === service && began.index > index;
    return isIts && began.atMs <= atMs + DIRECTLY_MS;
  });
}
