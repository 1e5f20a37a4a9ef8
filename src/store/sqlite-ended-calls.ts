import type { Outcome, Role, Step } from '../domain/words.ts';
import { all, one, type Preparer, rowsOf } from './connection.ts';
import { QUEUE, STAGE_CODES, STEP_CODES, stepName } from './queue-state.ts';
import type { CallsInDoubt, EndedCall, UncertainContact } from './report-rows.ts';
import { CallReader } from './sqlite-calls.ts';

/** The campaign's row by its name, as a subquery. */
export const CAMPAIGN = '(SELECT row FROM campaign WHERE name = ?)';

/**
 * Calls that have their outcome, in the order in which they ended; `recorded` leaves out those
 * whose record is not made, and those that a later call has taken the place of. Reads as it is
 * walked.
 */
export function* endedCalls(
  database: Preparer,
  campaign: string,
  recorded: boolean,
): Iterable<EndedCall> {
  const onlyRecorded = `AND k.outcome IS NOT NULL AND c.number = k.calls
    AND EXISTS (SELECT 1 FROM step s WHERE s.contact = c.contact AND s.number = c.number
      AND s.step = ${STEP_CODES.record} AND s.ended_ms IS NOT NULL)`;
  // Sorts keys only: with the texts in it, a sort of a million calls would be a gigabyte.
  const keys = database.prepare(
    `SELECT c.contact, c.number FROM contact k JOIN call c ON c.contact = k.row
     WHERE k.campaign = ${CAMPAIGN} AND c.outcome IS NOT NULL ${recorded ? onlyRecorded : ''}
     ORDER BY c.ended_ms, k.position, c.number`,
  );
  const call = database.prepare(
    `SELECT k.id, ifnull((SELECT a.phone FROM attempt a
         WHERE a.contact = c.contact AND a.number = c.number AND a.phone IS NOT NULL
         ORDER BY a.attempt DESC LIMIT 1), k.phone) AS phone, k.name, c.id AS call, c.number,
       c.outcome, c.detail, c.started_ms, c.ended_ms
     FROM call c JOIN contact k ON k.row = c.contact WHERE c.contact = ? AND c.number = ?`,
  );
  const steps = database.prepare(
    `SELECT step, service, result FROM step
     WHERE contact = ? AND number = ? AND ended_ms IS NOT NULL ORDER BY step`,
  );
  for (const { contact, number } of rowsOf<CallKey>(keys, campaign)) {
    const row = one<EndedRow>(call, contact, number);
    if (row !== undefined) yield endedCall(row, all<EndedStepRow>(steps, contact, number));
  }
}

/** Contacts of whom nobody can tell whether the phone rang, in the order of the queue. */
export function uncertainContacts(
  database: Preparer,
  campaign: string,
): readonly UncertainContact[] {
  const contacts = database.prepare(
    `SELECT k.row, k.id, k.name, k.phone, c.id AS call, c.number, c.started_ms, c.ended_ms,
       c.detail, k.queue <> ${QUEUE.none} AS is_asked_again
     FROM contact k JOIN call c ON c.contact = k.row AND c.number = k.calls
     WHERE k.campaign = ${CAMPAIGN} AND k.outcome = 'uncertain' ORDER BY k.position`,
  );
  const reader = new CallReader(database);
  return all<UncertainRow>(contacts, campaign).map((row) => uncertainContact(row, reader));
}

/**
 * Calls without an end whose last dial attempt may have made a phone ring, by service: those that
 * nothing is known of if they were begun before `begunBeforeMs`, those that the service has taken
 * if before `placedBeforeMs`, and those whose answer was lost in any case.
 */
export function callsInDoubt(
  database: Preparer,
  campaign: string,
  { begunBeforeMs, placedBeforeMs }: DoubtLimits,
): readonly CallsInDoubt[] {
  // A look into each index of the queue: what a claimed contact has reached stands in its attempts.
  const open = [
    `queue = ${QUEUE.claimed}`,
    `queue = ${QUEUE.ready} AND stage = ${STAGE_CODES.dialling}`,
    `queue = ${QUEUE.waiting} AND stage = ${STAGE_CODES.dialling}`,
  ].map((which) => `SELECT row, calls FROM contact WHERE campaign = ${CAMPAIGN} AND ${which}`);
  const statement = database.prepare(
    `SELECT a.service, count(*) AS count, min(a.begun_ms) AS sinceMs,
       count(*) FILTER (WHERE a.result = 'placed') AS taken
     FROM (${open.join(' UNION ALL ')}) k
     JOIN call c ON c.contact = k.row AND c.number = k.calls AND c.ended_ms IS NULL
     JOIN attempt a ON a.contact = c.contact AND a.number = c.number
     WHERE a.attempt = (SELECT max(attempt) FROM attempt l
         WHERE l.contact = a.contact AND l.number = a.number)
       AND (a.result = 'unknown' OR (a.result IS NULL AND a.begun_ms < ?)
         OR (a.result = 'placed' AND a.begun_ms < ?))
     GROUP BY a.service ORDER BY sinceMs`,
  );
  const name = [campaign, campaign, campaign];
  return all<CallsInDoubt>(statement, ...name, begunBeforeMs, placedBeforeMs);
}

export interface DoubtLimits {
  readonly begunBeforeMs: number;
  readonly placedBeforeMs: number;
}

interface UncertainRow {
  readonly row: number;
  readonly id: string;
  readonly name: string | null;
  readonly phone: string;
  readonly call: string;
  readonly number: number;
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly detail: string | null;
  readonly is_asked_again: number;
}

interface CallKey {
  readonly contact: number;
  readonly number: number;
}

interface EndedRow {
  readonly id: string;
  readonly phone: string;
  readonly name: string | null;
  readonly call: string;
  readonly number: number;
  readonly outcome: Outcome;
  readonly detail: string | null;
  readonly started_ms: number;
  readonly ended_ms: number;
}

interface EndedStepRow {
  readonly step: number;
  readonly service: string | null;
  readonly result: string | null;
}

/** Who did a step; the CRM does two, and its record is the later one. */
const ROLE_OF_STEP: Readonly<Record<Step, Role>> = {
  lookup: 'crm',
  script: 'llm',
  speech: 'tts',
  dial: 'dialer',
  record: 'crm',
};

function uncertainContact(row: UncertainRow, reader: CallReader): UncertainContact {
  return {
    contact: row.id,
    name: row.name ?? undefined,
    phone: row.phone,
    call: row.call,
    number: row.number,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    detail: row.detail ?? undefined,
    isAskedAgain: row.is_asked_again === 1,
    attempts: reader.contents(row.row, row.number).attempts,
  };
}

function endedCall(row: EndedRow, steps: readonly EndedStepRow[]): EndedCall {
  const services: Partial<Record<Role, string>> = {};
  let text: string | undefined;
  for (const { step, service, result } of steps) {
    const name = stepName(step);
    if (service !== null) services[ROLE_OF_STEP[name]] = service;
    if (name === 'script') text = result ?? undefined;
  }
  return {
    contact: row.id,
    phone: row.phone,
    name: row.name ?? undefined,
    call: row.call,
    number: row.number,
    outcome: row.outcome,
    detail: row.detail ?? undefined,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    text,
    services,
  };
}
