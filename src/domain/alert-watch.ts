/**
 * What an alert needs more than one event for: shares of calls, slow answers, services that others
 * stand in for, connections that are lost again and again, how far a campaign has come. Each has
 * its own file; what is kept of the many events is changed in place.
 */
import { CallWatch } from './alert-calls.ts';
import type { CutOff } from './alert-connection-text.ts';
import { ConnectionWatch } from './alert-connections.ts';
import { isListDone, ProgressWatch } from './alert-progress.ts';
import { noMoreWorkWords } from './alert-service-text.ts';
import { joined, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { SlowWatch } from './alert-slow.ts';
import { StandInWatch } from './alert-stand-ins.ts';
import { TriedInVain } from './alert-tried.ts';
import type { CampaignEvent, EventOf, EventType } from './event.ts';
import type { Role } from './words.ts';

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
const WHILE_IT_WORKS = /^(?:service:.*:slow|campaign:.*:fallback:.*):\w+$/;

interface Told {
  readonly service: string;
  readonly role: Role;
}

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
  readonly #tried = new TriedInVain();

  /** The connection that a service keeps, while that is away. */
  cutOff(service: string, nowMs: number): CutOff | undefined {
    return this.#connections.cutOff(service, nowMs);
  }

  /** What is over because nothing has happened. */
  look(moment: WatchMoment): readonly Sign[] {
    return this.#connections.look(moment);
  }

  take(event: CampaignEvent, moment: WatchMoment): readonly Sign[] {
    switch (event.type) {
      case 'attempt.failed':
        this.#tried.failed(event, moment);
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
        return joined(this.outageTold(event, moment), this.#calls.outageBegins(event, moment));
      case 'run.started':
        return this.#progress.started(event, moment);
      case 'run.finished':
        return joined(
          isListDone(event) ? this.#done(moment) : NO_SIGNS,
          this.#progress.finished(event, moment),
        );
      case 'connection.changed':
        return this.#connections.take(event, (service) => this.#tried.of(service, moment), moment);
      default:
        return NO_SIGNS;
    }
  }

  /** A service has its own alert: what it has failed at belongs to that. */
  outageTold({ service, role }: Told, moment: WatchMoment): readonly Sign[] {
    const counted = this.#standIns.outageBegins(service, role, moment);
    return joined(this.#tried.outageBegins(service, moment), counted);
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
    const { service, role, kept, requestMs, step, contact } = event;
    if (service === undefined || kept === true) return NO_SIGNS;
    this.#tried.answered(event, moment);
    // First, so that it is judged beside what goes well.
    const held = this.#calls.answered(service, role, moment);
    const own = this.#standIns.didItself(service, role, moment);
    const slow =
      requestMs === undefined
        ? NO_SIGNS
        : this.#slow.took({ service, role, contact, requestMs }, moment);
    const texts = step === 'script' ? this.#calls.textWritten(moment) : NO_SIGNS;
    return joined(held, joined(own, joined(slow, texts)));
  }
}
