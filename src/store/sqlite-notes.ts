import type { StatementSync } from 'node:sqlite';
import type { RunEnd } from '../domain/event.ts';
import type { FailureKind } from '../domain/failure.ts';
import type { UsageCount } from '../domain/usage.ts';
import type { Role, Step } from '../domain/words.ts';
import { type Connection, changed, one } from './connection.ts';
import type { GroupCommit } from './group-commit.ts';
import type { CutOffService } from './report-rows.ts';

/** A failed attempt of a request, for the report. */
export interface FailureNote {
  readonly campaign: string;
  readonly contact: string | undefined;
  readonly call: string | undefined;
  readonly step: Step | undefined;
  readonly service: string;
  readonly role: Role;
  readonly kind: FailureKind;
  readonly code: string;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  readonly message: string;
  /** Wall clock milliseconds. */
  readonly atMs: number;
}

/** What a service did in the place of another. */
export interface FallbackNote {
  readonly campaign: string;
  readonly role: Role;
  readonly service: string;
  /** The service that should have done it. */
  readonly instead: string;
  readonly reason: string;
  /** Wall clock milliseconds. */
  readonly atMs: number;
}

/** A connection that was lost, or could not be made. */
export interface CutOffNote extends CutOffService {
  readonly campaign: string;
}

/** A list that was read to its end. */
export interface ListNote {
  readonly campaign: string;
  readonly path: string;
  /** Wall clock milliseconds. */
  readonly atMs: number;
  /** Data rows of the list, the rejected ones among them. */
  readonly rows: number;
  readonly rejected: number;
}

/** Who begins to work a campaign. */
export interface RunStart {
  readonly campaign: string;
  readonly pid: number;
  readonly host: string;
  /** Wall clock milliseconds. */
  readonly startedMs: number;
}

/** What one answer, or several, were paid for. */
export interface UsageNote extends UsageCount {
  readonly campaign: string;
}

/** Names one run. */
export type RunNumber = number;

/** What is written beside the journal: failures, usage, lists and runs, for later looks. */
export class SqliteNotes {
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #failure: StatementSync;
  readonly #fallback: StatementSync;
  readonly #cutOff: StatementSync;
  readonly #connected: StatementSync;
  readonly #forget: StatementSync;
  readonly #list: StatementSync;
  readonly #usage: StatementSync;
  readonly #startRun: StatementSync;
  readonly #endRun: StatementSync;

  constructor(connection: Connection, commits: GroupCommit) {
    this.#connection = connection;
    this.#commits = commits;
    this.#failure = connection.prepare(`
      INSERT INTO failure (campaign, contact, call, step, service, role, kind, code, status,
        message, at_ms)
      SELECT row, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM campaign WHERE name = ?`);
    this.#fallback = connection.prepare(`
      INSERT INTO fallback (campaign, role, service, instead, count, reason, last_ms)
      SELECT row, ?, ?, ?, 1, ?, ? FROM campaign WHERE name = ?
      ON CONFLICT DO UPDATE SET count = count + 1, reason = excluded.reason,
        last_ms = excluded.last_ms`);
    this.#cutOff = connection.prepare(`
      INSERT INTO cut_off (campaign, service, address, since_ms, reason, retry_ms)
      SELECT row, ?, ?, ?, ?, ? FROM campaign WHERE name = ?
      ON CONFLICT DO UPDATE SET address = excluded.address, reason = excluded.reason,
        retry_ms = excluded.retry_ms`);
    const its = 'campaign = (SELECT row FROM campaign WHERE name = ?)';
    this.#connected = connection.prepare(`DELETE FROM cut_off WHERE ${its} AND service = ?`);
    this.#forget = connection.prepare(`DELETE FROM cut_off WHERE ${its}`);
    this.#list = connection.prepare(`
      INSERT INTO list (campaign, path, at_ms, rows, rejected)
      SELECT row, ?, ?, ?, ? FROM campaign WHERE name = ?`);
    this.#usage = connection.prepare(`
      INSERT INTO usage (campaign, role, service, seconds, answers, input_tokens, output_tokens,
        characters)
      SELECT row, ?, ?, ?, ?, ?, ?, ? FROM campaign WHERE name = ?
      ON CONFLICT DO UPDATE SET answers = answers + excluded.answers,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        characters = characters + excluded.characters`);
    this.#startRun = connection.prepare(`
      INSERT INTO run (campaign, pid, host, started_ms)
      SELECT row, ?, ?, ? FROM campaign WHERE name = ? RETURNING row`);
    this.#endRun = connection.prepare('UPDATE run SET ended_ms = ?, end = ? WHERE row = ?');
  }

  /** Goes with the next commit. */
  failure(note: FailureNote): void {
    const { contact, call, step, service, role, kind, code, status, message, atMs } = note;
    this.#commits.note(() => {
      this.#failure.run(
        contact ?? null,
        call ?? null,
        step ?? null,
        service,
        role,
        kind,
        code,
        status ?? null,
        message,
        atMs,
        note.campaign,
      );
    });
  }

  /** Goes with the next commit. */
  fallback({ campaign, role, service, instead, reason, atMs }: FallbackNote): void {
    this.#commits.note(() => {
      this.#fallback.run(role, service, instead, reason, atMs, campaign);
    });
  }

  /** Goes with the next commit. Since when it is away stays as it was told first. */
  cutOff({ campaign, service, address, sinceMs, reason, retryMs }: CutOffNote): void {
    this.#commits.note(() => {
      this.#cutOff.run(service, address, sinceMs, reason, retryMs, campaign);
    });
  }

  /** Goes with the next commit. */
  connected(campaign: string, service: string): void {
    this.#commits.note(() => {
      this.#connected.run(campaign, service);
    });
  }

  /** Goes with the next commit. */
  list({ campaign, path, atMs, rows, rejected }: ListNote): void {
    this.#commits.note(() => {
      this.#list.run(path, atMs, rows, rejected, campaign);
    });
  }

  /** Goes with the next commit. */
  usage(note: UsageNote): void {
    const { role, service, seconds, answers, inputTokens, outputTokens, characters } = note;
    const amounts = [seconds, answers, inputTokens, outputTokens, characters];
    this.#commits.note(() => {
      this.#usage.run(role, service, ...amounts, note.campaign);
    });
  }

  startRun({ campaign, pid, host, startedMs }: RunStart): RunNumber {
    const run = this.#connection.direct(() => {
      this.#forget.run(campaign);
      return one<{ row: number }>(this.#startRun, pid, host, startedMs, campaign);
    });
    if (run === undefined) throw new Error(`there is no campaign ${campaign} to run`);
    return run.row;
  }

  endRun(run: RunNumber, endedMs: number, end: RunEnd): void {
    const ended = this.#connection.direct(() => changed(this.#endRun, endedMs, end, run));
    if (ended !== 1) throw new Error(`there is no run ${run}`);
  }
}
