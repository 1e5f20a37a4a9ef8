import type { StatementSync } from 'node:sqlite';
import type { BreakerMemory, Snapshot } from '../engine/ports.ts';
import { type Connection, one } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';

/** Breaker states in SQLite; a save goes with the next group commit. */
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

  load(service: string): Snapshot | undefined {
    const text = this.#pending.get(service) ?? this.#stored(service);
    return text === undefined ? undefined : JSON.parse(text);
  }

  save(service: string, snapshot: Snapshot): void {
    const scheduled = this.#pending.has(service);
    this.#pending.set(service, JSON.stringify(snapshot));
    if (scheduled) return;
    this.#commits.note(() => {
      this.#upsert.run(service, this.#pending.get(service) ?? '{}');
      this.#pending.delete(service);
    });
  }

  #stored(service: string): string | undefined {
    return one<{ snapshot: string }>(this.#select, service)?.snapshot;
  }
}
