/**
 * The installed program espeak-ng, for the languages that the embedded voice does not speak.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import type { RequestContext, Speech, SpeechRequest, Tts } from '../../engine/ports.ts';
import { type Ran, runProgram } from './program.ts';
import { TelephoneSounds } from './wav.ts';

export interface EspeakNgSettings {
  /** The program's name, or its path. */
  readonly command: string;
}

/** Part of every voice's name: when how it sounds changes, audio kept from before is not used. */
const FORMAT = '8000/1';
/** Ten minutes of its 22,050 Hz; no call is that long. */
const SOUND_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Asks the program which languages it speaks.
 *
 * @throws ServiceFailure `not_installed` where there is no such program
 */
export async function espeakNg(settings: EspeakNgSettings, signal: AbortSignal): Promise<Tts> {
  const { command } = settings;
  const version = await runProgram(command, ['--version'], '', SOUND_BYTES_MAX, signal);
  const voices = await runProgram(command, ['--voices'], '', SOUND_BYTES_MAX, signal);
  const number = /\d+(?:\.\d+)+/.exec(outputOf(command, version).toString())?.[0] ?? 'unknown';
  const languages = espeakLanguages(outputOf(command, voices).toString());
  return new EspeakNg(command, number, languages);
}

/**
 * Reads `espeak-ng --voices`: the second column is a language in lower case; further ones that the
 * voice serves follow the file's name, as `(en 2)`, the lower figure being the better match. The
 * answer leads from language tags to the name that `-v` takes.
 */
export function espeakLanguages(listing: string): ReadonlyMap<string, string> {
  const languages = new Map<string, string>();
  const others: { language: string; name: string; rank: number }[] = [];
  for (const line of listing.split('\n')) {
    const name = /^\s*\d+\s+(\S+)/.exec(line)?.[1];
    if (name === undefined) {
      continue;
    }
    languages.set(name, name);
    for (const [, language = '', rank] of line.matchAll(/\((\S+) (\d+)\)/g)) {
      others.push({ language, name, rank: Number(rank) });
    }
  }
  for (const { language, name } of others.sort((one, other) => one.rank - other.rank)) {
    if (!languages.has(language)) {
      languages.set(language, name);
    }
  }
  return languages;
}

class EspeakNg implements Tts {
  readonly name = 'espeak-ng';
  readonly role = 'tts';
  readonly #command: string;
  readonly #version: string;
  readonly #languages: ReadonlyMap<string, string>;
  readonly #sounds = new TelephoneSounds();

  constructor(command: string, version: string, languages: ReadonlyMap<string, string>) {
    this.#command = command;
    this.#version = version;
    this.#languages = languages;
  }

  voice(language: string): string | undefined {
    const name = this.#nameOf(language);
    return name && `espeak-ng-${this.#version}/${FORMAT}/${name}`;
  }

  async probe(signal: AbortSignal): Promise<void> {
    outputOf(
      this.#command,
      await runProgram(this.#command, ['--version'], '', SOUND_BYTES_MAX, signal),
    );
  }

  async speak(request: SpeechRequest, context: RequestContext): Promise<Speech> {
    const name = this.#nameOf(request.language);
    if (name === undefined) {
      const message = `espeak-ng has no voice for language ${request.language}`;
      throw failure('permanent', 'request', 'no_voice', message);
    }
    const options = ['-v', name, '-b', '1', '--stdin', '--stdout'];
    const text = spokenText(request.text);
    const ran = await runProgram(this.#command, options, text, SOUND_BYTES_MAX, context.signal);
    const sound = this.#sounds.from(outputOf(this.#command, ran), true);
    switch (sound.type) {
      case 'sound':
        return { wav: sound.wav };
      case 'silent':
        throw failure('permanent', 'request', 'silent', 'espeak-ng: nothing in the text is said');
      case 'unreadable':
        throw failure('transient', 'service', 'bad_audio', `espeak-ng: it made ${sound.found}`);
    }
  }

  /** `en-GB-oxendict` falls back to `en-gb`, then `en`. */
  #nameOf(language: string): string | undefined {
    const parts = language.toLowerCase().split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const name = this.#languages.get(parts.slice(0, length).join('-'));
      if (name !== undefined) {
        return name;
      }
    }
    return undefined;
  }
}

/** Two brackets would begin phonemes; a zero byte would end the text. */
function spokenText(text: string): string {
  return text.replaceAll('[[', '[ [').replaceAll('\0', ' ');
}

/** What the program wrote, if it ended well. A run that went wrong may go well the next time. */
function outputOf(command: string, ran: Ran): Buffer {
  switch (ran.type) {
    case 'ended':
      if (ran.exitCode === 0) {
        return ran.output;
      }
      throw failure(
        'transient',
        'service',
        `exit_${ran.exitCode}`,
        `espeak-ng: ${ran.complaint || 'no message'} (exit code ${ran.exitCode})`,
      );
    case 'killed':
      throw failure('transient', 'service', ran.signal, `espeak-ng: ended by ${ran.signal}`);
    case 'too_long':
      throw failure('permanent', 'request', 'too_long', 'espeak-ng: the text is too long to say');
    case 'not_started':
      throw notStarted(command, ran.error);
  }
}

/** Missing or not allowed stays so; out of processes or memory passes. */
function notStarted(command: string, error: NodeJS.ErrnoException): ServiceFailure {
  const code = error.code ?? 'not_started';
  if (code === 'ENOENT') {
    const named = command === 'espeak-ng' ? '' : ` (providers.espeak-ng.command: ${command})`;
    const message =
      `espeak-ng is not installed${named}: apt install espeak-ng, ` +
      'or take it out of services.tts';
    return failure('permanent', 'service', 'not_installed', message, error);
  }
  const kind = code === 'EACCES' ? 'permanent' : 'transient';
  return failure(kind, 'service', code, `${command} cannot be started: ${error.message}`, error);
}

function failure(
  kind: 'transient' | 'permanent',
  scope: 'request' | 'service',
  code: string,
  message: string,
  cause?: unknown,
): ServiceFailure {
  return new ServiceFailure(message, { kind, scope, code, cause });
}
