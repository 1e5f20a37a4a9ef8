/**
 * Alerts by e-mail, over SMTP.
 */
import type { NodemailerError, Transporter } from 'nodemailer';
import { type Alert, type AlertSeverity, alertId } from '../domain/alert.ts';
import { alertText } from '../domain/alert-text.ts';
import { type FailureDetails, ServiceFailure } from '../domain/failure.ts';
import { redacted } from '../domain/redaction.ts';
import { listed } from '../domain/text.ts';
import type { AlertChannel } from '../engine/ports.ts';
import { headline } from './headline.ts';

/** `starttls`: begins in clear and goes on encrypted, or not at all. `none`: a local relay. */
export type SmtpSecurity = 'starttls' | 'tls' | 'none';

export interface EmailSettings {
  /** What it is told of. */
  readonly severities: readonly AlertSeverity[];
  readonly host: string;
  readonly port: number;
  readonly security: SmtpSecurity;
  /** Without one, nobody logs in. */
  readonly user: string | undefined;
  readonly pass: string | undefined;
  /** An address, or `Name <address>`. */
  readonly from: string;
  /** Never empty. */
  readonly to: readonly string[];
}

const NAME = 'email';
const KEY = 'alerts.email';

export function emailChannel(settings: EmailSettings): AlertChannel & AsyncDisposable {
  return new EmailChannel(settings);
}

class EmailChannel implements AlertChannel, AsyncDisposable {
  readonly name = NAME;
  readonly severities: readonly AlertSeverity[];
  readonly #settings: EmailSettings;
  #transport: Promise<Transporter> | undefined;

  constructor(settings: EmailSettings) {
    this.severities = settings.severities;
    this.#settings = settings;
  }

  async send(alert: Alert, signal: AbortSignal): Promise<string | undefined> {
    const { from, to } = this.#settings;
    const transport = await this.#open();
    const urgency = alert.severity === 'critical' && alert.kind === 'raised';
    try {
      const { accepted = [], rejectedErrors = [] } = await transport.sendMail({
        from,
        to: [...to],
        subject: headline(alert),
        text: alertText(alert),
        // The same alert sent twice is one for the mail programs that look.
        messageId: `<${alertId(alert)}@campaign.invalid>`,
        ...(urgency && { priority: 'high' }),
        headers: { 'auto-submitted': 'auto-generated', 'x-campaign-alert': alert.key },
        signal,
      });
      return rejectedErrors.length === 0 ? undefined : this.#unreached(accepted, rejectedErrors);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failureOf(error);
    }
  }

  /** A server may take a mail for some and refuse it for others. */
  #unreached(reached: readonly string[], refusals: readonly NodemailerError[]): string {
    const { host, port } = this.#settings;
    const refused = refusals.map((refusal) => `${refusal.recipient} (${this.#said(refusal)})`);
    return (
      `it reached ${listed(reached)}; the mail server ${host}:${port} refuses ` +
      `${listed(refused)}: check ${KEY}.to`
    );
  }

  /** Without what is secret. */
  #said({ response, message }: NodemailerError): string {
    const { user, pass } = this.#settings;
    const secrets = [...(pass === undefined ? [] : [pass]), ...(user === undefined ? [] : [user])];
    return redacted(response ?? message, secrets).replace(/[.\s]+$/, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const transport = await this.#transport?.catch(() => undefined);
    transport?.close();
  }

  /** A connection of its own for each alert: they are few, and servers hang up on the idle. */
  #open(): Promise<Transporter> {
    const { host, port, security, user, pass = '' } = this.#settings;
    this.#transport ??= import('nodemailer').then(({ createTransport }) =>
      createTransport({
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
        ...(user !== undefined && { auth: { user, pass } }),
        connectionTimeout: CONNECT_MS_MAX,
        greetingTimeout: CONNECT_MS_MAX,
        socketCloseTimeout: 0,
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    );
    return this.#transport;
  }

  #failureOf(error: unknown): unknown {
    if (!(error instanceof Error) || !('code' in error)) return error;
    const failed = error as NodemailerError;
    const { code = 'smtp_failed', responseCode: status } = failed;
    const { host, port } = this.#settings;
    const { advice, words = this.#said(failed), ...details } = meaningOf(failed);
    const where = `${host}:${port}`;
    return new ServiceFailure(
      `the mail server ${where}: ${words}${advice === undefined ? '' : `; ${advice}`}`,
      { ...details, code: status === undefined ? code : `smtp_${status}`, status },
    );
  }
}

/** A connection that takes longer is not coming. */
const CONNECT_MS_MAX = 10_000;

type Meaning = Pick<FailureDetails, 'kind' | 'scope'> & {
  readonly advice?: string;
  /** Instead of a text that only programmers read. */
  readonly words?: string;
};

const LATER: Meaning = { kind: 'transient', scope: 'service' };
const NEVER: Meaning = { kind: 'permanent', scope: 'service' };

/** By the server's reply, or where there is none by nodemailer's code. */
function meaningOf({ code, command, responseCode: status, message }: NodemailerError): Meaning {
  if (status !== undefined && status >= 400 && status < 500) return LATER;
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return { ...NEVER, advice: `check ${KEY}.user and ${KEY}.pass` };
    case 'ETLS':
    case 'EREQUIRETLS':
      return {
        ...NEVER,
        advice:
          `the server does not go over to TLS: is ${KEY}.port right? ` +
          `${KEY}.security: tls is for port 465, none for a relay on this machine`,
      };
    case 'EENVELOPE':
      return { ...NEVER, advice: `check ${KEY}.from and ${KEY}.to` };
    case 'EDNS':
      return { ...LATER, advice: `check ${KEY}.host` };
    case 'EMESSAGE':
      return { kind: 'permanent', scope: 'request' };
    case 'ECONFIG':
      return NEVER;
    default:
      // What was refused for good is this one message.
      if (status !== undefined) return { kind: 'permanent', scope: 'request' };
      if (NOT_TLS.test(message))
        return { ...NEVER, words: 'no TLS is spoken there', advice: PLAIN };
      if (/certificate|altnames/i.test(message)) return { ...NEVER, advice: CERTIFICATE };
      if (message.includes('ECONNREFUSED')) return { ...LATER, advice: NOBODY_THERE };
      return command === 'DATA' ? { kind: 'unknown', scope: 'service' } : LATER;
  }
}

const NOBODY_THERE = `nobody listens there: check ${KEY}.host and ${KEY}.port`;

/** OpenSSL's ways to say that the other side answered in clear. */
const NOT_TLS = /wrong version number|packet length too long|unknown protocol|record layer failure/;

const PLAIN =
  `is ${KEY}.port right? ${KEY}.security: tls is for port 465, starttls for 587 or 25, ` +
  'none for a relay on this machine';

const CERTIFICATE =
  'its certificate cannot be trusted: check the host, the clock of this machine, and ' +
  'NODE_EXTRA_CA_CERTS';
