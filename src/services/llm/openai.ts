/**
 * OpenAI's chat completions. Statuses and codes: docs/guide/vendors.md.
 */
import type { Http, Llm } from '../../engine/ports.ts';
import type { Said } from '../http-failure.ts';
import { bearer, chatMessages, readChat } from './chat-completions.ts';
import { at, type Dialect, type ModelSettings, modelLlm, textAt, tokensMax } from './model-llm.ts';

const DIALECT: Dialect = {
  name: 'openai',
  headers: bearer,
  path: () => '/v1/chat/completions',
  body: (messages, { model, charactersMax }) => ({
    model,
    messages: chatMessages(messages),
    max_completion_tokens: tokensMax(charactersMax),
  }),
  read: readChat,
  said,
  probePath: '/v1/models',
};

export function openai(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}

/** Comes as 429, like "too many requests", and does not pass by itself. */
const NO_CREDIT: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
]);
const SPEND_LIMIT = /spend_limit_exceeded$/;
/** Parts of a request that the settings decide, never a contact's row. */
const OURS = /^(model|max_completion_tokens|max_tokens|messages\[\d+\]\.role)$/;

function said(body: unknown): Said {
  const error = at(body, 'error');
  const type = textAt(error, 'type');
  const code = textAt(error, 'code') ?? type;
  const common: Said = { code, message: textAt(error, 'message') };
  if ([code, type].some((word = '') => NO_CREDIT.has(word) || SPEND_LIMIT.test(word))) {
    const advice = 'no credit is left: see billing and limits at platform.openai.com';
    return { ...common, kind: 'permanent', scope: 'service', advice };
  }
  if (code === 'model_not_found' || OURS.test(textAt(error, 'param') ?? '')) {
    const advice = 'check providers.openai.model, and whether the key may use it';
    return { ...common, kind: 'permanent', scope: 'service', advice };
  }
  return common;
}
