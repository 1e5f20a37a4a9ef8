/** Alerts on a virtual clock: processes that come and go over one disk, channels that fail. */
import type { Alert, AlertSeverity } from '../../src/domain/alert.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import type { CampaignFigures } from '../../src/domain/alert-sign.ts';
import type { BreakerName, CampaignEvent, EventType } from '../../src/domain/event.ts';
import type { Role } from '../../src/domain/words.ts';
import { Alerter, type FoundBreaker } from '../../src/engine/alerter.ts';
import type { AlertChannel, AlertMemory } from '../../src/engine/ports.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import { failure } from './failures.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a channel does once it has been asked; `count` is how often, this time included. */
type Answer = (count: number, signal: AbortSignal, alert: Alert) => Promise<void> | string | void;

/** A channel that remembers what it was asked to send, and when, before it answers. */
export class FakeChannel implements AlertChannel {
  readonly name: string;
  readonly asked: { readonly atMs: number; readonly alert: Alert }[] = [];
  readonly signals: AbortSignal[] = [];
  severities: readonly AlertSeverity[] | undefined;
  answer: Answer;
  readonly #clock: VirtualClock;
  readonly #delivered: Alert[] = [];

  constructor(name: string, clock: VirtualClock, answer: Answer = () => undefined) {
    this.name = name;
    this.#clock = clock;
    this.answer = answer;
  }

  async send(alert: Alert, signal: AbortSignal): Promise<string | void> {
    this.asked.push({ atMs: this.#clock.monotonicMs(), alert });
    this.signals.push(signal);
    const unreached = await this.answer(this.asked.length, signal, alert);
    this.#delivered.push(alert);
    return unreached;
  }

  /** What it has sent, as `raised service:flite`. */
  get delivered(): string[] {
    return this.#delivered.map(({ kind, key }) => `${kind} ${key}`);
  }

  get times(): number[] {
    return this.asked.map(({ atMs }) => atMs);
  }
}

export interface AlertProcess {
  readonly alerter: Alerter;
  readonly told: CampaignEvent[];
  readonly memory: AlertMemory;
  /** Gone, with what was not durable. */
  kill(): void;
  take(...events: readonly CampaignEvent[]): void;
  of<Type extends EventType>(type: Type): Extract<CampaignEvent, { type: Type }>[];
}

export class AlertBench {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();

  channel(name: string, answer?: Answer): FakeChannel {
    return new FakeChannel(name, this.clock, answer);
  }

  /** One run; events that the alerter tells come back to it, as they do from the stream. */
  run(
    channels: readonly AlertChannel[],
    campaign = 'spring',
    policies?: Partial<AlertPolicies>,
    figures?: () => CampaignFigures,
  ): AlertProcess {
    const { clock, disk } = this;
    const store = openMemoryStore({ disk, defer: (flush) => clock.defer(flush) });
    const told: CampaignEvent[] = [];
    const random = { fraction: () => 0, id: () => crypto.randomUUID() };
    const alerter: Alerter = new Alerter({
      campaign,
      channels,
      memory: store.alerts,
      clock,
      random,
      policies: { ...DEFAULT_ALERT_POLICIES, ...policies },
      figures,
      emit: (event) => {
        told.push(event);
        alerter.take(event);
      },
    });
    return {
      alerter,
      told,
      memory: store.alerts,
      kill: () => store.kill(),
      take: (...events) => {
        for (const event of events) alerter.take(event);
      },
      of: <Type extends EventType>(type: Type) =>
        told.filter((event) => event.type === type) as Extract<CampaignEvent, { type: Type }>[],
    };
  }

  /** What the store has, as another process finds it. */
  get kept() {
    const store = openMemoryStore({ disk: this.disk, defer: (flush) => this.clock.defer(flush) });
    return store.alerts.load();
  }
}

/** A run with one channel. */
export function emailed(answer?: Answer) {
  const bench = new AlertBench();
  const email = bench.channel('email', answer);
  return { bench, email, run: bench.run([email]) };
}

export function opened(service = 'flite', change: object = {}): CampaignEvent {
  const why = { kind: 'transient', code: 'http_503', message: 'the service is down' } as const;
  return { type: 'breaker.opened', service, role: 'tts', openMs: 60_000, ...why, ...change };
}

export function closed(service = 'flite'): CampaignEvent {
  return { type: 'breaker.closed', service, role: 'tts', outageMs: 90_000 };
}

/** A breaker as a run finds it. */
export function found(service: string, state: BreakerName, role: Role = 'tts'): FoundBreaker {
  const cause = state === 'closed' ? undefined : failure();
  return { service, role, state, sinceMs: 0, retryAfterMs: 0, cause };
}

/** Never answers. */
export function silence(): Promise<void> {
  return new Promise(() => {});
}
