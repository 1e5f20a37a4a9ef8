/**
 * The state of one run at any moment, read from what is alive of it: the journal's counts, the
 * guards, the clock; and what only events tell: how far it is, and what its health checks found.
 */
import type { CampaignEvent } from '../domain/event.ts';
import { healthOf } from '../domain/health.ts';
import type { RunPhase, RunStatus, ServiceStatus } from '../domain/run-status.ts';
import { serviceKey } from '../domain/service-key.ts';
import type { Payee } from '../domain/usage.ts';
import type { Guard } from '../engine/guard.ts';
import type { Clock, Journal, KeptConnection } from '../engine/ports.ts';
import type { RunPolicy, RunSignals } from '../engine/runner.ts';
import { VERSION } from './version.ts';

export interface RunViewParts {
  readonly campaign: string;
  readonly policy: Pick<RunPolicy, 'lines' | 'untilMs'>;
  readonly signals: Pick<RunSignals, 'drain'>;
  readonly journal: Pick<Journal, 'counts'>;
  readonly clock: Clock;
}

/** What is counted elsewhere. */
export type Counted = Pick<
  RunStatus,
  'outcomes' | 'answers' | 'callsInProgress' | 'callMsAverage' | 'alerts'
>;

type Viewed = Pick<Guard, 'service' | 'role' | 'status'>;

/** A health check that is bad, or a connection that is away. */
interface BadCheck {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly message: string | undefined;
}

export class RunView {
  guards: readonly Viewed[] = [];
  connections: readonly KeptConnection[] = [];
  readonly #parts: RunViewParts;
  readonly #startedMs: number;
  readonly #badChecks = new Map<string, BadCheck>();
  readonly #lost = new Map<string, BadCheck>();
  #phase: 'starting' | 'running' | 'over' = 'starting';

  constructor(parts: RunViewParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.wallMs();
  }

  take(event: CampaignEvent): void {
    switch (event.type) {
      case 'run.started':
        this.#phase = 'running';
        break;
      case 'run.finished':
        this.#phase = 'over';
        break;
      case 'health.changed':
        if (event.health === 'unhealthy') {
          const { message } = event;
          this.#badChecks.set(checkKey(event), { sinceMs: this.#parts.clock.wallMs(), message });
        } else {
          this.#badChecks.delete(checkKey(event));
        }
        break;
      case 'connection.changed':
        this.#connection(event);
        break;
      default:
    }
  }

  /** Seen at once: the next health check may be half a minute away. */
  #connection(event: Extract<CampaignEvent, { type: 'connection.changed' }>): void {
    const { state, message } = event;
    if (state === 'connected' || state === 'closed') this.#lost.delete(checkKey(event));
    if (state !== 'disconnected') return;
    const sinceMs = this.#lost.get(checkKey(event))?.sinceMs ?? this.#parts.clock.wallMs();
    this.#lost.set(checkKey(event), { sinceMs, message });
  }

  status(counted: Counted): RunStatus {
    const { campaign, policy, journal, clock } = this.#parts;
    return {
      campaign,
      version: VERSION,
      phase: this.#phaseNow(),
      nowMs: clock.wallMs(),
      startedMs: this.#startedMs,
      lines: policy.lines,
      contacts: journal.counts(),
      outcomes: counted.outcomes,
      answers: counted.answers,
      callsInProgress: counted.callsInProgress,
      callMsAverage: counted.callMsAverage,
      alerts: counted.alerts,
      services: this.guards.map((guard) => this.#serviceStatus(guard)),
      connections: this.connections.map((connection) => connection.figures()),
    };
  }

  #phaseNow(): RunPhase {
    const { signals, policy, clock } = this.#parts;
    const isLate = policy.untilMs !== undefined && clock.wallMs() >= policy.untilMs;
    const isDraining = this.#phase !== 'over' && (signals.drain.aborted || isLate);
    return isDraining ? 'draining' : this.#phase;
  }

  #serviceStatus(guard: Viewed): ServiceStatus {
    const { service, role } = guard;
    const { state: breaker, sinceMs, retryAfterMs, cause } = guard.status();
    const key = checkKey({ service, role });
    const bad = this.#lost.get(key) ?? this.#badChecks.get(key);
    const health = healthOf(bad === undefined, breaker);
    const isOpen = breaker !== 'closed';
    return {
      key: serviceKey(this.guards, guard),
      service,
      role,
      breaker,
      health,
      // What the work met says more than what the check met.
      sinceMs: isOpen ? Math.min(sinceMs, bad?.sinceMs ?? sinceMs) : bad?.sinceMs,
      reason: isOpen ? (cause?.message ?? bad?.message) : bad?.message,
      retryAfterMs,
    };
  }
}

function checkKey({ service, role }: Payee): string {
  return `${role} ${service}`;
}
