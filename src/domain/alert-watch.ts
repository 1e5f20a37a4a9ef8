/**
 * What an alert needs more than one event for: shares of calls, slow answers, services that others
 * stand in for, how far a campaign has come. There are many events, and most say nothing: each
 * takes constant time, and what is kept of them is changed in place.
 *
 * What fails while its service has its own alert is a consequence of that, and counts here neither
 * as failed nor as done; what a service failed at before its breaker opened is forgotten then.
 */
import { ConnectionWatch } from './alert-connections.ts';
import { FailedCalls } from './alert-failed-calls.ts';
import { levelAfter } from './alert-level.ts';
import type { WindowPolicy } from './alert-policy.ts';
import {
  cutCallsWords,
  errorRateWords,
  fallbackWords,
  finishedWords,
  llmFailureWords,
  milestoneWords,
  rateBackWords,
  rateCausedWords,
  type ShareFigures,
  slowWords,
  startedWords,
  successRateWords,
} from './alert-rule-text.ts';
import type { Sign, WatchMoment } from './alert-sign.ts';
import { campaignKey, serviceKey } from './alert-state.ts';
import type { AlertWords, ServiceTrouble } from './alert-text.ts';
import type { CampaignEvent, EventType } from './event.ts';
import { OutcomeCounts } from './outcome-counts.ts';
import {
  EMPTY_WINDOW,
  meanOf,
  type SlidingWindow,
  windowAfter,
  windowAt,
  windowWithout,
} from './sliding-window.ts';
import type { Outcome, Role } from './words.ts';

export type { Sign, WatchMoment } from './alert-sign.ts';

const RATES = ['errorRate', 'llmFailureRate', 'successRate', 'cutCalls'] as const;
type RateName = (typeof RATES)[number];

/** One service that others stand in for; monotonic milliseconds, and the wall clock. */
interface StandIn {
  readonly firstMs: number;
  readonly firstWallMs: number;
  readonly lastMs: number;
  readonly times: number;
}

const WATCHED: ReadonlySet<EventType> = new Set([
  'step.finished',
  'call.finished',
  'call.failed',
  'contact.put_off',
  'fallback.used',
  'breaker.opened',
  'run.started',
  'run.finished',
  'connection.changed',
]);

/** Whether such an event says anything of a figure. */
export function isWatched(type: EventType): boolean {
  return WATCHED.has(type);
}

type EventOf<Type extends EventType> = Extract<CampaignEvent, { type: Type }>;

const NO_SIGNS: readonly Sign[] = [];

interface RateRule {
  /** The end of the key. */
  readonly suffix: string;
  readonly words: (figures: ShareFigures) => AlertWords;
  /** What is counted is too much above this. */
  readonly limit: (threshold: number) => number;
}

const RATE_RULES: Readonly<Record<RateName, RateRule>> = {
  errorRate: { suffix: 'error_rate', words: errorRateWords, limit: (threshold) => threshold },
  llmFailureRate: {
    suffix: 'llm_failure_rate',
    words: llmFailureWords,
    limit: (threshold) => threshold,
  },
  // Counted are the calls without success, so that all of them are told above a limit.
  successRate: {
    suffix: 'success_rate',
    words: successRateWords,
    // To a billionth: 1 - 0.8 is less than 0.2 by a hair.
    limit: (threshold) => Number((1 - threshold).toFixed(9)),
  },
  cutCalls: { suffix: 'cut_calls', words: cutCallsWords, limit: (threshold) => threshold },
};

/** What was told above a limit is over only at so much of it, */
const CLEAR_SHARE = 0.8;
/** and only when it has stayed there for so long. */
export const CLEAR_AFTER_MS = 5 * 60_000;

export function rateKey(campaign: string, name: RateName): string {
  return `${campaignKey(campaign)}:${RATE_RULES[name].suffix}`;
}

export function slowKey(service: string, role: Role): string {
  return `${serviceKey(service)}:slow:${role}`;
}

export function fallbackKey(service: string, role: Role): string {
  return `${serviceKey(service)}:fallback:${role}`;
}

function placeOf(role: Role, service: string): string {
  return `${role} ${service}`;
}

/** Somebody's telephone rang, or would have: what came of it is theirs to say. */
const SUCCESSES: ReadonlySet<Outcome> = new Set([
  'answered',
  'voicemail',
  'busy',
  'no_answer',
  'previewed',
]);

const MILESTONES = [75, 50, 25] as const;

/** A figure, and what is told where it is too high or well again. */
interface Figure {
  readonly policy: WindowPolicy;
  readonly limitAt: number;
  readonly window: SlidingWindow;
  readonly key: () => string;
  readonly raised: () => Pick<
    Extract<Sign, { type: 'raised' }>,
    'rule' | 'words' | 'service' | 'affected'
  >;
  readonly cleared: () => AlertWords;
}

/** The figures of one run. */
export class AlertWatch {
  readonly #rates: Record<RateName, SlidingWindow> = {
    errorRate: EMPTY_WINDOW,
    llmFailureRate: EMPTY_WINDOW,
    successRate: EMPTY_WINDOW,
    cutCalls: EMPTY_WINDOW,
  };
  /** How long requests took, by role and service. */
  readonly #requests = new Map<string, SlidingWindow>();
  /** By role and service. */
  readonly #standIns = new Map<string, StandIn>();
  /** By key; see `Turning`. */
  readonly #turnings = new Map<string, number>();
  /** By contact in hand whose call failed: what was told of that. */
  readonly #failedBy = new Map<string, EventOf<'call.failed'>>();
  readonly #failedCalls = new FailedCalls();
  /** What failed last, for the words. */
  #lastFailure: Pick<ServiceTrouble, 'code' | 'message'> | undefined;
  /** Of the list, and how many of them have their outcome. */
  #total = 0;
  #through = 0;
  /** Of this run. */
  readonly #outcomes = new OutcomeCounts();
  #failedTries = 0;
  readonly #connections = new ConnectionWatch();

  /** What is over because nothing has happened. */
  look(moment: WatchMoment): readonly Sign[] {
    return this.#connections.look(moment);
  }

  take(event: CampaignEvent, moment: WatchMoment): readonly Sign[] {
    switch (event.type) {
      case 'step.finished':
        return this.#stepFinished(event, moment);
      case 'call.finished':
        return this.#callFinished(event, moment);
      case 'call.failed':
        return this.#callFailed(event, moment);
      case 'contact.put_off':
        this.#failedBy.delete(event.contact);
        return NO_SIGNS;
      case 'fallback.used':
        return this.#fallbackUsed(event, moment);
      case 'breaker.opened':
        return this.#outageBegins(event, moment);
      case 'run.started':
        return this.#runStarted(event, moment);
      case 'run.finished':
        return this.#runFinished(event, moment);
      case 'connection.changed':
        return this.#connections.take(event, moment);
      default:
        return NO_SIGNS;
    }
  }

  // -------------------------------------------------------------------------- shares of calls

  #callFailed(event: EventOf<'call.failed'>, moment: WatchMoment): readonly Sign[] {
    const { contact, step, service, code, message } = event;
    this.#failedBy.set(contact, event);
    this.#failedTries += 1;
    if (service !== undefined && isOut(service, moment)) return NO_SIGNS;
    this.#lastFailure = { code, message };
    const errors = this.#count('errorRate', true, service, moment);
    if (step !== 'script') return errors;
    return joined(errors, this.#count('llmFailureRate', true, service, moment));
  }

  #callFinished(event: EventOf<'call.finished'>, moment: WatchMoment): readonly Sign[] {
    const { contact, outcome, cut, detail } = event;
    const failed = this.#failedBy.get(contact);
    const hasFailed = failed !== undefined;
    const service = failed?.service;
    if (hasFailed) this.#failedBy.delete(contact);
    this.#outcomes.take(event);
    // It was counted as uncertain when it was told so, perhaps by an earlier run.
    if (event.was !== undefined) return NO_SIGNS;
    // Nobody was rung, as they had asked: that went neither well nor wrong.
    if (event.code === 'opted_out') return this.#goOn(moment);
    const isBad = !SUCCESSES.has(outcome);
    const passed = this.#goOn(moment);
    if (service !== undefined && isOut(service, moment)) return passed;
    const told = joined(passed, this.#forGood(outcome, failed, moment));
    if (isBad && outcome !== 'invalid_number' && isRoleOut('dialer', moment)) return told;
    // The vendor may say so of a call, and then nothing was told to have failed before.
    const isNew = outcome === 'failed' && !hasFailed;
    if (isNew) this.#lastFailure = { code: outcome, message: detail ?? 'no reason given' };
    const isCounted = outcome !== 'failed' || isNew;
    const errors = isCounted ? this.#count('errorRate', isNew, undefined, moment) : NO_SIGNS;
    const success = this.#count('successRate', isBad, service, moment);
    const isDialled = outcome !== 'failed' && outcome !== 'invalid_number';
    const cuts = isDialled ? this.#count('cutCalls', cut === true, undefined, moment) : NO_SIGNS;
    return joined(told, joined(errors, joined(success, cuts)));
  }

  /** What a service refuses for what is in it was not tried over and over: shares count that. */
  #forGood(
    outcome: Outcome,
    failed: EventOf<'call.failed'> | undefined,
    moment: WatchMoment,
  ): readonly Sign[] {
    if (outcome !== 'failed') return this.#failedCalls.wentOn(moment);
    if (failed === undefined || failed.kind === 'permanent') return NO_SIGNS;
    return this.#failedCalls.failed(failed, moment);
  }

  /** One call more of which it is asked whether it is a bad one. */
  #count(
    name: RateName,
    isBad: boolean,
    cause: string | undefined,
    moment: WatchMoment,
  ): readonly Sign[] {
    const policy = moment.policies[name];
    if (!policy.enabled) return NO_SIGNS;
    const { windowMs, threshold } = policy;
    const before = this.#rates[name];
    const window = windowAfter(before, windowMs, moment.nowMs, isBad ? 1 : 0, cause);
    this.#rates[name] = window;
    const limitAt = RATE_RULES[name].limit(threshold);
    if (this.#isCalm(window, limitAt, moment)) return NO_SIGNS;
    const key = rateKey(moment.campaign, name);
    const figures = this.#figuresOf(name, moment);
    const more: readonly Sign[] = isBad && moment.open.has(key) ? [{ type: 'joined', key }] : [];
    const judged = this.#judge(
      {
        policy,
        limitAt,
        window,
        key: () => key,
        raised: () => ({
          rule: name,
          words: RATE_RULES[name].words(figures),
          affected: window.sum,
        }),
        cleared: () => rateBackWords(name, figures),
      },
      moment,
    );
    return joined(more, judged);
  }

  #figuresOf(name: RateName, { campaign, policies, nowMs }: WatchMoment): ShareFigures {
    const { threshold, windowMs } = policies[name];
    const { sum: bad, count: calls } = windowAt(this.#rates[name], windowMs, nowMs);
    return { campaign, bad, calls, threshold, windowMs, last: this.#lastFailure };
  }

  /** Nothing is told, and nothing is to be told: by far the most of the time. */
  #isCalm({ sum, count }: SlidingWindow, limitAt: number, { open }: WatchMoment): boolean {
    return open.size === 0 && sum <= limitAt * count && this.#turnings.size === 0;
  }

  #judge(figure: Figure, { open, nowMs, wallMs }: WatchMoment): readonly Sign[] {
    const { policy, limitAt, window } = figure;
    const value = meanOf(window);
    if (value === undefined || window.count < policy.callsMin) return NO_SIGNS;
    const key = figure.key();
    const band = {
      raiseAt: limitAt,
      raiseAfterMs: 0,
      clearAt: CLEAR_SHARE * limitAt,
      clearAfterMs: CLEAR_AFTER_MS,
    };
    const before = this.#turnings.get(key);
    const { turning, verdict } = levelAfter(band, open.has(key), before, value, nowMs);
    if (turning === undefined) this.#turnings.delete(key);
    else this.#turnings.set(key, turning);
    if (verdict === undefined) return NO_SIGNS;
    return verdict === 'raise'
      ? [{ type: 'raised', key, sinceMs: wallMs, ...figure.raised() }]
      : [{ type: 'cleared', key, words: figure.cleared() }];
  }

  /**
   * What the service failed at until now was the beginning of its outage, also where it was told
   * before it was known whose failures they are.
   */
  #outageBegins(
    { service, role }: EventOf<'breaker.opened'>,
    moment: WatchMoment,
  ): readonly Sign[] {
    this.#standIns.delete(placeOf(role, service));
    const { campaign, open, policies } = moment;
    const caused = this.#failedCalls.outageBegins(service, moment);
    const shares = RATES.flatMap((name): readonly Sign[] => {
      const before = this.#rates[name];
      const window = windowWithout(before, service);
      this.#rates[name] = window;
      const key = rateKey(campaign, name);
      if (window === before || !open.has(key)) return NO_SIGNS;
      const { callsMin, threshold } = policies[name];
      const limitAt = CLEAR_SHARE * RATE_RULES[name].limit(threshold);
      const isOver = window.count < callsMin || (meanOf(window) ?? 0) <= limitAt;
      const words = rateCausedWords(name, service);
      return isOver ? [{ type: 'cleared', key, words }] : NO_SIGNS;
    });
    return joined(caused, shares);
  }

  // -------------------------------------------------------------------------- services

  #stepFinished(event: EventOf<'step.finished'>, moment: WatchMoment): readonly Sign[] {
    const { service, role, kept, requestMs, step } = event;
    if (service === undefined || kept === true) return NO_SIGNS;
    const own = this.#didItself(service, role, moment);
    const slow = requestMs === undefined ? NO_SIGNS : this.#took(service, role, requestMs, moment);
    const texts =
      step === 'script' ? this.#count('llmFailureRate', false, undefined, moment) : NO_SIGNS;
    return joined(own, joined(slow, texts));
  }

  #took(service: string, role: Role, requestMs: number, moment: WatchMoment): readonly Sign[] {
    const policy = moment.policies.slowService;
    if (!policy.enabled) return NO_SIGNS;
    const place = placeOf(role, service);
    const { windowMs, threshold: limitAt } = policy;
    const before = this.#requests.get(place) ?? EMPTY_WINDOW;
    const window = windowAfter(before, windowMs, moment.nowMs, requestMs);
    this.#requests.set(place, window);
    if (this.#isCalm(window, limitAt, moment)) return NO_SIGNS;
    const { count: requests } = window;
    const figures = { service, role, meanMs: meanOf(window) ?? 0, requests, policy };
    return this.#judge(
      {
        policy,
        limitAt,
        window,
        key: () => slowKey(service, role),
        raised: () => ({ rule: 'slowService', words: slowWords(figures), service }),
        cleared: () => slowWords({ ...figures, isOver: true }),
      },
      moment,
    );
  }

  /** It does its work itself: nobody stands in for it any more. */
  #didItself(service: string, role: Role, { open }: WatchMoment): readonly Sign[] {
    if (this.#standIns.size > 0) this.#standIns.delete(placeOf(role, service));
    if (open.size === 0) return NO_SIGNS;
    const key = fallbackKey(service, role);
    if (!open.has(key)) return NO_SIGNS;
    return [{ type: 'cleared', key, words: fallbackWords({ service, role, isOver: true }) }];
  }

  #fallbackUsed(event: EventOf<'fallback.used'>, moment: WatchMoment): readonly Sign[] {
    const { instead, service: standIn, role, reason } = event;
    const { policies, nowMs, wallMs, open } = moment;
    const { enabled, lastsMs } = policies.fallback;
    // Of one that is out, its own alert counts them.
    if (!enabled || isOut(instead, moment)) return NO_SIGNS;
    const place = placeOf(role, instead);
    const before = this.#standIns.get(place);
    // Two short ones hours apart are not one long one.
    const isOn = before !== undefined && nowMs - before.lastMs <= lastsMs;
    const first = isOn ? before : { firstMs: nowMs, firstWallMs: wallMs, times: 0 };
    const { firstMs, firstWallMs, times } = first;
    this.#standIns.set(place, { firstMs, firstWallMs, lastMs: nowMs, times: times + 1 });
    const key = fallbackKey(instead, role);
    if (open.has(key)) return [{ type: 'joined', key }];
    if (nowMs - firstMs <= lastsMs) return NO_SIGNS;
    const words = fallbackWords({ service: instead, role, standIn, reason, lastsMs });
    const about = { key, words, sinceMs: firstWallMs, service: instead, affected: times + 1 };
    return [{ type: 'raised', rule: 'fallback', ...about }];
  }

  // -------------------------------------------------------------------------- campaigns

  #runStarted(
    { contacts, lines }: EventOf<'run.started'>,
    { campaign }: WatchMoment,
  ): readonly Sign[] {
    const { total, done, uncertain } = contacts;
    this.#total = total;
    this.#through = done + uncertain;
    if (this.#through > 0 || total === 0) return NO_SIGNS;
    const key = `${campaignKey(campaign)}:started`;
    const words = startedWords(campaign, total, lines);
    return [{ type: 'noticed', rule: 'campaignStarted', key, words }];
  }

  /** Of several milestones passed at once the highest is told; the end has its own notice. */
  #goOn({ campaign }: WatchMoment): readonly Sign[] {
    const before = this.#through;
    const total = this.#total;
    const through = before + 1;
    this.#through = through;
    const passed = MILESTONES.find((percent) => {
      return through * 100 >= percent * total && before * 100 < percent * total;
    });
    if (passed === undefined || through >= total) return NO_SIGNS;
    const key = `${campaignKey(campaign)}:milestone:${passed}`;
    const words = milestoneWords(campaign, passed, through, total);
    return [{ type: 'noticed', rule: 'milestones', key, words }];
  }

  #runFinished(event: EventOf<'run.finished'>, moment: WatchMoment): readonly Sign[] {
    const { end, contacts, durationMs } = event;
    if (end !== 'done') return NO_SIGNS;
    const { campaign, open } = moment;
    const shares = RATES.flatMap((name): readonly Sign[] => {
      const key = rateKey(campaign, name);
      if (!open.has(key)) return NO_SIGNS;
      const figures = { ...this.#figuresOf(name, moment), isDone: true };
      return [{ type: 'cleared', key, words: rateBackWords(name, figures) }];
    });
    const over = joined(shares, this.#failedCalls.done(moment));
    // A run that finds nobody left (cron) has finished nothing.
    if (this.#outcomes.counts.size === 0) return over;
    const key = `${campaignKey(campaign)}:finished`;
    const outcomes = [...this.#outcomes.counts];
    const figures = { campaign, contacts, outcomes, failedTries: this.#failedTries, durationMs };
    const words = finishedWords(figures);
    return [...over, { type: 'noticed', rule: 'campaignFinished', key, words }];
  }
}

/** Whether what it does not do is told under its own name. */
function isOut(service: string, { open, breakers }: WatchMoment): boolean {
  if (open.has(serviceKey(service))) return true;
  return breakers.some((breaker) => breaker.service === service && breaker.isOpen);
}

function isRoleOut(role: Role, { breakers }: WatchMoment): boolean {
  return breakers.some((breaker) => breaker.role === role && breaker.isOpen);
}

function joined(signs: readonly Sign[], more: readonly Sign[]): readonly Sign[] {
  if (signs.length === 0) return more;
  return more.length === 0 ? signs : [...signs, ...more];
}
