/**
 * Why a vendor refused a request, from the words in which vendors say it. Their codes are few, and
 * most of them mean "invalid request" only; what decides is whether the next contact would be
 * refused as well. Words that we sent ourselves are taken out before (`echoes.ts`).
 */
import type { Said } from '../domain/http-failure.ts';

/** The next contact would meet it too. */
export const SETTINGS = { kind: 'permanent', scope: 'service' } as const;

/** It is about what is said to this one contact, and no other service could do better. */
export const TEXT = { kind: 'permanent', scope: 'request' } as const;

/** This service would refuse it again, another may take it; it is nothing against the service. */
const ELSEWHERE = { kind: 'transient', scope: 'request', retriesMax: 0 } as const;

/** A filter took offence at this contact's text; another service has another filter. */
export const FLAGGED = {
  ...ELSEWHERE,
  advice: 'a filter took offence at this text: look at the row of this contact and script.prompt',
} as const;

/** This contact's row is too long for the model; another may read more at once. */
export const LONG_ROW = {
  ...ELSEWHERE,
  advice: 'this row is too long for the model: shorten it, or print less of it in script.prompt',
} as const;

/** The same for what is to be said, at a voice. */
export const LONG_TEXT = {
  ...ELSEWHERE,
  advice: 'this text is too long for the voice: lower script.max_characters',
} as const;

const ABOUT_SETTINGS: readonly RegExp[] = [
  // OpenAI, and those who speak like it: what a model does not take.
  /\b(?:unsupported|unknown|unrecogni[sz]ed|unexpected) (?:parameter|argument|value|field|name)/i,
  /\bmissing required (?:parameter|argument|field)/i,
  /\b(?:invalid|unknown|unsupported|unexpected|no such|not a valid) (?:model|voice)\b/i,
  /\bmodel\b.{0,80}\bnot (?:found|exist|support|a chat|available|enabled|allowed|valid)/i,
  /\bmodel\b.{0,80}\b(?:does(?: not|n.t)|deprecated|retired|only supports?)\b/i,
  /\b(?:not (?:supported|available|enabled)|does not support)\b.{0,60}\bmodels?\b/i,
  // Google, and whoever is asked through OpenRouter.
  /\b(?:developer|system) (?:instruction|message|prompt|role)s? (?:is|are) not\b/i,
  /\b(?:generation_?config|system_?instruction)\b/i,
  // How much the model may write.
  /\bmax_?(?:completion_?|output_?)?tokens\b/i,
];

const TOO_LONG: readonly RegExp[] = [
  /context.(?:length|window|limit)|too.long|above_max_length|token.?(?:count|limit)/i,
  /(?:payload|request|prompt)\b.{0,80}\btoo.large/i,
];

const HAS_OFFENDED: readonly RegExp[] = [
  /\bflagged\b|\bmoderation\b|\binvalid_prompt\b|bio_policy|\bguardrails?\b/i,
  /\bcontent.(?:policy|filter|management)|\busage polic(?:y|ies)\b/i,
  /\bprompt injection\b|\brequest blocked\b/i,
];

/** Whether it names a model, or a part of the request that no contact's row decides. */
function isAboutSettings({ message }: Said): boolean {
  return ABOUT_SETTINGS.some((words) => words.test(message ?? ''));
}

/** Whether what was sent was too long; not whose fault that is. */
export function isTooLong({ code, message }: Said): boolean {
  const said = `${code ?? ''} ${message ?? ''}`;
  return TOO_LONG.some((words) => words.test(said));
}

/** Whether a filter held back what was to be said. */
export function hasOffended({ code, message }: Said): boolean {
  const said = `${code ?? ''} ${message ?? ''}`;
  return HAS_OFFENDED.some((words) => words.test(said));
}

/** What one vendor is known to say of a request that is bad. */
export interface BadRequest {
  /** It names what is said to this contact alone. */
  readonly isText: boolean;
  /** What to check, where it names a part of the request that the settings decide. */
  readonly named?: string | undefined;
  /** What to check, where only its words are about a setting. */
  readonly advice: string;
}

/** Whose matter a bad request is; nothing where nobody can tell. */
export function badRequest(said: Said, { isText, named, advice }: BadRequest): Said {
  if (hasOffended(said)) return FLAGGED;
  if (isText) return TEXT;
  if (named !== undefined) return { ...SETTINGS, advice: named };
  return !isTooLong(said) && isAboutSettings(said) ? { ...SETTINGS, advice } : {};
}

/** A refusal that is not about keys, money or numbers of requests: 400, 413, 422. */
export function isBadRequest(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}
