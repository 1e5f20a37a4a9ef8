import { VirtualClock as SimulatedClock } from '../../src/sim/virtual-clock.ts';

/** The simulator's clock, moved by a test; by default it begins on a Monday at nine. */
export class VirtualClock extends SimulatedClock {
  constructor(wallMs = Date.UTC(2026, 2, 2, 9)) {
    super({
      wallMs,
      defer: (task) => {
        setImmediate(task);
      },
    });
  }
}
