import { describe, expect, it } from 'vitest';
import { worldComposer } from '../../src/cli/simulated-engine.ts';
import { CHECKERS } from '../../src/sim/checkers.ts';
import { huntWorld, memoryDisk } from '../../src/sim/hunt.ts';
import { type RandomWorld, randomWorld } from '../../src/sim/random-world.ts';
import { huntOptions, seedsFrom } from '../support/hunt-bench.ts';
import { ALL_MUTANTS } from './all-mutants.ts';

/** More than any of them needs: the rarest slip shows in one world of a hundred and fifty. */
const SEEDS = seedsFrom(1, 300);

const asDrawn = (world: RandomWorld): RandomWorld => world;

describe('the hunt finds', () => {
  const sound = worldComposer();

  it.each(ALL_MUTANTS)('$name: $foundBy', async (mutant) => {
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

it('every checker finds a mutant', () => {
  const trying = new Set(ALL_MUTANTS.map(({ foundBy }) => foundBy));
  const names = CHECKERS.map(({ name }) => name);
  expect(names.filter((name) => !trying.has(name))).toEqual([]);
});
