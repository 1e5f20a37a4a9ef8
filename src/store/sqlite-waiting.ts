/** Why contacts wait, for `status` and the summary. */
import { all, type Preparer } from './connection.ts';
import { NEXT_RUN_MS, QUEUE, STAGE_CODES } from './queue-state.ts';
import type { WaitingReason } from './report-rows.ts';
import { CAMPAIGN } from './sqlite-ended-calls.ts';

interface WaitingRow {
  readonly reason: string;
  readonly cause: string | null;
  readonly count: number;
  readonly wordings: number;
  readonly dueMs: number;
}

export function waitingReasons(database: Preparer, campaign: string): readonly WaitingReason[] {
  // Beside max() and min(), SQLite takes the other columns from the row that has it.
  const statement = database.prepare(
    `SELECT k.reason, f.service || ': ' || f.code AS cause, count(*) AS count,
       count(DISTINCT k.reason) AS wordings, min(k.due_ms) AS dueMs
     FROM contact k LEFT JOIN (
       SELECT contact, service, code, message, max(row) FROM failure
       WHERE campaign = ${CAMPAIGN} GROUP BY contact
     ) f ON f.contact = k.id AND instr(k.reason, f.message) > 0
     WHERE k.campaign = ${CAMPAIGN} AND k.queue = ${QUEUE.waiting}
       AND k.stage <> ${STAGE_CODES.doubted}
     GROUP BY ifnull(cause, k.reason) ORDER BY dueMs, k.reason`,
  );
  const rows = all<WaitingRow>(statement, campaign, campaign);
  return rows.map(({ reason, cause, count, wordings, dueMs }) => ({
    reason,
    count,
    ...(wordings > 1 && { cause: cause ?? undefined }),
    dueMs: dueMs < NEXT_RUN_MS ? dueMs : undefined,
  }));
}
