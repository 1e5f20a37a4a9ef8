import type { CampaignEvent, EventOf } from '../domain/event.ts';
import { CALL_LIMIT, ServiceFailure } from '../domain/failure.ts';
import type { Role } from '../domain/words.ts';
import type { RequestContext } from './ports.ts';

interface Guarded {
  readonly service: string;
  readonly role: Role;
}

export function attemptFailed(
  { service, role }: Guarded,
  context: RequestContext,
  failure: ServiceFailure,
  attempt: number,
  durationMs: number,
): EventOf<'attempt.failed'> {
  const { kind, scope, code, status, message, usage } = failure;
  const about = { ...subjectOf(context), service, role };
  return {
    type: 'attempt.failed',
    ...about,
    attempt,
    kind,
    scope,
    code,
    status,
    message,
    durationMs,
    ...(usage !== undefined && { usage }),
  };
}

export function retryScheduled(
  { service, role }: Guarded,
  context: RequestContext,
  failure: ServiceFailure,
  retry: number,
  delayMs: number,
): EventOf<'retry.scheduled'> {
  const about = { ...subjectOf(context), service, role };
  return { type: 'retry.scheduled', ...about, retry, delayMs, code: failure.code };
}

export function callLookedFor(
  { service, role }: Guarded,
  context: RequestContext,
  forMs: number,
): EventOf<'call.looked_for'> {
  return { type: 'call.looked_for', ...subjectOf(context), service, role, forMs };
}

export function serviceStalled(
  { service, role }: Guarded,
  { kind, code, message }: ServiceFailure,
  forMs: number,
  waitMs: number,
): EventOf<'service.stalled'> {
  return { type: 'service.stalled', service, role, forMs, waitMs, kind, code, message };
}

export function tooManyAtOnce(service: string, limit: number): CampaignEvent {
  const message =
    `${service} refused a request because it had too many at once: from now on it gets ${limit} ` +
    'at a time, and more when that goes well; the others wait';
  return { type: 'notice', level: 'warn', code: 'too_many_at_once', message };
}

/** A request given up. Nobody knows whether it was done, which matters unless twice is as once. */
export function requestTimeout(
  service: string,
  timeoutMs: number,
  idempotent: boolean,
): ServiceFailure {
  return new ServiceFailure(`${service} has not answered within ${seconds(timeoutMs)}`, {
    kind: idempotent ? 'transient' : 'unknown',
    scope: 'service',
    code: 'timeout',
  });
}

export function boundReached(
  service: string,
  boundMs: number,
  last: ServiceFailure | undefined,
): ServiceFailure {
  const why = last === undefined ? '' : `; the last failure was: ${last.message}`;
  const message = `${service} could not tell within ${seconds(boundMs)}${why}`;
  return new ServiceFailure(message, {
    kind: 'unknown',
    scope: 'service',
    code: 'timeout',
    cause: last,
  });
}

/** Of a call that was followed, and of which its service told until then that it goes on. */
export function stillOn(boundMs: number): ServiceFailure {
  return new ServiceFailure(`it was still in progress after ${seconds(boundMs)}, and is hung up`, {
    kind: 'unknown',
    scope: 'service',
    code: CALL_LIMIT,
  });
}

/** Of a call that was followed. Nobody knows how it goes on. */
export function unheard(service: string, idleMs: number): ServiceFailure {
  return new ServiceFailure(`nothing was heard of the call from ${service} in ${seconds(idleMs)}`, {
    kind: 'unknown',
    scope: 'service',
    code: 'silent',
  });
}

/** Whether a question was given up because its time was up: see `boundReached` and `stillOn`. */
export function isTimeUp({ kind, code }: ServiceFailure): boolean {
  return kind === 'unknown' && (code === 'timeout' || code === CALL_LIMIT);
}

function subjectOf({ contact, call, step, line }: RequestContext) {
  return { contact, call, step, line };
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
