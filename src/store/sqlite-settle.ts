import type { Outcome } from '../domain/words.ts';
import { type Connection, one } from './connection.ts';
import { type ContactDetails, sameWords } from './contact-details.ts';
import {
  contactState,
  QUEUE,
  type QueueState,
  STAGE_CODES,
  STEP_CODES,
  stageOf,
} from './queue-state.ts';
import {
  hasOptedOut,
  isAskedAbout,
  noSuchCampaign,
  noSuchContact,
  notUncertain,
  type Settled,
  type Settlement,
  type Standing,
  takesBack,
  withNote,
} from './settlement.ts';
import { CallReader, progressOf } from './sqlite-calls.ts';
import { CampaignRow } from './sqlite-campaigns.ts';
import { columns, type DetailColumns, detailsOf, FORGET_STEPS } from './sqlite-contacts.ts';
import { FORGET_TEXTS, SqliteScripts } from './sqlite-scripts.ts';

interface SettledRow extends DetailColumns {
  readonly row: number;
  readonly queue: QueueState;
  readonly stage: number;
  readonly outcome: Outcome | null;
  readonly calls: number;
  readonly pending: string | null;
  /** 1: the list has no row for it, as it was read last. */
  readonly gone: number;
}

/**
 * Settles an uncertain contact in a short transaction of its own, also while a run is on: its
 * record is owed then, or it is queued again. One that ended before any phone rang can be queued
 * again too: what it failed of may have been mended, or the number.
 *
 * @throws StoreError `refused` where it is neither
 */
export function settle(connection: Connection, settlement: Settlement): Settled {
  const known = connection.prepare('SELECT row FROM campaign WHERE name = ?');
  if (one(known, settlement.campaign) === undefined) throw noSuchCampaign(settlement);
  const campaign = new CampaignRow(connection, settlement.campaign);
  const find = connection.prepare(
    `SELECT c.row, queue, stage, outcome, calls, pending, unlisted = 1 OR seen < listed AS gone,
       phone, phone_written, c.name, language, timezone, email, variables
     FROM contact c JOIN campaign ON campaign.row = c.campaign
     WHERE c.campaign = ? AND id = ?`,
  );
  return connection.direct(() => {
    const contact = one<SettledRow>(find, campaign.row, settlement.contact);
    if (contact === undefined) throw noSuchContact(settlement);
    const { queue, outcome } = contact;
    const isAgain = settlement.outcome === 'again';
    if (isAgain && rangNobody(connection, contact)) {
      // Its row in results.csv is out of date: the next run makes the file again.
      campaign.forgetResults();
      return queueAgain(connection, campaign, contact, settlement);
    }
    if (isPutBack(connection, contact, settlement)) {
      return takeBack(connection, campaign, contact, settlement);
    }
    if (outcome !== 'uncertain') throw notUncertain(settlement, standingOf(contact));
    if (queue === QUEUE.claimed) throw isAskedAbout(settlement);
    if (isAgain) return queueAgain(connection, campaign, contact, settlement);
    end(connection, campaign, contact, settlement);
    return 'settled';
  });
}

/** It ended before any phone could ring, and nothing is left to do for it. */
function rangNobody(connection: Connection, { row, queue, outcome }: SettledRow): boolean {
  if (queue !== QUEUE.none) return false;
  // A number that does not exist rings nowhere, though the call of it was placed.
  if (outcome === 'invalid_number') return true;
  if (outcome !== 'failed') return false;
  const rung = connection.prepare(
    `SELECT 1 FROM attempt WHERE contact = ? AND (result IS NULL OR result <> 'not_placed')`,
  );
  return one(rung, row) === undefined;
}

function standingOf({ queue, stage, outcome }: SettledRow): Standing {
  const isQueued = queue === QUEUE.ready || queue === QUEUE.waiting;
  return { queue, outcome, isDialling: isQueued && stage === STAGE_CODES.dialling };
}

/** It was put back by `again`, and no run has taken it since: its last call is one that ended. */
function isPutBack(
  connection: Connection,
  { row, queue, outcome, calls }: SettledRow,
  settlement: Settlement,
): boolean {
  if (outcome !== null || queue === QUEUE.claimed || calls === 0) return false;
  return takesBack(settlement, new CallReader(connection).call(row, calls)?.outcome);
}

function takeBack(
  connection: Connection,
  campaign: CampaignRow,
  contact: SettledRow,
  settlement: Settlement,
): Settled {
  const { row, queue } = contact;
  connection.prepare(FORGET_STEPS).run(row);
  const before = contactState(queue, null);
  if (new CallReader(connection).call(row, contact.calls)?.outcome === 'uncertain') {
    campaign.move(before, 'uncertain');
    end(connection, campaign, contact, settlement);
    return 'settled';
  }
  // Its record was made before; its row goes back into results.csv.
  campaign.forgetResults();
  campaign.move(before, 'done');
  connection
    .prepare('UPDATE contact SET outcome = ?, queue = ?, stage = ? WHERE row = ?')
    .run(settlement.outcome, QUEUE.none, STAGE_CODES.owed, row);
  return 'restored';
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
    .prepare('UPDATE contact SET outcome = ?, queue = ?, stage = ?, due_ms = NULL WHERE row = ?')
    .run(outcome, QUEUE.ready, STAGE_CODES.owed, row);
  campaign.move('uncertain', 'done');
}

/**
 * The call stays as it ended; the next one has its text and audio, which are paid for, unless the
 * script is another one by now. It follows the list: the row may have been corrected since that
 * call, or deleted.
 */
function queueAgain(
  connection: Connection,
  campaign: CampaignRow,
  contact: SettledRow,
  settlement: Settlement,
): Settled {
  const { note } = settlement;
  const { row, calls, outcome, pending, gone } = contact;
  const isGone = gone === 1;
  if (!isGone) refuseOptedOut(connection, contact, settlement);
  const said = new CallReader(connection).call(row, calls)?.detail ?? undefined;
  connection
    .prepare('UPDATE call SET detail = ? WHERE contact = ? AND number = ?')
    .run(withNote(said, note) ?? null, row, calls);
  connection
    .prepare(
      `INSERT INTO step (contact, number, step, ended_ms, service, result, edition)
       SELECT contact, number + 1, step, ended_ms, service, result, edition FROM step
       WHERE contact = ? AND number = ? AND step <= ${STEP_CODES.speech} AND ended_ms IS NOT NULL`,
    )
    .run(row, calls);
  if (new SqliteScripts(connection, campaign.row).former(row, calls) !== undefined) {
    connection.prepare(FORGET_TEXTS).run(row);
  }
  if (!isGone && pending !== null) follow(connection, contact, JSON.parse(pending));
  const contents = new CallReader(connection).contents(row, calls + 1);
  const stage = STAGE_CODES[stageOf(progressOf(contents, null))];
  connection
    .prepare(
      `UPDATE contact SET outcome = NULL, queue = ?, stage = ?, due_ms = NULL, reason = NULL,
         rounds = 0
       WHERE row = ?`,
    )
    .run(isGone ? QUEUE.removed : QUEUE.ready, stage, row);
  campaign.move(outcome === 'uncertain' ? 'uncertain' : 'done', isGone ? undefined : 'queued');
  if (isGone) return 'removed';
  return pending === null ? 'queued' : 'queued_as_listed';
}

function refuseOptedOut(
  connection: Connection,
  { phone, pending }: SettledRow,
  settlement: Settlement,
): void {
  const number = pending === null ? phone : (JSON.parse(pending) as ContactDetails).phone;
  const asked = connection.prepare('SELECT at_ms FROM opt_out WHERE number = ?');
  const optOut = one<{ readonly at_ms: number }>(asked, number);
  if (optOut !== undefined) throw hasOptedOut(settlement, optOut.at_ms);
}

/** From now on the contact is what the list says. */
function follow(connection: Connection, contact: SettledRow, details: ContactDetails): void {
  if (!sameWords(details, detailsOf(contact))) connection.prepare(FORGET_STEPS).run(contact.row);
  connection
    .prepare(
      `UPDATE contact SET pending = NULL,
         phone = ?, phone_written = ?, name = ?, language = ?, timezone = ?, email = ?,
         variables = ?
       WHERE row = ?`,
    )
    .run(...columns(details), contact.row);
}
