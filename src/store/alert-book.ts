import type { Alert } from '../domain/alert.ts';
import type { AlertChange, AlertsKept, OwedAlert } from '../engine/ports.ts';

/** Alerts in plain Maps, as JSON so that nobody shares an object with them. */
export class AlertBook {
  /** By key. */
  readonly #open = new Map<string, string>();
  /** By id, in order. */
  readonly #owed = new Map<string, string>();

  apply({ open = [], cleared = [], owed = [], settled = [] }: AlertChange): void {
    for (const key of cleared) this.#open.delete(key);
    for (const alert of open) this.#open.set(alert.key, JSON.stringify(alert));
    for (const id of settled) this.#owed.delete(id);
    for (const one of owed) this.#owed.set(one.id, JSON.stringify(one));
  }

  read(): AlertsKept {
    const keys = [...this.#open.keys()].sort();
    const all = keys.map((key) => JSON.parse(this.#open.get(key) ?? '') as Alert);
    return {
      open: all.filter(({ kind }) => kind !== 'notice'),
      told: all.filter(({ kind }) => kind === 'notice'),
      owed: [...this.#owed.values()].map((text) => JSON.parse(text) as OwedAlert),
    };
  }
}
