/**
 * What services are paid for, as they say it themselves, and what that comes to.
 */
import { ROLES, type Role } from './words.ts';

/** What one answer was paid for; a service tells what it bills, and leaves out the rest. */
export interface Usage {
  /** What a model read and wrote, in its own tokens. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** What a voice spoke. */
  readonly characters?: number | undefined;
  /** How long a telephone call is billed for; whole, or rounded up. */
  readonly seconds?: number | undefined;
}

/**
 * Answers of one service in one role, added up. Those with calls of another length stand apart:
 * what is billed by the started minute cannot be told from a sum of seconds.
 */
export interface UsageCount {
  readonly role: Role;
  readonly service: string;
  /** Of each of these answers; 0 where it was no call. */
  readonly seconds: number;
  readonly answers: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly characters: number;
}

/** Who was paid. */
export interface Payee {
  readonly role: Role;
  readonly service: string;
}

/** More of anything in one answer is a vendor's mistake, and must not stop a run. */
const AMOUNT_MAX = 1_000_000_000;

/** One answer as a count; undefined where nothing in it is to be paid for. */
export function usageCount({ role, service }: Payee, usage: Usage): UsageCount | undefined {
  const seconds = whole(usage.seconds);
  const inputTokens = whole(usage.inputTokens);
  const outputTokens = whole(usage.outputTokens);
  const characters = whole(usage.characters);
  return seconds + inputTokens + outputTokens + characters === 0
    ? undefined
    : { role, service, seconds, answers: 1, inputTokens, outputTokens, characters };
}

/** Counts, added up. */
export class UsageBook {
  readonly #counts = new Map<string, UsageCount>();

  constructor(counts: Iterable<UsageCount> = []) {
    for (const count of counts) this.add(count);
  }

  add(count: UsageCount): void {
    const key = `${count.role} ${count.seconds} ${count.service}`;
    const known = this.#counts.get(key);
    this.#counts.set(key, known === undefined ? count : sum(known, count));
  }

  /** In the order of a call, then by service, then by length. */
  counts(): readonly UsageCount[] {
    return [...this.#counts.values()].toSorted(
      (one, other) =>
        ROLES.indexOf(one.role) - ROLES.indexOf(other.role) ||
        byText(one.service, other.service) ||
        one.seconds - other.seconds,
    );
  }
}

/** What one service was paid for in one role, whatever the lengths of its calls. */
export interface UsageTotal extends Payee {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly characters: number;
  /** Of all calls. */
  readonly seconds: number;
  /** What it is made of, for whoever works out the price. */
  readonly counts: readonly UsageCount[];
}

/** In the order of the counts. */
export function usageTotals(counts: readonly UsageCount[]): readonly UsageTotal[] {
  const groups = Map.groupBy(counts, ({ role, service }) => `${role} ${service}`);
  return [...groups.values()].flatMap((its) => {
    const [first] = its;
    if (first === undefined) return [];
    const total = (of: (count: UsageCount) => number): number =>
      its.reduce((so, count) => so + of(count), 0);
    return [
      {
        role: first.role,
        service: first.service,
        inputTokens: total((count) => count.inputTokens),
        outputTokens: total((count) => count.outputTokens),
        characters: total((count) => count.characters),
        seconds: total((count) => count.seconds * count.answers),
        counts: its,
      },
    ];
  });
}

function sum(one: UsageCount, other: UsageCount): UsageCount {
  return {
    ...one,
    answers: one.answers + other.answers,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    characters: one.characters + other.characters,
  };
}

/** A part counts as a whole one. */
function whole(amount = 0): number {
  return Number.isFinite(amount) ? Math.min(Math.max(0, Math.ceil(amount)), AMOUNT_MAX) : 0;
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
