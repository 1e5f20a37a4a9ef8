/** A run that cron starts late must not ring people until the next evening. */
const PASSED_MS_MAX = 2 * 60 * 60 * 1000;

/**
 * When a run that is told a time of day has to end; wall clock milliseconds. That is the next
 * moment at which clocks here show it, unless it has passed by no more than two hours: begun at
 * 17:01, a run until 17:00 is over.
 *
 * @param minutes since midnight
 */
export function endOfRunMs(nowMs: number, minutes: number): number {
  const [yesterday, today, tomorrow] = [-1, 0, 1].map((days) => {
    const at = new Date(nowMs);
    at.setDate(at.getDate() + days);
    at.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
    return at.getTime();
  }) as [number, number, number];
  const candidates = [yesterday, today, tomorrow];
  return candidates.find((atMs) => atMs > nowMs - PASSED_MS_MAX) ?? tomorrow;
}
