const HALF_A_DAY_MS = 12 * 60 * 60 * 1000;

/**
 * The moment nearest to now at which clocks here show that time of day; wall clock milliseconds.
 * Begun at 17:01, a run until 17:00 is over, and one until 02:00 has the night before it: a run
 * that cron starts a minute late must not ring people all night.
 *
 * @param minutes since midnight
 */
export function nearestTimeOfDayMs(nowMs: number, minutes: number): number {
  const candidates = [-1, 0, 1].map((days) => {
    const at = new Date(nowMs);
    at.setDate(at.getDate() + days);
    at.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
    return at.getTime();
  });
  const near = candidates.filter((atMs) => Math.abs(atMs - nowMs) <= HALF_A_DAY_MS);
  // Twelve hours off both ways, or a day that a change of clocks made longer: the later one.
  return near.at(-1) ?? Math.max(...candidates);
}
