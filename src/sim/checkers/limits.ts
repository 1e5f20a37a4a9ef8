/**
 * Which services may make a request wait until another is back, and since when.
 */
import { CROWDED } from '../capacity.ts';
import type { Evidence, Exchange, Mark } from './evidence.ts';

/** Whether a service said of a request that it was one too many at once. */
export function isCrowded({ answer }: Exchange): boolean {
  return answer?.failure?.code === CROWDED;
}

/**
 * From where in the log on requests may have to wait for a place: nowhere before the beginning
 * where the settings say so, after the first refusal where only that taught it.
 */
export function limitedFrom({ exchanges, seen }: Evidence): ReadonlyMap<string, number> {
  const from = new Map<string, number>();
  for (const exchange of exchanges) {
    const { place, sight, answer } = exchange;
    if (from.has(place)) continue;
    const isSet = seen.promised.policyOf(sight.service).concurrencyMax !== undefined;
    if (isSet) from.set(place, -1);
    else if (isCrowded(exchange) && answer !== undefined) from.set(place, answer.index);
  }
  return from;
}

/** By name, in whatever role. */
export function limitedServices(evidence: Evidence): ReadonlySet<string> {
  const limited = limitedFrom(evidence);
  return new Set(
    evidence.exchanges.flatMap(({ place, sight }) => (limited.has(place) ? sight.service : [])),
  );
}

/** Where a request is over for the vendor too: it was answered, or its sender hung up. */
export function hungUp({ answer, givenUp, life }: Exchange): Mark | undefined {
  return answer ?? givenUp ?? life.over;
}
