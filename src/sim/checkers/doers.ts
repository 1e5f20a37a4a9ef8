/**
 * What is promised of names: whoever really did a step is told, and who did it in whose place.
 */
import type { EventOf } from '../../domain/event.ts';
import type { Step } from '../../domain/words.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import type { Method } from '../sighting.ts';
import {
  type Evidence,
  type Exchange,
  evidenceOf,
  type Life,
  type Mark,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';

type Found = Omit<Violation, 'checker'>;
type StepFinished = EventOf<'step.finished'>;

/** What is asked of a service for a step; of a dialer, what may fall to another. */
const STEP_OF: Readonly<Partial<Record<Method, Step>>> = {
  lookup: 'lookup',
  write: 'script',
  speak: 'speech',
  place: 'dial',
  record: 'record',
};

/** A request that was answered, by the work that it was for. */
interface Done extends Mark {
  readonly work: string;
  readonly step: Step;
  readonly service: string;
  readonly exchange: Exchange;
}

function workOf(run: number, call: string | undefined, step: string | undefined): string {
  return `${run}/${call ?? ''}/${step ?? ''}`;
}

/** In the order of their answers. */
function doneIn({ exchanges }: Evidence): readonly Done[] {
  const done = exchanges.flatMap((exchange): readonly Done[] => {
    const { sight, life, end } = exchange;
    const step = STEP_OF[sight.method];
    if (step === undefined || end?.type !== 'answered') return [];
    const { index, atMs } = end;
    const work = workOf(life.run, sight.call, step);
    return [{ index, atMs, work, step, service: sight.service, exchange }];
  });
  return done.sort((one, other) => one.index - other.index);
}

/** The told events and the answered requests, one after the other. */
function* inOrder(seen: Seen) {
  const done = doneIn(evidenceOf(seen));
  let next = 0;
  for (const [index, sight] of seen.log.entries()) {
    for (; (done[next]?.index ?? index) < index; next += 1) {
      yield { type: 'done', done: done[next] as Done } as const;
    }
    if (sight.type === 'told') yield { type: 'told', index, sight } as const;
  }
  for (; next < done.length; next += 1) yield { type: 'done', done: done[next] as Done } as const;
}

// ---------------------------------------------------------------------------- steps

export const STEPS_ASCRIBED: Checker = {
  name: 'steps ascribed',
  promise: 'Whoever is told to have done a step has done it.',
  check: (seen) => {
    const last = new Map<string, Done>();
    const placed = placedBy(seen);
    const speakers = speakersOf(seen);
    const found: Found[] = [];
    for (const one of inOrder(seen)) {
      if (one.type === 'done') last.set(one.done.work, one.done);
      if (one.type === 'done' || one.sight.event.type !== 'step.finished') continue;
      const { event, atMs, run } = { ...one.sight, event: one.sight.event };
      const { step, service, contact = '', call = '' } = event;
      const right =
        step === 'dial'
          ? placed.get(call)
          : event.kept === true
            ? speakers.get(contact)
            : new Set([last.get(workOf(run, call, step))?.service]);
      // Nobody was rung: then there is nobody to be named for it.
      if (right === undefined && step === 'dial') continue;
      if (right?.has(service) === true) continue;
      const names = [...(right ?? [])].map((name) => name ?? 'nobody').join(' or ');
      const message = `${step} of ${contact} (${call}) is told as by ${service}, not ${names}`;
      found.push({ atMs, message });
    }
    return found;
  },
};

/** By call: who rang. */
function placedBy({ log }: Seen): ReadonlyMap<string, ReadonlySet<string | undefined>> {
  const by = new Map<string, Set<string>>();
  for (const sight of log) {
    if (sight.type !== 'rang') continue;
    by.set(sight.call, (by.get(sight.call) ?? new Set()).add(sight.service));
  }
  return by;
}

/** By contact: whose audio may be kept. */
function speakersOf(seen: Seen): ReadonlyMap<string, ReadonlySet<string | undefined>> {
  const by = new Map<string, Set<string>>();
  for (const { sight, end } of evidenceOf(seen).exchanges) {
    const { method, contact = '', service } = sight;
    if (method !== 'speak' || end?.type !== 'answered') continue;
    by.set(contact, (by.get(contact) ?? new Set()).add(service));
  }
  return by;
}

export const STEPS_TOLD: Checker = {
  name: 'steps told',
  promise: 'Each step that was finished is told, once.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const told = Map.groupBy(toldOf(seen.log, 'step.finished'), ({ run, event }) =>
      workOf(run, event.call, event.step),
    );
    const steps = doneIn(evidence).filter(isFinished);
    const done = byWork([...steps, ...followedIn(evidence)]);
    const heard = byWork([...steps, ...endsHeardIn(evidence)]);
    const untold = [...done].flatMap(([work, its]) => {
      const times = (told.get(work) ?? []).filter(({ event }) => event.kept !== true).length;
      const missed = its.filter((one) => !isCut(one))[times];
      if (missed === undefined) return [];
      const { step, service, atMs, exchange } = missed;
      const { call = '?' } = exchange.sight;
      const message = `${service} did the ${step} of ${call}, and nobody is told`;
      return [{ atMs, message }];
    });
    const repeated = [...told].flatMap(([work, its]) => {
      const answers = heard.get(work) ?? [];
      // A call of which nothing is heard any more is told as over; so is what is heard after all.
      const isAhead = (its[0]?.index ?? 0) < (answers[0]?.index ?? Number.POSITIVE_INFINITY);
      const last = its[answers.length + (isAhead ? 1 : 0)];
      if (last === undefined) return [];
      const { atMs, event } = last;
      return [{ atMs, message: `the ${event.step} of ${event.call ?? '?'} is told once more` }];
    });
    return [...untold, ...repeated];
  },
};

function byWork(done: readonly Done[]): ReadonlyMap<string, readonly Done[]> {
  return Map.groupBy(done, ({ work }) => work);
}

/** Calls that a dialer followed to their end. */
function followedIn(evidence: Evidence): readonly Done[] {
  return endsHeardIn(evidence).filter(({ exchange }) => exchange.sight.method === 'follow');
}

/** How a dialer said that calls ended: followed, or looked for after the end. */
function endsHeardIn({ exchanges }: Evidence): readonly Done[] {
  return exchanges.flatMap((exchange): readonly Done[] => {
    const { sight, life, end, answer } = exchange;
    if (end?.type !== 'answered') return [];
    const isEnd =
      sight.method === 'follow' || (sight.method === 'find' && answer?.found === 'ended');
    if (!isEnd) return [];
    const { index, atMs } = end;
    const work = workOf(life.run, sight.call, 'dial');
    return [{ index, atMs, work, step: 'dial', service: sight.service, exchange }];
  });
}

/** Who has taken a call on has not ended it yet, and an empty text is none. */
function isFinished({ exchange: { sight, answer } }: Done): boolean {
  return sight.method !== 'place' && answer?.text?.trim() !== '';
}

// ---------------------------------------------------------------------------- fallbacks

export const FALLBACKS_TOLD: Checker = {
  name: 'fallbacks told',
  promise:
    'That a service did a step in the place of the first of its chain is told, each time and of ' +
    'no other, with both names.',
  check: (seen) => {
    const languages = new Map(seen.promised.contacts.map(({ id, language }) => [id, language]));
    const book = new FallbackBook((done) => firstsFor(seen, languages, done));
    for (const one of inOrder(seen)) {
      if (one.type === 'done') {
        book.done(one.done);
        continue;
      }
      const { event, run, atMs } = one.sight;
      if (event.type === 'fallback.used') {
        book.told(event, workOf(run, event.call, event.step), { index: one.index, atMs });
      }
      if (event.type === 'step.finished' && event.kept === true) {
        const life = evidenceOf(seen).lives.find((its) => its.run === run);
        book.kept(event, workOf(run, event.call, event.step), life, atMs);
      }
    }
    return book.close();
  },
};

/** Which services may have been the first that could be asked, and whose turn it then was. */
type Firsts = (
  done: Pick<Done, 'step'> & { readonly contact: string; readonly life: Life },
) => ReadonlySet<string>;

/** What was done and not told yet, by work. */
class FallbackBook {
  readonly #firstsOf: Firsts;
  readonly #untold = new Map<string, Done>();
  /** Told of work of which no request is known: audio that was kept. */
  readonly #early = new Map<string, EventOf<'fallback.used'> & { readonly atMs: number }>();
  readonly #found: Found[] = [];

  constructor(firstsOf: Firsts) {
    this.#firstsOf = firstsOf;
  }

  done(done: Done): void {
    this.#missed(this.#untold.get(done.work));
    this.#untold.set(done.work, done);
  }

  told(event: EventOf<'fallback.used'>, work: string, { atMs }: Mark): void {
    const done = this.#untold.get(work);
    this.#untold.delete(work);
    if (done === undefined || done.atMs < atMs - ROUNDING_MS) {
      this.#missed(done);
      this.#early.set(work, { ...event, atMs });
      return;
    }
    const { sight, life } = done.exchange;
    const { contact = '' } = sight;
    const firsts = this.#firstsOf({ step: done.step, contact, life });
    this.#compare(event, done.service, firsts, atMs);
  }

  kept(event: StepFinished, work: string, life: Life | undefined, atMs: number): void {
    const told = this.#early.get(work);
    this.#early.delete(work);
    const { step, contact = '', service = '' } = event;
    if (life === undefined) return;
    const firsts = this.#firstsOf({ step, contact, life });
    if (told !== undefined) {
      this.#compare(told, service, firsts, atMs);
    } else if (!firsts.has(service)) {
      const message = `${service} had the ${step} of ${contact}, and no fallback is told`;
      this.#found.push({ atMs, message });
    }
  }

  close(): readonly Found[] {
    for (const done of this.#untold.values()) this.#missed(done);
    for (const { atMs, step, service, call } of this.#early.values()) {
      const message = `${service} is told to have done the ${step} of ${call}, and did nothing`;
      this.#found.push({ atMs, message });
    }
    return this.#found;
  }

  #compare(
    { service, instead, step, call }: EventOf<'fallback.used'>,
    really: string,
    firsts: ReadonlySet<string>,
    atMs: number,
  ): void {
    const about = `${step} of ${call}: ${service} is told in the place of ${instead}`;
    if (service !== really) {
      this.#found.push({ atMs, message: `${about}, and ${really} did it` });
    } else if (instead === service || !firsts.has(instead)) {
      this.#found.push({ atMs, message: `${about}, the first is ${[...firsts].join(' or ')}` });
    }
  }

  /** It was done, and nothing told: right where it was the first one's to do. */
  #missed(done: Done | undefined): void {
    if (done === undefined || isCut(done)) return;
    const { step, service, exchange, atMs } = done;
    const { contact = '', call = '' } = exchange.sight;
    const firsts = this.#firstsOf({ step, contact, life: exchange.life });
    if (firsts.has(service)) return;
    const whose = [...firsts].join(' or ');
    const message = `${service} did the ${step} of ${call} in the place of ${whose}, untold`;
    this.#found.push({ atMs, message });
  }
}

/** Killed or stopped at that moment: it may have been before anything could be told. */
function isCut({ atMs, exchange: { life } }: Done): boolean {
  return [life.stopped, life.over].some((mark) => (mark?.atMs ?? Infinity) <= atMs + ROUNDING_MS);
}

/**
 * The first of the chain; of dialers, the first that speaks the language, where it speaks itself:
 * which other languages those speak is not known here, so any of them can be it.
 */
function firstsFor(
  { promised }: Seen,
  languages: ReadonlyMap<string, string | undefined>,
  { step, contact, life }: Parameters<Firsts>[0],
): ReadonlySet<string> {
  const { llm, tts, dialer, crm } = life.chains;
  const names = { lookup: crm, script: llm, speech: tts, dial: dialer, record: crm }[step];
  const { speaking = [] } = promised.quirks;
  const isForeign = step === 'dial' && (languages.get(contact) ?? 'en') !== 'en';
  const sure = names.findIndex((name) => !isForeign || !speaking.includes(name));
  return new Set(sure < 0 ? names : names.slice(0, sure + 1));
}
