/**
 * Whether the contacts of a list can be spoken to: does the script come out for them, is there a
 * voice for their language.
 */
import type { Contact } from '../domain/contact.ts';
import { ServiceFailure } from '../domain/failure.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { counted, listed } from '../domain/text.ts';
import type { RequestContext, ScriptRequest, Tts } from '../engine/ports.ts';
import { openHttp } from '../services/http.ts';
import { type Flaw, flawOf } from '../services/llm/answer-check.ts';
import { Prompt } from '../services/llm/prompt.ts';
import { templateLlm } from '../services/llm/template.ts';
import { elevenlabs } from '../services/tts/elevenlabs.ts';
import { espeakNg } from '../services/tts/espeak-ng.ts';
import { flite } from '../services/tts/flite.ts';
import { openaiVoice } from '../services/tts/openai.ts';
import type { CheckSink } from './check-sink.ts';
import { openaiVoiceSettings } from './compose-services.ts';
import { dialerSpeaks, speaksItself } from './dialer-voice.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
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

/**
 * Tries on some contacts of the list what every service of the chain begins with: the template, and
 * the prompt of the vendors. No vendor is asked.
 */
export async function checkScripts(config: Config, sample: readonly Contact[]): Promise<Findings> {
  const { services, script, campaign } = config;
  const templates = templateLlm({ template: script.template, language: campaign.language });
  const { signal } = new AbortController();
  const unspeakable: Unspeakable[] = [];
  const hasVendor = services.llm.some((name) => name !== 'template');
  const fromTemplate = async (request: ScriptRequest): Promise<void> => {
    if (hasVendor && templates.writes?.(request.language) === false) {
      return; // left to the vendor
    }
    const { text } = await templates.write(request, contextOf(request.contact, signal));
    lengthFits(text, script.maxCharacters);
    const flaw = flawOf(text, script.maxCharacters);
    if (flaw !== undefined) unspeakable.push({ line: request.contact.line, flaw });
  };
  const prompt = new Prompt({ prompt: script.prompt, charactersMax: script.maxCharacters });
  const fromPrompt = async (request: ScriptRequest): Promise<void> => {
    prompt.messages(request);
  };
  const template = { what: 'the script', write: fromTemplate };
  const vendor = { what: 'the prompt', write: fromPrompt };
  const inOrder = services.llm.map((name) => (name === 'template' ? template : vendor));
  const ways = [...new Set(inOrder)];
  const failures = await Promise.all(ways.map((way) => failuresOf(way, config, sample)));
  const texts = failures.flatMap((one) => one?.text ?? []);
  const spoken = unspeakableNotices(unspeakable, sample.length);
  // What is wrong with a contact's data ends the chain, so the first choice decides.
  return failures[0]?.all === true
    ? { problems: texts.map((text) => ({ code: EXIT.config, text })), notices: [] }
    : { problems: [], notices: [...texts.map((text) => `${text}. ${UNCALLED}`), ...spoken] };
}

/** What the template makes of a row, and nobody would say. */
interface Unspeakable {
  readonly line: number;
  readonly flaw: Flaw;
}

/** What a model writes is refused for it; what the operator has written is spoken as it stands. */
function unspeakableNotices(found: readonly Unspeakable[], tried: number): readonly string[] {
  const [first] = found;
  if (first === undefined) return [];
  const { what, where } = first.flaw;
  const place = where === undefined ? '' : `: "${maskNumbers(where)}"`;
  return [
    `script.template: ${found.length} of ${counted(tried, 'contact')} tried would hear what is ` +
      `not for the ear, for all is read out as it stands; line ${first.line} of the list: ` +
      `${what}${place}`,
  ];
}

const UNCALLED = 'They are not called; the outcome is failed';

interface Way {
  readonly what: string;
  readonly write: (request: ScriptRequest) => Promise<void>;
}

async function failuresOf(
  { what, write }: Way,
  config: Config,
  sample: readonly Contact[],
): Promise<{ text: string; all: boolean } | undefined> {
  const properties = sampleProperties(config);
  let failed = 0;
  let first: string | undefined;
  for (const contact of sample) {
    const language = contact.language ?? config.campaign.language;
    try {
      await write({ contact, language, properties });
    } catch (error) {
      if (!(error instanceof ServiceFailure)) {
        throw error;
      }
      failed += 1;
      first ??= `line ${contact.line} of the list: ${error.message}`;
    }
  }
  const tried = counted(sample.length, 'contact');
  return first === undefined
    ? undefined
    : {
        text: `${what} fails for ${failed} of ${tried} tried; ${first}`,
        all: failed === sample.length,
      };
}

/** Nobody is asked. The name stands for the value: it is some text, as most values are. */
export function sampleProperties(config: Config): Readonly<Record<string, string>> {
  const { lookup } = config.providers.hubspot;
  return config.services.crm.includes('hubspot')
    ? Object.fromEntries(lookup.map((name) => [name, name]))
    : {};
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
  if (speaksItself(config)) {
    return { problems: [], notices: silentNotices(config, sink, 'services.dialer', dialerSpeaks) };
  }
  const voices: Tts[] = [];
  const problems: Problem[] = [];
  await using fliteVoice = flite({ voice: config.providers.flite.voice, workers: 1 });
  // Vendors are asked nothing here: which languages they speak stands in the settings.
  await using http = openHttp({ userAgent: USER_AGENT, clock: world.clock });
  const made = {
    flite: () => fliteVoice,
    'espeak-ng': () => installedEspeak(world, config),
    elevenlabs: () => elevenlabs(config.providers.elevenlabs, http),
    openai: () => openaiVoice(openaiVoiceSettings(config), http),
  };
  for (const name of config.services.tts) {
    try {
      voices.push(await made[name]());
    } catch (error) {
      if (!(error instanceof ServiceFailure)) {
        throw error;
      }
      problems.push({ code: EXIT.config, text: `services.tts: ${error.message}` });
    }
  }
  const speaks = (language: string): boolean =>
    voices.some((tts) => tts.voice(language) !== undefined);
  const notices = silentNotices(config, sink, 'services.tts', speaks);
  return { problems, notices: problems.length > 0 ? [] : notices };
}

function silentNotices(
  config: Config,
  sink: CheckSink | undefined,
  where: string,
  speaks: (language: string) => boolean,
): readonly string[] {
  const silent = [...(sink?.languages ?? [])].filter(
    ([language]) => !speaks(language ?? config.campaign.language),
  );
  const names = listed(silent.map(([language]) => language ?? config.campaign.language));
  const count = silent.reduce((sum, [, contacts]) => sum + contacts, 0);
  const notice =
    `no voice in ${where} speaks ${names}: ${counted(count, 'contact')} will be set aside ` +
    'with that reason';
  return silent.length === 0 ? [] : [notice];
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
