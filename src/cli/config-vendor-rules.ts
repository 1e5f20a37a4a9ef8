/**
 * What must be true of the vendors that a config names: keys, models, voices, numbers, prices.
 */
import { PRICED_BY } from '../domain/money.ts';
import { listed } from '../domain/text.ts';
import { ROLES } from '../domain/words.ts';
import { sayCharactersMax } from '../services/dialer/twiml.ts';
import { audioFound } from './audio-address.ts';
import { ariAccount, ariAudio, ariSecret, ariWaits } from './config-ari.ts';
import { amiAccount, amiSecret, amiWaits } from './config-asterisk.ts';
import { type Judged, type Rule, shown } from './config-judged.ts';
import { type ConfigPath, type Finding, pathText } from './config-problems.ts';
import { chainsAsked } from './dialer-voice.ts';
import { durationText } from './durations.ts';
import { FREE_SERVICES, MODEL_VENDORS, type ModelVendor } from './service-names.ts';
import type { VoiceChoice } from './settings.ts';

export const VENDOR_RULES: Readonly<Record<string, Rule>> = {
  'providers: a vendor in use has its key': vendorKey,
  'providers: a vendor in use has its model': vendorModel,
  'hubspot: in use, it has its token': hubspotToken,
  'hubspot: a property of the id is looked at': hubspotId,
  'webhook: in use, it has its address': webhookUrl,
  'webhook: the secret stands in the environment': webhookSecret,
  'providers: a vendor in use has its voice': vendorVoice,
  'budget: every vendor in use has its prices': vendorPrices,
  'twilio: in use, it has its account and number': twilioAccount,
  'twilio: a text has room in the request that speaks it': sayRoom,
  'twilio: it can reach the audio that it plays': audioFound,
  'twilio: a call lasts longer than it rings': ringTimes('twilio'),
  'asterisk-ari: in use, it has its user and endpoint': ariAccount,
  'asterisk-ari: the password stands in the environment': ariSecret,
  'asterisk-ari: the longest wait is not below the first': ariWaits,
  'asterisk-ari: the audio comes one way': ariAudio,
  'asterisk-ari: a call lasts longer than it rings': ringTimes('asterisk-ari'),
  'asterisk-ami: in use, it has its user and endpoint': amiAccount,
  'asterisk-ami: the password stands in the environment': amiSecret,
  'asterisk-ami: the longest wait is not below the first': amiWaits,
  'asterisk-ami: a call lasts longer than it rings': ringTimes('asterisk-ami'),
};

type KeyedVendor = ModelVendor | 'elevenlabs';

/** Vendors with a key that a chain names. */
function vendorsInUse({ config }: Judged): readonly KeyedVendor[] {
  const inUse: readonly string[] = Object.values(chainsAsked(config)).flat();
  const all = [...MODEL_VENDORS, 'elevenlabs'] as const;
  return all.filter((vendor) => inUse.includes(vendor));
}

function vendorKey(judged: Judged): readonly Finding[] {
  return vendorsInUse(judged).flatMap((vendor) => {
    const path = ['providers', vendor, 'api_key'];
    return keyFindings(judged, path, judged.config.providers[vendor].apiKey, KEY_NAMES[vendor]);
  });
}

function keyFindings(
  judged: Judged,
  path: ConfigPath,
  key: string,
  variable: string,
): readonly Finding[] {
  const allowed = `"\${${variable}}", a key from the environment`;
  if (key === '') {
    return [{ path, found: 'nothing', allowed }];
  }
  if (!judged.source.hasVariable(path)) {
    return [{ path, found: 'a key written into the file', allowed }];
  }
  // It goes into a header, and a header with a blank or a line break in it is refused.
  return /^[\x21-\x7e]+$/.test(key)
    ? []
    : [
        {
          path,
          found: shown(judged, path, 'a key') + ' with blanks, line breaks or accents in it',
          allowed: 'the key as the vendor shows it',
        },
      ];
}

function usesCrm({ config }: Judged, name: 'hubspot' | 'webhook'): boolean {
  return config.services.crm.includes(name);
}

function hubspotToken(judged: Judged): readonly Finding[] {
  const path = ['providers', 'hubspot', 'access_token'];
  const { accessToken } = judged.config.providers.hubspot;
  return usesCrm(judged, 'hubspot')
    ? keyFindings(judged, path, accessToken, 'HUBSPOT_ACCESS_TOKEN')
    : [];
}

function hubspotId({ config }: Judged): readonly Finding[] {
  const { idProperty, findBy } = config.providers.hubspot;
  if (idProperty === undefined || findBy.includes('id')) {
    return [];
  }
  const path = ['providers', 'hubspot', 'id_property'];
  const find = ['providers', 'hubspot', 'find_by'];
  const allowed = `a find_by with id in it, such as [id, ${findBy.join(', ')}]`;
  return [{ path, with: [find], found: `${idProperty}, which finds nobody`, allowed }];
}

function webhookUrl(judged: Judged): readonly Finding[] {
  const path = ['providers', 'webhook', 'url'];
  return usesCrm(judged, 'webhook') && judged.config.providers.webhook.url === ''
    ? [{ path, found: 'nothing', allowed: 'the address that takes the calls' }]
    : [];
}

function webhookSecret(judged: Judged): readonly Finding[] {
  const path = ['providers', 'webhook', 'secret'];
  const { secret } = judged.config.providers.webhook;
  return secret !== undefined && !judged.source.hasVariable(path)
    ? [
        {
          path,
          found: 'a secret written into the file',
          allowed: '"${CRM_WEBHOOK_SECRET}", from the environment',
        },
      ]
    : [];
}

function twilioAccount(judged: Judged): readonly Finding[] {
  const { services, providers } = judged.config;
  if (!services.dialer.includes('twilio')) {
    return [];
  }
  const { accountSid, authToken, from } = providers.twilio;
  const at = (key: string): ConfigPath => ['providers', 'twilio', key];
  const sid = 'the account, AC and 32 digits, from console.twilio.com';
  const number = 'the number that people see, such as "+14155550100": one of the account';
  return [
    ...(accountSid === '' ? [{ path: at('account_sid'), found: 'nothing', allowed: sid }] : []),
    ...keyFindings(judged, at('auth_token'), authToken, 'TWILIO_AUTH_TOKEN'),
    ...(from === '' ? [{ path: at('from'), found: 'nothing', allowed: number }] : []),
  ];
}

/** A longer text rings nobody: it would be written, paid for, and refused, one after the other. */
function sayRoom({ config }: Judged): readonly Finding[] {
  const { audioBaseUrl } = config.providers.twilio;
  const { maxCharacters } = config.script;
  const most = sayCharactersMax();
  const isRoom = maxCharacters <= most;
  if (isRoom || audioBaseUrl !== undefined || !config.services.dialer.includes('twilio')) {
    return [];
  }
  return [
    {
      path: ['script', 'max_characters'],
      with: [['services', 'dialer']],
      found: String(maxCharacters),
      allowed: `up to ${most}, what has room where twilio speaks the text itself`,
      hint: 'with providers.twilio.audio_base_url it plays audio, of any length',
    },
  ];
}

/** To ring, to be heard, and to find out what became of a call whose answer was lost. */
const BEYOND_RINGING_MS = 60_000;

type RingingDialer = 'twilio' | 'asterisk-ari' | 'asterisk-ami';

function ringTimes(dialer: RingingDialer): Rule {
  return (judged) => ringTimesOf(dialer, judged);
}

function ringTimesOf(dialer: RingingDialer, judged: Judged): readonly Finding[] {
  const { ringMs } = judged.config.providers[dialer];
  const { callMs } = judged.config.policies[dialer].timeouts;
  const path = ['providers', dialer, 'ring_time'];
  const isOwn = judged.file.providers[dialer].timeouts?.call !== undefined;
  const call = isOwn ? ['providers', dialer, 'timeouts', 'call'] : ['timeouts', 'call'];
  return callMs >= ringMs + BEYOND_RINGING_MS || !judged.config.services.dialer.includes(dialer)
    ? []
    : [
        {
          path,
          with: [call],
          found: shown(judged, path, durationText(ringMs)),
          allowed:
            `at least ${durationText(BEYOND_RINGING_MS)} less than ${pathText(call)} ` +
            `(${shown(judged, call, durationText(callMs))}), the time for the whole call`,
        },
      ];
}

const KEY_NAMES: Readonly<Record<KeyedVendor, string>> = {
  elevenlabs: 'ELEVEN_API_KEY',
  openai: 'OPENAI_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
  google: 'GOOGLE_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
};

/** Models come and go faster than versions of this program, so it has no favourite. */
function vendorModel(judged: Judged): readonly Finding[] {
  const { providers, services } = judged.config;
  const inUse: readonly string[] = services.llm;
  return MODEL_VENDORS.filter((vendor) => inUse.includes(vendor))
    .filter((vendor) => providers[vendor].model === '')
    .map((vendor) => ({
      path: ['providers', vendor, 'model'],
      found: 'nothing',
      allowed: `the name of a model, from ${MODEL_LISTS[vendor]}`,
    }));
}

const MODEL_LISTS: Readonly<Record<ModelVendor, string>> = {
  openai: 'platform.openai.com/docs/models',
  openrouter: 'openrouter.ai/models (such as maker/model)',
  google: 'ai.google.dev/gemini-api/docs/models',
  anthropic: 'docs.anthropic.com/en/docs/about-claude/models',
};

/** A budget that cannot be counted must lull nobody into thinking that it holds. */
function vendorPrices({ config }: Judged): readonly Finding[] {
  if (config.campaign.budgetMicros === undefined) {
    return [];
  }
  const chains = chainsAsked(config);
  const wanted = ROLES.flatMap((role) =>
    chains[role]
      .filter((service) => !FREE_SERVICES.includes(service))
      .flatMap((service) => PRICED_BY[role].map((price) => ({ service, price }))),
  );
  const missing = wanted.filter(
    ({ service, price }) => config.prices[service]?.[price] === undefined,
  );
  return [...Map.groupBy(missing, ({ service }) => service)].map(([service, its]) => {
    const keys = its.map(({ price }) => PRICE_KEYS[price]);
    return {
      path: ['providers', service, 'prices'],
      with: [['campaign', 'budget']],
      found: `no ${listed(keys, 'or')}`,
      allowed: `${listed(keys)}, because campaign.budget is set`,
      hint: 'write 0 for what costs nothing',
    };
  });
}

const PRICE_KEYS = {
  perMillionInputTokens: 'per_million_input_tokens',
  perMillionOutputTokens: 'per_million_output_tokens',
  perThousandCharacters: 'per_thousand_characters',
  perMinute: 'per_minute',
  perCall: 'per_call',
  billedSeconds: 'billed_seconds',
} as const;

/** Who speaks is heard by every contact: the program has no favourite. */
function vendorVoice({ config }: Judged): readonly Finding[] {
  const { elevenlabs, openaiVoice } = config.providers;
  const one = 'one voice, or one per language such as { en: …, es: … }, from';
  const wanted = [
    {
      service: 'elevenlabs',
      key: 'voice_id',
      isMissing: isNoVoice(elevenlabs.voice),
      allowed: `${one} elevenlabs.io/app/voice-library`,
    },
    {
      service: 'openai',
      key: 'tts_model',
      isMissing: openaiVoice.model === '',
      allowed: 'the name of a model that speaks, from platform.openai.com/docs/models',
    },
    {
      service: 'openai',
      key: 'voice',
      isMissing: isNoVoice(openaiVoice.voice),
      allowed: `${one} platform.openai.com/docs/guides/text-to-speech`,
    },
  ];
  const inUse: readonly string[] = chainsAsked(config).tts;
  return wanted
    .filter(({ service, isMissing }) => isMissing && inUse.includes(service))
    .map(({ service, key, allowed }) => ({
      path: ['providers', service, key],
      found: 'nothing',
      allowed,
    }));
}

function isNoVoice(voice: VoiceChoice): boolean {
  return typeof voice === 'string' ? voice === '' : Object.keys(voice).length === 0;
}
