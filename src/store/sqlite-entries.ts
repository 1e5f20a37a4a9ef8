import type { StatementSync } from 'node:sqlite';
import { OPT_OUT } from '../domain/answers.ts';
import { OptedOut } from '../domain/failure.ts';
import type { Step } from '../domain/words.ts';
import type { ClaimKey, DialAttemptResult, JournalEntry } from '../engine/ports.ts';
import { type Connection, changed, one } from './connection.ts';
import { type ContactDetails, sameWords } from './contact-details.ts';
import { BY_KEY } from './opt-outs.ts';
import {
  contactState,
  NEXT_RUN_MS,
  type Progress,
  QUEUE,
  STAGE_CODES,
  STEP_CODES,
  stageOf,
} from './queue-state.ts';
import type { CampaignRow } from './sqlite-campaigns.ts';
import { columns, type DetailColumns, detailsOf, FORGET_STEPS } from './sqlite-contacts.ts';
import type { SqliteQueue } from './sqlite-queue.ts';
import { EDITION_IN_FORCE, FORGET_TEXTS, type SqliteScripts } from './sqlite-scripts.ts';
import { WriteRefused } from './store-error.ts';

/** A claim in force: its contact's row is known to be claimed under this key's fence. */
export interface OpenClaim {
  readonly key: ClaimKey;
  readonly row: number;
  readonly progress: Progress;
  /** The connection's epoch at which this was read. */
  readonly epoch: number;
}

type Of<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/** Writes entries of open claims into the tables. */
export class SqliteEntries {
  readonly #campaign: CampaignRow;
  readonly #queue: SqliteQueue;
  readonly #scripts: SqliteScripts;
  readonly #statements: Statements;

  constructor(
    connection: Connection,
    campaign: CampaignRow,
    queue: SqliteQueue,
    scripts: SqliteScripts,
  ) {
    this.#campaign = campaign;
    this.#queue = queue;
    this.#scripts = scripts;
    this.#statements = prepareStatements(connection);
  }

  /** Answers whether the claim is still open. Refuses before it has changed anything. */
  apply(claim: OpenClaim, entry: Exclude<JournalEntry, { type: 'call.answered' }>): boolean {
    switch (entry.type) {
      case 'step.begun':
        this.#stepBegun(claim, entry);
        return true;
      case 'lookup.ended':
        this.#stepEnded(claim, 'lookup', entry, JSON.stringify(entry.properties));
        return true;
      case 'script.ended':
        this.#scriptEnded(claim, entry);
        claim.progress.script = true;
        return true;
      case 'speech.ended':
        this.#stepEnded(claim, 'speech', entry, entry.hash);
        claim.progress.speech = true;
        return true;
      case 'attempt.begun':
        this.#attemptBegun(claim, entry);
        return true;
      case 'attempt.ended':
        this.#attemptEnded(claim, entry);
        return true;
      case 'call.hung_up':
        this.#statements.hungUp.run(entry.atMs, claim.row, claim.key.number);
        return true;
      case 'call.ended':
        return this.#callEnded(claim, entry);
      case 'doubt.kept':
        this.#doubtKept(claim, entry);
        return false;
      case 'record.ended':
        this.#recordEnded(claim, entry);
        return false;
      case 'record.refused':
        this.#recordRefused(claim, entry);
        return false;
      case 'put_off':
        this.#putOff(claim, entry);
        return false;
      case 'released':
        this.#released(claim);
        return false;
      case 'outdated':
        this.#outdated(claim);
        return false;
    }
  }

  #stepBegun({ row, key }: OpenClaim, { step, atMs }: Of<'step.begun'>): void {
    this.#statements.stepBegun.run(row, key.number, STEP_CODES[step], atMs);
  }

  #stepEnded(
    { row, key }: OpenClaim,
    step: Step,
    { service, atMs }: { readonly service: string; readonly atMs: number },
    result: string | null,
  ): void {
    const code = STEP_CODES[step];
    this.#statements.stepEnded.run(row, key.number, code, atMs, atMs, service, result);
  }

  #scriptEnded({ row, key }: OpenClaim, { service, text, atMs }: Of<'script.ended'>): void {
    const step = [row, key.number, STEP_CODES.script, atMs, atMs, service, text] as const;
    this.#statements.scriptEnded.run(...step, this.#campaign.row);
  }

  #attemptBegun({ row, key, progress }: OpenClaim, entry: Of<'attempt.begun'>): void {
    const { attempt, service, account, atMs } = entry;
    if (hasEnded(progress)) throw refused(key, `its call ended before attempt ${attempt} began`);
    if (progress.attempts.has(attempt)) throw refused(key, `attempt ${attempt} began before`);
    const values = [row, key.number, attempt, service, account ?? null, atMs, row] as const;
    if (changed(this.#statements.attemptBegun, ...values) !== 1) {
      throw new OptedOut(one<{ at_ms: number }>(this.#statements.optedOut, row)?.at_ms ?? atMs);
    }
    progress.attempts.set(attempt, true);
  }

  #attemptEnded({ row, key, progress }: OpenClaim, entry: Of<'attempt.ended'>): void {
    const { attempt, result, atMs } = entry;
    if (!progress.attempts.has(attempt)) throw refused(key, `attempt ${attempt} never began`);
    const detail = attemptDetail(result);
    this.#statements.attemptEnded.run(atMs, result.type, detail, row, key.number, attempt);
    progress.attempts.set(attempt, result.type !== 'not_placed');
  }

  /** Of that call, whoever has the contact by now: a key that was pressed is so. */
  answered(row: number, { number }: ClaimKey, { answer, atMs }: Of<'call.answered'>): void {
    const { answered, optOut } = this.#statements;
    answered.run(answer, answer, row, number);
    if (answer === OPT_OUT) optOut.run(number, atMs, BY_KEY, row);
  }

  #callEnded(claim: OpenClaim, entry: Of<'call.ended'>): boolean {
    const { row, key, progress } = claim;
    const { outcome, detail, code, service, atMs, unasked = false } = entry;
    const before = progress.outcome;
    const isOpen = before === null || (before === 'uncertain' && outcome !== 'uncertain');
    if (!isOpen) throw refused(key, 'its call has ended before');
    const told = [atMs, outcome, detail ?? null, code ?? null] as const;
    this.#statements.callEnded.run(...told, row, key.number);
    this.#statements.dialEnded.run(atMs, service ?? null, row, key.number, STEP_CODES.dial);
    const uncertain = outcome === 'uncertain';
    const queue = uncertain ? QUEUE.none : QUEUE.claimed;
    this.#statements.contactEnded.run(outcome, queue, STAGE_CODES.owed, row);
    this.#campaign.move(contactState(QUEUE.claimed, before), contactState(queue, outcome));
    progress.outcome = outcome;
    if (uncertain && unasked) this.#statements.doubted.run(NEXT_RUN_MS, row);
    return !uncertain;
  }

  #doubtKept({ row, key, progress }: OpenClaim, { detail, unasked }: Of<'doubt.kept'>): void {
    if (progress.outcome !== 'uncertain') throw refused(key, 'it is not uncertain');
    this.#statements.callDetail.run(detail ?? null, row, key.number);
    if (unasked) this.#statements.doubted.run(NEXT_RUN_MS, row);
    else this.#statements.contactDone.run(row);
  }

  #recordEnded(claim: OpenClaim, entry: Of<'record.ended'>): void {
    if (!isOwed(claim.progress)) throw refused(claim.key, NOT_OWED);
    this.#stepEnded(claim, 'record', entry, entry.note ?? null);
    this.#statements.contactDone.run(claim.row);
    if (entry.bytes !== undefined) this.#campaign.results(entry.bytes);
  }

  #recordRefused({ row, key, progress }: OpenClaim, { reason }: Of<'record.refused'>): void {
    if (!isOwed(progress)) throw refused(key, NOT_OWED);
    this.#statements.recordRefused.run(STAGE_CODES.owed, NEXT_RUN_MS, reason, row);
  }

  #putOff({ row, progress }: OpenClaim, entry: Of<'put_off'>): void {
    const { outcome } = progress;
    const { dueMs, reason, recall, rounds } = entry;
    const stage = STAGE_CODES[stageOf(progress)];
    const position = entry.behind ? this.#campaign.places(1) : null;
    const values = [stage, dueMs, reason, Number(recall), rounds, position, row];
    this.#statements.putOff.run(...values);
    this.#campaign.move(contactState(QUEUE.claimed, outcome), contactState(QUEUE.waiting, outcome));
    this.#queue.waits(dueMs);
  }

  #outdated(claim: OpenClaim): void {
    const { row, key, progress } = claim;
    const { listed, follow, forgetSteps, forgetTexts } = this.#statements;
    const said = one<{ unlisted: number; pending: string | null } & DetailColumns>(listed, row);
    if (said === undefined) throw new Error('a contact is gone from the database');
    const isFormer = this.#scripts.former(row, key.number) !== undefined;
    if (said.unlisted === 0 && said.pending === null && !isFormer) {
      throw refused(key, 'it is not outdated');
    }
    if (hasEnded(progress) || isOnItsWay(progress)) {
      throw refused(key, 'somebody may have been rung');
    }
    if (isFormer) {
      forgetTexts.run(row);
      progress.script = false;
      progress.speech = false;
    }
    if (said.unlisted === 1) {
      this.#statements.unlisted.run(STAGE_CODES[stageOf(progress)], row);
      this.#campaign.move(contactState(QUEUE.claimed, null), undefined);
      return;
    }
    if (said.pending === null) return this.#released(claim);
    const details: ContactDetails = JSON.parse(said.pending);
    if (!sameWords(details, detailsOf(said))) {
      forgetSteps.run(row);
      progress.script = false;
      progress.speech = false;
    }
    follow.run(...columns(details), row);
    this.#released(claim);
  }

  #released({ row, progress }: OpenClaim): void {
    const { outcome } = progress;
    const stage = stageOf(progress);
    this.#statements.released.run(STAGE_CODES[stage], row);
    this.#campaign.move(contactState(QUEUE.claimed, outcome), contactState(QUEUE.ready, outcome));
    this.#queue.returned(stage);
  }
}

function hasEnded({ outcome }: Progress): boolean {
  return outcome !== null;
}

/** There is an outcome to record: nobody is told of a call that is uncertain. */
function isOwed({ outcome }: Progress): boolean {
  return outcome !== null && outcome !== 'uncertain';
}

const NOT_OWED = 'its call has not ended in an outcome';

/** A dial attempt of the call may have rung, for all that is known. */
function isOnItsWay({ attempts }: Progress): boolean {
  return [...attempts.values()].includes(true);
}

function attemptDetail(result: DialAttemptResult): string {
  return result.type === 'placed' ? result.reference : result.code;
}

function refused({ contact, call }: ClaimKey, reason: string): WriteRefused {
  return new WriteRefused(`call ${call} of contact ${contact}: ${reason}`);
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(
  connection: Connection,
): Record<
  | 'hungUp'
  | 'callEnded'
  | 'contactEnded'
  | 'contactDone'
  | 'recordRefused'
  | 'putOff'
  | 'released'
  | 'listed'
  | 'unlisted'
  | 'follow'
  | 'forgetSteps'
  | 'forgetTexts',
  StatementSync
> &
  ReturnType<typeof stepStatements> &
  ReturnType<typeof attemptStatements> &
  ReturnType<typeof doubtStatements> {
  return {
    ...stepStatements(connection),
    ...attemptStatements(connection),
    ...doubtStatements(connection),
    hungUp: connection.prepare('UPDATE call SET hung_up_ms = ? WHERE contact = ? AND number = ?'),
    callEnded: connection.prepare(`
      UPDATE call SET ended_ms = ?, outcome = ?, detail = ?, code = ?
      WHERE contact = ? AND number = ?`),
    contactEnded: connection.prepare(
      'UPDATE contact SET outcome = ?, queue = ?, stage = ? WHERE row = ?',
    ),
    contactDone: connection.prepare(`UPDATE contact SET queue = ${QUEUE.none} WHERE row = ?`),
    recordRefused: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.waiting}, stage = ?, due_ms = ?, reason = ?, recall = 0
      WHERE row = ?`),
    putOff: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.waiting}, stage = ?, due_ms = ?, reason = ?,
        recall = ?,
        rounds = ?, position = ifnull(?, position)
      WHERE row = ?`),
    listed: connection.prepare(`
      SELECT unlisted, pending, phone, phone_written, name, language, timezone, email, variables
      FROM contact WHERE row = ?`),
    unlisted: connection.prepare(
      `UPDATE contact SET queue = ${QUEUE.removed}, stage = ?, unlisted = 0 WHERE row = ?`,
    ),
    follow: connection.prepare(`
      UPDATE contact SET unlisted = 0, pending = NULL,
        phone = ?, phone_written = ?, name = ?, language = ?, timezone = ?, email = ?, variables = ?
      WHERE row = ?`),
    forgetSteps: connection.prepare(FORGET_STEPS),
    forgetTexts: connection.prepare(FORGET_TEXTS),
    released: connection.prepare(
      `UPDATE contact SET queue = ${QUEUE.ready}, stage = ? WHERE row = ?`,
    ),
  };
}

function stepStatements(
  connection: Connection,
): Record<'stepBegun' | 'stepEnded' | 'scriptEnded' | 'dialEnded', StatementSync> {
  return {
    stepBegun: connection.prepare(`
      INSERT INTO step (contact, number, step, begun_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET begun_ms = excluded.begun_ms`),
    stepEnded: connection.prepare(`
      INSERT INTO step (contact, number, step, begun_ms, ended_ms, service, result)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET ended_ms = excluded.ended_ms, service = excluded.service,
        result = excluded.result`),
    scriptEnded: connection.prepare(`
      INSERT INTO step (contact, number, step, begun_ms, ended_ms, service, result, edition)
      VALUES (?, ?, ?, ?, ?, ?, ?, ${EDITION_IN_FORCE})
      ON CONFLICT DO UPDATE SET ended_ms = excluded.ended_ms, service = excluded.service,
        result = excluded.result, edition = excluded.edition`),
    dialEnded: connection.prepare(`
      UPDATE step SET ended_ms = ?, service = ? WHERE contact = ? AND number = ? AND step = ?`),
  };
}

/** Of calls that are uncertain because their dialer could not be asked. */
function doubtStatements(connection: Connection): Record<'callDetail' | 'doubted', StatementSync> {
  return {
    callDetail: connection.prepare(
      'UPDATE call SET detail = ifnull(?, detail) WHERE contact = ? AND number = ?',
    ),
    doubted: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.waiting}, stage = ${STAGE_CODES.doubted}, due_ms = ?,
        reason = NULL, recall = 1
      WHERE row = ?`),
  };
}

/** Of dial attempts, and of what was chosen in the call. */
function attemptStatements(
  connection: Connection,
): Record<'attemptBegun' | 'attemptEnded' | 'optedOut' | 'answered' | 'optOut', StatementSync> {
  return {
    attemptBegun: connection.prepare(`
      INSERT INTO attempt (contact, number, attempt, service, account, begun_ms, phone)
      SELECT ?, ?, ?, ?, ?, ?, phone FROM contact
      WHERE row = ? AND NOT EXISTS (SELECT 1 FROM opt_out WHERE number = phone)`),
    optedOut: connection.prepare(
      'SELECT at_ms FROM contact JOIN opt_out o ON o.number = phone WHERE row = ?',
    ),
    answered: connection.prepare(`
      UPDATE call SET answer = CASE WHEN answer IS NULL OR ? = '${OPT_OUT}' THEN ? ELSE answer END
      WHERE contact = ? AND number = ?`),
    optOut: connection.prepare(`
      INSERT OR IGNORE INTO opt_out (number, at_ms, campaign, reason)
      SELECT ifnull((SELECT a.phone FROM attempt a WHERE a.contact = c.row AND a.number = ?
          ORDER BY attempt DESC LIMIT 1), c.phone), ?, g.name, ?
      FROM contact c JOIN campaign g ON g.row = c.campaign WHERE c.row = ?`),
    attemptEnded: connection.prepare(`
      UPDATE attempt SET ended_ms = ?, result = ?, detail = ?
      WHERE contact = ? AND number = ? AND attempt = ?`),
  };
}
