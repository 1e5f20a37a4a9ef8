import { UsageBook, type UsageCount } from '../domain/usage.ts';
import type {
  AlertChange,
  AlertMemory,
  AlertsKept,
  BreakerMemory,
  ContactSink,
  FinishedSteps,
  RowMemory,
  Snapshot,
} from '../engine/ports.ts';
import { AlertBook } from './alert-book.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import type { ContactSinkOptions } from './contact-details.ts';
import { GroupCommit } from './group-commit.ts';
import {
  heldNumber,
  MemoryCampaign,
  type MemoryContact,
  stageOfContact,
} from './memory-campaign.ts';
import { MemoryContacts } from './memory-contacts.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryOptOuts } from './memory-opt-outs.ts';
import { MemoryRows, type RowBook } from './memory-rows.ts';
import type { OptOuts } from './opt-outs.ts';
import { type ContactStanding, contactState, QUEUE, RESULTS_OUTDATED } from './queue-state.ts';
import {
  hasOptedOut,
  isAskedAbout,
  noSuchCampaign,
  noSuchContact,
  notUncertain,
  type Settled,
  type Settlement,
  takesBack,
  withNote,
} from './settlement.ts';

/** What outlives a store in memory, as a file outlives a process. */
export class MemoryDisk {
  readonly campaigns = new Map<string, MemoryCampaign>();
  readonly breakers = new Map<string, string>();
  readonly alerts = new AlertBook();
  readonly callIds = new Set<string>();
  readonly optOuts = new MemoryOptOuts();
  /** By campaign. */
  readonly usage = new Map<string, UsageBook>();
  /** By campaign. */
  readonly rows = new Map<string, RowBook>();
}

export interface MemoryStoreOptions {
  /** Calls `flush` soon: what is written until then is durable together, or lost together. */
  readonly defer: (flush: () => void) => void;
  /** What earlier stores left behind; empty without. */
  readonly disk?: MemoryDisk;
}

/** The store's behaviour in plain Maps, without SQL: what the one on disk is compared with. */
export class MemoryStore {
  readonly breakers: BreakerMemory;
  readonly alerts: AlertMemory;
  readonly optOuts: OptOuts;
  readonly #disk: MemoryDisk;
  readonly #commits: GroupCommit;

  constructor({ defer, disk = new MemoryDisk() }: MemoryStoreOptions) {
    this.#disk = disk;
    this.#commits = new GroupCommit({
      defer,
      transaction: (work) => work(),
      describe: (error) => String(error),
    });
    this.breakers = new MemoryBreakers(disk, this.#commits);
    this.alerts = new MemoryAlerts(disk, this.#commits);
    this.optOuts = disk.optOuts;
  }

  journal(campaign: string): CampaignJournal {
    return new MemoryJournal(campaign, this.#campaign(campaign), this.#disk, this.#commits);
  }

  /** The rows that the campaign's sheet has yet to take. */
  rows(campaign: string): RowMemory {
    const book: RowBook = this.#disk.rows.get(campaign) ?? new Map();
    this.#disk.rows.set(campaign, book);
    return new MemoryRows(book, this.#commits);
  }

  /** Begins one reading of the campaign's list. */
  contacts(campaign: string, options: ContactSinkOptions): ContactSink {
    return new MemoryContacts(this.#campaign(campaign), options);
  }

  /**
   * Ends what is uncertain, as a person found out; what ended before any phone rang can be done
   * again. Who is to be called again is called as the list has them by now, or not at all.
   *
   * @throws StoreError `refused` where the contact is neither
   */
  settle(settlement: Settlement): Settled {
    const campaign = this.#disk.campaigns.get(settlement.campaign);
    if (campaign === undefined) throw noSuchCampaign(settlement);
    const contact = campaign.contacts.get(settlement.contact);
    if (contact === undefined) throw noSuchContact(settlement);
    const { queue, outcome } = contact;
    const isUnrungAgain = settlement.outcome === 'again' && rangNobody(contact);
    const last = contact.calls.at(-1);
    const isPutBack = outcome === null && queue !== QUEUE.claimed;
    if (isPutBack && takesBack(settlement, last?.ended?.outcome)) {
      return takeBackIn(campaign, contact, settlement);
    }
    if (outcome !== 'uncertain' && !isUnrungAgain) {
      const isQueued = queue === QUEUE.ready || queue === QUEUE.waiting;
      const isDialling = isQueued && stageOfContact(contact) === 'dialling';
      throw notUncertain(settlement, { queue, outcome, isDialling });
    }
    if (queue === QUEUE.claimed) throw isAskedAbout(settlement);
    if (settlement.outcome === 'again') this.#refuseOptedOut(campaign, contact, settlement);
    if (isUnrungAgain) campaign.resultsBytes = RESULTS_OUTDATED;
    return settleIn(campaign, contact, settlement);
  }

  #refuseOptedOut(campaign: MemoryCampaign, contact: MemoryContact, settlement: Settlement): void {
    if (contact.isUnlisted || contact.seen < campaign.listed) return;
    const optOut = this.#disk.optOuts.find(heldNumber(contact));
    if (optOut !== undefined) throw hasOptedOut(settlement, optOut.atMs);
  }

  /** Where each contact stands, by id. */
  standings(campaign: string): ReadonlyMap<string, ContactStanding> {
    const { contacts } = this.#campaign(campaign);
    return new Map(
      [...contacts.values()].map(({ contact, queue, outcome }) => [
        contact.id,
        { state: contactState(queue, outcome), outcome: outcome ?? undefined },
      ]),
    );
  }

  /** Length of results.csv that the journal vouches for. */
  resultsBytes(campaign: string): number {
    return this.#campaign(campaign).resultsBytes;
  }

  /** Goes with the next commit; nobody waits for it. */
  noteUsage({ campaign, ...count }: UsageCount & { readonly campaign: string }): void {
    this.#commits.note(() => {
      const book = this.#disk.usage.get(campaign) ?? new UsageBook();
      book.add(count);
      this.#disk.usage.set(campaign, book);
    });
  }

  /** What services were paid for in all runs. */
  usage(campaign: string): readonly UsageCount[] {
    return this.#disk.usage.get(campaign)?.counts() ?? [];
  }

  /** Ends as a kill would: what is not durable yet is lost. */
  kill(): void {
    this.#commits.abandon();
  }

  /** Writes what is queued; nothing is taken any more. */
  close(): void {
    this.#commits.flush();
    this.#commits.abandon();
  }

  #campaign(name: string): MemoryCampaign {
    let campaign = this.#disk.campaigns.get(name);
    if (campaign === undefined) {
      campaign = new MemoryCampaign();
      this.#disk.campaigns.set(name, campaign);
    }
    return campaign;
  }
}

export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new MemoryStore(options);
}

class MemoryBreakers implements BreakerMemory {
  readonly #disk: MemoryDisk;
  readonly #commits: GroupCommit;
  readonly #pending = new Map<string, string>();

  constructor(disk: MemoryDisk, commits: GroupCommit) {
    this.#disk = disk;
    this.#commits = commits;
  }

  load(key: string): Snapshot | undefined {
    const text = this.#pending.get(key) ?? this.#disk.breakers.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  save(key: string, snapshot: Snapshot): void {
    const text = JSON.stringify(snapshot);
    this.#pending.set(key, text);
    this.#commits.note(() => {
      this.#disk.breakers.set(key, text);
    });
  }
}

class MemoryAlerts implements AlertMemory {
  readonly #disk: MemoryDisk;
  readonly #commits: GroupCommit;
  readonly #pending = new Set<AlertChange>();

  constructor(disk: MemoryDisk, commits: GroupCommit) {
    this.#disk = disk;
    this.#commits = commits;
  }

  load(): AlertsKept {
    const book = new AlertBook();
    const { open, told, owed } = this.#disk.alerts.read();
    book.apply({ open: [...open, ...told], owed });
    for (const change of this.#pending) book.apply(change);
    return book.read();
  }

  async save(change: AlertChange): Promise<void> {
    this.#pending.add(change);
    await this.#commits.add(() => this.#disk.alerts.apply(change));
    this.#pending.delete(change);
  }
}

/** It ended before any phone could ring, and nothing is left to do for it. */
function rangNobody({ outcome, queue, calls }: MemoryContact): boolean {
  if (queue !== QUEUE.none) return false;
  const attempts = calls.flatMap((call) => call.attempts);
  const rung = attempts.some(({ result }) => result?.type !== 'not_placed');
  return outcome === 'invalid_number' || (outcome === 'failed' && !rung);
}

function takeBackIn(
  campaign: MemoryCampaign,
  contact: MemoryContact,
  { outcome, note: detail, atMs: endedMs }: Settlement,
): Settled {
  const call = contact.calls.at(-1);
  if (call?.ended === undefined || outcome === 'again') throw new Error('no call that has ended');
  contact.carried = {};
  if (call.ended.outcome === 'uncertain') {
    call.ended = { outcome, detail, endedMs };
    campaign.move(contact, { outcome, queue: QUEUE.ready });
    return 'settled';
  }
  campaign.resultsBytes = RESULTS_OUTDATED;
  campaign.move(contact, { outcome, queue: QUEUE.none });
  return 'restored';
}

function settleIn(
  campaign: MemoryCampaign,
  contact: MemoryContact,
  { outcome, note: detail, atMs: endedMs }: Settlement,
): Settled {
  const call = contact.calls.at(-1);
  if (call?.ended === undefined) throw new Error('an uncertain contact has no ended call');
  if (outcome !== 'again') {
    call.ended = { outcome, detail, endedMs };
    campaign.move(contact, { outcome, queue: QUEUE.ready });
    return 'settled';
  }
  call.ended = { ...call.ended, detail: withNote(call.ended.detail, detail) };
  // The next call has the text and audio of this one, which are paid for.
  contact.carried = carriedFrom(call.finished);
  const isFormer = campaign.former(call) !== undefined;
  contact.rounds = 0;
  campaign.move(contact, { outcome: null, queue: QUEUE.ready });
  if (isFormer) campaign.forgetTexts(contact);
  // The row may have been corrected since that call, or deleted.
  contact.isUnlisted ||= contact.seen < campaign.listed;
  const isCorrected = contact.pending !== undefined;
  if (!campaign.catchUp(contact)) return 'removed';
  return isCorrected ? 'queued_as_listed' : 'queued';
}

function carriedFrom({ lookup, script, speech }: FinishedSteps): FinishedSteps {
  return {
    ...(lookup !== undefined && { lookup }),
    ...(script !== undefined && { script }),
    ...(speech !== undefined && { speech }),
  };
}
