import type { CampaignEvent } from '../domain/event.ts';
import type { Emit } from './ports.ts';

export type EventListener = (event: CampaignEvent) => void;

/**
 * One stream of events to many views. A view that throws is left out from then on and reported
 * once: it must not change what the engine does.
 */
export class EventStream {
  readonly #listeners = new Map<EventListener, string>();
  readonly #onFault: (view: string, error: unknown) => void;

  constructor(onFault: (view: string, error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** @param view what the listener is, for the report if it throws */
  listen(view: string, listener: EventListener): void {
    this.#listeners.set(listener, view);
  }

  readonly emit: Emit = (event) => {
    for (const [listener, view] of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        this.#report(view, error);
      }
    }
  };

  #report(view: string, error: unknown): void {
    try {
      this.#onFault(view, error);
    } catch {
      // There is nobody left to tell, and the engine goes on.
    }
  }
}
