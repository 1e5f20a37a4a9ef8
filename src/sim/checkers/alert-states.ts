/**
 * What an operator must be told of each service: whether it is down for somebody who uses it.
 */
import type { Sighting } from '../sighting.ts';
import type { ChainNames } from '../simulated-services.ts';
import {
  type Evidence,
  isGuarded,
  type Life,
  type Mark,
  placeName,
  placesNamed,
  ROUNDING_MS,
} from './evidence.ts';

/** `unsure` after a kill that came before a change can have been on disk. */
export type State = 'up' | 'down' | 'unsure';

/** From here on. */
export interface Change extends Mark {
  readonly run: number;
  readonly before: State;
  readonly state: State;
  /** `unused`: those who used it do not name it any more. */
  readonly because: 'moved' | 'unused' | 'named' | 'killed';
}

/** Whether a campaign met the outage of a service that it names. */
type Claim = 'yes' | 'no' | 'unsure';

/** One service in one role: its breaker, and the campaigns that its outage is one for. */
class Post {
  #breaker: State = 'up';
  /** Down by what its breaker does not count, and the next life does not know of. */
  #isStalled = false;
  #movedMs = Number.NEGATIVE_INFINITY;
  readonly #claims = new Map<string, { readonly claim: Claim; readonly atMs: number }>();

  /** What nobody names is down for nobody. */
  get state(): State {
    const claims = [...this.#claims.values()].filter(({ claim }) => claim !== 'no');
    if (this.#breaker === 'up' || claims.length === 0) return 'up';
    const isSure = this.#breaker === 'down' && claims.some(({ claim }) => claim === 'yes');
    return isSure ? 'down' : 'unsure';
  }

  get isUnsure(): boolean {
    return this.#breaker === 'unsure';
  }

  /** What refused everything to an earlier run is back with work that was done, not any answer. */
  get needsWork(): boolean {
    return this.#isStalled;
  }

  moved(breaker: 'up' | 'down', campaign: string, atMs: number, isStalled = false): void {
    this.#breaker = breaker;
    this.#isStalled = isStalled;
    this.#movedMs = atMs;
    if (breaker === 'down') this.#claim(campaign, 'yes', atMs);
    else for (const other of this.#claims.keys()) this.#claim(other, 'no', atMs);
  }

  /** A life begins whose settings name it. */
  named(campaign: string, atMs: number): void {
    if (this.#breaker === 'down') this.#claim(campaign, 'yes', atMs);
    const isKnown = this.#claims.get(campaign)?.claim === 'yes';
    if (this.#breaker === 'unsure' && !isKnown) this.#claim(campaign, 'unsure', atMs);
  }

  /** A life begins whose settings do not. */
  unnamed(campaign: string, atMs: number): void {
    if (this.#claims.has(campaign)) this.#claim(campaign, 'no', atMs);
  }

  /** Another life begins; it finds out by its first request. */
  restarted(): void {
    if (this.#isStalled) this.#breaker = 'unsure';
  }

  /** Two lives are on, each with a breaker of its own, of which the last one to move is kept. */
  blurred(campaign: string, atMs: number): void {
    this.#breaker = 'unsure';
    this.#movedMs = atMs;
    this.#claim(campaign, 'unsure', atMs);
    for (const other of this.#claims.keys()) this.#claim(other, 'unsure', atMs);
  }

  /** What was so since `sinceMs` only need not be on disk. */
  killed(sinceMs: number): void {
    if (this.#movedMs >= sinceMs) this.#breaker = 'unsure';
    for (const [campaign, { atMs }] of this.#claims) {
      if (atMs >= sinceMs) this.#claims.set(campaign, { claim: 'unsure', atMs });
    }
  }

  #claim(campaign: string, claim: Claim, atMs: number): void {
    if (this.#claims.get(campaign)?.claim === claim) return;
    this.#claims.set(campaign, { claim, atMs });
  }
}

/** Every checker of alerts asks for it, for one service after another. */
const KNOWN = new WeakMap<Evidence, Map<string, readonly Change[]>>();

/** What a service went through, in all the roles that it fills. */
export function changesOf(evidence: Evidence, service: string): readonly Change[] {
  const known = KNOWN.get(evidence) ?? new Map<string, readonly Change[]>();
  KNOWN.set(evidence, known);
  const changes = known.get(service) ?? new Service(evidence, service).changes;
  known.set(service, changes);
  return changes;
}

export function stateAt(changes: readonly Change[], index: number): State {
  return changes.findLast((change) => change.index <= index)?.state ?? 'up';
}

/** Follows the log with an eye on one service. */
class Service {
  readonly changes: Change[] = [];
  readonly #service: string;
  readonly #posts: ReadonlyMap<string, { readonly role: keyof ChainNames; readonly post: Post }>;
  readonly #lives: ReadonlyMap<number, Life>;
  /** Runs that are on; none of them alone, where another was on as it began. */
  readonly #on = new Map<number, { isAlone: boolean }>();

  constructor(evidence: Evidence, service: string) {
    const places = placesNamed(evidence).filter((place) => place.service === service);
    this.#service = service;
    this.#posts = new Map(
      places.map((place) => [placeName(place), { role: place.role, post: new Post() }]),
    );
    this.#lives = new Map(evidence.lives.map((life) => [life.run, life]));
    const proofs = new Map<number, string>();
    for (const { end, place } of evidence.exchanges.filter(isGuarded)) {
      if (end?.type === 'answered') proofs.set(end.index, place);
    }
    for (const [index, sight] of evidence.seen.log.entries()) {
      this.#take(sight, index);
      // What is asked and answered without a word of its breaker has one that is closed.
      const work = workIn(sight, service);
      const proven = this.#posts.get(proofs.get(index) ?? work ?? '')?.post;
      if (proven?.isUnsure !== true || this.#on.get(sight.run)?.isAlone === false) continue;
      if (proven.needsWork && work === undefined) continue;
      this.#change(sight, index, 'moved', () => proven.moved('up', '', sight.atMs));
    }
  }

  #take(sight: Sighting, index: number): void {
    const { atMs, run } = sight;
    const life = this.#lives.get(run);
    if (life === undefined) return;
    const { campaign } = life;
    if (sight.type === 'began') {
      this.#began(sight, index, life);
      this.#on.set(run, { isAlone: true });
      if (this.#on.size > 1) for (const one of this.#on.values()) one.isAlone = false;
    }
    if (OVER.has(sight.type)) this.#on.delete(run);
    if (this.#on.get(run)?.isAlone === false) {
      this.#blur(sight, index, life);
      return;
    }
    if (sight.type === 'told') {
      const { event } = sight;
      if (!isMove(event)) return;
      const post = this.#posts.get(placeName(event))?.post;
      const breaker = UPS.has(event.type) ? 'up' : 'down';
      const isStalled = event.type === 'service.stalled';
      this.#change(sight, index, 'moved', () => post?.moved(breaker, campaign, atMs, isStalled));
    }
    if (sight.type === 'killed') {
      const sinceMs = Math.max(life.began.atMs, atMs - ROUNDING_MS);
      this.#change(sight, index, 'killed', () => {
        for (const { post } of this.#posts.values()) post.killed(sinceMs);
      });
    }
  }

  #blur(sight: Sighting, index: number, { campaign }: Life): void {
    const isMoved = sight.type === 'told' && isMove(sight.event);
    if (!isMoved && sight.type !== 'began') return;
    this.#change(sight, index, 'moved', () => {
      for (const { role, post } of this.#posts.values()) {
        const named = [...this.#on.keys()].some((run) =>
          this.#lives.get(run)?.chains[role].includes(this.#service),
        );
        if (named) post.blurred(campaign, sight.atMs);
      }
    });
  }

  /** First what is not used any more is ended, then what is down is told. */
  #began(sight: Sighting, index: number, { campaign, chains }: Life): void {
    const posts = [...this.#posts.values()];
    this.#change(sight, index, 'named', () => {
      for (const { post } of posts) post.restarted();
    });
    const isNamed = ({ role }: { readonly role: keyof ChainNames }): boolean =>
      chains[role].includes(this.#service);
    this.#change(sight, index, 'unused', () => {
      for (const { post } of posts.filter((one) => !isNamed(one))) {
        post.unnamed(campaign, sight.atMs);
      }
    });
    this.#change(sight, index, 'named', () => {
      for (const { post } of posts.filter(isNamed)) post.named(campaign, sight.atMs);
    });
  }

  #change(
    { atMs, run }: Sighting,
    index: number,
    because: Change['because'],
    change: () => void,
  ): void {
    const before = this.#state();
    change();
    const state = this.#state();
    if (state !== before) this.changes.push({ index, atMs, run, before, state, because });
  }

  #state(): State {
    const all = [...this.#posts.values()].map(({ post }) => post.state);
    if (all.includes('down')) return 'down';
    return all.includes('unsure') ? 'unsure' : 'up';
  }
}

/** The work that the service is told to have done; undefined where it is none. */
function workIn(sight: Sighting, service: string): string | undefined {
  if (sight.type !== 'told' || sight.event.type !== 'step.finished') return undefined;
  const { service: by, role, requestMs } = sight.event;
  const isIts = by === service && role !== undefined && requestMs !== undefined;
  return isIts ? placeName({ service, role }) : undefined;
}

type Event = Extract<Sighting, { readonly type: 'told' }>['event'];
type Move = Extract<
  Event,
  {
    readonly type:
      | 'breaker.opened'
      | 'breaker.half_open'
      | 'breaker.closed'
      | 'service.stalled'
      | 'service.resumed';
  }
>;

function isMove(event: Event): event is Move {
  return MOVES.has(event.type);
}

const OVER: ReadonlySet<string> = new Set(['ended', 'killed', 'broke']);

const MOVES: ReadonlySet<string> = new Set([
  'breaker.opened',
  'breaker.half_open',
  'breaker.closed',
  'service.stalled',
  'service.resumed',
]);

const UPS: ReadonlySet<string> = new Set(['breaker.closed', 'service.resumed']);
