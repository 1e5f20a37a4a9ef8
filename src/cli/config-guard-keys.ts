/**
 * The keys of retry, circuit_breaker, timeouts and health_check: for all services, and where one
 * of them has its own.
 */
import {
  bareDuration,
  bareNumber,
  bareWhole,
  type Filling,
  filler,
} from './config-schema-parts.ts';

const HOUR_MS = 3_600_000;

export function retryKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    initial_delay: fill(
      bareDuration({ minMs: 10, maxMs: HOUR_MS }, 'Wait before the first retry.'),
      '5s',
    ),
    backoff_factor: fill(
      bareNumber({ min: 1, max: 10 }, 'Each further wait is this much longer.'),
      2,
    ),
    max_retries: fill(bareWhole(0, 20, 'Tries after the first one; 3 means four tries in all.'), 3),
    max_delay: fill(
      bareDuration(
        { minMs: 10, maxMs: 24 * HOUR_MS },
        'Longest wait on a line; a service that asks for more has its contact put off.',
      ),
      '60s',
    ),
    jitter: fill(
      bareNumber({ min: 0, max: 1 }, 'Random part of each wait: 0.1 is up to ten percent more.'),
      0.1,
    ),
  };
}

export function breakerKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    failure_threshold: fill(
      bareWhole(1, 1000, 'Failures in a row on one line that open the breaker.'),
      4,
    ),
    recovery_timeout: fill(
      bareDuration({ minMs: 10, maxMs: 24 * HOUR_MS }, 'How long it stays open at first.'),
      '60s',
    ),
    half_open_max_calls: fill(bareWhole(1, 100, 'Requests let through to see if it works.'), 1),
  };
}

export function timeoutKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    request: fill(bareDuration({ minMs: 10, maxMs: HOUR_MS }, 'For one request.'), '15s'),
    call: fill(
      bareDuration({ minMs: 1000, maxMs: 24 * HOUR_MS }, 'For one telephone call, to its end.'),
      '10m',
    ),
    idle: fill(
      bareDuration(
        { minMs: 60_000, maxMs: 24 * HOUR_MS },
        'A call of which nothing is heard for so long is given up.',
      ),
      '30m',
    ),
  };
}

export function healthKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  const limits = { minMs: 100, maxMs: 24 * HOUR_MS };
  return {
    interval: fill(bareDuration(limits, 'Between two probes of one service.'), '30s'),
    timeout: fill(bareDuration(limits, 'For one probe.'), '5s'),
  };
}
