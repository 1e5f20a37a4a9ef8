/**
 * What a simulated run says of a real one: how busy the lines were, and what held calls up.
 * Counted from the engine's events, in memory that does not grow with the list.
 */
import type { CampaignEvent } from '../domain/event.ts';
import { RetriesMade } from '../domain/retries-made.ts';
import type { Role } from '../domain/words.ts';

export interface ServiceDelays {
  readonly service: string;
  role: Role | undefined;
  /** Calls that it held up at least once: by a retry, put off, or failed. Of a CRM: records. */
  calls: number;
  /** Those that were made: a wait for one may have been cut short. */
  retries: number;
  /** Times that a contact went back to the queue because of it. */
  putOff: number;
  /** Calls that failed with it, to be tried again or for good. */
  failedCalls: number;
  /** Requests that another service answered instead of it. */
  fallbacks: number;
}

/** Times that somebody was put off: to be called, or to have their record made. */
export interface PutOffs {
  readonly calls: number;
  readonly records: number;
}

const NEVER: PutOffs = { calls: 0, records: 0 };

/** Less is not worth telling. */
const PACE_WAIT_MS = 1_000;

export class Forecast {
  readonly #lines: number;
  readonly #inHand = new Set<string>();
  /** By contact that has no outcome yet: the services that held it up. */
  readonly #heldUp = new Map<string, Set<string>>();
  /** By contact in hand: the service that failed it last. */
  readonly #failedBy = new Map<string, string>();
  readonly #services = new Map<string, ServiceDelays>();
  readonly #putOffs = new Map<string, PutOffs>();
  /** Contacts with an outcome whose record is not made. */
  readonly #recording = new Set<string>();
  /** By service, as far as it was heard of. */
  readonly #roles = new Map<string, Role>();
  readonly #retries = new RetriesMade();
  readonly #pace = { times: 0, waitMs: 0 };
  #atMs = 0;
  #busyMs = 0;
  /** When the last contact got its outcome, and how long lines had been busy by then. */
  #outcome: { readonly atMs: number; readonly busyMs: number } | undefined;

  constructor(lines: number) {
    this.#lines = lines;
  }

  /** When the last contact got its outcome, from the start; undefined where none did. */
  get outcomeMs(): number | undefined {
    return this.#outcome?.atMs;
  }

  /**
   * Part of the time in which a line had somebody in hand who did not wait for the pace, from 0 to
   * 1: up to the last outcome where all have theirs, for then nobody is left to call; up to the
   * last event otherwise.
   */
  busyShare(hasAll: boolean): number {
    const now = { atMs: this.#atMs, busyMs: this.#workedMs };
    const { atMs, busyMs } = hasAll ? (this.#outcome ?? now) : now;
    return atMs === 0 ? 0 : busyMs / (this.#lines * atMs);
  }

  get #workedMs(): number {
    return Math.max(0, this.#busyMs - this.#pace.waitMs);
  }

  /**
   * How often a request to ring waited for the pace for a second at least, and how long all of
   * them waited. One that is retried waits anew.
   */
  get pace(): { readonly times: number; readonly waitMs: number } {
    return this.#pace;
  }

  /** Somebody has waited so long for their turn. */
  paced(waitMs: number): void {
    this.#pace.waitMs += waitMs;
    if (waitMs >= PACE_WAIT_MS) this.#pace.times += 1;
  }

  /** Services that held anybody up, those first that held up most. */
  get delays(): readonly ServiceDelays[] {
    return [...this.#services.values()].toSorted((one, other) => other.calls - one.calls);
  }

  /** How often somebody was put off, by the services that were the reason, joined by a comma. */
  get putOffs(): ReadonlyMap<string, PutOffs> {
    return this.#putOffs;
  }

  take(event: CampaignEvent, atMs: number): void {
    this.#busyMs += this.#inHand.size * (atMs - this.#atMs);
    this.#atMs = atMs;
    if ('role' in event && 'service' in event && event.role !== undefined) {
      this.#roles.set(event.service ?? '', event.role);
    }
    this.#count(event);
    switch (event.type) {
      case 'call.started':
        this.#inHand.add(event.call);
        break;
      case 'call.finished':
        this.#outcome = { atMs, busyMs: this.#workedMs };
        this.#recording.add(event.contact);
        if (event.outcome === 'uncertain') this.#over(event.contact, event.call);
        break;
      case 'contact.put_off':
        this.#inHand.delete(event.call ?? '');
        break;
      case 'record.refused':
        this.#over(event.contact, event.call);
        break;
      case 'attempt.failed':
        if (event.step === 'record') this.#takeUp(event.call ?? '', event.durationMs);
        break;
      case 'step.finished':
        if (event.step !== 'record') break;
        this.#takeUp(event.call ?? '', event.durationMs);
        this.#over(event.contact ?? '', event.call ?? '');
        break;
      default:
    }
    if (this.#inHand.size > this.#lines) {
      throw new Error(`${this.#inHand.size} calls in hand on ${this.#lines} lines`);
    }
  }

  /** Nobody is called for a record that was owed: a line has it since its request left. */
  #takeUp(call: string, sinceMs: number): void {
    if (this.#inHand.has(call)) return;
    this.#inHand.add(call);
    this.#busyMs += sinceMs;
  }

  #count(event: CampaignEvent): void {
    const retry = this.#retries.take(event);
    if (retry !== undefined) this.#of(retry.service, retry.role).retries += 1;
    switch (event.type) {
      case 'retry.scheduled':
        this.#holdUp(event.contact, event.service);
        break;
      case 'fallback.used':
        this.#of(event.instead, event.role).fallbacks += 1;
        break;
      case 'attempt.failed':
        if (event.contact !== undefined) this.#failedBy.set(event.contact, event.service);
        break;
      case 'call.failed':
        if (event.service === undefined) break;
        this.#of(event.service).failedCalls += 1;
        this.#holdUp(event.contact, event.service);
        break;
      case 'contact.put_off':
        this.#putOff(event.contact, event.waitsFor ?? this.#failerOf(event.contact));
        this.#failedBy.delete(event.contact);
        break;
      default:
    }
  }

  #putOff(contact: string, services: readonly string[]): void {
    const by = services.join();
    const { calls, records } = this.#putOffs.get(by) ?? NEVER;
    const isRecord = this.#recording.has(contact);
    const after = isRecord ? { calls, records: records + 1 } : { calls: calls + 1, records };
    this.#putOffs.set(by, after);
    for (const service of services) {
      this.#of(service).putOff += 1;
      this.#holdUp(contact, service);
    }
  }

  #failerOf(contact: string): readonly string[] {
    const service = this.#failedBy.get(contact);
    return service === undefined ? [] : [service];
  }

  /** Nothing is left to do for a contact. */
  #over(contact: string, call: string): void {
    this.#inHand.delete(call);
    this.#recording.delete(contact);
    this.#heldUp.delete(contact);
    this.#failedBy.delete(contact);
  }

  #holdUp(contact: string | undefined, service: string): void {
    if (contact === undefined) return;
    const by = this.#heldUp.get(contact) ?? new Set();
    this.#heldUp.set(contact, by);
    if (by.has(service)) return;
    by.add(service);
    this.#of(service).calls += 1;
  }

  #of(service: string, role = this.#roles.get(service)): ServiceDelays {
    const known = this.#services.get(service);
    if (known !== undefined) {
      known.role ??= role;
      return known;
    }
    const delays = {
      service,
      role,
      calls: 0,
      retries: 0,
      putOff: 0,
      failedCalls: 0,
      fallbacks: 0,
    };
    this.#services.set(service, delays);
    return delays;
  }
}
