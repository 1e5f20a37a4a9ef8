import { ServiceFailure } from '../domain/failure.ts';
import { watchOf } from './abort-watch.ts';
import type { DialAttemptResult, Dialer } from './ports.ts';

/**
 * A dialer whose every attempt to place a call is in the journal: begun before the request leaves,
 * ended before anything follows from it. What has a begin and no end may have rung.
 */
export function recordedDialer(dialer: Dialer): Dialer {
  return {
    name: dialer.name,
    role: dialer.role,
    account: dialer.account,
    rings: dialer.rings,
    speaks: dialer.speaks?.bind(dialer),
    hears: dialer.hears,
    probe: (signal) => dialer.probe(signal),
    follow: (placed, request, context) => dialer.follow(placed, request, context),
    find: (request, context) => dialer.find(request, context),
    hangUp: (placed, context) => dialer.hangUp(placed, context),
    async place(request, context) {
      const attempt = await request.attempts.begin(dialer.name, dialer.account);
      const watch = watchOf(context);
      if (watch.aborted) {
        // Given up while the begin was being written: nothing was sent.
        await request.attempts.end(attempt, { type: 'not_placed', code: 'stopped' });
        throw watch.reason;
      }
      try {
        const placed = await dialer.place(request, context);
        await request.attempts.end(attempt, { type: 'placed', reference: placed.reference });
        return placed;
      } catch (error) {
        if (error instanceof ServiceFailure) {
          // Given up in the middle: whatever it says of itself, it may have rung.
          await request.attempts.end(attempt, watch.aborted ? unknown(error) : resultOf(error));
        } else {
          // A bug, the journal itself, the stop of the run: the attempt stays open.
          request.attempts.left(attempt);
        }
        throw error;
      }
    },
  };
}

function resultOf(failure: ServiceFailure): DialAttemptResult {
  return failure.kind === 'unknown' ? unknown(failure) : { type: 'not_placed', code: failure.code };
}

function unknown({ code }: ServiceFailure): DialAttemptResult {
  return { type: 'unknown', code };
}
