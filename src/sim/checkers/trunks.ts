/**
 * What is promised of a trunk that takes no calls: the list is not used up on it.
 */
import type { Checker, Violation } from '../check.ts';
import { type Exchange, evidenceOf, type Mark, type Of } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;
type Unrung = Of<'unrung'> & Mark;

/** So many numbers in a row that never ring are no accident. */
const MUTE_NUMBERS = 5;

export const LIST_SPARED: Checker = {
  name: 'list spared',
  promise:
    'A trunk that is congested costs one number of the list its call before the dialling stops, ' +
    'one that never rings five in a row, and one that refuses our password none.',
  check: (seen) => {
    const unrung = seen.log.flatMap((sight, index) => {
      return sight.type === 'unrung' ? [{ ...sight, index }] : [];
    });
    if (unrung.length === 0) return [];
    const { exchanges } = evidenceOf(seen);
    const phones = new Map(seen.promised.contacts.map(({ id, phone }) => [id, phone]));
    const clients = Map.groupBy(
      exchanges.filter(({ sight }) => sight.role === 'dialer'),
      ({ life, sight }) => `${life.run}/${sight.service}`,
    );
    return [...clients.values()].flatMap((its) => new Client(unrung, phones).judge(its));
  },
};

/** What one life hears of one trunk. */
class Client {
  readonly #unrung: readonly Unrung[];
  /** Calls that were taken on, and their trunk took none. */
  readonly #used = new Set<string>();
  readonly #phones: ReadonlyMap<string, string>;
  /** Numbers that met congestion since a call was taken. */
  #congested = new Set<string>();
  /** Numbers that never rang since one did. */
  #mute = new Set<string>();
  /** When that many did, and nobody was told yet. */
  #doubted: Mark | undefined;

  constructor(unrung: readonly Unrung[], phones: ReadonlyMap<string, string>) {
    this.#unrung = unrung;
    this.#phones = phones;
  }

  judge(exchanges: readonly Exchange[]): readonly Found[] {
    const ended = exchanges.filter(({ end }) => end?.type === 'answered' || end?.type === 'failed');
    const inOrder = ended.toSorted((one, other) => (one.end?.index ?? 0) - (other.end?.index ?? 0));
    return inOrder.flatMap((one) => {
      const { method, call = '', contact = '' } = one.sight;
      const phone = this.#phones.get(contact) ?? contact;
      if (method === 'place') {
        const isIts = ({ index, ...its }: Unrung): boolean => {
          return its.call === call && index > one.index && index < (one.end?.index ?? 0);
        };
        return this.#placed(one, this.#unrung.find(isIts), phone);
      }
      if (method === 'follow') this.#followed(one, this.#used.has(call), phone);
      return [];
    });
  }

  #placed({ sight, end, index }: Exchange, unrung: Unrung | undefined, phone: string) {
    if (end?.type !== 'answered') {
      // It is not connected, or it has said what is wrong: then it may be tried again.
      if (end?.type === 'failed') this.#doubted = undefined;
      return [];
    }
    if (unrung === undefined) {
      this.#congested.clear();
      return [];
    }
    this.#used.add(unrung.call);
    const found: Found[] = [];
    const { cause, techCause } = unrung.word;
    const { atMs } = end;
    const who = `${sight.contact} (${sight.call})`;
    const used = `${sight.service} uses up ${who}`;
    if (techCause === 401) found.push({ atMs, message: `${used}: the trunk refuses our password` });
    if (cause === 34 && !this.#congested.has(phone) && this.#congested.size > 0) {
      found.push({ atMs, message: `${used}: the trunk was congested before` });
    }
    if (cause === 34) this.#congested.add(phone);
    if (cause === 19 && this.#doubted !== undefined && this.#doubted.index < index) {
      const message = `${used}: ${MUTE_NUMBERS} numbers before never rang`;
      found.push({ atMs, message });
    }
    return found;
  }

  #followed({ end }: Exchange, isUsed: boolean, phone: string): void {
    // Whatever ended in another way had rung, as far as is known.
    if (end?.type !== 'answered' || !isUsed) {
      this.#mute.clear();
      return;
    }
    this.#mute.add(phone);
    if (this.#mute.size >= MUTE_NUMBERS) this.#doubted = end;
  }
}
