/**
 * What OpenAI says where it refuses, whatever it was asked for. Statuses and codes:
 * docs/guide/vendors.md.
 */
import type { Said } from '../domain/http-failure.ts';
import { at, textAt } from '../domain/json-fields.ts';

/** Comes as 429, like "too many requests", and does not pass by itself. */
const NO_CREDIT: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
]);
const SPEND_LIMIT = /spend_limit_exceeded$/;

/**
 * @param ours parameters that the settings decide, never a contact's row
 * @param keyOf the setting behind a parameter
 */
export function openaiSaid(
  body: unknown,
  ours: RegExp,
  keyOf: (parameter: string) => string,
): Said {
  const error = at(body, 'error');
  const type = textAt(error, 'type');
  const code = textAt(error, 'code') ?? type;
  const common: Said = { code, message: textAt(error, 'message') };
  if ([code, type].some((word = '') => NO_CREDIT.has(word) || SPEND_LIMIT.test(word))) {
    const advice = 'no credit is left: see billing and limits at platform.openai.com';
    return { ...common, kind: 'permanent', scope: 'service', advice };
  }
  const parameter = code === 'model_not_found' ? 'model' : (textAt(error, 'param') ?? '');
  if (ours.test(parameter)) {
    const advice = `check ${keyOf(parameter)}, and whether the key may use it`;
    return { ...common, kind: 'permanent', scope: 'service', advice };
  }
  return common;
}
