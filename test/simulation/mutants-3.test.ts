import { findsEveryMutant } from '../support/mutant-bench.ts';

findsEveryMutant(3);
