/**
 * The embedded voice: flite, in a worker thread, for English.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceFailure } from '../../domain/failure.ts';
import type { RequestContext, Speech, SpeechRequest, Tts } from '../../engine/ports.ts';
import { englishAscii } from './english-ascii.ts';
import type { FliteAnswer, FliteRequest } from './flite-messages.ts';
import { WorkerPool } from './worker-pool.ts';

/**
 * Built into the program, best first. It has a sixth, `awb_time`, which can only tell the time; a
 * name that it does not know silently becomes `kal`, so names are checked here.
 */
export const FLITE_VOICES = ['slt', 'rms', 'awb', 'kal16', 'kal'] as const;
export type FliteVoice = (typeof FLITE_VOICES)[number];

export interface FliteSettings {
  /** One of `FLITE_VOICES`. */
  readonly voice: string;
  /** Threads that speak at the same time; by default one per core but the program's own. */
  readonly workers?: number | undefined;
}

/** Part of every voice's name: when how it sounds changes, audio kept from before is not used. */
const SOUND = 'flite-2.3/8000/1';
const PROBE_TEXT = 'ready';

/**
 * @throws ServiceFailure where the voice's name is not one of `FLITE_VOICES`
 */
export function flite(settings: FliteSettings): Tts & AsyncDisposable {
  const problem = fliteVoiceProblem(settings.voice);
  if (problem !== undefined) {
    throw failure('permanent', 'service', 'unknown_voice', `flite: ${problem}`);
  }
  return new Flite(settings);
}

/** What is wrong with a voice's name, for people; undefined where nothing is. */
export function fliteVoiceProblem(voice: string): string | undefined {
  return (FLITE_VOICES as readonly string[]).includes(voice)
    ? undefined
    : `there is no voice "${voice}"; there are ${FLITE_VOICES.join(', ')}`;
}

class Flite implements Tts, AsyncDisposable {
  readonly name = 'flite';
  readonly role = 'tts';
  readonly #voice: string;
  readonly #pool: WorkerPool<FliteRequest, FliteAnswer>;
  /** Only this user's, and gone when the service is. */
  #folder: Promise<string> | undefined;

  constructor(settings: FliteSettings) {
    this.#voice = settings.voice;
    this.#pool = new WorkerPool({
      script: workerScript(),
      workers: Math.max(1, settings.workers ?? availableParallelism() - 1),
      service: 'flite',
    });
  }

  voice(language: string): string | undefined {
    return /^en(-|$)/i.test(language) ? `${SOUND}/${this.#voice}` : undefined;
  }

  async probe(signal: AbortSignal): Promise<void> {
    // Behind a long queue a probe would only time out; those in it find out sooner.
    if (this.#pool.isCrowded) {
      return;
    }
    await this.#speak(PROBE_TEXT, signal);
  }

  async speak(request: SpeechRequest, context: RequestContext): Promise<Speech> {
    const plain = englishAscii(request.text);
    if (plain.type === 'foreign') {
      const message = `flite speaks English only and cannot say "${plain.letters}"`;
      throw failure('permanent', 'request', 'foreign_letters', message);
    }
    return await this.#speak(plain.text, context.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #scratch(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'campaign-voice-'));
    try {
      return await this.#folder;
    } catch (error) {
      this.#folder = undefined;
      const { code, message } = error as NodeJS.ErrnoException;
      throw failure('transient', 'service', code ?? 'no_folder', `flite: ${message}`);
    }
  }

  async #speak(text: string, signal: AbortSignal): Promise<Speech> {
    const folder = await this.#scratch();
    const answer = await this.#pool.run({ voice: this.#voice, text, folder }, signal);
    switch (answer.type) {
      case 'sound':
        return { wav: answer.wav };
      case 'silent':
        throw failure('permanent', 'request', 'silent', 'flite: nothing in the text can be said');
      case 'trapped': {
        const message = `flite: the voice broke over the text: ${answer.found}`;
        throw failure('permanent', 'request', 'voice_broke', message);
      }
      case 'unusable': {
        const message = `flite: the voice cannot be loaded: ${answer.found}; run npm ci`;
        throw failure('permanent', 'service', 'not_installed', message);
      }
      case 'unreadable':
        throw failure('transient', 'service', 'bad_audio', `flite: it made ${answer.found}`);
      case 'failed':
        throw failure('transient', 'service', answer.code, `flite: ${answer.found}`);
    }
  }
}

/** The source itself where types are stripped on the fly, what became of it elsewhere. */
function workerScript(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./flite-worker.ts', import.meta.url)
    : new URL('./flite-worker.js', import.meta.url);
}

function failure(
  kind: ServiceFailure['kind'],
  scope: 'request' | 'service',
  code: string,
  message: string,
): ServiceFailure {
  return new ServiceFailure(message, { kind, scope, code });
}
