/**
 * Logs of simulated runs written by hand, as short as what they are to show. Everything happens
 * where `at` has put the clock; the first life has begun at 0.
 */
import { type Alert, type AlertKind, type AlertSeverity, alertId } from '../../src/domain/alert.ts';
import type { CampaignEvent, ContactCounts, RunEnd } from '../../src/domain/event.ts';
import type { ContactState, Outcome, Role, Step } from '../../src/domain/words.ts';
import type { Found } from '../../src/engine/ports.ts';
import type { RunPolicy } from '../../src/engine/runner.ts';
import type { Promised, Seen, Standing } from '../../src/sim/check.ts';
import { NO_QUIRKS, type Quirks } from '../../src/sim/quirks.ts';
import type { Method, Refusal, Sight, Sighting } from '../../src/sim/sighting.ts';
import { OPERATOR } from '../../src/sim/simulated-channels.ts';
import type { ChainNames } from '../../src/sim/simulated-services.ts';
import { CHAINS, contactOf, POLICY } from './simulation-bench.ts';

const WORK: Readonly<Record<Method, readonly [Role, Step | undefined]>> = {
  lookup: ['crm', 'lookup'],
  write: ['llm', 'script'],
  speak: ['tts', 'speech'],
  place: ['dialer', 'dial'],
  follow: ['dialer', 'dial'],
  find: ['dialer', 'dial'],
  hangUp: ['dialer', 'dial'],
  record: ['crm', 'record'],
  probe: ['tts', undefined],
};

export const UNAVAILABLE: Refusal = { kind: 'transient', scope: 'service', code: '503' };
export const WRONG_KEY: Refusal = { kind: 'permanent', scope: 'service', code: '401' };
export const NOT_THIS: Refusal = { kind: 'permanent', scope: 'request', code: '400' };
export const LOST: Refusal = { kind: 'unknown', scope: 'service', code: 'ECONNRESET' };
export const CROWDED_OUT: Refusal = {
  kind: 'transient',
  scope: 'service',
  code: 'too_many_concurrent_requests',
};
export const tooMany = (retryAfterMs: number): Refusal => {
  return { kind: 'transient', scope: 'service', code: '429', retryAfterMs };
};

const NONE: ContactCounts = {
  total: 0,
  done: 0,
  calling: 0,
  queued: 0,
  put_off: 0,
  uncertain: 0,
};

export interface About {
  readonly contact?: string;
  /** That of the contact where it is left out. */
  readonly call?: string;
  readonly line?: number;
  readonly service?: string;
}

export type AboutAlert = Partial<
  Pick<
    Extract<Sight, { type: 'alert_leaves' }>,
    'key' | 'sinceMs' | 'severity' | 'ends' | 'was' | 'lateMs'
  > &
    Pick<Alert, 'raisedMs'>
>;

/** A life of this campaign, whose settings name these. */
export type Whose = Pick<Extract<Sight, { type: 'began' }>, 'campaign' | 'chains'>;

export class SightingLog {
  readonly #log: Sighting[] = [];
  readonly #standings = new Map<string, Standing>();
  #promised: Promised = {
    contacts: [contactOf(1), contactOf(2)],
    chains: CHAINS,
    sameNumber: 'reject',
    callsPerSecond: 1,
    policyOf: () => ({
      retry: {
        initialDelayMs: 5_000,
        backoffFactor: 2,
        maxRetries: 3,
        maxDelayMs: 60_000,
        jitter: 0.1,
      },
      circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 },
      timeouts: { requestMs: 15_000, callMs: 600_000 },
    }),
    healthCheck: { intervalMs: 30_000, timeoutMs: 5_000 },
    outages: [],
    quirks: NO_QUIRKS,
    alerts: true,
  };
  #atMs = 0;
  #run = 0;
  #requests = 0;
  #sends = 0;

  constructor(policy: Partial<RunPolicy> = {}, whose: Whose = {}) {
    this.began(policy, whose);
  }

  chains(chains: Partial<ChainNames>): this {
    this.#promised = { ...this.#promised, chains: { ...CHAINS, ...chains } };
    return this;
  }

  /** No request has a time limit. */
  unlimited(): this {
    const { policyOf } = this.#promised;
    const timeouts = { requestMs: 0, callMs: 0 };
    this.#promised = {
      ...this.#promised,
      policyOf: (service) => ({ ...policyOf(service), timeouts }),
    };
    return this;
  }

  /** The settings allow each service so many requests at once. */
  atOnce(concurrencyMax: number): this {
    const { policyOf } = this.#promised;
    const limited = (service: string) => ({ ...policyOf(service), concurrencyMax });
    this.#promised = { ...this.#promised, policyOf: limited };
    return this;
  }

  quirks(quirks: Partial<Quirks>): this {
    this.#promised = { ...this.#promised, quirks: { ...NO_QUIRKS, ...quirks } };
    return this;
  }

  /** A millionth a second of call: the lives that begin from now on may spend so much. */
  budget(budgetMicros: number): this {
    const prices = {
      perMillionInputTokens: undefined,
      perMillionOutputTokens: undefined,
      perThousandCharacters: undefined,
      perMinute: 60,
      billedSeconds: 1,
    };
    const money = { prices: { twilio: prices }, budgetMicros };
    this.#promised = { ...this.#promised, money };
    return this;
  }

  /** A call is followed to its end and billed. */
  billed(contact: string, seconds: number): this {
    const request = this.ask('follow', { contact });
    this.see({ type: 'billed', request, role: 'dialer', service: 'twilio', usage: { seconds } });
    return this.answer(request);
  }

  at(ms: number): this {
    this.#atMs = ms;
    return this;
  }

  see(sight: Sight): this {
    this.#log.push({ ...sight, atMs: this.#atMs, run: this.#run });
    return this;
  }

  began(policy: Partial<RunPolicy> = {}, whose: Whose = {}): this {
    this.#run += 1;
    const { money } = this.#promised;
    return this.see({
      type: 'began',
      ...whose,
      policy: { ...POLICY, ...policy },
      wallMs: this.#atMs,
      ...(money !== undefined && { budgetMicros: money.budgetMicros }),
    });
  }

  told(event: CampaignEvent): this {
    return this.see({ type: 'told', event });
  }

  /** A request leaves; answers its number. */
  ask(method: Method, about: About = {}): number {
    const [role, step] = WORK[method];
    const { contact = 'c1', line = 1, service = CHAINS[role][0] ?? '' } = about;
    const { call = callOf(contact) } = about;
    this.#requests += 1;
    const request = this.#requests;
    const asked = method === 'probe' ? {} : { contact, call, step, line };
    this.see({ type: 'request', request, role, service, method, ...asked });
    return request;
  }

  answer(request: number, failure?: Refusal, found?: Found['state'], text?: string): this {
    return this.see({ type: 'answer', request, failure, found, text });
  }

  /** Asked and answered after `tookMs`. */
  exchange(
    method: Method,
    about: About & { failure?: Refusal; tookMs?: number; found?: Found['state'] } = {},
  ): this {
    const request = this.ask(method, about);
    this.#atMs += about.tookMs ?? 100;
    return this.answer(request, about.failure, about.found);
  }

  rang(contact: string, about: Partial<Extract<Sight, { type: 'rang' }>> = {}): this {
    const { phone } = contactOf(Number(contact.slice(1)));
    return this.see({
      type: 'rang',
      service: 'twilio',
      contact,
      call: callOf(contact),
      phone,
      hasWords: true,
      rings: true,
      outcome: 'answered',
      ...about,
    });
  }

  recorded(contact: string, about: Partial<Extract<Sight, { type: 'recorded' }>> = {}): this {
    const known = { service: 'hubspot', contact, call: callOf(contact) };
    return this.see({ type: 'recorded', ...known, outcome: 'answered', again: false, ...about });
  }

  moved(to: 'opened' | 'half_open' | 'closed', openMs = 60_000, service = 'elevenlabs'): this {
    const role = WORK.probe[0];
    if (to === 'half_open') return this.told({ type: 'breaker.half_open', service, role });
    if (to === 'closed') return this.told({ type: 'breaker.closed', service, role, outageMs: 0 });
    const why = { kind: 'transient', code: '503', message: '' } as const;
    return this.told({ type: 'breaker.opened', service, role, openMs, ...why });
  }

  started(contact: string, line = 1): this {
    return this.told({ type: 'call.started', contact, call: callOf(contact), line });
  }

  putOff(contact: string, delayMs = 30_000, reason = 'failed'): this {
    const call = callOf(contact);
    return this.told({ type: 'contact.put_off', contact, call, reason, delayMs });
  }

  /** Put off because these are away. */
  turnedAway(contact: string, delayMs: number, ...waitsFor: readonly string[]): this {
    const reason = `waits for ${waitsFor.join(', ')}`;
    const call = callOf(contact);
    return this.told({ type: 'contact.put_off', contact, call, reason, delayMs, waitsFor });
  }

  failed(contact: string, kind: 'transient' | 'permanent' = 'transient'): this {
    const about = { contact, call: callOf(contact), step: 'script', service: 'openai' } as const;
    return this.told({ type: 'call.failed', ...about, kind, code: '', message: '' });
  }

  /** So many calls that this service failed. */
  failedBy(service: string, count: number): this {
    for (let number = 0; number < count; number += 1) {
      const about = { contact: `f${number}`, call: `failed-${number}`, step: 'speech' } as const;
      const why = { kind: 'transient', code: '503', message: '' } as const;
      this.told({ type: 'call.failed', ...about, service, ...why });
    }
    return this;
  }

  finished(contact: string, outcome: Outcome = 'answered'): this {
    const call = callOf(contact);
    return this.told({ type: 'call.finished', contact, call, outcome, durationMs: 0 });
  }

  alerted(kind: AlertKind, key = 'service:elevenlabs', title?: string): this {
    return this.see({ type: 'alerted', channel: OPERATOR, key, kind, title });
  }

  /** Told for its health checks alone; or, by now, as something worse. */
  warned(was?: AlertSeverity): this {
    const about = { channel: OPERATOR, key: 'service:elevenlabs', kind: 'raised' } as const;
    const severity = was === undefined ? 'warning' : 'critical';
    return this.see({ type: 'alerted', ...about, severity, was });
  }

  /** Beside the operator's, which takes everything, there are these channels. */
  channels(channels: Readonly<Record<string, readonly AlertSeverity[]>>): this {
    const others = Object.entries(channels).map(([name, severities]) => ({ name, severities }));
    this.#promised = { ...this.#promised, channels: [{ name: OPERATOR }, ...others] };
    return this;
  }

  /** An alert leaves for a channel; answers its number. */
  leaves(channel: string, kind: AlertKind, about: AboutAlert = {}): string {
    const { key = 'service:elevenlabs', sinceMs = 0, severity = 'critical' } = about;
    const { raisedMs, was, ...more } = about;
    this.#sends += 1;
    const send = String(this.#sends);
    const id = alertId({ key, kind, severity, sinceMs, raisedMs, was });
    this.see({
      type: 'alert_leaves',
      ...more,
      was,
      send,
      channel,
      id,
      key,
      kind,
      sinceMs,
      severity,
    });
    return send;
  }

  /** One that leaves, and is answered at once. */
  sends(
    channel: string,
    kind: AlertKind,
    { failure, ...about }: AboutAlert & { readonly failure?: Refusal } = {},
  ): this {
    const send = this.leaves(channel, kind, about);
    return this.see({ type: 'alert_answered', send, failure });
  }

  killed(): this {
    return this.see({ type: 'killed', at: 'a timer' });
  }

  ended(end: RunEnd = 'done', contacts: Partial<ContactCounts> = {}, timers = 0): this {
    return this.see({ type: 'ended', end, contacts: { ...NONE, ...contacts }, timers });
  }

  stands(contact: string, state: ContactState | undefined, outcome?: Outcome): this {
    this.#standings.set(contact, { state, outcome });
    return this;
  }

  seen(): Seen {
    return { promised: this.#promised, log: this.#log, standings: this.#standings };
  }
}

function callOf(contact: string): string {
  return `call-${contact}`;
}

/** By checker, what is in the log: a log that it must take, or one that it must refuse. */
export type Logs = Readonly<
  Record<
    string,
    {
      readonly accepts: Readonly<Record<string, () => SightingLog>>;
      readonly refuses: Readonly<Record<string, () => SightingLog>>;
    }
  >
>;
