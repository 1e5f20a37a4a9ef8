/**
 * What is promised of the time that somebody is put off for: not shorter than what they wait for
 * takes. Judged only where it is certain what that is; whoever can be called back earlier is.
 */
import type { EventOf } from '../../domain/event.ts';
import { ROLES, type Role } from '../../domain/words.ts';
import type { Checker, Violation } from '../check.ts';
import { Away } from './away.ts';
import {
  chainsAt,
  type Evidence,
  type Exchange,
  evidenceOf,
  isGuarded,
  type Mark,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';
import { limitedServices } from './limits.ts';
import { ROUND_WAIT_MS } from './put-offs.ts';
import { pausesOf } from './retries.ts';

type Found = Omit<Violation, 'checker'>;
type PutOff = EventOf<'contact.put_off'>;

export const PUT_OFF_LONG_ENOUGH: Checker = {
  name: 'put off for long enough',
  promise:
    'Nobody is put off for less than the breakers of what they wait for are open, or than it ' +
    'asked for; for half a minute at least where retries are used up.',
  check: (seen) => {
    const least = new Least(evidenceOf(seen));
    return toldOf(seen.log, 'contact.put_off').flatMap((told): readonly Found[] => {
      const { contact, delayMs, reason } = told.event;
      const leastMs = least.ms(told.event, told);
      if (delayMs >= leastMs - ROUNDING_MS) return [];
      const message = `${contact} is put off for ${delayMs} ms (${reason}), not for ${leastMs} ms`;
      return [{ atMs: told.atMs, message }];
    });
  },
};

class Least {
  readonly #evidence: Evidence;
  readonly #away: Away;
  readonly #limited: ReadonlySet<string>;
  readonly #paused: ReturnType<typeof pausesOf>;
  readonly #failed: ReadonlyMap<string, readonly Exchange[]>;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#away = new Away(evidence);
    this.#limited = limitedServices(evidence);
    this.#paused = pausesOf(evidence);
    const failed = evidence.exchanges.filter((one) => {
      return isGuarded(one) && (one.end?.type === 'failed' || one.end?.type === 'timed_out');
    });
    this.#failed = Map.groupBy(failed, ({ sight }) => sight.contact ?? '');
  }

  /** For how long they must be put off, as far as that is certain. */
  ms(event: PutOff, at: Mark): number {
    return event.waitsFor === undefined ? this.#ofFailure(event, at) : this.#ofWait(event, at);
  }

  /** Whose retries are used up. */
  #ofFailure({ contact }: PutOff, at: Mark): number {
    const last = this.#failed.get(contact)?.findLast(({ end }) => (end?.index ?? 0) < at.index);
    const isNow = last?.end !== undefined && last.end.atMs >= at.atMs - ROUNDING_MS;
    if (last === undefined || !isNow) return ROUND_WAIT_MS;
    const { role } = last.sight;
    const isAlone = chainsAt(this.#evidence, at.index)[role].length === 1;
    const askedMs = last.end?.type === 'failed' ? (last.end.failure.retryAfterMs ?? 0) : 0;
    return Math.max(ROUND_WAIT_MS, isAlone ? askedMs : 0, this.#openMs(role, contact, at));
  }

  /** Who was turned away. */
  #ofWait({ contact, waitsFor = [] }: PutOff, at: Mark): number {
    const chains = chainsAt(this.#evidence, at.index);
    const named = ROLES.filter((role) => chains[role].every((name) => waitsFor.includes(name)));
    // One account in two roles: which of them it is that they wait for is not said.
    const roles = named.filter((role) => {
      const others = named.filter((other) => other !== role);
      return !others.some((other) => chains[other].some((name) => chains[role].includes(name)));
    });
    const openMs = Math.max(0, ...roles.map((role) => this.#openMs(role, contact, at)));
    const [role] = roles;
    const [service] = waitsFor;
    const isAlone = role !== undefined && waitsFor.length === 1 && service !== undefined;
    return Math.max(openMs, isAlone ? this.#placeMs(role, service, at) : 0);
  }

  /** Whoever waited in vain for a place asks again after the first back-off. */
  #placeMs(role: Role, service: string, at: Mark): number {
    const place = { role, service };
    const isClosed = this.#away.isClosed(place, { ...at, atMs: at.atMs - ROUNDING_MS });
    const hasPauses = this.#paused.has(`${service} (${role})`);
    if (!this.#limited.has(service) || !isClosed || hasPauses) return 0;
    return this.#evidence.seen.promised.policyOf(service).retry.initialDelayMs;
  }

  /** Until the first breaker of a role has been open for its time, where all of them are open. */
  #openMs(role: Role, contact: string, at: Mark): number {
    const untilMs = chainsAt(this.#evidence, at.index)[role].map((service) => {
      const opened = this.#away.opened({ role, service }, at);
      if (opened === undefined) return 0;
      // What opens at the moment at which they are put off may come after that was decided.
      const isBefore = opened.atMs < at.atMs - ROUNDING_MS;
      return isBefore || this.#isOwn(opened, contact) ? opened.untilMs : 0;
    });
    return Math.max(0, Math.min(...untilMs) - at.atMs);
  }

  /** Whether it was the failure of this contact's own request that opened it. */
  #isOwn({ index }: Mark, contact: string): boolean {
    const before = this.#evidence.seen.log[index - 1];
    if (before?.type !== 'told' || before.event.type !== 'attempt.failed') return false;
    return before.event.contact === contact;
  }
}
