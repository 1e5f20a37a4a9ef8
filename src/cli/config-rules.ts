/**
 * What must be true between keys, and what only the services know. Each rule has a name, looks at
 * the whole config, and says what it found; all of them are asked, even when one has failed.
 */
import { PRICED_BY } from '../domain/money.ts';
import { listed } from '../domain/text.ts';
import { ROLES } from '../domain/words.ts';
import { alertFindings } from './config-alerts.ts';
import { type ConfigPath, type ConfigProblem, type Finding, pathText } from './config-problems.ts';
import {
  type ConfigFile,
  FREE_SERVICES,
  MODEL_VENDORS,
  type ModelVendor,
  SERVICE_NAMES,
} from './config-schema.ts';
import { serverFindings } from './config-server.ts';
import { sheetsFindings } from './config-sheets.ts';
import type { ConfigSource } from './config-source.ts';
import { chainsAsked } from './dialer-voice.ts';
import { durationText } from './durations.ts';
import type { Config, ServicePolicy, VoiceChoice } from './settings.ts';
import { nearest } from './suggest.ts';

/** What the rules ask of the libraries and services, handed in by commands that use them. */
export interface Judgement {
  /** What is wrong with a script template; undefined where it compiles. */
  checkTemplate(template: string): string | undefined;
  /** Names of the voices that are built in. */
  readonly voices: readonly string[];
  isCountry(code: string): boolean;
}

export interface Judged {
  readonly config: Config;
  readonly file: ConfigFile;
  readonly source: ConfigSource;
  /** Found before; a rule about one of those keys has nothing to go by. */
  readonly problems: readonly ConfigProblem[];
}

type Rule = (judged: Judged, judgement: Judgement | undefined) => readonly Finding[];

const RULES: Readonly<Record<string, Rule>> = {
  'retry: the longest wait is not below the first': longestWait,
  'timeouts: a call lasts at least as long as a request': callTimeout,
  'services: no service stands twice in a chain': serviceTwice,
  'services: a preview takes the place of no call': previewBehindCalls,
  'outage_wait: long enough to see a service recover': outageWait,
  'script: the campaign language has its template': templateLanguage,
  'script: every template compiles': templateCompiles,
  'script: the prompt compiles': promptCompiles,
  'providers: a vendor in use has its key': vendorKey,
  'providers: a vendor in use has its model': vendorModel,
  'hubspot: in use, it has its token': hubspotToken,
  'hubspot: a property of the id is looked at': hubspotId,
  'webhook: in use, it has its address': webhookUrl,
  'webhook: the secret stands in the environment': webhookSecret,
  'providers: a vendor in use has its voice': vendorVoice,
  'alerts: a channel in use has what it needs': ({ config, source }) =>
    alertFindings(config.alerts, (path) => source.hasVariable(path)),
  'google_sheets: enabled, it has what it needs': ({ config }) => sheetsFindings(config.sheets),
  'server: other machines need a token': ({ config, source }) =>
    serverFindings(config.server, source.hasVariable(['server', 'token'])),
  'budget: every vendor in use has its prices': vendorPrices,
  'twilio: in use, it has its account and number': twilioAccount,
  'twilio: a call lasts longer than it rings': twilioTimes,
  'flite: the voice is built in': knownVoice,
  'campaign: the country exists': knownCountry,
  'simulation: the shares add up to 1': sharesSum,
};

export function judge(judged: Judged, judgement: Judgement | undefined): ConfigProblem[] {
  const { source, problems } = judged;
  if (source.brokenLine !== undefined) {
    return [];
  }
  const missing = source.missing.map(({ path }) => pathText(path));
  const wrong = [...problems.map((problem) => problem.path), ...missing];
  const isWrong = (path: ConfigPath): boolean => {
    const text = pathText(path);
    return wrong.some((other) => other === text || isWithin(text, other) || isWithin(other, text));
  };
  return Object.values(RULES)
    .flatMap((rule) => rule(judged, judgement))
    .filter((finding) => ![finding.path, ...(finding.with ?? [])].some(isWrong))
    .map(({ path, found, allowed, hint }) => {
      const { line, column } = source.place(path);
      return { line, column, path: pathText(path), found, allowed, hint };
    });
}

function isWithin(path: string, section: string): boolean {
  return section !== '' && (path.startsWith(`${section}.`) || path.startsWith(`${section}[`));
}

/** A value as it may be shown: one from the environment only by the variable's name. */
function shown({ source }: Judged, path: ConfigPath, value: string): string {
  return source.hasVariable(path) ? source.place(path).found : value;
}

// ---------------------------------------------------------------------------- rules

/** Where a pair of settings can be written: in general, and for each service that overrides it. */
function scopes(
  { config, file }: Judged,
  name: 'retry' | 'timeouts',
): readonly { path: ConfigPath; policy: ServicePolicy; own: object }[] {
  return [
    { path: [name], policy: config.generalPolicy, own: file[name] },
    ...SERVICE_NAMES.flatMap((service) => {
      const own = file.providers[service][name];
      const path = ['providers', service, name];
      return own === undefined ? [] : [{ path, policy: config.policies[service], own }];
    }),
  ];
}

function longestWait(judged: Judged): readonly Finding[] {
  return scopes(judged, 'retry').flatMap(({ path, policy: { retry }, own }) => {
    const written = 'max_delay' in own ? 'max_delay' : 'initial_delay';
    return retry.maxDelayMs >= retry.initialDelayMs
      ? []
      : [
          {
            path: [...path, written],
            with: [
              [...path, 'max_delay'],
              [...path, 'initial_delay'],
            ],
            found:
              `max_delay ${shown(judged, [...path, 'max_delay'], durationText(retry.maxDelayMs))}` +
              ` below initial_delay ` +
              shown(judged, [...path, 'initial_delay'], durationText(retry.initialDelayMs)),
            allowed: 'a max_delay that is at least initial_delay',
          },
        ];
  });
}

function callTimeout(judged: Judged): readonly Finding[] {
  return scopes(judged, 'timeouts').flatMap(({ path, policy: { timeouts }, own }) => {
    const written = 'call' in own ? 'call' : 'request';
    return timeouts.callMs >= timeouts.requestMs
      ? []
      : [
          {
            path: [...path, written],
            with: [
              [...path, 'call'],
              [...path, 'request'],
            ],
            found:
              `call ${shown(judged, [...path, 'call'], durationText(timeouts.callMs))} below ` +
              `request ${shown(judged, [...path, 'request'], durationText(timeouts.requestMs))}`,
            allowed: 'a time for a whole call that is at least the time for one request',
          },
        ];
  });
}

function serviceTwice({ file }: Judged): readonly Finding[] {
  return Object.entries(file.services).flatMap(([role, chain]) =>
    (chain as readonly string[]).flatMap((name, index, names) =>
      names.indexOf(name) === index
        ? []
        : [
            {
              path: ['services', role, index],
              found: `"${name}" a second time`,
              allowed: 'each service once',
            },
          ],
    ),
  );
}

/** A preview ends a contact as done: whoever it stood in for would never be rung. */
function previewBehindCalls({ file }: Judged): readonly Finding[] {
  const { dialer } = file.services;
  const at = dialer.indexOf('preview');
  return at < 0 || dialer.length === 1
    ? []
    : [
        {
          path: ['services', 'dialer', at],
          found: `"preview" beside ${listed(dialer.filter((name) => name !== 'preview'))}`,
          allowed: 'preview alone, or dialers that ring',
          hint: 'it would take contacts for done whom nobody has rung',
        },
      ];
}

function outageWait(judged: Judged): readonly Finding[] {
  const { config } = judged;
  const recovery = ['circuit_breaker', 'recovery_timeout'];
  const wait = ['campaign', 'outage_wait'];
  const inUse = Object.values(config.services).flat();
  const recoveryMs = Math.max(
    ...inUse.map((service) => config.policies[service].circuitBreaker.recoveryTimeoutMs),
  );
  return config.campaign.outageWaitMs >= recoveryMs
    ? []
    : [
        {
          path: wait,
          with: [recovery],
          found: shown(judged, wait, durationText(config.campaign.outageWaitMs)),
          allowed:
            'at least circuit_breaker.recovery_timeout ' +
            `(${shown(judged, recovery, durationText(recoveryMs))}), ` +
            'or a run ends before a service could come back',
        },
      ];
}

function templateLanguage(judged: Judged): readonly Finding[] {
  const { config } = judged;
  const { template } = config.script;
  const { language } = config.campaign;
  const base = language.split('-')[0] ?? language;
  if (typeof template === 'string' || language in template || base in template) {
    return [];
  }
  const languages = Object.keys(template);
  return [
    {
      path: ['script', 'template'],
      with: [['campaign', 'language']],
      found: languages.length === 0 ? 'no language' : `only ${languages.join(', ')}`,
      allowed:
        'a template for campaign.language, which is ' +
        shown(judged, ['campaign', 'language'], language),
    },
  ];
}

function templateCompiles(judged: Judged, judgement: Judgement | undefined): readonly Finding[] {
  const { template } = judged.config.script;
  const texts: readonly [ConfigPath, string][] =
    typeof template === 'string'
      ? [[['script', 'template'], template]]
      : Object.entries(template).map(([key, text]) => [['script', 'template', key], text]);
  return texts.flatMap(([path, text]) => {
    const wrong = judgement?.checkTemplate(text);
    return wrong === undefined
      ? []
      : [
          {
            path,
            found: `a template that cannot be used: ${shown(judged, path, wrong)}`,
            allowed: 'a text in Liquid',
          },
        ];
  });
}

function promptCompiles(judged: Judged, judgement: Judgement | undefined): readonly Finding[] {
  const path = ['script', 'prompt'];
  const wrong = judgement?.checkTemplate(judged.config.script.prompt);
  return wrong === undefined
    ? []
    : [
        {
          path,
          found: `a prompt that cannot be used: ${shown(judged, path, wrong)}`,
          allowed: 'a text in Liquid',
        },
      ];
}

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

/** To ring, to be heard, and to find out what became of a call whose answer was lost. */
const BEYOND_RINGING_MS = 60_000;

function twilioTimes(judged: Judged): readonly Finding[] {
  const { ringMs } = judged.config.providers.twilio;
  const { callMs } = judged.config.policies.twilio.timeouts;
  const path = ['providers', 'twilio', 'ring_time'];
  const isOwn = judged.file.providers.twilio.timeouts?.call !== undefined;
  const call = isOwn ? ['providers', 'twilio', 'timeouts', 'call'] : ['timeouts', 'call'];
  return callMs >= ringMs + BEYOND_RINGING_MS || !judged.config.services.dialer.includes('twilio')
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

function knownVoice(judged: Judged, judgement: Judgement | undefined): readonly Finding[] {
  const path = ['providers', 'flite', 'voice'];
  const { voice } = judged.config.providers.flite;
  if (judgement === undefined || judgement.voices.includes(voice)) {
    return [];
  }
  const near = nearest(voice, judgement.voices);
  return [
    {
      path,
      found: shown(judged, path, `"${voice}"`),
      allowed: judgement.voices.join(', '),
      hint:
        near === undefined || judged.source.hasVariable(path) ? undefined : `did you mean ${near}?`,
    },
  ];
}

function knownCountry(judged: Judged, judgement: Judgement | undefined): readonly Finding[] {
  const path = ['campaign', 'default_country'];
  const { defaultCountry } = judged.config.campaign;
  return judgement === undefined || judgement.isCountry(defaultCountry)
    ? []
    : [
        {
          path,
          found: `${shown(judged, path, `"${defaultCountry}"`)}, which is no country with numbers`,
          allowed: 'a country as two capital letters, such as US, GB or DE',
          hint: defaultCountry === 'UK' ? 'the United Kingdom is GB' : undefined,
        },
      ];
}

/** A thousandth is left for parts such as 0.333. */
function sharesSum(judged: Judged): readonly Finding[] {
  const { source, config } = judged;
  const path = ['simulation', 'shares'];
  const shares = Object.entries(config.simulation.shares);
  const sum = Math.round(shares.reduce((total, [, share]) => total + share, 0) * 1e6) / 1e6;
  if (sum >= 0.999 && sum <= 1.001) {
    return [];
  }
  const paths = shares.map(([name]) => [...path, name]);
  const isHidden = paths.some((one) => source.hasVariable(one));
  const defaults = shares.filter(([name]) => source.place([...path, name]).found === 'nothing');
  return [
    {
      path,
      with: paths,
      found: isHidden ? 'another sum' : `${sum} in all`,
      allowed: 'parts that add up to 1',
      hint:
        defaults.length === 0
          ? undefined
          : `the others are at their defaults: ${listed(defaults.map((pair) => pair.join(' ')))}`,
    },
  ];
}
