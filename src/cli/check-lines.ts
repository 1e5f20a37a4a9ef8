import type { CampaignEvent } from '../domain/event.ts';
import { serviceKey } from '../domain/service-key.ts';
import type { Payee } from '../domain/usage.ts';

/** So many in a row are told one by one; of a long outage only each tenth after that. */
const EACH_MAX = 10;

interface Spell {
  /** The last change was told at this moment, and said what the check found. */
  toldMs: number;
  isGood: boolean;
  /** Checks with the same result, one after the other; of good ones, those that count. */
  row: number;
  /** When the breaker opened the last time: good checks that began before count for nothing. */
  openedMs: number;
  /** Good checks were told that do not count any more. */
  isAnew: boolean;
}

interface Check {
  readonly isGood: boolean;
  readonly begunMs: number;
  /** Now. */
  readonly wallMs: number;
  /** The service is to be tried again because of it. */
  readonly frees: boolean;
}

const FRESH: Readonly<Spell> = {
  toldMs: Number.NEGATIVE_INFINITY,
  isGood: true,
  row: 0,
  openedMs: Number.NEGATIVE_INFINITY,
  isAnew: false,
};

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
    if (event.type !== 'health.changed' && event.type !== 'breaker.opened') return;
    const key = serviceKey(this.#services, event);
    if (event.type === 'health.changed' && event.health === 'healthy') {
      this.#spells.delete(key);
      return;
    }
    const spell = this.#spells.get(key) ?? { ...FRESH };
    this.#spells.set(key, spell);
    if (event.type === 'health.changed') {
      spell.toldMs = wallMs;
    } else {
      spell.openedMs = wallMs;
      if (spell.isGood && spell.row > 0) Object.assign(spell, { row: 0, isAnew: true });
    }
  }

  /** @returns what is to be told; undefined where what it changed says it, or there is nothing */
  textOf(place: Payee, { isGood, wallMs, begunMs, frees }: Check): string | undefined {
    const key = serviceKey(this.#services, place);
    const spell = this.#spells.get(key);
    if (spell === undefined) return undefined;
    const counts = !isGood || begunMs >= spell.openedMs;
    spell.row = !counts ? 0 : spell.isGood === isGood ? spell.row + 1 : 1;
    spell.isAnew = !counts || (isGood && spell.isAnew);
    spell.isGood = isGood;
    const { row, toldMs } = spell;
    if (toldMs === wallMs || (row > EACH_MAX && row % EACH_MAX !== 0 && !frees)) return undefined;
    const result = isGood ? 'is good' : 'fails again';
    const why = frees ? ', enough to try it early' : '';
    return `${key}: its health check ${result}${rowText(spell)}${why}`;
  }
}

function rowText({ row, isAnew }: Spell): string {
  if (row === 0) return ', begun before it was left alone';
  if (row > 1) return `, ${row} in a row`;
  return isAnew ? ', the first since it was left alone' : '';
}
