/**
 * Claims due contacts, on the lines allowed, hands each to the processor and settles the outcome.
 * There is no `catch` here: what the processor throws is a bug or the journal's failure, and ends
 * the run.
 */
import type { RunEnd } from '../domain/event.ts';
import type { ServiceFailure } from '../domain/failure.ts';
import { ROLES } from '../domain/words.ts';
import type { Availability, Blocked } from './availability.ts';
import {
  type Claim,
  type Clock,
  type Emit,
  type Journal,
  type RandomSource,
  STAGES,
  type Stage,
} from './ports.ts';
import type { Processor } from './processor.ts';
import type { PutOff, Wanted, Worked } from './settlement.ts';
import { Stopped } from './stopped.ts';
import { Waker } from './waker.ts';

export interface RunPolicy {
  readonly lines: number;
  /** `skip`: put the contact off and take the next. `pause`: wait at once. */
  readonly onOutage: 'skip' | 'pause';
  /** How long the run waits without any contact getting its outcome. */
  readonly outageWaitMs: number;
  /** Ends the run once so many contacts have their outcome. */
  readonly limit: number | undefined;
  /** Wall clock at which no new contact is taken. */
  readonly untilMs: number | undefined;
}

/** What may be spent; asked before a new contact is taken. */
export interface Purse {
  isReached(): boolean;
  /** How much of how much is spent, for people. */
  describe(): string;
}

export interface RunnerParts {
  readonly policy: RunPolicy;
  /** Nothing is counted where it is left out. */
  readonly purse?: Purse | undefined;
  readonly journal: Journal;
  readonly processor: Processor;
  readonly availability: Availability;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
}

export interface RunSignals {
  /** Aborts: take no new contact, let the calls in progress end. */
  readonly drain: AbortSignal;
  /** Aborts: leave the calls in progress as the journal has them. */
  readonly stop: AbortSignal;
}

/** Contacts put off in a row, per line and opening, before the line waits too (DESIGN 5). */
const SKIPS_MAX = 5;

interface Line {
  readonly number: number;
  /** How many contacts it has put off, by the opening that each role was away for. */
  readonly skips: Map<string, number>;
}

export class Runner {
  readonly #parts: RunnerParts;
  readonly #waker: Waker;
  /** Lines with a contact in hand, or with a claim on its way. */
  #busy = 0;
  /** Calls that ring or are being spoken. */
  #inCall = 0;
  readonly #calls = {
    begun: (): void => {
      this.#inCall += 1;
    },
    ended: (): void => {
      this.#inCall -= 1;
    },
    settled: (): void => {
      this.#progressMs = this.#parts.clock.monotonicMs();
    },
  };
  #doneNow = 0;
  #progressMs = 0;
  #end: RunEnd | undefined;
  /** Services that somebody was put off for since contacts were called back last, by name. */
  readonly #waitedFor = new Map<string, Wanted>();
  /** A dialer could not be asked about a call in doubt: it is once more when a breaker moves. */
  #isUnasked = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#waker = new Waker(parts.clock);
  }

  /** Works until nobody is left, or it may not go on. Rejects with bugs and `DiskFailure`. */
  async run(signals: RunSignals): Promise<RunEnd> {
    const { journal, clock, emit, policy } = this.#parts;
    const startMs = clock.monotonicMs();
    const contacts = journal.counts();
    const away = this.#blocked();
    const roles = new Set(away.map(({ role }) => role));
    // Whom an earlier run put off may have waited for what can be had by now, or for what can be
    // had again later in this run: the journal does not say which.
    if (roles.size < ROLES.length) void journal.recall(clock.wallMs());
    this.#await(servicesOf(away));
    this.#progressMs = startMs;
    const isSpent = this.#isSpent();
    emit({ type: 'run.started', lines: policy.lines, contacts, ...(isSpent && { isSpent }) });

    // Not `AbortSignal.any`: what every request looks at should cost nothing to look at.
    const broken = new AbortController();
    const stop = broken.signal;
    const stops = [
      onAbort(signals.stop, () => {
        broken.abort(signals.stop.reason);
      }),
      this.#parts.availability.onChange(() => {
        this.#breakersChanged();
      }),
      this.#on(signals.drain, 'stopped'),
      this.#on(stop, 'stopped'),
    ];
    try {
      const numbers = Array.from({ length: policy.lines }, (_, index) => index + 1);
      const given = { drain: signals.drain, stop };
      const lines = numbers.map((number) => this.#line(number, given, broken));
      // Every line ends before the first failure is told: nothing is left running behind it.
      const ends = await Promise.allSettled(lines);
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) {
        throw failed.reason;
      }
      await journal.settled();
      const end = this.#end ?? 'done';
      const durationMs = clock.monotonicMs() - startMs;
      const reason = end === 'budget' ? this.#parts.purse?.describe() : undefined;
      const counts = journal.counts();
      emit({ type: 'run.finished', end, contacts: counts, durationMs, ...(reason && { reason }) });
      return end;
    } finally {
      for (const off of stops) {
        off();
      }
    }
  }

  async #line(number: number, signals: RunSignals, broken: AbortController): Promise<void> {
    const line: Line = { number, skips: new Map() };
    let whole = false;
    try {
      for (;;) {
        const claim = await this.#next(line);
        if (claim === undefined) {
          break;
        }
        await this.#take(claim, line, signals);
      }
      whole = true;
    } finally {
      if (!whole) {
        broken.abort(new Stopped('another line failed'));
      }
    }
  }

  /** The next contact of this line; waits for one. Undefined when the run is over. */
  async #next(line: Line): Promise<Claim | undefined> {
    const { journal, clock, random } = this.#parts;
    for (;;) {
      const version = this.#waker.version;
      this.#judge();
      if (this.#end !== undefined) {
        return undefined;
      }
      if (!this.#mayTake()) {
        await this.#waker.wait(version, this.#leftMs());
        continue;
      }
      // Busy from before the claim: nobody may take the run for over while this one is on its way.
      this.#busy += 1;
      const stages = this.#stages(line);
      const claim = await journal.claim(stages, clock.wallMs(), random.id());
      if (claim !== undefined) {
        return claim;
      }
      this.#busy -= 1;
      const { ready, nextDueMs } = journal.outlook();
      if (this.#busy === 0 && !ready && nextDueMs === undefined) {
        this.#finish('done');
        return undefined;
      }
      // Who is in hand may still leave a record to be made.
      if (this.#busy === 0 && this.#isSpent()) {
        this.#finish('budget');
        return undefined;
      }
      // Another process put somebody back since (`campaign settle`), and nobody wakes us for that.
      const isMissed = ready && stages.length === STAGES.length;
      await this.#waker.wait(version, isMissed ? 1 : this.#idleMs(nextDueMs));
    }
  }

  async #take(claim: Claim, line: Line, signals: RunSignals): Promise<void> {
    const { availability, processor } = this.#parts;
    try {
      const blocked = availability.blocked(claim.stage);
      if (blocked.length > 0) {
        await this.#turnAway(claim, line, blocked);
        return;
      }
      const trial = availability.enter(claim.stage);
      try {
        const { number } = line;
        const worked = await processor.work(claim, number, this.#calls, signals);
        await this.#settle(claim, worked);
      } finally {
        // No breaker moves when one who tries a service is done with, and the next may try it.
        if (trial.release()) this.#recallWaiting();
      }
    } finally {
      this.#busy -= 1;
      this.#waker.wake();
    }
  }

  /** A contact that cannot get through now: put off until it might, at no cost. */
  async #turnAway(claim: Claim, line: Line, blocked: readonly Blocked[]): Promise<void> {
    const waitsMs = blocked.map((role) => role.retryAfterMs);
    if (blocked.some(({ isTried }) => isTried)) {
      // Another contact is trying the service at this moment: this one keeps its place.
      await this.#parts.journal.write(claim.key, { type: 'released' });
      return;
    }
    this.#countSkip(line, blocked);
    const waitsFor = blocked.flatMap((role) => role.services);
    await this.#putOff(claim, {
      delayMs: Math.max(...waitsMs.map((waitMs) => waitMs ?? 0)),
      reason: `waits for ${waitsFor.join(', ')}`,
      behind: false,
      recall: true,
      waitsFor,
      awaits: servicesOf(blocked),
      rounds: claim.rounds,
    });
  }

  async #settle(claim: Claim, worked: Worked): Promise<void> {
    const { settlement, outcome } = worked;
    if (settlement.type === 'put_off') {
      await this.#putOff(claim, this.#untilAsked(worked.stage, settlement));
    } else if (settlement.type === 'left') {
      await this.#parts.journal.write(claim.key, { type: 'released' });
    } else if (settlement.type === 'refused') {
      await this.#refused(claim, settlement.refusal);
    } else if (settlement.type === 'doubted') {
      const { detail, isUnasked } = settlement;
      await this.#parts.journal.write(claim.key, {
        type: 'doubt.kept',
        detail,
        unasked: isUnasked,
      });
    } else if (settlement.type === 'outdated') {
      await this.#parts.journal.write(claim.key, { type: 'outdated' });
      this.#tellOutdated(claim);
    }
    const isUnasked = settlement.type === 'doubted' ? settlement.isUnasked : worked.isUnasked;
    if (isUnasked === true) this.#isUnasked = true;
    const isNew = outcome !== undefined && claim.ended === undefined;
    this.#doneNow += isNew ? 1 : 0;
    // An outcome told so itself; a record that was owed is progress too.
    if (settlement.type === 'done') {
      this.#progressMs = this.#parts.clock.monotonicMs();
    }
  }

  #tellOutdated(claim: Claim): void {
    const { contact } = claim;
    const rest = outdatedBy(claim);
    const message = `${contact.id} was not rung before the program broke off, and ${rest}`;
    this.#parts.emit({ type: 'notice', level: 'info', code: 'outdated', message });
  }

  async #refused({ key, contact }: Claim, refusal: ServiceFailure): Promise<void> {
    const { journal, emit } = this.#parts;
    const { service = '', code, message } = refusal;
    const reason = `the CRM refused the record: ${message}`;
    await journal.write(key, { type: 'record.refused', reason });
    const subject = { contact: contact.id, call: key.call, step: 'record' } as const;
    emit({ type: 'record.refused', ...subject, service, role: 'crm', code, message });
  }

  /** A contact whose service is away by now is not due before that can be asked again. */
  #untilAsked(stage: Stage, wait: PutOff): PutOff {
    const blocked = this.#parts.availability.blocked(stage);
    const away = blocked.filter(({ isTried }) => !isTried);
    const awayMs = Math.max(0, ...away.map(({ retryAfterMs = 0 }) => retryAfterMs));
    if (awayMs <= wait.delayMs) return wait;
    const awaits = [...(wait.awaits ?? []), ...servicesOf(away)];
    return { ...wait, delayMs: awayMs, recall: true, awaits };
  }

  #breakersChanged(): void {
    // Its own breaker need not have kept the question from it.
    const isAsked = this.#isUnasked && !this.#blocked().some(({ role }) => role === 'dialer');
    if (isAsked) this.#recall();
    else this.#recallWaiting();
    this.#waker.wake();
  }

  #await(services: readonly Wanted[]): void {
    for (const one of services) this.#waitedFor.set(`${one.role} ${one.service}`, one);
  }

  /**
   * When a service can be asked again, those who were put off for it need not wait any longer. Not
   * for another of its role: who was turned away may have no use for that one.
   */
  #recallWaiting(): void {
    const { availability } = this.#parts;
    const isFree = [...this.#waitedFor.values()].some(({ role, service }) => {
      return availability.isFree(role, service);
    });
    if (isFree) this.#recall();
  }

  #recall(): void {
    const { journal, clock } = this.#parts;
    this.#waitedFor.clear();
    this.#isUnasked = false;
    void journal.recall(clock.wallMs());
  }

  /** Roles that nobody can fill now, or only whoever is trying a service at this moment. */
  #blocked(): readonly Blocked[] {
    const { availability } = this.#parts;
    return BLOCKABLE.flatMap((stage) => availability.blocked(stage));
  }

  async #putOff(claim: Claim, wait: PutOff): Promise<void> {
    const { journal, clock, emit } = this.#parts;
    const { reason, behind, recall, rounds, awaits = [] } = wait;
    // At least a millisecond: what rounding leaves of a wait would be no wait at all.
    const delayMs = Math.max(1, wait.delayMs);
    if (recall) this.#await(awaits);
    const dueMs = clock.wallMs() + delayMs;
    const entry = { dueMs, reason, behind, recall, rounds };
    await journal.write(claim.key, { type: 'put_off', ...entry });
    emit({
      type: 'contact.put_off',
      contact: claim.contact.id,
      call: claim.key.call,
      reason,
      delayMs,
      ...(behind && { behind }),
      waitsFor: wait.waitsFor,
    });
  }

  /** Stages to take from: those that could get through, and a few to be put off. */
  #stages(line: Line): readonly Stage[] {
    const { availability, policy } = this.#parts;
    const open = availability.open();
    if (this.#isSpent()) {
      return open.filter((stage) => IN_HAND.includes(stage));
    }
    if (open.length === STAGES.length || policy.onOutage === 'pause') {
      return open;
    }
    const skipped = SKIPPED.filter((stage) => {
      const blocked = availability.blocked(stage);
      return (
        blocked.length > 0 &&
        blocked.every(({ isTried }) => !isTried) &&
        blocked.every((role) => (line.skips.get(role.opening) ?? 0) < SKIPS_MAX)
      );
    });
    return [...open, ...skipped];
  }

  #countSkip({ skips }: Line, blocked: readonly Blocked[]): void {
    for (const { opening } of blocked) {
      skips.set(opening, (skips.get(opening) ?? 0) + 1);
    }
  }

  #isSpent(): boolean {
    return this.#parts.purse?.isReached() ?? false;
  }

  #mayTake(): boolean {
    const { limit } = this.#parts.policy;
    return limit === undefined || this.#doneNow + this.#busy < limit;
  }

  /** Ends the run where the limit, the clock or a long outage says so. */
  #judge(): void {
    const { policy, clock } = this.#parts;
    if (policy.limit !== undefined && this.#doneNow >= policy.limit) {
      this.#finish('limit');
    } else if (policy.untilMs !== undefined && clock.wallMs() >= policy.untilMs) {
      this.#finish('until');
    } else if (this.#leftOfOutageMs() <= 0) {
      this.#finish('outage');
    }
  }

  #finish(end: RunEnd): void {
    this.#end ??= end;
    this.#waker.wake();
  }

  /** How long a line with nothing to take may sleep; a change wakes it earlier. */
  #idleMs(nextDueMs: number | undefined): number {
    const { availability, clock } = this.#parts;
    const waitsMs = STAGES.flatMap((stage) => availability.blocked(stage)).flatMap(
      ({ retryAfterMs, lapseMs }) => [retryAfterMs ?? [], lapseMs ?? []].flat(),
    );
    const dueMs = nextDueMs === undefined ? Infinity : nextDueMs - clock.wallMs();
    // At least a millisecond, so that no rounding makes a line spin.
    return Math.max(1, Math.min(this.#leftMs(), dueMs, ...waitsMs));
  }

  #leftMs(): number {
    const { policy, clock } = this.#parts;
    const untilMs = policy.untilMs === undefined ? Infinity : policy.untilMs - clock.wallMs();
    return Math.max(1, Math.min(untilMs, this.#leftOfOutageMs()));
  }

  /** Whoever is on the line is progress: that call may last as long as it may. */
  #leftOfOutageMs(): number {
    const { policy, clock } = this.#parts;
    if (this.#inCall > 0) {
      return Infinity;
    }
    return this.#progressMs + policy.outageWaitMs - clock.monotonicMs();
  }

  #on(signal: AbortSignal, end: RunEnd): () => void {
    return onAbort(signal, () => {
      this.#finish(end);
    });
  }
}

function servicesOf(blocked: readonly Blocked[]): readonly Wanted[] {
  return blocked.flatMap(({ role, services }) => services.map((service) => ({ role, service })));
}

function outdatedBy({ isUnlisted, former }: Claim): string {
  if (isUnlisted) return 'the list has no row for them any more: they are taken out';
  return former === undefined
    ? 'the list has another row for them by now: they are rung by the new row'
    : 'the script is another one by now: they are rung with a new text';
}

/** Calls back when the signal aborts, at once where it has; the answer stops it. */
function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener);
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

/** Between them they need every role. */
const BLOCKABLE: readonly Stage[] = ['fresh', 'owed'];

/** A call that an earlier run began, and a record that is owed, are brought to their end. */
const IN_HAND: readonly Stage[] = ['dialling', 'owed', 'doubted'];

/** Stages that an outage may put off; a record that waits for the CRM simply waits. */
const SKIPPED: readonly Stage[] = ['fresh', 'scripted', 'spoken'];
