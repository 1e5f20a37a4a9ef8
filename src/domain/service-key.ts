import type { CampaignEvent } from './event.ts';
import type { Payee } from './usage.ts';
import { ROLES } from './words.ts';

/**
 * How a service is named where every name may stand once: by itself, and where one account fills
 * two roles, the later one, in the order of a call, as `openai (tts)`.
 *
 * @param inUse the services of all roles
 */
export function serviceKey(inUse: readonly Payee[], { role, service }: Payee): string {
  const isSecond = inUse.some(
    (other) => other.service === service && ROLES.indexOf(other.role) < ROLES.indexOf(role),
  );
  return isSecond ? `${service} (${role})` : service;
}

/** The services of all chains, in the order of a call. */
export function servicesInUse(chains: Readonly<Record<Payee['role'], readonly string[]>>): Payee[] {
  return ROLES.flatMap((role) => chains[role].map((service) => ({ role, service })));
}

/** The event with its services named by `serviceKey`, for people. */
export function withServiceKeys(inUse: readonly Payee[], event: CampaignEvent): CampaignEvent {
  if (!('service' in event) || !('role' in event)) return event;
  const { service, role } = event;
  if (service === undefined || role === undefined) return event;
  const key = serviceKey(inUse, { service, role });
  if (event.type === 'fallback.used') {
    return { ...event, service: key, instead: serviceKey(inUse, { service: event.instead, role }) };
  }
  return key === service ? event : { ...event, service: key };
}
