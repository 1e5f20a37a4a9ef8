import { expect, it } from 'vitest';
import { CHECKERS } from '../../src/sim/checkers.ts';
import { findsEveryMutant } from '../support/mutant-bench.ts';
import { ALL_MUTANTS } from './all-mutants.ts';

findsEveryMutant(1);

it('every checker finds a mutant', () => {
  const trying = new Set(ALL_MUTANTS.map(({ foundBy }) => foundBy));
  const names = CHECKERS.map(({ name }) => name);
  expect(names.filter((name) => !trying.has(name))).toEqual([]);
});
