import { ServiceFailure, Unavailable } from '../domain/failure.ts';
import type { Role } from '../domain/words.ts';
import type { Clock, Emit, RequestContext, Service } from './ports.ts';

export interface ChainParts {
  readonly role: Role;
  readonly clock: Clock;
  readonly emit: Emit;
  /**
   * How long to wait before this service is asked in the place of one that was asked and failed;
   * nothing where this is left out.
   */
  readonly fallbackDelayMs?: ((service: string) => number) | undefined;
}

/** What was answered, and by whom. */
export interface Answer<T> {
  readonly value: T;
  readonly service: string;
}

/** No service of the chain takes requests like this one: a matter of the config, not an outage. */
export class NoCandidate extends Error {
  override readonly name = 'NoCandidate';
  readonly role: Role;

  constructor(role: Role, services: readonly string[]) {
    const configured = services.length === 0 ? 'none' : services.join(', ');
    super(`no service for ${role} takes this request (configured: ${configured})`);
    this.role = role;
  }
}

type Miss = ServiceFailure | Unavailable;

/** What came of one service, and when it could be asked again: the others take a while after it. */
interface Missed {
  readonly miss: Miss;
  readonly untilMs: number;
}

/** The guarded services of one role, first choice first; the rest are asked when it cannot. */
export class Chain<S extends Service> {
  readonly services: readonly S[];
  readonly #parts: ChainParts;

  constructor(services: readonly S[], parts: ChainParts) {
    this.services = services;
    this.#parts = parts;
  }

  /**
   * Asks one service after another, until one answers.
   *
   * @param accepts leaves out services that could not serve this request at all
   *
   * Rejects with the first `ServiceFailure` of those that were asked and gave up, one that is down
   * before one that refuses; with what all of them say where all refuse; with `Unavailable` where
   * none could be asked; at once with a failure that another service could not do better; with
   * `NoCandidate` where `accepts` leaves nobody. Anything else that a service throws passes
   * through.
   */
  async run<T>(
    context: RequestContext,
    call: (service: S) => Promise<T>,
    accepts?: (service: S) => boolean,
  ): Promise<Answer<T>> {
    const { role, clock, emit } = this.#parts;
    const candidates = accepts === undefined ? this.services : this.services.filter(accepts);
    const misses: Missed[] = [];
    for (const service of candidates) {
      const before = misses.at(-1)?.miss;
      // Most requests are answered by the first, and wait for nothing.
      if (before !== undefined) await this.#delay(service.name, before, context);
      try {
        const value = await call(service);
        const [first] = misses;
        if (first !== undefined) {
          const { contact, call: callId, step, line } = context;
          const subject = { contact, call: callId, step, line };
          const instead = candidates[0]?.name ?? '';
          const about = { service: service.name, role, instead, ...reasonOf(first.miss) };
          emit({ type: 'fallback.used', ...subject, ...about });
        }
        return { value, service: service.name };
      } catch (error) {
        if (!isMiss(error, role)) throw error;
        misses.push({ miss: error, untilMs: clock.monotonicMs() + (error.retryAfterMs ?? 0) });
      }
    }
    if (misses.length === 0) {
      const names = this.services.map((service) => service.name);
      throw new NoCandidate(role, names);
    }
    throw verdictOn(misses, clock.monotonicMs());
  }

  /** Not after a service whose breaker turned the request away: that has had its pause. */
  async #delay(service: string, before: Miss, context: RequestContext): Promise<void> {
    if (!(before instanceof ServiceFailure)) return;
    const delayMs = this.#parts.fallbackDelayMs?.(service) ?? 0;
    if (delayMs === 0) return;
    await this.#parts.clock.sleep(delayMs, context.signal);
  }
}

/** Whether another service could do better. */
function isMiss(error: unknown, role: Role): error is Miss {
  if (error instanceof Unavailable) return true;
  if (!(error instanceof ServiceFailure)) return false;
  switch (error.kind) {
    case 'transient':
      return true;
    case 'permanent':
      return error.scope === 'service';
    // The phone may have rung: no other dialer may ring it again.
    case 'unknown':
      return role !== 'dialer';
  }
}

/** Whoever has to wait waits for the service that can be asked first. */
function verdictOn(misses: readonly Missed[], nowMs: number): Miss {
  const waitMs = Math.max(0, Math.min(...misses.map(({ untilMs }) => untilMs)) - nowMs);
  const failures = misses.flatMap(({ miss }) => (miss instanceof ServiceFailure ? miss : []));
  const [first] = failures;
  const isRefused = failures.length === misses.length && failures.every((one) => one.isRefusal);
  if (first !== undefined && isRefused) {
    return refusedByAll(first, failures, waitMs);
  }
  // Whoever is down might have taken what another refuses.
  const gaveUp = failures.find((one) => !one.isRefusal) ?? first;
  if (gaveUp !== undefined) {
    return (gaveUp.retryAfterMs ?? 0) > waitMs ? gaveUp.asking(waitMs) : gaveUp;
  }
  const turnedAway = misses.flatMap(({ miss }) => (miss instanceof Unavailable ? miss : []));
  const [away] = turnedAway;
  if (turnedAway.length === 1 && away !== undefined) return away;
  const services = turnedAway.flatMap((miss) => miss.services);
  return new Unavailable(services, waitMs, away?.cause, away?.role);
}

/** In the words of all of them. */
function refusedByAll(
  first: ServiceFailure,
  failures: readonly ServiceFailure[],
  waitMs: number,
): ServiceFailure {
  const message = [...new Set(failures.map((one) => one.message))].join('; ');
  const { kind, scope, code, status, retriesMax, service } = first;
  const retryAfterMs = waitMs > 0 ? waitMs : undefined;
  const about = { kind, scope, code, status, retriesMax, retryAfterMs, cause: first };
  const all = new ServiceFailure(message, about);
  all.service = service;
  all.refusedBy = failures.flatMap((one) => one.service ?? []);
  return all;
}

function reasonOf(miss: Miss): { readonly reason: string; readonly code: string } {
  const failure = miss instanceof ServiceFailure ? miss : miss.cause;
  // Turned away without a failure: so many wait for a place that our own queue is too long.
  return failure instanceof ServiceFailure
    ? { reason: failure.message, code: failure.code }
    : { reason: 'too many requests wait for it', code: 'queue_full' };
}
