/**
 * Reading config.yml: parse, normalise, judge. All problems are found before the first is reported.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { AnswerPolicy } from '../domain/answers.ts';
import { MICROS, type PriceList, type Prices } from '../domain/money.ts';
import type { Behaviour } from '../sim/behaviour.ts';
import { alertSettings } from './config-alerts.ts';
import { ariProvider } from './config-ari.ts';
import { amiProvider } from './config-asterisk.ts';
import { withEnvironment } from './config-environment.ts';
import type { Judgement } from './config-judged.ts';
import { ConfigProblems } from './config-problems.ts';
import { judge } from './config-rules.ts';
import { type ConfigFile } from './config-schema.ts';
import { serverSettings } from './config-server.ts';
import { sheetsConfig } from './config-sheets.ts';
import { type Environment, readConfigSource } from './config-source.ts';
import { validate } from './config-validation.ts';
import { parseDuration, parseSize } from './durations.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { type ModelVendor, SERVICE_NAMES, type ServiceName } from './service-names.ts';
import type {
  Config,
  ElevenlabsProvider,
  HubspotProvider,
  ModelProvider,
  OpenaiVoice,
  ServicePolicy,
  TwilioProvider,
  VoiceChoice,
  WebhookProvider,
} from './settings.ts';
import { shellWord } from './shell-word.ts';

export interface ConfigOptions {
  /** Absolute path; relative paths in the file start at its folder. */
  readonly file: string;
  /** How the file is named to people; its absolute path where this is left out. */
  readonly shownAs?: string | undefined;
  readonly env: Environment;
  /** What only the services can tell; left out by commands that use none. */
  readonly judgement?: Judgement | undefined;
  /**
   * For commands that call no service: a `${NAME}` that the environment lacks is no problem, and
   * its key is at its default (`-` for a template).
   */
  readonly withoutSecrets?: boolean | undefined;
  /** Whether a `.env` is beside the file, which whoever starts the program loads. */
  readonly hasDotenv?: boolean | undefined;
  /** As if `server.enabled` were true. */
  readonly serve?: boolean | undefined;
}

/** Reads config.yml. Throws `ConfigProblems`, or `CommandFailure` 66 where it cannot be read. */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  let text: string;
  try {
    text = await readFile(options.file, 'utf8');
  } catch (error) {
    throw unreadable(options, error as NodeJS.ErrnoException);
  }
  const hasDotenv = existsSync(join(dirname(options.file), '.env'));
  return parseConfig(text, { ...options, hasDotenv });
}

/** The same for a text already read. Throws `ConfigProblems`. */
export function parseConfig(text: string, options: ConfigOptions): Config {
  const source = withEnvironment(readConfigSource(text, options.env), options.env);
  const { file, problems } = validate(source, {
    missingAllowed: options.withoutSecrets ?? false,
  });
  const config = normalise(file, options);
  const all = [...problems, ...judge({ config, file, source, problems }, options.judgement)];
  if (all.length > 0) {
    const shown = options.shownAs ?? options.file;
    const isUnloaded = options.hasDotenv === true && all.some(({ isUnset }) => isUnset);
    throw new ConfigProblems(shown, all, isUnloaded ? dotenvHint(shown) : undefined);
  }
  return config;
}

function dotenvHint(configFile: string): string {
  const folder = dirname(configFile);
  const file = shellWord(isAbsolute(folder) ? join(folder, '.env') : `./${join(folder, '.env')}`);
  return `There is a .env beside it, which is loaded by you: set -a; . ${file}; set +a`;
}

function unreadable(options: ConfigOptions, error: NodeJS.ErrnoException): CommandFailure {
  const shown = options.shownAs ?? options.file;
  return error.code === 'ENOENT'
    ? new CommandFailure(
        EXIT.noInput,
        `there is no ${shown}`,
        'make one with `campaign init`, or name another with --config FILE',
      )
    : new CommandFailure(EXIT.noInput, `${shown} cannot be read: ${error.message}`);
}

/** The file's own terms into the program's. */
function normalise(file: ConfigFile, { file: configFile, serve = false }: ConfigOptions): Config {
  const absolute = (path: string): string => resolve(dirname(configFile), path);
  const { command } = file.providers['espeak-ng'];
  return {
    file: configFile,
    campaign: campaignSettings(file),
    prices: prices(file),
    services: file.services,
    script: {
      prompt: file.script.prompt,
      template: file.script.template,
      maxCharacters: file.script.max_characters,
      answers: answerPolicy(file.script),
    },
    generalPolicy: policyFrom(file),
    policies: {
      template: policyOf(file, 'template'),
      flite: policyOf(file, 'flite'),
      'espeak-ng': policyOf(file, 'espeak-ng'),
      preview: policyOf(file, 'preview'),
      csv: policyOf(file, 'csv'),
      openai: policyOf(file, 'openai'),
      openrouter: policyOf(file, 'openrouter'),
      google: policyOf(file, 'google'),
      anthropic: policyOf(file, 'anthropic'),
      hubspot: policyOf(file, 'hubspot'),
      webhook: policyOf(file, 'webhook'),
      elevenlabs: policyOf(file, 'elevenlabs'),
      twilio: policyOf(file, 'twilio'),
      'asterisk-ari': policyOf(file, 'asterisk-ari'),
      'asterisk-ami': policyOf(file, 'asterisk-ami'),
    },
    healthCheck: {
      intervalMs: durationMs(file.health_check.interval),
      timeoutMs: durationMs(file.health_check.timeout),
    },
    providers: {
      flite: { voice: file.providers.flite.voice, workers: file.providers.flite.workers },
      // A bare name is looked up on the PATH.
      espeakNg: { command: /[/\\]/.test(command) ? absolute(command) : command },
      elevenlabs: elevenlabsProvider(file),
      openaiVoice: openaiVoice(file),
      openai: modelProvider(file, 'openai'),
      openrouter: modelProvider(file, 'openrouter'),
      google: modelProvider(file, 'google'),
      anthropic: modelProvider(file, 'anthropic'),
      hubspot: hubspotProvider(file.providers.hubspot),
      webhook: webhookProvider(file.providers.webhook),
      twilio: twilioProvider(file.providers.twilio),
      'asterisk-ari': ariProvider(file.providers['asterisk-ari']),
      'asterisk-ami': amiProvider(file.providers['asterisk-ami']),
    },
    alerts: alertSettings(file.alerts),
    sheets: sheetsConfig(file.google_sheets, absolute),
    logging: {
      file: absolute(file.logging.file),
      level: file.logging.level,
      maxSizeBytes: parseSize(file.logging.max_size) ?? 0,
      keep: file.logging.keep,
    },
    server: serverSettings({ ...file.server, enabled: file.server.enabled || serve }),
    store: { path: absolute(file.store.path) },
    output: { folder: absolute(file.output.folder) },
    simulation: behaviour(file.simulation),
  };
}

function answerPolicy(script: ConfigFile['script']): AnswerPolicy | undefined {
  const words = script.answers ?? {};
  return Object.values(words).every((word) => word === undefined)
    ? undefined
    : { words, waitMs: durationMs(script.answer_wait) };
}

function campaignSettings({ campaign }: ConfigFile): Config['campaign'] {
  return {
    lines: campaign.lines,
    callsPerSecond: campaign.calls_per_second,
    defaultCountry: campaign.default_country,
    language: campaign.language,
    sameNumber: campaign.same_number,
    onOutage: campaign.on_outage,
    outageWaitMs: durationMs(campaign.outage_wait),
    budgetMicros: micros(campaign.budget),
    currency: campaign.currency,
  };
}

function prices({ providers }: ConfigFile): PriceList {
  return Object.fromEntries(
    SERVICE_NAMES.flatMap((service) => {
      const written = providers[service].prices;
      if (written === undefined) {
        return [];
      }
      const its: Prices = {
        perMillionInputTokens: micros(written.per_million_input_tokens),
        perMillionOutputTokens: micros(written.per_million_output_tokens),
        perThousandCharacters: micros(written.per_thousand_characters),
        perMinute: micros(written.per_minute),
        perCall: micros(written.per_call),
        billedSeconds: written.billed_seconds,
      };
      return [[service, its]];
    }),
  );
}

/** The schema takes amounts that are whole in millionths; multiplying alone may miss them. */
function micros(amount: number | undefined): number | undefined {
  return amount === undefined ? undefined : Math.round(amount * MICROS);
}

function modelProvider(file: ConfigFile, vendor: ModelVendor): ModelProvider {
  const { api_key: apiKey = '', model = '', base_url: baseUrl } = file.providers[vendor];
  // A key read from a file often has a line break at its end.
  return { apiKey: apiKey.trim(), model: model.trim(), baseUrl: baseUrl.replace(/\/+$/, '') };
}

function hubspotProvider(own: ConfigFile['providers']['hubspot']): HubspotProvider {
  // A list's own ids are nobody's in HubSpot, or somebody else's: only where a property holds them.
  const byId = own.id_property === undefined ? [] : (['id'] as const);
  return {
    accessToken: (own.access_token ?? '').trim(),
    baseUrl: own.base_url.replace(/\/+$/, ''),
    callIdProperty: own.call_id_property,
    lookup: [...new Set(own.lookup)],
    findBy: own.find_by ?? [...byId, 'email', 'phone'],
    idProperty: own.id_property,
    owner: own.owner,
  };
}

function webhookProvider({
  url = '',
  secret,
}: ConfigFile['providers']['webhook']): WebhookProvider {
  return { url: url.trim(), secret: secret?.trim() };
}

function elevenlabsProvider({ providers }: ConfigFile): ElevenlabsProvider {
  const { api_key: apiKey = '', voice_id, model_id, voice_settings, ...own } = providers.elevenlabs;
  return {
    apiKey: apiKey.trim(),
    baseUrl: own.base_url.replace(/\/+$/, ''),
    voice: voiceChoice(voice_id),
    model: model_id.trim(),
    tuning: voice_settings ?? {},
  };
}

function openaiVoice({ providers }: ConfigFile): OpenaiVoice {
  const { tts_model: model = '', voice, instructions, speed } = providers.openai;
  return { model: model.trim(), voice: voiceChoice(voice), instructions, speed };
}

function voiceChoice(voice: VoiceChoice = ''): VoiceChoice {
  return typeof voice === 'string'
    ? voice.trim()
    : Object.fromEntries(Object.entries(voice).map(([tag, name]) => [tag, name.trim()]));
}

function twilioProvider(own: ConfigFile['providers']['twilio']): TwilioProvider {
  return {
    accountSid: (own.account_sid ?? '').trim(),
    authToken: (own.auth_token ?? '').trim(),
    from: (own.from ?? '').trim(),
    baseUrl: own.base_url.replace(/\/+$/, ''),
    audioBaseUrl: own.audio_base_url?.replace(/\/+$/, ''),
    machineDetection: own.machine_detection === 'detect',
    ringMs: durationMs(own.ring_time),
  };
}

function behaviour({ answer_time, shares, ...times }: ConfigFile['simulation']): Behaviour {
  return {
    answerMs: {
      llm: durationMs(answer_time.llm),
      tts: durationMs(answer_time.tts),
      dialer: durationMs(answer_time.dialer),
      crm: durationMs(answer_time.crm),
    },
    ringMs: durationMs(times.ring_time),
    noAnswerMs: durationMs(times.no_answer_time),
    talkMs: durationMs(times.talk_time),
    shares,
  };
}

/**
 * Voices on this machine have no network to time out on, but lines queue for them: fifty long
 * texts take one processor some 40 s (900 characters in 0.7 s each, measured on one core).
 */
const LOCAL_TIMEOUTS: Readonly<Partial<Record<ServiceName, { readonly request: string }>>> = {
  flite: { request: '2m' },
  'espeak-ng': { request: '2m' },
};

function policyOf(file: ConfigFile, service: ServiceName): ServicePolicy {
  const own = file.providers[service];
  return policyFrom({
    retry: { ...file.retry, ...own.retry },
    circuit_breaker: { ...file.circuit_breaker, ...own.circuit_breaker },
    timeouts: { ...file.timeouts, ...LOCAL_TIMEOUTS[service], ...own.timeouts },
    fallback_delay: own.fallback_delay,
    concurrency: 'concurrency' in own ? own.concurrency : undefined,
    own_health_check: own.health_check,
  });
}

function policyFrom({
  retry,
  circuit_breaker: breaker,
  timeouts,
  fallback_delay: fallbackDelay = '0s',
  concurrency: concurrencyMax,
  own_health_check: healthCheck,
}: Pick<ConfigFile, 'retry' | 'circuit_breaker' | 'timeouts'> & {
  readonly fallback_delay?: string;
  readonly concurrency?: number | undefined;
  readonly own_health_check?: Partial<ConfigFile['health_check']> | undefined;
}): ServicePolicy {
  return {
    retry: {
      initialDelayMs: durationMs(retry.initial_delay),
      backoffFactor: retry.backoff_factor,
      maxRetries: retry.max_retries,
      maxDelayMs: durationMs(retry.max_delay),
      jitter: retry.jitter,
    },
    circuitBreaker: {
      failureThreshold: breaker.failure_threshold,
      recoveryTimeoutMs: durationMs(breaker.recovery_timeout),
      halfOpenMaxCalls: breaker.half_open_max_calls,
    },
    timeouts: {
      requestMs: durationMs(timeouts.request),
      callMs: durationMs(timeouts.call),
      idleMs: durationMs(timeouts.idle),
    },
    fallbackDelayMs: durationMs(fallbackDelay),
    concurrencyMax,
    healthCheck: healthCheck && {
      ...(healthCheck.interval !== undefined && { intervalMs: durationMs(healthCheck.interval) }),
      ...(healthCheck.timeout !== undefined && { timeoutMs: durationMs(healthCheck.timeout) }),
    },
  };
}

/** Of a text that the schema has accepted. */
function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}
