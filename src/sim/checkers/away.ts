/**
 * How long a service can be away, from what was promised and from what it really answered: not
 * from what the program made of that.
 */
import type { BreakerName } from '../../domain/event.ts';
import { ROLES } from '../../domain/words.ts';
import type { Promised } from '../check.ts';
import type { Place } from '../outage.ts';
import {
  chainsAt,
  type Evidence,
  type Mark,
  placeName,
  placesNamed,
  ROUNDING_MS,
} from './evidence.ts';
import { pausesOf } from './retries.ts';

/** The open time of a breaker grows to so many times the first. */
export const OPEN_TIMES_MAX = 8;
/** Beyond its time limit, until a half-open request counts as lost. */
const LEASE_SLACK_MS = 5_000;

/** What is known of one breaker at a place in the log. */
interface Absence extends Mark {
  readonly state: BreakerName | 'unknown';
  /** While it is open, or may be. */
  readonly untilMs: number;
}

/** Until when services could be away, at any place in the log. */
export class Away {
  readonly #evidence: Evidence;
  readonly #promised: Promised;
  readonly #absences = new Map<string, Absence[]>();
  readonly #pauses: ReturnType<typeof pausesOf>;

  constructor(evidence: Evidence) {
    const { seen } = evidence;
    this.#evidence = evidence;
    this.#promised = seen.promised;
    this.#pauses = pausesOf(evidence);
    for (const [index, { type, atMs, ...sight }] of seen.log.entries()) {
      if (type === 'killed') this.#unknown(index, atMs);
      if (type !== 'told' || !('event' in sight)) continue;
      const { event } = sight;
      if (event.type === 'breaker.opened') {
        const untilMs = atMs + Math.min(event.openMs, this.#openMsMax(event.service));
        this.#add(placeName(event), { index, atMs, state: 'open', untilMs });
      } else if (event.type === 'breaker.half_open') {
        const untilMs = atMs + this.#leaseMs(event.service);
        this.#add(placeName(event), { index, atMs, state: 'half_open', untilMs });
      } else if (event.type === 'breaker.closed') {
        this.#add(placeName(event), { index, atMs, state: 'closed', untilMs: 0 });
      }
    }
  }

  /** The latest time at which this service can be asked, as it stands before `index`. */
  untilMs({ role, service }: { role: string; service: string }, { index, atMs }: Mark): number {
    const place = placeName({ role, service });
    const absence = this.#absences.get(place)?.findLast((one) => one.index < index);
    const pauses = this.#pauses.get(place) ?? [];
    const pausedMs = Math.max(
      0,
      ...pauses.filter((one) => one.index < index).map(({ untilMs }) => untilMs),
    );
    const isTried = absence?.state === 'half_open' || (absence?.untilMs ?? 0) < atMs;
    // Its time has come: whoever tries it may take as long as a request may.
    const triedMs = absence === undefined || absence.state === 'closed' || !isTried ? 0 : atMs;
    const leaseMs = triedMs === 0 ? 0 : triedMs + this.#leaseMs(service);
    return Math.max(absence?.untilMs ?? 0, pausedMs, leaseMs);
  }

  /** Since and until when its breaker is open, where that is certain. */
  opened({ role, service }: Place, { index, atMs }: Mark): Absence | undefined {
    const absence = this.#last({ role, service }, index);
    return absence?.state === 'open' && absence.untilMs > atMs ? absence : undefined;
  }

  /** Whether its breaker was closed for certain, at this time and since. */
  isClosed({ role, service }: Place, { index, atMs }: Mark): boolean {
    const absence = this.#last({ role, service }, index);
    return absence === undefined || (absence.state === 'closed' && absence.atMs < atMs);
  }

  #last(place: Place, index: number): Absence | undefined {
    return this.#absences.get(placeName(place))?.findLast((one) => one.index < index);
  }

  /** Whether nothing can get through to it now, not even to try it, for all that was told. */
  isShut({ role, service }: { role: string; service: string }, { index, atMs }: Mark): boolean {
    const place = placeName({ role, service });
    const absence = this.#absences.get(place)?.findLast((one) => one.index < index);
    const isOpen = absence?.state === 'open' && absence.untilMs > atMs + ROUNDING_MS;
    const pauses = this.#pauses.get(place) ?? [];
    return isOpen || pauses.some((one) => one.index < index && one.untilMs > atMs + ROUNDING_MS);
  }

  /** Whether its time has come to be tried, or it is being tried, for all that was told. */
  isTried({ role, service }: { role: string; service: string }, { index, atMs }: Mark): boolean {
    const place = placeName({ role, service });
    const absence = this.#absences.get(place)?.findLast((one) => one.index < index);
    if (absence?.state === 'half_open') return true;
    return absence?.state === 'open' && absence.untilMs <= atMs + ROUNDING_MS;
  }

  /** The same for each role: it is away as long as all of its services are. */
  rolesUntilMs(at: Mark): readonly number[] {
    const chains = chainsAt(this.#evidence, at.index);
    return ROLES.map((role) => {
      return Math.min(...chains[role].map((service) => this.untilMs({ role, service }, at)));
    });
  }

  #openMsMax(service: string): number {
    const { recoveryTimeoutMs } = this.#promised.policyOf(service).circuitBreaker;
    return OPEN_TIMES_MAX * recoveryTimeoutMs + this.#pauseMsMax(service);
  }

  /** The longest pause that it ever asked for. */
  #pauseMsMax(service: string): number {
    const faults = this.#promised.outages.filter(({ places }) =>
      places.some((place) => place.service === service),
    );
    return Math.max(
      0,
      ...faults.map(({ fault }) => (fault.type === '429' ? fault.retryAfterMs : 0)),
    );
  }

  #leaseMs(service: string): number {
    const { requestMs } = this.#promised.policyOf(service).timeouts;
    return requestMs === 0 ? this.#openMsMax(service) : requestMs + LEASE_SLACK_MS;
  }

  /** What a life that was killed opened, it may have had no time to tell of. */
  #unknown(index: number, atMs: number): void {
    for (const place of placesNamed(this.#evidence)) {
      const untilMs = atMs + this.#openMsMax(place.service);
      this.#add(placeName(place), { index, atMs, state: 'unknown', untilMs });
    }
  }

  #add(place: string, absence: Absence): void {
    const known = this.#absences.get(place) ?? [];
    known.push(absence);
    this.#absences.set(place, known);
  }
}
