/**
 * What is promised of health checks: those that go on failing are told, though nothing is asked of
 * the service meanwhile.
 */
import type { Checker } from '../check.ts';
import { changesOf, stateAt } from './alert-states.ts';
import { isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, evidenceOf, isGuarded, placeName } from './evidence.ts';
import { type Spell, spellsOf } from './health-spells.ts';

export const HEALTH_TOLD: Checker = {
  name: 'health told',
  promise: 'A service whose health checks fail twice in a row is told, also while nobody uses it.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    return spellsOf(evidence).flatMap((spell) => {
      const { atMs } = spell.bad[1] ?? { atMs: 0 };
      if (isTold(evidence, spell)) return [];
      const { service } = spell.place;
      return [{ atMs, message: `the checks of ${service} fail, and nobody is told` }];
    });
  },
};

function isTold(evidence: Evidence, { run, place, bad, over }: Spell): boolean {
  const { seen, exchanges } = evidence;
  const [first, second] = bad;
  if (first === undefined || second === undefined) return true;
  // The answer to the second may not have come before the end; a third left after it.
  const known = bad[2] ?? over;
  if (known === undefined) return true;
  // What fails as well is about to open its breaker, or to try again: it need not be told yet.
  const isFailing = exchanges.some((one) => {
    const isIts = one.sight.run === run && one.place === placeName(place) && isGuarded(one);
    return isIts && one.index < known.index && one.end?.type !== 'answered';
  });
  const { service } = place;
  if (isFailing || stateAt(changesOf(evidence, service), known.index) !== 'up') return true;
  const key = `service:${service}`;
  const end = tellsBy(evidence, { run, atMs: known.atMs }, key);
  if (end === undefined) return true;
  const alerts = seen.log.flatMap((sight, index) =>
    isTheOperators(sight) && sight.key === key ? [{ kind: sight.kind, index }] : [],
  );
  const isOpen = alerts.findLast(({ index }) => index <= first.index)?.kind === 'raised';
  return isOpen || alerts.some(({ index }) => index > first.index && index <= end.index);
}
