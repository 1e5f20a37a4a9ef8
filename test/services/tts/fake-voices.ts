/**
 * ElevenLabs and OpenAI as they speak on the wire: each knows one key, one voice and one model,
 * counts what it is paid for, and fails as it is told to. They echo the key they were sent.
 */
import { onTestFinished } from 'vitest';
import type { Http, Tts } from '../../../src/engine/ports.ts';
import { openHttp } from '../../../src/services/http.ts';
import { type ElevenlabsSettings, elevenlabs } from '../../../src/services/tts/elevenlabs.ts';
import { type OpenaiVoiceSettings, openaiVoice } from '../../../src/services/tts/openai.ts';
import { type Loopback, loopback, type Received, type Reply } from '../../support/loopback.ts';
import { sine } from '../support.ts';

export const VOICE_KEY = 'test-key-3-cheshire-cat';
export const VOICE = 'voice-one';
export const VOICE_MODEL = 'eleven_flash_v2_5';
/** 39 letters. */
export const TEXT = 'Hello Dana, this is Northside. See you on Tuesday.';

/** A steady tone for so long, as samples of 16 bit; the low byte first. */
export function toneBytes(ms: number, rateHz: number): Uint8Array {
  const samples = sine(440, rateHz, Math.round((ms * rateHz) / 1_000));
  return new Uint8Array(samples.buffer);
}

/** The same as a WAV file; a streaming server claims 0xFFFFFFFF bytes, as OpenAI does. */
export function toneFile(ms: number, rateHz: number, claimedBytes = 0xffff_ffff): Uint8Array {
  const data = toneBytes(ms, rateHz);
  const file = Buffer.alloc(44 + data.length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(claimedBytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rateHz, 24);
  file.writeUInt32LE(rateHz * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(claimedBytes, 40);
  file.set(data, 44);
  return new Uint8Array(file);
}

/** How a vendor says things. */
interface Manner {
  readonly keyOf: (request: Received) => string | undefined;
  readonly wrongKey: (key: string) => Reply;
  /** What is wrong with the request; undefined where nothing. */
  readonly fault: (request: Received) => Reply | undefined;
  readonly sound: (text: string) => Reply;
  readonly textOf: (body: string) => string;
  readonly probes: Readonly<Record<string, unknown>>;
}

export const VOICES = {
  elevenlabs: {
    keyOf: ({ headers }) => headers['xi-api-key'] as string | undefined,
    wrongKey: (key) => detail(401, 'invalid_api_key', `Invalid API key ${key}`),
    fault: ({ path, body }) => {
      const url = new URL(path, 'http://127.0.0.1');
      const { model_id: model } = JSON.parse(body) as { model_id: string };
      const voice = url.pathname.split('/').at(-1);
      if (voice !== VOICE) {
        return detail(404, 'voice_not_found', `A voice with the voice_id ${voice} was not found.`);
      }
      return model === VOICE_MODEL
        ? undefined
        : detail(400, 'model_not_found', `A model with model ID ${model} does not exist`);
    },
    sound: (text) => ({
      headers: { 'content-type': 'audio/mpeg', 'character-cost': String(text.length / 2) },
      body: toneBytes(70 * text.length, 16_000),
    }),
    textOf: (body) => (JSON.parse(body) as { text: string }).text,
    probes: {
      '/v1/user/subscription': {
        status: 'active',
        character_count: 1_000,
        character_limit: 10_000,
        can_extend_character_limit: false,
        allowed_to_extend_character_limit: false,
        next_character_count_reset_unix: 1_785_542_400,
      },
      '/v1/models': [{ model_id: VOICE_MODEL }],
      [`/v1/voices/${VOICE}`]: { voice_id: VOICE },
    },
  },
  openai: {
    keyOf: ({ headers }) => /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1],
    wrongKey: (key) => openaiError(401, 'invalid_api_key', `Incorrect API key provided: ${key}`),
    fault: ({ body }) => {
      const { model, voice } = JSON.parse(body) as { model: string; voice: string };
      if (voice !== VOICE) {
        return openaiError(400, 'invalid_value', `Invalid value: '${voice}'`, 'voice');
      }
      return model === VOICE_MODEL
        ? undefined
        : openaiError(404, 'model_not_found', `The model \`${model}\` does not exist`);
    },
    sound: (text) => ({
      headers: { 'content-type': 'application/octet-stream' },
      body: toneFile(70 * text.length, 24_000),
    }),
    textOf: (body) => (JSON.parse(body) as { input: string }).input,
    probes: { [`/v1/models/${VOICE_MODEL}`]: { id: VOICE_MODEL, object: 'model' } },
  },
} as const satisfies Readonly<Record<string, Manner>>;

export type VoiceName = keyof typeof VOICES;
export const VOICE_NAMES = Object.keys(VOICES) as readonly VoiceName[];

export function detail(status: number, word: string, message: string): Reply {
  return { status, body: { detail: { status: word, message } } };
}

export function openaiError(
  status: number,
  code: string,
  message: string,
  param: string | null = null,
): Reply {
  return { status, body: { error: { message, type: 'invalid_request_error', param, code } } };
}

export interface FakeVoice extends Loopback {
  /** What it answers next, in this order; when that is used up, a good sound. */
  readonly next: Reply[];
  /** The same for the probe. */
  readonly probes: Reply[];
  /** Texts that it spoke: what an account is billed for. */
  readonly spoken: string[];
}

export async function fakeVoice(name: VoiceName): Promise<FakeVoice> {
  const manner: Manner = VOICES[name];
  const next: Reply[] = [];
  const probes: Reply[] = [];
  const spoken: string[] = [];
  const server = await loopback((request) => {
    const key = manner.keyOf(request);
    if (key !== VOICE_KEY) {
      return manner.wrongKey(key ?? '');
    }
    const path = request.path.replace(/^\/gateway/, '');
    if (request.method === 'GET') {
      const answer = manner.probes[path];
      return probes.shift() ?? (answer === undefined ? { status: 404 } : { body: answer });
    }
    const scripted = next.shift() ?? manner.fault(request);
    if (scripted !== undefined) {
      return scripted;
    }
    const text = manner.textOf(request.body);
    spoken.push(text);
    return manner.sound(text);
  });
  return { ...server, next, probes, spoken };
}

/** Any of the settings, of either. */
export type Over = Partial<ElevenlabsSettings> & Partial<OpenaiVoiceSettings>;

/** The real service, aimed at a fake. */
export function aimedVoice(name: VoiceName, baseUrl: string, over: Over = {}): Tts {
  const http = openHttp({ userAgent: 'campaign/test', clock: { wallMs: () => 0 } });
  onTestFinished(() => http[Symbol.asyncDispose]());
  return madeVoice(name, baseUrl, http, over);
}

export function madeVoice(name: VoiceName, baseUrl: string, http: Http, over: Over = {}): Tts {
  const common = { apiKey: VOICE_KEY, baseUrl, voice: VOICE, model: VOICE_MODEL };
  return name === 'elevenlabs'
    ? elevenlabs({ ...common, tuning: {}, ...over }, http)
    : openaiVoice({ ...common, instructions: undefined, speed: undefined, ...over }, http);
}
