/**
 * What OpenAI says where it refuses, whatever it was asked for. Statuses and codes:
 * docs/guide/vendors.md.
 */
import type { Said } from '../domain/http-failure.ts';
import { statusMeaning } from '../domain/http-status.ts';
import { at, textAt } from '../domain/json-fields.ts';
import { badRequest, isBadRequest, isTooLong, SETTINGS } from './refused.ts';

/** Comes as 429, like "too many requests", and does not pass by itself. */
const NO_CREDIT: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
]);
const SPEND_LIMIT = /spend_limit_exceeded$/;

/** Which parts of a request are whose. */
export interface Parts {
  /** Parameters that the settings decide, never a contact's row. */
  readonly ours: RegExp;
  /** The one that is said to this contact alone. */
  readonly text: RegExp;
  /** What it means where that is too long. */
  readonly long: Said;
  /** The setting behind a parameter of ours; of the model, where none is named. */
  keyOf(parameter: string): string;
}

export function openaiSaid(body: unknown, status: number, parts: Parts): Said {
  const error = at(body, 'error');
  const type = textAt(error, 'type');
  const code = textAt(error, 'code') ?? type;
  const message = textAt(error, 'message') ?? textAt(body, 'error');
  const common: Said = { code, message };
  if ([code, type].some((word = '') => NO_CREDIT.has(word) || SPEND_LIMIT.test(word))) {
    const advice = 'no credit is left: see billing and limits at platform.openai.com';
    return { ...common, ...SETTINGS, advice };
  }
  const parameter = parameterOf(error, parts);
  if (parameter !== undefined && statusMeaning(status).kind === 'permanent') {
    const advice = `check ${parts.keyOf(parameter)}, and whether the key may use it`;
    return { ...common, ...SETTINGS, advice };
  }
  if (!isBadRequest(status)) {
    return common;
  }
  const isText = parts.text.test(textAt(error, 'param') ?? '');
  if (isText && isTooLong(common)) {
    return { ...common, ...parts.long };
  }
  const advice = `check ${parts.keyOf('model')}`;
  return { ...common, ...badRequest(common, { isText, advice }) };
}

/** Which of ours it is about; some servers name it in the message only, in quotes. */
function parameterOf(error: unknown, { ours }: Parts): string | undefined {
  if (textAt(error, 'code') === 'model_not_found') {
    return 'model';
  }
  const named = textAt(error, 'param');
  const quoted = (textAt(error, 'message') ?? '').matchAll(/['`"]([\w.[\]]{1,40})['`"]/g);
  const names = named === undefined ? Array.from(quoted, ([, name = '']) => name) : [named];
  return names.find((name) => ours.test(name));
}
