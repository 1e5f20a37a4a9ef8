/**
 * Connections that services keep. Those that have to be made again and again: each time is over in
 * seconds, and none of them alone is worth telling.
 */
import type { CutOff } from './alert-connection-text.ts';
import { reconnectionsOverWords, reconnectionWords } from './alert-service-text.ts';
import type { Sign, WatchMoment } from './alert-sign.ts';
import { serviceKey } from './alert-state.ts';
import type { EventOf } from './event.ts';
import { EMPTY_WINDOW, type SlidingWindow, windowAfter, windowAt } from './sliding-window.ts';

type Contacts = (service: string) => readonly string[];
type Changed = EventOf<'connection.changed'>;

interface Held {
  readonly window: SlidingWindow;
  /** A connection was made before: the next one is made again. */
  readonly wasMade: boolean;
  readonly reason: string | undefined;
  /** Monotonic milliseconds of the last time that it was made. */
  readonly lastMs: number;
}

const NEVER: Held = {
  window: EMPTY_WINDOW,
  wasMade: false,
  reason: undefined,
  lastMs: Number.NEGATIVE_INFINITY,
};

export function reconnectionsKey(service: string): string {
  return `${serviceKey(service)}:reconnections`;
}

/** The connections of one run. */
export class ConnectionWatch {
  readonly #held = new Map<string, Held>();
  /** Those that are away, with when they are tried again; monotonic. */
  readonly #away = new Map<string, { readonly address: string; readonly dueMs: number }>();

  /** @param contacts who is kept waiting by it */
  take(event: Changed, contacts: Contacts, moment: WatchMoment): readonly Sign[] {
    const { service, state, message } = event;
    const held = this.#held.get(service) ?? NEVER;
    if (state === 'connected' || state === 'closed') this.#away.delete(service);
    if (state === 'disconnected') {
      const dueMs = moment.nowMs + (event.delayMs ?? 0);
      this.#away.set(service, { address: event.address, dueMs });
    }
    if (state === 'disconnected' && event.attempt === 0) {
      this.#held.set(service, { ...held, reason: message });
    }
    if (state !== 'connected') return [];
    if (!held.wasMade) {
      // From here on also what an earlier run told can come to be over.
      this.#held.set(service, { ...held, wasMade: true, lastMs: moment.nowMs });
      return [];
    }
    return this.#again(event, held, contacts, moment);
  }

  cutOff(service: string, nowMs: number): CutOff | undefined {
    const away = this.#away.get(service);
    return away && { address: away.address, waitMs: Math.max(0, away.dueMs - nowMs) };
  }

  /** Looked at now and then: that nothing happens is no event. */
  look(moment: WatchMoment): readonly Sign[] {
    if (moment.open.size === 0) return [];
    const { windowMs } = moment.policies.reconnections;
    return [...this.#held].flatMap(([service, { lastMs }]): readonly Sign[] => {
      const key = reconnectionsKey(service);
      if (!moment.open.has(key) || moment.nowMs - lastMs < windowMs) return [];
      return [{ type: 'cleared', key, words: reconnectionsOverWords(service, windowMs) }];
    });
  }

  #again(
    { service, address }: Changed,
    held: Held,
    contactsOf: Contacts,
    moment: WatchMoment,
  ): readonly Sign[] {
    const { nowMs, wallMs, open, policies } = moment;
    const policy = policies.reconnections;
    const before = windowAt(held.window, policy.windowMs, nowMs);
    const window = windowAfter(before, policy.windowMs, nowMs, 1);
    this.#held.set(service, { ...held, window, lastMs: nowMs });
    const key = reconnectionsKey(service);
    if (open.has(key)) return [{ type: 'joined', key, contacts: contactsOf(service) }];
    if (!policy.enabled || window.count <= policy.timesMax) return [];
    const { count: times } = window;
    const words = reconnectionWords({ service, address, times, policy, reason: held.reason });
    const contacts = contactsOf(service);
    const about = { key, words, sinceMs: wallMs, service, affected: times, contacts };
    return [{ type: 'raised', rule: 'reconnections', ...about }];
  }
}
