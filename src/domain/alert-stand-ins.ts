/**
 * Services that others stand in for, for longer than a while.
 */
import { fallbackWords } from './alert-service-text.ts';
import { isOut, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { serviceKey } from './alert-state.ts';
import type { EventOf } from './event.ts';
import type { Role } from './words.ts';

/** One service that others stand in for; monotonic milliseconds, and the wall clock. */
interface StandIn {
  readonly firstMs: number;
  readonly firstWallMs: number;
  readonly lastMs: number;
  readonly times: number;
}

function fallbackKey(service: string, role: Role): string {
  return `${serviceKey(service)}:fallback:${role}`;
}

/** The fallbacks of one run. */
export class StandInWatch {
  /** By key. */
  readonly #standIns = new Map<string, StandIn>();

  /** It does its work itself: nobody stands in for it any more. */
  didItself(service: string, role: Role, { open }: WatchMoment): readonly Sign[] {
    if (this.#standIns.size === 0 && open.size === 0) return NO_SIGNS;
    const key = fallbackKey(service, role);
    this.#standIns.delete(key);
    if (!open.has(key)) return NO_SIGNS;
    return [{ type: 'cleared', key, words: fallbackWords({ service, role, isOver: true }) }];
  }

  used(event: EventOf<'fallback.used'>, moment: WatchMoment): readonly Sign[] {
    const { instead, service: standIn, role, reason, code } = event;
    const { policies, nowMs, wallMs, open } = moment;
    const { enabled, lastsMs } = policies.fallback;
    // Of one that is out, its own alert counts them.
    if (!enabled || isOut(instead, moment)) return NO_SIGNS;
    const key = fallbackKey(instead, role);
    const before = this.#standIns.get(key);
    // Two short ones hours apart are not one long one.
    const isOn = before !== undefined && nowMs - before.lastMs <= lastsMs;
    const first = isOn ? before : { firstMs: nowMs, firstWallMs: wallMs, times: 0 };
    const { firstMs, firstWallMs, times } = first;
    this.#standIns.set(key, { firstMs, firstWallMs, lastMs: nowMs, times: times + 1 });
    if (open.has(key)) return [{ type: 'joined', key }];
    if (nowMs - firstMs <= lastsMs) return NO_SIGNS;
    const words = fallbackWords({ service: instead, role, standIn, reason, code, lastsMs });
    const about = { key, words, sinceMs: firstWallMs, service: instead, affected: times + 1 };
    return [{ type: 'raised', rule: 'fallback', ...about }];
  }

  /** What it does not do from now on is told of it itself. */
  outageBegins({ service, role }: EventOf<'breaker.opened' | 'service.stalled'>): void {
    this.#standIns.delete(fallbackKey(service, role));
  }
}
