/**
 * What health checks say of a service: when one may be told to be in trouble for them alone.
 */
import type { Place } from '../outage.ts';
import { type Evidence, type Exchange, type Mark, placeName, ROUNDING_MS } from './evidence.ts';

/** Checks in a row that were bad, in one life. */
export interface Spell {
  readonly run: number;
  readonly place: Place;
  /** When each left. */
  readonly bad: readonly Mark[];
  /** When a good one came back, in whatever life; undefined where none did. */
  readonly over: Mark | undefined;
}

/** One bad check is a hiccup. */
const BAD_LEAST = 2;

const KNOWN = new WeakMap<Evidence, readonly Spell[]>();

/** Spells of all services that are long enough to be told. */
export function spellsOf(evidence: Evidence): readonly Spell[] {
  const known = KNOWN.get(evidence) ?? foundSpells(evidence);
  KNOWN.set(evidence, known);
  return known;
}

/** Whether between these places in the log one may have been told for its checks. */
export function isSuspect(
  evidence: Evidence,
  service: string,
  from: number,
  to: number = from,
): boolean {
  return spellsOf(evidence).some(({ place, bad, over }) => {
    const begun = bad[BAD_LEAST - 1]?.index ?? Number.POSITIVE_INFINITY;
    return place.service === service && begun <= to && (over?.index ?? to) >= from;
  });
}

function foundSpells({ seen, exchanges }: Evidence): readonly Spell[] {
  const { timeoutMs } = seen.promised.healthCheck;
  const probes = exchanges.filter(({ sight }) => sight.method === 'probe');
  const byPlace = Map.groupBy(probes, ({ sight }) => placeName(sight));
  return [...byPlace.values()].flatMap((its) => {
    const spells: { spell: Spell; bad: Mark[] }[] = [];
    /** By life: two can be on at a time. */
    const current = new Map<number, Mark[]>();
    for (const probe of its) {
      const isGood = isGoodProbe(probe, timeoutMs);
      if (isGood === undefined) continue;
      const { index, atMs, sight, end } = probe;
      if (isGood) {
        const over = { index: end?.index ?? index, atMs: end?.atMs ?? atMs };
        current.delete(sight.run);
        if (isLost(probe, over.atMs)) continue;
        for (const one of spells) one.spell = { ...one.spell, over: one.spell.over ?? over };
        continue;
      }
      const { role, service, run } = sight;
      const bad = current.get(run) ?? [];
      current.set(run, bad);
      bad.push({ index, atMs });
      if (bad.length !== BAD_LEAST) continue;
      spells.push({ spell: { run, place: { role, service }, bad, over: undefined }, bad });
    }
    return spells.map(({ spell }) => spell);
  });
}

/** A kill came before it can be on disk that it was good. */
function isLost({ life }: Exchange, atMs: number): boolean {
  return life.over?.how === 'killed' && life.over.atMs <= atMs + ROUNDING_MS;
}

/** Undefined where the run was over before it came back. */
function isGoodProbe({ atMs, end }: Exchange, timeoutMs: number): boolean | undefined {
  if (end === undefined) return undefined;
  if (end.atMs - atMs > timeoutMs - ROUNDING_MS) return false;
  return end.type === 'left' ? undefined : end.type === 'answered';
}
