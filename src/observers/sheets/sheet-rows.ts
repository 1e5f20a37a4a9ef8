/**
 * Owes the sheet a row for every call that ends or fails, in the very commit in which the journal
 * learns of it: a kill loses neither, or both.
 */
import type { BreakerName, CampaignEvent, EventOf } from '../../domain/event.ts';
import type { ClaimKey, Clock, Journal, JournalEntry, RowMemory } from '../../engine/ports.ts';
import { type CallFailure, owedRow, type RowFacts } from './row.ts';

export interface SheetRowsParts {
  readonly campaign: string;
  readonly memory: RowMemory;
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  /** A row is durable. Must not throw. */
  readonly onOwed: () => void;
}

/** With these, the call is out of hand, for now or for good. */
const LEAVES: ReadonlySet<JournalEntry['type']> = new Set([
  'call.ended',
  'doubt.kept',
  'put_off',
  'released',
  'outdated',
  'record.ended',
  'record.refused',
]);

export class SheetRows {
  readonly #parts: SheetRowsParts;
  /** When each claim was made, on the monotonic clock. */
  readonly #begunMs = new WeakMap<ClaimKey, number>();
  /** Claims of calls that are uncertain, and asked about once more. */
  readonly #doubted = new WeakSet<ClaimKey>();
  /** Of calls in hand: the last failed attempt of each service. */
  readonly #attempts = new Map<string, Map<string, EventOf<'attempt.failed'>>>();
  /** Calls in hand that have failed; what becomes of them is written next. */
  readonly #failed = new Map<string, CallFailure>();
  readonly #breakers = new Map<string, BreakerName>();

  constructor(parts: SheetRowsParts) {
    this.#parts = parts;
  }

  /** What a row says beside what the journal does. */
  take(event: CampaignEvent): void {
    switch (event.type) {
      case 'attempt.failed':
        this.#attemptFailed(event);
        return;
      case 'call.failed':
        this.#failed.set(event.call, this.#failureOf(event));
        return;
      case 'breaker.opened':
      case 'breaker.half_open':
      case 'breaker.closed':
        this.#breakers.set(`${event.role} ${event.service}`, breakerName(event.type));
        return;
      default:
    }
  }

  /** The same journal, which owes rows beside what it writes. */
  journal(inner: Journal): Journal {
    return {
      claim: async (stages, nowMs, newCall) => {
        const claim = await inner.claim(stages, nowMs, newCall);
        if (claim !== undefined) this.#begunMs.set(claim.key, this.#parts.clock.monotonicMs());
        if (claim?.stage === 'doubted') this.#doubted.add(claim.key);
        return claim;
      },
      write: (key, entry) => {
        const written = inner.write(key, entry);
        // At the same moment, so that it is one commit.
        this.#follow(key, entry);
        return written;
      },
      recall: (nowMs) => inner.recall(nowMs),
      settled: () => inner.settled(),
      outlook: () => inner.outlook(),
      counts: () => inner.counts(),
      isOthers: (service, reference, call) => inner.isOthers(service, reference, call),
      othersInDoubt: (service, phone, call) => inner.othersInDoubt(service, phone, call),
    };
  }

  #attemptFailed(event: EventOf<'attempt.failed'>): void {
    const { call, service } = event;
    if (call === undefined) return;
    const attempts = this.#attempts.get(call) ?? new Map<string, EventOf<'attempt.failed'>>();
    this.#attempts.set(call, attempts.set(service, event));
  }

  #failureOf(event: EventOf<'call.failed'>): CallFailure {
    const { call, service = '' } = event;
    const attempt = this.#attempts.get(call)?.get(service);
    const role = attempt?.role;
    return {
      event,
      role,
      status: attempt?.status,
      retries: attempt && attempt.attempt - 1,
      breaker: role && (this.#breakers.get(`${role} ${service}`) ?? 'closed'),
    };
  }

  #follow(key: ClaimKey, entry: JournalEntry): void {
    const failure = this.#failed.get(key.call);
    if (entry.type === 'call.ended') this.#finished(key, entry, failure);
    if (entry.type === 'put_off' && failure !== undefined) {
      const { event } = failure;
      const atMs = this.#parts.clock.wallMs();
      this.#owe({ event, failure, atMs, service: undefined, durationMs: this.#durationMs(key) });
    }
    if (LEAVES.has(entry.type)) {
      this.#attempts.delete(key.call);
      this.#failed.delete(key.call);
    }
  }

  #finished(
    key: ClaimKey,
    { outcome, detail, code, service, atMs }: Extract<JournalEntry, { type: 'call.ended' }>,
    failure: CallFailure | undefined,
  ): void {
    const { contact, call } = key;
    const durationMs = this.#durationMs(key);
    const was = this.#doubted.has(key) ? 'uncertain' : undefined;
    const about = {
      contact,
      call,
      outcome,
      detail,
      code,
      was,
      durationMs: durationMs ?? 0,
    } as const;
    this.#owe({ event: { type: 'call.finished', ...about }, service, failure, atMs, durationMs });
  }

  #durationMs(key: ClaimKey): number | undefined {
    const begunMs = this.#begunMs.get(key);
    return begunMs === undefined ? undefined : this.#parts.clock.monotonicMs() - begunMs;
  }

  #owe(facts: Omit<RowFacts, 'campaign'>): void {
    const { campaign, memory, onOwed } = this.#parts;
    // The journal fails of the same, and tells.
    memory.save({ owed: [owedRow({ campaign, ...facts })] }).then(onOwed, () => undefined);
  }
}

function breakerName(type: 'breaker.opened' | 'breaker.half_open' | 'breaker.closed'): BreakerName {
  switch (type) {
    case 'breaker.opened':
      return 'open';
    case 'breaker.half_open':
      return 'half_open';
    case 'breaker.closed':
      return 'closed';
  }
}
