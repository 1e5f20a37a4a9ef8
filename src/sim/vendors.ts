/**
 * The services that can be simulated, whether or not this version can use them for real work.
 */
import { ROLES, type Role } from '../domain/words.ts';
import type { Behaviour } from './behaviour.ts';
import type { Place } from './outage.ts';

const SERVICES: Readonly<Record<Role, readonly string[]>> = {
  llm: ['openai', 'openrouter', 'google', 'anthropic', 'template'],
  tts: ['elevenlabs', 'openai', 'flite', 'espeak-ng'],
  dialer: ['twilio', 'asterisk-ari', 'asterisk-ami', 'preview'],
  crm: ['hubspot', 'webhook', 'csv'],
};

/** Every service in every role it can fill. */
export const VENDORS: readonly Place[] = ROLES.flatMap((role) =>
  SERVICES[role].map((service) => ({ role, service })),
);

/** Their names, each once. */
export const VENDOR_NAMES: readonly string[] = [...new Set(VENDORS.map(({ service }) => service))];

/**
 * How long the services on this machine take, in milliseconds. `flite` was measured: 900
 * characters in 0.7 s on one core, so 0.2 s for the 250 of a reminder. The others are estimates:
 * a program that starts and speaks, a template filled in, a file written.
 */
export const LOCAL_ANSWER_MS: Readonly<Record<string, number>> = {
  template: 1,
  flite: 200,
  'espeak-ng': 100,
  preview: 5,
  csv: 5,
};

/** Typical time from request to answer, in milliseconds. */
export function answerMs(behaviour: Behaviour, { role, service }: Place): number {
  return LOCAL_ANSWER_MS[service] ?? behaviour.answerMs[role];
}

/** What an outage is about, before it is known which services a campaign uses. */
export type Target =
  | { readonly type: 'all' }
  | { readonly type: 'role'; readonly role: Role }
  | { readonly type: 'service'; readonly service: string };

export interface Placed {
  /** Never empty. */
  readonly places: readonly Place[];
  /** Whether the chains hold them; if not, they are all that the service could fill. */
  readonly inUse: boolean;
}

/**
 * Where a target stands in the chains: a role with all its services, a service in every role that
 * names it. A service that no chain names is told with the roles it could fill.
 */
export function placesOf(
  target: Target,
  chains: Readonly<Record<Role, readonly string[]>>,
): Placed {
  const used = ROLES.flatMap((role) => chains[role].map((service) => ({ role, service })));
  switch (target.type) {
    case 'all':
      return { places: used, inUse: true };
    case 'role':
      return { places: used.filter(({ role }) => role === target.role), inUse: true };
    case 'service': {
      const ofService = ({ service }: Place): boolean => service === target.service;
      const places = used.filter(ofService);
      return places.length > 0
        ? { places, inUse: true }
        : { places: VENDORS.filter(ofService), inUse: false };
    }
  }
}
