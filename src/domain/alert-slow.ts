/**
 * Services whose answers take too long.
 */
import { FigureJudge } from './alert-figure.ts';
import { slowWords } from './alert-service-text.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { serviceKey } from './alert-state.ts';
import { PairMap } from './pair-map.ts';
import { EMPTY_WINDOW, meanOf, type SlidingWindow, windowAfter } from './sliding-window.ts';
import type { Role } from './words.ts';

/** The requests of one run. */
export class SlowWatch {
  /** How long they took. */
  readonly #requests = new PairMap<Role, string, SlidingWindow>();
  readonly #judge = new FigureJudge();

  took(service: string, role: Role, requestMs: number, moment: WatchMoment): readonly Sign[] {
    const policy = moment.policies.slowService;
    if (!policy.enabled) return NO_SIGNS;
    const { windowMs, threshold: limitAt } = policy;
    const before = this.#requests.get(role, service) ?? EMPTY_WINDOW;
    const window = windowAfter(before, windowMs, moment.nowMs, requestMs);
    this.#requests.set(role, service, window);
    if (this.#judge.isCalm(window, limitAt, moment)) return NO_SIGNS;
    const { count: requests } = window;
    const figures = { service, role, meanMs: meanOf(window) ?? 0, requests, policy };
    return this.#judge.judge(
      {
        policy,
        limitAt,
        window,
        key: `${serviceKey(service)}:slow:${role}`,
        raised: () => ({ rule: 'slowService', words: slowWords(figures), service }),
        cleared: () => slowWords({ ...figures, isOver: true }),
      },
      moment,
    );
  }
}
