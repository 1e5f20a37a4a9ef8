import type { OwedRow, RowChange, RowMemory } from '../engine/ports.ts';
import type { GroupCommit } from './group-commit.ts';

/** The owed rows of one campaign, by id and in order; as JSON, so that nobody shares them. */
export type RowBook = Map<string, string>;

/** Rows in a plain Map. */
export class MemoryRows implements RowMemory {
  readonly #book: RowBook;
  readonly #commits: GroupCommit;

  constructor(book: RowBook, commits: GroupCommit) {
    this.#book = book;
    this.#commits = commits;
  }

  load(max: number, nowMs: number): readonly OwedRow[] {
    const rows: OwedRow[] = [];
    for (const text of this.#book.values()) {
      if (rows.length === max) break;
      const row = rowOf(text);
      if ((row.doubtMs ?? 0) <= nowMs) rows.push(row);
    }
    return rows;
  }

  nextMs(): number | undefined {
    const times = [...this.#book.values()].map((text) => rowOf(text).doubtMs ?? 0);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  count(): number {
    return this.#book.size;
  }

  save(change: RowChange): Promise<void> {
    return this.#commits.add(() => this.#apply(change));
  }

  #apply({ owed = [], doubt, settled = [] }: RowChange): void {
    for (const { id, cells } of owed) {
      if (!this.#book.has(id)) this.#put({ id, cells, doubtMs: undefined });
    }
    for (const id of doubt?.ids ?? []) {
      const row = this.#book.get(id);
      if (row !== undefined) this.#put({ ...rowOf(row), doubtMs: doubt?.untilMs });
    }
    for (const id of settled) this.#book.delete(id);
  }

  #put(row: OwedRow): void {
    this.#book.set(row.id, JSON.stringify(row));
  }
}

function rowOf(text: string): OwedRow {
  const { id, cells, doubtMs }: OwedRow = JSON.parse(text);
  return { id, cells, doubtMs };
}
