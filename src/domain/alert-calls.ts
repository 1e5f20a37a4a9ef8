/**
 * Shares of calls and texts, of which too many go wrong, and calls that fail for good.
 *
 * What fails while its service has its own alert is a consequence of that, also where the call ends
 * after it is over, and counts here neither as failed nor as done; what a service failed at before
 * its breaker opened is counted there then. What is refused for what is in it follows from no
 * outage and always counts.
 */
import { contactName, RecentByCause } from './alert-contacts.ts';
import { FailedCalls } from './alert-failed-calls.ts';
import { CLEAR_SHARE, type Figure, FigureJudge } from './alert-figure.ts';
import { type Held, Refusals } from './alert-refusals.ts';
import {
  cutCallsWords,
  errorRateWords,
  llmFailureWords,
  type OutageBegins,
  rateBackWords,
  rateCausedWords,
  type ShareFigures,
  successRateWords,
} from './alert-rule-text.ts';
import { isOut, joined, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { campaignKey, serviceKey } from './alert-state.ts';
import type { AlertWords, ServiceTrouble } from './alert-text.ts';
import type { EventOf } from './event.ts';
import {
  EMPTY_WINDOW,
  meanOf,
  type SlidingWindow,
  sumOf,
  windowAfter,
  windowAt,
  windowWithout,
} from './sliding-window.ts';
import type { Outcome, Role } from './words.ts';

const RATES = ['errorRate', 'llmFailureRate', 'successRate', 'cutCalls'] as const;
type RateName = (typeof RATES)[number];

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
    limit: (threshold) => Math.round((1 - threshold) * 1e9) / 1e9,
  },
  cutCalls: { suffix: 'cut_calls', words: cutCallsWords, limit: (threshold) => threshold },
};

function rateKey(campaign: string, name: RateName): string {
  return `${campaignKey(campaign)}:${RATE_RULES[name].suffix}`;
}

/** Somebody's telephone rang, or would have: what came of it is theirs to say. */
const SUCCESSES: ReadonlySet<Outcome> = new Set([
  'answered',
  'voicemail',
  'busy',
  'no_answer',
  'previewed',
]);

/** Of calls that a dialer itself calls failed: no name of a service has spaces. */
const DIALER_SAYS = 'the dialer says so';
/** Of those that a service refused once and for all. */
const REFUSED = 'refused for what is in it';

/** One call more; `cause` is what it is put down to, where it is a bad one. */
type Counted =
  | { readonly isBad: false }
  | { readonly isBad: boolean; readonly cause?: string | undefined; readonly contact: string };

/** A contact in hand whose call met trouble. */
interface InHand {
  /** What was told of it when it failed. */
  failed: EventOf<'call.failed'> | undefined;
  /** The dialer that failed it last, and may not have said what became of it. */
  dialer: string | undefined;
  /** Services that failed it while they had their own alerts. */
  readonly out: Set<string>;
}

/** The calls of one run. */
export class CallWatch {
  readonly #rates: Record<RateName, SlidingWindow> = {
    errorRate: EMPTY_WINDOW,
    llmFailureRate: EMPTY_WINDOW,
    successRate: EMPTY_WINDOW,
    cutCalls: EMPTY_WINDOW,
  };
  /** Whose calls were bad. */
  readonly #contacts: Readonly<Record<RateName, RecentByCause>> = {
    errorRate: new RecentByCause(),
    llmFailureRate: new RecentByCause(),
    successRate: new RecentByCause(),
    cutCalls: new RecentByCause(),
  };
  readonly #judge = new FigureJudge();
  readonly #refusals = new Refusals<RateName>();
  /** By contact. */
  readonly #inHand = new Map<string, InHand>();
  readonly #forGood = new FailedCalls();
  /** What failed last, for the words. */
  #lastFailure: Pick<ServiceTrouble, 'code' | 'message'> | undefined;

  tryFailed(event: EventOf<'attempt.failed'>, moment: WatchMoment): readonly Sign[] {
    const { contact, step, service } = event;
    // A record that fails is that of a call which has ended.
    if (contact !== undefined && step !== 'record') {
      const call = this.#inHandOf(contact);
      if (step === 'dial') call.dialer = service;
      if (isOut(service, moment)) call.out.add(service);
    }
    return this.#countHeld(service, this.#refusals.tryFailed(event), moment);
  }

  answered(service: string, role: Role, moment: WatchMoment): readonly Sign[] {
    return this.#countHeld(service, this.#refusals.answered(service, role), moment);
  }

  failed(event: EventOf<'call.failed'>, moment: WatchMoment): readonly Sign[] {
    const { contact, step, service, code, message } = event;
    const call = this.#inHandOf(contact);
    call.failed = event;
    if (event.isRefusal !== true && isOfOutage(call, service, moment)) return NO_SIGNS;
    this.#lastFailure = { code, message };
    const counted = { isBad: true, cause: causeOf(event), contact };
    const errors = this.#count('errorRate', counted, moment);
    if (step !== 'script') return errors;
    return joined(errors, this.#count('llmFailureRate', counted, moment));
  }

  putOff({ contact }: EventOf<'contact.put_off'>): void {
    this.#inHand.delete(contact);
  }

  textWritten(moment: WatchMoment): readonly Sign[] {
    return this.#count('llmFailureRate', { isBad: false }, moment);
  }

  finished(event: EventOf<'call.finished'>, moment: WatchMoment): readonly Sign[] {
    const { contact, outcome, cut, detail } = event;
    const call = this.#inHand.get(contact);
    this.#inHand.delete(contact);
    const failed = call?.failed;
    const hasFailed = failed !== undefined;
    const isRefused = failed?.isRefusal === true;
    // It was counted as uncertain when it was told so, perhaps by an earlier run.
    if (event.was !== undefined) return NO_SIGNS;
    // Nobody was rung, as they had asked: that went neither well nor wrong.
    if (event.code === 'opted_out') return NO_SIGNS;
    const isBad = !SUCCESSES.has(outcome);
    if (!isRefused && isOfOutage(call, failed?.service, moment)) return NO_SIGNS;
    const told = this.#endedForGood(outcome, failed, moment);
    const isOfDialer = isBad && !isRefused && outcome !== 'invalid_number';
    if (isOfDialer && isRoleOut('dialer', moment)) return told;
    if (outcome === 'uncertain' && isOfOutage(call, call?.dialer, moment)) return told;
    // The vendor may say so of a call, and then nothing was told to have failed before.
    const isNew = outcome === 'failed' && !hasFailed;
    if (isNew) this.#lastFailure = { code: outcome, message: detail ?? 'no reason given' };
    const isCounted = outcome !== 'failed' || isNew;
    const cause = isNew ? DIALER_SAYS : undefined;
    const errors = isCounted
      ? this.#count('errorRate', { isBad: isNew, cause, contact }, moment)
      : NO_SIGNS;
    const blamed = failed && causeOf(failed);
    const success = this.#count('successRate', { isBad, cause: blamed, contact }, moment);
    const isDialled = outcome !== 'failed' && outcome !== 'invalid_number';
    const cuts = isDialled
      ? this.#count('cutCalls', { isBad: cut === true, contact }, moment)
      : NO_SIGNS;
    return joined(told, joined(errors, joined(success, cuts)));
  }

  /**
   * What the service failed at until now was the beginning of its outage, also where it was told
   * before it was known whose failures they are.
   */
  outageBegins(event: OutageBegins, moment: WatchMoment): readonly Sign[] {
    const { service } = event;
    const { campaign, open, policies, nowMs } = moment;
    const caused = this.#forGood.outageBegins(event, moment);
    // Each call once, whatever else it counts for.
    const held = this.#refusals.outageBegins(service)?.get('errorRate') ?? [];
    let times = held.length;
    const contacts = new Set(held);
    const shares = RATES.flatMap((name): readonly Sign[] => {
      const before = windowAt(this.#rates[name], policies[name].windowMs, nowMs);
      const window = windowWithout(before, service);
      this.#rates[name] = window;
      if (name === 'errorRate') times += before.sum - window.sum;
      const its = this.#contacts[name].of(service, policies[name].windowMs, nowMs);
      for (const contact of its) contacts.add(contact);
      this.#contacts[name].forget(service);
      const key = rateKey(campaign, name);
      if (window === before || !open.has(key)) return NO_SIGNS;
      const { callsMin, threshold } = policies[name];
      const limitAt = CLEAR_SHARE * RATE_RULES[name].limit(threshold);
      const isOver = window.count < callsMin || (meanOf(window) ?? 0) <= limitAt;
      const words = rateCausedWords(name, event);
      return isOver ? [{ type: 'cleared', key, words, joins: serviceKey(service) }] : NO_SIGNS;
    });
    const key = serviceKey(service);
    const counts: readonly Sign[] =
      times > 0 ? [{ type: 'joined', key, times, contacts: [...contacts] }] : NO_SIGNS;
    return joined(counts, joined(caused, shares));
  }

  /** The list has come to its end. */
  done(moment: WatchMoment): readonly Sign[] {
    const { campaign, open } = moment;
    const shares = RATES.flatMap((name): readonly Sign[] => {
      const key = rateKey(campaign, name);
      if (!open.has(key)) return NO_SIGNS;
      const figures = this.#figuresOf(name, moment);
      const isBad = figures.bad > RATE_RULES[name].limit(figures.threshold) * figures.calls;
      const words = rateBackWords(name, { ...figures, isDone: true, isBad });
      return [{ type: 'cleared', key, words }];
    });
    return joined(shares, this.#forGood.done(moment));
  }

  #inHandOf(contact: string): InHand {
    const known = this.#inHand.get(contact);
    if (known !== undefined) return known;
    const fresh: InHand = { failed: undefined, dialer: undefined, out: new Set() };
    this.#inHand.set(contact, fresh);
    return fresh;
  }

  /** What a service refuses for what is in it was not tried over and over: shares count that. */
  #endedForGood(
    outcome: Outcome,
    failed: EventOf<'call.failed'> | undefined,
    moment: WatchMoment,
  ): readonly Sign[] {
    if (outcome !== 'failed') return this.#forGood.wentOn(moment);
    if (failed === undefined || failed.kind === 'permanent') return NO_SIGNS;
    return this.#forGood.failed(failed, moment);
  }

  /** One call more of which it is asked whether it is a bad one. */
  #count(name: RateName, call: Counted, moment: WatchMoment): readonly Sign[] {
    const { cause, contact } = { cause: undefined, contact: undefined, ...call };
    const policy = moment.policies[name];
    const isBad = call.isBad && contact !== undefined;
    const bad = isBad ? [contactName(moment.campaign, contact)] : [];
    if (bad.some((contact) => this.#refusals.hold(cause, name, contact))) return NO_SIGNS;
    if (!policy.enabled) return NO_SIGNS;
    const { windowMs } = policy;
    const before = this.#rates[name];
    this.#rates[name] = windowAfter(before, windowMs, moment.nowMs, bad.length, cause);
    return this.#judged(name, bad, cause, moment);
  }

  /** What was held back while a service refused everything, and was no outage of it. */
  #countHeld(
    service: string,
    held: Held<RateName> | undefined,
    moment: WatchMoment,
  ): readonly Sign[] {
    if (held === undefined) return NO_SIGNS;
    return [...held].flatMap(([name, contacts]) => {
      const { enabled, windowMs } = moment.policies[name];
      if (!enabled) return NO_SIGNS;
      for (const _ of contacts) {
        this.#rates[name] = windowAfter(this.#rates[name], windowMs, moment.nowMs, 1, service);
      }
      return this.#judged(name, contacts, service, moment);
    });
  }

  /** @param bad whose bad calls there are more, one for each */
  #judged(
    name: RateName,
    bad: readonly string[],
    cause: string | undefined,
    moment: WatchMoment,
  ): readonly Sign[] {
    const policy = moment.policies[name];
    const { threshold } = policy;
    const met = this.#contacts[name];
    for (const contact of bad) met.add(cause, contact, moment.nowMs);
    const window = this.#rates[name];
    const limitAt = RATE_RULES[name].limit(threshold);
    if (this.#judge.isCalm(window, limitAt, moment)) return NO_SIGNS;
    const key = rateKey(moment.campaign, name);
    const figures = this.#figuresOf(name, moment);
    const times = bad.length;
    const isMore = times > 0 && moment.open.has(key);
    const more: readonly Sign[] = isMore ? [{ type: 'joined', key, times, contacts: bad }] : [];
    const raised: Figure['raised'] = () => {
      const contacts = met.within(policy.windowMs, moment.nowMs);
      const words = RATE_RULES[name].words(figures);
      return { rule: name, words, affected: window.sum, contacts };
    };
    const cleared = (): AlertWords => rateBackWords(name, figures);
    const judged = this.#judge.judge({ policy, limitAt, window, key, raised, cleared }, moment);
    return joined(more, judged);
  }

  #figuresOf(name: RateName, { campaign, policies, nowMs }: WatchMoment): ShareFigures {
    const { threshold, windowMs } = policies[name];
    const window = windowAt(this.#rates[name], windowMs, nowMs);
    const { sum: bad, count: calls } = window;
    const final = sumOf(window, DIALER_SAYS);
    const refused = sumOf(window, REFUSED);
    const last = this.#lastFailure;
    return { campaign, bad, calls, threshold, windowMs, final, refused, last };
  }
}

/** What a call that failed is put down to: only what its service does not do may be an outage. */
function causeOf({ service, kind, isRefusal }: EventOf<'call.failed'>): string | undefined {
  if (isRefusal !== true) return service;
  return kind === 'permanent' ? REFUSED : undefined;
}

/** Whether an outage of its service, which may be over by now, is why a call came to nothing. */
function isOfOutage(
  call: InHand | undefined,
  service: string | undefined,
  moment: WatchMoment,
): boolean {
  if (service === undefined) return false;
  return call?.out.has(service) === true || isOut(service, moment);
}

function isRoleOut(role: Role, { breakers }: WatchMoment): boolean {
  return breakers.some((breaker) => breaker.role === role && breaker.isOpen);
}
