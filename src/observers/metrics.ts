/**
 * The run in figures, for Prometheus: what happened is counted from the event stream, what is so
 * now is read when somebody asks. Loaded only where the server is on.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { CampaignEvent } from '../domain/event.ts';
import { OutcomeCounts } from '../domain/outcome-counts.ts';
import type { RunStatus } from '../domain/run-status.ts';
import type { Outcome, Role } from '../domain/words.ts';
import type { HostReader } from '../engine/ports.ts';
import { type EventMetrics, eventMetrics } from './event-metrics.ts';
import { liveMetrics } from './live-metrics.ts';

export class Metrics {
  readonly #registry = new Registry();
  readonly #counted: EventMetrics;
  readonly #outcomes = new OutcomeCounts();
  #answers = 0;
  readonly #alerts = { sent: 0, failed: 0 };
  /** When each call in progress was taken on; monotonic milliseconds, by the call's id. */
  readonly #callsBegun = new Map<string, number>();
  readonly #answered = { calls: 0, durationMs: 0 };

  /**
   * @param campaign a label of everything: runs of several campaigns come and go on one port
   * @param status what is so at this moment; asked once per reading and metric
   */
  constructor(campaign: string, status: () => RunStatus, host: HostReader) {
    this.#registry.setDefaultLabels({ campaign });
    this.#counted = eventMetrics(this.#registry);
    liveMetrics(this.#registry, status, host);
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** How many pressed a key that counts. */
  get answers(): number {
    return this.#answers;
  }

  get outcomes(): ReadonlyMap<Outcome, number> {
    return this.#outcomes.counts;
  }

  get alerts(): { readonly sent: number; readonly failed: number } {
    return this.#alerts;
  }

  /** Calls that a dialer has taken on, and of which it has not told the end. */
  get callsInProgress(): number {
    return this.#callsBegun.size;
  }

  /** Of those that were answered. */
  get callMsAverage(): number | undefined {
    const { calls, durationMs } = this.#answered;
    return calls === 0 ? undefined : durationMs / calls;
  }

  /** A dialer has taken a call on, or is asked about it once more. */
  callBegun(call: string, nowMs: number): void {
    if (!this.#callsBegun.has(call)) this.#callsBegun.set(call, nowMs);
  }

  /** The dialer tells how the call ended. */
  callEnded(call: string, service: string, outcome: Outcome, nowMs: number): void {
    const begunMs = this.#callsBegun.get(call);
    if (begunMs === undefined) return;
    this.#callsBegun.delete(call);
    const durationMs = nowMs - begunMs;
    this.#counted.callDuration.observe({ service, outcome }, durationMs / 1_000);
    if (outcome === 'answered') {
      this.#answered.calls += 1;
      this.#answered.durationMs += durationMs;
    }
  }

  probed(service: string, role: Role, isGood: boolean, durationMs: number): void {
    const result = isGood ? 'ok' : 'failed';
    this.#counted.probeDuration.observe({ service, role, result }, durationMs / 1_000);
  }

  take(event: CampaignEvent): void {
    switch (event.type) {
      case 'call.finished':
        this.#answers += event.answer === undefined ? 0 : 1;
        this.#outcomes.take(event);
        // Whose end nobody told is not in progress any more either.
        this.#callsBegun.delete(event.call);
        break;
      case 'alert.sent':
        this.#alerts.sent += 1;
        break;
      case 'alert.failed':
        this.#alerts.failed += 1;
        break;
      default:
    }
    this.#counted.take(event);
  }
}
