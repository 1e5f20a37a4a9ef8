/**
 * What is promised of health checks: those that go on failing are told, though nothing is asked of
 * the service meanwhile.
 */
import { CHECKS_MAX, VAIN_MIN } from '../../domain/health-watch.ts';
import type { Checker, Violation } from '../check.ts';
import { changesOf, stateAt } from './alert-states.ts';
import { isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, type Exchange, evidenceOf, isGuarded, placeName } from './evidence.ts';
import { type Spell, spellsOf } from './health-spells.ts';

export const HEALTH_TOLD: Checker = {
  name: 'health told',
  promise:
    'A service whose health checks fail twice in a row is told, also while nobody uses it; as ' +
    'critical, where its requests fail as well and nothing gets through.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    return spellsOf(evidence).flatMap((spell) => {
      const { atMs } = spell.bad[1] ?? { atMs: 0 };
      const { service } = spell.place;
      const message = `the checks of ${service} fail, and nobody is told`;
      return [
        ...(isTold(evidence, spell) ? [] : [{ atMs, message }]),
        ...belittled(evidence, spell),
      ];
    });
  },
};

/** Nothing got through, from a bad check to the sixth and on to the next: told as critical. */
function belittled(
  evidence: Evidence,
  { run, place, bad, over }: Spell,
): readonly Omit<Violation, 'checker'>[] {
  const { service, role } = place;
  const key = `service:${service}`;
  const alerts = alertsOf(evidence, key);
  const { log } = evidence.seen;
  return bad.flatMap((first, position) => {
    const [last, next] = [bad[position + CHECKS_MAX - 1], bad[position + CHECKS_MAX]];
    if (last === undefined || next === undefined) return [];
    if ((over?.index ?? next.index) < next.index) return [];
    const work = log.slice(first.index, next.index).flatMap((sight, after) => {
      const isIts = sight.type === 'told' && 'service' in sight.event;
      if (!isIts || sight.run !== run || sight.event.service !== service) return [];
      return [{ event: sight.event, index: first.index + after }];
    });
    const failed = work.flatMap(({ event, index }) => {
      const isIts = event.type === 'attempt.failed' && event.role === role && index < last.index;
      return isIts && event.scope === 'service' && event.hangUp !== true ? [event] : [];
    });
    const isFailing = failed.length >= VAIN_MIN || failed.some(({ question }) => question !== true);
    const hasWorked = work.some(({ event }) => WENT_ON.has(event.type));
    if (!isFailing || hasWorked) return [];
    if (stateAt(changesOf(evidence, service), next.index) !== 'up') return [];
    const end = tellsBy(evidence, { run, atMs: next.atMs }, key);
    const before = alerts.findLast(({ index }) => index <= next.index);
    const isKnown = before?.kind === 'raised' && before.severity === 'critical';
    if (end === undefined || isKnown) return [];
    return [{ atMs: next.atMs, message: `nothing gets through to ${service}: that is critical` }];
  });
}

/** What ends the retries of a request, one way or the other. */
const WENT_ON: ReadonlySet<string> = new Set(['step.finished', 'call.failed', 'breaker.closed']);

/** A call that may have been placed: it is asked about, which opens no breaker. */
function isLostCall({ sight, end }: Exchange): boolean {
  if (sight.method !== 'place') return false;
  return end?.type === 'left' || (end?.type === 'failed' && end.failure.kind === 'unknown');
}

function alertsOf({ seen }: Evidence, key: string) {
  return seen.log.flatMap((sight, index) =>
    isTheOperators(sight) && sight.key === key ? [{ ...sight, index }] : [],
  );
}

function isTold(evidence: Evidence, { run, place, bad, over }: Spell): boolean {
  const { exchanges } = evidence;
  const [first, second] = bad;
  if (first === undefined || second === undefined) return true;
  // The answer to the second may not have come before the end; a third left after it.
  const known = bad[2] ?? over;
  if (known === undefined) return true;
  // What fails as well is about to open its breaker, or to try again: it need not be told yet.
  const isFailing = exchanges.some((one) => {
    const isIts = one.sight.run === run && one.place === placeName(place) && isGuarded(one);
    return isIts && one.index < known.index && one.end?.type !== 'answered' && !isLostCall(one);
  });
  const { service } = place;
  if (isFailing || stateAt(changesOf(evidence, service), known.index) !== 'up') return true;
  const key = `service:${service}`;
  const end = tellsBy(evidence, { run, atMs: known.atMs }, key);
  if (end === undefined) return true;
  const alerts = alertsOf(evidence, key);
  const isOpen = alerts.findLast(({ index }) => index <= first.index)?.kind === 'raised';
  return isOpen || alerts.some(({ index }) => index > first.index && index <= end.index);
}
