import { getEventListeners } from 'node:events';
import type { CampaignEvent, EventType } from '../../src/domain/event.ts';
import {
  Guard,
  type GuardParts,
  type GuardPolicies,
  type Operation,
} from '../../src/engine/guard.ts';
import type { BreakerMemory, RequestContext, Snapshot } from '../../src/engine/ports.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Waits of 5, 10 and 20 s without jitter; three failures open for 30 s; a minute per request. */
export const CASE_POLICIES: GuardPolicies = {
  retry: {
    initialDelayMs: 5_000,
    backoffFactor: 2,
    maxRetries: 3,
    maxDelayMs: 60_000,
    jitter: 0,
  },
  circuitBreaker: { failureThreshold: 3, recoveryTimeoutMs: 30_000, halfOpenMaxCalls: 1 },
  timeouts: { requestMs: 60_000, callMs: 600_000 },
};

export const REPEATABLE: Operation = { idempotent: true, paced: false, timeoutMs: 60_000 };
export const ONCE_ONLY: Operation = { idempotent: false, paced: false, timeoutMs: 60_000 };

export class MemoryOfBreakers implements BreakerMemory {
  readonly saved = new Map<string, Snapshot>();
  saves = 0;

  load(service: string): Snapshot | undefined {
    return this.saved.get(service);
  }

  save(service: string, snapshot: Snapshot): void {
    this.saves += 1;
    this.saved.set(service, structuredClone(snapshot));
  }
}

/** A guard on a virtual clock, with everything it says kept. */
export class GuardBench {
  readonly clock: VirtualClock;
  readonly events: CampaignEvent[] = [];
  readonly memory = new MemoryOfBreakers();
  readonly caller = new AbortController();
  readonly guard: Guard;
  fraction = 0;

  constructor(changes: Partial<GuardParts> = {}, clock = new VirtualClock()) {
    this.clock = clock;
    this.guard = new Guard({
      service: 'alpha',
      role: 'llm',
      policies: CASE_POLICIES,
      lines: 4,
      clock,
      random: { fraction: () => this.fraction, id: () => 'id' },
      emit: (event) => this.events.push(event),
      breakerMemory: this.memory,
      ...changes,
    });
  }

  context(line = 1, signal = this.caller.signal): RequestContext {
    const call = `call-${line}`;
    return { campaign: 'test', contact: 'c', call, step: 'script', line, signal };
  }

  get types(): EventType[] {
    return this.events.map((event) => event.type);
  }

  of<T extends EventType>(type: T): Extract<CampaignEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  get listeners(): number {
    return getEventListeners(this.caller.signal, 'abort').length;
  }

  /** A service that answers as the script says, in turn; the last is repeated.
   * `hang` never answers. */
  service(...answers: readonly (Error | string)[]) {
    const starts: number[] = [];
    const signals: AbortSignal[] = [];
    const call = (context: RequestContext): Promise<string> => {
      starts.push(this.clock.monotonicMs());
      const answer = answers[Math.min(starts.length, answers.length) - 1] ?? 'fine';
      signals.push(context.signal);
      if (answer === 'hang') return new Promise(() => {});
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    return { call, starts, signals };
  }

  /** Opens the breaker with as many requests at once on line 1 as it takes; no time goes by. */
  async trip(cause: Error): Promise<void> {
    const { failureThreshold } = this.guard.policies.circuitBreaker;
    const { call } = this.service(cause);
    const calls = Array.from({ length: failureThreshold }, () => {
      return outcome(this.guard.run(REPEATABLE, this.context(), call));
    });
    await Promise.all(calls);
  }
}

/** The value, or what it rejected with. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** Kept from the beginning, to be looked at whenever. */
export function watched(promise: Promise<unknown>): { settled: boolean; outcome: unknown } {
  const seen = { settled: false, outcome: undefined as unknown };
  void outcome(promise).then((value) => {
    seen.settled = true;
    seen.outcome = value;
  });
  return seen;
}
