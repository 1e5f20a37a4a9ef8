/**
 * The failures that a service's adapter makes of what its vendor does wrong.
 */
import { ServiceFailure } from '../domain/failure.ts';
import type { Fault } from './outage.ts';

/** A request to a machine that does not answer is given up by its own client after so long. */
export const POLL_TIMEOUT_MS = 15_000;

export function timeoutFailure(service: string): ServiceFailure {
  const message = `${service} did not answer within ${POLL_TIMEOUT_MS / 1_000} s`;
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code: 'timeout' });
}

/** What a dialer's refusal of a number is called: Twilio's own code. */
export const NO_NUMBER = '21211';

/** As a dialer's adapter makes it of the answer that there is no such number. */
export function noNumber(service: string): ServiceFailure {
  return new ServiceFailure(`${service} answered 400: this is no telephone number`, {
    kind: 'permanent',
    scope: 'request',
    code: NO_NUMBER,
    status: 400,
    outcome: 'invalid_number',
  });
}

/** @param isPlace doing it twice rings twice */
export function failureOf(fault: Fault, service: string, isPlace: boolean): ServiceFailure {
  const { kind, scope, code, status, says } = FAILURES[fault.type];
  return new ServiceFailure(`${service} ${says}`, {
    kind: fault.type === 'reset' && isPlace ? 'unknown' : kind,
    scope,
    code,
    status,
    retryAfterMs: fault.type === '429' ? fault.retryAfterMs : undefined,
  });
}

const FAILURES = {
  '503': {
    kind: 'transient',
    scope: 'service',
    code: '503',
    status: 503,
    says: 'answered 503',
  },
  flaky: {
    kind: 'transient',
    scope: 'service',
    code: '503',
    status: 503,
    says: 'answered 503',
  },
  '429': {
    kind: 'transient',
    scope: 'service',
    code: '429',
    status: 429,
    says: 'answered 429',
  },
  '401': {
    kind: 'permanent',
    scope: 'service',
    code: 'invalid_api_key',
    status: 401,
    says: 'answered 401: the API key is refused',
  },
  '400': {
    kind: 'permanent',
    scope: 'request',
    code: '400',
    status: 400,
    says: 'answered 400: it does not take this request',
  },
  refused: {
    kind: 'transient',
    scope: 'service',
    code: 'ECONNREFUSED',
    status: undefined,
    says: 'refused the connection',
  },
  reset: {
    kind: 'transient',
    scope: 'service',
    code: 'ECONNRESET',
    status: undefined,
    says: 'closed the connection before it answered',
  },
  timeout: {
    kind: 'transient',
    scope: 'service',
    code: 'timeout',
    status: undefined,
    says: 'did not answer in time',
  },
  picky: {
    kind: 'transient',
    scope: 'service',
    code: '503',
    status: 503,
    says: 'answered 503',
  },
  late: {
    kind: 'transient',
    scope: 'service',
    code: 'timeout',
    status: undefined,
    says: 'did not answer in time',
  },
  slow: {
    kind: 'transient',
    scope: 'service',
    code: 'timeout',
    status: undefined,
    says: 'did not answer in time',
  },
  restart: {
    kind: 'transient',
    scope: 'service',
    code: 'not_connected',
    status: undefined,
    says: 'is not connected: it starts anew',
  },
  cut: {
    kind: 'transient',
    scope: 'service',
    code: 'not_connected',
    status: undefined,
    says: 'is not connected: the network is cut',
  },
  trunk: {
    kind: 'transient',
    scope: 'service',
    code: 'trunk_congested',
    status: undefined,
    says: 'has a trunk that takes no calls',
  },
} as const satisfies Record<Fault['type'], object>;
