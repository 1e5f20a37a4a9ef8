import type { StatementSync } from 'node:sqlite';
import { HOLD_MS_MAX } from '../domain/breaker-verdict.ts';
import type { Contact } from '../domain/contact.ts';
import type { ContactCounts } from '../domain/event.ts';
import type { Outcome } from '../domain/words.ts';
import type { Claim, ClaimKey, JournalEntry, ScriptInForce, Stage } from '../engine/ports.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import { all, type Connection, changed, one } from './connection.ts';
import { asRung } from './contact-details.ts';
import type { GroupCommit } from './group-commit.ts';
import {
  contactState,
  isInDoubt,
  NEXT_RUN_MS,
  QUEUE,
  STAGE_CODES,
  stageName,
  stageOf,
} from './queue-state.ts';
import {
  type CallContents,
  CallReader,
  type CallRow,
  NEW_CALL,
  NOT_ENDED,
  progressOf,
} from './sqlite-calls.ts';
import { CampaignRow } from './sqlite-campaigns.ts';
import { detailsOf } from './sqlite-contacts.ts';
import { type OpenClaim, SqliteEntries } from './sqlite-entries.ts';
import { type ContactRow, SqliteQueue } from './sqlite-queue.ts';
import { SqliteScripts } from './sqlite-scripts.ts';
import { isConstraint, WriteRefused } from './store-error.ts';

interface FenceRow {
  readonly row: number;
  readonly queue: number;
  readonly fence: number;
  readonly calls: number;
  readonly outcome: Outcome | null;
}

/** Journal and queue in SQLite. */
export class SqliteJournal implements CampaignJournal {
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #campaign: CampaignRow;
  readonly #queue: SqliteQueue;
  readonly #calls: CallReader;
  readonly #scripts: SqliteScripts;
  readonly #entries: SqliteEntries;
  readonly #open = new Map<string, OpenClaim>();
  readonly #claimed: StatementSync;
  readonly #newCall: StatementSync;
  readonly #byId: StatementSync;
  readonly #allClaimed: StatementSync;
  readonly #recovered: StatementSync;
  readonly #offerAgain: StatementSync;

  constructor(connection: Connection, commits: GroupCommit, name: string) {
    this.#connection = connection;
    this.#commits = commits;
    this.#campaign = new CampaignRow(connection, name);
    this.#queue = new SqliteQueue(connection, this.#campaign);
    this.#calls = new CallReader(connection);
    this.#scripts = new SqliteScripts(connection, this.#campaign.row);
    this.#entries = new SqliteEntries(connection, this.#campaign, this.#queue, this.#scripts);
    this.#claimed = connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.claimed}, fence = ?, calls = ?
      WHERE row = ? AND queue = ${QUEUE.ready} AND fence = ? AND calls = ?`);
    this.#newCall = connection.prepare(
      'INSERT INTO call (contact, number, id, started_ms) VALUES (?, ?, ?, ?)',
    );
    this.#byId = connection.prepare(
      'SELECT row, queue, fence, calls, outcome FROM contact WHERE campaign = ? AND id = ?',
    );
    this.#allClaimed = connection.prepare(`
      SELECT row, queue, fence, calls, outcome FROM contact
      WHERE campaign = ? AND queue = ${QUEUE.claimed}`);
    this.#recovered = connection.prepare(
      `UPDATE contact SET queue = ${QUEUE.ready}, fence = fence + 1, stage = ? WHERE row = ?`,
    );
    this.#offerAgain = connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.ready}, due_ms = NULL, reason = NULL
      WHERE campaign = ? AND queue = ${QUEUE.waiting} AND due_ms = ${NEXT_RUN_MS}`);
  }

  claim(stages: readonly Stage[], nowMs: number, newCall: string): Promise<Claim | undefined> {
    return this.#commits.add(() => {
      const row = this.#queue.next(stages, nowMs);
      return row === undefined ? undefined : this.#take(row, nowMs, newCall);
    });
  }

  write(key: ClaimKey, entry: JournalEntry): Promise<void> {
    return this.#commits.add(() => {
      if (entry.type === 'call.answered') {
        this.#entries.answered(this.#rowOf(key).row, key, entry);
        return;
      }
      const held = this.#held(key);
      const stillOpen = this.#entries.apply(held, entry) && this.#open.get(key.contact) === held;
      if (!stillOpen) this.#open.delete(key.contact);
    });
  }

  recall(nowMs: number): Promise<void> {
    return this.#commits.add(() => {
      this.#queue.recall(nowMs);
    });
  }

  settled(): Promise<void> {
    return this.#commits.settled();
  }

  outlook(): { readonly ready: boolean; readonly nextDueMs: number | undefined } {
    return { ready: this.#queue.someReady(), nextDueMs: this.#queue.nextDueMs() };
  }

  counts(): ContactCounts {
    return this.#campaign.counts();
  }

  isOthers(service: string, reference: string, call: string): boolean {
    return this.#calls.isOthers(service, reference, call);
  }

  othersInDoubt(service: string, phone: string, call: string): readonly number[] {
    return this.#calls.othersInDoubt(service, phone, call);
  }

  recover(nowMs: number): number {
    return this.#connection.direct(() => {
      this.#open.clear();
      this.#campaign.newResults();
      this.#offerAgain.run(this.#campaign.row);
      this.#queue.dueWithin(HOLD_MS_MAX, nowMs);
      const rows = all<FenceRow>(this.#allClaimed, this.#campaign.row);
      for (const { row, calls, outcome } of rows) {
        const contents = this.#calls.contents(row, calls);
        const stage = STAGE_CODES[stageOf(progressOf(contents, outcome))];
        this.#recovered.run(stage, row);
        this.#campaign.move(
          contactState(QUEUE.claimed, outcome),
          contactState(QUEUE.ready, outcome),
        );
      }
      return rows.length;
    });
  }

  writeBy(script: ScriptInForce): number {
    return this.#connection.direct(() => this.#scripts.writeBy(script));
  }

  #take(row: ContactRow, nowMs: number, newCall: string): Claim {
    const last = row.calls === 0 ? undefined : this.#calls.call(row.row, row.calls);
    const stage = stageName(row.stage);
    // These have ended, and something is left to be done about them.
    const isLeft = stage === 'owed' || stage === 'doubted';
    const goesOn = last !== undefined && (last.outcome === null || isLeft);
    const call = goesOn ? last : this.#openCall(row, nowMs, newCall);
    const number = goesOn ? row.calls : row.calls + 1;
    const contents = number === 1 && !goesOn ? NEW_CALL : this.#calls.contents(row.row, number);
    const key = { contact: row.id, call: call.id, number, fence: row.fence + 1 };
    if (changed(this.#claimed, key.fence, number, row.row, row.fence, row.calls) !== 1) {
      throw new Error(`contact ${row.id} changed while it was claimed`);
    }
    this.#campaign.move(
      contactState(QUEUE.ready, row.outcome),
      contactState(QUEUE.claimed, row.outcome),
    );
    this.#open.set(row.id, {
      key,
      row: row.row,
      progress: progressOf(contents, row.outcome),
      epoch: this.#connection.epoch,
    });
    // Texts of those who were not called are never of a former script: see `writeBy`.
    const former = isInDoubt(stage) ? this.#scripts.former(row.row, number) : undefined;
    return claimOf(key, stage, row, call, { ...contents, former });
  }

  #openCall({ row, calls }: ContactRow, nowMs: number, id: string): CallRow {
    try {
      this.#newCall.run(row, calls + 1, id, nowMs);
    } catch (error) {
      if (isConstraint(error)) throw new WriteRefused(`the call ${id} is in the journal already`);
      throw error;
    }
    return { ...NOT_ENDED, id, started_ms: nowMs };
  }

  /** The claim that this key stands for; read again where somebody else may have written. */
  #held(key: ClaimKey): OpenClaim {
    const known = this.#open.get(key.contact);
    if (known?.key.fence === key.fence && known.epoch === this.#connection.epoch) return known;
    const row = this.#rowOf(key);
    if (row.fence !== key.fence) {
      throw new WriteRefused(`the claim of contact ${key.contact} was taken over`);
    }
    if (row.queue !== QUEUE.claimed) {
      throw new WriteRefused(`the claim of contact ${key.contact} has ended`);
    }
    const claim = this.#reopened(key, row);
    this.#open.set(key.contact, claim);
    return claim;
  }

  #rowOf({ contact }: ClaimKey): FenceRow {
    const row = one<FenceRow>(this.#byId, this.#campaign.row, contact);
    if (row === undefined) throw new WriteRefused(`there is no contact ${contact}`);
    return row;
  }

  #reopened(key: ClaimKey, { row, outcome }: FenceRow): OpenClaim {
    const contents = this.#calls.contents(row, key.number);
    const progress = progressOf(contents, outcome);
    return { key, row, progress, epoch: this.#connection.epoch };
  }
}

function claimOf(
  key: ClaimKey,
  stage: Stage,
  row: ContactRow,
  call: CallRow,
  contents: CallContents & Pick<Claim, 'former'>,
): Claim {
  const { outcome, detail, ended_ms: endedMs } = call;
  const { former, phone, ...known } = contents;
  const isChanged = row.unlisted === 1 || row.pending !== null || former !== undefined;
  return {
    key,
    contact: stage === 'owed' ? asRung(contactOf(row), phone) : contactOf(row),
    stage,
    startedMs: call.started_ms,
    ...known,
    ...(outcome !== null &&
      endedMs !== null && { ended: { outcome, detail: detail ?? undefined, endedMs } }),
    ...(call.answer !== null && { answer: call.answer }),
    ...(call.hung_up_ms !== null && { isHungUp: true }),
    ...(row.opted_out_ms !== null && { optedOutMs: row.opted_out_ms }),
    rounds: row.rounds,
    isOutdated: outcome === null && isChanged,
    ...(former !== undefined && { former }),
    isUnlisted: outcome === null && row.unlisted === 1,
  };
}

function contactOf(row: ContactRow): Contact {
  return { id: row.id, ...detailsOf(row), line: row.line };
}
