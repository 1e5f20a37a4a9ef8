import type { Contact } from '../domain/contact.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';
import { type ContactSinkOptions, sameDetails } from './contact-details.ts';
import {
  isCalled,
  type MemoryCampaign,
  type MemoryContact,
  stageOfContact,
} from './memory-campaign.ts';
import { QUEUE } from './queue-state.ts';

/** Takes the rows of one reading of a list into plain Maps. */
export class MemoryContacts implements ContactSink {
  readonly #campaign: MemoryCampaign;
  readonly #sameNumber: 'reject' | 'allow';
  readonly #reading: number;

  /** Begins a reading. */
  constructor(campaign: MemoryCampaign, { sameNumber }: ContactSinkOptions) {
    this.#campaign = campaign;
    this.#sameNumber = sameNumber;
    campaign.reading += 1;
    this.#reading = campaign.reading;
  }

  add(contacts: readonly Contact[]): readonly Admission[] {
    return contacts.map((contact) => this.#admit(contact));
  }

  finish(): number {
    let count = 0;
    for (const contact of this.#campaign.contacts.values()) {
      const queued = contact.queue === QUEUE.ready || contact.queue === QUEUE.waiting;
      if (!queued || contact.seen === this.#reading) continue;
      if (isBeyondRecall(contact)) {
        if (contact.outcome === null) contact.pending = 'gone';
        continue;
      }
      this.#campaign.move(contact, { queue: QUEUE.removed });
      count += 1;
    }
    return count;
  }

  #admit(contact: Contact): Admission {
    const known = this.#campaign.contacts.get(contact.id);
    if (known?.seen === this.#reading) return { type: 'same_id', line: known.contact.line };
    if (known === undefined || known.queue === QUEUE.removed) return this.#queue(contact, known);
    const { phone } = known.contact;
    const isSame = sameDetails(contact, known.contact);
    const isOnItsWay = known.queue !== QUEUE.claimed && stageOfContact(known) === 'dialling';
    if (isSame || (isCalled(known) && !isOnItsWay)) {
      return this.#see(known, contact.line, undefined);
    }
    const twin = contact.phone === phone ? undefined : this.#twin(contact, known);
    if (twin !== undefined) return twin;
    if (isOnItsWay) return this.#see(known, contact.line, contact);
    known.seen = this.#reading;
    this.#campaign.describe(known, contact);
    return { type: 'changed' };
  }

  #see(known: MemoryContact, line: number, pending: Contact | undefined): Admission {
    known.seen = this.#reading;
    known.contact = { ...known.contact, line };
    known.pending = pending;
    return { type: 'known' };
  }

  #queue(contact: Contact, known: MemoryContact | undefined): Admission {
    const twin = this.#twin(contact, known);
    if (twin !== undefined) return twin;
    const queued = known ?? this.#campaign.enter(contact);
    this.#campaign.describe(queued, contact);
    queued.seen = this.#reading;
    this.#campaign.positionLast += 1;
    this.#campaign.move(queued, { queue: QUEUE.ready, position: this.#campaign.positionLast });
    return { type: 'added' };
  }

  /** The refusal of a number that another contact has. */
  #twin({ phone }: Contact, except: MemoryContact | undefined): Admission | undefined {
    if (this.#sameNumber === 'allow') return undefined;
    for (const twin of this.#campaign.twins(phone, except)) {
      if (twin.seen === this.#reading || isCalled(twin)) {
        const { id, line } = twin.contact;
        return { type: 'same_number', contact: id, line };
      }
      this.#campaign.move(twin, { queue: QUEUE.removed });
    }
    return undefined;
  }
}

/** A call may be on its way, or has ended. */
function isBeyondRecall(contact: MemoryContact): boolean {
  const stage = stageOfContact(contact);
  return stage === 'dialling' || stage === 'owed';
}
