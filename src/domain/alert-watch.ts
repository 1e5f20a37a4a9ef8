/**
 * What an alert needs more than one event for: shares of calls, slow answers, services that others
 * stand in for, connections that are lost again and again, how far a campaign has come. Each has
 * its own file; what is kept of the many events is changed in place.
 */
import { CallWatch } from './alert-calls.ts';
import { ConnectionWatch } from './alert-connections.ts';
import { isListDone, ProgressWatch } from './alert-progress.ts';
import { noMoreWorkWords } from './alert-service-text.ts';
import { joined, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { SlowWatch } from './alert-slow.ts';
import { StandInWatch } from './alert-stand-ins.ts';
import type { CampaignEvent, EventOf, EventType } from './event.ts';

const WATCHED: ReadonlySet<EventType> = new Set([
  'attempt.failed',
  'step.finished',
  'call.finished',
  'call.failed',
  'contact.put_off',
  'fallback.used',
  'breaker.opened',
  'service.stalled',
  'run.started',
  'run.finished',
  'connection.changed',
]);

/** Of a service that is slow, or that others stand in for. */
const WHILE_IT_WORKS = /^service:.*:(?:slow|fallback):\w+$/;

/** Whether such an event says anything of a figure. */
export function isWatched(type: EventType): boolean {
  return WATCHED.has(type);
}

/** The figures of one run. */
export class AlertWatch {
  readonly #calls = new CallWatch();
  readonly #slow = new SlowWatch();
  readonly #standIns = new StandInWatch();
  readonly #connections = new ConnectionWatch();
  readonly #progress = new ProgressWatch();

  /** What is over because nothing has happened. */
  look(moment: WatchMoment): readonly Sign[] {
    return this.#connections.look(moment);
  }

  take(event: CampaignEvent, moment: WatchMoment): readonly Sign[] {
    switch (event.type) {
      case 'attempt.failed':
        return this.#calls.tryFailed(event, moment);
      case 'step.finished':
        return this.#stepFinished(event, moment);
      case 'call.finished':
        return joined(
          this.#progress.callFinished(event, moment),
          this.#calls.finished(event, moment),
        );
      case 'call.failed':
        this.#progress.tryFailed();
        return this.#calls.failed(event, moment);
      case 'contact.put_off':
        this.#calls.putOff(event);
        return NO_SIGNS;
      case 'fallback.used':
        return this.#standIns.used(event, moment);
      case 'breaker.opened':
      case 'service.stalled':
        this.#standIns.outageBegins(event);
        return this.#calls.outageBegins(event, moment);
      case 'run.started':
        return this.#progress.started(event, moment);
      case 'run.finished':
        return joined(
          isListDone(event) ? this.#done(moment) : NO_SIGNS,
          this.#progress.finished(event, moment),
        );
      case 'connection.changed':
        return this.#connections.take(event, moment);
      default:
        return NO_SIGNS;
    }
  }

  /** Nobody asks anything of a service for this list any more. */
  #done(moment: WatchMoment): readonly Sign[] {
    const { campaign, open } = moment;
    const services = [...open.values()].flatMap(({ key, service, campaign: its }): Sign[] => {
      // What another campaign noticed ends with that one's list.
      if (service === undefined || its !== campaign || !WHILE_IT_WORKS.test(key)) return [];
      return [{ type: 'cleared', key, words: noMoreWorkWords(service, campaign) }];
    });
    return joined(this.#calls.done(moment), services);
  }

  #stepFinished(event: EventOf<'step.finished'>, moment: WatchMoment): readonly Sign[] {
    const { service, role, kept, requestMs, step } = event;
    if (service === undefined || kept === true) return NO_SIGNS;
    // First, so that it is judged beside what goes well.
    const held = this.#calls.answered(service, role, moment);
    const own = this.#standIns.didItself(service, role, moment);
    const slow =
      requestMs === undefined ? NO_SIGNS : this.#slow.took(service, role, requestMs, moment);
    const texts = step === 'script' ? this.#calls.textWritten(moment) : NO_SIGNS;
    return joined(held, joined(own, joined(slow, texts)));
  }
}
