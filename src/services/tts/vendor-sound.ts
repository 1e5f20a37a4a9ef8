/**
 * What a vendor sent as speech, looked over before a telephone plays it: a page, an error in a 200,
 * half a sound and a sound of the wrong length are failures, not calls.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import { type Account, textOf, unusable } from '../../domain/http-failure.ts';
import { redacted } from '../../domain/redaction.ts';
import type { Usage } from '../../domain/usage.ts';
import type { HttpResponse } from '../../engine/ports.ts';
import { TelephoneSounds, telephoneDurationMs, wavHeader } from './wav.ts';

/** What was asked for. */
export interface Asked {
  readonly text: string;
  /** How much faster than by itself the voice was told to speak; 1 where it was told nothing. */
  readonly speed: number;
  /** Of samples without a header; undefined where a WAV file was asked for. */
  readonly rawHz: number | undefined;
  /** Paid also for a sound that is not the text. */
  readonly usage: Usage;
}

/** Six minutes at 44,100 Hz in stereo; a text for a telephone call is far shorter. */
export const SOUND_BYTES_MAX = 64_000_000;

/**
 * Speech takes some 60 to 80 ms a letter (150 to 180 words a minute). Three times as fast is not
 * spoken but cut off.
 */
const LETTER_MS_MIN = 20;
/**
 * A number is one sign and several words, an ideograph a syllable; nothing takes a second a sign on
 * end. What does is a voice that has lost the text, which models do.
 */
const LETTER_MS_MAX = 1_000;
/** For pauses, whatever the length of the text. */
const PAUSES_MS_MAX = 10_000;

export class VendorSounds {
  readonly #sounds = new TelephoneSounds();

  /**
   * @returns a WAV file as in `Speech`
   * @throws ServiceFailure `unusable_answer` where it is no sound; `bad_audio` where it cannot be
   *   this text, which another try may do better
   */
  wav(account: Account, response: HttpResponse, asked: Asked): Uint8Array {
    const { body } = response;
    const what = body.length === 0 ? 'with nothing in it' : notASound(account, response);
    if (what !== undefined) {
      const advice = `check providers.${account.name}.base_url`;
      throw unusable(account, response, `${what}; ${advice}`);
    }
    const header = wavHeader(body);
    // Whoever streams cannot know the length and claims the most there is (OpenAI), or none.
    const piped = header === undefined || header.dataBytes === 0 || header.dataBytes > 0x7fff_0000;
    const sound =
      header === undefined && asked.rawHz !== undefined
        ? this.#sounds.fromSamples(body, asked.rawHz)
        : this.#sounds.from(body, piped);
    switch (sound.type) {
      case 'unreadable':
        throw unusable(account, response, `with ${sound.found}`);
      case 'silent':
        throw badAudio(account, 'nothing is to be heard in it', asked.usage);
      case 'sound': {
        const problem = lengthProblem(sound.wav, asked);
        if (problem !== undefined) {
          throw badAudio(account, problem, asked.usage);
        }
        return sound.wav;
      }
    }
  }
}

/** Letters and digits: what there is to say. */
export function lettersIn(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}

/** Nothing in the text can be said: no vendor is asked, and no call made. */
export function nothingToSay(name: string): ServiceFailure {
  return new ServiceFailure(`${name}: nothing in the text can be said`, {
    kind: 'permanent',
    scope: 'request',
    code: 'silent',
  });
}

/** What a vendor bills where it does not tell: characters as people count them. */
export function charactersIn(text: string): number {
  return Array.from(text).length;
}

function lengthProblem(wav: Uint8Array, { text, speed }: Asked): string | undefined {
  const header = wavHeader(wav);
  const durationMs = header === undefined ? 0 : telephoneDurationMs(header);
  const letters = lettersIn(text);
  const leastMs = (LETTER_MS_MIN * letters) / Math.max(1, speed);
  const mostMs = PAUSES_MS_MAX + (LETTER_MS_MAX * letters) / Math.min(1, speed);
  const seconds = (durationMs / 1_000).toFixed(1);
  if (durationMs < leastMs) {
    return `${seconds} s are too short for ${letters} letters: it was cut off`;
  }
  return durationMs > mostMs ? `${seconds} s are too long for ${letters} letters` : undefined;
}

/** The voice works, and has not said this text: nothing of this counts against the service. */
function badAudio({ name }: Account, what: string, usage: Usage): ServiceFailure {
  return new ServiceFailure(`${name} sent a sound that is not the text: ${what}`, {
    kind: 'transient',
    scope: 'request',
    code: 'bad_audio',
    retriesMax: 1,
    usage,
  });
}

const TEXT_TYPE = /^(text\/|application\/([\w.-]+\+)?(json|xml|xhtml)\b|application\/problem)/i;
/** Enough to tell text from sound. */
const LOOKED_AT_BYTES = 256;
const SHOWN_CHARACTERS = 120;

/**
 * What it is instead, for people; undefined where it may be a sound. The content type alone says
 * little: ElevenLabs publishes `audio/mpeg` for every format, OpenAI a stream of bytes.
 */
function notASound({ secrets }: Account, response: HttpResponse): string | undefined {
  const type = response.headers['content-type'] ?? '';
  if (TEXT_TYPE.test(type) || isText(response.body)) {
    const isPage = /^\s*</.test(textOf(response)) || /html/i.test(type);
    const words = redacted(textOf(response), secrets, SHOWN_CHARACTERS);
    return isPage ? 'with a page instead of a sound' : `with text instead of a sound: ${words}`;
  }
  const [first = 0, second = 0] = response.body;
  // A header of MPEG audio read as samples would be a loud noise.
  const isMpeg = first === 0xff && [0xfb, 0xfa, 0xf3, 0xf2, 0xe3, 0xe2].includes(second);
  const container = /^(ID3|OggS|fLaC)/.exec(latin(response.body.subarray(0, 4)))?.[0];
  return isMpeg || container !== undefined
    ? `in another format than was asked for (${container ?? 'MPEG'})`
    : undefined;
}

/**
 * Samples of a voice soon have a byte that no text has: 0 in the quiet ones above the middle of the
 * scale, 255 in those below.
 */
function isText(body: Uint8Array): boolean {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    // A character may be cut at the end of what is looked at.
    const start = decoder.decode(body.subarray(0, LOOKED_AT_BYTES), { stream: true });
    return !/[^\P{Cc}\t\n\r]/u.test(start);
  } catch {
    return false;
  }
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
