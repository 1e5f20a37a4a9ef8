/**
 * What is promised to whoever waits for a service: they come next as soon as it works.
 */

import type { EventType } from '../../domain/event.ts';
import { ROLES, type Role } from '../../domain/words.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import type { Refusal, Sighting } from '../sighting.ts';
import type { ChainNames } from '../simulated-services.ts';
import { meaningOf } from './breakers.ts';
import {
  type Evidence,
  evidenceOf,
  type Mark,
  placeName,
  placesNamed,
  ROUNDING_MS,
} from './evidence.ts';
import { limitedServices } from './limits.ts';

type Found = Omit<Violation, 'checker'>;

/** Somebody who was put off until a service can be asked. */
interface Waiting extends Mark {
  /** Where they stand in the list. */
  readonly position: number;
  readonly dueMs: number;
  readonly roles: readonly Role[];
  /** Since when, in this run, everything that they need works again. */
  backMs: number | undefined;
  /** Since when nobody has been in hand, and all that they need works or can be tried. */
  idleMs: number | undefined;
}

export const CALLED_BACK: Checker = {
  name: 'called back',
  promise: 'Whoever was put off until a service works comes before the rest as soon as it does.',
  check: (seen) => {
    const watch = new Watch(evidenceOf(seen));
    return seen.log.flatMap((sight, index) => {
      const found = [...watch.idled(sight), ...watch.take(sight, index)];
      watch.rest({ index, atMs: sight.atMs });
      return found;
    });
  },
};

/**
 * Follows the log. It judges only where nothing else can be the reason: contacts in the order of
 * the list, which one that a service failed has left; breakers of which all is known.
 */
class Watch {
  readonly #seen: Seen;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #looksUp: boolean;
  /** By contact, where a request for them did not end well: in the log from there on. */
  readonly #failedAt = new Map<string, number>();
  /** By the place in the log: whose record was taken there. */
  readonly #recorded = new Map<number, string>();
  readonly #met = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  /** Breakers that are not closed, or may not be. */
  readonly #away = new Set<string>();
  /** Those of them that are open, or may be. */
  readonly #shut = new Set<string>();
  readonly #inHand = new Set<string>();
  /** From here on a service that asked for a pause may be away with its breaker closed. */
  readonly #throttledAt: number;
  /** Services that can be asked, and may keep somebody waiting for a place until it is too long. */
  readonly #limited: ReadonlySet<string>;
  /** Breakers that moved in this run. */
  readonly #moved = new Set<string>();
  /** Nothing was told of this run: it may be one that nothing is known of. */
  #isSilent = true;
  readonly #places: readonly string[];
  /** What the settings of this run name. */
  #chains: ChainNames;

  constructor(evidence: Evidence) {
    const { seen, exchanges } = evidence;
    this.#seen = seen;
    this.#places = placesNamed(evidence).map(placeName);
    this.#chains = seen.promised.chains;
    this.#positions = new Map(seen.promised.contacts.map(({ id }, position) => [id, position]));
    this.#looksUp = exchanges.some(({ sight }) => sight.method === 'lookup');
    this.#limited = limitedServices(evidence);
    const throttled = exchanges.find(({ answer }) => isThrottled(answer?.failure));
    this.#throttledAt = throttled?.index ?? Number.POSITIVE_INFINITY;
    const records = exchanges.filter(({ sight }) => sight.method === 'record');
    for (const { end, sight } of records) {
      if (end?.type === 'answered') this.#recorded.set(end.index, sight.contact ?? '');
    }
    for (const { sight, end, index } of exchanges) {
      const { contact } = sight;
      if (contact === undefined || end?.type === 'answered') continue;
      this.#failedAt.set(contact, Math.min(index, this.#failedAt.get(contact) ?? index));
    }
  }

  take(sight: Sighting, index: number): readonly Found[] {
    const { atMs } = sight;
    if (sight.type === 'killed') {
      // Whether the last moves are on disk is not known.
      const unsure = this.#isSilent ? this.#places : this.#moved;
      for (const place of unsure) {
        this.#away.add(place);
        this.#shut.add(place);
      }
    }
    if (sight.type === 'began') {
      this.#isSilent = true;
      this.#chains = sight.chains ?? this.#seen.promised.chains;
      this.#moved.clear();
      this.#inHand.clear();
      for (const [contact, waiting] of this.#waiting) {
        // Called back in the run before, or not: that is not known either.
        if (waiting.backMs !== undefined) this.#waiting.delete(contact);
        waiting.idleMs = undefined;
      }
    }
    if (sight.type === 'settled' && sight.outcome === 'again') this.#ended.delete(sight.contact);
    if (sight.type === 'removed' || sight.type === 'corrected') this.#forget(sight.contact);
    if (sight.type === 'request' && sight.contact !== undefined) this.#work(sight.contact);
    this.#inHand.delete(this.#recorded.get(index) ?? '');
    if (sight.type !== 'told') return [];
    this.#isSilent = false;
    const { event } = sight;
    switch (event.type) {
      case 'breaker.opened':
      case 'breaker.half_open':
      case 'breaker.closed':
        this.#move(placeName(event), event.type, atMs);
        return [];
      case 'call.started':
        this.#work(event.contact);
        return this.#taken(event.contact, atMs);
      case 'call.finished':
        this.#ended.add(event.contact);
        this.#forget(event.contact);
        if (event.outcome === 'uncertain') this.#inHand.delete(event.contact);
        return [];
      case 'contact.put_off':
        this.#putOff(event, { index, atMs });
        return [];
      default:
        return [];
    }
  }

  /** Judges what is the first sign of anybody for a while. */
  idled(sight: Sighting): readonly Found[] {
    const isStart = sight.type === 'told' && sight.event.type === 'call.started';
    const isWork = sight.type === 'request' && sight.contact !== undefined;
    if (!isStart && !isWork) return [];
    const { atMs } = sight;
    for (const [contact, { idleMs, dueMs }] of this.#waiting) {
      if (idleMs === undefined || atMs <= idleMs + ROUNDING_MS) continue;
      if (atMs < dueMs - ROUNDING_MS) continue;
      const message =
        `nobody is taken up from ${idleMs} ms on, when ${contact} could be, until ${dueMs} ms, ` +
        'which is as long as they were put off';
      return [{ atMs, message }];
    }
    return [];
  }

  /** Who could be taken up by a run that does nothing. */
  rest({ index, atMs }: Mark): void {
    const canBe = this.#inHand.size === 0 && index < this.#throttledAt;
    for (const waiting of this.#waiting.values()) {
      const isIdle = canBe && waiting.roles.every((role) => this.#mayTry(role));
      waiting.idleMs = isIdle ? (waiting.idleMs ?? atMs) : undefined;
    }
  }

  #work(contact: string): void {
    this.#inHand.add(contact);
    this.#forget(contact);
  }

  #forget(contact: string): void {
    this.#waiting.delete(contact);
  }

  #putOff(
    event: { contact: string; delayMs: number; waitsFor?: readonly string[] | undefined },
    { index, atMs }: Mark,
  ): void {
    const { contact, delayMs, waitsFor = [] } = event;
    this.#met.add(contact);
    this.#inHand.delete(contact);
    this.#forget(contact);
    const chains = this.#chains;
    const isFor = ROLES.some((role) => chains[role].every((name) => waitsFor.includes(name)));
    const hasFailed = (this.#failedAt.get(contact) ?? Number.POSITIVE_INFINITY) < index;
    const isForPlace = waitsFor.some((service) => this.#limited.has(service));
    if (!isFor || isForPlace || hasFailed) return;
    const position = this.#positions.get(contact) ?? Number.POSITIVE_INFINITY;
    const roles = this.#ended.has(contact) ? RECORD : this.#looksUp ? ROLES : CALL;
    const waiting = { index, atMs, position, dueMs: atMs + delayMs, roles };
    this.#waiting.set(contact, { ...waiting, backMs: undefined, idleMs: undefined });
  }

  #move(place: string, to: EventType, atMs: number): void {
    const isClosed = to === 'breaker.closed';
    this.#moved.add(place);
    if (isClosed) this.#away.delete(place);
    else this.#away.add(place);
    if (to === 'breaker.opened') this.#shut.add(place);
    else this.#shut.delete(place);
    for (const waiting of this.#waiting.values()) {
      if (!waiting.roles.every((role) => this.#isThere(role))) waiting.backMs = undefined;
      else if (isClosed) waiting.backMs ??= atMs;
    }
  }

  #mayTry(role: Role): boolean {
    const names = this.#chains[role];
    return names.some((service) => !this.#shut.has(placeName({ role, service })));
  }

  #isThere(role: Role): boolean {
    const names = this.#chains[role];
    return names.some((service) => !this.#away.has(placeName({ role, service })));
  }

  /** Somebody is taken up: nobody who stands before them in the list may be waiting still. */
  #taken(contact: string, atMs: number): readonly Found[] {
    if (this.#met.has(contact)) return [];
    this.#met.add(contact);
    const position = this.#positions.get(contact) ?? -1;
    for (const [other, { backMs, dueMs, position: before }] of this.#waiting) {
      if (backMs === undefined || before > position) continue;
      // Whoever is taken at the very moment was chosen before it.
      if (atMs <= backMs + ROUNDING_MS) continue;
      const message =
        `${contact} is taken up, and ${other} before them waits until ${dueMs} ms for what ` +
        `works since ${backMs} ms`;
      return [{ atMs, message }];
    }
    return [];
  }
}

function isThrottled(failure: Refusal | undefined): boolean {
  return failure !== undefined && meaningOf(failure) === 'throttled';
}

const RECORD: readonly Role[] = ['crm'];
const CALL: readonly Role[] = ['llm', 'tts', 'dialer'];
