import { all, type Connection, changed, type Preparer } from './connection.ts';
import type { OptOut, OptOuts } from './opt-outs.ts';

interface OptOutRow {
  readonly number: string;
  readonly at_ms: number;
  readonly campaign: string | null;
  readonly reason: string;
}

/** In the order of their time. */
export function optOutsIn(database: Preparer): readonly OptOut[] {
  const statement = database.prepare(
    'SELECT number, at_ms, campaign, reason FROM opt_out ORDER BY at_ms, number',
  );
  return all<OptOutRow>(statement).map(({ number, at_ms: atMs, campaign, reason }) => {
    return { number, atMs, campaign: campaign ?? undefined, reason };
  });
}

export class SqliteOptOuts implements OptOuts {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  list(): readonly OptOut[] {
    return optOutsIn(this.#connection);
  }

  add({ number, atMs, campaign, reason }: OptOut): boolean {
    const statement = this.#connection.prepare(
      'INSERT OR IGNORE INTO opt_out (number, at_ms, campaign, reason) VALUES (?, ?, ?, ?)',
    );
    return this.#connection.direct(
      () => changed(statement, number, atMs, campaign ?? null, reason) === 1,
    );
  }

  remove(number: string): boolean {
    const statement = this.#connection.prepare('DELETE FROM opt_out WHERE number = ?');
    return this.#connection.direct(() => changed(statement, number) === 1);
  }
}
