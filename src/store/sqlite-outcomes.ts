/** What became of the contacts by their last calls, counted, for `status` and the summary. */
import { OPT_OUT } from '../domain/answers.ts';
import { addFailedCall, byCount, type Cause } from '../domain/causes.ts';
import { all, one, type Preparer } from './connection.ts';
import type { AnswerCount, OutcomeCount } from './report-rows.ts';
import { CAMPAIGN } from './sqlite-ended-calls.ts';

/** Each contact with the last of its calls. */
const LAST_CALLS =
  'call c CROSS JOIN contact k ON k.row = c.contact AND c.number = k.calls' +
  ` WHERE k.campaign = ${CAMPAIGN}`;

/** Contacts by outcome, the most frequent first. */
export function outcomes(database: Preparer, campaign: string): readonly OutcomeCount[] {
  const statement = database.prepare(
    `SELECT outcome, count(*) AS count FROM contact
     WHERE campaign = ${CAMPAIGN} AND outcome IS NOT NULL
     GROUP BY outcome ORDER BY count DESC, outcome`,
  );
  return all<OutcomeCount>(statement, campaign);
}

/** Contacts by what they chose with a key, the most frequent first; see `countedAnswer`. */
export function answers(database: Preparer, campaign: string): readonly AnswerCount[] {
  const statement = database.prepare(
    `SELECT c.answer, count(*) AS count FROM ${LAST_CALLS}
       AND c.answer IS NOT NULL AND k.outcome IS NOT NULL
       AND (k.outcome <> 'failed' OR c.answer = '${OPT_OUT}')
     GROUP BY c.answer ORDER BY count DESC, c.answer`,
  );
  return all<AnswerCount>(statement, campaign);
}

/** Why calls failed for good, the most frequent first; not of who had asked not to be rung. */
export function failedCalls(database: Preparer, campaign: string): readonly Cause[] {
  const statement = database.prepare(
    `SELECT c.detail, count(*) AS count FROM ${LAST_CALLS}
       AND k.outcome = 'failed' AND c.code IS NOT 'opted_out'
     GROUP BY c.detail ORDER BY count DESC, c.detail`,
  );
  const rows = all<{ detail: string | null; count: number }>(statement, campaign);
  const causes = new Map<string, Cause>();
  for (const { detail, count } of rows) {
    addFailedCall(causes, detail ?? undefined, undefined, count);
  }
  return byCount(causes.values());
}

/** Contacts that were not rung because their number had asked not to be. */
export function optedOut(database: Preparer, campaign: string): number {
  const statement = database.prepare(
    `SELECT count(*) AS count FROM ${LAST_CALLS}
       AND c.code = 'opted_out' AND k.outcome IS NOT NULL`,
  );
  return one<{ count: number }>(statement, campaign)?.count ?? 0;
}
