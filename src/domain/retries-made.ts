/**
 * Which of the retries that were announced were made: a wait for one ends early where the breaker
 * opens or the run is stopped, and nothing says so.
 */
import type { CampaignEvent, EventOf } from './event.ts';

type Retry = EventOf<'retry.scheduled'>;

/** Of one run. */
export class RetriesMade {
  /** By call: one waits for one thing at a time. */
  readonly #waiting = new Map<string, Retry>();

  /** @returns the retry of which this event shows that it was made */
  take(event: CampaignEvent): Retry | undefined {
    switch (event.type) {
      case 'retry.scheduled':
        this.#waiting.set(callOf(event), event);
        return undefined;
      case 'attempt.failed':
        // Somebody hangs up beside whatever else is done.
        return event.hangUp === true ? undefined : this.#made(event);
      case 'step.finished':
      case 'call.looked_up':
        return this.#made(event);
      case 'call.failed':
      case 'call.finished':
      case 'contact.put_off':
        this.#waiting.delete(callOf(event));
        return undefined;
      default:
        return undefined;
    }
  }

  /** Another service that answers or fails says that this one was not asked again. */
  #made(event: EventOf<'attempt.failed' | 'step.finished' | 'call.looked_up'>): Retry | undefined {
    const call = callOf(event);
    const retry = this.#waiting.get(call);
    if (retry === undefined) return undefined;
    this.#waiting.delete(call);
    return retry.service === event.service && retry.role === event.role ? retry : undefined;
  }
}

function callOf({ call, contact }: { call?: string | undefined; contact?: string | undefined }) {
  return call ?? contact ?? '';
}
