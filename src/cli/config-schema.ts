/**
 * Every key of config.yml that this version takes: type, range, default, and what it is for. The
 * message of each rule is what is allowed, because that is what the person who broke it needs.
 */
import { z } from 'zod';
import { LOG_LEVELS } from '../observers/log-lines.ts';
import { DEFAULT_BEHAVIOUR } from '../sim/behaviour.ts';
import { alertKeys } from './config-alerts.ts';
import {
  bareDuration,
  bareNumber,
  bareWhole,
  baseUrl,
  chain,
  choice,
  duration,
  type Filling,
  filler,
  isPlainAddress,
  money,
  number,
  optionalSection,
  path,
  pattern,
  SIZE_ALLOWED,
  secret,
  section,
  whole,
  within,
} from './config-schema-parts.ts';
import { serverKeys } from './config-server.ts';
import { sheetsKeys } from './config-sheets.ts';
import { durationText, parseSize, SIZE_PATTERN } from './durations.ts';

/** What this version can do each role with, first the one the defaults use. */
export const SERVICES_BY_ROLE = {
  llm: ['template', 'openai', 'openrouter', 'google', 'anthropic'],
  tts: ['flite', 'espeak-ng', 'elevenlabs', 'openai'],
  dialer: ['preview', 'twilio'],
  crm: ['csv', 'hubspot', 'webhook'],
} as const;

/** Vendors of models: each needs an account, a key and the name of a model. */
export const MODEL_VENDORS = ['openai', 'openrouter', 'google', 'anthropic'] as const;
export type ModelVendor = (typeof MODEL_VENDORS)[number];

/** What can find a contact in HubSpot. */
export const HUBSPOT_FIND_BY = ['id', 'email', 'phone'] as const;

/** In the order of their settings under `providers`. */
export const SERVICE_NAMES = [
  'template',
  'flite',
  'espeak-ng',
  'preview',
  'csv',
  ...MODEL_VENDORS,
  'hubspot',
  'webhook',
  'elevenlabs',
  'twilio',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The purpose of a call, where the config has none of its own: that of the shipped example. */
export const DEFAULT_PROMPT = `\
Remind this person, warmly and plainly, of their appointment. Say who is calling (the clinic,
shop or office that the data names), greet them by name, and give the day and the time as one
would say them. Then say that they can simply call back if it does not suit them any more, thank
them and say goodbye. Three or four short sentences, and nothing that the data does not say.
What is known of them: {{ contact }}
`;

/** They work on this machine: nobody sends a bill for them. */
export const FREE_SERVICES: readonly ServiceName[] = [
  'template',
  'flite',
  'espeak-ng',
  'preview',
  'csv',
];

const HOUR_MS = 3_600_000;

export function configSchema() {
  const keys = {
    campaign: section(campaignKeys(), 'How the list is worked.'),
    services: section(serviceKeys(), 'Who does each job: the first choice, then the fallbacks.'),
    script: section(scriptKeys(), 'What is said.'),
    retry: section(retryKeys('defaults'), 'How a failed request is tried again.'),
    circuit_breaker: section(
      breakerKeys('defaults'),
      'When a failing service is left alone for a while.',
    ),
    timeouts: section(timeoutKeys('defaults'), 'How long is waited for an answer.'),
    health_check: section(
      healthKeys('defaults'),
      'Cheap probes of the services, in the background.',
    ),
    providers: section(providerKeys(), 'Settings by service name.'),
    alerts: section(alertKeys(), 'Who is told, and how, when something breaks.'),
    google_sheets: section(
      sheetsKeys(),
      'A row per finished or failed call, for everybody to see.',
    ),
    logging: section(loggingKeys(), 'The log file: one JSON object a line.'),
    server: section(serverKeys(), 'The state of a run, its health and its metrics over HTTP.'),
    store: section(
      { path: path('data/campaign.db', 'The database: contacts, journal, breakers.') },
      'Where campaigns are kept.',
    ),
    output: section(
      { folder: path('out', 'Gets a folder per campaign: audio, results.csv, rejected.csv.') },
      'Where results go.',
    ),
    simulation: section(
      simulationKeys(),
      'How services and people behave in `campaign simulate` while nothing is wrong.',
    ),
  };
  return z.strictObject(keys, { error: 'groups of keys, such as script: and retry:' });
}

/** config.yml as written, checked and with the defaults filled in. */
export type ConfigFile = z.output<ReturnType<typeof configSchema>>;

/** The same as a JSON Schema (draft 2020-12), for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema(), { io: 'input' });
  return {
    $schema,
    title: 'config.yml',
    description: 'Settings of campaign. Made by `npm run schema`; not edited by hand.',
    ...rest,
  };
}

function campaignKeys() {
  return {
    lines: whole(1, 1000, 4, 'Calls at the same time.'),
    calls_per_second: number(
      { min: 0.01, max: 1000 },
      1,
      'New calls started per second, all lines together. A preview rings nobody and is not paced.',
    ),
    default_country: pattern(
      /^[A-Z]{2}$/,
      'a country as two capital letters, such as US, GB or DE',
      'US',
      'For numbers written without +.',
    ),
    language: pattern(
      /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
      'a language tag such as en, en-GB or es',
      'en',
      'Of contacts that name none.',
    ),
    same_number: choice(
      ['reject', 'allow'],
      'reject',
      'Whether a second row with a number that is already in the list is refused.',
    ),
    on_outage: choice(
      ['skip', 'pause'],
      'skip',
      'While a needed service is down: put the contact off and take the next, or wait at once.',
    ),
    outage_wait: duration(
      { minMs: 1000, maxMs: 24 * HOUR_MS },
      '30m',
      'A run that gets nothing done for this long ends; the next run goes on.',
    ),
    budget: money(
      0.01,
      'What the campaign may cost, all its runs together: when so much is spent, no new contact ' +
        'is taken. Needs the prices of every vendor in use.',
    ).optional(),
    currency: pattern(
      /^\S{1,8}$/,
      'a word or a sign, such as USD or €',
      'USD',
      'Of all prices and of the budget. Only a label: nothing is converted.',
    ),
  };
}

function serviceKeys() {
  return {
    llm: chain(SERVICES_BY_ROLE.llm, ['template'], 'Who writes what is said.'),
    tts: chain(SERVICES_BY_ROLE.tts, ['flite'], 'Who speaks it.'),
    dialer: chain(SERVICES_BY_ROLE.dialer, ['preview'], 'Who rings; preview writes a WAV instead.'),
    crm: chain(SERVICES_BY_ROLE.crm, ['csv'], 'Who is told what became of it.'),
  };
}

function scriptKeys() {
  const allowed = 'a text in Liquid, or one per language such as { en: …, es: … }';
  const text = z.string({ error: allowed }).min(1, { error: allowed });
  const purpose = 'a text in Liquid that says what the call is for';
  return {
    prompt: z
      .string({ error: purpose })
      .min(1, { error: purpose })
      .default(DEFAULT_PROMPT)
      .describe(
        "What a model is told to write: the purpose of the call. Liquid with the contact's " +
          'columns, and {{ contact }} for all of them. Only what it prints is sent, as data.',
      ),
    template: z
      .union([text, z.record(z.string(), text, { error: allowed })], { error: allowed })
      .describe(
        "What the template service says. Liquid with the contact's columns; an unknown variable " +
          'is an error. One text, or one per language.',
      ),
    max_characters: whole(1, 10_000, 900, 'A longer text is not spoken; that call fails.'),
  };
}

function retryKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    initial_delay: fill(
      bareDuration({ minMs: 10, maxMs: HOUR_MS }, 'Wait before the first retry.'),
      '5s',
    ),
    backoff_factor: fill(
      bareNumber({ min: 1, max: 10 }, 'Each further wait is this much longer.'),
      2,
    ),
    max_retries: fill(bareWhole(0, 20, 'Tries after the first one; 3 means four tries in all.'), 3),
    max_delay: fill(
      bareDuration(
        { minMs: 10, maxMs: 24 * HOUR_MS },
        'Longest wait on a line; a service that asks for more has its contact put off.',
      ),
      '60s',
    ),
    jitter: fill(
      bareNumber({ min: 0, max: 1 }, 'Random part of each wait: 0.1 is up to ten percent more.'),
      0.1,
    ),
  };
}

function breakerKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    failure_threshold: fill(
      bareWhole(1, 1000, 'Failures in a row on one line that open the breaker.'),
      4,
    ),
    recovery_timeout: fill(
      bareDuration({ minMs: 10, maxMs: 24 * HOUR_MS }, 'How long it stays open at first.'),
      '60s',
    ),
    half_open_max_calls: fill(bareWhole(1, 100, 'Requests let through to see if it works.'), 1),
  };
}

function timeoutKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  return {
    request: fill(bareDuration({ minMs: 10, maxMs: HOUR_MS }, 'For one request.'), '15s'),
    call: fill(
      bareDuration({ minMs: 1000, maxMs: 24 * HOUR_MS }, 'For one telephone call, to its end.'),
      '10m',
    ),
    idle: fill(
      bareDuration(
        { minMs: 60_000, maxMs: 24 * HOUR_MS },
        'A call of which nothing is heard for so long is given up.',
      ),
      '30m',
    ),
  };
}

function healthKeys<F extends Filling>(filling: F) {
  const fill = filler(filling);
  const limits = { minMs: 100, maxMs: 24 * HOUR_MS };
  return {
    interval: fill(bareDuration(limits, 'Between two probes of one service.'), '30s'),
    timeout: fill(bareDuration(limits, 'For one probe.'), '5s'),
  };
}

function providerKeys() {
  const override = {
    retry: optionalSection(retryKeys('nothing'), 'For this service only.'),
    circuit_breaker: optionalSection(breakerKeys('nothing'), 'For this service only.'),
    timeouts: optionalSection(timeoutKeys('nothing'), 'For this service only.'),
    health_check: optionalSection(healthKeys('nothing'), 'For this service only.'),
    prices: optionalSection(priceKeys(), 'What it charges, in campaign.currency.'),
  };
  const text = 'a text that is not empty';
  return {
    template: section(override, 'The template service has no settings of its own.'),
    flite: section(
      {
        voice: z
          .string({ error: text })
          .min(1, { error: text })
          .default('slt')
          .describe('Name of a built-in voice.'),
        workers: bareWhole(
          1,
          64,
          'Voices speaking at once; by default one less than CPUs.',
        ).optional(),
        ...override,
      },
      'The embedded voice. English.',
    ),
    'espeak-ng': section(
      {
        command: z
          .string({ error: text })
          .min(1, { error: text })
          .default('espeak-ng')
          .describe('The program: a name on the PATH, or a path.'),
        ...override,
      },
      'The installed program espeak-ng, for other languages.',
    ),
    preview: section(override, 'The preview has no settings of its own.'),
    csv: section(override, 'The CSV file has no settings of its own.'),
    openai: section(
      { ...modelKeys('https://api.openai.com'), ...openaiVoiceKeys(), ...override },
      'Models and voices of OpenAI, or of a server that speaks its chat completions and speech.',
    ),
    openrouter: section(
      { ...modelKeys('https://openrouter.ai'), ...override },
      'Models of many makers, through OpenRouter.',
    ),
    google: section(
      { ...modelKeys('https://generativelanguage.googleapis.com'), ...override },
      'Gemini models of Google.',
    ),
    anthropic: section(
      { ...modelKeys('https://api.anthropic.com'), ...override },
      'Claude models of Anthropic.',
    ),
    hubspot: section({ ...hubspotKeys(), ...override }, 'Finds contacts in HubSpot, logs calls.'),
    webhook: section({ ...webhookKeys(), ...override }, 'Tells a system of your own, signed.'),
    elevenlabs: section({ ...elevenlabsKeys(), ...override }, 'Voices of ElevenLabs.'),
    twilio: section({ ...twilioKeys(), ...override }, 'Places real calls through Twilio.'),
  };
}

function hubspotKeys() {
  const property = 'the internal name of a property, such as campaign_call_id';
  const name = z.string({ error: property }).regex(/^[a-z][a-z0-9_]*$/, { error: property });
  const list = 'a list of internal names of contact properties, such as [firstname, plan]';
  const owner = 'the id of a HubSpot owner, in quotes: digits only';
  return {
    access_token: secret(
      'The token of a private app, as "${NAME}" from the environment.',
      'HUBSPOT_ACCESS_TOKEN',
    ),
    base_url: baseUrl('https://api.hubapi.com'),
    call_id_property: name
      .optional()
      .describe(
        'A property of calls with unique values: with it a call is logged exactly once, without ' +
          'it at least once.',
      ),
    lookup: z
      .array(name, { error: list })
      .default([])
      .describe('Contact properties that the script may use: {{ crm.firstname }}.'),
    find_by: chain(
      HUBSPOT_FIND_BY,
      ['email', 'phone'],
      'What finds a contact, in this order; id is the record id of HubSpot, or id_property.',
    ),
    id_property: name
      .optional()
      .describe("The contact property that holds the list's id; needs find_by with id."),
    owner: z
      .string({ error: owner })
      .regex(/^\d+$/, { error: owner })
      .optional()
      .describe('The HubSpot owner to whom the calls belong.'),
    fallback_delay: fallbackDelay(),
  };
}

function webhookKeys() {
  const url = 'an address that begins with https:// or http://';
  return {
    url: z
      .string({ error: url })
      .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), { error: url })
      .optional()
      .describe('Where each call is sent to.'),
    secret: secret(
      'Signs what is sent, as "${NAME}" from the environment; without it nothing is signed.',
      'CRM_WEBHOOK_SECRET',
    ),
    fallback_delay: fallbackDelay(),
  };
}

function twilioKeys() {
  const sid = 'AC and 32 hexadecimal digits, as console.twilio.com shows it';
  const from = 'a number with its country, in quotes, such as "+14155550100"';
  const audio = 'an address such as https://example.com/audio, without user or query';
  return {
    account_sid: z
      .string({ error: sid })
      .regex(/^\s*AC[0-9a-fA-F]{32}\s*$/, { error: sid })
      .optional()
      .describe('The account.'),
    auth_token: secret('Its token, as "${NAME}" from the environment.', 'TWILIO_AUTH_TOKEN'),
    from: z
      .string({ error: from })
      .regex(/^\s*\+[1-9]\d{6,14}\s*$/, { error: from })
      .optional()
      .describe('The number that people see: one of the account, or verified there.'),
    base_url: baseUrl('https://api.twilio.com'),
    audio_base_url: z
      .string({ error: audio })
      .refine(isPlainAddress, { error: audio })
      .optional()
      .describe(
        'Where the audio folder beside the database is published; left out, Twilio speaks the ' +
          'text itself and services.tts is not asked.',
      ),
    machine_detection: choice(
      ['off', 'detect'],
      'off',
      'Whether Twilio finds out if a machine picked up, for a fee: only then is there voicemail.',
    ),
    ring_time: duration(
      { minMs: 5_000, maxMs: 600_000 },
      '30s',
      'How long it may ring before nobody answers.',
    ),
    fallback_delay: fallbackDelay(),
  };
}

function fallbackDelay() {
  return duration(
    { minMs: 0, maxMs: HOUR_MS },
    '2s',
    'Wait before it is asked in the place of a service that failed.',
  );
}

function priceKeys() {
  return {
    per_million_input_tokens: money(0, 'Of a model: for what it reads.').optional(),
    per_million_output_tokens: money(0, 'Of a model: for what it writes and thinks.').optional(),
    per_thousand_characters: money(0, 'Of a voice: for what it speaks.').optional(),
    per_minute: money(0, 'Of a telephone call.').optional(),
    per_call: money(0, 'Of each call that is picked up, beside its minutes.').optional(),
    billed_seconds: whole(
      1,
      3600,
      60,
      'A call is billed in steps of so many seconds, and a step that has begun is a whole one.',
    ),
  };
}

function elevenlabsKeys() {
  const model = 'the name of a model, such as eleven_flash_v2_5';
  const tuning = {
    stability: bareNumber({ min: 0, max: 1 }, 'How even it sounds.').optional(),
    similarity_boost: bareNumber({ min: 0, max: 1 }, 'How close to the original.').optional(),
    style: bareNumber({ min: 0, max: 1 }, 'How much of its manner.').optional(),
    use_speaker_boost: z
      .boolean({ error: 'true or false' })
      .describe('Whether it is brought closer to the original, which takes longer.')
      .optional(),
    speed: bareNumber({ min: 0.7, max: 1.2 }, 'How fast; 1 is its own pace.').optional(),
  };
  return {
    api_key: secret(
      'The key of your account, as "${NAME}" from the environment.',
      'ELEVEN_API_KEY',
    ),
    voice_id: voiceKey('an id from elevenlabs.io/app/voice-library', 'Who speaks'),
    model_id: z
      .string({ error: model })
      .min(1, { error: model })
      .default('eleven_flash_v2_5')
      .describe('Which model speaks.'),
    voice_settings: optionalSection(tuning, 'What is left out is as the voice has it.'),
    concurrency: bareWhole(
      1,
      1000,
      'Requests at once, at most, as your plan allows; where it refuses some, fewer are sent.',
    ).optional(),
    base_url: baseUrl('https://api.elevenlabs.io'),
    fallback_delay: fallbackDelay(),
  };
}

function openaiVoiceKeys() {
  const model = 'the name of a model that speaks, as the vendor writes it';
  const words = 'a text that says how to speak';
  return {
    tts_model: z
      .string({ error: model })
      .min(1, { error: model })
      .describe('Which model speaks, where services.tts names openai.')
      .optional(),
    voice: voiceKey('the name of a voice', 'Who speaks, where services.tts names openai'),
    instructions: z
      .string({ error: words })
      .min(1, { error: words })
      .describe('How it is to speak, for models that take this.')
      .optional(),
    speed: bareNumber({ min: 0.25, max: 4 }, 'How fast; 1 is its own pace.').optional(),
  };
}

function voiceKey(what: string, description: string) {
  const allowed = `${what}, or one per language such as { en: …, es: … }`;
  const voice = z.string({ error: allowed }).min(1, { error: allowed });
  return z
    .union([voice, z.record(z.string(), voice, { error: allowed })], { error: allowed })
    .describe(`${description}: one voice, or one per language.`)
    .optional();
}

function modelKeys(host: string) {
  const model = 'the name of a model, as the vendor writes it';
  return {
    api_key: secret('The key of your account, as "${NAME}" from the environment.'),
    model: z
      .string({ error: model })
      .min(1, { error: model })
      .describe('Which model writes, by the name that the vendor gives it.')
      .optional(),
    base_url: baseUrl(host),
    fallback_delay: fallbackDelay(),
  };
}

function loggingKeys() {
  const size = `${SIZE_ALLOWED}10KB to 10GB, such as 500KB or 50MB`;
  return {
    file: path('logs/app.log', 'Always the current log; older ones get .1, .2 and so on.'),
    level: choice(LOG_LEVELS, 'info', 'The least important line that is written.'),
    max_size: z
      .string({ error: size })
      .regex(SIZE_PATTERN, { error: size })
      .refine((value) => within(parseSize(value), 10_000, 10_000_000_000), { error: size })
      .default('50MB')
      .describe('A longer file is set aside and a new one begun. MB are millions of bytes.'),
    keep: whole(1, 1000, 10, 'How many older files are kept.'),
  };
}

/** What the defaults go by is told in sim/behaviour.ts. */
function simulationKeys() {
  const { answerMs, ringMs, noAnswerMs, talkMs, shares } = DEFAULT_BEHAVIOUR;
  const time = (minMs: number, valueMs: number, description: string) =>
    duration({ minMs, maxMs: HOUR_MS }, durationText(valueMs), description);
  const share = (value: number, description: string) =>
    number({ min: 0, max: 1 }, value, description);
  return {
    answer_time: section(
      {
        llm: time(1, answerMs.llm, 'Of a model that writes a text.'),
        tts: time(1, answerMs.tts, 'Of a voice.'),
        dialer: time(1, answerMs.dialer, 'Until it has taken a call on.'),
        crm: time(1, answerMs.crm, 'Of a CRM.'),
      },
      'From request to answer; each varies evenly by half either way. Services on this machine ' +
        'have times of their own.',
    ),
    ring_time: time(1000, ringMs, 'Until somebody or a machine picks up.'),
    no_answer_time: time(1000, noAnswerMs, 'How long a phone rings that nobody picks up.'),
    talk_time: time(1000, talkMs, 'From picking up to hanging up.'),
    shares: section(
      {
        answered: share(shares.answered, 'A person picks up.'),
        voicemail: share(shares.voicemail, 'A machine does.'),
        no_answer: share(shares.no_answer, 'Nobody does.'),
        busy: share(shares.busy, 'The line is busy.'),
        invalid_number: share(shares.invalid_number, 'There is no such number.'),
      },
      'How calls end, as parts of 1, which they add up to.',
    ),
  };
}

/** The text of config.schema.json. */
export function configSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`;
}
