/**
 * When a service refuses a run everything as too much (429): whether that is an outage is known
 * when it has lasted, and until then what fails there counts for no share.
 */
import type { Evidence, Mark } from './evidence.ts';

/** From a first 429 until something else came of it; places in the log. */
interface Refusal {
  readonly from: number;
  readonly until: number;
}

/** When a service refused a run everything as too much, in one of its roles at least. */
function refusalsBy({ seen }: Evidence, run: number, service: string): readonly Refusal[] {
  const found: Refusal[] = [];
  const roles = new Set<string>();
  let from: number | undefined;
  for (const [index, sight] of seen.log.entries()) {
    if (sight.type !== 'told' || sight.run !== run) continue;
    const { event } = sight;
    if (!('service' in event) || event.service !== service) continue;
    if (event.type === 'attempt.failed') {
      if (event.question === true || event.hangUp === true) continue;
      if (event.status === 429) roles.add(event.role);
      else roles.delete(event.role);
    } else if (event.type === 'step.finished') {
      if (event.role !== undefined && event.kept !== true) roles.delete(event.role);
    } else if (event.type === 'breaker.opened' || event.type === 'service.stalled') {
      roles.clear();
    }
    if (roles.size > 0) from ??= index;
    else if (from !== undefined) {
      found.push({ from, until: index });
      from = undefined;
    }
  }
  return from === undefined ? found : [...found, { from, until: Number.POSITIVE_INFINITY }];
}

const KNOWN = new WeakMap<Evidence, Map<string, readonly Refusal[]>>();

/** Where in the log it is known what a failure at this place counts for: mostly there and then. */
export function heldUntil(
  evidence: Evidence,
  { run, index }: Mark & { readonly run: number },
  service: string | undefined,
): number {
  if (service === undefined) return index;
  const known = KNOWN.get(evidence) ?? new Map<string, readonly Refusal[]>();
  KNOWN.set(evidence, known);
  const key = `${run} ${service}`;
  const refusals = known.get(key) ?? refusalsBy(evidence, run, service);
  known.set(key, refusals);
  return refusals.find(({ from, until }) => from <= index && index < until)?.until ?? index;
}
