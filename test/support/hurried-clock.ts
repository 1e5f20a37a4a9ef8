import { realClock } from '../../src/cli/world.ts';
import type { Clock } from '../../src/engine/ports.ts';

/**
 * Real time, made quick: for runs in which the network is real as well.
 *
 * @param laterMs how far the wall clock is ahead of where it usually begins
 * @param times how quick; less where a time limit of seconds stands before that network
 */
export function hurried(laterMs = 0, times = 20): Clock {
  const real = realClock();
  const startMs = real.monotonicMs();
  const monotonicMs = (): number => (real.monotonicMs() - startMs) * times;
  return {
    monotonicMs,
    wallMs: () => Date.UTC(2026, 2, 2, 9) + laterMs + monotonicMs(),
    after: (delayMs, wake) => real.after(delayMs / times, wake),
    sleep: (delayMs, signal) => real.sleep(delayMs / times, signal),
  };
}
