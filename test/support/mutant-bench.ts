import { describe, expect, it } from 'vitest';
import { worldComposer } from '../../src/cli/simulated-engine.ts';
import { huntWorld } from '../../src/sim/hunt.ts';
import { memoryDisk } from '../../src/sim/hunt-disk.ts';
import { type RandomWorld, randomWorld } from '../../src/sim/random-world.ts';
import { ALL_MUTANTS } from '../simulation/all-mutants.ts';
import { huntOptions, seedsFrom } from './hunt-bench.ts';

/** More than any of them needs: the rarest slip shows in one world of a hundred and fifty. */
const SEEDS = seedsFrom(1, 300);
/** They are tried in so many files, which run beside each other. */
const PARTS = 3;

const asDrawn = (world: RandomWorld): RandomWorld => world;

/** @param part 1 to `PARTS` */
export function findsEveryMutant(part: number): void {
  const sound = worldComposer();

  describe('the hunt finds', () => {
    const its = ALL_MUTANTS.filter((_, index) => index % PARTS === part % PARTS);
    it.each(its)('$name: $foundBy', async (mutant) => {
      const { foundBy, compose, infect, worlds, only = () => true, among = asDrawn } = mutant;
      infect?.();
      const options = huntOptions({ make: compose(sound), disks: () => [memoryDisk] });
      const others = new Set<string>();
      const byHand = (worlds ?? []).filter((world) => world !== undefined);
      for (const of of [...byHand, ...SEEDS]) {
        const world = typeof of === 'number' ? among(randomWorld(of)) : of;
        if (!only(world)) continue;
        const { violations } = await huntWorld(world, options);
        if (violations.some(({ checker }) => checker === foundBy)) return;
        for (const { checker } of violations) others.add(checker);
      }
      expect.fail(`not in ${SEEDS.length} worlds; others found: ${[...others].join(', ')}`);
    });
  });
}
