/**
 * Whether the contacts of a list can be spoken to: does the script come out for them, is there a
 * voice for their language.
 */
import type { Contact } from '../domain/contact.ts';
import { ServiceFailure } from '../domain/failure.ts';
import { counted, listed } from '../domain/text.ts';
import type { RequestContext, Tts } from '../engine/ports.ts';
import { templateLlm } from '../services/llm/template.ts';
import { espeakNg } from '../services/tts/espeak-ng.ts';
import { flite } from '../services/tts/flite.ts';
import type { CheckSink } from './check-sink.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Config } from './settings.ts';
import type { World } from './world.ts';

export interface Findings {
  /** The list cannot be worked like this. */
  readonly problems: readonly Problem[];
  /** Worth knowing; the run goes on. */
  readonly notices: readonly string[];
}

export interface Problem {
  readonly code: ExitCode;
  readonly text: string;
}

const NO_FINDINGS: Findings = { problems: [], notices: [] };

/** Tries the script on some contacts of the list. */
export async function checkScripts(config: Config, sample: readonly Contact[]): Promise<Findings> {
  const { language } = config.campaign;
  const llm = templateLlm({ template: config.script.template, language });
  const { signal } = new AbortController();
  let failed = 0;
  let first: string | undefined;
  for (const contact of sample) {
    const request = { contact, language: contact.language ?? language, properties: {} };
    try {
      const { text } = await llm.write(request, contextOf(contact, signal));
      lengthFits(text, config.script.maxCharacters);
    } catch (error) {
      if (!(error instanceof ServiceFailure)) {
        throw error;
      }
      failed += 1;
      first ??= `line ${contact.line} of the list: ${error.message}`;
    }
  }
  if (first === undefined) {
    return NO_FINDINGS;
  }
  const tried = sample.length;
  const text = `the script fails for ${failed} of ${counted(tried, 'contact')} tried; ${first}`;
  return failed === tried
    ? { problems: [{ code: EXIT.config, text }], notices: [] }
    : { problems: [], notices: [`${text}. They are not called; the outcome is failed`] };
}

function lengthFits(text: string, charactersMax: number): void {
  const found =
    text === ''
      ? 'the text is empty'
      : text.length > charactersMax
        ? `the text has ${text.length} characters, script.max_characters is ${charactersMax}`
        : undefined;
  if (found !== undefined) {
    throw new ServiceFailure(found, { kind: 'permanent', scope: 'request', code: 'bad_length' });
  }
}

function contextOf(contact: Contact, signal: AbortSignal): RequestContext {
  return { campaign: '', contact: contact.id, call: '', step: 'script', line: 1, signal };
}

/** Makes sure that the voices in use can speak, and that every language has one. */
export async function checkVoices(
  world: World,
  config: Config,
  sink: CheckSink | undefined,
): Promise<Findings> {
  const voices: Tts[] = [];
  const problems: Problem[] = [];
  await using fliteVoice = flite({ voice: config.providers.flite.voice, workers: 1 });
  for (const name of config.services.tts) {
    try {
      voices.push(name === 'flite' ? fliteVoice : await installedEspeak(world, config));
    } catch (error) {
      if (!(error instanceof ServiceFailure)) {
        throw error;
      }
      problems.push({ code: EXIT.config, text: `services.tts: ${error.message}` });
    }
  }
  const silent = [...(sink?.languages ?? [])].filter(
    ([language]) =>
      !voices.some((tts) => tts.voice(language ?? config.campaign.language) !== undefined),
  );
  const names = listed(silent.map(([language]) => language ?? config.campaign.language));
  const count = silent.reduce((sum, [, contacts]) => sum + contacts, 0);
  const notice =
    `no voice in services.tts speaks ${names}: ${counted(count, 'contact')} will be set aside ` +
    'with that reason';
  return { problems, notices: silent.length === 0 || problems.length > 0 ? [] : [notice] };
}

async function installedEspeak(world: World, config: Config): Promise<Tts> {
  const { timeoutMs } = config.healthCheck;
  const limit = new AbortController();
  const cancel = world.clock.after(timeoutMs, () => {
    limit.abort(
      new ServiceFailure(`espeak-ng does not answer within ${timeoutMs} ms`, {
        kind: 'transient',
        scope: 'service',
        code: 'timeout',
      }),
    );
  });
  try {
    return await espeakNg({ command: config.providers.espeakNg.command }, limit.signal);
  } finally {
    cancel();
  }
}
