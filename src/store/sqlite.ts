import type { RunEnd } from '../domain/event.ts';
import type { AlertMemory, BreakerMemory, ContactSink, RowMemory } from '../engine/ports.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import { Connection } from './connection.ts';
import type { ContactSinkOptions } from './contact-details.ts';
import { GroupCommit } from './group-commit.ts';
import type { OptOuts } from './opt-outs.ts';
import type { Settled, Settlement } from './settlement.ts';
import { SqliteAlerts } from './sqlite-alerts.ts';
import { SqliteBreakers } from './sqlite-breakers.ts';
import { CampaignRow } from './sqlite-campaigns.ts';
import { SqliteContacts } from './sqlite-contacts.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import {
  type CutOffNote,
  type FailureNote,
  type FallbackNote,
  type ListNote,
  type RunNumber,
  type RunStart,
  SqliteNotes,
  type UsageNote,
} from './sqlite-notes.ts';
import { SqliteOptOuts } from './sqlite-opt-outs.ts';
import { SqliteRows } from './sqlite-rows.ts';
import { settle } from './sqlite-settle.ts';
import { explained, StoreError } from './store-error.ts';

export interface StoreOptions {
  /** The database file; it and its folder are made where they are missing. */
  readonly path: string;
  /**
   * Calls `flush` soon, after the lines that are awake have had their say (setImmediate): what
   * they wrote until then shares one commit.
   */
  readonly defer: (flush: () => void) => void;
  /** The file stops growing at this many pages: how a test fills the disk. */
  readonly pagesMax?: number | undefined;
}

/** Everything a run keeps, in one database for all campaigns. */
export class Store implements Disposable {
  readonly breakers: BreakerMemory;
  readonly alerts: AlertMemory;
  readonly optOuts: OptOuts;
  readonly #connection: Connection;
  readonly #commits: GroupCommit;
  readonly #notes: SqliteNotes;
  readonly #journals = new Map<string, SqliteJournal>();

  constructor({ path, defer, pagesMax }: StoreOptions) {
    const connection = new Connection(path, pagesMax);
    this.#connection = connection;
    this.#commits = new GroupCommit({
      defer,
      transaction: (work) => connection.transaction(work),
      describe: (error) => {
        const told = explained(error, path);
        return told instanceof StoreError ? told.message : undefined;
      },
    });
    this.#notes = new SqliteNotes(connection, this.#commits);
    this.breakers = new SqliteBreakers(connection, this.#commits);
    this.alerts = new SqliteAlerts(connection, this.#commits);
    this.optOuts = new SqliteOptOuts(connection);
  }

  /** The campaign's journal; always the same one. Makes the campaign where there is none. */
  journal(campaign: string): CampaignJournal {
    const known = this.#journals.get(campaign);
    if (known !== undefined) return known;
    const journal = new SqliteJournal(this.#connection, this.#commits, campaign);
    this.#journals.set(campaign, journal);
    return journal;
  }

  /** The rows that the campaign's sheet has yet to take. Makes the campaign where there is none. */
  rows(campaign: string): RowMemory {
    const { row } = new CampaignRow(this.#connection, campaign);
    return new SqliteRows(this.#connection, this.#commits, row);
  }

  /** Begins one reading of the campaign's list. */
  contacts(campaign: string, options: ContactSinkOptions): ContactSink {
    return new SqliteContacts(this.#connection, campaign, options);
  }

  /** Says who works the campaign from now on. The caller holds its lock. */
  startRun(start: RunStart): RunNumber {
    return this.#notes.startRun(start);
  }

  endRun(run: RunNumber, endedMs: number, end: RunEnd): void {
    this.#notes.endRun(run, endedMs, end);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteFailure(note: FailureNote): void {
    this.#notes.failure(note);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteFallback(note: FallbackNote): void {
    this.#notes.fallback(note);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteCutOff(note: CutOffNote): void {
    this.#notes.cutOff(note);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteConnected(campaign: string, service: string): void {
    this.#notes.connected(campaign, service);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteList(note: ListNote): void {
    this.#notes.list(note);
  }

  /** Goes with the next commit; nobody waits for it. */
  noteUsage(note: UsageNote): void {
    this.#notes.usage(note);
  }

  /**
   * Ends what is uncertain, as a person found out; also while a run is on. Who is to be called
   * again is called as the list has them by now, or not at all.
   *
   * @throws StoreError `refused` where the contact is not uncertain
   */
  settle(settlement: Settlement): Settled {
    return settle(this.#connection, settlement);
  }

  /** Ends as a kill would: what is not committed is lost. Lets go of the database. */
  kill(): void {
    this.#commits.abandon();
    this.#connection.close();
  }

  /** Writes what is queued and lets go of the database. */
  close(): void {
    this.#commits.flush();
    this.#commits.abandon();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens the store, makes it where there is none, and brings an older one up to date.
 *
 * @throws StoreError
 */
export function openStore(options: StoreOptions): Store {
  return new Store(options);
}
