/**
 * Every key of config.yml that this version takes: type, range, default, and what it is for. The
 * message of each rule is what is allowed, because that is what the person who broke it needs.
 */
import { z } from 'zod';
import { KEYS } from '../domain/answers.ts';
import { LOG_LEVELS } from '../observers/log-lines.ts';
import { DEFAULT_BEHAVIOUR } from '../sim/behaviour.ts';
import { alertKeys } from './config-alerts.ts';
import { breakerKeys, healthKeys, retryKeys, timeoutKeys } from './config-guard-keys.ts';
import { providerKeys } from './config-provider-keys.ts';
import {
  chain,
  choice,
  duration,
  money,
  number,
  optionalSection,
  path,
  pattern,
  section,
  size,
  whole,
} from './config-schema-parts.ts';
import { serverKeys } from './config-server.ts';
import { sheetsKeys } from './config-sheets.ts';
import { durationText } from './durations.ts';
import { SERVICES_BY_ROLE } from './service-names.ts';

/** The purpose of a call, where the config has none of its own: that of the shipped example. */
export const DEFAULT_PROMPT = `\
Remind this person, warmly and plainly, of their appointment. Say who is calling (the clinic,
shop or office that the data names), greet them by name, and give the day and the time as one
would say them. Then say that they can simply call back if it does not suit them any more, thank
them and say goodbye. Three or four short sentences, and nothing that the data does not say.
What is known of them: {{ contact }}
`;

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
    answers: optionalSection(
      answerKeys(),
      'What a key stands for that is pressed on the line: a word of yours for each. opt_out is ' +
        'one of ours: that number is not rung again, by any campaign of the database.',
    ),
    answer_wait: duration(
      { minMs: 1000, maxMs: 60_000 },
      '10s',
      'How long a key is waited for once the text is said, where script.answers asks for one.',
    ),
  };
}

const ANSWER_ALLOWED =
  'a word of small letters, digits and _, such as confirmed, call_me_back or opt_out';

function answerKeys() {
  const word = z
    .string({ error: ANSWER_ALLOWED })
    .regex(/^[a-z][a-z0-9_]{0,39}$/, { error: ANSWER_ALLOWED })
    .optional();
  return Object.fromEntries(
    KEYS.map((key) => [key, word.describe(`What is chosen with the key ${key}.`)]),
  );
}

function loggingKeys() {
  return {
    file: path('logs/app.log', 'Always the current log; older ones get .1, .2 and so on.'),
    level: choice(LOG_LEVELS, 'info', 'The least important line that is written.'),
    max_size: size(
      { min: '10KB', max: '10GB', examples: '500KB or 50MB' },
      '50MB',
      'A longer file is set aside and a new one begun. MB are millions of bytes.',
    ),
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
