import { type Alert, bySeverity } from '../domain/alert.ts';
import { nameless } from '../domain/alert-contacts.ts';
import { HOLD_MS_MAX } from '../domain/breaker-verdict.ts';
import type { CampaignEvent } from '../domain/event.ts';
import { ServiceFailure } from '../domain/failure.ts';
import { decideRetry, type RetryPolicy } from '../domain/retry.ts';
import type { AlertChange, AlertChannel, Clock, Emit, OwedAlert, RandomSource } from './ports.ts';

export interface AlertOutboxParts {
  readonly channel: AlertChannel;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  readonly retry: RetryPolicy;
  /** Keeps what has become of an alert. Never rejects. */
  readonly save: (change: AlertChange) => Promise<void>;
  /** Whether it is to be sent, before each attempt: another run may have sent it. Never throws. */
  readonly isOwed: (id: string) => boolean;
  /** The alert with what has joined it since. */
  readonly latest: (alert: Alert) => Alert;
}

/** One attempt to send takes no longer. */
export const SEND_TIMEOUT_MS = 15_000;
/** How long a channel that used up its retries is left alone. */
export const CHANNEL_PAUSE_MS = 5 * 60_000;
/**
 * What the run that owes it sends so much later than it should is said to be late: more than its
 * retries take. What another run sends is late in any case.
 */
export const LATE_MS = 2 * 60_000;
/** How long what is still owed may hold up the end of a run. */
export const CLOSE_MS = 5_000;
/** Alerts that wait for one channel; the oldest of the least severe makes room. */
export const QUEUE_MAX = 100;
/** In so many runs an alert that the channel refuses is offered. */
export const REFUSALS_MAX = 3;
/** An alert that could not be sent over a long weekend is no news any more. */
export const KEPT_MS_MAX = 4 * 24 * 60 * 60 * 1_000;

interface Entry {
  readonly owed: OwedAlert;
  /** Resolves when it is kept: only then may it be sent. */
  readonly kept: Promise<void>;
  /** An earlier run was to send it. */
  readonly isInherited: boolean;
  /** The trouble is over, and nobody was told of it on this channel. */
  withdrawn: boolean;
  /** The channel refused this very alert: not again in this run. */
  setAside: boolean;
  /** As it was sent the last time, with what had joined it by then. */
  message: Alert | undefined;
  /** That it could not be sent was said. */
  isTold: boolean;
}

type Sent = { readonly unreached: string | undefined } | 'withdrawn' | 'overtaken' | ServiceFailure;

/**
 * Sends the alerts of one channel, one after the other: the more severe first, else in order. What
 * is said of one cause stays in order.
 *
 * - A failure that may pass, an unknown one too (rather twice than not at all), is retried after
 *   the waits of the retry policy. Then the whole channel is left alone for `CHANNEL_PAUSE_MS`, or
 *   for as long as it asks, and tried again. What is more severe than what failed does not wait for
 *   that, unless the channel asked for the wait.
 * - Where the channel refuses us altogether (a wrong token), it is not asked again in this run:
 *   its settings are read when a run starts. What it owes is kept for the next one.
 * - Where it refuses one alert, that one is set aside and the rest goes on. The next runs offer it
 *   again, in `REFUSALS_MAX` runs in all; it is forgotten once a later alert of the same cause is
 *   out, because an older word on it would mislead.
 * - What is older than `KEPT_MS_MAX` or does not fit into the queue any more is given up, and said.
 */
export class AlertOutbox {
  readonly #parts: AlertOutboxParts;
  readonly #queue: Entry[] = [];
  readonly #ended = new AbortController();
  readonly #over = aborted(this.#ended.signal);
  #busy = false;
  #work: Promise<void> = Promise.resolve();
  #closing = false;
  /** Not asked again in this run. */
  #resting = false;
  /** Told once, however many alerts it happens to. */
  #unreachedTold: string | undefined;
  /** What is being sent, or waits for its next attempt. */
  #inHand: Entry | undefined;
  #isOnItsWay = false;
  #wake: () => void = ignore;
  /** Ends a wait that the channel has not asked for. */
  #hurry: () => void = ignore;

  constructor(parts: AlertOutboxParts) {
    this.#parts = parts;
  }

  get channel(): string {
    return this.#parts.channel.name;
  }

  /** @param kept resolves when it is kept; undefined where it was found, left by an earlier run */
  put(owed: OwedAlert, kept: Promise<void> | undefined): void {
    const isInherited = kept === undefined;
    const state = { withdrawn: false, setAside: false, message: undefined, isTold: false };
    this.#queue.push({ owed, kept: kept ?? Promise.resolve(), isInherited, ...state });
    if (this.#queue.length > QUEUE_MAX) this.#makeRoom();
    if (this.#inHand !== undefined && byUrgency(owed, this.#inHand.owed) < 0) this.#hurry();
    if (this.#resting) this.#keepRefused(this.#queue.slice(-1));
    if (this.#busy || this.#resting || this.#closing) return;
    this.#busy = true;
    this.#work = this.#sendAll();
  }

  /** These need not be sent any more, and are not kept; one that is on its way is not retried. */
  withdraw(ids: readonly string[]): void {
    for (const entry of this.#queue) {
      if (ids.includes(entry.owed.id)) entry.withdrawn = true;
    }
    if (this.#inHand?.withdrawn === true) this.#wake();
  }

  /**
   * Tries once more what is owed, for `CLOSE_MS` at most, and says what remains. Leaves no timer.
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake();
    if (this.#busy) {
      const cancel = this.#parts.clock.after(CLOSE_MS, () => {
        this.#ended.abort(lost('the run ended before it answered', 'run_ended'));
      });
      await this.#work;
      cancel();
    }
    const failure = notSent('the run ended before it could be sent', 'run_ended');
    for (const entry of this.#queue) {
      if (!entry.withdrawn) this.#tellFailed(entry, failure, true);
    }
  }

  async #sendAll(): Promise<void> {
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      await Promise.race([entry.kept, this.#over]);
      if (this.#ended.signal.aborted) break;
      if (entry !== this.#next() || !this.#isWanted(entry)) continue;
      this.#inHand = entry;
      const sent = await this.#deliver(entry);
      if (sent === 'withdrawn') this.#forget([entry]);
      else if (sent !== 'overtaken') {
        if (sent instanceof ServiceFailure) await this.#failed(entry, sent);
        else this.#delivered(entry, sent.unreached);
      }
      this.#inHand = undefined;
    }
    this.#busy = false;
  }

  #next(): Entry | undefined {
    this.#forget(this.#queue.filter((entry) => entry.withdrawn));
    if (this.#resting) return undefined;
    const waiting = this.#queue.filter((entry) => !entry.setAside);
    const first = waiting.toSorted((one, other) => byUrgency(one.owed, other.owed))[0];
    // An earlier word on the same cause must not come after a later one.
    return waiting.find(({ owed }) => owed.alert.key === first?.owed.alert.key);
  }

  #isWanted(entry: Entry): boolean {
    const { clock, isOwed } = this.#parts;
    if (entry.withdrawn) return false;
    if (!isOwed(entry.owed.id)) {
      this.#drop([entry]);
      return false;
    }
    if (clock.wallMs() - entry.owed.owedMs <= KEPT_MS_MAX) return true;
    this.#giveUp(entry, notSent('it could not be sent for days', 'too_old'));
    return false;
  }

  async #deliver(entry: Entry): Promise<Sent> {
    const { random, retry: policy } = this.#parts;
    for (let retry = 1; ; retry += 1) {
      this.#isOnItsWay = true;
      entry.message = this.#messageOf(entry);
      const sent = await this.#send(entry.message).catch(asFailure);
      this.#isOnItsWay = false;
      if (!(sent instanceof ServiceFailure)) return { unreached: sent };
      const failure = sent;
      if (entry.withdrawn) return 'withdrawn';
      const fraction = random.fraction();
      const decision = decideRetry(policy, { failure, retry, idempotent: true, fraction });
      if (decision.type === 'give_up' || this.#closing) return failure;
      await this.#pause(decision.delayMs, entry, failure);
      if (entry.withdrawn || !this.#parts.isOwed(entry.owed.id)) return 'withdrawn';
      if (this.#next() !== entry) return 'overtaken';
    }
  }

  #messageOf({ owed: { alert, owedMs }, isInherited }: Entry): Alert {
    const latest = nameless(this.#parts.latest(alert));
    const lateMs = Math.max(0, this.#parts.clock.wallMs() - owedMs);
    return isInherited || lateMs >= LATE_MS ? { ...latest, lateMs } : latest;
  }

  /** One attempt; ends by its timeout, or with the run, also where the channel does not. */
  #send(alert: Alert): Promise<string | undefined> {
    const { channel, clock } = this.#parts;
    const attempt = new AbortController();
    const run = this.#ended.signal;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        run.removeEventListener('abort', onEnded);
      };
      const giveUp = (failure: ServiceFailure): void => {
        leave();
        reject(failure);
        attempt.abort(failure);
      };
      const cancel = clock.after(SEND_TIMEOUT_MS, () => {
        giveUp(lost(`no answer within ${SEND_TIMEOUT_MS / 1_000} s`, 'timeout'));
      });
      const onEnded = (): void => giveUp(run.reason as ServiceFailure);
      run.addEventListener('abort', onEnded, { once: true });
      // Called in a promise, so that one that throws at once is no different.
      Promise.resolve()
        .then(() => channel.send(alert, attempt.signal))
        .finally(leave)
        .then((unreached) => resolve(unreached ?? undefined), reject);
    });
  }

  #delivered(entry: Entry, unreached: string | undefined): void {
    const { key } = entry.owed.alert;
    const place = this.#queue.indexOf(entry);
    const overtaken = this.#queue.filter(({ owed }, index) => {
      return index < place && owed.alert.key === key;
    });
    this.#forget([...overtaken, entry]);
    this.#parts.emit({ type: 'alert.sent', ...this.#about(entry) });
    if (unreached === undefined || unreached === this.#unreachedTold) return;
    this.#unreachedTold = unreached;
    const message = `an alert did not reach everybody: ${unreached}`;
    this.#parts.emit({ type: 'notice', level: 'warn', code: 'alert_unreached', message });
  }

  async #failed(entry: Entry, failure: ServiceFailure): Promise<void> {
    const { save, clock } = this.#parts;
    if (failure.kind === 'permanent' && failure.scope === 'request') {
      const refusals = entry.owed.refusals + 1;
      if (refusals >= REFUSALS_MAX) {
        this.#giveUp(entry, failure);
        return;
      }
      entry.setAside = true;
      void save({ owed: [{ ...entry.owed, refusals, refusedMs: clock.wallMs() }] });
      this.#tellFailed(entry, failure, true);
      return;
    }
    this.#tellFailed(entry, failure, true);
    if (failure.kind === 'permanent' || this.#closing) {
      this.#resting = true;
      if (failure.kind === 'permanent') this.#keepRefused(this.#queue);
      return;
    }
    const askedMs = Math.min(HOLD_MS_MAX, failure.retryAfterMs ?? 0);
    await this.#pause(Math.max(CHANNEL_PAUSE_MS, askedMs), entry, failure);
  }

  /** Waits, unless the run ends or what it waits for has become needless, or less urgent. */
  async #pause(delayMs: number, { owed }: Entry, { retryAfterMs }: ServiceFailure): Promise<void> {
    if (this.#closing) return;
    const isAsked = retryAfterMs !== undefined;
    const next = this.#next();
    // It may have come while that which failed was on its way.
    if (!isAsked && next !== undefined && byUrgency(next.owed, owed) < 0) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    if (!isAsked) this.#hurry = this.#wake;
    await this.#parts.clock.sleep(delayMs, waiting.signal).catch(ignore);
    this.#wake = ignore;
    this.#hurry = ignore;
  }

  /** For who asks what becomes of them: not this run's business any more. */
  #keepRefused(entries: readonly Entry[]): void {
    const { save, clock, isOwed } = this.#parts;
    const kept = entries.filter((one) => {
      return !one.withdrawn && !one.setAside && isOwed(one.owed.id);
    });
    const refusedMs = clock.wallMs();
    if (kept.length > 0) void save({ owed: kept.map(({ owed }) => ({ ...owed, refusedMs })) });
  }

  #makeRoom(): void {
    const [oldest] = this.#queue
      .filter((entry) => !(this.#isOnItsWay && entry === this.#inHand))
      .toSorted((one, other) => byUrgency(other.owed, one.owed));
    if (oldest === undefined) return;
    const failure = notSent(`more than ${QUEUE_MAX} alerts wait for it`, 'queue_full');
    this.#forget([oldest]);
    // In hand between two attempts, perhaps: then it is not tried again.
    oldest.withdrawn = true;
    // Not at once: this is told of an event, and what it brings about comes after that.
    queueMicrotask(() => this.#tellFailed(oldest, failure, false));
  }

  #giveUp(entry: Entry, failure: ServiceFailure): void {
    this.#forget([entry]);
    this.#tellFailed(entry, failure, false);
  }

  /** Nothing is owed of these any more. */
  #forget(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#drop(entries);
    void this.#parts.save({ settled: entries.map(({ owed }) => owed.id) });
  }

  #drop(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const place = this.#queue.indexOf(entry);
      if (place >= 0) this.#queue.splice(place, 1);
    }
  }

  /** Once per alert and run where it is kept: a channel that is dead for hours says it once. */
  #tellFailed(entry: Entry, failure: ServiceFailure, kept: boolean): void {
    if (kept && entry.isTold) return;
    entry.isTold = true;
    const { kind, code, status, message } = failure;
    const why = { kind, code, status, message, kept };
    this.#parts.emit({ type: 'alert.failed', ...this.#about(entry), ...why });
  }

  #about({ owed: { alert }, message }: Entry) {
    const { key, kind, severity, title, service, role, joins } = alert;
    const { contacts, contactsMore } = message ?? alert;
    const { channel } = this;
    const met = { contacts, contactsMore, joins };
    return { channel, key, alert: kind, severity, title, service, role, ...met } satisfies Omit<
      Extract<CampaignEvent, { type: 'alert.sent' }>,
      'type'
    >;
  }
}

/** The less, the more severe. */
function byUrgency(one: OwedAlert, other: OwedAlert): number {
  return bySeverity(one.alert.severity, other.alert.severity);
}

/** It may have been sent all the same. */
function lost(message: string, code: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'unknown', scope: 'service', code });
}

function notSent(message: string, code: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code });
}

/** A bug of a channel must not keep it from sending other alerts, nor be retried for ever. */
function asFailure(error: unknown): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = 'channel_failed';
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code, cause: error });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function ignore(): void {}
