/**
 * What is promised of a service that refuses everything as too much (429), which no breaker counts:
 * somebody hears of it.
 */
import type { Checker, Violation } from '../check.ts';
import { isTheOperators, tellsBy } from './alerts.ts';
import { type Evidence, type Exchange, evidenceOf, isGuarded, ROUNDING_MS } from './evidence.ts';

/** A limit per minute is over by then. */
const STALLED_MS = 90_000;

export const STALLS_TOLD: Checker = {
  name: 'stalls told',
  promise: 'A service that refuses all requests as too many (429) for a minute and a half is told.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const groups = Map.groupBy(evidence.exchanges.filter(isGuarded), ({ place, life }) => {
      return `${life.run} ${place}`;
    });
    return [...groups.values()].flatMap((its) => untold(evidence, its));
  },
};

/** Of one service in one life. */
function untold(
  evidence: Evidence,
  exchanges: readonly Exchange[],
): readonly Omit<Violation, 'checker'>[] {
  const ended = exchanges
    .flatMap(({ end, sight, life }) => (end === undefined ? [] : [{ end, sight, life }]))
    .toSorted((one, other) => one.end.index - other.end.index);
  let first: (typeof ended)[number] | undefined;
  for (const one of ended) {
    const { end, sight, life } = one;
    if (end.type === 'answered' || end.type === 'left') first = undefined;
    if (end.type !== 'failed' || end.failure.code !== '429') continue;
    first ??= one;
    if (end.atMs - first.end.atMs < STALLED_MS + ROUNDING_MS) continue;
    const key = `service:${sight.service}`;
    const over = tellsBy(evidence, { run: life.run, atMs: end.atMs }, key);
    if (over === undefined) return [];
    const its = evidence.seen.log.flatMap((seen, index) =>
      isTheOperators(seen) && seen.key === key ? [{ kind: seen.kind, index }] : [],
    );
    const isOpen = its.findLast(({ index }) => index <= end.index)?.kind === 'raised';
    if (isOpen || its.some(({ index }) => index > end.index && index <= over.index)) return [];
    const message = `${sight.service} refuses everything, and nobody is told`;
    return [{ atMs: end.atMs, message }];
  }
  return [];
}
