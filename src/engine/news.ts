import type { CampaignEvent } from '../domain/event.ts';
import type { Emit } from './ports.ts';

/** For those who could not go on if it threw, which by its port it never does. */
export function quietly(emit: Emit): Emit {
  return (event) => {
    try {
      emit(event);
    } catch {
      // There is nobody left to tell.
    }
  };
}

/**
 * What is to be told about a service, kept in order until its state is settled. Whoever is told
 * may cause more of it, which comes after; whoever throws alters nothing.
 */
export class News {
  readonly #emit: Emit;
  readonly #listeners = new Set<() => void>();
  readonly #untold: (CampaignEvent | 'changed')[] = [];
  #telling = false;

  constructor(emit: Emit) {
    this.#emit = quietly(emit);
  }

  add(event: CampaignEvent): void {
    this.#untold.push(event);
  }

  /** Those who wait for the service should look again. */
  changed(): void {
    this.#untold.push('changed');
  }

  subscribe(listener: () => void): () => void {
    // Wrapped, so that the same function may listen twice and stop once.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let item = this.#untold.shift(); item !== undefined; item = this.#untold.shift()) {
      if (item === 'changed') {
        // A copy: who is told may stop listening and listen anew.
        for (const listener of Array.from(this.#listeners)) this.#call(listener);
      } else {
        this.#emit(item);
      }
    }
    this.#telling = false;
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const message = `told of a change of a breaker, a listener failed (a bug): ${why}`;
      this.#untold.push({ type: 'notice', level: 'error', code: 'listener_failed', message });
    }
  }
}
