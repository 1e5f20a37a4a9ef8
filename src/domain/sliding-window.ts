/**
 * What happened lately: a count and a sum over the last minutes, in constant time and memory
 * whatever happens. The window is cut into slices, and forgets whole ones.
 */

const SLICES = 15;

interface Slice {
  /** A multiple of a slice's length. */
  readonly startMs: number;
  readonly count: number;
  readonly sum: number;
  /** Of the sum, by what it is put down to. */
  readonly causes: Readonly<Record<string, number>>;
}

export interface SlidingWindow {
  /** Oldest first; fewer than `SLICES`. */
  readonly past: readonly Slice[];
  readonly latest: Slice;
  /** Of all slices. */
  readonly count: number;
  readonly sum: number;
}

const NO_CAUSES: Slice['causes'] = {};

export const EMPTY_WINDOW: SlidingWindow = {
  past: [],
  latest: { startMs: Number.NEGATIVE_INFINITY, count: 0, sum: 0, causes: NO_CAUSES },
  count: 0,
  sum: 0,
};

/** Undefined where nothing happened. */
export function meanOf({ count, sum }: SlidingWindow): number | undefined {
  return count === 0 ? undefined : sum / count;
}

/**
 * With one thing more that happened, which takes constant time on average.
 *
 * @param cause what the value is put down to; see `windowWithout`
 */
export function windowAfter(
  window: SlidingWindow,
  windowMs: number,
  nowMs: number,
  value: number,
  cause?: string,
): SlidingWindow {
  const { past, latest, count, sum } = windowAt(window, windowMs, nowMs);
  const { causes } = latest;
  return {
    past,
    latest: {
      startMs: latest.startMs,
      count: latest.count + 1,
      sum: latest.sum + value,
      causes: cause === undefined ? causes : { ...causes, [cause]: (causes[cause] ?? 0) + value },
    },
    count: count + 1,
    sum: sum + value,
  };
}

/** Whether a window still counts what happened then. */
export function isInWindow(atMs: number, windowMs: number, nowMs: number): boolean {
  return sliceStartMs(atMs, windowMs) > sliceStartMs(nowMs, windowMs) - windowMs;
}

function sliceStartMs(atMs: number, windowMs: number): number {
  const sliceMs = windowMs / SLICES;
  return Math.floor(atMs / sliceMs) * sliceMs;
}

/** Without what is too old. */
export function windowAt(window: SlidingWindow, windowMs: number, nowMs: number): SlidingWindow {
  const startMs = sliceStartMs(nowMs, windowMs);
  const { past, latest } = window;
  if (latest.startMs >= startMs) return window;
  // A sum that was added up and subtracted from for days is not that of its parts any more.
  const kept = [...past, latest].filter((slice) => {
    return slice.count > 0 && slice.startMs > startMs - windowMs;
  });
  const fresh = { startMs, count: 0, sum: 0, causes: NO_CAUSES };
  return { past: kept, latest: fresh, ...totals(kept) };
}

/** How much of the sum is put down to this cause. */
export function sumOf({ past, latest }: SlidingWindow, cause: string): number {
  return [...past, latest].reduce((sum, { causes }) => sum + (causes[cause] ?? 0), 0);
}

/** As if what is put down to this cause, each time with a value of 1, had not happened. */
export function windowWithout(window: SlidingWindow, cause: string): SlidingWindow {
  const slices = [...window.past, window.latest];
  if (slices.every(({ causes }) => causes[cause] === undefined)) return window;
  const without = slices.map((slice) => {
    const { [cause]: times = 0, ...causes } = slice.causes;
    return { ...slice, count: slice.count - times, sum: slice.sum - times, causes };
  });
  const latest = without.pop() ?? window.latest;
  return { past: without, latest, ...totals([...without, latest]) };
}

function totals(slices: readonly Slice[]): Pick<SlidingWindow, 'count' | 'sum'> {
  let [count, sum] = [0, 0];
  for (const slice of slices) {
    count += slice.count;
    sum += slice.sum;
  }
  return { count, sum };
}
