import type { BreakerName } from '../domain/event.ts';
import { type Health, healthOf } from '../domain/health.ts';
import type { Role } from '../domain/words.ts';
import { quietly } from './news.ts';
import type { Clock, Emit, KeptConnection, Service } from './ports.ts';
import { beginProbe, faultOf } from './probe.ts';

/** The side of a guard that the checker looks at. */
export interface Checked {
  health(result: 'good' | 'bad', begunMs: number): void;
  connection(isMade: boolean): void;
  status(): { readonly state: BreakerName };
  onChange(listener: () => void): () => void;
}

export interface CheckedService {
  /** The service itself: its probe is not guarded. */
  readonly service: Service;
  readonly guard: Checked;
  /** The one that it keeps: as soon as it is made, work may be tried. */
  readonly connection?: KeptConnection | undefined;
  /** Where this one is checked otherwise than all. */
  readonly timing?: Partial<HealthTiming> | undefined;
}

export interface HealthTiming {
  /** From the beginning of one check of a service to the beginning of its next. */
  readonly intervalMs: number;
  /** After this a check counts as bad. */
  readonly timeoutMs: number;
}

export interface HealthCheckerParts extends HealthTiming {
  readonly services: readonly CheckedService[];
  readonly clock: Clock;
  readonly emit: Emit;
  /** Told of every check, for figures. */
  readonly probed?: ProbeListener | undefined;
}

export type ProbeListener = (
  service: string,
  role: Role,
  isGood: boolean,
  durationMs: number,
  /** What it failed with. */
  error?: unknown,
) => void;

/** Probes every service in the background, tells the guards, and says what changed, once. */
export class HealthChecker implements AsyncDisposable {
  readonly #parts: HealthCheckerParts;
  readonly #checks: Check[] = [];

  constructor(parts: HealthCheckerParts) {
    this.#parts = { ...parts, emit: quietly(parts.emit) };
  }

  /** The first checks begin now. Starting twice changes nothing. */
  start(): void {
    if (this.#checks.length > 0) return;
    for (const checked of this.#parts.services) {
      const check = new Check(checked, this.#parts);
      this.#checks.push(check);
      check.begin();
    }
  }

  /** No timer is left, checks under way are aborted, and what they still find changes nothing. */
  stop(): void {
    for (const check of this.#checks.splice(0)) check.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}

/** The checks of one service, one after the other. */
class Check {
  readonly #checked: CheckedService;
  readonly #parts: HealthCheckerParts;
  readonly #stopListening: () => void;
  readonly #stopFollowing: (() => void) | undefined;
  #health: Health = 'healthy';
  /** Since when it is not healthy; monotonic. */
  #awaySinceMs: number | undefined;
  #good = true;
  #message: string | undefined;
  /** The probe has not come back, though its time may be up: no other is begun beside it. */
  #busy = false;
  #cancelNext: (() => void) | undefined;
  #giveUp: ((reason: Error) => void) | undefined;

  constructor(checked: CheckedService, parts: HealthCheckerParts) {
    this.#checked = checked;
    this.#parts = parts;
    const { connection, guard } = checked;
    this.#stopListening = guard.onChange(() => this.#compare());
    this.#stopFollowing = connection?.follow((isMade) => guard.connection(isMade));
  }

  begin(): void {
    const { clock } = this.#parts;
    const { intervalMs, timeoutMs } = { ...this.#parts, ...this.#checked.timing };
    this.#cancelNext = clock.after(intervalMs, () => this.begin());
    if (this.#busy) return;
    this.#busy = true;
    const begunMs = clock.monotonicMs();
    const { service } = this.#checked;
    this.#giveUp = beginProbe(service, clock, timeoutMs, {
      found: (probed) => {
        this.#found(probed.isGood, probed.isGood ? undefined : probed.error, begunMs);
      },
      back: () => {
        this.#busy = false;
      },
    });
  }

  stop(): void {
    this.#stopListening();
    this.#stopFollowing?.();
    this.#cancelNext?.();
    this.#giveUp?.(new Error('health checks have ended'));
  }

  #found(good: boolean, error: unknown, begunMs: number): void {
    const { service } = this.#checked;
    const { clock, probed } = this.#parts;
    this.#good = good;
    this.#message = good ? undefined : faultOf(error);
    this.#checked.guard.health(good ? 'good' : 'bad', begunMs);
    this.#compare();
    probed?.(service.name, service.role, good, clock.monotonicMs() - begunMs, error);
  }

  #compare(): void {
    const { service, guard } = this.#checked;
    const health = healthOf(this.#good, guard.status().state);
    if (health === this.#health) return;
    this.#health = health;
    const nowMs = this.#parts.clock.monotonicMs();
    const awayMs = this.#awaySinceMs === undefined ? undefined : nowMs - this.#awaySinceMs;
    this.#awaySinceMs = health === 'healthy' ? undefined : (this.#awaySinceMs ?? nowMs);
    const { name, role } = service;
    const message = health === 'unhealthy' ? this.#message : undefined;
    this.#parts.emit({ type: 'health.changed', service: name, role, health, awayMs, message });
  }
}
