import { describe, expect, it } from 'vitest';
import { worldComposer } from '../../src/cli/simulated-engine.ts';
import { CHECKERS } from '../../src/sim/checkers.ts';
import { huntWorld, memoryDisk } from '../../src/sim/hunt.ts';
import { type RandomWorld, randomWorld } from '../../src/sim/random-world.ts';
import { huntOptions, seedsFrom } from '../support/hunt-bench.ts';
import { ALERT_MUTANTS } from './alert-mutants.ts';
import { MUTANTS } from './mutants.ts';
import { OPT_OUT_MUTANTS } from './opt-out-mutants.ts';
import { ROOM_MUTANTS } from './room-mutants.ts';
import { WAITING_MUTANTS } from './waiting-mutants.ts';

const ALL = [...MUTANTS, ...WAITING_MUTANTS, ...ALERT_MUTANTS, ...ROOM_MUTANTS, ...OPT_OUT_MUTANTS];

/** More than any of them needs: the rarest slip shows in one world of a hundred and fifty. */
const SEEDS = seedsFrom(1, 300);

const asDrawn = (world: RandomWorld): RandomWorld => world;

describe('the hunt finds', () => {
  const sound = worldComposer();

  it.each(ALL)('$name: $foundBy', async (mutant) => {
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
  const trying = new Set(ALL.map(({ foundBy }) => foundBy));
  const names = CHECKERS.map(({ name }) => name);
  expect(names.filter((name) => !trying.has(name))).toEqual([]);
});
