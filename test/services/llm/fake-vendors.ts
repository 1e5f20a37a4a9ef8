/**
 * The four vendors of models as they answer on the wire: each knows one key and one model, counts
 * what it is paid for, and fails as it is told to. They echo the key they were sent, as vendors do.
 */
import { onTestFinished } from 'vitest';
import type { Http, Llm } from '../../../src/engine/ports.ts';
import { openHttp } from '../../../src/services/http.ts';
import { anthropic } from '../../../src/services/llm/anthropic.ts';
import { google } from '../../../src/services/llm/google.ts';
import type { ModelSettings } from '../../../src/services/llm/model-llm.ts';
import { openai } from '../../../src/services/llm/openai.ts';
import { openrouter } from '../../../src/services/llm/openrouter.ts';
import { type Loopback, loopback, type Received, type Reply } from '../../support/loopback.ts';

export const KEY = 'test-key-1-wonderland';
export const MODEL = 'small-1';

/** How a vendor says things. */
interface Manner {
  readonly make: (settings: ModelSettings, http: Http) => Llm;
  readonly keyOf: (request: Received) => string | undefined;
  readonly modelOf: (request: Received) => string;
  readonly answer: (text: string, finish: string | undefined) => unknown;
  readonly finish: { readonly whole: string; readonly cut: string; readonly filtered: string };
  readonly wrongKey: (key: string) => Reply;
  readonly noModel: Reply;
  /** With the name of a model behind it where it ends with a slash. */
  readonly probePath: string;
  readonly probeAnswer: unknown;
  /** The two messages of a request. */
  readonly messages: (body: string) => { readonly instructions: string; readonly data: string };
}

export const SPEECH = 'Hello Dana, this is Northside. See you on Tuesday.';

const bearerOf = ({ headers }: Received): string | undefined =>
  /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1];
const modelIn = ({ body }: Received): string => (JSON.parse(body) as { model: string }).model;

function chatAnswer(text: string, finish: string | undefined): unknown {
  return {
    id: 'answer-1',
    model: MODEL,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }],
    usage: { prompt_tokens: 120, completion_tokens: 30, total_tokens: 150 },
  };
}

function chatMessages(body: string) {
  const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
  const [system, user, ...others] = messages;
  if (system?.role !== 'system' || user?.role !== 'user' || others.length > 0) {
    throw new Error(`other messages than system and user: ${body}`);
  }
  return { instructions: system.content, data: user.content };
}

const wholeChat = { whole: 'stop', cut: 'length', filtered: 'content_filter' };

export const VENDORS = {
  openai: {
    make: openai,
    keyOf: bearerOf,
    modelOf: modelIn,
    answer: chatAnswer,
    finish: wholeChat,
    wrongKey: (key) => ({
      status: 401,
      body: {
        error: {
          message:
            `Incorrect API key provided: ${key}. You can find your API key at ` +
            'https://platform.openai.com/account/api-keys.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      },
    }),
    noModel: {
      status: 404,
      body: {
        error: {
          message: 'The model `small-1` does not exist or you do not have access to it.',
          type: 'invalid_request_error',
          param: null,
          code: 'model_not_found',
        },
      },
    },
    probePath: '/v1/models/',
    probeAnswer: { id: MODEL, object: 'model' },
    messages: chatMessages,
  },
  openrouter: {
    make: openrouter,
    keyOf: bearerOf,
    modelOf: modelIn,
    answer: chatAnswer,
    finish: wholeChat,
    wrongKey: (key) => ({
      status: 401,
      body: { error: { code: 401, message: `No auth credentials found for ${key}` } },
    }),
    noModel: {
      status: 400,
      body: { error: { code: 400, message: 'small-1 is not a valid model ID' } },
    },
    probePath: '/api/v1/key',
    probeAnswer: { data: { label: 'k', usage: 1, limit: 10, limit_remaining: 9 } },
    messages: chatMessages,
  },
  google: {
    make: google,
    keyOf: ({ headers }) => headers['x-goog-api-key'] as string | undefined,
    modelOf: ({ path }) => /models\/(.*):generateContent$/.exec(path)?.[1] ?? '',
    answer: (text, finish) => ({
      candidates: [
        {
          content: { role: 'model', parts: [{ text: 'Let me think.', thought: true }, { text }] },
          finishReason: finish,
        },
      ],
      usageMetadata: { promptTokenCount: 120, candidatesTokenCount: 20, thoughtsTokenCount: 10 },
    }),
    finish: { whole: 'STOP', cut: 'MAX_TOKENS', filtered: 'SAFETY' },
    wrongKey: (key) => ({
      status: 400,
      body: {
        error: {
          code: 400,
          message: `API key not valid: ${key}. Please pass a valid API key.`,
          status: 'INVALID_ARGUMENT',
          details: [
            {
              '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
              reason: 'API_KEY_INVALID',
              domain: 'googleapis.com',
            },
          ],
        },
      },
    }),
    noModel: {
      status: 404,
      body: {
        error: { code: 404, message: 'models/small-1 is not found', status: 'NOT_FOUND' },
      },
    },
    probePath: '/v1beta/models/',
    probeAnswer: { name: `models/${MODEL}` },
    messages: (body) => {
      const { systemInstruction, contents } = JSON.parse(body) as {
        systemInstruction: { parts: { text: string }[] };
        contents: { role: string; parts: { text: string }[] }[];
      };
      if (contents.length !== 1 || contents[0]?.role !== 'user') {
        throw new Error(`other contents than one of the user: ${body}`);
      }
      return {
        instructions: systemInstruction.parts[0]?.text ?? '',
        data: contents[0].parts[0]?.text ?? '',
      };
    },
  },
  anthropic: {
    make: anthropic,
    keyOf: ({ headers }) =>
      headers['anthropic-version'] === '2023-06-01'
        ? (headers['x-api-key'] as string | undefined)
        : undefined,
    modelOf: modelIn,
    answer: (text, finish) => ({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text }],
      stop_reason: finish,
      usage: { input_tokens: 120, output_tokens: 30 },
    }),
    finish: { whole: 'end_turn', cut: 'max_tokens', filtered: 'refusal' },
    wrongKey: (key) => ({
      status: 401,
      body: {
        type: 'error',
        error: { type: 'authentication_error', message: `invalid x-api-key ${key}` },
        request_id: 'req_1',
      },
    }),
    noModel: {
      status: 404,
      body: { type: 'error', error: { type: 'not_found_error', message: 'model: small-1' } },
    },
    probePath: '/v1/models/',
    probeAnswer: { id: MODEL, type: 'model' },
    messages: (body) => {
      const { system, messages } = JSON.parse(body) as {
        system: string;
        messages: { role: string; content: string }[];
      };
      if (messages.length !== 1 || messages[0]?.role !== 'user') {
        throw new Error(`other messages than one of the user: ${body}`);
      }
      return { instructions: system, data: messages[0].content };
    },
  },
} as const satisfies Readonly<Record<string, Manner>>;

export type VendorName = keyof typeof VENDORS;
export const VENDOR_NAMES = Object.keys(VENDORS) as readonly VendorName[];

export interface FakeVendor extends Loopback {
  /** What it answers next, in this order; when that is used up, a good text. */
  readonly next: Reply[];
  /** The same for the probe. */
  readonly probes: Reply[];
  /** Texts that it wrote: what an account is billed for. */
  readonly written: () => number;
}

export async function fakeVendor(name: VendorName, models = [MODEL]): Promise<FakeVendor> {
  const manner: Manner = VENDORS[name];
  const next: Reply[] = [];
  const probes: Reply[] = [];
  let written = 0;
  const server = await loopback((request) => {
    const key = manner.keyOf(request);
    if (key !== KEY) {
      return manner.wrongKey(key ?? '');
    }
    const path = request.path.replace(/^\/gateway/, '');
    if (request.method === 'GET') {
      const { probePath } = manner;
      if (!path.startsWith(probePath)) return { status: 404 };
      const isThere = ['', ...models].includes(path.slice(probePath.length));
      return probes.shift() ?? (isThere ? { body: manner.probeAnswer } : manner.noModel);
    }
    const scripted = next.shift();
    if (scripted !== undefined) {
      return scripted;
    }
    if (!models.includes(manner.modelOf(request))) {
      return manner.noModel;
    }
    written += 1;
    return { body: manner.answer(SPEECH, manner.finish.whole) };
  });
  return { ...server, next, probes, written: () => written };
}

/** The answer of a vendor that wrote this. */
export function wrote(name: VendorName, text: string, finish?: string): Reply {
  const manner: Manner = VENDORS[name];
  return { body: manner.answer(text, finish ?? manner.finish.whole) };
}

/** The real service, aimed at a fake. */
export function aimed(name: VendorName, baseUrl: string, over: Partial<ModelSettings> = {}): Llm {
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const prompt = 'Remind {{ name }} of {{ appointment_day }}.';
  const settings = { apiKey: KEY, model: MODEL, baseUrl, prompt, charactersMax: 200, ...over };
  return VENDORS[name].make(settings, http);
}
