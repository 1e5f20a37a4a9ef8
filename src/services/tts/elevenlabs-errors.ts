/**
 * What ElevenLabs says where it refuses. It has three shapes for it: `detail` with `status` and
 * `message`, the newer one with `type`, `code` and `param` beside them, and a list where a request
 * is not as described (elevenlabs.io/docs/eleven-api/resources/errors; their API description).
 */
import type { Said } from '../../domain/http-failure.ts';
import { at, listAt, textAt } from '../../domain/json-fields.ts';
import {
  FLAGGED,
  hasOffended,
  isBadRequest,
  isTooLong,
  LONG_TEXT,
  SETTINGS,
  TEXT,
} from '../refused.ts';

const KEY = 'providers.elevenlabs';

export const NO_CHARACTERS = {
  ...SETTINGS,
  code: 'quota_exceeded',
  advice: 'see elevenlabs.io/app/subscription: a larger plan, or billing by use',
} as const;

/** It is a column of the list, so other contacts may well be spoken to; so may another service. */
const LANGUAGE = {
  ...FLAGGED,
  advice: `the language of this contact is none that ${KEY}.model_id speaks`,
} as const;
const LANGUAGE_PART = 'language_code';

/**
 * What does not pass and meets every contact, whatever the status: a wrong key and a spent plan
 * both come as 401, a voice that is not there as 400 or 404. The first that fits.
 */
const MEANINGS: readonly (readonly [RegExp, Said])[] = [
  // The plan is used up, whether by the month or by the key's own limit.
  [/quota_exceeded|insufficient_credits|payment_required|credit_limit/, withoutStatus()],
  [/missing_permissions/, { ...SETTINGS, advice: `let ${KEY}.api_key use Text to Speech` }],
  [/api_key|authori[sz]|authentication/, { ...SETTINGS, advice: `check ${KEY}.api_key` }],
  [
    /unusual_activity/,
    { ...SETTINGS, advice: 'free plans are refused on many servers: a paid one is not' },
  ],
  [/max_character_limit|text_too_long/, LONG_TEXT],
  [/text_too|(?:empty|invalid)_text/, TEXT],
  [/voice|invalid_uid/, { ...SETTINGS, advice: `check ${KEY}.voice_id and voice_settings` }],
  [/language/, LANGUAGE],
  [/model/, { ...SETTINGS, advice: `check ${KEY}.model_id` }],
  [
    /only_for|subscription|output_format/,
    { ...SETTINGS, advice: 'the plan does not have this: see elevenlabs.io/app/subscription' },
  ],
];
/** The account may have so many at once; `system_busy` and the rest concern everybody. */
const CROWDED = /^(too_many_concurrent_requests|concurrent_limit_exceeded)$/;
const CODE = /^[\w.+-]{1,60}$/;
/** Parts of a request that the settings decide, never a contact's row. */
const OURS = /^(voice_id|model_id|output_format|voice_settings|xi-api-key)$/;

/** The vendor's own word for it. */
export function detailCode(body: unknown): string | undefined {
  return textAt(body, 'detail', 'code') ?? textAt(body, 'detail', 'status');
}

export function elevenlabsSaid(body: unknown, status: number): Said {
  const detail = at(body, 'detail');
  if (Array.isArray(detail)) {
    return invalid(detail);
  }
  const code = detailCode(body);
  const message = textAt(detail, 'message') ?? textAt(body, 'detail');
  // A sentence in the place of a code is none: the vendor may be repeating what it was sent.
  const words = [code, textAt(detail, 'status')].filter((word = '') => CODE.test(word));
  if (words.some((word = '') => CROWDED.test(word))) {
    const advice = `providers.elevenlabs.concurrency can hold it to what the plan allows`;
    return { code, message, isCrowded: true, advice };
  }
  if (status >= 500 || status === 429) {
    return { code, message }; // it passes, whatever it is about
  }
  const meaning =
    MEANINGS.find(([pattern]) => words.some((word = '') => pattern.test(word)))?.[1] ??
    (isBadRequest(status) ? badRequest(textAt(detail, 'param') ?? '', { code, message }) : {});
  return { ...meaning, code, message };
}

/** Where the code says no more than "invalid": by the part that is named, or the words. */
function badRequest(param: string, said: Said): Said {
  if (hasOffended(said)) {
    return FLAGGED;
  }
  if (param === 'text') {
    return isTooLong(said) ? LONG_TEXT : TEXT;
  }
  if (param === LANGUAGE_PART) {
    return LANGUAGE;
  }
  const part = OURS.test(param) ? param : ourPartIn(said.message ?? '');
  return part === undefined ? {} : { ...SETTINGS, advice: `check ${KEY}.${part}` };
}

function ourPartIn(message: string): string | undefined {
  const [, word] = /\b(voice|model|output_format)(?:[_ ]?(?:id|settings))?\b/i.exec(message) ?? [];
  const part = word?.toLowerCase();
  return part === 'voice' || part === 'model' ? `${part}_id` : part;
}

/** `[{ loc: ['path', 'voice_id'], msg: '…', type: '…' }]` */
function invalid(problems: readonly unknown[]): Said {
  const parts = problems.map((problem) => {
    const where = listAt(problem, 'loc').map(String);
    return { where, text: `${where.join('.')}: ${textAt(problem, 'msg') ?? 'not valid'}` };
  });
  const message = parts.map(({ text }) => text).join('; ');
  const code = textAt(problems[0], 'type');
  const ours = parts.flatMap(({ where }) => where.filter((name) => OURS.test(name)))[0];
  if (ours !== undefined) {
    return { code, message, ...SETTINGS, advice: `check ${KEY}.${ours}` };
  }
  if (parts.some(({ where }) => where.includes(LANGUAGE_PART))) {
    return { code, message, ...LANGUAGE };
  }
  const isText = parts.every(({ where }) => where.includes('text'));
  if (!isText) {
    return { code, message };
  }
  return { code, message, ...(isTooLong({ code, message }) ? LONG_TEXT : TEXT) };
}

function withoutStatus(): Said {
  const { kind, scope, advice } = NO_CHARACTERS;
  return { kind, scope, advice };
}
