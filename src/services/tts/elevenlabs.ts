/**
 * ElevenLabs' text to speech. Statuses and codes: docs/guide/vendors.md.
 */

import {
  type Account,
  advised,
  jsonOf,
  refusal,
  type Said,
  unusable,
} from '../../domain/http-failure.ts';
import { at, fieldsOf, numberAt, textAt } from '../../domain/json-fields.ts';
import type {
  Http,
  HttpResponse,
  ProbeAnswer,
  RequestContext,
  Speech,
  SpeechRequest,
  Tts,
} from '../../engine/ports.ts';
import { judged, type Sent } from '../echoes.ts';
import { urlUnder } from '../http.ts';
import { detailCode, elevenlabsSaid, NO_CHARACTERS } from './elevenlabs-errors.ts';
import {
  charactersIn,
  lettersIn,
  nothingToSay,
  SOUND_BYTES_MAX,
  VendorSounds,
} from './vendor-sound.ts';
import { type VoiceSetting, voiceFor } from './voice-setting.ts';

/** As the vendor names them; what is left out is as the voice has it. */
export interface VoiceTuning {
  readonly stability?: number | undefined;
  readonly similarity_boost?: number | undefined;
  readonly style?: number | undefined;
  readonly use_speaker_boost?: boolean | undefined;
  readonly speed?: number | undefined;
}

export interface ElevenlabsSettings {
  readonly apiKey: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
  readonly voice: VoiceSetting;
  readonly model: string;
  readonly tuning: VoiceTuning;
}

/**
 * Raw samples at twice the telephone's rate: they go down to 8 kHz by a whole number, through our
 * filter and no lossy format, and every plan has them (`pcm_44100` needs Pro, `mp3_44100_192`
 * Creator; their API reference, `output_format`).
 */
const RAW_HZ = 16_000;
const FORMAT = `pcm_${RAW_HZ}`;
/** Part of every voice's name: when how it sounds changes, audio kept from before is not used. */
const SOUND = `${FORMAT}/8000/1`;
/** Only these take `language_code`; any other model answers with an error (their reference). */
const TAKES_LANGUAGE = /^eleven_(flash|turbo)_v2_5$/;
/** elevenlabs.io/docs/overview/models: the others speak some thirty languages or more. */
const ENGLISH_ONLY = /^eleven_((flash|turbo)_v2|monolingual_v1)$/;

export function elevenlabs(settings: ElevenlabsSettings, http: Http): Tts {
  return new Elevenlabs(settings, http);
}

class Elevenlabs implements Tts {
  readonly name = 'elevenlabs';
  readonly role = 'tts';
  readonly #settings: ElevenlabsSettings;
  readonly #http: Http;
  readonly #account: Account;
  readonly #sounds = new VendorSounds();
  /** Voices that were found, or may not be looked for: they need not be asked for again. */
  readonly #voicesAsked = new Set<string>();

  constructor(settings: ElevenlabsSettings, http: Http) {
    this.#settings = settings;
    this.#http = http;
    this.#account = { name: this.name, secrets: [settings.apiKey] };
  }

  voice(language: string): string | undefined {
    const { model, voice } = this.#settings;
    const id = voiceFor(voice, language);
    if (id === undefined || (ENGLISH_ONLY.test(model) && baseOf(language) !== 'en')) {
      return undefined;
    }
    const code = this.#languageCode(language) ?? '';
    return `elevenlabs/${SOUND}/${JSON.stringify([model, id, code, this.#tuning()])}`;
  }

  /** What is left of the plan. A key that may only speak is not allowed to read that. */
  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    const response = await this.#get('/v1/user/subscription', signal);
    if (!mayNotRead(response)) {
      const left = this.#left(this.#successful(response));
      await this.#askVoices(signal);
      return left;
    }
    const models = await this.#get('/v1/models', signal);
    if (!mayNotRead(models)) {
      this.#successful(models);
    }
    // Whoever is told which permission is missing has a key that is known.
    return { detail: 'the key may not read what is left of the plan (user_read)' };
  }

  /** A plan does not tell of them; as long as they are there, they are asked for once. */
  async #askVoices(signal: AbortSignal): Promise<void> {
    const { voice } = this.#settings;
    const ids = typeof voice === 'string' ? [voice] : Object.values(voice);
    for (const id of ids) {
      if (this.#voicesAsked.has(id)) continue;
      const response = await this.#get(`/v1/voices/${encodeURIComponent(id)}`, signal);
      if (!mayNotRead(response)) this.#successful(response);
      this.#voicesAsked.add(id);
    }
  }

  async speak({ text, language }: SpeechRequest, context: RequestContext): Promise<Speech> {
    const { model, voice } = this.#settings;
    if (lettersIn(text) === 0) {
      throw nothingToSay(this.name);
    }
    const tuning = this.#tuning();
    const body = JSON.stringify({
      text,
      model_id: model,
      language_code: this.#languageCode(language),
      voice_settings: Object.keys(tuning).length === 0 ? undefined : tuning,
    });
    const id = encodeURIComponent(voiceFor(voice, language) ?? '');
    const response = this.#successful(
      await this.#send({
        method: 'POST',
        url: this.#url(`/v1/text-to-speech/${id}?output_format=${FORMAT}`),
        headers: { 'content-type': 'application/json' },
        body,
        signal: context.signal,
        bytesMax: SOUND_BYTES_MAX,
      }),
      { own: text, body },
    );
    const usage = { characters: costOf(response) ?? charactersIn(text) };
    const asked = { text, speed: tuning.speed ?? 1, rawHz: RAW_HZ, usage };
    const wav = this.#sounds.wav(this.#account, response, asked);
    return { wav, usage };
  }

  /** In one order, without what is not set. */
  #tuning(): VoiceTuning {
    const { stability, similarity_boost, style, use_speaker_boost, speed } = this.#settings.tuning;
    const all = { stability, similarity_boost, style, use_speaker_boost, speed };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  #languageCode(language: string): string | undefined {
    return TAKES_LANGUAGE.test(this.#settings.model) ? baseOf(language) : undefined;
  }

  #get(path: string, signal: AbortSignal): Promise<HttpResponse> {
    return this.#send({ method: 'GET', url: this.#url(path), signal });
  }

  /** Twice is as once: it costs money, and harms nobody. */
  #send(request: Omit<Parameters<Http['send']>[0], 'idempotent'>): Promise<HttpResponse> {
    const headers = { ...request.headers, 'xi-api-key': this.#settings.apiKey };
    return this.#http.send({ ...request, headers, idempotent: true });
  }

  #url(path: string): string {
    return urlUnder(this.#settings.baseUrl, path);
  }

  #successful(response: HttpResponse, sent: Sent = { own: '' }): HttpResponse {
    const { status } = response;
    if (status >= 200 && status < 300) {
      return response;
    }
    const read = (said: unknown): Said => elevenlabsSaid(said, status);
    const said = judged(jsonOf(response), sent, read);
    throw refusal(this.#account, response, advised(this.name, status, said, 'voice_id'));
  }

  #left(response: HttpResponse): ProbeAnswer {
    const plan = jsonOf(response);
    if (plan === undefined) {
      const advice = 'check providers.elevenlabs.base_url';
      throw unusable(this.#account, response, `not with JSON; ${advice}`);
    }
    const status = textAt(plan, 'status');
    if (status === 'free_disabled') {
      const message = 'the free plan of this account is disabled';
      throw refusal(this.#account, response, { ...NO_CHARACTERS, code: status, message });
    }
    const used = numberAt(plan, 'character_count');
    const limit = numberAt(plan, 'character_limit');
    if (used === undefined || limit === undefined) {
      return {};
    }
    const left = Math.max(0, limit - used);
    const goesOn =
      at(plan, 'can_extend_character_limit') === true &&
      at(plan, 'allowed_to_extend_character_limit') === true;
    if (left === 0 && !goesOn) {
      const message = `all ${shown(limit)} characters of the plan are used${untilText(plan)}`;
      throw refusal(this.#account, response, { ...NO_CHARACTERS, message });
    }
    const after = goesOn ? ', then billed by use' : '';
    const detail = `${shown(left)} of ${shown(limit)} characters left${after}`;
    return { detail, isLow: !goesOn && left < limit / 10 };
  }
}

function mayNotRead(response: HttpResponse): boolean {
  const { status } = response;
  return (
    (status === 401 || status === 403) && detailCode(jsonOf(response)) === 'missing_permissions'
  );
}

/** What was billed: less than a character each for some models, by the plan. */
function costOf({ headers }: HttpResponse): number | undefined {
  const cost = headers['character-cost']?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(cost) ? Number(cost) : undefined;
}

function untilText(plan: unknown): string {
  const seconds = numberAt(fieldsOf(plan), 'next_character_count_reset_unix') ?? 0;
  const isTime = seconds > 0 && seconds < 100_000_000_000;
  return isTime ? ` until ${new Date(seconds * 1_000).toISOString().slice(0, 10)}` : '';
}

function shown(count: number): string {
  return count.toLocaleString('en-US');
}

function baseOf(language: string): string {
  return language.toLowerCase().split('-')[0] ?? '';
}
