import type { Outcome } from '../domain/words.ts';
import { one, type Preparer, rowsOf } from './connection.ts';
import { QUEUE } from './queue-state.ts';
import type { LinesFound, ListedPerson } from './report-rows.ts';
import { CAMPAIGN } from './sqlite-ended-calls.ts';
import { explaining, walked } from './store-error.ts';

/** Lines that are shown; all are counted. */
const LINES_SHOWN = 3;

// An outcome of a call, as far as a phone may have rung: a preview rings nobody.
const WAS_CALLED = "outcome IS NOT NULL AND outcome <> 'previewed'";

/** Who of a list is somebody that calls were made to before, under this id or another. */
export class People {
  readonly #path: string;
  readonly #database: Preparer;

  constructor(path: string, database: Preparer) {
    this.#path = path;
    this.#database = database;
  }

  /** Everybody whom the list had when it was read last; reads as it is walked. */
  *known(campaign: string): Iterable<ListedPerson> {
    const rows = this.#rows<PersonRow>(
      `SELECT id, phone, outcome, ${WAS_CALLED} AS called FROM contact
       WHERE campaign = ${CAMPAIGN} AND queue <> ${QUEUE.removed}`,
      campaign,
    );
    for (const { id, phone, outcome, called } of rows) {
      yield { contact: id, phone, outcome: outcome ?? undefined, wasCalled: called === 1 };
    }
  }

  /** Rows of the list whose id is that of somebody with an outcome at another number. */
  reusedIds(campaign: string): LinesFound {
    return this.#lines(
      `SELECT line FROM contact
       WHERE campaign = ${CAMPAIGN} AND pending IS NOT NULL AND pending_phone <> phone
         AND outcome IS NOT NULL AND queue <> ${QUEUE.removed} AND ${isListed('contact')}
       ORDER BY line`,
      campaign,
    );
  }

  /** Rows that are to be called at the number of somebody who was, and whose id is gone. */
  renamedIds(campaign: string): LinesFound {
    return this.#lines(
      `SELECT line FROM contact k
       WHERE campaign = ${CAMPAIGN} AND ${IS_TO_BE_CALLED} AND EXISTS (
         SELECT 1 FROM contact o WHERE o.campaign = k.campaign AND o.phone = k.phone
           AND o.phone <> o.id AND o.row <> k.row AND ${WAS_CALLED} AND NOT ${isListed('o')}
         UNION ALL
         SELECT 1 FROM contact o WHERE o.campaign = k.campaign AND o.id = k.phone
           AND o.phone = o.id AND o.row <> k.row AND ${WAS_CALLED} AND NOT ${isListed('o')})
       ORDER BY line`,
      campaign,
    );
  }

  /** Numbers that other campaigns may have rung since then, with the campaign that did so last. */
  calledSince(campaign: string, sinceMs: number): ReadonlyMap<string, string> {
    const rows = this.#rows<{ readonly phone: string; readonly name: string }>(
      `SELECT ifnull(a.phone, k.phone) AS phone, g.name
       FROM attempt a JOIN contact k ON k.row = a.contact JOIN campaign g ON g.row = k.campaign
       WHERE a.begun_ms >= ? AND a.service <> 'preview' AND g.name <> ?
         AND (a.result IS NULL OR a.result <> 'not_placed')
       ORDER BY a.begun_ms`,
      sinceMs,
      campaign,
    );
    return new Map([...rows].map(({ phone, name }) => [phone, name]));
  }

  /** Where the list had them when it was read last, and under which name. */
  places(campaign: string, ids: readonly string[]): readonly PersonPlace[] {
    return explaining(this.#path, () => {
      const statement = this.#database.prepare(
        `SELECT line, name FROM contact WHERE campaign = ${CAMPAIGN} AND id = ?`,
      );
      return ids.flatMap((id) => one<PersonPlace>(statement, campaign, id) ?? []);
    });
  }

  /** Whether the campaign is to call the number. */
  isQueued(campaign: string, phone: string): boolean {
    return explaining(this.#path, () => {
      const statement = this.#database.prepare(
        `SELECT 1 FROM contact WHERE campaign = ${CAMPAIGN} AND phone = ? AND phone <> id
           AND ${IS_TO_BE_CALLED}
         UNION ALL
         SELECT 1 FROM contact WHERE campaign = ${CAMPAIGN} AND id = ? AND phone = id
           AND ${IS_TO_BE_CALLED}`,
      );
      return one(statement, campaign, phone, campaign, phone) !== undefined;
    });
  }

  #lines(sql: string, campaign: string): LinesFound {
    let count = 0;
    const lines: number[] = [];
    for (const { line } of this.#rows<{ readonly line: number }>(sql, campaign)) {
      if (count < LINES_SHOWN) lines.push(line);
      count += 1;
    }
    return { count, lines };
  }

  #rows<Row>(sql: string, ...values: (string | number)[]): Iterable<Row> {
    return walked(this.#path, () => rowsOf<Row>(this.#database.prepare(sql), ...values));
  }
}

function isListed(alias: string): string {
  return `(${alias}.unlisted = 0 AND ${alias}.seen >=
    (SELECT listed FROM campaign g WHERE g.row = ${alias}.campaign))`;
}

const IS_TO_BE_CALLED = `(queue IN (${QUEUE.ready}, ${QUEUE.waiting}) AND outcome IS NULL)`;

export interface PersonPlace {
  readonly line: number;
  readonly name: string | null;
}

interface PersonRow {
  readonly id: string;
  readonly phone: string;
  readonly outcome: Outcome | null;
  readonly called: number;
}
