/**
 * The keys of each service under `providers`.
 */
import { z } from 'zod';
import { asteriskAriKeys } from './config-ari-keys.ts';
import { asteriskAmiKeys } from './config-asterisk-keys.ts';
import { breakerKeys, healthKeys, retryKeys, timeoutKeys } from './config-guard-keys.ts';
import {
  bareNumber,
  bareWhole,
  baseUrl,
  chain,
  choice,
  duration,
  isPlainFolder,
  isPostAddress,
  money,
  optionalSection,
  POST_ADDRESS_ALLOWED,
  secret,
  section,
  whole,
} from './config-schema-parts.ts';
import { HUBSPOT_FIND_BY } from './service-names.ts';

const HOUR_MS = 3_600_000;

export function providerKeys() {
  const common = commonKeys();
  const text = 'a text that is not empty';
  return {
    template: section(common, 'The template service has no settings of its own.'),
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
        ...common,
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
        ...common,
      },
      'The installed program espeak-ng, for other languages.',
    ),
    preview: section(common, 'The preview has no settings of its own.'),
    csv: section(common, 'The CSV file has no settings of its own.'),
    openai: section(
      { ...modelKeys('https://api.openai.com'), ...openaiVoiceKeys(), ...common },
      'Models and voices of OpenAI, or of a server that speaks its chat completions and speech.',
    ),
    openrouter: section(
      { ...modelKeys('https://openrouter.ai'), ...common },
      'Models of many makers, through OpenRouter.',
    ),
    google: section(
      { ...modelKeys('https://generativelanguage.googleapis.com'), ...common },
      'Gemini models of Google.',
    ),
    anthropic: section(
      { ...modelKeys('https://api.anthropic.com'), ...common },
      'Claude models of Anthropic.',
    ),
    hubspot: section({ ...hubspotKeys(), ...common }, 'Finds contacts in HubSpot, logs calls.'),
    webhook: section({ ...webhookKeys(), ...common }, 'Tells a system of your own, signed.'),
    elevenlabs: section({ ...elevenlabsKeys(), ...common }, 'Voices of ElevenLabs.'),
    twilio: section({ ...twilioKeys(), ...common }, 'Places real calls through Twilio.'),
    'asterisk-ari': section(
      { ...asteriskAriKeys(), ...common },
      'Places real calls through an Asterisk of yours, by its REST Interface.',
    ),
    'asterisk-ami': section(
      { ...asteriskAmiKeys(), ...common },
      'Places real calls through an Asterisk of yours, by its Manager Interface.',
    ),
  };
}

/** Of every service. */
function commonKeys() {
  return {
    retry: optionalSection(retryKeys('nothing'), 'For this service only.'),
    circuit_breaker: optionalSection(breakerKeys('nothing'), 'For this service only.'),
    timeouts: optionalSection(timeoutKeys('nothing'), 'For this service only.'),
    health_check: optionalSection(healthKeys('nothing'), 'For this service only.'),
    prices: optionalSection(priceKeys(), 'What it charges, in campaign.currency.'),
    fallback_delay: duration(
      { minMs: 0, maxMs: HOUR_MS },
      '2s',
      'Wait before it is asked in the place of a service that failed.',
    ),
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
    find_by: chain(HUBSPOT_FIND_BY, ['email', 'phone'], '')
      .removeDefault()
      .optional()
      .describe(
        'What finds a contact, in this order; id is the record id of HubSpot, or id_property. ' +
          'Left out: email, phone, and id before them where id_property is set.',
      ),
    id_property: name.optional().describe("The contact property that holds the list's id."),
    owner: z
      .string({ error: owner })
      .regex(/^\d+$/, { error: owner })
      .optional()
      .describe('The HubSpot owner to whom the calls belong.'),
  };
}

function webhookKeys() {
  return {
    url: z
      .string({ error: POST_ADDRESS_ALLOWED })
      .refine(isPostAddress, { error: POST_ADDRESS_ALLOWED })
      .optional()
      .describe('Where each call is sent to.'),
    secret: secret(
      'Signs what is sent, as "${NAME}" from the environment; without it nothing is signed.',
      'CRM_WEBHOOK_SECRET',
    ),
  };
}

function twilioKeys() {
  const sid = 'AC and 32 hexadecimal digits, as console.twilio.com shows it';
  const from = 'a number with its country, in quotes, such as "+14155550100"';
  const audio =
    'the address of a folder, such as https://example.com/audio, without user, query or file name';
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
      .refine(isPlainFolder, { error: audio })
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
  };
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
  };
}
