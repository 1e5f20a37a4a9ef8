import type { StatementSync } from 'node:sqlite';
import type { Outcome } from '../domain/words.ts';
import type { DialAttempt, DialAttemptResult, FinishedSteps } from '../engine/ports.ts';
import { all, one, type Preparer } from './connection.ts';
import { type Progress, STEP_CODES } from './queue-state.ts';

export interface CallRow {
  readonly id: string;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly outcome: Outcome | null;
  readonly detail: string | null;
  readonly answer: string | null;
  readonly hung_up_ms: number | null;
}

interface StepRow {
  readonly step: number;
  readonly begun_ms: number | null;
  readonly ended_ms: number | null;
  readonly service: string | null;
  readonly result: string | null;
}

interface AttemptRow {
  readonly attempt: number;
  readonly service: string;
  readonly account: string | null;
  readonly begun_ms: number;
  readonly result: 'placed' | 'not_placed' | 'unknown' | null;
  readonly detail: string | null;
  readonly phone: string | null;
}

/** What the journal holds of one call. */
export interface CallContents {
  readonly finished: FinishedSteps;
  readonly attempts: readonly DialAttempt[];
  /** The number of the last attempt; undefined where there is none, or it was not kept. */
  readonly phone?: string | undefined;
  readonly recordBegun: boolean;
}

/** What a call that has only just been opened holds. */
export const NEW_CALL: CallContents = { finished: {}, attempts: [], recordBegun: false };

/** What the row of such a call says of its end. */
export const NOT_ENDED: Omit<CallRow, 'id' | 'started_ms'> = {
  ended_ms: null,
  outcome: null,
  detail: null,
  answer: null,
  hung_up_ms: null,
};

/** Reads calls with their steps and attempts. */
export class CallReader {
  readonly #call: StatementSync;
  readonly #steps: StatementSync;
  readonly #attempts: StatementSync;
  readonly #others: StatementSync;
  readonly #doubts: StatementSync;

  constructor(connection: Preparer) {
    this.#call = connection.prepare(
      `SELECT id, started_ms, ended_ms, outcome, detail, answer, hung_up_ms FROM call
       WHERE contact = ? AND number = ?`,
    );
    this.#steps = connection.prepare(
      'SELECT step, begun_ms, ended_ms, service, result FROM step WHERE contact = ? AND number = ?',
    );
    this.#attempts = connection.prepare(`
      SELECT attempt, service, account, begun_ms, result, detail, phone FROM attempt
      WHERE contact = ? AND number = ? ORDER BY attempt`);
    // Reads the whole table: it is asked once in a blue moon, and an index would cost every call.
    this.#others = connection.prepare(`
      SELECT 1 FROM attempt JOIN call USING (contact, number)
      WHERE result = 'placed' AND service = ? AND attempt.detail = ? AND call.id <> ? LIMIT 1`);
    // The same. Of attempts of before these had a number, the contact's is the best there is.
    this.#doubts = connection.prepare(`
      SELECT begun_ms FROM attempt
      JOIN call USING (contact, number) JOIN contact ON contact.row = attempt.contact
      WHERE (result IS NULL OR result = 'unknown') AND service = ?
        AND ifnull(attempt.phone, contact.phone) = ? AND call.id <> ?
      ORDER BY begun_ms`);
  }

  call(contact: number, number: number): CallRow | undefined {
    return one<CallRow>(this.#call, contact, number);
  }

  /** See `AttemptLog.isOthers`. */
  isOthers(service: string, reference: string, call: string): boolean {
    return one(this.#others, service, reference, call) !== undefined;
  }

  /** See `AttemptLog.othersInDoubt`. */
  othersInDoubt(service: string, phone: string, call: string): readonly number[] {
    const rows = all<{ readonly begun_ms: number }>(this.#doubts, service, phone, call);
    return rows.map(({ begun_ms }) => begun_ms);
  }

  contents(contact: number, number: number): CallContents {
    const steps = all<StepRow>(this.#steps, contact, number);
    const attempts = all<AttemptRow>(this.#attempts, contact, number);
    return {
      finished: finishedSteps(steps),
      attempts: attempts.map(dialAttempt),
      phone: attempts.at(-1)?.phone ?? undefined,
      recordBegun: steps.some(({ step }) => step === STEP_CODES.record),
    };
  }
}

/** What the contents say of how far the call has come. */
export function progressOf(contents: CallContents, outcome: Outcome | null): Progress {
  const { finished, attempts } = contents;
  return {
    outcome,
    script: finished.script !== undefined,
    speech: finished.speech !== undefined,
    attempts: new Map(
      attempts.map(({ attempt, result }) => [attempt, result?.type !== 'not_placed']),
    ),
  };
}

function finishedSteps(rows: readonly StepRow[]): FinishedSteps {
  const finished: {
    -readonly [Step in keyof FinishedSteps]: FinishedSteps[Step];
  } = {};
  for (const { step, ended_ms, service, result } of rows) {
    if (ended_ms === null || service === null || result === null) continue;
    if (step === STEP_CODES.lookup) finished.lookup = JSON.parse(result);
    if (step === STEP_CODES.script) finished.script = { text: result, service };
    if (step === STEP_CODES.speech) finished.speech = { hash: result, service };
  }
  return finished;
}

function dialAttempt(row: AttemptRow): DialAttempt {
  const { attempt, service, account, begun_ms: begunMs } = row;
  const result = attemptResult(row);
  return {
    attempt,
    service,
    ...(account !== null && { account }),
    begunMs,
    ...(result !== undefined && { result }),
  };
}

function attemptResult({ result, detail }: AttemptRow): DialAttemptResult | undefined {
  if (result === null) return undefined;
  const text = detail ?? '';
  return result === 'placed' ? { type: result, reference: text } : { type: result, code: text };
}
