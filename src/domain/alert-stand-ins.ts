/**
 * Services that others stand in for, for longer than a while.
 */
import { contactName, RecentByCause } from './alert-contacts.ts';
import { fallbackCausedWords, fallbackWords } from './alert-service-text.ts';
import { isOut, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { campaignKey, serviceKey } from './alert-state.ts';
import type { EventOf } from './event.ts';
import type { Role } from './words.ts';

/** One service that others stand in for; monotonic milliseconds, and the wall clock. */
interface StandIn {
  readonly firstMs: number;
  readonly firstWallMs: number;
  readonly lastMs: number;
  readonly times: number;
}

/**
 * By campaign: what is down for everybody has its own alert. What is left fails at what this
 * campaign asks for, its voice or its language, and another one's may well be done.
 */
function fallbackKey(campaign: string, service: string, role: Role): string {
  return `${campaignKey(campaign)}:fallback:${service}:${role}`;
}

/** The fallbacks of one run. */
export class StandInWatch {
  /** By key. */
  readonly #standIns = new Map<string, StandIn>();
  /** For whom, by key. */
  readonly #contacts = new RecentByCause();

  /** It does its work itself: nobody stands in for it any more. */
  didItself(service: string, role: Role, { campaign, open }: WatchMoment): readonly Sign[] {
    if (this.#standIns.size === 0 && open.size === 0) return NO_SIGNS;
    const key = fallbackKey(campaign, service, role);
    this.#forget(key);
    if (!open.has(key)) return NO_SIGNS;
    return [{ type: 'cleared', key, words: fallbackWords({ service, role, isOver: true }) }];
  }

  used(event: EventOf<'fallback.used'>, moment: WatchMoment): readonly Sign[] {
    const { instead, service: standIn, role, reason, code, contact } = event;
    const { campaign, policies, nowMs, wallMs, open } = moment;
    const { enabled, lastsMs } = policies.fallback;
    // Of one that is out, its own alert counts them.
    if (isOut(instead, moment)) return NO_SIGNS;
    const key = fallbackKey(campaign, instead, role);
    const before = this.#standIns.get(key);
    // Two short ones hours apart are not one long one.
    const isOn = before !== undefined && nowMs - before.lastMs <= lastsMs;
    if (!isOn) this.#contacts.forget(key);
    const names = contact === undefined ? [] : [contactName(campaign, contact)];
    for (const name of names) this.#contacts.add(key, name, nowMs);
    const first = isOn ? before : { firstMs: nowMs, firstWallMs: wallMs, times: 0 };
    const { firstMs, firstWallMs, times } = first;
    this.#standIns.set(key, { firstMs, firstWallMs, lastMs: nowMs, times: times + 1 });
    if (open.has(key)) return [{ type: 'joined', key, contacts: names }];
    if (!enabled || nowMs - firstMs <= lastsMs) return NO_SIGNS;
    const words = fallbackWords({ service: instead, role, standIn, reason, code, lastsMs });
    const contacts = this.#contacts.all(key);
    const about = { key, words, service: instead, affected: times + 1, contacts };
    return [{ type: 'raised', rule: 'fallback', sinceMs: firstWallMs, ...about }];
  }

  /**
   * It is down: what others did for it since it did its last work belongs to that, also where it
   * was told for itself.
   */
  outageBegins(service: string, role: Role, moment: WatchMoment): readonly Sign[] {
    const { campaign, open } = moment;
    const key = fallbackKey(campaign, service, role);
    const joins = serviceKey(service);
    const told = open.get(key);
    const times = told?.affected ?? this.#standIns.get(key)?.times;
    // Both: beyond those that are told apart there may be more, of whom only the run knows.
    const contacts = [...(told?.contactNames ?? []), ...this.#contacts.all(key)];
    this.#forget(key);
    if (times === undefined || !open.has(joins)) return NO_SIGNS;
    const counts: Sign = { type: 'joined', key: joins, times, contacts };
    if (told === undefined) return [counts];
    const words = fallbackCausedWords(service, role);
    return [counts, { type: 'cleared', key, words, joins }];
  }

  #forget(key: string): void {
    this.#standIns.delete(key);
    this.#contacts.forget(key);
  }
}
