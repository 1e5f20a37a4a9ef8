import { OPT_OUT, standing } from '../domain/answers.ts';
import { HOLD_MS_MAX } from '../domain/breaker-verdict.ts';
import type { ContactCounts } from '../domain/event.ts';
import { OptedOut } from '../domain/failure.ts';
import type {
  Claim,
  ClaimKey,
  DialAttempt,
  JournalEntry,
  ScriptInForce,
  Stage,
} from '../engine/ports.ts';
import type { CampaignJournal } from './campaign-journal.ts';
import { asRung } from './contact-details.ts';
import type { GroupCommit } from './group-commit.ts';
import {
  type MemoryCall,
  type MemoryCampaign,
  type MemoryContact,
  NOTHING,
  stageOfContact,
} from './memory-campaign.ts';
import type { MemoryOptOuts } from './memory-opt-outs.ts';
import { BY_KEY } from './opt-outs.ts';
import { isInDoubt, NEXT_RUN_MS, QUEUE, RESULTS_OUTDATED } from './queue-state.ts';
import { WriteRefused } from './store-error.ts';

type Of<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/** What all journals of one disk share. */
interface JournalDisk {
  /** Every campaign on it. */
  readonly campaigns: ReadonlyMap<string, MemoryCampaign>;
  readonly callIds: Set<string>;
  readonly optOuts: MemoryOptOuts;
}

/** Journal and queue in plain Maps. */
export class MemoryJournal implements CampaignJournal {
  readonly #name: string;
  readonly #campaign: MemoryCampaign;
  readonly #all: ReadonlyMap<string, MemoryCampaign>;
  readonly #callIds: Set<string>;
  readonly #optOuts: MemoryOptOuts;
  readonly #commits: GroupCommit;

  constructor(name: string, campaign: MemoryCampaign, disk: JournalDisk, commits: GroupCommit) {
    this.#name = name;
    this.#campaign = campaign;
    this.#all = disk.campaigns;
    this.#callIds = disk.callIds;
    this.#optOuts = disk.optOuts;
    this.#commits = commits;
  }

  claim(stages: readonly Stage[], nowMs: number, newCall: string): Promise<Claim | undefined> {
    return this.#commits.add(() => {
      const contact = this.#campaign.next(stages, nowMs);
      return contact === undefined ? undefined : this.#take(contact, nowMs, newCall);
    });
  }

  write(key: ClaimKey, entry: JournalEntry): Promise<void> {
    return this.#commits.add(() => {
      if (entry.type === 'call.answered') {
        this.#answered(key, entry);
        return;
      }
      const contact = this.#held(key);
      this.#apply(contact, lastCall(contact), entry);
    });
  }

  recall(nowMs: number): Promise<void> {
    return this.#commits.add(() => {
      this.#campaign.recall(nowMs);
    });
  }

  settled(): Promise<void> {
    return this.#commits.settled();
  }

  outlook(): { readonly ready: boolean; readonly nextDueMs: number | undefined } {
    return { ready: this.#campaign.someReady(), nextDueMs: this.#campaign.nextDueMs() };
  }

  counts(): ContactCounts {
    return this.#campaign.counts();
  }

  isOthers(service: string, reference: string, call: string): boolean {
    return this.#attemptsOfOthers(call).some(
      (one) =>
        one.service === service &&
        one.result?.type === 'placed' &&
        one.result.reference === reference,
    );
  }

  othersInDoubt(service: string, phone: string, call: string): readonly number[] {
    return this.#attemptsOfOthers(call)
      .filter((one) => one.service === service && one.phone === phone)
      .filter(({ result }) => result === undefined || result.type === 'unknown')
      .map(({ begunMs }) => begunMs)
      .toSorted((one, other) => one - other);
  }

  /** In all campaigns. */
  #attemptsOfOthers(call: string): (DialAttempt & { readonly phone: string })[] {
    return [...this.#all.values()]
      .flatMap(({ contacts }) => [...contacts.values()])
      .flatMap(({ calls }) => calls)
      .filter(({ id }) => id !== call)
      .flatMap(({ attempts, phone }) => attempts.map((attempt) => ({ ...attempt, phone })));
  }

  recover(nowMs: number): number {
    let count = 0;
    this.#campaign.resultsBytes = Math.max(this.#campaign.resultsBytes, 0);
    for (const contact of this.#campaign.contacts.values()) {
      if (contact.queue === QUEUE.waiting && contact.dueMs === NEXT_RUN_MS) {
        this.#campaign.move(contact, { queue: QUEUE.ready });
      }
      if (contact.queue === QUEUE.waiting && contact.dueMs > nowMs + HOLD_MS_MAX) {
        this.#campaign.move(contact, { dueMs: nowMs });
      }
      if (contact.queue !== QUEUE.claimed) continue;
      contact.fence += 1;
      this.#campaign.move(contact, { queue: QUEUE.ready });
      count += 1;
    }
    return count;
  }

  writeBy(script: ScriptInForce): number {
    const { scripts, contacts } = this.#campaign;
    const last = scripts.at(-1);
    if (last?.digest === script.digest) return 0;
    scripts.push(script);
    if (last === undefined) return 0;
    const outdated = [...contacts.values()].filter(isPrepared);
    for (const contact of outdated) this.#campaign.forgetTexts(contact);
    return outdated.filter(({ queue }) => queue !== QUEUE.removed).length;
  }

  #take(contact: MemoryContact, nowMs: number, newCall: string): Claim {
    const stage = stageOfContact(contact);
    const last = contact.calls.at(-1);
    const isLeft = stage === 'owed' || stage === 'doubted';
    const goesOn = last !== undefined && (last.ended === undefined || isLeft);
    const call = goesOn ? last : this.#openCall(contact, nowMs, newCall);
    contact.fence += 1;
    this.#campaign.move(contact, { queue: QUEUE.claimed });
    const { id, startedMs, finished, attempts, recordBegun, ended, answer, isHungUp } = call;
    const optedOutMs = this.#optOuts.find(contact.contact.phone)?.atMs;
    const former = isInDoubt(stage) ? this.#campaign.former(call) : undefined;
    const isChanged = isOutdated(contact) || former !== undefined;
    return {
      key: {
        contact: contact.contact.id,
        call: id,
        number: contact.calls.length,
        fence: contact.fence,
      },
      contact: stage === 'owed' ? asRung(contact.contact, call.phone) : contact.contact,
      stage,
      startedMs,
      finished: { ...finished },
      attempts: attempts.toSorted((one, other) => one.attempt - other.attempt),
      recordBegun,
      ...(ended !== undefined && { ended: { ...ended } }),
      ...(answer !== undefined && { answer }),
      ...(isHungUp !== undefined && { isHungUp }),
      ...(optedOutMs !== undefined && { optedOutMs }),
      rounds: contact.rounds,
      isOutdated: contact.outcome === null && isChanged,
      ...(former !== undefined && { former }),
      isUnlisted: contact.outcome === null && contact.isUnlisted,
    };
  }

  #openCall(contact: MemoryContact, startedMs: number, id: string): MemoryCall {
    if (this.#callIds.has(id)) throw new WriteRefused(`the call ${id} is in the journal already`);
    this.#callIds.add(id);
    const call: MemoryCall = {
      id,
      startedMs,
      finished: contact.carried,
      edition: this.#campaign.edition,
      attempts: [],
      phone: '',
      recordBegun: false,
      ended: undefined,
    };
    contact.carried = NOTHING;
    contact.calls.push(call);
    return call;
  }

  #held(key: ClaimKey): MemoryContact {
    const { contact: id, fence } = key;
    const contact = this.#contactOf(key);
    if (contact.fence !== fence) {
      throw new WriteRefused(`the claim of contact ${id} was taken over`);
    }
    if (contact.queue !== QUEUE.claimed) {
      throw new WriteRefused(`the claim of contact ${id} has ended`);
    }
    return contact;
  }

  #contactOf({ contact: id }: ClaimKey): MemoryContact {
    const contact = this.#campaign.contacts.get(id);
    if (contact === undefined) throw new WriteRefused(`there is no contact ${id}`);
    return contact;
  }

  #apply(
    contact: MemoryContact,
    call: MemoryCall,
    entry: Exclude<JournalEntry, { type: 'call.answered' }>,
  ): void {
    switch (entry.type) {
      case 'step.begun':
        if (entry.step === 'record') call.recordBegun = true;
        return;
      case 'lookup.ended':
        call.finished = { ...call.finished, lookup: { ...entry.properties } };
        return;
      case 'script.ended': {
        const { text, service } = entry;
        call.finished = { ...call.finished, script: { text, service } };
        call.edition = this.#campaign.edition;
        return;
      }
      case 'speech.ended': {
        const { hash, service } = entry;
        call.finished = { ...call.finished, speech: { hash, service } };
        return;
      }
      case 'attempt.begun':
        return this.#attemptBegun(contact, call, entry);
      case 'attempt.ended':
        return attemptEnded(call, entry);
      case 'call.hung_up':
        call.isHungUp = true;
        return;
      case 'call.ended':
        return this.#callEnded(contact, call, entry);
      case 'doubt.kept':
        return this.#doubtKept(contact, call, entry);
      case 'record.ended':
        return this.#recordEnded(contact, call, entry);
      case 'record.refused':
        return this.#recordRefused(contact, call, entry);
      case 'put_off':
        return this.#putOff(contact, entry);
      case 'released':
        return this.#campaign.move(contact, { queue: QUEUE.ready });
      case 'outdated':
        return this.#outdated(contact, call);
    }
  }

  #attemptBegun(contact: MemoryContact, call: MemoryCall, begun: Of<'attempt.begun'>): void {
    const { attempt, service, account, atMs } = begun;
    if (call.ended !== undefined) throw new WriteRefused(`call ${call.id} has ended`);
    if (call.attempts.some((one) => one.attempt === attempt)) {
      throw new WriteRefused(`attempt ${attempt} began before`);
    }
    const optOut = this.#optOuts.find(contact.contact.phone);
    if (optOut !== undefined) throw new OptedOut(optOut.atMs);
    const named = account === undefined ? {} : { account };
    const one: DialAttempt = { attempt, service, ...named, begunMs: atMs };
    call.phone = contact.contact.phone;
    call.attempts = [...call.attempts, one];
  }

  /** Of that call, whoever has the contact by now: a key that was pressed is so. */
  #answered(key: ClaimKey, { answer, atMs }: Of<'call.answered'>): void {
    const { contact, calls } = this.#contactOf(key);
    const call = calls.find(({ id }) => id === key.call);
    if (call !== undefined) call.answer = standing(call.answer, answer);
    if (answer !== OPT_OUT) return;
    const wasRung = call !== undefined && call.attempts.length > 0;
    const number = wasRung ? call.phone : contact.phone;
    this.#optOuts.add({ number, atMs, campaign: this.#name, reason: BY_KEY });
  }

  #callEnded(contact: MemoryContact, call: MemoryCall, entry: Of<'call.ended'>): void {
    const { outcome, detail, code, atMs: endedMs, unasked = false } = entry;
    const before = call.ended?.outcome;
    const isOpen = before === undefined || (before === 'uncertain' && outcome !== 'uncertain');
    if (!isOpen) throw new WriteRefused(`call ${call.id} has ended before`);
    call.ended = { outcome, detail, endedMs };
    if (code !== undefined) call.code = code;
    const queue = outcome === 'uncertain' ? QUEUE.none : QUEUE.claimed;
    this.#campaign.move(contact, { outcome, queue });
    if (outcome === 'uncertain' && unasked) this.#doubt(contact);
  }

  #doubtKept(contact: MemoryContact, call: MemoryCall, entry: Of<'doubt.kept'>): void {
    if (call.ended?.outcome !== 'uncertain') throw new WriteRefused(`${call.id} is not uncertain`);
    call.ended = { ...call.ended, detail: entry.detail ?? call.ended.detail };
    if (entry.unasked) this.#doubt(contact);
    else this.#campaign.move(contact, { queue: QUEUE.none });
  }

  #doubt(contact: MemoryContact): void {
    Object.assign(contact, { reason: '', recall: true });
    this.#campaign.move(contact, { queue: QUEUE.waiting, dueMs: NEXT_RUN_MS });
  }

  #recordEnded(contact: MemoryContact, call: MemoryCall, entry: Of<'record.ended'>): void {
    const { outcome } = endedOf(call);
    call.recordBegun = true;
    if (this.#campaign.over(contact)) for (const { id } of contact.calls) this.#callIds.delete(id);
    // Nothing asks for them any more, unless it is rung anew; of a long list they are the most.
    if (outcome !== 'failed') call.finished = NOTHING;
    const { resultsBytes } = this.#campaign;
    if (resultsBytes === RESULTS_OUTDATED) return;
    this.#campaign.resultsBytes = Math.max(resultsBytes, entry.bytes ?? 0);
  }

  #recordRefused(contact: MemoryContact, call: MemoryCall, entry: Of<'record.refused'>): void {
    endedOf(call);
    Object.assign(contact, { reason: entry.reason, recall: false });
    this.#campaign.move(contact, { queue: QUEUE.waiting, dueMs: NEXT_RUN_MS });
  }

  #outdated(contact: MemoryContact, call: MemoryCall): void {
    const isFormer = this.#campaign.former(call) !== undefined;
    if (!isOutdated(contact) && !isFormer) {
      throw new WriteRefused(`call ${call.id} is not outdated`);
    }
    if (contact.outcome !== null || stageOfContact(contact) === 'dialling') {
      throw new WriteRefused(`call ${call.id}: somebody may have been rung`);
    }
    if (isFormer) this.#campaign.forgetTexts(contact);
    this.#campaign.catchUp(contact);
  }

  #putOff(contact: MemoryContact, entry: Of<'put_off'>): void {
    const { dueMs, reason, behind, recall, rounds } = entry;
    contact.reason = reason;
    contact.rounds = rounds;
    contact.recall = recall;
    if (behind) this.#campaign.positionLast += 1;
    const position = behind ? this.#campaign.positionLast : contact.position;
    this.#campaign.move(contact, { queue: QUEUE.waiting, dueMs, position });
  }
}

/** How a call ended that has an outcome to record. */
function endedOf({ id, ended }: MemoryCall): NonNullable<MemoryCall['ended']> {
  if (ended === undefined || ended.outcome === 'uncertain') {
    throw new WriteRefused(`call ${id} has not ended in an outcome`);
  }
  return ended;
}

/** There is a text for them, and no call may be on its way. */
function isPrepared(contact: MemoryContact): boolean {
  const { queue, outcome } = contact;
  const isFree = outcome === null && queue !== QUEUE.claimed;
  return isFree && ['scripted', 'spoken'].includes(stageOfContact(contact));
}

function isOutdated({ pending, isUnlisted }: MemoryContact): boolean {
  return pending !== undefined || isUnlisted;
}

function attemptEnded(call: MemoryCall, { attempt, result }: Of<'attempt.ended'>): void {
  if (!call.attempts.some((one) => one.attempt === attempt)) {
    throw new WriteRefused(`attempt ${attempt} never began`);
  }
  call.attempts = call.attempts.map((one) => (one.attempt === attempt ? { ...one, result } : one));
}

function lastCall(contact: MemoryContact): MemoryCall {
  const call = contact.calls.at(-1);
  if (call === undefined)
    throw new Error(`contact ${contact.contact.id} is claimed without a call`);
  return call;
}
