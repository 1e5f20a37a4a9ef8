import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Alert } from '../domain/alert.ts';
import type { Cause } from '../domain/causes.ts';
import type { ContactCounts, RowsOwed, RunEnd } from '../domain/event.ts';
import type { FailureKind } from '../domain/failure.ts';
import { UsageBook, type UsageCount } from '../domain/usage.ts';
import type { Outcome, Role } from '../domain/words.ts';
import { type OwedAlert, STAGES, type Stage } from '../engine/ports.ts';
import { all, one, openForReading, rowsOf } from './connection.ts';
import type { OptOut } from './opt-outs.ts';
import {
  type ContactStanding,
  contactState,
  isUrgent,
  NEXT_RUN_MS,
  QUEUE,
  type QueueState,
  STAGE_CODES,
  STEP_CODES,
  stageName,
  stepName,
} from './queue-state.ts';
import type {
  AnswerCount,
  BreakerSummary,
  CallsInDoubt,
  CampaignSummary,
  CutOffService,
  EndedCall,
  FailureCount,
  FallbackCount,
  ImportedList,
  LatestFailure,
  NextContact,
  OutcomeCount,
  RecordNote,
  RunSummary,
  UncertainContact,
  WaitingReason,
} from './report-rows.ts';
import { OPEN_ROWS, type OpenRow, OWED_ROWS, type OwedRow, owedAlertOf } from './sqlite-alerts.ts';
import { type CountColumns, withTotal } from './sqlite-campaigns.ts';
import {
  CAMPAIGN,
  callsInDoubt,
  type DoubtLimits,
  endedCalls,
  uncertainContacts,
} from './sqlite-ended-calls.ts';
import { optOutsIn } from './sqlite-opt-outs.ts';
import { answers, failedCalls, optedOut, outcomes } from './sqlite-outcomes.ts';
import { People } from './sqlite-people.ts';
import { waitingReasons } from './sqlite-waiting.ts';
import { explaining, walked } from './store-error.ts';
import { type Duration, type Timing, timingsOf } from './timings.ts';

/**
 * Reads the store for the commands, on a connection of its own that cannot write, also while a run
 * is on. A campaign that is not there reads like one without contacts.
 */
export class Reports implements Disposable {
  readonly people: People;
  readonly #path: string;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#path = path;
    this.#database = explaining(path, () => openForReading(path));
    this.people = new People(path, this.#database);
  }

  /** All that `work` reads belongs to one moment. */
  consistent<Value>(work: () => Value): Value {
    return explaining(this.#path, () => {
      this.#database.exec('BEGIN');
      try {
        return work();
      } finally {
        this.#database.exec('COMMIT');
      }
    });
  }

  /** By name. */
  campaigns(): readonly CampaignSummary[] {
    const rows = this.#all<CountColumns & { name: string }>(
      'SELECT name, queued, put_off, calling, done, uncertain FROM campaign ORDER BY name',
    );
    return rows.map((row) => ({ campaign: row.name, contacts: withTotal(row) }));
  }

  hasCampaign(campaign: string): boolean {
    return this.#one('SELECT 1 FROM campaign WHERE name = ?', campaign) !== undefined;
  }

  counts(campaign: string): ContactCounts {
    return withTotal(
      this.#one<CountColumns>(
        'SELECT queued, put_off, calling, done, uncertain FROM campaign WHERE name = ?',
        campaign,
      ),
    );
  }

  /** Where each contact stands, by id. */
  standings(campaign: string): ReadonlyMap<string, ContactStanding> {
    const rows = this.#all<{ id: string; queue: QueueState; outcome: Outcome | null }>(
      `SELECT id, queue, outcome FROM contact WHERE campaign = ${CAMPAIGN} ORDER BY row`,
      campaign,
    );
    return new Map(
      rows.map(({ id, queue, outcome }) => [
        id,
        { state: contactState(queue, outcome), outcome: outcome ?? undefined },
      ]),
    );
  }

  /** Contacts that were taken out because the list does not name them any more. */
  removed(campaign: string): number {
    const row = this.#one<{ count: number }>(
      `SELECT count(*) AS count FROM contact
       WHERE campaign = ${CAMPAIGN} AND queue = ${QUEUE.removed}`,
      campaign,
    );
    return row?.count ?? 0;
  }

  /** Says something only while a run of the campaign is on. */
  cutOff(campaign: string): readonly CutOffService[] {
    return this.#all<CutOffService>(
      `SELECT service, address, since_ms AS sinceMs, reason, retry_ms AS retryMs FROM cut_off
       WHERE campaign = ${CAMPAIGN} ORDER BY service`,
      campaign,
    );
  }

  /** By role and service. */
  breakers(): readonly BreakerSummary[] {
    const rows = this.#all<{ key: string; snapshot: string }>(
      'SELECT service AS key, snapshot FROM breaker ORDER BY service',
    );
    return rows.map(({ key, snapshot }) => ({ key, snapshot: JSON.parse(snapshot) }));
  }

  /**
   * Put together by the service and code that failed them last, as far as there is one. The
   * earliest due first, those last that wait for the next run.
   */
  waiting(campaign: string): readonly WaitingReason[] {
    return explaining(this.#path, () => waitingReasons(this.#database, campaign));
  }

  /** As a run would take them: those with a call to be settled, the ready, then those that wait. */
  nextContacts(campaign: string, limit: number): readonly NextContact[] {
    const urgent = STAGES.filter(isUrgent).flatMap((stage) => this.#ready(campaign, stage, limit));
    const others = STAGES.filter((stage) => !isUrgent(stage));
    const ready = others.flatMap((stage) => this.#ready(campaign, stage, limit));
    const waiting = this.#all<NextRow>(
      `SELECT ${NEXT_COLUMNS} FROM contact
       WHERE campaign = ${CAMPAIGN} AND queue = ${QUEUE.waiting} AND due_ms < ${NEXT_RUN_MS}
       ORDER BY due_ms, row LIMIT ?`,
      campaign,
      limit,
    );
    const rows = [...urgent.sort(byPosition), ...ready.sort(byPosition), ...waiting];
    return rows.slice(0, limit).map(nextContact);
  }

  /** In the order of the queue. */
  uncertainContacts(campaign: string): readonly UncertainContact[] {
    return explaining(this.#path, () => uncertainContacts(this.#database, campaign));
  }

  /**
   * Who could be meant by an id, however it is written in capitals and small letters, or by a
   * number in E.164, also the one that the list gives a contact since. An empty one is nobody's.
   */
  contactsNamed(
    campaign: string,
    id: string,
    phone: string,
  ): readonly { readonly contact: string; readonly outcome: Outcome | null }[] {
    return this.#all(
      `SELECT id AS contact, outcome FROM contact
       WHERE campaign = ${CAMPAIGN} AND (lower(id) = lower(?) OR phone = ? OR pending_phone = ?)
       ORDER BY position`,
      campaign,
      id,
      phone,
      phone,
    );
  }

  /** By service, the oldest first. */
  callsInDoubt(campaign: string, limits: DoubtLimits): readonly CallsInDoubt[] {
    return explaining(this.#path, () => callsInDoubt(this.#database, campaign, limits));
  }

  /** Contacts by outcome, the most frequent first. */
  outcomes(campaign: string): readonly OutcomeCount[] {
    return explaining(this.#path, () => outcomes(this.#database, campaign));
  }

  /** Contacts by what they chose with a key, the most frequent first. */
  answers(campaign: string): readonly AnswerCount[] {
    return explaining(this.#path, () => answers(this.#database, campaign));
  }

  /** Why calls failed for good, the most frequent first; not of who had asked not to be rung. */
  failedCalls(campaign: string): readonly Cause[] {
    return explaining(this.#path, () => failedCalls(this.#database, campaign));
  }

  /** Contacts that were not rung because their number had asked not to be. */
  optedOut(campaign: string): number {
    return explaining(this.#path, () => optedOut(this.#database, campaign));
  }

  /** Numbers that no campaign rings, in the order in which they asked for that. */
  optOuts(): readonly OptOut[] {
    return explaining(this.#path, () => optOutsIn(this.#database));
  }

  /** By service, role and code, the most frequent first. */
  failures(campaign: string): readonly FailureCount[] {
    // Beside max(), SQLite takes the other columns from the row that has the maximum.
    const rows = this.#all<FailureRow>(
      `SELECT service, role, kind, code, status, message, count(*) AS count, max(at_ms) AS lastMs
       FROM failure WHERE campaign = ${CAMPAIGN}
       GROUP BY service, role, code ORDER BY count DESC, service, role, code`,
      campaign,
    );
    return rows.map((row) => ({ ...row, status: row.status ?? undefined }));
  }

  /** In whatever campaign; undefined where it never failed. */
  latestFailure(role: Role, service: string): LatestFailure | undefined {
    return this.#one<LatestFailure>(
      `SELECT message, at_ms AS atMs FROM failure WHERE role = ? AND service = ?
       ORDER BY row DESC LIMIT 1`,
      role,
      service,
    );
  }

  /** What services were paid for in all runs, in the order of `UsageBook.counts`. */
  usage(campaign: string): readonly UsageCount[] {
    const rows = this.#all<UsageCount>(
      `SELECT role, service, seconds, answers, input_tokens AS inputTokens,
         output_tokens AS outputTokens, characters
       FROM usage WHERE campaign = ${CAMPAIGN}`,
      campaign,
    );
    return new UsageBook(rows).counts();
  }

  /** The most frequent first. */
  fallbacks(campaign: string): readonly FallbackCount[] {
    return this.#all<FallbackCount>(
      `SELECT role, service, instead, count, reason, last_ms AS lastMs FROM fallback
       WHERE campaign = ${CAMPAIGN} ORDER BY count DESC, role, service, instead`,
      campaign,
    );
  }

  /** By step and service, in the order of a call. */
  timings(campaign: string): readonly Timing[] {
    const durations = this.#prepare(
      `SELECT s.step, s.service, CAST(round(s.ended_ms - s.begun_ms) AS INTEGER) AS ms,
         count(*) AS count
       FROM contact k JOIN step s ON s.contact = k.row
       WHERE k.campaign = ${CAMPAIGN} AND s.ended_ms >= s.begun_ms AND s.service IS NOT NULL
       GROUP BY s.step, s.service, ms ORDER BY s.step, s.service, ms`,
    );
    return explaining(this.#path, () => timingsOf(named(rowsOf<DurationRow>(durations, campaign))));
  }

  /**
   * Calls that have their outcome, in the order in which they ended; `recorded` leaves out those
   * whose record is not made. Reads as it is walked.
   */
  calls(campaign: string, options: { readonly recorded: boolean }): Iterable<EndedCall> {
    return walked(this.#path, () => endedCalls(this.#database, campaign, options.recorded));
  }

  /** How many calls have their outcome and wait for the CRM to take their record. */
  recordsOwed(campaign: string): number {
    // One look into each index of the queue; over all contacts it would be a walk.
    const owed = (queue: number, which: string): number => {
      const row = this.#one<{ count: number }>(
        `SELECT count(*) AS count FROM contact
         WHERE campaign = ${CAMPAIGN} AND queue = ${queue} AND ${which}`,
        campaign,
      );
      return row?.count ?? 0;
    };
    return (
      owed(QUEUE.ready, `stage = ${STAGE_CODES.owed}`) +
      owed(QUEUE.waiting, "outcome <> 'uncertain'") +
      owed(QUEUE.claimed, "outcome <> 'uncertain'")
    );
  }

  /** The most frequent first. */
  recordNotes(campaign: string): readonly RecordNote[] {
    return this.#all<RecordNote>(
      `SELECT s.result AS note, count(*) AS count
       FROM contact k JOIN step s ON s.contact = k.row
       WHERE k.campaign = ${CAMPAIGN} AND s.step = ${STEP_CODES.record} AND s.result IS NOT NULL
       GROUP BY note ORDER BY count DESC, note`,
      campaign,
    );
  }

  /** Length of results.csv that the journal vouches for; 0 without one, -1 where it is outdated. */
  resultsBytes(campaign: string): number {
    const row = this.#one<{ results_bytes: number }>(
      'SELECT results_bytes FROM campaign WHERE name = ?',
      campaign,
    );
    return row?.results_bytes ?? 0;
  }

  /** Whether a call has its outcome and its record is not made yet. */
  hasOpenRecords(campaign: string): boolean {
    return this.recordsOwed(campaign) > 0;
  }

  /** Rows that the campaign's sheet has yet to take. */
  rowsOwed(campaign: string): number {
    const row = this.#one<{ rows: number }>(
      `SELECT count(*) AS rows FROM owed_row WHERE campaign = ${CAMPAIGN}`,
      campaign,
    );
    return row?.rows ?? 0;
  }

  /** Those of all campaigns that have any, in the order of their names. */
  rowsOwedByCampaign(): readonly RowsOwed[] {
    return this.#all<RowsOwed>(
      `SELECT name AS campaign, count(*) AS rows FROM owed_row
       JOIN campaign ON campaign.row = owed_row.campaign GROUP BY name ORDER BY name`,
    ).map(({ campaign, rows }) => ({ campaign, rows }));
  }

  /** What was raised and is not over, of all campaigns. */
  alertsOpen(): readonly Alert[] {
    const kept = this.#all<OpenRow>(OPEN_ROWS).map(({ alert }): Alert => JSON.parse(alert));
    return kept.filter(({ kind }) => kind === 'raised');
  }

  /** Alerts that a channel has yet to take, of all campaigns. */
  alertsOwed(): readonly OwedAlert[] {
    return this.#all<OwedRow>(OWED_ROWS).map(owedAlertOf);
  }

  /** The newest first. */
  lists(campaign: string): readonly ImportedList[] {
    return this.#all<ImportedList>(
      `SELECT path, at_ms AS atMs, rows, rejected FROM list
       WHERE campaign = ${CAMPAIGN} ORDER BY row DESC`,
      campaign,
    );
  }

  /** Rows that the last reading of the list refused. */
  rejectedCount(campaign: string): number {
    return this.lists(campaign)[0]?.rejected ?? 0;
  }

  lastRun(campaign: string): RunSummary | undefined {
    const row = this.#one<RunRow>(
      `SELECT pid, host, started_ms, ended_ms, end FROM run
       WHERE campaign = ${CAMPAIGN} ORDER BY row DESC LIMIT 1`,
      campaign,
    );
    return (
      row && {
        pid: row.pid,
        host: row.host,
        startedMs: row.started_ms,
        endedMs: row.ended_ms ?? undefined,
        end: row.end ?? undefined,
      }
    );
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ready(campaign: string, stage: Stage, limit: number): NextRow[] {
    return this.#all<NextRow>(
      `SELECT ${NEXT_COLUMNS} FROM contact
       WHERE campaign = ${CAMPAIGN} AND queue = ${QUEUE.ready} AND stage = ${STAGE_CODES[stage]}
       ORDER BY position LIMIT ?`,
      campaign,
      limit,
    );
  }

  #prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  #one<Row>(sql: string, ...values: (string | number)[]): Row | undefined {
    return explaining(this.#path, () => one<Row>(this.#prepare(sql), ...values));
  }

  #all<Row>(sql: string, ...values: (string | number)[]): Row[] {
    return explaining(this.#path, () => all<Row>(this.#prepare(sql), ...values));
  }
}

/**
 * Opens the store for reading.
 *
 * @throws StoreError `missing` where there is none yet
 */
export function openReports(options: { readonly path: string }): Reports {
  return new Reports(options.path);
}

const NEXT_COLUMNS = 'id, name, phone, stage, position, due_ms, reason';

interface NextRow {
  readonly position: number;
  readonly id: string;
  readonly name: string | null;
  readonly phone: string;
  readonly stage: number;
  readonly due_ms: number | null;
  readonly reason: string | null;
}

interface FailureRow {
  readonly service: string;
  readonly role: Role;
  readonly kind: FailureKind;
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly count: number;
  readonly lastMs: number;
}

interface DurationRow {
  readonly step: number;
  readonly service: string;
  readonly ms: number;
  readonly count: number;
}

interface RunRow {
  readonly pid: number;
  readonly host: string;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly end: RunEnd | null;
}

function byPosition(one: NextRow, other: NextRow): number {
  return one.position - other.position;
}

function nextContact(row: NextRow): NextContact {
  return {
    contact: row.id,
    name: row.name ?? undefined,
    phone: row.phone,
    stage: stageName(row.stage),
    dueMs: row.due_ms ?? undefined,
    reason: row.reason ?? undefined,
  };
}

function* named(rows: Iterable<DurationRow>): Iterable<Duration> {
  for (const row of rows) yield { ...row, step: stepName(row.step) };
}
