/**
 * Contacts at whom a service failed, and has not done its work since: when it turns out to be down,
 * they are the first whom that has met.
 */
import { contactName, RecentByCause } from './alert-contacts.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { serviceKey } from './alert-state.ts';
import type { EventOf } from './event.ts';

/** Whoever was failed before that and waits since waits for something else. */
const TRIED_MS = 15 * 60_000;

/** Of one run. */
export class TriedInVain {
  readonly #contacts = new RecentByCause();
  /** Most services have failed at nobody. */
  readonly #services = new Set<string>();

  /** What is refused for what is in it, or has to wait its turn, is no failing of the service. */
  failed(event: EventOf<'attempt.failed'>, moment: WatchMoment): void {
    const { service, contact, scope, hangUp } = event;
    if (contact === undefined || hangUp === true || scope === 'request') return;
    this.#services.add(service);
    this.#contacts.add(service, contactName(moment.campaign, contact), moment.nowMs);
  }

  answered({ service, contact }: EventOf<'step.finished'>, { campaign }: WatchMoment): void {
    if (service === undefined || contact === undefined || !this.#services.has(service)) return;
    this.#contacts.delete(service, contactName(campaign, contact));
  }

  of(service: string, { nowMs }: WatchMoment): readonly string[] {
    return this.#contacts.of(service, TRIED_MS, nowMs);
  }

  /** It has its own alert from now on, which meets whoever it fails at. */
  outageBegins(service: string, moment: WatchMoment): readonly Sign[] {
    const contacts = this.of(service, moment);
    this.#contacts.forget(service);
    this.#services.delete(service);
    if (contacts.length === 0) return NO_SIGNS;
    return [{ type: 'joined', key: serviceKey(service), times: 0, contacts }];
  }
}
