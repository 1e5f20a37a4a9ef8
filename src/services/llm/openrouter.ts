/**
 * OpenRouter's chat completions. Statuses and codes: docs/guide/vendors.md.
 */

import type { Said } from '../../domain/http-failure.ts';
import type { Http, HttpResponse, Llm, ProbeAnswer } from '../../engine/ports.ts';
import { onlyAtWork } from '../ask-model.ts';
import { badRequest, FLAGGED, hasOffended, isBadRequest } from '../refused.ts';
import { bearer, chatMessages, readChat } from './chat-completions.ts';
import {
  at,
  type Dialect,
  errorIn,
  type ModelSettings,
  modelLlm,
  numberAt,
  textAt,
  tokensMax,
} from './model-llm.ts';

const DIALECT: Dialect = {
  name: 'openrouter',
  headers: bearer,
  path: () => '/api/v1/chat/completions',
  body: (messages, { model, charactersMax }) => ({
    model,
    messages: chatMessages(messages),
    max_tokens: tokensMax(charactersMax),
  }),
  read: readChat,
  said,
  ask: async (_model, get) => ({ response: await get('/api/v1/key') }),
  probed: (body) => {
    const left = numberAt(body, 'data', 'limit_remaining');
    return left === undefined || left > 0
      ? undefined
      : {
          ...NO_CREDIT,
          code: 'no_credit',
          message: 'the limit of the key is reached',
        };
  },
  left: leftOfKey,
};

const NO_CREDIT = {
  kind: 'permanent',
  scope: 'service',
  advice: 'no credit is left: see openrouter.ai/settings/credits and the limit of the key',
} as const;

export function openrouter(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}

/** Both are US dollars; a key without a limit has null for them. */
function leftOfKey(body: unknown, model: string): ProbeAnswer {
  // The list that would tell has a megabyte.
  const doubt = onlyAtWork(model);
  const limit = numberAt(body, 'data', 'limit');
  const left = numberAt(body, 'data', 'limit_remaining');
  if (left === undefined) {
    return { detail: `no limit on the key; ${doubt}` };
  }
  const of = limit === undefined ? '' : ` of ${limit.toFixed(2)}`;
  const isLow = limit !== undefined && left < limit / 10;
  return { detail: `${left.toFixed(2)}${of} USD left of the key's limit; ${doubt}`, isLow };
}

function said(body: unknown, response: HttpResponse): Said {
  const error = errorIn(body);
  const { status } = response;
  // What stands behind "Provider returned error".
  const raw = textAt(error, 'metadata', 'raw');
  const provider = textAt(error, 'metadata', 'provider_name');
  const words = [textAt(error, 'message'), provider, raw].filter((word) => word !== undefined);
  const code = textAt(error, 'metadata', 'error_type');
  const common: Said = { code, message: words.join(': ') };
  if (status === 402) {
    const passes = response.retryAfterMs !== undefined;
    return passes ? { ...common, kind: 'transient' } : { ...common, ...NO_CREDIT };
  }
  if ((status === 403 || isBadRequest(status)) && isFlagged(error, common)) {
    return { ...common, ...FLAGGED, code: common.code ?? 'moderation' };
  }
  const advice = 'check providers.openrouter.model';
  const whose = isBadRequest(status) ? badRequest(common, { isText: false, advice }) : {};
  return { ...common, ...whose };
}

/** By its moderation, a guardrail or the provider behind it; a key that may not do it is none. */
function isFlagged(error: unknown, common: Said): boolean {
  const metadata = at(error, 'metadata');
  return (
    at(metadata, 'reasons') !== undefined ||
    at(metadata, 'flagged_input') !== undefined ||
    /^(content_policy_violation|refusal|invalid_prompt)$/.test(common.code ?? '') ||
    hasOffended(common)
  );
}
