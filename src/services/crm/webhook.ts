/**
 * Any system of the operator's own as a CRM: it is told of each call by a signed POST. What is
 * sent, and how to check it: docs/guide/vendors.md.
 */
import { createHmac } from 'node:crypto';
import { type Account, jsonOf, refusal, type Said, textOf } from '../../domain/http-failure.ts';
import { textAt } from '../../domain/json-fields.ts';
import { secretsInAddress } from '../../domain/redaction.ts';
import type {
  CallRecord,
  Clock,
  Crm,
  Http,
  HttpResponse,
  ProbeAnswer,
  Receipt,
  RequestContext,
} from '../../engine/ports.ts';

export interface WebhookSettings {
  /** Absolute; may hold a token in its path or query. */
  readonly url: string;
  /** Undefined: what is sent is not signed. */
  readonly secret: string | undefined;
}

const NAME = 'webhook';
const KEY = `providers.${NAME}`;
/** Of the columns of a row, together; a longer row is sent without them. */
const VARIABLES_CHARACTERS_MAX = 64_000;
const MESSAGE_CHARACTERS_MAX = 300;

export function webhookCrm(
  settings: WebhookSettings,
  http: Http,
  clock: Pick<Clock, 'wallMs'>,
): Crm {
  return new WebhookCrm(settings, http, clock);
}

class WebhookCrm implements Crm {
  readonly name = NAME;
  readonly role = 'crm';
  readonly #settings: WebhookSettings;
  readonly #http: Http;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #account: Account;

  constructor(settings: WebhookSettings, http: Http, clock: Pick<Clock, 'wallMs'>) {
    this.#settings = settings;
    this.#http = http;
    this.#clock = clock;
    this.#account = { name: NAME, secrets: secretsOf(settings) };
  }

  /**
   * A GET, which may be answered with whatever: a server that answers is there. Whether it takes
   * what is signed shows only when something is; nothing harmless could be sent.
   */
  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    const { url } = this.#settings;
    const request = { method: 'GET', url, signal, idempotent: true, cutsAnswer: true } as const;
    const response = await this.#http.send(request);
    if (response.status >= 500 || response.status === GONE) {
      throw this.#refusal(response, []);
    }
    return seenIn(response.status);
  }

  async record(record: CallRecord, { signal }: RequestContext): Promise<Receipt> {
    const { url, secret } = this.#settings;
    const body = JSON.stringify(recordDocument(record));
    const timestamp = String(Math.floor(this.#clock.wallMs() / 1_000));
    const signature = secret === undefined ? undefined : signatureOf(secret, timestamp, body);
    const response = await this.#http.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': record.call,
        'x-campaign-timestamp': timestamp,
        ...(signature !== undefined && { 'x-campaign-signature': signature }),
      },
      body,
      signal,
      // The key says so to the receiver.
      idempotent: true,
      // A record that was taken is taken, whatever page stands behind the status.
      cutsAnswer: true,
    });
    if (response.status < 200 || response.status >= 300) {
      const { phone, email } = record.contact;
      // The number is found in every spelling, also in that of the list.
      throw this.#refusal(response, [phone, ...(email === undefined ? [] : [email])]);
    }
    return {};
  }

  #refusal(response: HttpResponse, hidden: readonly string[]) {
    const account = { ...this.#account, secrets: [...this.#account.secrets, ...hidden] };
    return refusal(account, response, said(response));
  }
}

const GONE = 410;

/** What an unsigned GET shows of an address that takes signed POSTs. */
function seenIn(status: number): ProbeAnswer {
  const answered = `answered ${status} to an unsigned GET`;
  const doubtful = (what: string): ProbeAnswer => {
    return { credentials: 'doubtful', detail: `${answered}: ${what}` };
  };
  if (status === 401 || status === 403) {
    return doubtful(`a signed POST may be let in; if not, check ${KEY}.secret and ${KEY}.url`);
  }
  if (status === 404) {
    return doubtful(`nothing is there at that path, unless only for POST; check ${KEY}.url`);
  }
  if (status >= 300 && status < 400) {
    return doubtful(`redirects are not followed; check ${KEY}.url`);
  }
  const detail = `${answered}; whether it takes records shows only when there is one`;
  return { credentials: 'unknown', detail };
}

/** Hex of the HMAC-SHA256 of timestamp, full stop and body: Stripe and others sign like that. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  const hash = createHmac('sha256', secret).update(`${timestamp}.${body}`, 'utf8').digest('hex');
  return `sha256=${hash}`;
}

/** The words of a record in snake case; what is not known is null. */
export function recordDocument(record: CallRecord) {
  const { campaign, call, contact, outcome, detail, text, services, again } = record;
  const { startedMs, endedMs, dialledMs } = record;
  const { id, name, phone, language, timezone, email, variables } = contact;
  const isLong = JSON.stringify(variables).length > VARIABLES_CHARACTERS_MAX;
  return {
    type: 'call.finished',
    campaign,
    call,
    again,
    outcome,
    detail: detail ?? null,
    answer: record.answer ?? null,
    text: text ?? null,
    started_at: isoTime(startedMs),
    dialled_at: dialledMs === undefined ? null : isoTime(dialledMs),
    ended_at: isoTime(endedMs),
    contact: {
      id,
      name: name ?? null,
      phone,
      language: language ?? null,
      timezone: timezone ?? null,
      email: email ?? null,
      variables: isLong ? null : variables,
    },
    services: {
      llm: services.llm ?? null,
      tts: services.tts ?? null,
      dialer: services.dialer ?? null,
    },
  };
}

function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function said(response: HttpResponse): Said {
  const { status } = response;
  const message = messageIn(response);
  if (status === GONE) {
    const advice = `nobody takes records there any more: change ${KEY}.url`;
    return { message, kind: 'permanent', scope: 'service', advice };
  }
  if (status === 401 || status === 403) {
    return { message, advice: `check ${KEY}.secret, and what the receiver expects` };
  }
  if (status === 404 || status === 405) {
    // The address is the same for every contact: the next record would meet it too.
    return { message, kind: 'permanent', scope: 'service', advice: `check ${KEY}.url` };
  }
  return status >= 300 && status < 400
    ? { message, advice: `redirects are not followed: check ${KEY}.url` }
    : { message };
}

/** In JSON under `message` or `error`, or a short plain text. */
function messageIn(response: HttpResponse): string | undefined {
  const body = jsonOf(response);
  const inJson =
    textAt(body, 'message') ?? textAt(body, 'error', 'message') ?? textAt(body, 'error');
  if (inJson !== undefined) return inJson;
  const isPlain = response.headers['content-type']?.startsWith('text/plain') === true;
  return isPlain ? textOf(response).slice(0, MESSAGE_CHARACTERS_MAX) : undefined;
}

/** The address is one too. */
function secretsOf({ url, secret }: WebhookSettings): readonly string[] {
  return [...secretsInAddress(url), ...(secret === undefined ? [] : [secret])];
}
