/**
 * What must be true between keys, and what only the services know. Each rule has a name, looks at
 * the whole config, and says what it found; all of them are asked, even when one has failed.
 */
import { listed } from '../domain/text.ts';
import { alertFindings } from './config-alerts.ts';
import { ANSWER_RULES } from './config-answers.ts';
import { type Judged, type Judgement, type Rule, shown } from './config-judged.ts';
import { type ConfigPath, type ConfigProblem, type Finding, pathText } from './config-problems.ts';
import { serverFindings } from './config-server.ts';
import { sheetsFindings } from './config-sheets.ts';
import type { ConfigSource } from './config-source.ts';
import { VENDOR_RULES } from './config-vendor-rules.ts';
import { durationText } from './durations.ts';
import { SERVICE_NAMES } from './service-names.ts';
import type { ServicePolicy } from './settings.ts';
import { nearest } from './suggest.ts';

const RULES: Readonly<Record<string, Rule>> = {
  'retry: the longest wait is not below the first': longestWait,
  'timeouts: a call lasts at least as long as a request': callTimeout,
  'services: no service stands twice in a chain': serviceTwice,
  'services: a preview takes the place of no call': previewBehindCalls,
  'outage_wait: long enough to see a service recover': outageWait,
  'script: the campaign language has its template': templateLanguage,
  'script: every template compiles': templateCompiles,
  'script: the prompt compiles': promptCompiles,
  ...VENDOR_RULES,
  ...ANSWER_RULES,
  'alerts: a channel in use has what it needs': ({ config, source }) =>
    alertFindings(config.alerts, (path) => source.hasVariable(path)),
  'google_sheets: enabled, it has what it needs': ({ config }) => sheetsFindings(config.sheets),
  'server: other machines need a token': ({ config, source }) =>
    serverFindings(config.server, source.hasVariable(['server', 'token'])),
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
    .map((finding) => problemOf(finding, source));
}

/** Where it is to be mended: that may be a variable of the environment, and no line of the file. */
function problemOf({ path, with: others = [], ...said }: Finding, source: ConfigSource) {
  const { line, column, found: variable, isInEnvironment } = source.place(path);
  const place = { line, column, path: pathText(path), allowed: said.allowed } as const;
  if (isInEnvironment === true) {
    const named = variable.includes(said.found) ? variable : `${said.found} (${variable})`;
    const found = said.found.includes(variable) ? said.found : named;
    return { ...place, found, hint: said.hint, isInEnvironment };
  }
  const variables = others.map((other) => source.place(other)).filter((one) => one.isInEnvironment);
  const from = variables.map(({ found }) => `the environment has ${found}`);
  const hints = [...(said.hint === undefined ? [] : [said.hint]), ...from];
  const hint = hints.length === 0 ? undefined : hints.join('; ');
  return { ...place, found: said.found, hint };
}

function isWithin(path: string, section: string): boolean {
  return section !== '' && (path.startsWith(`${section}.`) || path.startsWith(`${section}[`));
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
