/**
 * ARI over HTTP: one method per request, and what an answer means.
 */
import { ServiceFailure } from '../../../domain/failure.ts';
import { type Account, jsonOf, refusal, type Said } from '../../../domain/http-failure.ts';
import { listAt, textAt } from '../../../domain/json-fields.ts';
import type { Clock, Http, HttpRequest, HttpResponse } from '../../../engine/ports.ts';
import { urlUnder } from '../../http.ts';
import { AriBreaker } from './ari-breaker.ts';

export const ARI_NAME = 'asterisk-ari';

export interface AriAccount {
  /** Of Asterisk's HTTP server, without `/ari` and without a slash at its end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** The Stasis application that our calls belong to. */
  readonly app: string;
}

export interface Originate {
  /** Of the channel to be made. */
  readonly channel: string;
  readonly endpoint: string;
  readonly callerId: string | undefined;
  readonly ringMs: number;
  readonly variables: Readonly<Record<string, string>>;
}

/** A channel as Asterisk has it now. */
export interface AriChannel {
  readonly id: string;
  /** `Down`, `Ringing`, `Up` and some more. */
  readonly state: string;
}

/** A list of all channels of a busy PBX; some 700 bytes each. */
const CHANNELS_BYTES_MAX = 16_000_000;
const CHANNELS_MS_MAX = 10_000;

/** For one request about a call; Asterisk answers in milliseconds, or is in trouble. */
export const REQUEST_MS_MAX = 5_000;

/** How it goes, where that is not as all the others. */
interface Way {
  readonly bytesMax?: number;
  readonly limitMs?: number;
  /** Sent also while the others are held back. */
  readonly isUrgent?: boolean;
}

export function basicAuth({ username, password }: AriAccount): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

export class AriWire {
  readonly #account: AriAccount;
  readonly #http: Http;
  readonly #clock: Clock;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #breaker: AriBreaker;

  constructor(account: AriAccount, http: Http, clock: Clock) {
    this.#account = account;
    this.#http = http;
    this.#clock = clock;
    this.#breaker = new AriBreaker(ARI_NAME, clock);
    this.#headers = { authorization: basicAuth(account), 'content-type': 'application/json' };
  }

  /** Whether it takes our password, and has booted. Answers its version. */
  async info(signal: AbortSignal): Promise<string> {
    const response = await this.#ask('GET', '/asterisk/info', signal);
    return textAt(jsonOf(this.#well(response)), 'system', 'version') ?? '';
  }

  /**
   * Whether it would also do something: hanging up what is not there is done by whoever may.
   *
   * @throws ServiceFailure the user may only read
   */
  async mayWrite(signal: AbortSignal): Promise<void> {
    const response = await this.#ask('DELETE', '/channels/campaign-no-channel', signal);
    if (response.status === 403) this.#well(response);
  }

  async ping(signal: AbortSignal): Promise<void> {
    this.#well(await this.#ask('GET', '/asterisk/ping', signal));
  }

  /** A connection was made anew: what was held back before may go. */
  connected(): void {
    this.#breaker.connected();
  }

  /**
   * Before somebody is rung. Where requests are held back, one that rings nobody tries whether
   * they still must be: it asks about the channel that is to be made.
   *
   * @throws ServiceFailure nobody may be rung now
   */
  async ready(id: string, signal: AbortSignal): Promise<void> {
    if (!this.#breaker.isClosed) await this.channel(id, signal);
  }

  /**
   * Makes a phone ring. Answers false where a channel of that id is there already: then it is the
   * one that was asked for before.
   */
  async originate(call: Originate, signal: AbortSignal): Promise<boolean> {
    const query = new URLSearchParams({
      endpoint: call.endpoint,
      app: this.#account.app,
      channelId: call.channel,
      timeout: String(Math.max(1, Math.round(call.ringMs / 1_000))),
      ...(call.callerId !== undefined && { callerId: call.callerId }),
      // Two halves, and sound in the telephone's own form: else it is resampled both ways.
      ...(isLocal(call.endpoint) && { formats: 'ulaw', otherChannelId: `far-${call.channel}` }),
    });
    const body = JSON.stringify({ variables: call.variables });
    const response = await this.#http.send({
      method: 'POST',
      url: this.#url(`/channels?${query.toString()}`),
      headers: this.#headers,
      body,
      signal,
      idempotent: false,
    });
    if (response.status === 409) return false;
    if (response.status >= 300) throw this.#notPlaced(response);
    return true;
  }

  /** Undefined where there is no such channel. */
  async channel(id: string, signal: AbortSignal): Promise<AriChannel | undefined> {
    const response = await this.#send('GET', `/channels/${encodeURIComponent(id)}`, signal);
    if (this.#isMissing(response)) return undefined;
    return { id, state: textAt(jsonOf(this.#well(response)), 'state') ?? '' };
  }

  /** The ids of all channels there are. */
  async channels(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const way = { bytesMax: CHANNELS_BYTES_MAX, limitMs: CHANNELS_MS_MAX };
    const response = await this.#send('GET', '/channels', signal, way);
    const list = jsonOf(this.#well(response));
    return new Set(listAt({ list }, 'list').map((one) => textAt(one, 'id') ?? ''));
  }

  /**
   * All of these answer false where the channel is gone.
   *
   * @param isUrgent it goes to a sick Asterisk too: one that does not answer may still do it
   */
  async hangUp(id: string, signal: AbortSignal, isUrgent: boolean): Promise<boolean> {
    return await this.#of('DELETE', id, '', signal, { isUrgent });
  }

  async play(id: string, playback: string, media: string, signal: AbortSignal): Promise<boolean> {
    const path = `/play/${playback}?${encoded({ media })}`;
    return await this.#of('POST', id, path, signal);
  }

  /** While something is played to the channel, Asterisk does it when that is over. */
  async setVariable(id: string, name: string, value: string, signal: AbortSignal, way?: Way) {
    const path = `/variable?${encoded({ variable: name, value })}`;
    return await this.#of('POST', id, path, signal, way);
  }

  async variable(id: string, name: string, signal: AbortSignal): Promise<string | undefined> {
    const query = new URLSearchParams({ variable: name });
    const path = `/channels/${encodeURIComponent(id)}/variable?${query.toString()}`;
    const response = await this.#send('GET', path, signal);
    if (this.#isMissing(response)) return undefined;
    return textAt(jsonOf(this.#well(response)), 'value');
  }

  /** False only where Asterisk says that `continueIn` would hang up on whoever it is. */
  async hasDialplan(id: string, context: string, signal: AbortSignal): Promise<boolean> {
    const name = `DIALPLAN_EXISTS(${context},${this.#account.app},1)`;
    return (await this.variable(id, name, signal)) !== '0';
  }

  /** Into the dialplan, from where it comes back to the application. */
  async continueIn(id: string, context: string, signal: AbortSignal): Promise<boolean> {
    const place = { context, extension: this.#account.app, priority: '1' };
    return await this.#of('POST', id, `/continue?${encoded(place)}`, signal);
  }

  /** Whether it is being played now. */
  async isPlaying(playback: string, signal: AbortSignal): Promise<boolean> {
    const response = await this.#send('GET', `/playbacks/${playback}`, signal);
    if (this.#isMissing(response)) return false;
    this.#well(response);
    return true;
  }

  async stopPlayback(playback: string, signal: AbortSignal): Promise<void> {
    const response = await this.#send('DELETE', `/playbacks/${playback}`, signal);
    if (!this.#isMissing(response)) this.#well(response);
  }

  /** Its events come to us also while it is in the dialplan, and after we were away. */
  async subscribe(id: string, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ eventSource: `channel:${id}` });
    const app = encodeURIComponent(this.#account.app);
    const path = `/applications/${app}/subscription?${query.toString()}`;
    const response = await this.#send('POST', path, signal);
    // 422: the channel is gone.
    if (!this.#isMissing(response) && response.status !== 422) this.#well(response);
  }

  // -------------------------------------------------------------------------- the wire

  async #of(
    method: HttpRequest['method'],
    id: string,
    path: string,
    signal: AbortSignal,
    way?: Way,
  ): Promise<boolean> {
    const whole = `/channels/${encodeURIComponent(id)}${path}`;
    const response = await this.#send(method, whole, signal, way);
    // 409, 412: it is not in our application, because it is leaving or has left.
    if (this.#isMissing(response) || [409, 412].includes(response.status)) return false;
    this.#well(response);
    return true;
  }

  /** Within its time, and held back with all others while Asterisk does not answer. */
  async #send(
    method: HttpRequest['method'],
    path: string,
    signal: AbortSignal,
    { bytesMax, limitMs = REQUEST_MS_MAX, isUrgent = false }: Way = {},
  ): Promise<HttpResponse> {
    signal.throwIfAborted();
    const breaker = this.#breaker;
    const permit = isUrgent ? breaker.pass() : breaker.enter();
    const limit = new AbortController();
    const cancel = this.#clock.after(limitMs, () => limit.abort(late(limitMs)));
    try {
      const either = AbortSignal.any([signal, limit.signal]);
      const response = await this.#ask(method, path, either, bytesMax);
      if (response.status < 500) breaker.answered(permit);
      else breaker.failed(permit, this.#sickness(response));
      return response;
    } catch (error) {
      // That the program ends, or that nobody waits any more, says nothing of Asterisk.
      if (!signal.aborted && error instanceof ServiceFailure) breaker.failed(permit, error);
      else breaker.returned(permit);
      throw error;
    } finally {
      cancel();
    }
  }

  #ask(method: HttpRequest['method'], path: string, signal: AbortSignal, bytesMax?: number) {
    const url = this.#url(path);
    // Whatever is asked of a channel may be asked twice: placing alone rings.
    const common = { method, url, headers: this.#headers, signal, idempotent: true };
    return this.#http.send(bytesMax === undefined ? common : { ...common, bytesMax });
  }

  #url(path: string): string {
    return urlUnder(this.#account.url, `/ari${path}`);
  }

  /** Asterisk's own "not found"; that of its web server means that ARI is not there (yet). */
  #isMissing(response: HttpResponse): boolean {
    return response.status === 404 && textAt(jsonOf(response), 'message') !== undefined;
  }

  #well(response: HttpResponse): HttpResponse {
    if (response.status >= 300) throw ariRefusal(this.#account, response);
    return response;
  }

  /** How long a proxy wants to be left alone is not asked: somebody may be on the line. */
  #sickness(response: HttpResponse): ServiceFailure {
    return ariRefusal(this.#account, { ...response, retryAfterMs: undefined });
  }

  /** An answer of Asterisk's own to the placing is proof that nobody was rung; a proxy's is not. */
  #notPlaced(response: HttpResponse): ServiceFailure {
    const failure = ariRefusal(this.#account, response, NO_ENDPOINT);
    const { message, code, status = response.status } = failure;
    const isOwn = status < 500 || saidBy(response) !== undefined;
    if (isOwn && !GATEWAY.has(status)) return failure;
    return new ServiceFailure(message, { kind: 'unknown', scope: 'service', code, status });
  }
}

function encoded(query: Readonly<Record<string, string>>): string {
  return new URLSearchParams(query).toString();
}

function isLocal(endpoint: string): boolean {
  return /^Local\//i.test(endpoint);
}

/** Whoever answers so had passed it on, and may well say that in words like Asterisk's. */
const GATEWAY: ReadonlySet<number> = new Set([408, 499, 502, 504]);

/** Asterisk's own words; undefined where it is not ARI that speaks. */
function saidBy(response: HttpResponse): string | undefined {
  const body = jsonOf(response);
  return textAt(body, 'message') ?? textAt(body, 'error');
}

function late(limitMs: number): ServiceFailure {
  const message = `${ARI_NAME}: no answer within ${limitMs / 1_000} s`;
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code: 'timeout' });
}

const KEY = `providers.${ARI_NAME}`;

/** What a 500 means, where a channel was to be made. */
const NO_ENDPOINT: Said = {
  kind: 'transient',
  scope: 'service',
  code: 'no_endpoint',
  advice: `check ${KEY}.endpoint: its technology, and its trunk`,
};

/**
 * The status alone tells who is at fault, for Asterisk has few of them.
 *
 * @param broken what a 500 means to what was asked; nothing in particular, where left out
 */
export function ariRefusal(
  account: AriAccount,
  response: HttpResponse,
  broken?: Said,
): ServiceFailure {
  const { username, password } = account;
  const who: Account = { name: ARI_NAME, secrets: [password, basicAuth(account), username] };
  const meaning = response.status === 500 ? broken : undefined;
  const said = { message: saidBy(response), ...(meaning ?? meaningOf(response.status)) };
  return refusal(who, response, said);
}

function meaningOf(status: number): Said {
  const service = { kind: 'permanent', scope: 'service' } as const;
  const passing = { kind: 'transient', scope: 'service' } as const;
  switch (status) {
    case 401:
      const keys = `${KEY}.username and password, and ari.conf`;
      return { ...service, code: 'auth_failed', advice: `check ${keys}` };
    case 403:
      const right = `the user of ${KEY}.username may only read: set read_only = no in ari.conf`;
      return { ...service, code: 'permission_denied', advice: right };
    case 404:
      const there = 'ari.conf and http.conf have enabled = yes, or Asterisk is still starting';
      return { ...passing, code: 'no_ari', advice: `check ${KEY}.url, and that ${there}` };
    case 503:
      return { ...passing, code: 'not_booted' };
    default:
      return status < 500 ? { ...passing, retriesMax: 0, advice: `check ${KEY}` } : passing;
  }
}
