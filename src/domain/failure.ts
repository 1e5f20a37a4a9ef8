/**
 * What can go wrong with a service, in the words every layer uses.
 */
import type { Usage } from './usage.ts';
import type { Outcome, Role } from './words.ts';

/** `transient`: try again. `permanent`: never. `unknown`: it may have taken effect. */
export type FailureKind = 'transient' | 'permanent' | 'unknown';

/** `request`: this contact's data is at fault. `service`: the next call would fail too. */
export type FailureScope = 'request' | 'service';

/** The code of a call that went on, as its service told, until `timeouts.call` was over. */
export const CALL_LIMIT = 'call_limit';

export interface FailureDetails {
  readonly kind: FailureKind;
  readonly scope: FailureScope;
  /** Short and stable, for logs and reports: `timeout`, `ECONNREFUSED`, `quota_exceeded`. */
  readonly code: string;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** What the service asked us to wait, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** How many further tries make sense, where that is less than the policy allows. */
  readonly retriesMax?: number | undefined;
  /** What the answer cost that cannot be used. */
  readonly usage?: Usage | undefined;
  /** It was refused only because the service had too many requests of ours at once. */
  readonly isCrowded?: boolean | undefined;
  /** Another call of ours is in the way: it says nothing of this contact, however often. */
  readonly isInTheWay?: boolean | undefined;
  /** How the call ended with it, where that is more than that it failed. Only if permanent. */
  readonly outcome?: Extract<Outcome, 'invalid_number'> | undefined;
  readonly cause?: unknown;
}

/**
 * A failure of a service, or of an alert's channel. Only they and the deadlines around them make
 * one; a bug is never one.
 */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
  readonly kind: FailureKind;
  readonly scope: FailureScope;
  readonly code: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retriesMax: number | undefined;
  readonly usage: Usage | undefined;
  readonly isCrowded: boolean;
  readonly isInTheWay: boolean;
  readonly outcome: FailureDetails['outcome'];
  /** Whose failure it is; the guard says so when it meets it. */
  service: string | undefined;
  /** Every service of the chain refused the request, and these are all; the chain says so. */
  refusedBy: readonly string[] = [];

  constructor(message: string, details: FailureDetails) {
    super(message, { cause: details.cause });
    this.kind = details.kind;
    this.scope = details.scope;
    this.code = details.code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.retriesMax = details.retriesMax;
    this.usage = details.usage;
    this.isCrowded = details.isCrowded ?? false;
    this.isInTheWay = details.isInTheWay ?? false;
    this.outcome = details.outcome;
  }

  /**
   * The service works, and would not do this request however often it is asked: a filter, a text
   * that cannot be spoken, a 400 that may be about the row or about the settings.
   */
  get isRefusal(): boolean {
    return this.kind === 'transient' && this.retriesMax !== undefined;
  }

  /** The same failure, after which asking again makes sense in so many milliseconds. */
  asking(retryAfterMs: number): ServiceFailure {
    const { kind, scope, code, status, retriesMax, usage, outcome, cause } = this;
    const { isCrowded, isInTheWay } = this;
    const about = { kind, scope, code, status, retriesMax, usage, outcome, cause, isCrowded };
    const failure = new ServiceFailure(this.message, { ...about, isInTheWay, retryAfterMs });
    failure.service = this.service;
    return failure;
  }
}

/**
 * Nothing was sent: the breaker of every service that could have answered is open, or a service
 * asked for a pause. Says when asking again makes sense. Never counted as a service's failure.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** The services that turned the request away, first choice first. */
  readonly services: readonly string[];
  /** From now until the earliest of them may be asked again, in milliseconds. */
  readonly retryAfterMs: number;
  /** The work that they were asked for, where their breakers turned it away. */
  readonly role: Role | undefined;

  constructor(services: readonly string[], retryAfterMs: number, cause?: unknown, role?: Role) {
    super(`${services.join(', ')} not available`, { cause });
    this.services = services;
    this.retryAfterMs = retryAfterMs;
    this.role = role;
  }
}

/**
 * The number was refused before it was rung: whoever has it asked not to be called. No service's
 * failure, and nothing that another try would change.
 */
export class OptedOut extends Error {
  override readonly name = 'OptedOut';

  /** @param atMs when they asked; milliseconds since the epoch */
  constructor(atMs: number) {
    super(`this number asked on ${new Date(atMs).toISOString().slice(0, 10)} not to be called`);
  }
}

/**
 * What must be kept could not be written (disk full, disk read-only, file gone): dialling stops,
 * because nothing may be sent whose beginning is not on disk, and nothing done that is then lost.
 */
export class DiskFailure extends Error {
  override readonly name: string = 'DiskFailure';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** The journal itself could not be written. */
export class JournalFailure extends DiskFailure {
  override readonly name = 'JournalFailure';
}
