/**
 * What the schema of config.yml is built from. The message of each rule is what is allowed.
 */
import { z } from 'zod';
import {
  DURATION_PATTERN,
  durationText,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from './durations.ts';

/** `defaults` is off for the overrides of a provider: what is not written there is inherited. */
export type Filling = 'defaults' | 'nothing';

export function section<Keys extends z.core.$ZodLooseShape>(keys: Keys, description: string) {
  return z
    .strictObject(keys, { error: 'a group of keys' })
    .prefault({} as never)
    .describe(description);
}

export function optionalSection<Keys extends z.core.$ZodLooseShape>(
  keys: Keys,
  description: string,
) {
  return z.strictObject(keys, { error: 'a group of keys' }).optional().describe(description);
}

/** Adds the default, or none where a provider overrides what it wants and inherits the rest. */
export function filler<F extends Filling>(filling: F) {
  return <Schema extends z.ZodType<string | number, string | number>>(
    schema: Schema,
    value: z.output<Schema>,
  ) =>
    (filling === 'defaults'
      ? schema.default(value as never)
      : schema.exactOptional()) as F extends 'defaults'
      ? z.ZodDefault<Schema>
      : z.ZodExactOptional<Schema>;
}

export function bareWhole(min: number, max: number, description: string) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z
    .int({ error: allowed })
    .min(min, { error: allowed })
    .max(max, { error: allowed })
    .describe(description);
}

export function whole(min: number, max: number, value: number, description: string) {
  return bareWhole(min, max, description).default(value);
}

export function bareNumber(range: { min: number; max: number }, description: string) {
  const allowed = `a number from ${range.min} to ${range.max}`;
  return z
    .number({ error: allowed })
    .min(range.min, { error: allowed })
    .max(range.max, { error: allowed })
    .describe(description);
}

const MONEY_MAX = 1_000_000_000;

/** Exact in millionths: what has more decimals would be another amount than the one written. */
export function money(min: number, description: string) {
  const allowed = `an amount from ${min} to ${MONEY_MAX} with at most 6 decimals`;
  return z
    .number({ error: allowed })
    .min(min, { error: allowed })
    .max(MONEY_MAX, { error: allowed })
    .refine((value) => Number(value.toFixed(6)) === value, { error: allowed })
    .describe(description);
}

export function number(range: { min: number; max: number }, value: number, description: string) {
  return bareNumber(range, description).default(value);
}

export function bareDuration(range: { minMs: number; maxMs: number }, description: string) {
  const allowed = durationAllowed(range);
  return z
    .string({ error: allowed })
    .regex(DURATION_PATTERN, { error: allowed, abort: true })
    .refine((value) => within(parseDuration(value), range.minMs, range.maxMs), { error: allowed })
    .describe(description);
}

export function duration(
  range: { minMs: number; maxMs: number },
  value: string,
  description: string,
) {
  return bareDuration(range, description).default(value);
}

/** @param examples ends the message: `500KB or 50MB` */
export function size(
  { min, max, examples }: { min: string; max: string; examples: string },
  value: string,
  description: string,
) {
  const allowed = `${SIZE_ALLOWED}${min} to ${max}, such as ${examples}`;
  const [least = 0, most = 0] = [parseSize(min), parseSize(max)];
  return z
    .string({ error: allowed })
    .regex(SIZE_PATTERN, { error: allowed, abort: true })
    .refine((text) => within(parseSize(text), least, most), { error: allowed })
    .default(value)
    .describe(description);
}

export function choice<const Words extends readonly string[]>(
  words: Words,
  value: Words[number],
  description: string,
) {
  return z
    .enum(words, { error: words.join(', ') })
    .default(value as never)
    .describe(description);
}

export function chain<const Names extends readonly string[]>(
  names: Names,
  value: Names[number][],
  description: string,
) {
  const allowed = names.join(', ');
  const list = `a list of at least one of: ${allowed}`;
  return z
    .array(z.enum(names, { error: allowed }), { error: list })
    .min(1, { error: list })
    .default(value as never)
    .describe(description);
}

export function pattern(shape: RegExp, allowed: string, value: string, description: string) {
  return z
    .string({ error: allowed })
    .regex(shape, { error: allowed })
    .default(value)
    .describe(description);
}

export function path(value: string, description: string) {
  const allowed = 'a path; a relative one starts at the folder of config.yml';
  return z
    .string({ error: allowed })
    .min(1, { error: allowed })
    .default(value)
    .describe(description);
}

/**
 * Whether it is there, and whence, is for the rules to judge: only a service in use needs it. In
 * the schema it is `writeOnly`, the word of JSON Schema for what is never to be shown.
 */
export function secret(description: string, example = 'OPENAI_API_KEY') {
  const allowed = `a text from the environment, such as "\${${example}}"`;
  return z
    .string({ error: allowed })
    .min(1, { error: allowed })
    .optional()
    .meta({ description, writeOnly: true });
}

/** The vendor's own paths begin after it, so a version at its end would come twice. */
export function baseUrl(value: string) {
  const allowed =
    `an address such as ${value}, without user, query, or the path of the vendor, such as ` +
    '/v1 or /api/v1, which is added';
  return z
    .string({ error: allowed })
    .refine(isBaseUrl, { error: allowed })
    .default(value)
    .describe('Where it is; a path in it is kept, so a gateway or a test server can stand there.');
}

function isBaseUrl(text: string): boolean {
  const isVersion = /\/(api\/v1|v1|v1beta|2010-04-01)\/*$/.test(text);
  // A gateway may well stand under /api; OpenRouter itself has its /v1 there.
  return isPlainAddress(text) && !isVersion && !/openrouter\.ai\/api\/*$/i.test(text);
}

/** An address without a user, a query or a fragment, over HTTP. */
export function isPlainAddress(text: string): boolean {
  return isPostAddress(text) && !/[?#]/.test(text);
}

export const POST_ADDRESS_ALLOWED =
  'an address that begins with https:// or http://, without user and password';

/** Where something is sent, over HTTP. A user in it would not be sent along. */
export function isPostAddress(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  );
}

/** The same, and no file of a folder: what is below it would be looked for below a file. */
export function isPlainFolder(text: string): boolean {
  const path = URL.parse(text)?.pathname ?? '';
  return isPlainAddress(text) && !/\.(wav|mp3|ulaw|html?|php|aspx?)\/*$/i.test(path);
}

export function within(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && value >= min && value <= max;
}

/**
 * Begins every message about a duration or a size, so that a number
 * without a unit can be given a hint.
 */
export const DURATION_ALLOWED = 'a duration from ';
export const SIZE_ALLOWED = 'a size from ';

function durationAllowed(range: { minMs: number; maxMs: number }): string {
  return `${DURATION_ALLOWED}${durationText(range.minMs)} to ${durationText(range.maxMs)}`;
}
