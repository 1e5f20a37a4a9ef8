/**
 * HubSpot on the wire: one request, its answer as JSON, its refusals in our words. Statuses and
 * codes: docs/guide/vendors.md.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import { type Account, jsonOf, refusal, type Said, unusable } from '../../domain/http-failure.ts';
import { at, listAt, textAt } from '../../domain/json-fields.ts';
import type { Http, HttpRequest, HttpResponse } from '../../engine/ports.ts';
import { judged } from '../echoes.ts';
import { urlUnder } from '../http.ts';

export interface HubspotAccount {
  readonly accessToken: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
  /** Names that the settings bring into requests, each with the key that it stands under. */
  readonly configured: Readonly<Record<string, string>>;
}

export interface Asked {
  readonly signal: AbortSignal;
  /** What must not be repeated of an answer: telephone numbers, an email address. */
  readonly hidden: readonly string[];
  /** What stands in the request of this contact alone; it may come back in an answer. */
  readonly own: string;
}

const NAME = 'hubspot';
const KEY = `providers.${NAME}`;

/** A day's quota is used up until midnight in the account's time zone, which nobody tells us. */
const DAILY_WAIT_MS = 3_600_000;
const POLICY_WAITS_MS: Readonly<Record<string, number>> = {
  SECONDLY: 1_000,
  TEN_SECONDLY_ROLLING: 10_000,
};
/** How long a lock on an object lasts: developers.hubspot.com, "Error handling", 423. */
const LOCKED_WAIT_MS = 2_000;

export class HubspotApi {
  readonly #settings: HubspotAccount;
  readonly #http: Http;

  constructor(settings: HubspotAccount, http: Http) {
    this.#settings = settings;
    this.#http = http;
  }

  get(path: string, asked: Asked): Promise<unknown> {
    return this.#ask('GET', path, undefined, asked);
  }

  post(path: string, body: unknown, asked: Asked): Promise<unknown> {
    return this.#ask('POST', path, body, asked);
  }

  /**
   * A search whose filters we made ourselves: where HubSpot does not take it, it takes nobody's.
   *
   * @param advice for the operator, then
   */
  async search(path: string, body: unknown, asked: Asked, advice: string): Promise<unknown> {
    const response = await this.#send('POST', `${path}/search`, body, asked);
    return this.#bodyOf(response, asked, advice);
  }

  put(path: string, asked: Asked): Promise<unknown> {
    return this.#ask('PUT', path, undefined, asked);
  }

  /** Undefined where HubSpot says that it has no such object. */
  async getIfThere(path: string, asked: Asked): Promise<unknown> {
    try {
      return await this.get(path, asked);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * The one result of a batch of one. A batch that failed in part is answered with 207, and this
   * part is all there is.
   */
  async postOne(path: string, input: unknown, asked: Asked): Promise<unknown> {
    const response = await this.#send('POST', path, { inputs: [input] }, asked);
    const body = this.#bodyOf(response, asked);
    const [result] = listAt(body, 'results');
    if (result !== undefined) return result;
    const [error] = listAt(body, 'errors');
    if (error === undefined) {
      throw unusable(this.#account(asked), response, 'without a result in it');
    }
    const said = judged(error, asked, (words) => this.#partial(words, response));
    throw refusal(this.#account(asked), response, said);
  }

  async #ask(
    method: HttpRequest['method'],
    path: string,
    body: unknown,
    asked: Asked,
  ): Promise<unknown> {
    return this.#bodyOf(await this.#send(method, path, body, asked), asked);
  }

  /** Whether twice is as once is seen to by whoever asks. */
  #send(
    method: HttpRequest['method'],
    path: string,
    body: unknown,
    { signal }: Asked,
  ): Promise<HttpResponse> {
    const { accessToken, baseUrl } = this.#settings;
    return this.#http.send({
      method,
      url: urlUnder(baseUrl, path),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${accessToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      idempotent: true,
    });
  }

  #bodyOf(response: HttpResponse, asked: Asked, advice?: string): unknown {
    const body = jsonOf(response);
    if (response.status < 200 || response.status >= 300) {
      const said = judged(body, asked, (words) => this.#said(words, response));
      const isOurs = advice !== undefined && NOT_TAKEN.has(response.status);
      const code = textAt(body, 'category');
      const whose: Said = isOurs ? { ...said, code, scope: 'service', advice } : said;
      throw refusal(this.#account(asked), response, whose);
    }
    if (body === undefined) {
      throw unusable(this.#account(asked), response, `not with JSON; check ${KEY}.base_url`);
    }
    return body;
  }

  #account({ hidden }: Asked): Account {
    return { name: NAME, secrets: [this.#settings.accessToken, ...hidden] };
  }

  #said(body: unknown, response: HttpResponse): Said {
    const category = textAt(body, 'category');
    const message = textAt(body, 'message');
    const common: Said = { code: category, message };
    switch (response.status) {
      case 401:
        return { ...common, advice: `check ${KEY}.access_token` };
      case 403:
        return { ...common, advice: rightsAdvice(body) };
      case 404:
        // An address that is no HubSpot's would refuse the next request as well.
        return textAt(body, 'correlationId') === undefined && category === undefined
          ? { ...common, scope: 'service', advice: `check ${KEY}.base_url` }
          : { ...common, code: NO_SUCH_OBJECT };
      case 409:
        return { ...common, kind: 'transient', scope: 'request' };
      case CLIENT_CLOSED:
        return { ...common, kind: 'transient', scope: 'service' };
      case 423: {
        const retryAfterMs = Math.max(LOCKED_WAIT_MS, response.retryAfterMs ?? 0);
        return { ...common, kind: 'transient', scope: 'request', retryAfterMs };
      }
      case 429:
        return { ...common, ...limitSaid(body, response) };
      default:
        return this.#settingsSaid(common);
    }
  }

  /** A name that stands in config.yml is wrong for every record, not for this one. */
  #settingsSaid(said: Said): Said {
    const { configured } = this.#settings;
    const words: readonly string[] = said.message?.match(WORD) ?? [];
    const name = Object.keys(configured).find((one) => words.includes(one));
    if (name === undefined) return said;
    const advice = `check ${configured[name]}: docs/guide/vendors.md says how to make it`;
    return { ...said, scope: 'service', advice };
  }

  /** The whole batch was answered with a success, so its status says nothing of this part. */
  #partial(error: unknown, response: HttpResponse): Said {
    const category = textAt(error, 'category') ?? '';
    const common: Said = { code: category, message: textAt(error, 'message') };
    const isOurs = /VALIDATION|NOT_FOUND|INVALID|EXISTS?$/.test(category);
    return category === 'RATE_LIMITS'
      ? { ...common, ...limitSaid(error, response) }
      : isOurs
        ? this.#settingsSaid({ ...common, kind: 'permanent', scope: 'request' })
        : { ...common, kind: 'transient', scope: 'service' };
  }
}

/** The request is not as HubSpot wants it, or looks for what it has not. */
const NOT_TAKEN: ReadonlySet<number> = new Set([400, 404, 422]);

/** Names are looked for as words of their own: `no` stands in `not valid` as well. */
const WORD = /\w+/g;

const NO_SUCH_OBJECT = 'no_such_object';

/** HubSpot has no such object: contacts come and go. */
export function isMissing(error: unknown): boolean {
  return error instanceof ServiceFailure && error.code === NO_SUCH_OBJECT;
}

/** HubSpot does not take what this one record or row brings along. */
export function isDataRefused(error: unknown): error is ServiceFailure {
  return error instanceof ServiceFailure && error.status === 400 && error.scope === 'request';
}

const REQUEST_TIMEOUT = 408;
/** A proxy's word for having given up on a request, which may have been done all the same. */
const CLIENT_CLOSED = 499;

/** HubSpot has read the request and said no: it has done nothing, and need not be waited for. */
export function saidNo(error: unknown): boolean {
  const { status = 0 } = error instanceof ServiceFailure ? error : {};
  return status >= 400 && status < 500 && status !== REQUEST_TIMEOUT && status !== CLIENT_CLOSED;
}

/** Three limits answer alike; that of the day does not pass while a run waits. */
function limitSaid(body: unknown, { retryAfterMs }: HttpResponse): Said {
  const policy = textAt(body, 'policyName') ?? policyIn(textAt(body, 'message') ?? '');
  if (policy === 'DAILY') {
    const advice = "the account's requests of today are used up: see its API usage in HubSpot";
    const waitMs = retryAfterMs ?? DAILY_WAIT_MS;
    return { code: policy, kind: 'permanent', scope: 'service', retryAfterMs: waitMs, advice };
  }
  const waitMs = retryAfterMs ?? POLICY_WAITS_MS[policy ?? ''];
  return { code: policy, kind: 'transient', scope: 'service', retryAfterMs: waitMs };
}

/** `You have reached your daily limit.` */
function policyIn(message: string): string | undefined {
  return /\b(secondly|ten_secondly_rolling|daily)\b/i.exec(message)?.[1]?.toUpperCase();
}

function rightsAdvice(body: unknown): string {
  const needed = listAt(body, 'errors').flatMap((error) => [
    ...listAt(error, 'context', 'requiredGranularScopes'),
    ...listAt(error, 'context', 'requiredScopes'),
  ]);
  // They are shown as they stand here: what is no name of a scope may be an echo.
  const scopes = needed.filter((one) => typeof one === 'string' && SCOPE.test(one)).slice(0, 4);
  const which = scopes.length === 0 ? 'see docs/guide/vendors.md' : scopes.join(', ');
  return `the private app behind ${KEY}.access_token needs more scopes: ${which}`;
}

/** `crm.objects.contacts.sensitive.read.v2`, `e-commerce`: no other digits, as tokens have them. */
const SCOPE = /^[a-z._-]{1,60}(?:\.v\d)?$/i;

/** An id that HubSpot gave; they are digits, and some answers have them as a number. */
export function idAt(value: unknown): string | undefined {
  const id = at(value, 'id');
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
