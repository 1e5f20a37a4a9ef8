import type { StatementSync } from 'node:sqlite';
import type { OwedRow, RowChange, RowMemory } from '../engine/ports.ts';
import { all, type Connection, one } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

interface StoredRow {
  readonly id: string;
  readonly cells: string;
  readonly tried_ms: number | null;
}

/** Rows in SQLite; a save goes with the next group commit. */
export class SqliteRows implements RowMemory {
  readonly #commits: GroupCommit;
  readonly #campaign: number;
  readonly #load: StatementSync;
  readonly #count: StatementSync;
  readonly #owe: StatementSync;
  readonly #try: StatementSync;
  readonly #settle: StatementSync;

  /** @param campaign the number of the campaign's row */
  constructor(connection: Connection, commits: GroupCommit, campaign: number) {
    this.#commits = commits;
    this.#campaign = campaign;
    this.#load = connection.prepare(
      'SELECT id, cells, tried_ms FROM owed_row WHERE campaign = ? ORDER BY row LIMIT ?',
    );
    this.#count = connection.prepare('SELECT count(*) AS count FROM owed_row WHERE campaign = ?');
    this.#owe = connection.prepare(
      'INSERT INTO owed_row (campaign, id, cells) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#try = connection.prepare(
      'UPDATE owed_row SET tried_ms = ? WHERE campaign = ? AND id = ?',
    );
    this.#settle = connection.prepare('DELETE FROM owed_row WHERE campaign = ? AND id = ?');
  }

  load(max: number): readonly OwedRow[] {
    return all<StoredRow>(this.#load, this.#campaign, max).map(({ id, cells, tried_ms }) => {
      return { id, cells: JSON.parse(cells), triedMs: tried_ms ?? undefined };
    });
  }

  count(): number {
    return one<{ count: number }>(this.#count, this.#campaign)?.count ?? 0;
  }

  save(change: RowChange): Promise<void> {
    return this.#commits.add(() => this.#write(change));
  }

  #write({ owed = [], tried, settled = [] }: RowChange): void {
    const campaign = this.#campaign;
    for (const { id, cells } of owed) this.#owe.run(campaign, id, JSON.stringify(cells));
    for (const id of tried?.ids ?? []) this.#try.run(tried?.atMs ?? null, campaign, id);
    for (const id of settled) this.#settle.run(campaign, id);
  }
}
