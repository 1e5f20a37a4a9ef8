/**
 * What is promised of what a record says, beside how the call ended: what was said, who did it,
 * and when.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import { NO_NUMBER } from '../fault-failures.ts';
import {
  type Evidence,
  type Exchange,
  evidenceOf,
  type Life,
  type Mark,
  type Of,
  ROUNDING_MS,
} from './evidence.ts';

type Found = Omit<Violation, 'checker'>;
type Name = string | undefined;

export const RECORDS_TRUE: Checker = {
  name: 'records true',
  promise:
    'A record says what was said, which services did it, when the call began and ended, and when ' +
    'the dialling began that rang, if any did.',
  check: (seen) => {
    const book = new CallBook(evidenceOf(seen));
    const found: Found[] = [];
    for (const [index, sight] of seen.log.entries()) {
      if (sight.type === 'recorded' && sight.says !== undefined) {
        const { call, contact, service, atMs } = sight;
        for (const wrong of book.wrongIn(sight, sight.says)) {
          const message = `the record of ${call} (${contact}) at ${service} says ${wrong}`;
          found.push({ atMs, message });
        }
      }
      book.take(sight, index);
    }
    return found;
  },
};

/** Who did something for a contact, or what it came to; several, where a kill may have lost it. */
interface Did {
  readonly names: Set<Name>;
}

/** What is known of one call from outside. */
interface Known {
  firstMs?: number;
  endedMs?: number;
  /** When the request left that was the last one to place it. */
  askedMs?: number;
  rang?: { readonly sight: Of<'rang'>; readonly askedMs: number | undefined };
  /** Taken on by a dialer whose trunk then took no call. */
  unrung?: { readonly service: string; readonly askedMs: number | undefined };
  /** Who said that there is no such number. */
  refusedBy?: string;
}

/** Milliseconds by which times may differ that were rounded on their way. */
const TIME_MS = 1;

/** Goes through the log and knows, at each place of it, what a record would have to say. */
class CallBook {
  readonly #calls = new Map<string, Known>();
  readonly #settledMs = new Map<string, number>();
  readonly #texts = new Map<string, Did>();
  readonly #writers = new Map<string, Did>();
  readonly #speakers = new Map<string, Did>();
  readonly #killsMs: number[] = [];
  readonly #lives: ReadonlyMap<number, Life>;
  readonly #answers = new Map<number, readonly Exchange[]>();

  constructor({ lives, exchanges }: Evidence) {
    this.#lives = new Map(lives.map((life) => [life.run, life]));
    const ended = exchanges.filter(({ end }) => end !== undefined);
    this.#answers = Map.groupBy(ended, ({ answer, end }) => answer?.index ?? end?.index ?? -1);
  }

  take(sight: Seen['log'][number], index: number): void {
    for (const exchange of this.#answers.get(index) ?? []) this.#answered(exchange);
    const wallMs = this.#wallMs(sight.run, sight.atMs);
    switch (sight.type) {
      case 'killed':
        this.#killsMs.push(wallMs);
        return;
      case 'request':
        if (sight.method === 'place') this.#call(sight.call).askedMs = wallMs;
        this.#touched(sight.call, wallMs);
        return;
      case 'rang': {
        const known = this.#call(sight.call);
        known.rang = { sight, askedMs: known.askedMs };
        return;
      }
      case 'unrung': {
        const known = this.#call(sight.call);
        known.unrung = { service: sight.service, askedMs: known.askedMs };
        return;
      }
      case 'settled':
        if (sight.outcome !== 'again') this.#settledMs.set(sight.contact, wallMs);
        return;
      case 'corrected':
      case 'returned':
        // Another row has another text; that nobody has written yet.
        for (const did of [this.#texts, this.#writers, this.#speakers]) {
          did.get(sight.contact)?.names.add(undefined);
        }
        return;
      case 'told': {
        const { event } = sight;
        if (event.type === 'call.finished') this.#call(event.call).endedMs = wallMs;
        if ('call' in event) this.#touched(event.call, wallMs);
        return;
      }
      default:
    }
  }

  *wrongIn({ contact, call }: Of<'recorded'>, says: NonNullable<Of<'recorded'>['says']>) {
    const known = this.#call(call);
    const { rang, refusedBy, unrung } = known;
    const { text, services, startedMs, endedMs, dialledMs } = says;
    const played = rang?.sight.spokenBy;
    const dialled = rang === undefined ? unrung : { ...rang, service: rang.sight.service };
    const one = (name: Name): ReadonlySet<Name> => new Set([name]);
    const of = (did: ReadonlyMap<string, Did>): ReadonlySet<Name> =>
      did.get(contact)?.names ?? one(undefined);
    const said = rang?.sight.text === undefined ? of(this.#texts) : one(rang.sight.text);
    yield* unlike('text', text, said);
    yield* unlike('llm', services.llm, of(this.#writers));
    yield* unlike('tts', services.tts, played === undefined ? of(this.#speakers) : one(played));
    yield* unlike('dialer', services.dialer, one(dialled?.service ?? refusedBy));
    const firstMs = known.firstMs ?? Infinity;
    if (startedMs > firstMs + TIME_MS) yield `startedMs ${startedMs}, not ${firstMs}`;
    const [first] = this.#lives.values();
    if (startedMs < (first?.wallMs ?? 0)) yield `startedMs ${startedMs}, before everything`;
    const right = this.#settledMs.get(contact) ?? known.endedMs;
    const isAtKill = known.endedMs === undefined && this.#killsMs.some((ms) => near(ms, endedMs));
    if (!near(right, endedMs) && !isAtKill) yield `endedMs ${endedMs}, not ${right}`;
    const askedMs = dialled?.askedMs;
    if (!near(askedMs, dialledMs)) yield `dialledMs ${dialledMs}, not ${askedMs}`;
  }

  /** What was answered just before a kill may not be on disk, and then is not known any more. */
  #answered({ sight, end, answer, life }: Exchange): void {
    const { method, service, contact = '', call } = sight;
    if (end?.type === 'failed' && end.failure.code === NO_NUMBER) {
      this.#call(call).refusedBy = service;
    }
    // It says that the trunk took no call; what may have been taken is looked for first.
    const isProven = end?.type === 'failed' && end.failure.kind !== 'unknown';
    if ((method === 'place' && isProven) || answer?.found === 'absent') {
      delete this.#call(call).unrung;
    }
    if (end?.type !== 'answered') return;
    const isLost = isCutAt(end, life);
    const text = answer?.text?.trim();
    if (method === 'write' && text !== '') {
      did(this.#texts, contact, text, isLost);
      did(this.#writers, contact, service, isLost);
    }
    if (method === 'speak') did(this.#speakers, contact, service, isLost);
  }

  #call(call: string | undefined): Known {
    const known = this.#calls.get(call ?? '') ?? {};
    this.#calls.set(call ?? '', known);
    return known;
  }

  #touched(call: string | undefined, wallMs: number): void {
    if (call !== undefined) this.#call(call).firstMs ??= wallMs;
  }

  #wallMs(run: number, atMs: number): number {
    const life = this.#lives.get(run);
    return life === undefined ? atMs : life.wallMs - life.began.atMs + atMs;
  }
}

/** Takes the place of what was done before, unless it may be forgotten itself. */
function did(all: Map<string, Did>, contact: string, name: Name, isLost: boolean): void {
  const before = all.get(contact)?.names ?? new Set([undefined]);
  all.set(contact, { names: new Set(isLost ? [...before, name] : [name]) });
}

function isCutAt({ atMs }: Mark, { stopped, over }: Life): boolean {
  const killed = over?.how === 'killed' ? over : undefined;
  return [stopped, killed].some((mark) => (mark?.atMs ?? Infinity) <= atMs + ROUNDING_MS);
}

function* unlike(what: string, says: Name, right: ReadonlySet<Name>) {
  if (right.has(says)) return;
  const names = [...right].map((one) => one ?? 'nothing').join(' or ');
  yield `${what} ${says ?? 'nothing'}, not ${names}`;
}

function near(one: number | undefined, other: number | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Math.abs(one - other) <= TIME_MS;
}
