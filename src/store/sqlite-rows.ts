import type { StatementSync } from 'node:sqlite';
import type { OwedRow, RowChange, RowMemory } from '../engine/ports.ts';
import { all, type Connection, one } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

interface StoredRow {
  readonly id: string;
  readonly cells: string;
  readonly doubt_ms: number | null;
}

/** Rows in SQLite; a save goes with the next group commit. */
export class SqliteRows implements RowMemory {
  readonly #commits: GroupCommit;
  readonly #campaign: number;
  readonly #load: StatementSync;
  readonly #count: StatementSync;
  readonly #owe: StatementSync;
  readonly #next: StatementSync;
  readonly #doubt: StatementSync;
  readonly #settle: StatementSync;

  /** @param campaign the number of the campaign's row */
  constructor(connection: Connection, commits: GroupCommit, campaign: number) {
    this.#commits = commits;
    this.#campaign = campaign;
    this.#load = connection.prepare(`
      SELECT id, cells, doubt_ms FROM owed_row
      WHERE campaign = ? AND (doubt_ms IS NULL OR doubt_ms <= ?) ORDER BY row LIMIT ?`);
    // Reads all of them: asked where none can be loaded, and there are few.
    this.#next = connection.prepare(
      'SELECT min(ifnull(doubt_ms, 0)) AS next_ms FROM owed_row WHERE campaign = ?',
    );
    this.#count = connection.prepare('SELECT count(*) AS count FROM owed_row WHERE campaign = ?');
    this.#owe = connection.prepare(
      'INSERT INTO owed_row (campaign, id, cells) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#doubt = connection.prepare(
      'UPDATE owed_row SET doubt_ms = ? WHERE campaign = ? AND id = ?',
    );
    this.#settle = connection.prepare('DELETE FROM owed_row WHERE campaign = ? AND id = ?');
  }

  load(max: number, nowMs: number): readonly OwedRow[] {
    const rows = all<StoredRow>(this.#load, this.#campaign, nowMs, max);
    return rows.map(({ id, cells, doubt_ms: doubtMs }) => {
      return { id, cells: JSON.parse(cells), doubtMs: doubtMs ?? undefined };
    });
  }

  nextMs(): number | undefined {
    return one<{ next_ms: number | null }>(this.#next, this.#campaign)?.next_ms ?? undefined;
  }

  count(): number {
    return one<{ count: number }>(this.#count, this.#campaign)?.count ?? 0;
  }

  save(change: RowChange): Promise<void> {
    return this.#commits.add(() => this.#write(change));
  }

  #write({ owed = [], doubt, settled = [] }: RowChange): void {
    const campaign = this.#campaign;
    for (const { id, cells } of owed) this.#owe.run(campaign, id, JSON.stringify(cells));
    for (const id of doubt?.ids ?? []) this.#doubt.run(doubt?.untilMs ?? null, campaign, id);
    for (const id of settled) this.#settle.run(campaign, id);
  }
}
