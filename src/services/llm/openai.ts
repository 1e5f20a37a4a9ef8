/**
 * OpenAI's chat completions. Statuses and codes: docs/guide/vendors.md.
 */
import type { Http, Llm } from '../../engine/ports.ts';
import { askModel } from '../ask-model.ts';
import { openaiSaid, type Parts } from '../openai-errors.ts';
import { LONG_ROW } from '../refused.ts';
import { bearer, chatMessages, readChat } from './chat-completions.ts';
import { type Dialect, type ModelSettings, modelLlm, tokensMax } from './model-llm.ts';

const PARTS: Parts = {
  ours: /^(model|max_completion_tokens|max_tokens|messages\[0\]\.content|messages\[\d\]\.role)$/,
  text: /^messages\[1\]\.content/,
  long: LONG_ROW,
  keyOf: (parameter) =>
    parameter.endsWith('content') ? 'script.prompt' : 'providers.openai.model',
};

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
  said: (body, { status }) => openaiSaid(body, status, PARTS),
  ask: askModel,
};

export function openai(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}
