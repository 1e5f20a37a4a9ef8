/**
 * Twilio's REST API of 2010-04-01, as far as calls need it.
 */
import { ServiceFailure } from '../../domain/failure.ts';
import { type Account, jsonOf, refusal, unusable } from '../../domain/http-failure.ts';
import { textAt } from '../../domain/json-fields.ts';
import type { Clock, Http, HttpResponse, ProbeAnswer } from '../../engine/ports.ts';
import { urlUnder } from '../http.ts';
import { callFrom, callsFrom, type TwilioCall, type TwilioCalls } from './twilio-calls.ts';
import {
  doubt,
  doubtfulCall,
  isMerelyForbidden,
  leavesDoubt,
  refusedCall,
  unanswered,
} from './twilio-errors.ts';

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
  /** For one request that asks; 0 or Infinity: no limit. The guard has its own for placing. */
  readonly requestMs: number;
}

export const NAME = 'twilio';

/** Calls to one number; so many that there is hardly ever a page behind it. */
const PAGE_SIZE = 100;

/** In the account's currency: some calls' worth. */
const LOW_BALANCE = 1;

export class TwilioWire {
  readonly #settings: TwilioAccount;
  readonly #http: Http;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #account: Account;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(settings: TwilioAccount, http: Http, clock: Pick<Clock, 'after'>) {
    const { accountSid, authToken } = settings;
    const pair = `${accountSid}:${authToken}`;
    this.#settings = settings;
    this.#http = http;
    this.#clock = clock;
    this.#account = { name: NAME, secrets: [pair, authToken] };
    const basic = Buffer.from(pair, 'utf8').toString('base64');
    this.#headers = { accept: 'application/json', authorization: `Basic ${basic}` };
  }

  /**
   * Places a call; answers its sid. A failure of kind `unknown` may have placed it, every other is
   * proof that it did not.
   */
  async create(form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
    const response = await this.#send('POST', '/Calls.json', form, signal, false);
    const account = this.#about([form['To'], form['From']]);
    if (leavesDoubt(response)) {
      throw doubtfulCall(account, response);
    }
    if (!isSuccess(response)) {
      throw refusedCall(account, response);
    }
    const call = callFrom(jsonOf(response));
    if (call === undefined) {
      throw doubt(unusable(account, response, 'without the sid of a call'));
    }
    return call.sid;
  }

  /** @param to whom it rings: kept out of what is told of a failure */
  async call(sid: string, to: string, signal: AbortSignal): Promise<TwilioCall> {
    const response = await this.#ask('GET', pathOf(sid), undefined, signal, [to]);
    const call = callFrom(jsonOf(response));
    if (call === undefined) {
      throw unusable(this.#about([to]), response, 'not with a call');
    }
    return call;
  }

  /** @param from undefined: from any number */
  async calls(to: string, from: string | undefined, signal: AbortSignal): Promise<TwilioCalls> {
    const query = new URLSearchParams({
      To: to,
      ...(from !== undefined && { From: from }),
      PageSize: String(PAGE_SIZE),
    });
    const path = `/Calls.json?${query.toString()}`;
    const response = await this.#ask('GET', path, undefined, signal, [to, from]);
    const calls = callsFrom(jsonOf(response), response.headers['date']);
    if (calls === undefined) {
      throw unusable(this.#about([to, from]), response, 'not with a list of calls');
    }
    return calls;
  }

  /** Ends a call; one that has ended already stays as it is. */
  async end(sid: string, signal: AbortSignal): Promise<void> {
    // `completed` ends a call that is spoken on, `canceled` one that has not been picked up; the
    // first is said to do for both.
    const response = await this.#update(sid, 'completed', signal);
    if (!isSuccess(response) && response.status === 400) {
      await this.#update(sid, 'canceled', signal);
    }
  }

  /** Rejects where the account could place no calls; with test credentials nobody can tell. */
  async checkAccount(signal: AbortSignal): Promise<void> {
    const response = await this.#limited('GET', '.json', undefined, signal);
    if (isMerelyForbidden(response)) {
      return;
    }
    if (!isSuccess(response)) {
      throw unanswered(this.#account, response);
    }
    const status = textAt(jsonOf(response), 'status');
    if (status === undefined) {
      // Anything may answer 200: the page of a network that wants a login, say.
      const advice = 'check providers.twilio.base_url';
      throw unusable(this.#account, response, `not with an account; ${advice}`);
    }
    if (status !== 'active') {
      throw refusal(this.#account, response, {
        kind: 'permanent',
        scope: 'service',
        code: 'account_not_active',
        message: `the account is ${status}`,
        advice: 'see console.twilio.com',
      });
    }
  }

  /** What is left of the money; undefined where Twilio does not say, which is no fault. */
  async balance(signal: AbortSignal): Promise<ProbeAnswer | undefined> {
    const response = await this.#limited('GET', '/Balance.json', undefined, signal);
    const body = jsonOf(response);
    const text = textAt(body, 'balance');
    const balance = Number(text ?? '');
    if (!isSuccess(response) || text === undefined || !Number.isFinite(balance)) {
      return undefined;
    }
    const amount = balance.toLocaleString('en-US', { maximumFractionDigits: 2 });
    const currency = /^[A-Z]{3}$/.exec(textAt(body, 'currency') ?? '')?.[0];
    const detail = [amount, ...(currency === undefined ? [] : [currency]), 'left'].join(' ');
    return { detail, isLow: balance < LOW_BALANCE };
  }

  async #update(sid: string, status: string, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#limited('POST', pathOf(sid), { Status: status }, signal);
    const isOver = response.status === 400 || response.status === 404;
    if (!isSuccess(response) && !isOver) {
      throw unanswered(this.#account, response);
    }
    return response;
  }

  /** Twilio repeats the numbers it is asked about, each in a spelling of its own. */
  #about(numbers: readonly (string | undefined)[]): Account {
    const { name, secrets } = this.#account;
    return { name, secrets: [...secrets, ...numbers.filter((one) => one !== undefined)] };
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    form: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
    numbers: readonly (string | undefined)[] = [],
  ): Promise<HttpResponse> {
    const response = await this.#limited(method, path, form, signal);
    if (!isSuccess(response)) {
      throw unanswered(this.#about(numbers), response);
    }
    return response;
  }

  /** A question about a call may go on for minutes; each of its requests may not. */
  async #limited(
    method: 'GET' | 'POST',
    path: string,
    form: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { requestMs } = this.#settings;
    if (!(requestMs > 0 && Number.isFinite(requestMs))) {
      return await this.#send(method, path, form, signal, true);
    }
    const limit = new AbortController();
    const cancel = this.#clock.after(requestMs, () => {
      limit.abort(overdue(requestMs));
    });
    try {
      const either = AbortSignal.any([signal, limit.signal]);
      return await this.#send(method, path, form, either, true);
    } finally {
      cancel();
    }
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    form: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
    idempotent: boolean,
  ): Promise<HttpResponse> {
    const { baseUrl, accountSid } = this.#settings;
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#http.send({
      method,
      url: urlUnder(baseUrl, `/2010-04-01/Accounts/${accountSid}${path}`),
      headers: { ...this.#headers, ...(form === undefined ? {} : type) },
      body: form === undefined ? undefined : new URLSearchParams(form).toString(),
      signal,
      idempotent,
    });
  }
}

function pathOf(sid: string): string {
  return `/Calls/${encodeURIComponent(sid)}.json`;
}

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

function overdue(requestMs: number): ServiceFailure {
  return new ServiceFailure(`${NAME} has not answered within ${requestMs / 1_000} s`, {
    kind: 'transient',
    scope: 'service',
    code: 'timeout',
  });
}
