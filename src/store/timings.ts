import type { Step } from '../domain/words.ts';

/** How long one service took for one step, over all calls. Milliseconds. */
export interface Timing {
  readonly step: Step;
  readonly service: string;
  readonly count: number;
  readonly meanMs: number;
  /** Half of them took no longer than this. */
  readonly medianMs: number;
  readonly maxMs: number;
}

/** How often a step took a service exactly this long. */
export interface Duration {
  readonly step: Step;
  readonly service: string;
  readonly ms: number;
  readonly count: number;
}

/** Sums up durations that come sorted by step, service and length. */
export function timingsOf(durations: Iterable<Duration>): readonly Timing[] {
  const groups = new Map<string, Duration[]>();
  for (const duration of durations) {
    const name = `${duration.step} ${duration.service}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [duration]);
    else group.push(duration);
  }
  return [...groups.values()].flatMap(timingOf);
}

function timingOf(durations: readonly Duration[]): Timing[] {
  const last = durations.at(-1);
  if (last === undefined) return [];
  const count = durations.reduce((sum, duration) => sum + duration.count, 0);
  const totalMs = durations.reduce((sum, { ms, count: times }) => sum + ms * times, 0);
  const { step, service, ms: maxMs } = last;
  const medianMs = medianOf(durations, count);
  return [{ step, service, count, meanMs: totalMs / count, medianMs, maxMs }];
}

function medianOf(durations: readonly Duration[], count: number): number {
  let seen = 0;
  for (const duration of durations) {
    seen += duration.count;
    if (seen * 2 >= count) return duration.ms;
  }
  return 0;
}
