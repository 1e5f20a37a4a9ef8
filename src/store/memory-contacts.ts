import type { Contact } from '../domain/contact.ts';
import type { Admission, ContactSink } from '../engine/ports.ts';
import { type ContactSinkOptions, numbersOf, sameDetails } from './contact-details.ts';
import {
  heldNumber,
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
  /** What the rows at hand say: where a contact that has a number in the way goes itself. */
  #numbers: ReadonlyMap<string, string> = new Map();
  /** Who did not stand in the way because of that. */
  readonly #leaving = new Set<MemoryContact>();

  /** Begins a reading. */
  constructor(campaign: MemoryCampaign, { sameNumber }: ContactSinkOptions) {
    this.#campaign = campaign;
    this.#sameNumber = sameNumber;
    campaign.reading += 1;
    this.#reading = campaign.reading;
  }

  add(contacts: readonly Contact[]): readonly Admission[] {
    this.#numbers = numbersOf(contacts);
    this.#leaving.clear();
    const admissions = contacts.map((contact) => this.#admit(contact));
    for (const twin of this.#leaving) {
      // Whose new row was refused has no number that counts.
      if (twin.seen !== this.#reading && twin.queue !== QUEUE.removed) this.#makeRoom(twin);
    }
    return admissions;
  }

  finish(): number {
    let count = 0;
    for (const contact of this.#campaign.contacts.values()) {
      if (contact.seen === this.#reading) continue;
      if (contact.queue === QUEUE.claimed || stageOfContact(contact) === 'dialling') {
        contact.isUnlisted = true;
      } else if (isAtRest(contact)) {
        this.#campaign.move(contact, { queue: QUEUE.removed });
        count += 1;
      }
    }
    this.#campaign.listed = this.#reading;
    return count;
  }

  #admit(contact: Contact): Admission {
    const known = this.#campaign.contacts.get(contact.id);
    if (known?.seen === this.#reading) return { type: 'same_id', line: known.contact.line };
    if (known === undefined || known.queue === QUEUE.removed) return this.#queue(contact, known);
    const isKept = !known.isUnlisted && contact.phone === heldNumber(known);
    const twin = isKept ? undefined : this.#twin(contact, known);
    if (twin !== undefined) return twin;
    if (sameDetails(contact, known.contact)) {
      known.contact = { ...known.contact, phoneWritten: contact.phoneWritten };
      return this.#see(known, contact.line, undefined);
    }
    if (!isAtRest(known)) return this.#see(known, contact.line, contact);
    known.seen = this.#reading;
    this.#campaign.describe(known, contact);
    return { type: 'changed' };
  }

  #see(known: MemoryContact, line: number, pending: Contact | undefined): Admission {
    known.seen = this.#reading;
    known.contact = { ...known.contact, line };
    known.isUnlisted = false;
    this.#campaign.pend(known, pending);
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

  /** The refusal of a number that another contact has, or is to have. */
  #twin({ phone }: Contact, except: MemoryContact | undefined): Admission | undefined {
    if (this.#sameNumber === 'allow') return undefined;
    for (const twin of this.#campaign.twins(phone, except)) {
      if (!this.#isInTheWay(twin, phone)) continue;
      const { id, line } = twin.contact;
      return { type: 'same_number', contact: id, line };
    }
    return undefined;
  }

  #isInTheWay(twin: MemoryContact, phone: string): boolean {
    if (twin.seen === this.#reading) return heldNumber(twin) === phone;
    const next = this.#numbers.get(twin.contact.id);
    if ((next ?? heldNumber(twin)) !== phone) {
      if (next !== undefined) this.#leaving.add(twin);
      return false;
    }
    if (twin.contact.phone === phone && isCalled(twin)) return true;
    this.#makeRoom(twin);
    return false;
  }

  #makeRoom(twin: MemoryContact): void {
    if (isCalled(twin)) twin.isUnlisted = true;
    else this.#campaign.move(twin, { queue: QUEUE.removed });
  }
}

/** No call of it may be on its way, and none has an outcome that stands. */
function isAtRest(contact: MemoryContact): boolean {
  const { queue, outcome } = contact;
  const isQueued = queue === QUEUE.ready || queue === QUEUE.waiting;
  return isQueued && outcome === null && stageOfContact(contact) !== 'dialling';
}
