import type { StatementSync } from 'node:sqlite';
import type { Claim, ScriptInForce } from '../engine/ports.ts';
import { all, type Connection, one } from './connection.ts';
import { QUEUE, type QueueState, STAGE_CODES, STEP_CODES } from './queue-state.ts';

/** The edition in force; 1 where no run has said by which it writes. Takes the campaign's row. */
export const EDITION_IN_FORCE =
  'ifnull((SELECT max(edition) FROM script WHERE script.campaign = ?), 1)';

/** The `script:` sections of one campaign. */
export class SqliteScripts {
  readonly #campaign: number;
  readonly #last: StatementSync;
  readonly #insert: StatementSync;
  readonly #outdate: StatementSync;
  readonly #forget: StatementSync;
  readonly #former: StatementSync;

  constructor(connection: Connection, campaign: number) {
    this.#campaign = campaign;
    this.#last = connection.prepare(
      'SELECT edition, digest FROM script WHERE campaign = ? ORDER BY edition DESC LIMIT 1',
    );
    this.#insert = connection.prepare(
      'INSERT INTO script (campaign, edition, digest, answers) VALUES (?, ?, ?, ?)',
    );
    // Those who are off the list too: their row may come back.
    this.#outdate = connection.prepare(`
      UPDATE contact SET stage = ${STAGE_CODES.fresh}
      WHERE campaign = ? AND outcome IS NULL AND queue <> ${QUEUE.claimed}
        AND stage IN (${STAGE_CODES.scripted}, ${STAGE_CODES.spoken})
      RETURNING row, queue`);
    this.#forget = connection.prepare(FORGET_TEXTS);
    this.#former = connection.prepare(`
      SELECT answers FROM step JOIN script ON script.edition = ifnull(step.edition, 1)
      WHERE campaign = ?1 AND contact = ?2 AND number = ?3 AND step = ${STEP_CODES.script}
        AND result IS NOT NULL
        AND script.edition < (SELECT max(edition) FROM script WHERE campaign = ?1)`);
  }

  /** See `CampaignJournal.writeBy`; in a transaction of the caller's. */
  writeBy({ digest, answers }: ScriptInForce): number {
    const last = one<{ edition: number; digest: string }>(this.#last, this.#campaign);
    if (last?.digest === digest) return 0;
    const text = answers === undefined ? null : JSON.stringify(answers);
    this.#insert.run(this.#campaign, (last?.edition ?? 0) + 1, digest, text);
    if (last === undefined) return 0;
    const outdated = all<{ row: number; queue: QueueState }>(this.#outdate, this.#campaign);
    for (const { row } of outdated) this.#forget.run(row);
    return outdated.filter(({ queue }) => queue !== QUEUE.removed).length;
  }

  /** By what the text of this call was written, where that is in force no more. */
  former(contact: number, number: number): Claim['former'] {
    const row = one<{ answers: string | null }>(this.#former, this.#campaign, contact, number);
    return row && { answers: row.answers === null ? undefined : JSON.parse(row.answers) };
  }
}

/** Text and audio of the call to come; what the CRM said of the contact stays. */
export const FORGET_TEXTS = `
  DELETE FROM step WHERE contact = ?1 AND step IN (${STEP_CODES.script}, ${STEP_CODES.speech})
    AND number >
      ifnull((SELECT max(number) FROM call WHERE contact = ?1 AND outcome IS NOT NULL), 0)`;
