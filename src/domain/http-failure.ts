/**
 * A vendor's answer that is no success, as a failure: by its status, refined by what the vendor
 * says.
 */
import {
  type FailureDetails,
  type FailureKind,
  type FailureScope,
  ServiceFailure,
} from './failure.ts';
import { statusMeaning } from './http-status.ts';
import { redacted } from './redaction.ts';

/** What came back over HTTP. */
export interface HttpResponse {
  /** Any of them, also 3xx: redirects are not followed. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What `retry-after-ms` or `retry-after` asks for, in milliseconds from now. */
  readonly retryAfterMs: number | undefined;
}

/** Whose answer it is, and what must not be repeated of it. */
export interface Account {
  readonly name: string;
  /** As they were sent; see `redacted`. */
  readonly secrets: readonly string[];
}

/** What the vendor says, read by whoever knows it. What is left out goes by the status. */
export interface Said {
  readonly kind?: FailureKind | undefined;
  readonly scope?: FailureScope | undefined;
  /** The vendor's own word for it. */
  readonly code?: string | undefined;
  /** Where the real status stands in the body of a 200. */
  readonly status?: number | undefined;
  /** The vendor's own sentence; made fit to be shown here. */
  readonly message?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** See `ServiceFailure`. */
  readonly isCrowded?: boolean | undefined;
  /** See `ServiceFailure`. */
  readonly retriesMax?: number | undefined;
  readonly outcome?: FailureDetails['outcome'];
  /** For the operator: what to check, and where. */
  readonly advice?: string | undefined;
}

/** `openai answered 401: Incorrect API key provided; check providers.openai.api_key`. */
export function refusal(account: Account, response: HttpResponse, said: Said = {}): ServiceFailure {
  const status = said.status ?? response.status;
  const meaning = statusMeaning(status);
  const words = redacted(said.message ?? '', account.secrets).replace(/[.\s]+$/, '');
  const inside = status === response.status ? '' : `, with an error ${status} in it`;
  const advice = said.advice ?? commonAdvice(account, response);
  return new ServiceFailure(
    `${account.name} answered ${response.status}${inside}${words === '' ? '' : `: ${words}`}` +
      (advice === undefined ? '' : `; ${advice}`),
    {
      kind: said.kind ?? meaning.kind,
      scope: said.scope ?? meaning.scope,
      code: shownCode(said.code, account) ?? `http_${status}`,
      status,
      retryAfterMs: said.retryAfterMs ?? response.retryAfterMs,
      isCrowded: said.isCrowded,
      retriesMax: said.retriesMax,
      outcome: said.outcome,
    },
  );
}

/**
 * What the status alone tells the operator, where the vendor's file says nothing better.
 *
 * A refusal that nobody can place (400, 413, 422) may be about this contact's text or about every
 * contact's. It is not asked again, the next service is; and it counts like an outage. So one odd
 * row harms nobody else, for the first success sets the count to zero; and a wrong setting, which
 * refuses one contact after the other, opens the breaker before the list is burnt.
 *
 * @param named the key that names what the vendor may not have: `model`, `voice_id`
 */
export function advised(name: string, status: number, said: Said, named: string): Said {
  const key = `providers.${name}`;
  switch (status) {
    case 401:
      return { advice: `check ${key}.api_key`, ...said };
    case 402:
      return { advice: 'the account has no credit left: add some', ...said };
    case 403:
      return { advice: `check ${key}.api_key and what it may do`, ...said };
    case 404:
      // No contact's row can cause it: the next one would meet it too.
      return { scope: 'service', advice: `check ${key}.${named} and ${key}.base_url`, ...said };
    default: {
      const { kind, scope } = statusMeaning(status);
      const isPlaced = said.kind !== undefined || said.scope !== undefined;
      const advice = `if others are refused like this one, check ${key}.${named}`;
      return isPlaced || kind !== 'permanent' || scope !== 'request'
        ? said
        : { kind: 'transient', scope: 'service', retriesMax: 0, advice, ...said };
    }
  }
}

/** An answer that says it is a success, and cannot be used. Another try may do better. */
export function unusable(account: Account, response: HttpResponse, what: string): ServiceFailure {
  return new ServiceFailure(`${account.name} answered ${response.status}, but ${what}`, {
    kind: 'transient',
    scope: 'service',
    code: 'unusable_answer',
    status: response.status,
  });
}

/** The body as JSON; undefined where it is none. */
export function jsonOf(response: HttpResponse): unknown {
  try {
    return JSON.parse(textOf(response));
  } catch {
    return undefined;
  }
}

/** What is no UTF-8 becomes a replacement character. */
export function textOf(response: HttpResponse): string {
  return new TextDecoder().decode(response.body);
}

function commonAdvice({ name }: Account, { status, headers }: HttpResponse): string | undefined {
  if (status >= 300 && status < 400) {
    const host = URL.parse(headers['location'] ?? '')?.host;
    const whither = host === undefined ? '' : ` to ${host}`;
    return `redirects${whither} are not followed: check providers.${name}.base_url`;
  }
  return undefined;
}

/** Only what a program would say: codes stand in reports, beside each other. */
function shownCode(code: string | undefined, { secrets }: Account): string | undefined {
  return code !== undefined && /^[\w.:-]{1,60}$/.test(code) && redacted(code, secrets) === code
    ? code
    : undefined;
}
