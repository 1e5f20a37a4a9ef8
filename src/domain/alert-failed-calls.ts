/**
 * Calls that failed for good: a service failed at them in one round of retries after the other,
 * while others went through. Each is somebody who was not called, so the first is told; the next
 * ones join it.
 */
import { contactName, RecentByCause } from './alert-contacts.ts';
import { failedCallsOverWords, failedCallsWords, type OutageBegins } from './alert-rule-text.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { campaignKey, serviceKey } from './alert-state.ts';
import type { EventOf } from './event.ts';
import {
  EMPTY_WINDOW,
  type SlidingWindow,
  windowAfter,
  windowAt,
  windowWithout,
} from './sliding-window.ts';

export function failedCallsKey(campaign: string, service: string): string {
  return `${campaignKey(campaign)}:call_failed:${service}`;
}

/** Of one run. */
export class FailedCalls {
  /** By service. */
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #contacts = new RecentByCause();
  /** When one failed for good the last time, or this run began to look; by key. */
  readonly #lastMs = new Map<string, number>();

  /** One more; `last` is what failed it the last time. */
  failed(last: EventOf<'call.failed'>, moment: WatchMoment): readonly Sign[] {
    const { service, code, message, isRefusal } = last;
    const policy = moment.policies.callFailed;
    if (service === undefined || !policy.enabled) return NO_SIGNS;
    const { campaign, open, nowMs, wallMs: sinceMs } = moment;
    const key = failedCallsKey(campaign, service);
    this.#lastMs.set(key, nowMs);
    const before = this.#windows.get(service) ?? EMPTY_WINDOW;
    const cause = isRefusal === true ? undefined : service;
    const window = windowAfter(before, policy.windowMs, nowMs, 1, cause);
    this.#windows.set(service, window);
    const name = contactName(campaign, last.contact);
    this.#contacts.add(cause ?? refusedBy(service), name, nowMs);
    if (open.has(key)) return [{ type: 'joined', key, contacts: [name] }];
    if (window.count < policy.callsMin) return NO_SIGNS;
    const figures = { campaign, service, calls: window.count, windowMs: policy.windowMs };
    const words = failedCallsWords({ ...figures, last: { code, message } });
    const contacts = [service, refusedBy(service)].flatMap((its) =>
      this.#contacts.of(its, policy.windowMs, nowMs),
    );
    const about = { key, words, sinceMs, service, affected: window.count, contacts };
    return [{ type: 'raised', rule: 'callFailed', ...about }];
  }

  /** A call came to another end: what has not happened for a while is over. */
  wentOn(moment: WatchMoment): readonly Sign[] {
    const { campaign, nowMs, policies } = moment;
    const { windowMs } = policies.callFailed;
    return openOf(moment).flatMap((key): readonly Sign[] => {
      const lastMs = this.#lastMs.get(key) ?? nowMs;
      this.#lastMs.set(key, lastMs);
      if (nowMs - lastMs < windowMs) return NO_SIGNS;
      return [{ type: 'cleared', key, words: failedCallsOverWords(campaign, { windowMs }) }];
    });
  }

  /** It has its own alert now, which says more; not of what it refused. */
  outageBegins(event: OutageBegins, moment: WatchMoment): readonly Sign[] {
    const { service } = event;
    const { policies, nowMs } = moment;
    const before = this.#windows.get(service) ?? EMPTY_WINDOW;
    const left = windowWithout(windowAt(before, policies.callFailed.windowMs, nowMs), service);
    this.#windows.set(service, left);
    this.#contacts.forget(service);
    const key = failedCallsKey(moment.campaign, service);
    if (!moment.open.has(key) || left.count > 0) return NO_SIGNS;
    const words = failedCallsOverWords(moment.campaign, { outage: event });
    return [{ type: 'cleared', key, words, joins: serviceKey(service) }];
  }

  /** The list has come to its end. */
  done(moment: WatchMoment): readonly Sign[] {
    const { campaign } = moment;
    return openOf(moment).map((key) => {
      const service = key.slice(failedCallsKey(campaign, '').length);
      const words = failedCallsOverWords(campaign, { service, isDone: true });
      return { type: 'cleared', key, words };
    });
  }
}

/** What a service refused is kept apart from what it did not do: no name of one has spaces. */
function refusedBy(service: string): string {
  return `${service} refused`;
}

/** The keys of what is open of this campaign. */
function openOf({ campaign, open }: WatchMoment): readonly string[] {
  if (open.size === 0) return [];
  const start = failedCallsKey(campaign, '');
  return [...open.keys()].filter((key) => key.startsWith(start));
}
