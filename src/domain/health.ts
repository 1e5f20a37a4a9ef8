import type { BreakerName } from './event.ts';

/** `degraded`: the check is good, but the breaker is not closed: the work fails all the same. */
export type Health = 'healthy' | 'degraded' | 'unhealthy';

export function healthOf(checkGood: boolean, breaker: BreakerName): Health {
  if (!checkGood) return 'unhealthy';
  return breaker === 'closed' ? 'healthy' : 'degraded';
}
