/**
 * The closed vocabularies of the glossary. Whoever switches over one of them is checked for
 * exhaustiveness.
 */

/** What a call is made of, in this order. */
export const STEPS = ['lookup', 'script', 'speech', 'dial', 'record'] as const;
export type Step = (typeof STEPS)[number];

/** What a step needs done. */
export const ROLES = ['llm', 'tts', 'dialer', 'crm'] as const;
export type Role = (typeof ROLES)[number];

/** How a call ended; `previewed` where no phone rang, `uncertain` where nobody can tell. */
export const OUTCOMES = [
  'answered',
  'voicemail',
  'busy',
  'no_answer',
  'invalid_number',
  'failed',
  'uncertain',
  'previewed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Where a contact stands: disjoint, and together they are every accepted row. */
export const CONTACT_STATES = ['queued', 'put_off', 'calling', 'done', 'uncertain'] as const;
export type ContactState = (typeof CONTACT_STATES)[number];
