import type { Contact, ContactList } from '../domain/contact.ts';
import type { ContactCounts } from '../domain/event.ts';
import type { ContactState, Outcome } from '../domain/words.ts';
import {
  type DialAttempt,
  type FinishedSteps,
  type ScriptInForce,
  STAGES,
  type Stage,
} from '../engine/ports.ts';
import { sameWords } from './contact-details.ts';
import { EndedContacts } from './memory-ended.ts';
import { MemoryHeap } from './memory-heap.ts';
import {
  contactState,
  isUrgent,
  NEXT_RUN_MS,
  QUEUE,
  type QueueState,
  stageAfter,
} from './queue-state.ts';

export interface MemoryCall {
  readonly id: string;
  readonly startedMs: number;
  finished: FinishedSteps;
  /** By which script its text was written, counted from 1. */
  edition: number;
  /** In their order; few, so a list of them is smaller than a map. */
  attempts: readonly DialAttempt[];
  /** That the last attempt rang, or may have rung; those before it are known not to have. */
  phone: string;
  recordBegun: boolean;
  /** What the callee chose by a key. */
  answer?: string;
  isHungUp?: boolean;
  /** What it ended of without any phone ringing. */
  code?: 'opted_out';
  ended: { outcome: Outcome; detail: string | undefined; endedMs: number } | undefined;
}

export interface MemoryContact {
  /** Counted in the order of their first coming. */
  readonly row: number;
  contact: Contact;
  queue: QueueState;
  position: number;
  fence: number;
  outcome: Outcome | null;
  dueMs: number;
  /** Why it waits, where it does. */
  reason: string;
  recall: boolean;
  rounds: number;
  seen: number;
  readonly calls: MemoryCall[];
  /** What the list said since of one that was called, until it counts; see `Claim.isOutdated`. */
  pending: Contact | undefined;
  /** The list has no row for it any more, or one that was refused. */
  isUnlisted: boolean;
  /** What the next call begins with: text and audio of an uncertain one that is done again. */
  carried: FinishedSteps;
}

/** No step is finished: one object for all who have that in common. */
export const NOTHING: FinishedSteps = Object.freeze({});

export interface MemoryCampaignOptions {
  /**
   * A list that was judged before: its rows are queued behind each other, and each is read when its
   * turn comes.
   */
  readonly backlog?: ContactList;
  /**
   * Forgets everybody for whom nothing is left to do, but for the count: where nobody reads the
   * list again, settles a contact or asks what became of a call.
   */
  readonly forgets?: boolean;
}

/** One campaign's contacts and queue. */
export class MemoryCampaign {
  readonly contacts = new Map<string, MemoryContact>();
  /** Those who were forgotten. */
  readonly ended = new EndedContacts();
  reading = 0;
  /** The last reading that came to its end. */
  listed = 0;
  positionLast = 0;
  resultsBytes = 0;
  /** What texts were written by, in order; the last one is in force. */
  readonly scripts: ScriptInForce[] = [];
  readonly #byPhone = new Map<string, readonly MemoryContact[]>();
  readonly #ready: Readonly<Record<Stage, MemoryHeap<MemoryContact>>> = {
    fresh: new MemoryHeap(),
    scripted: new MemoryHeap(),
    spoken: new MemoryHeap(),
    dialling: new MemoryHeap(),
    owed: new MemoryHeap(),
    doubted: new MemoryHeap(),
  };
  readonly #waiting = new MemoryHeap<MemoryContact>();
  readonly #counts: Record<ContactState, number> = {
    queued: 0,
    put_off: 0,
    calling: 0,
    done: 0,
    uncertain: 0,
  };
  readonly #backlog: ContactList;
  /** How many rows of the backlog were read. */
  #entered = 0;
  #rows = 0;
  readonly #forgets: boolean;

  constructor({ backlog = [], forgets = false }: MemoryCampaignOptions = {}) {
    this.#backlog = backlog;
    this.positionLast = backlog.length;
    this.#forgets = forgets;
  }

  counts(): ContactCounts {
    const { put_off, calling, done, uncertain } = this.#counts;
    const queued = this.#counts.queued + this.#backlog.length - this.#entered;
    const total = queued + put_off + calling + done + uncertain;
    return { total, done, calling, queued, put_off, uncertain };
  }

  /** A contact that was never here; it stands outside until it is moved. */
  enter(contact: Contact): MemoryContact {
    const entered: MemoryContact = {
      row: this.#rows,
      contact,
      queue: QUEUE.removed,
      position: 0,
      fence: 0,
      outcome: null,
      dueMs: 0,
      reason: '',
      recall: false,
      rounds: 0,
      seen: 0,
      calls: [],
      pending: undefined,
      isUnlisted: false,
      carried: NOTHING,
    };
    this.#rows += 1;
    this.contacts.set(contact.id, entered);
    this.#listUnder(contact.phone, entered);
    return entered;
  }

  /** Nothing is left to do for a contact. Answers whether it is forgotten. */
  over(contact: MemoryContact): boolean {
    this.move(contact, { queue: QUEUE.none });
    if (!this.#forgets) return false;
    this.ended.take(contact);
    this.contacts.delete(contact.contact.id);
    for (const phone of phonesOf(contact)) this.#strikeUnder(phone, contact);
    return true;
  }

  /**
   * What the list says of a contact now. What was made of the old row is thrown away, unless only
   * the number is another one.
   */
  describe(known: MemoryContact, contact: Contact): void {
    if (!sameWords(known.contact, contact)) {
      const call = known.calls.at(-1);
      const isOpen = call !== undefined && call.ended === undefined;
      if (isOpen) Object.assign(call, { finished: NOTHING, recordBegun: false });
      known.carried = NOTHING;
    }
    this.#number(known, () => {
      known.contact = contact;
      known.pending = undefined;
    });
    known.isUnlisted = false;
    this.move(known, {}); // it may have another stage now
  }

  /** The script in force, counted from 1. */
  get edition(): number {
    return Math.max(1, this.scripts.length);
  }

  /** By what the text of a call was written, where that is in force no more. */
  former({ edition, finished }: MemoryCall): Pick<ScriptInForce, 'answers'> | undefined {
    const script = edition < this.edition ? this.scripts[edition - 1] : undefined;
    return script && finished.script && { answers: script.answers };
  }

  /** Text and audio of the call to come; what the CRM said of the contact stays. */
  forgetTexts(contact: MemoryContact): void {
    const call = contact.calls.at(-1);
    const { lookup } = (call?.ended === undefined ? call?.finished : undefined) ?? contact.carried;
    const kept = lookup === undefined ? NOTHING : { lookup };
    if (call !== undefined && call.ended === undefined) call.finished = kept;
    contact.carried = kept;
    this.move(contact, {}); // it has another stage now
  }

  /** Follows the list, now that no call is on its way. Answers whether it has a row for them. */
  catchUp(contact: MemoryContact): boolean {
    if (contact.isUnlisted) {
      this.move(contact, { queue: QUEUE.removed });
      return false;
    }
    this.move(contact, { queue: QUEUE.ready });
    if (contact.pending !== undefined) this.describe(contact, contact.pending);
    return true;
  }

  /** What the list says of one that was called: it counts once they are to be rung again. */
  pend(known: MemoryContact, pending: Contact | undefined): void {
    this.#number(known, () => {
      known.pending = pending;
    });
  }

  /**
   * The other contacts that have this number, or are to have it, and were not taken out, in the
   * order of their coming.
   */
  twins(phone: string, except: MemoryContact | undefined): readonly MemoryContact[] {
    const others = (this.#byPhone.get(phone) ?? []).filter(
      (other) => other !== except && other.queue !== QUEUE.removed,
    );
    return others.sort((one, other) => one.row - other.row);
  }

  /** The one way to change where a contact stands. */
  move(
    contact: MemoryContact,
    change: Partial<Pick<MemoryContact, 'queue' | 'outcome' | 'position' | 'dueMs'>>,
  ): void {
    const before = contactState(contact.queue, contact.outcome);
    Object.assign(contact, change);
    const after = contactState(contact.queue, contact.outcome);
    if (before !== undefined) this.#counts[before] -= 1;
    if (after !== undefined) this.#counts[after] += 1;
    if (contact.queue === QUEUE.ready) {
      this.#ready[stageOfContact(contact)].push(contact.position, contact);
    }
    if (contact.queue === QUEUE.waiting) this.#waiting.push(contact.dueMs, contact);
  }

  /** The first ready contact; those with a call to be settled come before the rest. */
  next(stages: readonly Stage[], nowMs: number): MemoryContact | undefined {
    for (let due = this.#firstWaiting(); due !== undefined; due = this.#firstWaiting()) {
      if (due.dueMs > nowMs) break;
      this.#waiting.drop();
      this.move(due, { queue: QUEUE.ready });
    }
    const others = stages.filter((stage) => !isUrgent(stage));
    return this.#firstReady(stages.filter(isUrgent)) ?? this.#firstReady(others);
  }

  /** Those who wait for a service are due now. */
  recall(nowMs: number): void {
    for (const contact of this.contacts.values()) {
      const { queue, recall, dueMs } = contact;
      if (queue === QUEUE.waiting && recall && dueMs > nowMs) this.move(contact, { dueMs: nowMs });
    }
  }

  someReady(): boolean {
    return this.#firstReady(STAGES) !== undefined;
  }

  nextDueMs(): number | undefined {
    const dueMs = this.#firstWaiting()?.dueMs;
    return dueMs === NEXT_RUN_MS ? undefined : dueMs;
  }

  /** The first fresh one; those of the backlog who would come before it are read. */
  #firstFresh(): MemoryContact | undefined {
    const first = this.#firstOf('fresh');
    const position = this.#entered + 1;
    if (first !== undefined && first.position < position) return first;
    const contact = this.#backlog.at(this.#entered);
    if (contact === undefined) return first;
    this.#entered += 1;
    const entered = this.enter(contact);
    this.move(entered, { queue: QUEUE.ready, position });
    return entered;
  }

  #firstOf(stage: Stage): MemoryContact | undefined {
    return this.#ready[stage].first(
      (contact, position) =>
        contact.queue === QUEUE.ready &&
        contact.position === position &&
        stageOfContact(contact) === stage,
    );
  }

  #firstWaiting(): MemoryContact | undefined {
    return this.#waiting.first(
      (contact, dueMs) => contact.queue === QUEUE.waiting && contact.dueMs === dueMs,
    );
  }

  #firstReady(stages: readonly Stage[]): MemoryContact | undefined {
    let first: MemoryContact | undefined;
    for (const stage of stages) {
      const found = stage === 'fresh' ? this.#firstFresh() : this.#firstOf(stage);
      if (found === undefined) continue;
      if (first === undefined || found.position < first.position) first = found;
    }
    return first;
  }

  /** Changes a contact's numbers, and by which it is found. */
  #number(contact: MemoryContact, change: () => void): void {
    for (const phone of phonesOf(contact)) this.#strikeUnder(phone, contact);
    change();
    for (const phone of phonesOf(contact)) this.#listUnder(phone, contact);
  }

  #listUnder(phone: string, contact: MemoryContact): void {
    const known = this.#byPhone.get(phone) ?? [];
    if (!known.includes(contact)) this.#byPhone.set(phone, [...known, contact]);
  }

  #strikeUnder(phone: string, contact: MemoryContact): void {
    const left = this.#byPhone.get(phone)?.filter((known) => known !== contact) ?? [];
    if (left.length > 0) this.#byPhone.set(phone, left);
    else this.#byPhone.delete(phone);
  }
}

function phonesOf({ contact, pending }: MemoryContact): readonly string[] {
  return pending === undefined ? [contact.phone] : [contact.phone, pending.phone];
}

/** The number that the list's last word gives a contact. */
export function heldNumber({ contact, pending }: MemoryContact): string {
  return pending?.phone ?? contact.phone;
}

/** The stage a contact has reached, from what its journal holds. */
export function stageOfContact(contact: MemoryContact): Stage {
  const call = contact.calls.at(-1);
  const open = contact.outcome === null && call?.ended !== undefined ? undefined : call;
  const { script, speech } = open?.finished ?? contact.carried;
  const mayHaveRung = open?.attempts.some(({ result }) => result?.type !== 'not_placed') ?? false;
  const { outcome } = contact;
  const reached = { outcome, script: script !== undefined, speech: speech !== undefined };
  return stageAfter(reached, mayHaveRung);
}

/** Whether a call was made or may be on its way. */
export function isCalled({ queue, outcome, calls }: MemoryContact): boolean {
  return (
    queue === QUEUE.claimed ||
    outcome !== null ||
    calls.some(
      ({ attempts, ended }) =>
        ended !== undefined || attempts.some(({ result }) => result?.type !== 'not_placed'),
    )
  );
}
