import { ServiceFailure } from '../../src/domain/failure.ts';

/** A 503, or a failure with whatever is said otherwise. */
export function failure(details: Partial<ServiceFailure> = {}): ServiceFailure {
  const {
    message = 'the service is down',
    status = 503,
    retryAfterMs,
    retriesMax,
    usage,
    cause,
  } = details;
  return new ServiceFailure(message, {
    kind: details.kind ?? 'transient',
    scope: details.scope ?? 'service',
    code: details.code ?? 'http_503',
    status,
    retryAfterMs,
    retriesMax,
    usage,
    cause,
  });
}

export function throttled(retryAfterMs?: number): ServiceFailure {
  return failure({ status: 429, code: 'http_429', retryAfterMs });
}

/** The contact's data is at fault. */
export function refused(): ServiceFailure {
  return failure({ kind: 'permanent', scope: 'request', status: 400, code: 'http_400' });
}

/** Credentials, quota, billing. */
export function unauthorized(): ServiceFailure {
  return failure({ kind: 'permanent', scope: 'service', status: 401, code: 'http_401' });
}

/** It may have taken effect. */
export function lost(): ServiceFailure {
  return failure({ kind: 'unknown', status: undefined, code: 'ECONNRESET' });
}
