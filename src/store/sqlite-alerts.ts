import type { StatementSync } from 'node:sqlite';
import type { AlertChange, AlertMemory, AlertsKept, OwedAlert } from '../engine/ports.ts';
import { AlertBook } from './alert-book.ts';
import { all, type Connection } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

export interface OwedRow {
  readonly id: string;
  readonly channel: string;
  readonly alert: string;
  readonly owed_ms: number;
  readonly refusals: number;
  readonly refused_ms: number | null;
}

export interface OpenRow {
  readonly alert: string;
}

export const OPEN_ROWS = 'SELECT alert FROM alert ORDER BY key';

export const OWED_ROWS =
  'SELECT id, channel, alert, owed_ms, refusals, refused_ms FROM owed_alert ORDER BY row';

export function owedAlertOf(row: OwedRow): OwedAlert {
  const { id, channel, alert, owed_ms: owedMs, refusals, refused_ms: refusedMs } = row;
  const owed = { id, channel, alert: JSON.parse(alert), owedMs, refusals };
  return refusedMs === null ? owed : { ...owed, refusedMs };
}

/** Alerts in SQLite; a save goes with the next group commit. */
export class SqliteAlerts implements AlertMemory {
  readonly #commits: GroupCommit;
  readonly #open: StatementSync;
  readonly #owed: StatementSync;
  readonly #upsertOpen: StatementSync;
  readonly #upsertOwed: StatementSync;
  readonly #clear: StatementSync;
  readonly #settle: StatementSync;
  /** Saved, and not known to be durable yet. */
  readonly #pending = new Set<AlertChange>();

  constructor(connection: Connection, commits: GroupCommit) {
    this.#commits = commits;
    this.#open = connection.prepare(OPEN_ROWS);
    this.#owed = connection.prepare(OWED_ROWS);
    this.#upsertOpen = connection.prepare(`
      INSERT INTO alert (key, alert) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET alert = excluded.alert`);
    this.#upsertOwed = connection.prepare(`
      INSERT INTO owed_alert (id, channel, alert, owed_ms, refusals, refused_ms)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, alert = excluded.alert,
        owed_ms = excluded.owed_ms, refusals = excluded.refusals,
        refused_ms = excluded.refused_ms`);
    this.#clear = connection.prepare('DELETE FROM alert WHERE key = ?');
    this.#settle = connection.prepare('DELETE FROM owed_alert WHERE id = ?');
  }

  load(): AlertsKept {
    const book = new AlertBook();
    const open = all<OpenRow>(this.#open).map(({ alert }) => JSON.parse(alert));
    const owed = all<OwedRow>(this.#owed).map(owedAlertOf);
    book.apply({ open, owed });
    // One that is in the tables by now, but not reported yet, changes nothing when done again.
    for (const change of this.#pending) book.apply(change);
    return book.read();
  }

  async save(change: AlertChange): Promise<void> {
    this.#pending.add(change);
    // What could not be written stays pending: it is all that is known.
    await this.#commits.add(() => this.#write(change));
    this.#pending.delete(change);
  }

  #write({ open = [], cleared = [], owed = [], settled = [] }: AlertChange): void {
    for (const key of cleared) this.#clear.run(key);
    for (const alert of open) this.#upsertOpen.run(alert.key, JSON.stringify(alert));
    for (const id of settled) this.#settle.run(id);
    for (const { id, channel, alert, owedMs, refusals, refusedMs = null } of owed) {
      this.#upsertOwed.run(id, channel, JSON.stringify(alert), owedMs, refusals, refusedMs);
    }
  }
}
