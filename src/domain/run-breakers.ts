/**
 * The breakers of one run, as far as alerts need to know them: who is down, who stands in, and
 * which work nobody does.
 */
import type { CampaignEvent, EventType } from './event.ts';
import type { Role } from './words.ts';

export interface RunBreaker {
  readonly service: string;
  readonly role: Role;
  /** Open, half open or stalled: it does not count as working before a call got through. */
  readonly isOpen: boolean;
}

/** One for each service and role that the run's chains name, in their order. */
export type RunBreakers = readonly RunBreaker[];

/** The same object where nothing has changed. */
export function breakersAfter(breakers: RunBreakers, event: CampaignEvent): RunBreakers {
  if (!isMove(event)) return breakers;
  const { service, role, type } = event;
  const isOpen = type === 'breaker.opened' || type === 'service.stalled';
  const before = breakerOf(breakers, service, role);
  if (before?.isOpen === isOpen) return breakers;
  const after = { service, role, isOpen };
  if (before === undefined) return [...breakers, after];
  return breakers.map((breaker) => (breaker === before ? after : breaker));
}

/** Undefined where no chain names the service for this role. */
export function breakerOf(
  breakers: RunBreakers,
  service: string,
  role: Role,
): RunBreaker | undefined {
  return breakers.find((breaker) => breaker.service === service && breaker.role === role);
}

/** Who does this work now; undefined where nobody does. */
export function workerFor(breakers: RunBreakers, role: Role): string | undefined {
  return breakers.find((breaker) => breaker.role === role && !breaker.isOpen)?.service;
}

const MOVES: ReadonlySet<EventType> = new Set([
  'breaker.opened',
  'breaker.closed',
  'service.stalled',
  'service.resumed',
]);

type Move = Extract<
  CampaignEvent,
  {
    readonly type: 'breaker.opened' | 'breaker.closed' | 'service.stalled' | 'service.resumed';
  }
>;

/** Whether it says that a service is down, or that it is back. */
export function isMove(event: CampaignEvent): event is Move {
  return MOVES.has(event.type);
}
