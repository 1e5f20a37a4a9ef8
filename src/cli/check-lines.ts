import type { CampaignEvent } from '../domain/event.ts';
import { serviceKey } from '../domain/service-key.ts';
import type { Payee } from '../domain/usage.ts';

/** So many in a row are told one by one; of a long outage only each tenth after that. */
const EACH_MAX = 10;

interface Spell {
  /** The last change was told at this moment, and said what the check found. */
  toldMs: number;
  isGood: boolean;
  /** Checks with the same result, one after the other. */
  row: number;
}

/** What a timeline tells of the health checks of services that are not healthy. */
export class CheckLines {
  readonly #services: readonly Payee[];
  /** Of those that are not healthy. */
  readonly #spells = new Map<string, Spell>();

  /** @param services those in use; see `serviceKey` */
  constructor(services: readonly Payee[]) {
    this.#services = services;
  }

  follow(event: CampaignEvent, wallMs: number): void {
    if (event.type !== 'health.changed') return;
    const key = serviceKey(this.#services, event);
    const spell = this.#spells.get(key);
    if (event.health === 'healthy') this.#spells.delete(key);
    else if (spell === undefined) this.#spells.set(key, { toldMs: wallMs, isGood: true, row: 0 });
    else spell.toldMs = wallMs;
  }

  /**
   * @param frees the service is to be tried again because of it
   * @returns what is to be told; undefined where the change that it made says it, or there is none
   */
  textOf(place: Payee, isGood: boolean, wallMs: number, frees: boolean): string | undefined {
    const key = serviceKey(this.#services, place);
    const spell = this.#spells.get(key);
    if (spell === undefined) return undefined;
    spell.row = spell.isGood === isGood ? spell.row + 1 : 1;
    spell.isGood = isGood;
    const { row, toldMs } = spell;
    if (toldMs === wallMs || (row > EACH_MAX && row % EACH_MAX !== 0 && !frees)) return undefined;
    const result = isGood ? 'is good' : 'fails again';
    const inRow = row === 1 ? '' : `, ${row} in a row`;
    return `${key}: its health check ${result}${inRow}${frees ? ', enough to try it early' : ''}`;
  }
}
