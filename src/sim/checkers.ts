/**
 * One checker per promise. They judge a simulated campaign, over all lives of the program, by what
 * was seen of it from outside.
 */
import type { Checker, Seen, Violation } from './check.ts';
import { ONE_ALERT } from './checkers/alerts.ts';
import { FEW_TRIALS, OPEN_LETS_NOTHING_THROUGH, OPENS_IN_TIME } from './checkers/breakers.ts';
import { CHANNEL_CHECKERS } from './checkers/channels.ts';
import { PAID_ONCE } from './checkers/costs.ts';
import { COUNTS_TRUE } from './checkers/counts.ts';
import { FALLBACKS_TOLD, STEPS_ASCRIBED, STEPS_TOLD } from './checkers/doers.ts';
import { ENDS_CLEAN, ENDS_FOR_CAUSE, HOUR_KEPT, ORDERS_OBEYED } from './checkers/ends.ts';
import { FAILED_TOLD } from './checkers/failed-calls.ts';
import { HEALTH_TOLD } from './checkers/health.ts';
import { FEW_TAKEN, NOT_HELD_LONG, RETRY_BUDGET } from './checkers/loads.ts';
import { ONE_RUN } from './checkers/locks.ts';
import { BUDGET_KEPT } from './checkers/money.ts';
import { NEWS_ONCE } from './checkers/news.ts';
import { NUMBER_FREE, TOLD_APART } from './checkers/numbers.ts';
import { BACK_BY_PROBES, DOUBLES_OPEN_TIME } from './checkers/open-times.ts';
import { OPTED_OUT } from './checkers/opt-outs.ts';
import { EVERYBODY_RECORDED, TRUE_OUTCOMES, UNCERTAIN_FOR_CAUSE } from './checkers/outcomes.ts';
import { RETRY_AFTER, TEXTBOOK_OUTAGE } from './checkers/pauses.ts';
import {
  NOBODY_LOST,
  NOBODY_TWICE,
  NUMBER_ONCE,
  REMOVED_STAY_AWAY,
  WORDS_FIRST,
} from './checkers/people.ts';
import { PUT_OFF_LONG_ENOUGH } from './checkers/put-off-least.ts';
import { FEW_PUT_OFF, PAUSE_OBEYED, PUT_OFF_IN_MEASURE } from './checkers/put-offs.ts';
import { CALLED_BACK } from './checkers/recalls.ts';
import { RECORDED_ONCE } from './checkers/records.ts';
import { NUMBERS_REFUSED } from './checkers/refused-numbers.ts';
import { GIVEN_UP_IN_TIME, NEVER_AGAIN, WAITS_AS_PROMISED } from './checkers/retries.ts';
import { CONCURRENCY_KEPT, FEWER_WHEN_CROWDED, NO_PLACE_IDLE } from './checkers/rooms.ts';
import { BEHIND_THE_OTHERS, THREE_ROUNDS } from './checkers/rounds.ts';
import {
  LINES_KEPT,
  PACE_KEPT,
  PROBES_APART,
  PUT_OFF_COME_BACK,
  RUN_GOES_ON,
} from './checkers/runs.ts';
import { SHARES_TOLD } from './checkers/shares.ts';
import { STALLS_TOLD } from './checkers/stalls.ts';
import { NOBODY_LEFT_ON_THE_LINE } from './checkers/stops.ts';
import { STEP_BY_STEP } from './checkers/transitions.ts';
import { LOST_TRIALS_LAPSE, TRIALS_DECIDE } from './checkers/trials.ts';
import { RECORDS_TRUE } from './checkers/true-records.ts';
import { LIST_SPARED } from './checkers/trunks.ts';
import { STOPS_WAITING } from './checkers/wakes.ts';
import { NOTHING_SPOKEN_UNHEARD, WRITTEN_FIRST } from './checkers/words.ts';

export const CHECKERS: readonly Checker[] = [
  ONE_RUN,
  NOBODY_TWICE,
  NOBODY_LOST,
  REMOVED_STAY_AWAY,
  NUMBER_ONCE,
  TRUE_OUTCOMES,
  UNCERTAIN_FOR_CAUSE,
  WORDS_FIRST,
  EVERYBODY_RECORDED,
  OPEN_LETS_NOTHING_THROUGH,
  FEW_TRIALS,
  OPENS_IN_TIME,
  STEP_BY_STEP,
  TRIALS_DECIDE,
  LOST_TRIALS_LAPSE,
  NEVER_AGAIN,
  WAITS_AS_PROMISED,
  GIVEN_UP_IN_TIME,
  STOPS_WAITING,
  TEXTBOOK_OUTAGE,
  RETRY_AFTER,
  LINES_KEPT,
  PACE_KEPT,
  PUT_OFF_COME_BACK,
  CALLED_BACK,
  ENDS_CLEAN,
  ENDS_FOR_CAUSE,
  ORDERS_OBEYED,
  HOUR_KEPT,
  PROBES_APART,
  ONE_ALERT,
  NEWS_ONCE,
  SHARES_TOLD,
  HEALTH_TOLD,
  FAILED_TOLD,
  STALLS_TOLD,
  PAID_ONCE,
  BUDGET_KEPT,
  RUN_GOES_ON,
  PUT_OFF_IN_MEASURE,
  PUT_OFF_LONG_ENOUGH,
  FEW_PUT_OFF,
  PAUSE_OBEYED,
  RECORDED_ONCE,
  BEHIND_THE_OTHERS,
  THREE_ROUNDS,
  DOUBLES_OPEN_TIME,
  BACK_BY_PROBES,
  NOBODY_LEFT_ON_THE_LINE,
  RETRY_BUDGET,
  FEW_TAKEN,
  NOT_HELD_LONG,
  CONCURRENCY_KEPT,
  FEWER_WHEN_CROWDED,
  NO_PLACE_IDLE,
  WRITTEN_FIRST,
  NOTHING_SPOKEN_UNHEARD,
  TOLD_APART,
  NUMBER_FREE,
  OPTED_OUT,
  STEPS_ASCRIBED,
  STEPS_TOLD,
  FALLBACKS_TOLD,
  RECORDS_TRUE,
  COUNTS_TRUE,
  NUMBERS_REFUSED,
  LIST_SPARED,
  ...CHANNEL_CHECKERS,
];

/** Every promise that was broken, of these or of all, in the order of time. */
export function violationsOf(
  seen: Seen,
  checkers: readonly Checker[] = CHECKERS,
): readonly Violation[] {
  const found = checkers.flatMap((checker) => {
    return checker.check(seen).map(({ atMs, message }) => {
      return { checker: checker.name, atMs, message: inWholeMs(message) };
    });
  });
  return found.sort((one, other) => one.atMs - other.atMs);
}

/** Sums of fractions have a dozen digits, and nobody can read them. */
function inWholeMs(message: string): string {
  return message.replaceAll(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number))));
}
