/**
 * The bug hunt. Each seed is a world; the world is lived through, life after life, with every kind
 * of bad luck; then everything heals, and the list must come to its end. Then the checkers judge
 * what was seen. All of it is done twice, and both times the same must have happened.
 */
import { delaysBetween, isTroubled } from './channel-delays.ts';
import type { Violation } from './check.ts';
import type { HuntDisk } from './hunt-disk.ts';
import { difference, judged } from './hunt-judgement.ts';
import { onDisk, type PlayOptions, soundLife } from './hunt-play.ts';
import { type RandomWorld, randomWorld } from './random-world.ts';
import type { Sighting } from './sighting.ts';
import { kindOf, sightingText } from './sighting-text.ts';

export interface HuntOptions extends PlayOptions {
  /** One play on each; at least two, or nothing is known of whether a seed plays the same again. */
  readonly disks: (seed: number) => readonly (() => HuntDisk)[];
}

/** What became of one seed. */
export interface Hunted {
  readonly seed: number;
  readonly world: RandomWorld;
  /** In the order of their time; empty where every promise was kept. */
  readonly violations: readonly Violation[];
  /** Of the first play. */
  readonly log: readonly Sighting[];
  /** Of the first play's log. */
  readonly digest: string;
}

export interface HuntReport {
  /** How many were played. */
  readonly seeds: number;
  readonly failures: readonly Hunted[];
  /** How often each kind of thing was seen, over all of them; see `kindOf`. */
  readonly met: ReadonlyMap<string, number>;
}

/**
 * Plays one seed after another, up to the first so many that fail.
 *
 * @param each told of every seed as it is done
 */
export async function hunt(
  seeds: Iterable<number>,
  failuresMax: number,
  options: HuntOptions,
  each: (hunted: Hunted) => void = () => undefined,
): Promise<HuntReport> {
  const failures: Hunted[] = [];
  const met = new Map<string, number>();
  let played = 0;
  for (const seed of seeds) {
    const hunted = await huntSeed(seed, options);
    played += 1;
    for (const sighting of hunted.log) {
      const kind = kindOf(sighting);
      met.set(kind, (met.get(kind) ?? 0) + 1);
    }
    if (hunted.violations.length > 0) failures.push(hunted);
    each(hunted);
    if (failures.length >= failuresMax) break;
  }
  return { seeds: played, failures, met };
}

/** Plays the world of a seed once on each disk and judges what was seen. */
export async function huntSeed(seed: number, options: HuntOptions): Promise<Hunted> {
  return await huntWorld(randomWorld(seed), options);
}

export async function huntWorld(world: RandomWorld, options: HuntOptions): Promise<Hunted> {
  const { seed } = world;
  const [first, ...others] = options.disks(seed);
  if (first === undefined) throw new RangeError('a hunt without a disk');
  const played = await onDisk(first, world, options);
  const { log, digest } = played;
  const isEndless = played.violations.length > 0 && log.length > JUDGED_MAX;
  const violations = [...played.violations, ...(isEndless ? [] : judged(world, played))];
  if (isTroubled(log))
    violations.push(...delaysBetween(log, await soundLife(first, world, options)));
  for (const other of others) {
    const again = await onDisk(other, world, options);
    if (again.digest !== digest) violations.push(difference(log, again.log));
  }
  violations.sort((one, another) => one.atMs - another.atMs);
  return { seed, world, violations, log, digest };
}

/** What went round in a circle for longer than this is not looked at more closely. */
const JUDGED_MAX = 20_000;

/** Sightings before a broken promise that are told with it. */
const STORY_LENGTH = 25;

/** How the first promise was broken, in words: what was seen until then. */
export function storyOf({ log, violations }: Hunted): readonly string[] {
  const [first] = violations;
  if (first === undefined) return [];
  const end = log.findLastIndex(({ atMs }) => atMs <= first.atMs) + 1;
  return log.slice(Math.max(0, end - STORY_LENGTH), end).map(sightingText);
}

/** Plays just this seed again. */
export function commandFor(seed: number): string {
  return `campaign simulate --hunt --seed ${seed} --seeds 1`;
}
