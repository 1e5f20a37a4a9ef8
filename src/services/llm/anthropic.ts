/**
 * Anthropic's messages. Statuses and codes: docs/guide/vendors.md.
 */

import type { Said } from '../../domain/http-failure.ts';
import type { Http, HttpResponse, Llm } from '../../engine/ports.ts';
import {
  at,
  type Dialect,
  listAt,
  type ModelSettings,
  modelLlm,
  numberAt,
  type Reading,
  textAt,
  usageOf,
} from './model-llm.ts';

const VERSION = '2023-06-01';

const DIALECT: Dialect = {
  name: 'anthropic',
  headers: (apiKey) => ({ 'x-api-key': apiKey, 'anthropic-version': VERSION }),
  path: () => '/v1/messages',
  body: ({ instructions, data }, { model, charactersMax }) => ({
    model,
    // Nothing is thought beforehand unless asked for, and small models refuse a large limit.
    max_tokens: 2 * charactersMax,
    system: instructions,
    messages: [{ role: 'user', content: data }],
  }),
  read,
  said,
  probePath: '/v1/models',
};

export function anthropic(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}

const CUT: Readonly<Record<string, string>> = {
  max_tokens: 'it was cut off at the limit of tokens',
  model_context_window_exceeded: 'it was cut off at the limit of tokens',
  tool_use: 'it wanted to use a tool',
  pause_turn: 'it wanted to go on',
  refusal: 'the model refused',
};

function read(answer: unknown): Reading | undefined {
  if (at(answer, 'content') === undefined) {
    return undefined;
  }
  const texts = listAt(answer, 'content').filter((part) => textAt(part, 'type') === 'text');
  return {
    text: texts.map((part) => textAt(part, 'text') ?? '').join(''),
    cut: CUT[textAt(answer, 'stop_reason') ?? ''],
    usage: usageOf(
      numberAt(answer, 'usage', 'input_tokens'),
      numberAt(answer, 'usage', 'output_tokens'),
    ),
  };
}

const ACCOUNT = {
  kind: 'permanent',
  scope: 'service',
  advice: 'no credit is left: see billing and limits at console.anthropic.com',
} as const;

function said(body: unknown, { status, retryAfterMs }: HttpResponse): Said {
  const error = at(body, 'error');
  const detail = textAt(error, 'details', 'error_code') ?? textAt(body, 'details', 'error_code');
  const message = textAt(error, 'message');
  const common: Said = { code: detail ?? textAt(error, 'type'), message };
  // A limit that somebody set comes as 429 too; one that passes says when.
  if (status === 429 && detail === 'enforced_spend_limit_reached' && retryAfterMs === undefined) {
    return { ...common, ...ACCOUNT };
  }
  return status === 400 && /credit balance is too low/i.test(message ?? '')
    ? { ...common, ...ACCOUNT }
    : common;
}
