import { ALERT_MUTANTS } from './alert-mutants.ts';
import { BESIDE_MUTANTS } from './beside-mutants.ts';
import { BREAKER_MUTANTS } from './breaker-mutants.ts';
import { EXCHANGE_MUTANTS } from './exchange-mutants.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { NAMING_MUTANTS } from './naming-mutants.ts';
import { OPT_OUT_MUTANTS } from './opt-out-mutants.ts';
import { ROOM_MUTANTS } from './room-mutants.ts';
import { WAITING_MUTANTS } from './waiting-mutants.ts';

/** Every deliberate defect that the hunt has to find. */
export const ALL_MUTANTS: readonly Mutant[] = [
  ...MUTANTS,
  ...WAITING_MUTANTS,
  ...ALERT_MUTANTS,
  ...BREAKER_MUTANTS,
  ...ROOM_MUTANTS,
  ...OPT_OUT_MUTANTS,
  ...NAMING_MUTANTS,
  ...EXCHANGE_MUTANTS,
  ...BESIDE_MUTANTS,
];
