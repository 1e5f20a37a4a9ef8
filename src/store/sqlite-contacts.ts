import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Contact } from '../domain/contact.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';
import { all, type Connection, changed, one } from './connection.ts';
import {
  type ContactDetails,
  type ContactSinkOptions,
  sameDetails,
  sameWords,
} from './contact-details.ts';
import { contactState, QUEUE, type QueueState, STAGE_CODES } from './queue-state.ts';
import { CampaignRow } from './sqlite-campaigns.ts';

export interface DetailColumns {
  readonly phone: string;
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
}

interface KnownRow extends DetailColumns {
  readonly row: number;
  readonly queue: QueueState;
  readonly stage: number;
  readonly seen: number;
  readonly line: number;
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
      const admissions = contacts.map((contact) => this.#admit(contact));
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
      this.#statements.unlist.run(row, this.#reading);
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
    const asInList = sameDetails(contact, detailsOf(known));
    const isOnItsWay = known.queue !== QUEUE.claimed && known.stage === STAGE_CODES.dialling;
    if (asInList || (!isOnItsWay && this.#isCalled(row))) {
      return this.#see(row, contact.line, null);
    }
    const twin = contact.phone === known.phone ? undefined : this.#twin(contact, row);
    if (twin !== undefined) return twin;
    if (isOnItsWay) return this.#see(row, contact.line, pendingText(contact));
    this.#change(contact, known);
    return { type: 'changed' };
  }

  #see(row: number, line: number, pending: string | null): Admission {
    this.#statements.see.run(this.#reading, line, pending, row);
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
   * The refusal of a number that another contact has. One that this reading has not met and that
   * no call was made to makes room: the list may have given that person another id.
   */
  #twin({ phone }: Pick<Contact, 'phone'>, except = 0): Admission | undefined {
    if (this.#sameNumber === 'allow') return undefined;
    const { byPhone, makeRoom } = this.#statements;
    const twins = all<TwinRow>(byPhone, this.#campaign.row, phone, except);
    const inTheWay = twins.find(({ row, queue, seen }) => {
      if (seen === this.#reading || this.#isCalled(row)) return true;
      makeRoom.run(row);
      this.#campaign.move(contactState(queue, null), undefined);
      return false;
    });
    return inTheWay && { type: 'same_number', contact: inTheWay.id, line: inTheWay.line };
  }
}

export function detailsOf(row: DetailColumns): ContactDetails {
  return {
    phone: row.phone,
    name: row.name ?? undefined,
    language: row.language ?? undefined,
    timezone: row.timezone ?? undefined,
    email: row.email ?? undefined,
    variables: JSON.parse(row.variables),
  };
}

/** A row's details as they are kept until they count. */
function pendingText({ phone, name, language, timezone, email, variables }: Contact): string {
  return JSON.stringify({ phone, name, language, timezone, email, variables });
}

export function columns(contact: ContactDetails): SQLInputValue[] {
  return [
    contact.phone,
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
    | 'unlist',
    StatementSync
  >
>;

function prepareStatements(connection: Connection): Statements {
  return {
    byId: connection.prepare(`
      SELECT row, queue, stage, seen, line, phone, name, language, timezone, email, variables
      FROM contact WHERE campaign = ? AND id = ?`),
    byPhone: connection.prepare(`
      SELECT row, id, line, queue, seen FROM contact INDEXED BY contact_by_phone
      WHERE campaign = ?1 AND phone = ?2 AND phone <> id AND row <> ?3 AND queue <> ${QUEUE.removed}
      UNION ALL
      SELECT row, id, line, queue, seen FROM contact INDEXED BY contact_by_id
      WHERE campaign = ?1 AND id = ?2 AND phone = id AND row <> ?3 AND queue <> ${QUEUE.removed}
      ORDER BY row`),
    insert: connection.prepare(`
      INSERT INTO contact (campaign, queue, stage, position, seen, line, id,
        phone, name, language, timezone, email, variables)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    change: connection.prepare(`
      UPDATE contact SET seen = ?, line = ?, unlisted = 0, pending = NULL,
        phone = ?, name = ?, language = ?, timezone = ?, email = ?, variables = ?
      WHERE row = ?`),
    see: connection.prepare(
      'UPDATE contact SET seen = ?, line = ?, unlisted = 0, pending = ? WHERE row = ?',
    ),
    queueAgain: connection.prepare(
      `UPDATE contact SET queue = ${QUEUE.ready}, position = ? WHERE row = ?`,
    ),
    called: connection.prepare(`SELECT 1 FROM contact WHERE row = ? AND ${IS_CALLED}`),
    forgetSteps: connection.prepare('DELETE FROM step WHERE contact = ?'),
    fresh: connection.prepare(`UPDATE contact SET stage = ${STAGE_CODES.fresh} WHERE row = ?`),
    makeRoom: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.removed}, due_ms = NULL, reason = NULL WHERE row = ?`),
    // A text or an audio that is ready rings nobody; a call that may be on its way must be settled.
    takeOut: connection.prepare(`
      UPDATE contact SET queue = ${QUEUE.removed}, due_ms = NULL, reason = NULL
      WHERE campaign = ? AND queue = ? AND seen <> ? AND stage < ${STAGE_CODES.dialling}`),
    unlist: connection.prepare(`
      UPDATE contact SET unlisted = 1, pending = NULL
      WHERE campaign = ? AND queue IN (${QUEUE.ready}, ${QUEUE.waiting}) AND seen <> ?
        AND stage = ${STAGE_CODES.dialling}`),
  };
}
