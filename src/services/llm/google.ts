/**
 * Google's Gemini API. Statuses and codes: docs/guide/vendors.md.
 */

import type { Said } from '../../domain/http-failure.ts';
import type { Http, HttpResponse, Llm } from '../../engine/ports.ts';
import { badRequest, isBadRequest, SETTINGS } from '../refused.ts';
import {
  at,
  cutBy,
  type Dialect,
  listAt,
  type ModelSettings,
  modelLlm,
  numberAt,
  type Reading,
  shownReason,
  textAt,
  tokensMax,
  usageOf,
} from './model-llm.ts';

const DIALECT: Dialect = {
  name: 'google',
  headers: (apiKey) => ({ 'x-goog-api-key': apiKey }),
  path: (model) => `/v1beta/${modelPath(model)}:generateContent`,
  body: ({ instructions, data }, { charactersMax }) => ({
    systemInstruction: { parts: [{ text: instructions }] },
    contents: [{ role: 'user', parts: [{ text: data }] }],
    generationConfig: { maxOutputTokens: tokensMax(charactersMax) },
  }),
  read,
  said,
  ask: async (model, get) => ({ response: await get(`/v1beta/${modelPath(model)}`) }),
};

export function google(settings: ModelSettings, http: Http): Llm {
  return modelLlm(DIALECT, settings, http);
}

/** `gemini-x` is `models/gemini-x`; what has a folder already keeps it. */
function modelPath(model: string): string {
  const path = model.includes('/') ? model : `models/${model}`;
  return path.split('/').map(encodeURIComponent).join('/');
}

function read(answer: unknown): Reading | undefined {
  const candidate = at(answer, 'candidates', 0) ?? undefined;
  const blocked = textAt(answer, 'promptFeedback', 'blockReason');
  if (candidate === undefined && blocked === undefined) {
    return undefined;
  }
  const parts = listAt(candidate, 'content', 'parts');
  // What a model thought on the way is no part of the text.
  const spoken = parts.filter((part) => at(part, 'thought') !== true);
  const cut =
    blocked === undefined ? cutBy(textAt(candidate, 'finishReason'), 'STOP', CUT) : held(blocked);
  const { outputs, inputs } = tokens(answer);
  return {
    text: spoken.map((part) => textAt(part, 'text') ?? '').join(''),
    cut,
    usage: usageOf(inputs, outputs),
  };
}

function tokens(answer: unknown) {
  const count = (name: string): number | undefined => numberAt(answer, 'usageMetadata', name);
  const [written, thought] = [count('candidatesTokenCount'), count('thoughtsTokenCount')];
  const outputs =
    written === undefined && thought === undefined ? undefined : (written ?? 0) + (thought ?? 0);
  return { inputs: count('promptTokenCount'), outputs };
}

/** The rest are filters of many kinds: their own word says most. */
const CUT: Readonly<Record<string, string>> = {
  MAX_TOKENS: 'it was cut off at the limit of tokens',
  ...Object.fromEntries(
    ['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'].map((word) => [
      word,
      held(word),
    ]),
  ),
};

function held(reason: string): string {
  return `it was held back (${shownReason(reason)})`;
}

function said(body: unknown, { status }: HttpResponse): Said {
  const error = at(body, 'error') ?? at(body, 0, 'error');
  const details = listAt(error, 'details');
  const first = (...path: readonly (string | number)[]): string | undefined =>
    details.map((detail) => textAt(detail, ...path)).find((word) => word !== undefined);
  const reason = first('reason');
  const message = textAt(error, 'message');
  const common: Said = {
    code: reason ?? textAt(error, 'status'),
    message,
    retryAfterMs: secondsMs(first('retryDelay')),
  };
  if (reason === 'API_KEY_INVALID' || /api key (not valid|expired)/i.test(message ?? '')) {
    return { ...common, ...SETTINGS, advice: 'check providers.google.api_key' };
  }
  if (status === 400 && common.code === 'FAILED_PRECONDITION') {
    return { ...common, ...SETTINGS, advice: 'see region and billing at aistudio.google.com' };
  }
  const quotas = details.flatMap((detail) => listAt(detail, 'violations'));
  if (status === 402 || quotas.some((quota) => /PerDay/.test(textAt(quota, 'quotaId') ?? ''))) {
    const advice = 'the quota is used up: see usage and billing at aistudio.google.com';
    return { ...common, ...SETTINGS, advice };
  }
  return isBadRequest(status) ? { ...common, ...whoseOf(error, common) } : common;
}

/** Nearly all of them are INVALID_ARGUMENT; some name the field, in the details or in the words. */
function whoseOf(error: unknown, common: Said): Said {
  const fields = listAt(error, 'details')
    .flatMap((detail) => listAt(detail, 'fieldViolations'))
    .map((violation) => textAt(violation, 'field') ?? '');
  const field = fields[0] ?? /\bat '([\w.[\]]+)'/.exec(common.message ?? '')?.[1] ?? '';
  const advice = 'check providers.google.model and script.max_characters';
  const named = /^system_?instruction/i.test(field) ? 'check script.prompt' : advice;
  return badRequest(common, {
    isText: field.startsWith('contents[0].parts'),
    named: field === '' ? undefined : named,
    advice,
  });
}

/** `17s` or `1.5s`, as Google writes durations. */
function secondsMs(text: string | undefined): number | undefined {
  const seconds = /^(\d{1,6}(?:\.\d+)?)s$/.exec(text ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000);
}
