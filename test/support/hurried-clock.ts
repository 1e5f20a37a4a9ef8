import { realClock } from '../../src/cli/world.ts';
import type { Clock } from '../../src/engine/ports.ts';

/**
 * Real time, twenty times as quick: for runs in which the network is real as well.
 *
 * @param laterMs how far the wall clock is ahead of where it usually begins
 */
export function hurried(laterMs = 0): Clock {
  const real = realClock();
  const startMs = real.monotonicMs();
  const monotonicMs = (): number => (real.monotonicMs() - startMs) * 20;
  return {
    monotonicMs,
    wallMs: () => Date.UTC(2026, 2, 2, 9) + laterMs + monotonicMs(),
    after: (delayMs, wake) => real.after(delayMs / 20, wake),
    sleep: (delayMs, signal) => real.sleep(delayMs / 20, signal),
  };
}
