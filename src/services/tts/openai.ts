/**
 * OpenAI's speech. Statuses and codes: docs/guide/vendors.md.
 */

import {
  type Account,
  advised,
  jsonOf,
  refusal,
  type Said,
  unusable,
} from '../../domain/http-failure.ts';
import type {
  Http,
  HttpResponse,
  ProbeAnswer,
  RequestContext,
  Speech,
  SpeechRequest,
  Tts,
} from '../../engine/ports.ts';
import { askModel, isModelAnswer, onlyAtWork } from '../ask-model.ts';
import { judged, type Sent } from '../echoes.ts';
import { urlUnder } from '../http.ts';
import { openaiSaid, type Parts } from '../openai-errors.ts';
import { LONG_TEXT } from '../refused.ts';
import {
  charactersIn,
  lettersIn,
  nothingToSay,
  SOUND_BYTES_MAX,
  VendorSounds,
} from './vendor-sound.ts';
import { type VoiceSetting, voiceFor } from './voice-setting.ts';

export interface OpenaiVoiceSettings {
  readonly apiKey: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
  readonly model: string;
  readonly voice: VoiceSetting;
  /** How to speak, in words; for models that take it. */
  readonly instructions: string | undefined;
  /** 1 is the voice's own. */
  readonly speed: number | undefined;
}

/**
 * A WAV file says its own rate: a server of another make that speaks this may have another than
 * OpenAI's 24 kHz, and raw samples at a wrong rate are a voice at a wrong pitch.
 */
const FORMAT = 'wav';
/** Part of every voice's name: when how it sounds changes, audio kept from before is not used. */
const SOUND = `${FORMAT}/8000/1`;
const PARTS: Parts = {
  ours: /^(model|voice|response_format|speed|instructions)$/,
  text: /^input$/,
  long: LONG_TEXT,
  keyOf: (parameter) => `providers.openai.${parameter === 'model' ? 'tts_model' : parameter}`,
};

export function openaiVoice(settings: OpenaiVoiceSettings, http: Http): Tts {
  return new OpenaiVoice(settings, http);
}

class OpenaiVoice implements Tts {
  readonly name = 'openai';
  readonly role = 'tts';
  readonly #settings: OpenaiVoiceSettings;
  readonly #http: Http;
  readonly #account: Account;
  readonly #sounds = new VendorSounds();

  constructor(settings: OpenaiVoiceSettings, http: Http) {
    this.#settings = settings;
    this.#http = http;
    this.#account = { name: this.name, secrets: [settings.apiKey] };
  }

  voice(language: string): string | undefined {
    const { model, voice, instructions = '', speed = 1 } = this.#settings;
    const name = voiceFor(voice, language);
    return name && `openai/${SOUND}/${JSON.stringify([model, name, speed, instructions])}`;
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    const { response, detail } = await askModel(this.#settings.model, (path) =>
      this.#send('GET', path, undefined, signal),
    );
    if (response === undefined) return { detail };
    this.#successful(response);
    if (!isModelAnswer(jsonOf(response))) {
      throw unusable(this.#account, response, 'without models; check providers.openai.base_url');
    }
    return { detail: detail ?? onlyAtWork('the voice') };
  }

  async speak({ text, language }: SpeechRequest, context: RequestContext): Promise<Speech> {
    const { model, voice, instructions, speed } = this.#settings;
    if (lettersIn(text) === 0) {
      throw nothingToSay(this.name);
    }
    const name = voiceFor(voice, language);
    const body = { model, input: text, voice: name, response_format: FORMAT, instructions, speed };
    const { signal } = context;
    const sent = { body: JSON.stringify(body), own: text, shared: instructions };
    const response = await this.#send('POST', '/v1/audio/speech', sent.body, signal);
    this.#successful(response, sent);
    const usage = { characters: charactersIn(text) };
    const asked = { text, speed: speed ?? 1, rawHz: undefined, usage };
    const wav = this.#sounds.wav(this.#account, response, asked);
    return { wav, usage };
  }

  /** Twice is as once: it costs money, and harms nobody. */
  #send(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { apiKey, baseUrl } = this.#settings;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    return this.#http.send({
      method,
      url: urlUnder(baseUrl, path),
      headers: { ...type, authorization: `Bearer ${apiKey}` },
      body,
      signal,
      idempotent: true,
      bytesMax: SOUND_BYTES_MAX,
    });
  }

  #successful(response: HttpResponse, sent: Sent = { own: '' }): void {
    const { status } = response;
    if (status >= 200 && status < 300) return;
    const read = (said: unknown): Said => openaiSaid(said, status, PARTS);
    const said = judged(jsonOf(response), sent, read);
    throw refusal(this.#account, response, advised(this.name, status, said, 'tts_model'));
  }
}
