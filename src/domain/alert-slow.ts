/**
 * Services whose answers take too long.
 */
import { contactName, RecentByCause } from './alert-contacts.ts';
import { FigureJudge } from './alert-figure.ts';
import { slowWords } from './alert-service-text.ts';
import { joined, NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { serviceKey } from './alert-state.ts';
import { PairMap } from './pair-map.ts';
import { EMPTY_WINDOW, meanOf, type SlidingWindow, windowAfter } from './sliding-window.ts';
import type { Role } from './words.ts';

interface Answer {
  readonly service: string;
  readonly role: Role;
  readonly contact: string | undefined;
  readonly requestMs: number;
}

/** The requests of one run. */
export class SlowWatch {
  /** How long they took. */
  readonly #requests = new PairMap<Role, string, SlidingWindow>();
  /** Whom they kept waiting for too long, by key. */
  readonly #contacts = new RecentByCause();
  readonly #judge = new FigureJudge();

  took({ service, role, contact, requestMs }: Answer, moment: WatchMoment): readonly Sign[] {
    const policy = moment.policies.slowService;
    if (!policy.enabled) return NO_SIGNS;
    const { windowMs, threshold: limitAt } = policy;
    const before = this.#requests.get(role, service) ?? EMPTY_WINDOW;
    const window = windowAfter(before, windowMs, moment.nowMs, requestMs);
    this.#requests.set(role, service, window);
    const key = `${serviceKey(service)}:slow:${role}`;
    const late =
      requestMs > limitAt && contact !== undefined ? [contactName(moment.campaign, contact)] : [];
    for (const name of late) this.#contacts.add(key, name, moment.nowMs);
    if (this.#judge.isCalm(window, limitAt, moment)) return NO_SIGNS;
    const { count: requests } = window;
    const figures = { service, role, meanMs: meanOf(window) ?? 0, requests, policy };
    const isMore = late.length > 0 && moment.open.has(key);
    const more: readonly Sign[] = isMore ? [{ type: 'joined', key, contacts: late }] : NO_SIGNS;
    const contacts = (): readonly string[] => this.#contacts.of(key, windowMs, moment.nowMs);
    const judged = this.#judge.judge(
      {
        policy,
        limitAt,
        window,
        key,
        raised: () => {
          const words = slowWords(figures);
          return { rule: 'slowService', words, service, contacts: contacts() };
        },
        cleared: () => slowWords({ ...figures, isOver: true }),
      },
      moment,
    );
    return joined(more, judged);
  }
}
