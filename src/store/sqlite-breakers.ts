import type { StatementSync } from 'node:sqlite';
import type { BreakerMemory, Snapshot } from '../engine/ports.ts';
import { type Connection, one } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

/**
 * Breaker states in SQLite; a save goes with the next group commit. The column `service` holds the
 * whole key, a service in a role.
 */
export class SqliteBreakers implements BreakerMemory {
  readonly #commits: GroupCommit;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  /** Saved, and not yet in the table. */
  readonly #pending = new Map<string, string>();

  constructor(connection: Connection, commits: GroupCommit) {
    this.#commits = commits;
    this.#select = connection.prepare('SELECT snapshot FROM breaker WHERE service = ?');
    this.#upsert = connection.prepare(`
      INSERT INTO breaker (service, snapshot) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot`);
  }

  load(key: string): Snapshot | undefined {
    const text = this.#pending.get(key) ?? this.#stored(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  save(key: string, snapshot: Snapshot): void {
    const scheduled = this.#pending.has(key);
    this.#pending.set(key, JSON.stringify(snapshot));
    if (scheduled) return;
    this.#commits.note(() => {
      this.#upsert.run(key, this.#pending.get(key) ?? '{}');
      this.#pending.delete(key);
    });
  }

  #stored(key: string): string | undefined {
    return one<{ snapshot: string }>(this.#select, key)?.snapshot;
  }
}
