/**
 * What to tell somebody who wrote a key or a name that this version does not take.
 */
import { listed } from '../domain/text.ts';
import type { ConfigPath } from './config-problems.ts';
import { pathText } from './config-problems.ts';
import { configJsonSchema } from './config-schema.ts';
import { SERVICES_BY_ROLE } from './service-names.ts';
import { nearest } from './suggest.ts';

const LINES = 'calls at the same time are campaign.lines';
const RETRIES =
  'max_retries counts the tries after the first one: four attempts are max_retries: 3';
const RECOVERY = 'how long a breaker stays open is circuit_breaker.recovery_timeout';
const THRESHOLD = 'failures in a row that open a breaker are circuit_breaker.failure_threshold';
const REQUEST = 'the time for one request is timeouts.request';
const SHARES = 'how simulated calls end is simulation.shares';
const ANSWER_TIME = 'how long a simulated service takes is simulation.answer_time';
const PROMPT = 'what a model is told is script.prompt';
const BASE_URL = 'the address of a vendor is providers.<name>.base_url';
const LENGTH = 'the longest text is script.max_characters';
const PRICES =
  'prices are per_million_input_tokens, per_million_output_tokens, per_thousand_characters and ' +
  'per_minute, under providers.<name>.prices';
const BUDGET = 'what a campaign may cost is campaign.budget';
const SERVER = 'metrics, health and the status page are server: { enabled: true }';
const ANSWERS = 'the keys that count are script.answers: { 1: confirmed, 9: opt_out }';
const FIRST_DELAY = 'the wait before the first retry is retry.initial_delay';

/** Keys that people know from elsewhere. */
const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  max_attempts: RETRIES,
  attempts: RETRIES,
  tries: RETRIES,
  retries: RETRIES,
  retry_count: RETRIES,
  concurrency: LINES,
  max_concurrency: LINES,
  concurrent_calls: LINES,
  max_concurrent_calls: LINES,
  parallel: LINES,
  parallelism: LINES,
  threads: LINES,
  workers: LINES,
  channels: LINES,
  cps: 'the pace is campaign.calls_per_second',
  rate: 'the pace is campaign.calls_per_second',
  rate_limit: 'the pace is campaign.calls_per_second',
  cooldown: RECOVERY,
  cool_down: RECOVERY,
  reset_timeout: RECOVERY,
  open_timeout: RECOVERY,
  half_open_after: RECOVERY,
  break_duration: RECOVERY,
  threshold: THRESHOLD,
  max_failures: THRESHOLD,
  failures: THRESHOLD,
  half_open_requests: 'requests let through are circuit_breaker.half_open_max_calls',
  base_delay: FIRST_DELAY,
  min_delay: FIRST_DELAY,
  delay: FIRST_DELAY,
  backoff: 'how much longer each wait is stands in retry.backoff_factor',
  multiplier: 'how much longer each wait is stands in retry.backoff_factor',
  factor: 'how much longer each wait is stands in retry.backoff_factor',
  timeout: REQUEST,
  request_timeout: REQUEST,
  call_timeout: 'the time for one call is timeouts.call',
  fallback: 'fallbacks are the further names in a list under services',
  fallbacks: 'fallbacks are the further names in a list under services',
  digits: ANSWERS,
  keys: ANSWERS,
  dtmf: ANSWERS,
  opt_out: ANSWERS,
  system: PROMPT,
  system_prompt: PROMPT,
  instructions: PROMPT,
  url: BASE_URL,
  endpoint: BASE_URL,
  api_base: BASE_URL,
  host: BASE_URL,
  max_tokens: LENGTH,
  max_output_tokens: LENGTH,
  metrics: SERVER,
  prometheus: SERVER,
  dashboard: SERVER,
  key: 'the key of an account is api_key',
  token: 'the key of an account is api_key, that of HubSpot access_token',
  api_key: 'the token of a HubSpot app is access_token',
  latency: ANSWER_TIME,
  response_time: ANSWER_TIME,
  outcomes: SHARES,
  answer_rate: SHARES,
  call_duration: 'how long a simulated call lasts is simulation.talk_time',
  country: 'the country of numbers without + is campaign.default_country',
  voice:
    'the voice stands with its service: providers.flite.voice, providers.openai.voice, ' +
    'providers.elevenlabs.voice_id',
  log_level: 'the level is logging.level',
  log_file: 'the file is logging.file',
  price: PRICES,
  cost: PRICES,
  costs: PRICES,
  input_tokens: PRICES,
  output_tokens: PRICES,
  per_token: PRICES,
  per_1k_tokens: PRICES,
  per_thousand_tokens: PRICES,
  per_million_tokens: PRICES,
  per_character: PRICES,
  per_1k_characters: PRICES,
  per_second: PRICES,
  per_call: PRICES,
  billing_increment: 'the step in which calls are billed is billed_seconds',
  max_cost: BUDGET,
  cost_limit: BUDGET,
  spend_limit: BUDGET,
  spending_limit: BUDGET,
  max_spend: BUDGET,
  database: 'the database is store.path',
  output_folder: 'the folder is output.folder',
};

/** For a key that does not exist; undefined where nothing helpful can be said. */
export function hintForKey(path: ConfigPath, siblings: readonly string[]): string | undefined {
  const key = String(path.at(-1));
  const parent = pathText(path.slice(0, -1));
  const name = key
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  const near = nearest(key, siblings);
  if (near !== undefined && near.replaceAll('-', '_') === name) {
    return `did you mean ${near}?`;
  }
  const other = KNOWN_ELSEWHERE[name];
  if (other !== undefined && Object.hasOwn(KNOWN_ELSEWHERE, name)) {
    return other;
  }
  const elsewhere = knownPaths().filter((known) => known.at(-1) === name);
  if (near === undefined && elsewhere.length > 0) {
    return `it belongs elsewhere: ${listed(elsewhere.map(pathText), 'or')}`;
  }
  return near === undefined
    ? undefined
    : `did you mean ${parent === '' ? near : `${parent}.${near}`}?`;
}

/** For a name in a chain that is not a service of that role. */
export function hintForService(role: string, found: unknown): string | undefined {
  const name = String(found);
  const available = (SERVICES_BY_ROLE as Readonly<Record<string, readonly string[]>>)[role] ?? [];
  for (const [otherRole, names] of Object.entries(SERVICES_BY_ROLE)) {
    if (otherRole !== role && (names as readonly string[]).includes(name)) {
      return `${name} belongs in services.${otherRole}`;
    }
  }
  const near = nearest(name, available);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** The keys that a section takes; empty where the path is no section. */
export function keysAt(path: ConfigPath): readonly string[] {
  const length = path.length + 1;
  const start = pathText(path);
  return knownPaths()
    .filter((known) => known.length === length && pathText(known.slice(0, -1)) === start)
    .map((known) => String(known.at(-1)));
}

interface JsonSchemaPart {
  readonly properties?: Readonly<Record<string, JsonSchemaPart>>;
}

function knownPaths(): readonly ConfigPath[] {
  return pathsBelow(configJsonSchema() as JsonSchemaPart, []);
}

function pathsBelow(part: JsonSchemaPart, path: ConfigPath): ConfigPath[] {
  return Object.entries(part.properties ?? {}).flatMap(([key, below]) => [
    [...path, key],
    ...pathsBelow(below, [...path, key]),
  ]);
}
