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

  load(max: number): readonly OwedRow[] {
    return [...this.#book.values()].slice(0, max).map(rowOf);
  }

  count(): number {
    return this.#book.size;
  }

  save(change: RowChange): Promise<void> {
    return this.#commits.add(() => this.#apply(change));
  }

  #apply({ owed = [], tried, settled = [] }: RowChange): void {
    for (const { id, cells } of owed) {
      if (!this.#book.has(id)) this.#put({ id, cells, triedMs: undefined });
    }
    for (const id of tried?.ids ?? []) {
      const row = this.#book.get(id);
      if (row !== undefined) this.#put({ ...rowOf(row), triedMs: tried?.atMs });
    }
    for (const id of settled) this.#book.delete(id);
  }

  #put(row: OwedRow): void {
    this.#book.set(row.id, JSON.stringify(row));
  }
}

function rowOf(text: string): OwedRow {
  const { id, cells, triedMs }: OwedRow = JSON.parse(text);
  return { id, cells, triedMs };
}
