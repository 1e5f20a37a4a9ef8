/**
 * The log put in order for the checkers: which lives there were, what became of each request as
 * the program must have taken it, and what each breaker went through.
 */
import type { CampaignEvent, EventOf, EventType } from '../../domain/event.ts';
import { ROLES } from '../../domain/words.ts';
import type { RunPolicy } from '../../engine/runner.ts';
import type { Promised, Seen } from '../check.ts';
import type { Place } from '../outage.ts';
import type { Method, Refusal, Sighting } from '../sighting.ts';
import type { ChainNames } from '../simulated-services.ts';

export type Of<T extends Sighting['type']> = Extract<Sighting, { readonly type: T }>;

/** A place in the log. What is not in it but must have happened has a broken number. */
export interface Mark {
  readonly index: number;
  readonly atMs: number;
}

/** Sums of milliseconds are rounded differently by whoever adds them up. */
export const ROUNDING_MS = 0.001;

/** A dialer's request that was given up may still be heard of for so long. */
export const GIVEN_UP_GRACE_MS = 10_000;

export interface Life {
  readonly run: number;
  readonly campaign: string;
  /** What its settings name. */
  readonly chains: ChainNames;
  readonly policy: RunPolicy;
  readonly wallMs: number;
  readonly began: Mark;
  /** When the operator wanted everything left at once. */
  stopped: Mark | undefined;
  /** When it told that its list was worked; what is left of it sends alerts. */
  finished: Mark | undefined;
  over: (Mark & { readonly how: 'ended' | 'killed' | 'broke' }) | undefined;
}

/** How a request was over for the program. */
export type Ending = Mark &
  (
    | { readonly type: 'answered' }
    | { readonly type: 'failed'; readonly failure: Refusal }
    /** Not waited for any more; `failure` is what the program must make of that. */
    | { readonly type: 'timed_out'; readonly failure: Refusal }
    /** The run was stopped or killed. */
    | { readonly type: 'left' }
  );

type Answer = Mark & Pick<Of<'answer'>, 'failure' | 'found' | 'text' | 'digit'>;

/** A request and what became of it. */
export interface Exchange extends Mark {
  readonly sight: Of<'request'>;
  readonly life: Life;
  /** Names the breaker in charge: a vendor that fills two roles has two. */
  readonly place: string;
  /** Names one go at this piece of work: what is asked in it of one service are attempts. */
  readonly round: string;
  /** A question about somebody who is not in hand: they are uncertain, and it is asked once. */
  readonly isAgain: boolean;
  readonly answer: Answer | undefined;
  readonly givenUp: Mark | undefined;
  readonly end: Ending | undefined;
}

/** Where the log ends without the end of a life, a request may have none either. */
export interface Evidence {
  readonly seen: Seen;
  readonly lives: readonly Life[];
  readonly exchanges: readonly Exchange[];
}

const GUARDED: ReadonlySet<Method> = new Set(['lookup', 'write', 'speak', 'place', 'record']);

/** Whether a request is admitted by a breaker and counted by it. */
export function isGuarded({ sight }: Pick<Exchange, 'sight'>): boolean {
  return GUARDED.has(sight.method);
}

export function placeName({ role, service }: { role: string; service: string }): string {
  return `${service} (${role})`;
}

export type Told<T extends EventType> = Mark & {
  readonly run: number;
  readonly event: EventOf<T>;
};

/** Every checker asks for one type or another, of logs that do not change any more. */
const TOLD = new WeakMap<readonly Sighting[], Map<EventType, readonly Told<EventType>[]>>();

/** Told events of one type, with their places in the log. */
export function toldOf<T extends EventType>(log: readonly Sighting[], type: T): readonly Told<T>[] {
  const types = TOLD.get(log) ?? new Map<EventType, readonly Told<EventType>[]>();
  TOLD.set(log, types);
  const told = types.get(type) ?? toldIn(log, type);
  types.set(type, told);
  return told as readonly Told<T>[];
}

function toldIn<T extends EventType>(log: readonly Sighting[], type: T): readonly Told<T>[] {
  return log.flatMap((sight, index) => {
    if (sight.type !== 'told' || sight.event.type !== type) return [];
    return [{ index, atMs: sight.atMs, run: sight.run, event: sight.event as EventOf<T> }];
  });
}

/** What the settings named at this place in the log. */
export function chainsAt({ seen, lives }: Evidence, index: number): ChainNames {
  const life = lives.findLast(({ began }) => began.index <= index);
  return life?.chains ?? seen.promised.chains;
}

/** Every service in every role that any life's settings named. */
export function placesNamed({ lives }: Evidence): readonly Place[] {
  const places = lives.flatMap(({ chains }) =>
    ROLES.flatMap((role) => chains[role].map((service) => ({ role, service }))),
  );
  return [...new Map(places.map((place) => [placeName(place), place])).values()];
}

/** How long a request of this kind is waited for. */
export function requestLimitMs(promised: Promised, service: string): number {
  const { requestMs } = promised.policyOf(service).timeouts;
  return requestMs === 0 ? Number.POSITIVE_INFINITY : requestMs;
}

/** Every checker asks for it, and it takes longer to put in order than to look at. */
const EVIDENCE = new WeakMap<Seen, Evidence>();

export function evidenceOf(seen: Seen): Evidence {
  const known = EVIDENCE.get(seen);
  if (known !== undefined) return known;
  const lives = livesOf(seen);
  const evidence = { seen, lives: [...lives.values()], exchanges: exchangesOf(seen, lives) };
  EVIDENCE.set(seen, evidence);
  return evidence;
}

const ENDLESS = { stopped: undefined, finished: undefined, over: undefined };

function livesOf({ log, promised }: Seen): ReadonlyMap<number, Life> {
  const lives = new Map<number, Life>();
  for (const [index, sight] of log.entries()) {
    const { atMs, run } = sight;
    if (sight.type === 'began') {
      const { campaign = '', chains = promised.chains, policy, wallMs } = sight;
      const orders = { campaign, chains, policy, wallMs };
      const began = { index, atMs };
      lives.set(run, { run, ...orders, began, ...ENDLESS });
      continue;
    }
    const life = lives.get(run);
    if (life === undefined) continue;
    if (sight.type === 'asked_to_stop' && sight.how === 'stop') life.stopped ??= { index, atMs };
    if (sight.type === 'told' && sight.event.type === 'run.finished') {
      life.finished ??= { index, atMs };
    }
    if (sight.type === 'ended' || sight.type === 'killed' || sight.type === 'broke') {
      life.over ??= { index, atMs, how: sight.type };
    }
  }
  return lives;
}

interface Pair {
  answer?: Exchange['answer'];
  givenUp?: Mark;
}

function exchangesOf(seen: Seen, lives: ReadonlyMap<number, Life>): readonly Exchange[] {
  const { log } = seen;
  const pairs = pairsOf(log);
  const rounds = new Map<string, number>();
  const firstsMs = new Map<string, number>();
  const exchanges: Exchange[] = [];
  const inHand = new Set<string>();
  for (const [index, sight] of log.entries()) {
    if (sight.type === 'told') follow(inHand, sight.run, sight.event);
    const ended = sight.type === 'told' ? endsRound(sight.event) : undefined;
    if (ended !== undefined) rounds.set(ended, (rounds.get(ended) ?? 0) + 1);
    if (sight.type !== 'request') continue;
    const life = lives.get(sight.run);
    if (life === undefined) throw new Error(`run ${sight.run} sends before it began`);
    const { answer, givenUp } = pairs.get(sight.request) ?? {};
    const { contact = '', method, run, atMs } = sight;
    const place = placeName(sight);
    const isQuestion = method === 'find' || method === 'follow';
    const isAgain = isQuestion && !inHand.has(`${run} ${contact}`);
    const which = isAgain ? `again ${index}` : (rounds.get(contact) ?? 0);
    const round = `${run}/${contact}/${which}/${method}/${place}`;
    const open = { index, atMs, sight, life, place, round, isAgain, answer, givenUp };
    const firstMs = firstsMs.get(round) ?? atMs;
    const end = endingOf(open, firstMs, seen);
    // An answer begins another series of questions.
    if (end?.type === 'answered') firstsMs.delete(round);
    else firstsMs.set(round, firstMs);
    exchanges.push({ ...open, end });
  }
  return exchanges;
}

function follow(inHand: Set<string>, run: number, event: CampaignEvent): void {
  if (event.type === 'call.started') inHand.add(`${run} ${event.contact}`);
  if (event.type === 'call.finished') inHand.delete(`${run} ${event.contact}`);
  if (event.type === 'contact.put_off') inHand.delete(`${run} ${event.contact}`);
}

function pairsOf(log: readonly Sighting[]): ReadonlyMap<number, Pair> {
  const pairs = new Map<number, Pair>();
  for (const [index, sight] of log.entries()) {
    if (sight.type !== 'answer' && sight.type !== 'given_up') continue;
    const { request, atMs } = sight;
    const pair = pairs.get(request) ?? {};
    if (sight.type === 'answer') {
      const { failure, found, text, digit } = sight;
      pair.answer ??= { index, atMs, failure, found, text, digit };
    } else pair.givenUp ??= { index, atMs };
    pairs.set(request, pair);
  }
  return pairs;
}

/** The contact whose work this event begins, ends or puts off. */
function endsRound(event: CampaignEvent): string | undefined {
  switch (event.type) {
    case 'call.started':
    case 'call.finished':
    case 'contact.put_off':
      return event.contact;
    default:
      return undefined;
  }
}

/**
 * A client can be deaf to being given up: then nothing is seen of it, and the answer that comes
 * later meets nobody. So the time that was promised decides, not what was seen.
 */
function endingOf(
  open: Omit<Exchange, 'end'>,
  firstMs: number,
  { log, promised }: Seen,
): Ending | undefined {
  const { life, sight, answer, givenUp, atMs, index } = open;
  const deadlineMs = isGuarded(open)
    ? atMs + requestLimitMs(promised, sight.service)
    : questionEndsMs(promised, sight, firstMs);
  // The health checker works on until the run has finished.
  const stopped = sight.method === 'probe' ? life.finished : life.stopped;
  const cuts = [stopped, life.over].filter((mark) => mark !== undefined);
  const cut = cuts.filter((mark) => mark.index > index).sort((a, b) => a.index - b.index)[0];
  const isBeforeCut = (mark: Mark): boolean => cut === undefined || mark.index < cut.index;
  if (answer !== undefined && isBeforeCut(answer) && answer.atMs <= deadlineMs + ROUNDING_MS) {
    const { failure } = answer;
    const mark = { index: answer.index, atMs: answer.atMs };
    return failure === undefined
      ? { ...mark, type: 'answered' }
      : { ...mark, type: 'failed', failure };
  }
  const failure = timeoutOf(sight.method);
  if (givenUp !== undefined && isBeforeCut(givenUp)) {
    return { ...givenUp, type: 'timed_out', failure };
  }
  const lastMs = cut?.atMs ?? log.at(-1)?.atMs ?? 0;
  if (deadlineMs <= lastMs + ROUNDING_MS) {
    const at = before(log, deadlineMs - ROUNDING_MS);
    return { index: at, atMs: deadlineMs, type: 'timed_out', failure };
  }
  return cut === undefined ? undefined : { index: cut.index, atMs: cut.atMs, type: 'left' };
}

/** Questions about a call have one limit together, from the first of them on. */
export function questionEndsMs(
  promised: Promised,
  { method, service }: Of<'request'>,
  firstMs: number,
): number {
  if (method !== 'follow' && method !== 'find') return Number.POSITIVE_INFINITY;
  const { callMs } = promised.policyOf(service).timeouts;
  return callMs === 0 ? Number.POSITIVE_INFINITY : firstMs + callMs;
}

/** What a request that was given up leaves behind: of `place` nobody knows whether it rang. */
function timeoutOf(method: Method): Refusal {
  return {
    kind: method === 'place' ? 'unknown' : 'transient',
    scope: 'service',
    code: 'timeout',
  };
}

/** The place in the log before everything that happened at `atMs` or later. */
function before(log: readonly Sighting[], atMs: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((log[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low - 0.5;
}
