/**
 * One row of the sheet, in the words of the app log.
 */
import { plainCell } from '../../domain/cells.ts';
import type { BreakerName, EventOf } from '../../domain/event.ts';
import { maskContactId } from '../../domain/privacy.ts';
import type { Role } from '../../domain/words.ts';
import type { OwedRow, RowCell } from '../../engine/ports.ts';
import { levelOf, messageOf } from '../log-lines.ts';

/** The first three tell a row from every other one: see `rowId`. */
export const SHEET_HEADER = [
  'call',
  'time',
  'event',
  'campaign',
  'contact',
  'outcome',
  'msg',
  'level',
  'step',
  'role',
  'service',
  'error_category',
  'code',
  'status',
  'retry_count',
  'breaker_state',
  'duration_ms',
] as const;

/** How many of the columns make up a row's id. */
export const ID_COLUMNS = 3;

type Column = (typeof SHEET_HEADER)[number];

/** What went wrong in a call, with what its last attempt says beside the failure itself. */
export interface CallFailure {
  readonly event: EventOf<'call.failed'>;
  readonly role: Role | undefined;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  readonly retries: number | undefined;
  readonly breaker: BreakerName | undefined;
}

export interface RowFacts {
  readonly campaign: string;
  /** What the row tells. */
  readonly event: EventOf<'call.finished'> | EventOf<'call.failed'>;
  /** Who did the last step, where nothing failed. */
  readonly service: string | undefined;
  readonly failure: CallFailure | undefined;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly durationMs: number | undefined;
}

/** A cell holds 50,000 characters; nobody reads so many. */
const CHARACTERS_MAX = 1_000;

export function owedRow(facts: RowFacts): Pick<OwedRow, 'id' | 'cells'> {
  const texts = columnsOf(facts);
  const cells = SHEET_HEADER.map((column) => safeCell(texts[column]));
  return { id: rowId(cells), cells };
}

/**
 * A call that failed and was taken up again has a row for each time, so its id alone is not the
 * row's.
 */
export function rowId(cells: readonly unknown[]): string {
  return cells.slice(0, ID_COLUMNS).join(' ');
}

function columnsOf(facts: RowFacts): Readonly<Record<Column, RowCell | undefined>> {
  const { campaign, event, failure, atMs, durationMs } = facts;
  const failed = failure?.event;
  return {
    call: event.call,
    time: new Date(atMs).toISOString(),
    event: event.type,
    campaign,
    contact: maskContactId(event.contact),
    outcome: event.type === 'call.finished' ? event.outcome : undefined,
    msg: messageOf(event, []),
    level: levelOf(event),
    step: failed === undefined ? 'dial' : failed.step,
    role: failure === undefined ? 'dialer' : failure.role,
    service: failed === undefined ? facts.service : failed.service,
    error_category: failed?.kind,
    code: failed?.code ?? (event.type === 'call.finished' ? event.code : undefined),
    status: failure?.status,
    retry_count: failure?.retries,
    breaker_state: failure?.breaker,
    duration_ms: durationMs === undefined ? undefined : Math.round(durationMs),
  };
}

/** A row that Google refuses for what is in it would keep all others waiting. */
function safeCell(value: RowCell | undefined): RowCell {
  if (typeof value === 'number') return Number.isFinite(value) ? value : '';
  // Cut before it is made well-formed: half a character is none.
  return plainCell((value ?? '').slice(0, CHARACTERS_MAX).toWellFormed().replaceAll('\0', ' '));
}
