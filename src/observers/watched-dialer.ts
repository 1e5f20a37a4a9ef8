import type { Outcome } from '../domain/words.ts';
import type { Clock, Dialer } from '../engine/ports.ts';

/** Told of telephone calls, by the call's id; monotonic milliseconds. */
export interface CallWatch {
  /** More than once where the dialer has to be asked again. */
  callBegun(call: string, nowMs: number): void;
  callEnded(call: string, service: string, outcome: Outcome, nowMs: number): void;
}

/** A dialer whose calls are watched, from being taken on to the end that it tells. */
export function watchedDialer(dialer: Dialer, watch: CallWatch, clock: Clock): Dialer {
  return {
    name: dialer.name,
    role: dialer.role,
    rings: dialer.rings,
    account: dialer.account,
    speaks: dialer.speaks?.bind(dialer),
    hears: dialer.hears,
    probe: (signal) => dialer.probe(signal),
    place: (request, context) => dialer.place(request, context),
    find: (request, context) => dialer.find(request, context),
    hangUp: (placed, context) => dialer.hangUp(placed, context),
    follow: async (placed, request, context) => {
      watch.callBegun(request.call, clock.monotonicMs());
      const ended = await dialer.follow(placed, request, context);
      watch.callEnded(request.call, dialer.name, ended.outcome, clock.monotonicMs());
      return ended;
    },
  };
}
