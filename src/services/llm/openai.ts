/**
 * OpenAI's chat completions. Statuses and codes: docs/guide/vendors.md.
 */
import type { Http, Llm } from '../../engine/ports.ts';
import { openaiSaid } from '../openai-errors.ts';
import { bearer, chatMessages, readChat } from './chat-completions.ts';
import { type Dialect, type ModelSettings, modelLlm, tokensMax } from './model-llm.ts';

/** Parts of a request that the settings decide, never a contact's row. */
const OURS = /^(model|max_completion_tokens|max_tokens|messages\[\d+\]\.role)$/;

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
  said: (body) => openaiSaid(body, OURS, () => 'providers.openai.model'),
  probePath: '/v1/models',
};

export function openai(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}
