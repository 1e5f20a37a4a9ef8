/**
 * What all vendors of models have in common: a prompt out, an answer in, looked over before it is
 * spoken. Each vendor's file says how that is put into its own words.
 */
import type { Contact } from '../../domain/contact.ts';
import { ServiceFailure } from '../../domain/failure.ts';
import {
  type Account,
  advised,
  jsonOf,
  refusal,
  type Said,
  unusable,
} from '../../domain/http-failure.ts';
import { at, numberAt } from '../../domain/json-fields.ts';
import { redacted } from '../../domain/redaction.ts';
import type { Usage } from '../../domain/usage.ts';
import type {
  Http,
  HttpResponse,
  Llm,
  ProbeAnswer,
  RequestContext,
  Script,
  ScriptRequest,
} from '../../engine/ports.ts';
import type { Get, ModelAsked } from '../ask-model.ts';
import { judged } from '../echoes.ts';
import { urlUnder } from '../http.ts';
import { isBadRequest, isTooLong, LONG_ROW } from '../refused.ts';
import { type Flaw, flawOf } from './answer-check.ts';
import { type Messages, Prompt, type PromptSettings } from './prompt.ts';

export { at, fieldsOf, listAt, numberAt, textAt } from '../../domain/json-fields.ts';

export interface ModelSettings extends PromptSettings {
  readonly apiKey: string;
  readonly model: string;
  /** Absolute; a path is kept. */
  readonly baseUrl: string;
}

/** What a vendor answered, in the words of all. */
export interface Reading {
  readonly text: string;
  /** Why it stopped before its end, where it did: such a text is not spoken. */
  readonly cut: string | undefined;
  readonly usage: Usage | undefined;
}

/** One vendor's way of saying it. */
export interface Dialect {
  readonly name: string;
  /** Of every request, with the key in it. */
  headers(apiKey: string): Readonly<Record<string, string>>;
  path(model: string): string;
  body(messages: Messages, settings: ModelSettings): unknown;
  /** Undefined where it is no answer of this vendor. */
  read(answer: unknown): Reading | undefined;
  /** What an error says; the body is JSON, or undefined where it is not. */
  said(body: unknown, response: HttpResponse): Said;
  /** By a GET that costs nothing and needs the key; of the model itself, where that can be. */
  ask(model: string, get: Get): Promise<ModelAsked>;
  /** What the probe's answer says against the account; undefined where nothing. */
  probed?(body: unknown): Said | undefined;
  /** What its answer says is left of the account. */
  left?(body: unknown, model: string): ProbeAnswer | undefined;
}

/** @throws ServiceFailure where the prompt does not compile */
export function modelLlm(dialect: Dialect, settings: ModelSettings, http: Http): Llm {
  return new ModelLlm(dialect, settings, http);
}

/** For whom a text was asked for, and with which words. */
interface Asked {
  readonly contact: Contact;
  readonly messages: Messages;
  /** As it was sent. */
  readonly body: string;
}

const FRAGMENT_CHARACTERS_MAX = 60;

class ModelLlm implements Llm {
  readonly name: string;
  readonly role = 'llm';
  readonly #dialect: Dialect;
  readonly #settings: ModelSettings;
  readonly #http: Http;
  readonly #prompt: Prompt;
  readonly #account: Account;

  constructor(dialect: Dialect, settings: ModelSettings, http: Http) {
    this.name = dialect.name;
    this.#dialect = dialect;
    this.#settings = settings;
    this.#http = http;
    this.#prompt = new Prompt(settings);
    this.#account = { name: dialect.name, secrets: [settings.apiKey] };
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer | undefined> {
    const dialect = this.#dialect;
    const { model } = this.#settings;
    const { response, detail } = await dialect.ask(model, (path) =>
      this.#send('GET', path, undefined, signal),
    );
    if (response === undefined) return { detail };
    const body = this.#bodyOf(response);
    const against = dialect.probed?.(body);
    if (against !== undefined) {
      throw refusal(this.#account, response, against);
    }
    return detail === undefined ? dialect.left?.(body, model) : { detail };
  }

  async write(request: ScriptRequest, context: RequestContext): Promise<Script> {
    const { model, charactersMax } = this.#settings;
    const messages = this.#prompt.messages(request);
    const body = JSON.stringify(this.#dialect.body(messages, this.#settings));
    const path = this.#dialect.path(model);
    const response = await this.#send('POST', path, body, context.signal);
    const reading = this.#dialect.read(
      this.#bodyOf(response, { contact: request.contact, messages, body }),
    );
    if (reading === undefined) {
      throw unusable(this.#account, response, 'without a text in it');
    }
    const { cut, usage } = reading;
    const text = reading.text.trim();
    const flaw = cut === undefined ? flawOf(text, charactersMax) : undefined;
    if (cut !== undefined || flaw !== undefined) {
      const what = flaw === undefined ? '' : this.#shown(flaw, request.contact);
      throw badAnswer(this.name, cut ?? what, usage);
    }
    return { text, usage };
  }

  /** So much of what was wrong that the operator sees what to ask for, and nobody's number. */
  #shown({ what, where }: Flaw, contact: Contact): string {
    const { secrets } = this.#about(contact);
    const place =
      where === undefined ? '' : `: "${redacted(where, secrets, FRAGMENT_CHARACTERS_MAX)}"`;
    return `the text has ${what}${place}`;
  }

  /** A prompt may print a number or an address, and a vendor repeat them. */
  #about({ phone, email }: Contact): Account {
    const { name, secrets } = this.#account;
    return { name, secrets: [...secrets, phone, ...(email === undefined ? [] : [email])] };
  }

  /** Twice is as once: it costs money, and harms nobody. */
  #send(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { apiKey, baseUrl } = this.#settings;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    return this.#http.send({
      method,
      url: urlUnder(baseUrl, path),
      headers: { accept: 'application/json', ...type, ...this.#dialect.headers(apiKey) },
      body,
      signal,
      idempotent: true,
    });
  }

  #bodyOf(response: HttpResponse, asked?: Asked): unknown {
    const account = asked === undefined ? this.#account : this.#about(asked.contact);
    const body = jsonOf(response);
    const isSuccess = response.status >= 200 && response.status < 300;
    const error = isSuccess ? errorIn(body) : undefined;
    if (!isSuccess || error !== undefined) {
      const inside = isSuccess ? statusOf(error) : undefined;
      const meant = {
        ...response,
        status: inside ?? (isSuccess ? UNNAMED_STATUS : response.status),
      };
      const said = this.#advised(body, meant, asked);
      const unnamed = isSuccess && inside === undefined ? NO_STATUS : undefined;
      const code = said.code ?? unnamed?.code;
      throw refusal(account, response, { ...unnamed, status: inside, ...said, code });
    }
    if (body === undefined) {
      const advice = `check providers.${this.name}.base_url`;
      throw unusable(this.#account, response, `not with JSON; ${advice}`);
    }
    return body;
  }

  #advised(body: unknown, response: HttpResponse, asked: Asked | undefined): Said {
    const { messages, body: request } = asked ?? {};
    const sent = { own: messages?.data ?? '', shared: messages?.instructions, body: request };
    const read = (said: unknown): Said => this.#placed(said, response, messages);
    const said = judged(body, sent, read);
    return advised(this.name, said.status ?? response.status, said, 'model');
  }

  #placed(body: unknown, response: HttpResponse, messages: Messages | undefined): Said {
    const said = this.#dialect.said(body, response);
    const status = said.status ?? response.status;
    const isLongRow =
      messages !== undefined &&
      messages.data.length > messages.instructions.length &&
      isBadRequest(status) &&
      (status === 413 || isTooLong(said));
    // Where the prompt is the longer part, the next contact would be refused as well.
    return isLongRow ? { ...LONG_ROW, ...said } : said;
  }
}

/**
 * The model answered, and not what can be spoken. It may do better once; the service works, so
 * nothing of this counts against it. It is paid for like any other.
 */
function badAnswer(name: string, what: string, usage: Usage | undefined): ServiceFailure {
  return new ServiceFailure(`${name} wrote nothing that can be spoken: ${what}`, {
    kind: 'transient',
    scope: 'request',
    code: 'bad_answer',
    retriesMax: 1,
    usage,
  });
}

/**
 * What stands in the place of an answer whose status says that it is one: once a model has begun to
 * write, the status has been sent.
 */
export function errorIn(body: unknown): unknown {
  const error = at(body, 'error') ?? at(body, 'choices', 0, 'error') ?? undefined;
  return error === '' || error === false ? undefined : error;
}

/** Such an error has its real status in the body, if at all. */
function statusOf(error: unknown): number | undefined {
  const code = numberAt(error, 'code') ?? 0;
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : undefined;
}

/** An error that does not say which is taken for one that passes, as a 502 is. */
const NO_STATUS = { kind: 'transient', scope: 'service', code: 'error_in_answer' } as const;
const UNNAMED_STATUS = 502;

/**
 * Why a text is not whole; undefined where it is, for which every vendor has one word. All others
 * are taken for the worst, also those that a vendor may add, and none where one is always given.
 */
export function cutBy(
  reason: string | undefined,
  whole: string,
  known: Readonly<Record<string, string>>,
): string | undefined {
  if (reason === whole) {
    return undefined;
  }
  return reason === undefined
    ? 'it does not say that it had ended'
    : (known[reason] ?? `it ended for a reason that is not known here (${shownReason(reason)})`);
}

export function shownReason(reason: string): string {
  return /^\w{1,40}$/.test(reason) ? reason : 'no word';
}

/** Undefined where the vendor tells neither. */
export function usageOf(
  inputTokens: number | undefined,
  outputTokens: number | undefined,
): Usage | undefined {
  return inputTokens === undefined && outputTokens === undefined
    ? undefined
    : { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
}

/** Room for a text of so many characters in any writing, and for a model that thinks first. */
export function tokensMax(charactersMax: number): number {
  return 2 * charactersMax + THINKING_TOKENS;
}

const THINKING_TOKENS = 4_000;
