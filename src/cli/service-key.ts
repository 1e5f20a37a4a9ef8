import type { Payee } from '../domain/usage.ts';
import { ROLES } from '../domain/words.ts';

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
