/**
 * Whether what health checks say of a service is worth telling. One bad check is a hiccup; two in a
 * row are told, unless requests fail as well: then their retries and the breaker are about to say
 * more, and are given the time for it.
 */
import type { CampaignEvent, EventType } from './event.ts';
import type { FailureKind } from './failure.ts';
import type { Role } from './words.ts';

/** What a bad check says. */
export interface CheckFault {
  /** `permanent`: it refuses our key, quota or billing. */
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
}

/** What is worth telling of one. */
export interface CheckTrouble extends CheckFault {
  readonly service: string;
  readonly role: Role;
  /** Since the first bad check; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** It refuses us, and nothing got through since: as bad as a breaker that is open. */
  readonly isRefused: boolean;
}

/** So many bad checks in a row are told, */
export const CHECKS_MIN = 2;
/** and so many where requests fail as well, and no breaker has opened by then. */
export const CHECKS_MAX = 6;

interface Spell {
  readonly sinceMs: number;
  count: number;
  hasWorked: boolean;
  told: 'as refused' | 'as failing' | undefined;
}

const HEEDED: ReadonlySet<EventType> = new Set(['attempt.failed', 'step.finished', 'call.failed']);

/** Of one run. */
export class HealthWatch {
  /** By role and service; of those whose last check was bad. */
  readonly #spells = new Map<string, Spell>();
  /** Where a request failed, and its retries are not over. */
  readonly #failing = new Set<string>();

  take(event: CampaignEvent): void {
    if (!HEEDED.has(event.type)) return;
    if (event.type === 'attempt.failed') {
      const isTriedAgain = event.question !== true && event.hangUp !== true;
      if (isTriedAgain && event.scope === 'service') this.#failing.add(placeOf(event));
    } else if (event.type === 'step.finished') {
      const { service, role, kept } = event;
      if (service === undefined || kept === true) return;
      const place = placeOf({ service, role });
      this.#failing.delete(place);
      const spell = this.#spells.get(place);
      if (spell !== undefined) spell.hasWorked = true;
    } else if (event.type === 'call.failed') {
      for (const place of this.#failing) {
        if (place.endsWith(` ${event.service}`)) this.#failing.delete(place);
      }
    }
  }

  /** @returns what is to be told, or told as something worse; undefined where nothing is */
  checkFailed(
    service: string,
    role: Role,
    fault: CheckFault,
    wallMs: number,
  ): CheckTrouble | undefined {
    const place = placeOf({ service, role });
    const fresh: Spell = { sinceMs: wallMs, count: 0, hasWorked: false, told: undefined };
    const spell = this.#spells.get(place) ?? fresh;
    this.#spells.set(place, spell);
    spell.count += 1;
    const least = this.#failing.has(place) ? CHECKS_MAX : CHECKS_MIN;
    const isRefused = fault.kind === 'permanent' && !spell.hasWorked;
    const isKnown = spell.told === 'as refused' || (spell.told !== undefined && !isRefused);
    if (isKnown || spell.count < least) return undefined;
    spell.told = isRefused ? 'as refused' : 'as failing';
    return { service, role, ...fault, sinceMs: spell.sinceMs, isRefused };
  }

  checkPassed(service: string, role: Role): void {
    this.#spells.delete(placeOf({ service, role }));
  }
}

function placeOf({ service, role }: { readonly service: string; readonly role: Role }): string {
  return `${role} ${service}`;
}
