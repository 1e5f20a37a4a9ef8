/**
 * Anthropic's messages. Statuses and codes: docs/guide/vendors.md.
 */

import type { Said } from '../../domain/http-failure.ts';
import type { Http, HttpResponse, Llm } from '../../engine/ports.ts';
import { askModel } from '../ask-model.ts';
import { badRequest, isBadRequest } from '../refused.ts';
import {
  at,
  cutBy,
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
  ask: askModel,
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
    cut: cutBy(textAt(answer, 'stop_reason'), 'end_turn', CUT),
    usage: usageOf(
      numberAt(answer, 'usage', 'input_tokens'),
      numberAt(answer, 'usage', 'output_tokens'),
    ),
  };
}

const NO_CREDIT = /credit balance is too low|specified (?:workspace )?API usage limits/i;

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
  if (status === 400 && NO_CREDIT.test(message ?? '')) {
    return { ...common, ...ACCOUNT };
  }
  return isBadRequest(status) ? { ...common, ...whoseOf(common) } : common;
}

/** All of them have one type; what they are about stands before the colon. */
function whoseOf(common: Said): Said {
  const message = common.message ?? '';
  return badRequest(common, {
    isText: /^messages\.\d+\.content\b/.test(message),
    named: namedIn(message),
    advice: MODEL_ADVICE,
  });
}

function namedIn(message: string): string | undefined {
  if (/organization has been disabled/i.test(message)) {
    return 'see your organization at console.anthropic.com';
  }
  if (/^system\b/.test(message)) {
    return 'check script.prompt';
  }
  return OURS.test(message) ? MODEL_ADVICE : undefined;
}

const MODEL_ADVICE = 'check providers.anthropic.model and script.max_characters';

/** Parts of a request that the settings decide, never a contact's row. */
const OURS = /^(model|max_tokens|anthropic-version|betas|thinking)\b/;
