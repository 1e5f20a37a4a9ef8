import type { Alert } from '../domain/alert.ts';
import {
  type AlertMoment,
  type AlertState,
  type AlertsAfter,
  alertsAfter,
  alertsOver,
  isHeard,
  NO_ALERTS,
} from '../domain/alert-rules.ts';
import type { BreakerName, CampaignEvent } from '../domain/event.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../domain/retry.ts';
import { AlertOutbox, KEPT_MS_MAX } from './alert-outbox.ts';
import { quietly } from './news.ts';
import type {
  AlertChange,
  AlertChannel,
  AlertMemory,
  Clock,
  Emit,
  OwedAlert,
  RandomSource,
} from './ports.ts';

export interface AlerterParts {
  readonly campaign: string;
  /** Names are unique. With none, nothing is sent, but what is open is known all the same. */
  readonly channels: readonly AlertChannel[];
  readonly memory: AlertMemory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  /** How a failed send is retried. */
  readonly retry?: RetryPolicy | undefined;
}

/** A breaker as a run finds it. */
export interface FoundBreaker {
  readonly service: string;
  readonly state: BreakerName;
}

/**
 * Listens to the engine's events, and tells the operator through the channels what they should be
 * woken for. `take` neither throws nor waits: every channel sends by itself, in its own time.
 *
 * An alert is kept before it is sent and forgotten after: a crash between the two sends it twice,
 * none loses it. Where it cannot be kept, because the disk is full, it is sent all the same. What
 * a run could not send, the next run on the same store sends, whatever its campaign.
 *
 * A recovery whose alert has not been sent on a channel takes its place there: one message, which
 * says what had happened, for how long, and that it is over. An alert that is on its way at that
 * moment is not called back; the recovery follows it.
 */
export class Alerter implements AsyncDisposable {
  readonly #parts: AlerterParts;
  readonly #outboxes: readonly AlertOutbox[];
  #state: AlertState = NO_ALERTS;
  #closed: Promise<void> | undefined;
  #hasComplained = false;

  /** What earlier runs have left is sent from now on. */
  constructor(parts: AlerterParts) {
    const { clock, random, retry = DEFAULT_RETRY } = parts;
    const emit = quietly(parts.emit);
    this.#parts = { ...parts, emit };
    this.#outboxes = parts.channels.map((channel) => {
      const save = (change: AlertChange): Promise<void> => this.#save(change);
      const isOwed = (id: string): boolean => this.#owed()?.some((one) => one.id === id) ?? true;
      const latest = (alert: Alert): Alert => this.#latest(alert);
      return new AlertOutbox({ channel, clock, random, emit, retry, save, isOwed, latest });
    });
    const owed = this.#read();
    this.#forgetOrphans(owed);
    this.#hand(owed, Promise.resolve());
  }

  /** Never throws, whatever the event. */
  take(event: CampaignEvent): void {
    if (this.#closed !== undefined || !isHeard(event.type)) return;
    this.#judge((state, moment) => alertsAfter(state, event, moment));
  }

  /** Ends what is open of services that are not known to be down when a run begins. */
  reconcile(breakers: readonly FoundBreaker[]): void {
    if (this.#closed !== undefined) return;
    const away = new Set(breakers.filter(({ state }) => state !== 'closed').map(serviceOf));
    const closed = new Set(breakers.map(serviceOf).filter((service) => !away.has(service)));
    this.#judge((state, moment) => alertsOver(state, [...closed], moment));
  }

  /**
   * Takes nothing any more, and gives what is owed a few seconds to go out (`CLOSE_MS`); what
   * remains is kept. Resolves when nothing is under way and no timer is left. Never rejects.
   */
  close(): Promise<void> {
    this.#closed ??= Promise.all(this.#outboxes.map((outbox) => outbox.close())).then(() => {});
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #judge(rules: (state: AlertState, moment: AlertMoment) => AlertsAfter): void {
    try {
      this.#follow(rules);
    } catch (error) {
      this.#complain(error);
    }
  }

  #follow(rules: (state: AlertState, moment: AlertMoment) => AlertsAfter): void {
    // Read anew: another run on the same store may have raised or cleared it meanwhile.
    const owedBefore = this.#read();
    const before = this.#state;
    const { campaign, channels, clock, random } = this.#parts;
    const wallMs = clock.wallMs();
    const { state, news } = rules(before, { campaign, wallMs });
    if (state === before) return;
    this.#state = state;
    const owed = news.flatMap((alert) =>
      channels.map(({ name: channel }) => {
        return { id: random.id(), channel, alert, owedMs: wallMs, refusals: 0 };
      }),
    );
    const settled = owedBefore.filter(({ alert }) => isOver(alert, news)).map(({ id }) => id);
    for (const outbox of this.#outboxes) outbox.withdraw(settled);
    this.#hand(owed, this.#save({ ...difference(before, state), owed, settled }));
  }

  #hand(owed: readonly OwedAlert[], kept: Promise<void>): void {
    for (const outbox of this.#outboxes) {
      for (const one of owed) {
        if (one.channel === outbox.channel) outbox.put(one, kept);
      }
    }
  }

  /** Of channels that are not in use any more, nobody else would ever give them up. */
  #forgetOrphans(owed: readonly OwedAlert[]): void {
    const { channels, clock } = this.#parts;
    const known = new Set(channels.map(({ name }) => name));
    const tooOldMs = clock.wallMs() - KEPT_MS_MAX;
    const orphans = owed.filter((one) => !known.has(one.channel) && one.owedMs < tooOldMs);
    if (orphans.length > 0) void this.#save({ settled: orphans.map(({ id }) => id) });
  }

  /** Brings the state up to date; answers what is owed. What cannot be read is left as it was. */
  #read(): readonly OwedAlert[] {
    try {
      const { open, owed } = this.#parts.memory.load();
      this.#state = new Map(open.map((alert) => [alert.key, alert]));
      return owed;
    } catch (error) {
      this.#complain(error);
      return [];
    }
  }

  #owed(): readonly OwedAlert[] | undefined {
    try {
      return this.#parts.memory.load().owed;
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  #latest(alert: Alert): Alert {
    const open = this.#state.get(alert.key);
    const isSame = alert.kind === 'raised' && open?.sinceMs === alert.sinceMs;
    return isSame ? open : alert;
  }

  async #save(change: AlertChange): Promise<void> {
    try {
      await this.#parts.memory.save(change);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Once: what cannot be read or written now cannot be at the next event either. */
  #complain(error: unknown): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    const why = error instanceof Error ? error.message : String(error);
    const message = `what is known of alerts cannot be kept, so that some may come twice: ${why}`;
    this.#parts.emit({ type: 'notice', level: 'error', code: 'alerts_not_kept', message });
  }
}

function serviceOf({ service }: FoundBreaker): string {
  return service;
}

/** Whether one of the news ends what this alert, which nobody has been told yet, began. */
function isOver({ kind, key }: Alert, news: readonly Alert[]): boolean {
  return kind === 'raised' && news.some((one) => one.kind === 'recovered' && one.key === key);
}

function difference(before: AlertState, after: AlertState): AlertChange {
  return {
    open: [...after.values()].filter((alert) => before.get(alert.key) !== alert),
    cleared: [...before.keys()].filter((key) => !after.has(key)),
  };
}
