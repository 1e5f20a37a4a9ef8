/**
 * Rows for a sheet, and what is kept until they stand there.
 */

export type RowCell = string | number;

/** A row that a sheet has yet to take. */
export interface OwedRow {
  /** Of the row, in the campaign. */
  readonly id: string;
  readonly cells: readonly RowCell[];
  /**
   * An attempt to write it began, and nothing is known of its end: until then it may still arrive;
   * milliseconds since the epoch. Undefined: it is not in the sheet.
   */
  readonly doubtMs: number | undefined;
}

/** All of it or nothing, in this order. */
export interface RowChange {
  /** Behind those that are owed already; one that is among them is left as it is. */
  readonly owed?: readonly Pick<OwedRow, 'id' | 'cells'>[];
  /** Of rows that are owed: their `doubtMs` from now on. */
  readonly doubt?: { readonly ids: readonly string[]; readonly untilMs: number | undefined };
  /** Ids of what is not owed any more. */
  readonly settled?: readonly string[];
}

/** The rows that one campaign has for a sheet, until that has them. Held by one run at a time. */
export interface RowMemory {
  /** The first so many, in order, that will not arrive by themselves. Only what is durable. */
  load(max: number, nowMs: number): readonly OwedRow[];
  /** The earliest moment at which `load` finds some; undefined where nothing is owed. */
  nextMs(): number | undefined;
  /** How many there are. */
  count(): number;
  /**
   * Durable when it resolves, in the order of the calls and in one commit with what the journal is
   * told at the same moment. Rejects with `JournalFailure`.
   */
  save(change: RowChange): Promise<void>;
}
