/**
 * How many requests at once a vendor takes of one account, whatever the operator believes: what
 * comes on top is refused as crowded, until there is room again.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { ROLES, type Role } from '../domain/words.ts';
import type { GuardPolicies } from '../engine/guard.ts';
import type { Chance } from './chance.ts';
import type { Place } from './outage.ts';
import type { Method } from './sighting.ts';

/** A vendor's own limit while it lasts; of several at a moment, the lowest counts. */
export interface Capacity {
  readonly place: Place;
  readonly atOnceMax: number;
  /** From the start of the simulation, in milliseconds; the end is not part of it. */
  readonly startMs: number;
  /** Left out for a plan that stays as it is, also when everything else has healed. */
  readonly endMs?: number | undefined;
}

/** What a refusal for being crowded is called; ElevenLabs' own word. */
export const CROWDED = 'too_many_concurrent_requests';

/** As an adapter makes it of the answer 429 that says so. */
export function crowdedFailure(service: string): ServiceFailure {
  return new ServiceFailure(`${service} answered 429: too many requests at once`, {
    kind: 'transient',
    scope: 'service',
    code: CROWDED,
    status: 429,
    isCrowded: true,
  });
}

/** What a vendor counts; a question about a call or a check of the account takes no place. */
const COUNTED: ReadonlySet<Method> = new Set(['lookup', 'write', 'speak', 'place', 'record']);

interface Sender {
  readonly isAlive: boolean;
}

/** The requests that vendors are working on, counted by the vendors. */
export class Counters {
  readonly #capacities: readonly Capacity[];
  readonly #working = new Map<string, Map<number, Sender>>();

  constructor(capacities: readonly Capacity[]) {
    this.#capacities = capacities;
  }

  /** Takes a request in; false where that is one too many, and it is refused. */
  enter(place: Place, method: Method, request: number, sender: Sender, nowMs: number): boolean {
    // Where no vendor has a limit, none counts.
    if (this.#capacities.length === 0 || !COUNTED.has(method)) return true;
    const name = `${place.role} ${place.service}`;
    const working = this.#working.get(name) ?? new Map<number, Sender>();
    this.#working.set(name, working);
    // Who was killed has hung up.
    for (const [other, { isAlive }] of working) if (!isAlive) working.delete(other);
    if (working.size >= this.#most(place, nowMs)) return false;
    working.set(request, sender);
    return true;
  }

  leave({ role, service }: Place, request: number): void {
    if (this.#working.size === 0) return;
    this.#working.get(`${role} ${service}`)?.delete(request);
  }

  #most({ role, service }: Place, nowMs: number): number {
    let most = Number.POSITIVE_INFINITY;
    for (const { place, atOnceMax, startMs, endMs = Number.POSITIVE_INFINITY } of this
      .#capacities) {
      const isOf = place.role === role && place.service === service;
      if (isOf && startMs <= nowMs && nowMs < endMs) most = Math.min(most, atOnceMax);
    }
    return most;
  }
}

// ---------------------------------------------------------------------------- at random

type Policies = Readonly<Record<string, GuardPolicies>>;

/** Some operators say how many requests at once a service may get. */
export function withConcurrency(chance: Chance, policies: Policies): Policies {
  if (!chance.of(CROWDED_SHARE, 'crowded')) return policies;
  return Object.fromEntries(
    Object.entries(policies).map(([service, its]) => {
      if (!chance.of(0.6, 'concurrency', service)) return [service, its];
      return [service, { ...its, concurrencyMax: chance.whole(1, 3, 'concurrency of', service) }];
    }),
  );
}

/** Of all worlds, those in which somebody counts requests. */
const CROWDED_SHARE = 0.3;

/** Some vendors take as many as the operator believes, or fewer, always or for a while. */
export function randomCapacities(
  chance: Chance,
  chains: Readonly<Record<Role, readonly string[]>>,
  policies: Policies,
  horizonMs: number,
): readonly Capacity[] {
  if (!chance.of(CROWDED_SHARE, 'crowded')) return [];
  const places = ROLES.flatMap((role) => chains[role].map((service) => ({ role, service })));
  return places.flatMap((place): readonly Capacity[] => {
    const about = [place.role, place.service] as const;
    const believed =
      policies[place.service]?.concurrencyMax ?? chance.whole(2, 4, 'plan', ...about);
    const startMs = Math.round(0.7 * horizonMs * chance.fraction('shrinks', ...about));
    const endMs = startMs + chance.wholeByRatio(5_000, horizonMs, 'shrinks for', ...about);
    const plan: Capacity = { place, atOnceMax: believed, startMs: 0 };
    const small: Capacity = { ...plan, atOnceMax: Math.max(1, believed - 1) };
    const shrunk: Capacity = { place, atOnceMax: 1, startMs, endMs };
    return chance.pick([[], [plan], [small], [plan, shrunk], [plan, shrunk]], 'capacity', ...about);
  });
}
