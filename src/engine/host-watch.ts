import type { Clock, HostFigures, HostReader } from './ports.ts';

export interface HostWatchParts {
  readonly reader: HostReader;
  readonly clock: Clock;
  /** Told of every reading. Must not throw. */
  readonly take: (figures: HostFigures) => void;
}

/** Often enough to see a disk fill up, seldom enough to cost nothing. */
export const HOST_INTERVAL_MS = 15_000;

/**
 * Reads the machine's figures every so often, one reading at a time, until it is stopped. The
 * first reading is taken at once: a disk may be full when a run begins.
 */
export class HostWatch {
  readonly #parts: HostWatchParts;
  #cancelNext: (() => void) | undefined;
  #isOn = false;

  constructor(parts: HostWatchParts) {
    this.#parts = parts;
  }

  /** Starting twice changes nothing. */
  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    void this.#read();
  }

  /** Leaves no timer, and what is still being read is not told. */
  stop(): void {
    this.#isOn = false;
    this.#cancelNext?.();
  }

  /** The next one is timed from the end of this one: a disk that hangs is asked once. */
  async #read(): Promise<void> {
    const { reader, clock, take } = this.#parts;
    const figures = await reader.read();
    if (!this.#isOn) return;
    take(figures);
    this.#cancelNext = clock.after(HOST_INTERVAL_MS, () => void this.#read());
  }
}
