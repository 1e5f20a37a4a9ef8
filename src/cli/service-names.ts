/**
 * The services of this version, by what they do.
 */

/** What this version can do each role with, first the one the defaults use. */
export const SERVICES_BY_ROLE = {
  llm: ['template', 'openai', 'openrouter', 'google', 'anthropic'],
  tts: ['flite', 'espeak-ng', 'elevenlabs', 'openai'],
  dialer: ['preview', 'twilio', 'asterisk-ari', 'asterisk-ami'],
  crm: ['csv', 'hubspot', 'webhook'],
} as const;

/** Vendors of models: each needs an account, a key and the name of a model. */
export const MODEL_VENDORS = ['openai', 'openrouter', 'google', 'anthropic'] as const;
export type ModelVendor = (typeof MODEL_VENDORS)[number];

/** What can find a contact in HubSpot. */
export const HUBSPOT_FIND_BY = ['id', 'email', 'phone'] as const;

/** In the order of their settings under `providers`. */
export const SERVICE_NAMES = [
  'template',
  'flite',
  'espeak-ng',
  'preview',
  'csv',
  ...MODEL_VENDORS,
  'hubspot',
  'webhook',
  'elevenlabs',
  'twilio',
  'asterisk-ari',
  'asterisk-ami',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** They work on this machine: nobody sends a bill for them. */
export const FREE_SERVICES: readonly ServiceName[] = [
  'template',
  'flite',
  'espeak-ng',
  'preview',
  'csv',
];
