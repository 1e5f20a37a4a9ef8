import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Contact } from '../domain/contact.ts';
import type { Outcome } from '../domain/words.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';
import { all, type Connection, changed, one } from './connection.ts';
import {
  type ContactDetails,
  type ContactSinkOptions,
  numbersOf,
  sameDetails,
  sameWords,
} from './contact-details.ts';
import { contactState, QUEUE, type QueueState, STAGE_CODES } from './queue-state.ts';
import { CampaignRow } from './sqlite-campaigns.ts';

export interface DetailColumns {
  readonly phone: string;
  readonly phone_written: string | null;
  readonly name: string | null;
  readonly language: string | null;
  readonly timezone: string | null;
  readonly email: string | null;
  readonly variables: string;
}

interface TwinRow {
  readonly row: number;
  readonly id: string;
  readonly line: number;
  readonly queue: QueueState;
  readonly seen: number;
  readonly phone: string;
  readonly pending_phone: string | null;
}

interface KnownRow extends DetailColumns {
  readonly row: number;
  readonly queue: QueueState;
  readonly stage: number;
  readonly outcome: Outcome | null;
  readonly seen: number;
  readonly line: number;
  readonly unlisted: number;
  readonly pending_phone: string | null;
}

/** Takes the rows of one reading of a list; each `add` is one transaction. */
export class SqliteContacts implements ContactSink {
  readonly #connection: Connection;
  readonly #campaign: CampaignRow;
  readonly #sameNumber: 'reject' | 'allow';
  readonly #reading: number;
  readonly #statements: Statements;
  /** The last place given away in the queue. */
  #position = 0;
  /** What the rows at hand say: where a contact that has a number in the way goes itself. */
  #numbers: ReadonlyMap<string, string> = new Map();
  /** Who did not stand in the way because of that. */
  readonly #leaving = new Set<string>();

  /** Begins a reading. */
  constructor(connection: Connection, name: string, options: ContactSinkOptions) {
    this.#connection = connection;
    this.#campaign = new CampaignRow(connection, name);
    this.#sameNumber = options.sameNumber;
    this.#statements = prepareStatements(connection);
    this.#reading = connection.direct(() => this.#campaign.nextReading());
  }

  add(contacts: readonly Contact[]): readonly Admission[] {
    return this.#connection.bulk(() => {
      const before = this.#campaign.places(0);
      this.#position = before;
      this.#numbers = numbersOf(contacts);
      this.#leaving.clear();
      const admissions = contacts.map((contact) => this.#admit(contact));
      for (const id of this.#leaving) this.#seeOut(id);
      const added = this.#position - before;
      this.#campaign.places(added);
      this.#campaign.move(undefined, 'queued', added);
      return admissions;
    });
  }

  finish(): number {
    return this.#connection.direct(() => {
      const { row } = this.#campaign;
      const { takeOut } = this.#statements;
      const queued = changed(takeOut, row, QUEUE.ready, this.#reading);
      const putOff = changed(takeOut, row, QUEUE.waiting, this.#reading);
      this.#statements.unlistOthers.run(row, this.#reading);
      this.#campaign.listed(this.#reading);
      this.#campaign.move('queued', undefined, queued);
      this.#campaign.move('put_off', undefined, putOff);
      return queued + putOff;
    });
  }

  #admit(contact: Contact): Admission {
    const known = one<KnownRow>(this.#statements.byId, this.#campaign.row, contact.id);
    if (known === undefined) return this.#admitNew(contact);
    if (known.seen === this.#reading) return { type: 'same_id', line: known.line };
    if (known.queue === QUEUE.removed) return this.#admitAgain(contact, known);
    return this.#admitKnown(contact, known);
  }

  #admitNew(contact: Contact): Admission {
    const twin = this.#twin(contact);
    if (twin !== undefined) return twin;
    this.#position += 1;
    this.#statements.insert.run(
      this.#campaign.row,
      QUEUE.ready,
      STAGE_CODES.fresh,
      this.#position,
      this.#reading,
      contact.line,
      contact.id,
      ...columns(contact),
    );
    return { type: 'added' };
  }

  #admitAgain(contact: Contact, known: KnownRow): Admission {
    const { row } = known;
    const twin = this.#twin(contact, row);
    if (twin !== undefined) return twin;
    this.#position += 1;
    this.#change(contact, known);
    this.#statements.queueAgain.run(this.#position, row);
    return { type: 'added' };
  }

  #admitKnown(contact: Contact, known: KnownRow): Admission {
    const { row } = known;
    // A number that it has already, or is to have, was looked at when it came.
    const isKept = known.unlisted === 0 && contact.phone === heldNumber(known);
    const twin = isKept ? undefined : this.#twin(contact, row);
    if (twin !== undefined) return twin;
    if (sameDetails(contact, detailsOf(known))) {
      return this.#see(row, contact.line, null, contact.phoneWritten ?? null);
    }
    if (!isAtRest(known)) {
      return this.#see(row, contact.line, pendingText(contact), known.phone_written);
    }
    this.#change(contact, known);
    return { type: 'changed' };
  }

  #see(row: number, line: number, pending: string | null, written: string | null): Admission {
    this.#statements.see.run(this.#reading, line, pending, written, row);
    return { type: 'known' };
  }

  /** What was made of the old row is thrown away, unless only the number is another one. */
  #change(contact: Contact, known: KnownRow): void {
    const { row } = known;
    if (!sameWords(contact, detailsOf(known))) {
      this.#statements.forgetSteps.run(row);
      this.#statements.fresh.run(row);
    }
    this.#statements.change.run(this.#reading, contact.line, ...columns(contact), row);
  }

  #isCalled(row: number): boolean {
    return one(this.#statements.called, row) !== undefined;
  }

  /**
   * The refusal of a number that another contact has, or is to have. One that this reading has not
   * met and that was not called by that number makes room: the list may have given that person
   * another id. So does one that gets another number in this reading.
   */
  #twin({ phone }: Pick<Contact, 'phone'>, except = 0): Admission | undefined {
    if (this.#sameNumber === 'allow') return undefined;
    const twins = all<TwinRow>(this.#statements.byPhone, this.#campaign.row, phone, except);
    const inTheWay = twins.find((twin) => this.#isInTheWay(twin, phone));
    return inTheWay && { type: 'same_number', contact: inTheWay.id, line: inTheWay.line };
  }

  #isInTheWay(twin: TwinRow, phone: string): boolean {
    if (twin.seen === this.#reading) return heldNumber(twin) === phone;
    const next = this.#numbers.get(twin.id);
    if ((next ?? heldNumber(twin)) !== phone) {
      if (next !== undefined) this.#leaving.add(twin.id);
      return false;
    }
    if (twin.phone === phone && this.#isCalled(twin.row)) return true;
    this.#makeRoom(twin);
    return false;
  }

  /** Whose new row was refused has no number that counts. */
  #seeOut(id: string): void {
    const twin = one<KnownRow>(this.#statements.byId, this.#campaign.row, id);
    if (twin === undefined || twin.seen === this.#reading) return;
    if (twin.queue !== QUEUE.removed) this.#makeRoom(twin);
  }

  #makeRoom({ row, queue }: Pick<TwinRow, 'row' | 'queue'>): void {
    if (this.#isCalled(row)) {
      this.#statements.unlist.run(row);
      return;
    }
    this.#statements.makeRoom.run(row);
    this.#campaign.move(contactState(queue, null), undefined);
  }
}

/** The number that the list's last word gives a contact. */
function heldNumber(row: { readonly phone: string; readonly pending_phone: string | null }) {
  return row.pending_phone ?? row.phone;
}

/** No call of it may be on its way, and none has an outcome that stands. */
function isAtRest({ queue, stage, outcome }: KnownRow): boolean {
  const isQueued = queue === QUEUE.ready || queue === QUEUE.waiting;
  return isQueued && outcome === null && stage < STAGE_CODES.dialling;
}

export function detailsOf(row: DetailColumns): ContactDetails {
  return {
    phone: row.phone,
    ...(row.phone_written !== null && { phoneWritten: row.phone_written }),
    name: row.name ?? undefined,
    language: row.language ?? undefined,
    timezone: row.timezone ?? undefined,
    email: row.email ?? undefined,
    variables: JSON.parse(row.variables),
  };
}

/** A row's details as they are kept until they count. */
function pendingText(contact: Contact): string {
  const { phone, phoneWritten, name, language, timezone, email, variables } = contact;
  return JSON.stringify({ phone, phoneWritten, name, language, timezone, email, variables });
}

export function columns(contact: ContactDetails): SQLInputValue[] {
  return [
    contact.phone,
    contact.phoneWritten ?? null,
    contact.name ?? null,
    contact.language ?? null,
    contact.timezone ?? null,
    contact.email ?? null,
    JSON.stringify(contact.variables),
  ];
}

// A call was made or may be on its way; for a contact that is claimed, somebody may be about to.
const IS_CALLED = `(
  queue = ${QUEUE.claimed} OR outcome IS NOT NULL
  OR EXISTS (SELECT 1 FROM attempt WHERE contact = contact.row
    AND (result IS NULL OR result <> 'not_placed'))
  OR EXISTS (SELECT 1 FROM call WHERE contact = contact.row AND outcome IS NOT NULL))`;

const TWIN_COLUMNS = 'row, id, line, queue, seen, phone, pending_phone';

/** What was made for the call to come; what an ended one was made of stays with it. */
export const FORGET_STEPS = `
  DELETE FROM step WHERE contact = ?1 AND number >
    ifnull((SELECT max(number) FROM call WHERE contact = ?1 AND outcome IS NOT NULL), 0)`;

type Statements = Readonly<
  Record<
    | 'byId'
    | 'byPhone'
    | 'insert'
    | 'change'
    | 'see'
    | 'queueAgain'
    | 'called'
    | 'forgetSteps'
    | 'fresh'
    | 'makeRoom'
    | 'takeOut'
    | 'unlist'
    | 'unlistOthers',
    StatementSync
  >
>;

function prepareStatements(connection: Connection): Statements {
  return {
    byId: connection.prepare(`
      SELECT row, queue, stage, outcome, seen, line, unlisted, pending_phone,
        phone, phone_written, name, language, timezone, email, variables
      FROM contact WHERE campaign = ? AND id = ?`),
    byPhone: connection.prepare(`
      SELECT ${TWIN_COLUMNS} FROM contact INDEXED BY contact_by_phone
      WHERE campaign = ?1 AND phone = ?2 AND phone <> id AND row <> ?3 AND queue <> ${QUEUE.removed}
      UNION ALL
      SELECT ${TWIN_COLUMNS} FROM contact INDEXED BY contact_by_id
      WHERE campaign = ?1 AND id = ?2 AND phone = id AND row <> ?3 AND queue <> ${QUEUE.removed}
      UNION ALL
      SELECT ${TWIN_COLUMNS} FROM contact INDEXED BY contact_by_pending
      WHERE campaign = ?1 AND pending IS NOT NULL AND pending_phone = ?2 AND phone <> ?2
        AND row <> ?3 AND queue <> ${QUEUE.removed}
      ORDER BY row`),
    insert: connection.prepare(`
      INSERT INTO contact (campaign, queue, stage, position, seen, line, id,
        phone, phone_written, name, language, timezone, email, variables)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    change: connection.prepare(`
      UPDATE contact SET seen = ?, line = ?, unlisted = 0, pending = NULL,
        phone = ?, phone_written = ?, name = ?, language = ?, timezone = ?, email = ?,
        variables = ?
      WHERE row = ?`),
    see: connection.prepare(`
      UPDATE contact SET seen = ?, line = ?, unlisted = 0, pending = ?, phone_written = ?
      WHERE row = ?`),
    queueAgain: connection.prepare(
      `UPDATE contact SET queue = ${QUEUE.ready}, position = ? WHERE row = ?`,
    ),
    called: connection.prepare(`SELECT 1 FROM contact WHERE row = ? AND ${IS_CALLED}`),
    forgetSteps: connection.prepare(FORGET_STEPS),
    fresh: connection.prepare(`UPDATE contact SET stage = ${STAGE_CODES.fresh} WHERE row = ?`),
    makeRoom: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.removed}, due_ms = NULL, reason = NULL WHERE row = ?`),
    // A text or an audio that is ready rings nobody; a call that may be on its way must be settled.
    takeOut: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.removed}, due_ms = NULL, reason = NULL
      WHERE campaign = ? AND queue = ? AND seen <> ? AND stage < ${STAGE_CODES.dialling}`),
    unlist: connection.prepare('UPDATE contact SET unlisted = 1 WHERE row = ?'),
    unlistOthers: connection.prepare(`
      UPDATE contact SET unlisted = 1
      WHERE campaign = ? AND queue IN (${QUEUE.ready}, ${QUEUE.waiting}, ${QUEUE.claimed})
        AND seen <> ? AND (stage = ${STAGE_CODES.dialling} OR queue = ${QUEUE.claimed})`),
  };
}
