import type { Outcome } from '../domain/words.ts';
import { type Connection, one } from './connection.ts';
import { QUEUE, type QueueState, STAGE_CODES, STEP_CODES, stageOf } from './queue-state.ts';
import { noSuchCampaign, noSuchContact, notUncertain, type Settlement } from './settlement.ts';
import { CallReader, progressOf } from './sqlite-calls.ts';
import { CampaignRow } from './sqlite-campaigns.ts';

interface SettledRow {
  readonly row: number;
  readonly queue: QueueState;
  readonly outcome: Outcome | null;
  readonly calls: number;
}

/**
 * Settles an uncertain contact in a short transaction of its own, also while a run is on: its
 * record is owed then, or it is queued again. One that failed before any phone rang can be queued
 * again too: what it failed of may have been mended.
 *
 * @throws StoreError `refused` where it is neither
 */
export function settle(connection: Connection, settlement: Settlement): void {
  const known = connection.prepare('SELECT row FROM campaign WHERE name = ?');
  if (one(known, settlement.campaign) === undefined) throw noSuchCampaign(settlement);
  const campaign = new CampaignRow(connection, settlement.campaign);
  const find = connection.prepare(
    'SELECT row, queue, outcome, calls FROM contact WHERE campaign = ? AND id = ?',
  );
  connection.direct(() => {
    const contact = one<SettledRow>(find, campaign.row, settlement.contact);
    if (contact === undefined) throw noSuchContact(settlement);
    const { queue, outcome } = contact;
    const isAgain = settlement.outcome === 'again';
    if (isAgain && failedUnrung(connection, contact)) {
      queueAgain(connection, campaign, contact, settlement);
      // Its row in results.csv is out of date: the next run makes the file again.
      campaign.forgetResults();
      return;
    }
    if (outcome !== 'uncertain') throw notUncertain(settlement, queue, outcome);
    if (isAgain) queueAgain(connection, campaign, contact, settlement);
    else end(connection, campaign, contact, settlement);
  });
}

/** It failed before any phone could ring, and nothing is left to do for it. */
function failedUnrung(connection: Connection, { row, queue, outcome }: SettledRow): boolean {
  if (outcome !== 'failed' || queue !== QUEUE.none) return false;
  const rung = connection.prepare(
    `SELECT 1 FROM attempt WHERE contact = ? AND (result IS NULL OR result <> 'not_placed')`,
  );
  return one(rung, row) === undefined;
}

function end(
  connection: Connection,
  campaign: CampaignRow,
  { row, calls }: SettledRow,
  { outcome, note, atMs }: Settlement,
): void {
  connection
    .prepare(
      'UPDATE call SET outcome = ?, detail = ?, ended_ms = ? WHERE contact = ? AND number = ?',
    )
    .run(outcome, note ?? null, atMs, row, calls);
  connection
    .prepare('UPDATE contact SET outcome = ?, queue = ?, stage = ? WHERE row = ?')
    .run(outcome, QUEUE.ready, STAGE_CODES.owed, row);
  campaign.move('uncertain', 'done');
}

/** The call stays as it ended; the next one has its text and audio, which are paid for. */
function queueAgain(
  connection: Connection,
  campaign: CampaignRow,
  { row, calls, outcome }: SettledRow,
  { note }: Settlement,
): void {
  connection
    .prepare('UPDATE call SET detail = ifnull(?, detail) WHERE contact = ? AND number = ?')
    .run(note ?? null, row, calls);
  connection
    .prepare(
      `INSERT INTO step (contact, number, step, ended_ms, service, result)
       SELECT contact, number + 1, step, ended_ms, service, result FROM step
       WHERE contact = ? AND number = ? AND step <= ${STEP_CODES.speech} AND ended_ms IS NOT NULL`,
    )
    .run(row, calls);
  const contents = new CallReader(connection).contents(row, calls + 1);
  const stage = STAGE_CODES[stageOf(progressOf(contents, false))];
  connection
    .prepare(
      `UPDATE contact SET outcome = NULL, queue = ${QUEUE.ready}, stage = ?, rounds = 0,
         round_mark = 0 WHERE row = ?`,
    )
    .run(stage, row);
  campaign.move(outcome === 'uncertain' ? 'uncertain' : 'done', 'queued');
}
