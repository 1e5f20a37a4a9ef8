import { ALERT_SEVERITIES, type Alert } from '../domain/alert.ts';
import { nameless } from '../domain/alert-contacts.ts';
import { hostWatched, type Turnings } from '../domain/alert-host.ts';
import { type AlertPolicies, DEFAULT_ALERT_POLICIES } from '../domain/alert-policy.ts';
import {
  type AlertMoment,
  type AlertState,
  type AlertsAfter,
  alertsAfter,
  alertsFound,
  asWanted,
  type FoundOpen,
  isCounted,
  isHeard,
  NO_ALERTS,
  UNKNOWN_CAUSE,
  withCounts,
} from '../domain/alert-rules.ts';
import { checkFailed, checkPassed, hasCheckTrouble, isStalled } from '../domain/alert-services.ts';
import type { CampaignFigures, Sign, WatchMoment } from '../domain/alert-sign.ts';
import { alertsBySigns, alertsLeft, isSwitchedOff } from '../domain/alert-signs.ts';
import { type Failing, noticesApart, serviceKey } from '../domain/alert-state.ts';
import { AlertWatch, isWatched } from '../domain/alert-watch.ts';
import type { BreakerName, CampaignEvent } from '../domain/event.ts';
import { ServiceFailure } from '../domain/failure.ts';
import { type CheckFault, HealthWatch } from '../domain/health-watch.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../domain/retry.ts';
import { breakersAfter, isMove, type RunBreakers } from '../domain/run-breakers.ts';
import type { Role } from '../domain/words.ts';
import { AlertOutbox, KEPT_MS_MAX } from './alert-outbox.ts';
import type { Guard } from './guard.ts';
import { quietly } from './news.ts';
import type {
  AlertChange,
  AlertChannel,
  AlertMemory,
  Clock,
  Emit,
  HostFigures,
  OwedAlert,
  RandomSource,
} from './ports.ts';
import { faultOf, ProbeTimeout } from './probe.ts';

export interface AlerterParts {
  readonly campaign: string;
  /** Names are unique. With none, nothing is sent, but what is open is known all the same. */
  readonly channels: readonly AlertChannel[];
  readonly memory: AlertMemory;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
  /** What is told, and when; as shipped, where left out. */
  readonly policies?: AlertPolicies | undefined;
  /** How long the run goes on without any progress; the alert of an outage says so. */
  readonly outageWaitMs?: number | undefined;
  /** How the contacts have ended, in all runs; of this run only, where it is left out. */
  readonly figures?: (() => CampaignFigures) | undefined;
  /** How a failed send is retried. */
  readonly retry?: RetryPolicy | undefined;
}

/** A breaker as a run finds it. */
export interface FoundBreaker {
  readonly service: string;
  readonly role: Role;
  readonly state: BreakerName;
  /** When that began, or the outage it belongs to; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Until it may be asked. */
  readonly retryAfterMs: number;
  readonly cause: ServiceFailure | undefined;
}

/** What a guard says of its breaker. */
export function foundBreaker(guard: Pick<Guard, 'service' | 'role' | 'status'>): FoundBreaker {
  const { service, role } = guard;
  return { service, role, ...guard.status() };
}

/** What only adds to an open alert's count is kept no more often. */
export const COUNTS_KEPT_MS = 1_000;

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
  /** As read last, and with what has been counted since: many events do nothing else. */
  #read: AlertState = NO_ALERTS;
  #state: AlertState = NO_ALERTS;
  #readMs = 0;
  /** Of the state, as it was looked at last. */
  #apart = { of: NO_ALERTS, ...noticesApart(NO_ALERTS) };
  readonly #watch = new AlertWatch();
  readonly #health = new HealthWatch();
  /** Of the machine's figures. */
  #turnings: Turnings = new Map();
  #breakers: RunBreakers = [];
  /** Services, with their role, that an earlier run told to take no requests. */
  readonly #stalled = new Set<string>();
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
    const owed = this.#load();
    this.#hand(this.#wanted(owed), undefined);
  }

  /** Never throws, whatever the event. */
  take(event: CampaignEvent): void {
    if (this.#closed !== undefined) return;
    const { clock } = this.#parts;
    this.#health.take(event, () => clock.wallMs());
    if (isHeard(event.type)) {
      this.#breakers = breakersAfter(this.#breakers, event);
      // From here on this run tells of it itself.
      if (isMove(event)) this.#stalled.delete(`${event.role} ${event.service}`);
      const failing = event.type === 'breaker.opened' ? this.#failing(event) : undefined;
      const rules: Rules = (state, moment) => alertsAfter(state, event, { ...moment, failing });
      if (isCounted(event.type)) this.#count(rules);
      else this.#judge(rules);
    }
    if (event.type === 'step.finished' && this.#stalled.size > 0) this.#worked(event);
    // After the outages, whose consequences are none of its own.
    if (!isWatched(event.type)) return;
    this.#heed(this.#watch.take(event, this.#moment()));
  }

  #failing(opened: Extract<CampaignEvent, { type: 'breaker.opened' }>): Failing {
    const sinceMs = this.#health.failingSince(opened, this.#parts.clock.wallMs());
    return { sinceMs, isWell: this.#health.isWell(opened, sinceMs) };
  }

  /** A request was answered by what refused everything to an earlier run. */
  #worked({ service, role, requestMs }: Extract<CampaignEvent, { type: 'step.finished' }>): void {
    // What became of a call of the earlier run says nothing of a new one.
    if (service === undefined || requestMs === undefined) return;
    if (!this.#stalled.has(`${role} ${service}`)) return;
    this.take({ type: 'service.resumed', service, role, outageMs: 0 });
  }

  /** The result of one health check; `error` is what it failed with. Never throws. */
  takeCheck(service: string, role: Role, isGood: boolean, error?: unknown): void {
    if (this.#closed !== undefined) return;
    if (isGood) {
      this.#health.checkPassed(service, role, this.#parts.clock.wallMs());
      if (!hasCheckTrouble(this.#state, { service, role })) return;
      this.#judge((state, moment) => checkPassed(state, { service, role }, moment));
      return;
    }
    const { clock } = this.#parts;
    const told = this.#health.checkFailed(service, role, checkFaultOf(error), clock.wallMs());
    if (told === undefined) return;
    const isNew = !this.#state.has(serviceKey(service));
    this.#judge((state, moment) => checkFailed(state, told, moment));
    if (isNew) this.#heed(this.#watch.outageTold(told, this.#moment()));
  }

  /** One reading of the machine's figures. Never throws. */
  takeHost(figures: HostFigures): void {
    if (this.#closed !== undefined) return;
    const moment = this.#moment();
    const { turnings, signs } = hostWatched(this.#turnings, figures, moment);
    this.#turnings = turnings;
    // It comes round every few seconds, so what is over because nothing happens is seen here.
    this.#heed([...signs, ...this.#watch.look(moment)]);
  }

  /**
   * Tells it with which breakers the run begins, all of the chains in their order. What is open of
   * services that are not down is ended, and what is down and not known of is told.
   */
  reconcile(breakers: readonly FoundBreaker[]): void {
    if (this.#closed !== undefined) return;
    this.#breakers = breakers.map(({ service, role, state }) => {
      const isOld = isStalled(this.#state, { service, role });
      if (isOld) this.#stalled.add(`${role} ${service}`);
      return { service, role, isOpen: isOld || state !== 'closed' };
    });
    const open = breakers.filter(({ state }) => state !== 'closed').map(foundOpen);
    this.#judge((state, moment) => {
      const left = alertsLeft(state, moment);
      const { state: after, news } = alertsFound(left.state, open, moment);
      return { state: after, news: [...left.news, ...news] };
    });
  }

  /**
   * Takes nothing any more, and gives what is owed a few seconds to go out (`CLOSE_MS`); what
   * remains is kept. Resolves when nothing is under way and no timer is left. Never rejects.
   */
  close(): Promise<void> {
    if (this.#closed === undefined) this.#keepCounts();
    this.#closed ??= Promise.all(this.#outboxes.map((outbox) => outbox.close())).then(() => {});
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #moment(): WatchMoment {
    const { campaign, clock, outageWaitMs, policies = DEFAULT_ALERT_POLICIES } = this.#parts;
    if (this.#apart.of !== this.#state) {
      this.#apart = { of: this.#state, ...noticesApart(this.#state) };
    }
    const { open, told } = this.#apart;
    const nowMs = clock.monotonicMs();
    return {
      campaign,
      wallMs: clock.wallMs(),
      nowMs,
      cutOff: (service) => this.#watch.cutOff(service, nowMs),
      breakers: this.#breakers,
      outageWaitMs,
      policies,
      open,
      told,
      figures: this.#parts.figures && (() => this.#figures()),
    };
  }

  /** Rather this run's alone than none. */
  #figures(): CampaignFigures | undefined {
    try {
      return this.#parts.figures?.();
    } catch {
      return undefined;
    }
  }

  #heed(signs: readonly Sign[]): void {
    if (signs.length === 0) return;
    const rules: Rules = (state, moment) => alertsBySigns(state, signs, moment);
    if (signs.every(({ type }) => type === 'joined')) this.#count(rules);
    else this.#judge(rules);
  }

  /** Of what is known, and kept only now and then: in an outage there are thousands. */
  #count(rules: Rules): void {
    const { state } = rules(this.#state, this.#moment());
    if (state === this.#state) return;
    this.#state = state;
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#readMs >= COUNTS_KEPT_MS) this.#keepCounts();
  }

  #keepCounts(): void {
    if (this.#state !== this.#read) this.#judge((state) => ({ state, news: [] }));
  }

  #judge(rules: Rules): void {
    try {
      this.#follow(rules);
    } catch (error) {
      this.#complain(error);
    }
  }

  #follow(rules: Rules): void {
    // Read anew: another run on the same store may have raised or cleared it meanwhile.
    const owedBefore = this.#load();
    const before = this.#read;
    const moment = this.#moment();
    const { state, news: all } = rules(this.#state, moment);
    const news = asWanted(all, moment.policies);
    if (state === before && news.length === 0) return;
    this.#state = state;
    this.#read = state;
    const { channels, random } = this.#parts;
    const owed = news.flatMap((alert) =>
      channels.filter(takes(alert)).map(({ name: channel }) => {
        const its = { channel, alert: nameless(alert), owedMs: moment.wallMs, refusals: 0 };
        return { id: random.id(), ...its };
      }),
    );
    const settled = owedBefore.filter((one) => isOver(one, news) || isReplaced(one, owed));
    const ids = settled.map(({ id }) => id);
    for (const outbox of this.#outboxes) outbox.withdraw(ids);
    this.#hand(owed, this.#save({ ...difference(before, state), owed, settled: ids }));
  }

  #hand(owed: readonly OwedAlert[], kept: Promise<void> | undefined): void {
    for (const outbox of this.#outboxes) {
      for (const one of owed) {
        if (one.channel === outbox.channel) outbox.put(one, kept);
      }
    }
  }

  /**
   * Without those of rules that are switched off, which are given up. So are the old ones of
   * channels that are not in use any more: nobody else would ever do that.
   */
  #wanted(owed: readonly OwedAlert[]): readonly OwedAlert[] {
    const { channels, clock, policies = DEFAULT_ALERT_POLICIES } = this.#parts;
    const known = new Set(channels.map(({ name }) => name));
    const tooOldMs = clock.wallMs() - KEPT_MS_MAX;
    const isOrphan = (one: OwedAlert) => !known.has(one.channel) && one.owedMs < tooOldMs;
    const settled = owed.filter((one) => isSwitchedOff(one.alert, policies) || isOrphan(one));
    if (settled.length > 0) void this.#save({ settled: settled.map(({ id }) => id) });
    return owed.filter((one) => !settled.includes(one));
  }

  /** Brings the state up to date; answers what is owed. What cannot be read is left as it was. */
  #load(): readonly OwedAlert[] {
    this.#readMs = this.#parts.clock.monotonicMs();
    try {
      const { open, told, owed } = this.#parts.memory.load();
      const read = new Map([...open, ...told].map((alert) => [alert.key, alert]));
      this.#state = withCounts(read, this.#read, this.#state);
      this.#read = read;
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

/** Whoever is told of a trouble is told that it is over. */
export function takes({
  severity,
  ends = severity,
  was,
  kind,
}: Alert): (channel: Pick<AlertChannel, 'severities'>) => boolean {
  return ({ severities = ALERT_SEVERITIES }) => {
    if (severities.includes(severity) || severities.includes(ends)) return true;
    // What has become worse is over for those too who only heard of it before it was.
    return kind === 'recovered' && was !== undefined && severities.includes(was);
  };
}

/** What a health check failed with, in the words of failures. */
function checkFaultOf(error: unknown): CheckFault {
  const message = faultOf(error);
  if (!(error instanceof ServiceFailure)) {
    const code = error instanceof ProbeTimeout ? 'timeout' : 'check_failed';
    return { kind: 'transient', code, message };
  }
  const isOurs = error.kind === 'permanent' && error.scope === 'service';
  return { kind: isOurs ? 'permanent' : 'transient', code: error.code, message };
}

type Rules = (state: AlertState, moment: AlertMoment) => AlertsAfter;

function foundOpen({ service, role, sinceMs, retryAfterMs, cause }: FoundBreaker): FoundOpen {
  const { kind, code, message } = cause ?? NO_CAUSE;
  const about = { service, role, openMs: retryAfterMs, kind, code, message };
  return { event: { type: 'breaker.opened', ...about }, sinceMs };
}

const NO_CAUSE = {
  kind: 'unknown',
  code: UNKNOWN_CAUSE,
  message: 'it failed in an earlier run',
} as const;

/** Whether one of the news ends what this alert, which nobody has been told yet, began. */
function isOver({ alert: { kind, key } }: OwedAlert, news: readonly Alert[]): boolean {
  return kind === 'raised' && news.some((one) => one.kind === 'recovered' && one.key === key);
}

/** Whether its channel is given the same now as something worse: then that is enough. */
function isReplaced({ channel, alert: { kind, key } }: OwedAlert, owed: readonly OwedAlert[]) {
  return owed.some((one) => {
    const isSame = one.channel === channel && one.alert.key === key;
    return isSame && kind === 'raised' && one.alert.kind === 'raised';
  });
}

function difference(before: AlertState, after: AlertState): AlertChange {
  return {
    open: [...after.values()].filter((alert) => before.get(alert.key) !== alert),
    cleared: [...before.keys()].filter((key) => !after.has(key)),
  };
}
