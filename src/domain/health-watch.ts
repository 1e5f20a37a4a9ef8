/**
 * Whether what health checks say of a service is worth telling. One bad check is a hiccup; two in a
 * row are told, unless requests fail as well: then their retries and the breaker are about to say
 * more, and are given the time for it.
 */
import type { CampaignEvent, EventOf, EventType } from './event.ts';
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
  /** It refuses us, or its requests fail too, and nothing gets through: like an open breaker. */
  readonly isDown: boolean;
}

/** So many bad checks in a row are told, */
export const CHECKS_MIN = 2;
/** and so many where requests fail as well, and no breaker has opened by then. */
export const CHECKS_MAX = 6;
/** What failed longer ago, with nothing asked since, was another trouble: longer than any wait. */
const APART_MS = 180_000;
/** So many failures since something got through, of questions about calls too, are no hiccup. */
export const VAIN_MIN = 3;

interface Spell {
  readonly sinceMs: number;
  count: number;
  /** How many there had been when work got through the last time; undefined where none did. */
  workedAt: number | undefined;
  /** How many requests have failed since then. */
  vain: number;
  told: 'as down' | 'as failing' | undefined;
}

const HEEDED: ReadonlySet<EventType> = new Set([
  'attempt.failed',
  'step.finished',
  'call.failed',
  'breaker.closed',
]);

/** Of one run. */
export class HealthWatch {
  /** By role and service; of those whose last check was bad. */
  readonly #spells = new Map<string, Spell>();
  /** Where a request failed, and its retries are not over: whether there are to be any. */
  readonly #failing = new Map<string, { isRetried: boolean }>();
  /** When the last check was good; milliseconds since the epoch. */
  readonly #goodMs = new Map<string, number>();
  /** Where requests have failed, and none got through since: from the beginning of the first on. */
  readonly #spans = new Map<string, { readonly sinceMs: number; readonly lastMs: number }>();

  /** @param wallMs now, milliseconds since the epoch */
  take(event: CampaignEvent, wallMs: () => number): void {
    if (!HEEDED.has(event.type)) return;
    if (event.type === 'attempt.failed') {
      if (event.hangUp === true || event.scope !== 'service') return;
      const place = placeOf(event);
      this.#failed(place, wallMs() - event.durationMs, wallMs());
      if (event.question !== true) {
        const known = this.#failing.get(place)?.isRetried;
        // A call that may have been placed is asked about instead, and no breaker opens for that.
        this.#failing.set(place, { isRetried: known === true || !isLostCall(event) });
      }
      const spell = this.#spells.get(place);
      if (spell !== undefined) spell.vain += 1;
    } else if (event.type === 'step.finished') {
      const { service, role, kept } = event;
      if (service === undefined || kept === true) return;
      const place = placeOf({ service, role });
      this.#failing.delete(place);
      this.#spans.delete(place);
      const spell = this.#spells.get(place);
      if (spell !== undefined) Object.assign(spell, { workedAt: spell.count, vain: 0 });
    } else if (event.type === 'breaker.closed') {
      const spell = this.#spells.get(placeOf(event));
      this.#spans.delete(placeOf(event));
      // Its alert is over: bad checks are no news then, but that nothing gets through again is.
      if (spell?.told !== undefined) spell.told = 'as failing';
      if (spell !== undefined) Object.assign(spell, { workedAt: spell.count, vain: 0 });
    } else if (event.type === 'call.failed') {
      for (const place of this.#failing.keys()) {
        if (place.endsWith(` ${event.service}`)) this.#failing.delete(place);
      }
    }
  }

  /**
   * Since when a service has done nothing, by its requests and its checks; milliseconds since the
   * epoch, and now where nothing has failed.
   */
  failingSince({ service, role }: Place, wallMs: number): number {
    const place = placeOf({ service, role });
    const sinces = [this.#spans.get(place)?.sinceMs, this.#spells.get(place)?.sinceMs];
    return Math.min(wallMs, ...sinces.map((sinceMs) => sinceMs ?? wallMs));
  }

  /** Whether a check was good while its requests failed: it may be what it is asked. */
  isWell(place: Place, sinceMs: number): boolean {
    return (this.#goodMs.get(placeOf(place)) ?? Number.NEGATIVE_INFINITY) > sinceMs;
  }

  /** @returns what is to be told, or told as something worse; undefined where nothing is */
  checkFailed(
    service: string,
    role: Role,
    fault: CheckFault,
    wallMs: number,
  ): CheckTrouble | undefined {
    const place = placeOf({ service, role });
    const fresh: Spell = {
      sinceMs: wallMs,
      count: 0,
      workedAt: undefined,
      vain: 0,
      told: undefined,
    };
    const spell = this.#spells.get(place) ?? fresh;
    this.#spells.set(place, spell);
    this.#goodMs.delete(place);
    spell.count += 1;
    const failing = this.#failing.get(place);
    const { count, workedAt = 0, vain } = spell;
    const isRefused = fault.kind === 'permanent' && spell.workedAt === undefined;
    // Calls are asked about for minutes, and no breaker counts that.
    const isVain = failing !== undefined || vain >= VAIN_MIN;
    const isDown = isRefused || (isVain && count - workedAt >= CHECKS_MAX);
    const isKnown = spell.told === 'as down' || (spell.told !== undefined && !isDown);
    if (isKnown || count < (failing?.isRetried === true ? CHECKS_MAX : CHECKS_MIN))
      return undefined;
    spell.told = isDown ? 'as down' : 'as failing';
    return { service, role, ...fault, sinceMs: spell.sinceMs, isDown };
  }

  #failed(place: string, sinceMs: number, atMs: number): void {
    const known = this.#spans.get(place);
    const isSame = known !== undefined && atMs - known.lastMs < APART_MS;
    this.#spans.set(place, { sinceMs: isSame ? known.sinceMs : sinceMs, lastMs: atMs });
  }

  checkPassed(service: string, role: Role, wallMs: number): void {
    const place = placeOf({ service, role });
    this.#spells.delete(place);
    this.#goodMs.set(place, wallMs);
  }
}

function isLostCall({ role, kind }: EventOf<'attempt.failed'>): boolean {
  return role === 'dialer' && kind === 'unknown';
}

interface Place {
  readonly service: string;
  readonly role: Role;
}

function placeOf({ service, role }: Place): string {
  return `${role} ${service}`;
}
