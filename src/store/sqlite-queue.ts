import type { StatementSync } from 'node:sqlite';
import type { Outcome } from '../domain/words.ts';
import type { Stage } from '../engine/ports.ts';
import { all, type Connection, one } from './connection.ts';
import { isUrgent, NEXT_RUN_MS, QUEUE, STAGE_CODES } from './queue-state.ts';
import type { CampaignRow } from './sqlite-campaigns.ts';
import type { DetailColumns } from './sqlite-contacts.ts';

/** A contact as its row says it. */
export interface ContactRow extends DetailColumns {
  readonly row: number;
  readonly stage: number;
  readonly position: number;
  readonly fence: number;
  readonly calls: number;
  readonly outcome: Outcome | null;
  readonly rounds: number;
  readonly unlisted: number;
  readonly pending: string | null;
  readonly line: number;
  readonly id: string;
  /** When whoever has the number asked not to be called. */
  readonly opted_out_ms: number | null;
}

const CONTACT_COLUMNS =
  'row, stage, position, fence, calls, outcome, rounds, unlisted, pending, ' +
  'line, id, phone, phone_written, name, language, timezone, email, variables, ' +
  '(SELECT at_ms FROM opt_out WHERE number = phone) AS opted_out_ms';

/**
 * Which contact is next. What it remembers between calls (a stage with nobody ready, the first
 * due time) saves most of the look-ups of a claim; it holds only as long as the epoch.
 */
export class SqliteQueue {
  readonly #connection: Connection;
  readonly #campaign: CampaignRow;
  readonly #promote: StatementSync;
  readonly #recall: StatementSync;
  readonly #hasten: StatementSync;
  readonly #firstReady: StatementSync;
  readonly #anyReady: StatementSync;
  readonly #firstDue: StatementSync;
  readonly #empty = new Set<Stage>();
  #epoch = -1;
  /** No contact waits for a time before this. */
  #dueMsMin = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, campaign: CampaignRow) {
    this.#connection = connection;
    this.#campaign = campaign;
    this.#promote = connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.ready}, due_ms = NULL, reason = NULL
      WHERE campaign = ? AND queue = ${QUEUE.waiting} AND due_ms <= ?
      RETURNING outcome`);
    this.#recall = connection.prepare(`
      UPDATE contact SET due_ms = ?
      WHERE campaign = ? AND queue = ${QUEUE.waiting} AND due_ms > ? AND recall = 1`);
    this.#hasten = connection.prepare(`
      UPDATE contact SET due_ms = ?
      WHERE campaign = ? AND queue = ${QUEUE.waiting} AND due_ms > ? AND due_ms <> ${NEXT_RUN_MS}`);
    this.#firstReady = connection.prepare(`
      SELECT ${CONTACT_COLUMNS} FROM contact INDEXED BY contact_ready
      WHERE campaign = ? AND queue = ${QUEUE.ready} AND stage = ? ORDER BY position LIMIT 1`);
    this.#anyReady = connection.prepare(`
      SELECT 1 FROM contact INDEXED BY contact_ready
      WHERE campaign = ? AND queue = ${QUEUE.ready} LIMIT 1`);
    this.#firstDue = connection.prepare(`
      SELECT due_ms FROM contact INDEXED BY contact_waiting
      WHERE campaign = ? AND queue = ${QUEUE.waiting} AND due_ms < ${NEXT_RUN_MS}
      ORDER BY due_ms LIMIT 1`);
  }

  /** The first ready contact; those with a call to be settled come before the rest. */
  next(stages: readonly Stage[], nowMs: number): ContactRow | undefined {
    this.#refresh();
    this.#promoteDue(nowMs);
    return (
      this.#first(stages.filter(isUrgent)) ??
      this.#first(stages.filter((stage) => !isUrgent(stage)))
    );
  }

  /** A contact of this stage came back to the queue. */
  returned(stage: Stage): void {
    this.#empty.delete(stage);
  }

  /** A contact waits until `dueMs`. */
  waits(dueMs: number): void {
    this.#dueMsMin = Math.min(this.#dueMsMin, dueMs);
  }

  /** Those who wait for a service are due now. */
  recall(nowMs: number): void {
    this.#recall.run(nowMs, this.#campaign.row, nowMs);
    this.waits(nowMs);
  }

  /** Whoever waits for longer is due now; not those who wait for the next run. */
  dueWithin(waitMsMax: number, nowMs: number): void {
    this.#hasten.run(nowMs, this.#campaign.row, nowMs + waitMsMax);
    this.waits(nowMs);
  }

  someReady(): boolean {
    return one(this.#anyReady, this.#campaign.row) !== undefined;
  }

  nextDueMs(): number | undefined {
    return one<{ due_ms: number }>(this.#firstDue, this.#campaign.row)?.due_ms;
  }

  #refresh(): void {
    if (this.#epoch === this.#connection.epoch) return;
    this.#epoch = this.#connection.epoch;
    this.#empty.clear();
    this.#dueMsMin = Number.NEGATIVE_INFINITY;
  }

  #promoteDue(nowMs: number): void {
    if (nowMs < this.#dueMsMin) return;
    const promoted = all<{ outcome: Outcome | null }>(this.#promote, this.#campaign.row, nowMs);
    this.#dueMsMin = this.nextDueMs() ?? Number.POSITIVE_INFINITY;
    if (promoted.length === 0) return;
    this.#empty.clear();
    const queued = promoted.filter(({ outcome }) => outcome === null).length;
    this.#campaign.move('put_off', 'queued', queued);
  }

  #first(stages: readonly Stage[]): ContactRow | undefined {
    let first: ContactRow | undefined;
    for (const stage of stages) {
      if (this.#empty.has(stage)) continue;
      const code = STAGE_CODES[stage];
      const found = one<ContactRow>(this.#firstReady, this.#campaign.row, code);
      if (found === undefined) this.#empty.add(stage);
      else if (first === undefined || found.position < first.position) first = found;
    }
    return first;
  }
}
