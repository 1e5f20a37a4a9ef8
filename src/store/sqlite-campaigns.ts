import type { StatementSync } from 'node:sqlite';
import type { ContactCounts } from '../domain/event.ts';
import type { ContactState } from '../domain/words.ts';
import { type Connection, one } from './connection.ts';
import { RESULTS_OUTDATED } from './queue-state.ts';

/** The row of one campaign: its counts, its places in the queue, its length of results.csv. */
export class CampaignRow {
  readonly row: number;
  readonly #counts: StatementSync;
  readonly #move: StatementSync;
  readonly #places: StatementSync;
  readonly #results: StatementSync;
  readonly #forgetResults: StatementSync;
  readonly #newResults: StatementSync;
  readonly #reading: StatementSync;
  readonly #listed: StatementSync;

  /** Makes the row where there is none. */
  constructor(connection: Connection, name: string) {
    this.row = campaignRow(connection, name);
    this.#counts = connection.prepare(
      'SELECT queued, put_off, calling, done, uncertain FROM campaign WHERE row = ?',
    );
    this.#move = connection.prepare(`
      UPDATE campaign SET queued = queued + ?, put_off = put_off + ?, calling = calling + ?,
        done = done + ?, uncertain = uncertain + ?
      WHERE row = ?`);
    this.#places = connection.prepare(
      'UPDATE campaign SET position_last = position_last + ? WHERE row = ? RETURNING position_last',
    );
    this.#results = connection.prepare(
      `UPDATE campaign SET results_bytes = max(results_bytes, ?)
       WHERE row = ? AND results_bytes <> ${RESULTS_OUTDATED}`,
    );
    this.#forgetResults = connection.prepare(
      `UPDATE campaign SET results_bytes = ${RESULTS_OUTDATED} WHERE row = ?`,
    );
    this.#newResults = connection.prepare(
      `UPDATE campaign SET results_bytes = 0
       WHERE row = ? AND results_bytes = ${RESULTS_OUTDATED}`,
    );
    this.#reading = connection.prepare(
      'UPDATE campaign SET reading = reading + 1 WHERE row = ? RETURNING reading',
    );
    this.#listed = connection.prepare('UPDATE campaign SET listed = ? WHERE row = ?');
  }

  counts(): ContactCounts {
    return withTotal(one<CountColumns>(this.#counts, this.row));
  }

  /** `count` contacts went from one state to another; undefined stands for outside. */
  move(from: ContactState | undefined, to: ContactState | undefined, count = 1): void {
    if (from === to || count === 0) return;
    const change = (state: ContactState): number =>
      (to === state ? count : 0) - (from === state ? count : 0);
    this.#move.run(
      change('queued'),
      change('put_off'),
      change('calling'),
      change('done'),
      change('uncertain'),
      this.row,
    );
  }

  /** Gives away `count` places behind all others; answers the last of them. */
  places(count: number): number {
    const row = one<{ position_last: number }>(this.#places, count, this.row);
    if (row === undefined) throw new Error('the campaign is gone from the database');
    return row.position_last;
  }

  /** Begins another reading of the list; answers its number, counted from 1. */
  nextReading(): number {
    const row = one<{ reading: number }>(this.#reading, this.row);
    if (row === undefined) throw new Error('the campaign is gone from the database');
    return row.reading;
  }

  /** A reading came to its end: whom it has not seen is not on the list any more. */
  listed(reading: number): void {
    this.#listed.run(reading, this.row);
  }

  /** What stands in results.csv is out of date, whatever a run that is on adds to it. */
  forgetResults(): void {
    this.#forgetResults.run(this.row);
  }

  /** A run begins: it makes results.csv anew where that is out of date. */
  newResults(): void {
    this.#newResults.run(this.row);
  }

  /** results.csv has grown to `bytes`. */
  results(bytes: number): void {
    this.#results.run(bytes, this.row);
  }
}

export type CountColumns = Omit<ContactCounts, 'total'>;

export function withTotal(columns: CountColumns | undefined): ContactCounts {
  const { queued, put_off, calling, done, uncertain } = columns ?? NO_CONTACTS;
  const total = queued + put_off + calling + done + uncertain;
  return { total, done, calling, queued, put_off, uncertain };
}

const NO_CONTACTS: CountColumns = { queued: 0, put_off: 0, calling: 0, done: 0, uncertain: 0 };

function campaignRow(connection: Connection, name: string): number {
  const find = connection.prepare('SELECT row FROM campaign WHERE name = ?');
  const found = one<{ row: number }>(find, name);
  if (found !== undefined) return found.row;
  const insert = connection.prepare(
    'INSERT INTO campaign (name) VALUES (?) ON CONFLICT DO UPDATE SET name = name RETURNING row',
  );
  const made = connection.direct(() => one<{ row: number }>(insert, name));
  if (made === undefined) throw new Error('the campaign was not written');
  return made.row;
}
