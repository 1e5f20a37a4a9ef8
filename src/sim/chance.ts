import { type Draw, draws } from './draws.ts';

type About = readonly (string | number)[];

/** What can be drawn; the same for the same seed and the same words. */
export class Chance {
  readonly fraction: Draw;

  constructor(seed: number) {
    this.fraction = draws(seed);
  }

  /** True for this share of all. */
  of(share: number, ...about: About): boolean {
    return this.fraction(...about) < share;
  }

  /** Both ends are among the answers. */
  whole(least: number, most: number, ...about: About): number {
    return least + Math.floor(this.fraction(...about) * (most - least + 1));
  }

  /** The same with as many between 1 and 10 as between 10 and 100. */
  wholeByRatio(least: number, most: number, ...about: About): number {
    const ratio = Math.max(1, most / least);
    return Math.min(Math.round(least * ratio ** this.fraction(...about)), Math.round(most));
  }

  /** @throws RangeError where there is nothing to pick from */
  pick<T>(from: readonly T[], ...about: About): T {
    const picked = from[this.whole(0, from.length - 1, ...about)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** So many different ones, in an order of their own. */
  some<T>(from: readonly T[], count: number, ...about: About): readonly T[] {
    const left = [...from];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) {
      taken.push(...left.splice(this.whole(0, left.length - 1, ...about, taken.length), 1));
    }
    return taken;
  }
}
