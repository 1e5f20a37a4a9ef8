/**
 * What Twilio says against a request, by its own codes. Their meanings: twilio.com/docs/api/errors
 * and docs/guide/vendors.md.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import { type Account, advised, jsonOf, refusal, type Said } from '../../domain/http-failure.ts';
import { numberAt, textAt } from '../../domain/json-fields.ts';
import type { HttpResponse } from '../../engine/ports.ts';

const ACCOUNT = { kind: 'permanent', scope: 'service' } as const;
const ONE_CALL = { kind: 'permanent', scope: 'request' } as const;
const NO_NUMBER = { ...ONE_CALL, outcome: 'invalid_number' } as const;

const FROM = 'check providers.twilio.from: a number of the account, or one verified there';
const ACTIVE =
  'see at console.twilio.com whether the account is suspended or closed, for want of money, say';
const KEYS =
  'check providers.twilio.account_sid and auth_token, and that the account is active ' +
  'at console.twilio.com';

/** What could be wrong with every call. */
const SETTINGS = 'from and audio_base_url';

const CODES: Readonly<Record<number, Said>> = {
  // The number is at fault: it is none, or cannot be reached from anywhere.
  21211: NO_NUMBER,
  21214: NO_NUMBER,
  21217: NO_NUMBER,
  // This one call is: its number is blocked, or the account's own; its text is too long.
  21216: ONE_CALL,
  21266: ONE_CALL,
  32018: { ...ONE_CALL, advice: 'lower script.max_characters' },
  // The account or the settings are, and the next call would fail as well.
  10004: {
    ...ACCOUNT,
    advice:
      'the account may have fewer calls at once: lower campaign.lines, or raise the limit ' +
      'at console.twilio.com',
  },
  10001: { ...ACCOUNT, advice: ACTIVE },
  20003: { ...ACCOUNT, advice: KEYS },
  20005: { ...ACCOUNT, advice: ACTIVE },
  20403: { ...ACCOUNT, advice: ACTIVE },
  90010: { ...ACCOUNT, advice: ACTIVE },
  20404: { ...ACCOUNT, advice: 'check providers.twilio.account_sid and base_url' },
  21210: { ...ACCOUNT, advice: FROM },
  21212: { ...ACCOUNT, advice: FROM },
  21213: { ...ACCOUNT, advice: FROM },
  21215: {
    ...ACCOUNT,
    advice:
      'the account may not call this country: allow it under Voice, Settings, ' +
      'Geo permissions at console.twilio.com',
  },
  21219: {
    ...ACCOUNT,
    advice: 'a trial account calls only numbers verified at console.twilio.com: upgrade it',
  },
};

/**
 * Whether a 403 to a question says nothing against the account: it is what test credentials get,
 * with the code 20008, and keys of few rights.
 */
export function isMerelyForbidden(response: HttpResponse): boolean {
  const known = CODES[numberAt(jsonOf(response), 'code') ?? 0];
  return response.status === 403 && known === undefined;
}

/**
 * Of a request to place a call, which was refused: nothing was done for it. A refusal that nobody
 * can place may be about every call (an address, a `from`), so it is for `advised` to judge.
 */
export function refusedCall(account: Account, response: HttpResponse): ServiceFailure {
  const said = saidOf(response);
  return refusal(account, response, advised(account.name, response.status, said, SETTINGS));
}

/**
 * Whether an answer to a request to place a call leaves it open if Twilio did so. "Too many
 * requests" is never processed (error 20429); whatever went wrong inside, or at a gateway in
 * between, may have come after the call.
 */
export function leavesDoubt({ status }: HttpResponse): boolean {
  return status >= 500 || status === 408 || status === 499;
}

export function doubtfulCall(account: Account, response: HttpResponse): ServiceFailure {
  return doubt(refusal(account, response, saidOf(response)));
}

/** Whatever the failure says of itself: a call may have been placed. */
export function doubt(failure: ServiceFailure): ServiceFailure {
  const { code, status, message } = failure;
  return new ServiceFailure(message, { kind: 'unknown', scope: 'service', code, status });
}

/** Of a question about a call that was placed: what is not there yet may be there soon. */
export function unanswered(account: Account, response: HttpResponse): ServiceFailure {
  const said = saidOf(response);
  const isMissing = response.status === 404;
  return refusal(account, response, isMissing ? { ...said, kind: 'transient' } : said);
}

/** What Twilio says of itself; a gateway that puts its status into a body has no such codes. */
export function isTwilioCode(code: string): boolean {
  return code.startsWith(CODE_PREFIX) && Number(code.slice(CODE_PREFIX.length)) >= CODE_MIN;
}

const CODE_MIN = 10_000;

const CODE_PREFIX = 'twilio_';

function saidOf(response: HttpResponse): Said {
  const body = jsonOf(response);
  const code = numberAt(body, 'code');
  const message = textAt(body, 'message');
  const common: Said = { code: code === undefined ? undefined : `${CODE_PREFIX}${code}`, message };
  const known = code === undefined ? undefined : CODES[code];
  if (known !== undefined) {
    return { ...common, ...known };
  }
  const { status } = response;
  if (status === 401 || status === 403) {
    return { ...common, ...ACCOUNT, advice: KEYS };
  }
  if (status === 404) {
    return { ...common, ...CODES[20404] };
  }
  return common;
}
