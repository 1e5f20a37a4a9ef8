/**
 * One play of a world: each of its lives, what the operator does before, between and during them,
 * and the starts after everything has healed. It is apart from the hunt because it knows of no
 * other play and judges nothing but that nothing broke and that the list came to its end; what was
 * seen is for the hunt to compare and for the checkers to judge.
 */
import type { Outcome } from '../domain/words.ts';
import { type Money, randomBills } from './billing.ts';
import type { Capacity } from './capacity.ts';
import type { Standing, Violation } from './check.ts';
import { OPEN_TIMES_MAX } from './checkers/away.ts';
import { RECORD_WAIT_MS } from './checkers/put-offs.ts';
import { LogDigest } from './digest.ts';
import { draws } from './draws.ts';
import type { HuntDisk } from './hunt-disk.ts';
import { HUNT_CAMPAIGN, type Lived, OTHER_CAMPAIGN } from './hunt-judgement.ts';
import { EditedList } from './list-edits.ts';
import type { Outage } from './outage.ts';
import { Outside } from './outside.ts';
import { CALM, type LifePlan } from './random-lives.ts';
import type { RandomWorld } from './random-world.ts';
import type { Sighting } from './sighting.ts';
import { type ChannelPlan } from './simulated-channels.ts';
import {
  type LifeEnd,
  live,
  type MakeEngine,
  type Scene,
  type SimulatedDisk,
  type Start,
} from './simulation.ts';
import { answerMs } from './vendors.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a play needs of the root. */
export interface PlayOptions {
  /** The program's own composition, with the settings of this world. */
  readonly make: (world: RandomWorld) => MakeEngine;
  /** As `VirtualClockOptions.defer`. */
  readonly defer: (task: () => void) => void;
}

export interface Played extends Lived {
  readonly digest: string;
  /** What no checker has to look for: it broke, or it never came to its end. */
  readonly violations: readonly Violation[];
}

export async function onDisk(
  make: () => HuntDisk,
  world: RandomWorld,
  options: PlayOptions,
): Promise<Played> {
  const disk = make();
  try {
    return await new Play(world, disk, options).play();
  } finally {
    disk.dispose();
  }
}

/** What the first life of a world is with channels that work. */
export async function soundLife(
  make: () => HuntDisk,
  world: RandomWorld,
  options: PlayOptions,
): Promise<readonly Sighting[]> {
  const disk = make();
  try {
    return await new Play({ ...world, channels: soundOnes(world.channels) }, disk, options).first();
  } finally {
    disk.dispose();
  }
}

function soundOnes(channels: RandomWorld['channels']): readonly ChannelPlan[] {
  return (channels ?? []).map((channel) => ({ ...channel, troubles: [] }));
}

/** A Monday at nine. */
const START_MS = Date.UTC(2026, 2, 2, 9);
/** No run takes that long: 40 contacts on one line, with 30 minutes of waiting for each. */
const LIFE_MS_MAX = 72 * 3_600_000;
/** Between two starts after everything has healed, as cron has it. */
const CRON_MS = 10 * 60_000;
/** Starts after that: one that brings the list to its end, and one more for what was refused. */
const STARTS_LEAST = 2;

class Play {
  readonly #world: RandomWorld;
  readonly #clock: VirtualClock;
  readonly #outages: Outage[];
  readonly #capacities: Capacity[];
  readonly #channels: ChannelPlan[];
  readonly #outside: Outside;
  readonly #scene: Scene;
  readonly #log: Sighting[] = [];
  readonly #digest = new LogDigest();
  readonly #list: EditedList;
  #run = 0;

  constructor(world: RandomWorld, disk: SimulatedDisk, { make, defer }: PlayOptions) {
    const { seed, behaviour, quirks, chains, looksUp, sameNumber, severities } = world;
    const clock = new VirtualClock({ wallMs: START_MS, defer });
    this.#world = world;
    this.#list = new EditedList(world.contacts, (sight) => {
      this.#outside.see({ run: this.#run }, sight);
    });
    this.#clock = clock;
    this.#outages = [...world.outages];
    this.#capacities = [...world.capacities];
    this.#channels = [...(world.channels ?? [])];
    this.#outside = new Outside({
      clock,
      draw: draws(seed),
      behaviour,
      answerMs: (place) => answerMs(behaviour, place),
      outages: this.#outages,
      capacities: this.#capacities,
      quirks,
      bills: world.money && randomBills(draws(seed)),
      witness: (sighting) => {
        this.#log.push(sighting);
        this.#digest.add(JSON.stringify(sighting));
      },
    });
    this.#scene = {
      seed,
      campaign: HUNT_CAMPAIGN,
      clock,
      outside: this.#outside,
      disk,
      make: make(world),
      chains,
      looksUp,
      sameNumber,
      keepsAlertsApart: world.keepsAlertsApart,
      severities,
      channels: this.#channels,
      listen: () => undefined,
    };
  }

  async play(): Promise<Played> {
    const violations = await this.#lives();
    const own = this.#standings();
    const others = this.#standings(OTHER_CAMPAIGN);
    return {
      log: this.#log,
      digest: this.#digest.hex,
      standings: (campaign) => (campaign === OTHER_CAMPAIGN ? others : own),
      outages: this.#outages,
      violations,
    };
  }

  /** Its first life only. */
  async first(): Promise<readonly Sighting[]> {
    const [plan] = this.#world.lives;
    if (plan !== undefined) await this.#live(plan, this.#world.money);
    return this.#log;
  }

  async #lives(): Promise<readonly Violation[]> {
    for (const plan of this.#world.lives) {
      const end = await this.#live(plan, this.#world.money);
      if (end.type === 'broke') return [this.#broken('it works without a bug', end)];
    }
    this.#heal();
    const { contacts, other, lives } = this.#world;
    const chains = lives.findLast(({ isOther }) => isOther !== true)?.chains;
    const found = await this.#finish({ ...CALM, chains }, contacts.length);
    if (found.length > 0 || other === undefined) return found;
    const plan = { ...CALM, chains: other.chains, isOther: true };
    return await this.#finish(plan, other.contacts.length);
  }

  /** Now that everything is well, a list must come to its end. */
  async #finish(plan: LifePlan, contacts: number): Promise<readonly Violation[]> {
    let last = 'never started';
    const { starts, withinMs } = patienceOf(this.#world, contacts);
    const healedMs = this.#clock.monotonicMs();
    for (let start = 1; start <= starts; start += 1) {
      const end = await this.#live(plan);
      if (end.type === 'broke') return [this.#broken('it works without a bug', end)];
      last = end.type === 'ended' ? end.end : end.type;
      const tookMs = this.#clock.monotonicMs() - healedMs;
      if (last === 'done' && tookMs <= withinMs) return [];
      if (last === 'done') return [this.#late(`done after ${tookMs} ms, not ${withinMs} ms`)];
      await this.#clock.advance(CRON_MS);
    }
    return [this.#late(`not done after ${starts} more runs; the last ended: ${last}`)];
  }

  #late(what: string): Violation {
    const atMs = this.#clock.monotonicMs();
    return { checker: 'it comes to its end', atMs, message: `healed, and ${what}` };
  }

  /** @param money left out where the operator has raised the budget out of the way */
  async #live(plan: LifePlan, money?: Money): Promise<LifeEnd> {
    const clock = this.#clock;
    await clock.advance(plan.pauseMs);
    this.#run += 1;
    const { chains = this.#world.chains, isOther = false } = plan;
    if (!isOther) this.#prepare(plan);
    const endsMs = clock.monotonicMs() + LIFE_MS_MAX;
    const { untilMs, limit, fuse, drainMs, stopMs, stopOnPlace, settles, settlesMs } = plan;
    const cancel =
      settlesMs === undefined ? undefined : clock.after(settlesMs, () => this.#settle(settles));
    const campaign = isOther ? OTHER_CAMPAIGN : HUNT_CAMPAIGN;
    const scene = { ...this.#scene, campaign, chains };
    const run = this.#run;
    const seconds = this.#seconds(scene, plan);
    const end = await live(scene, {
      run,
      contacts: isOther ? (this.#world.other?.contacts ?? []) : this.#list.rows,
      policy: {
        ...this.#world.policy,
        limit,
        untilMs: untilMs === undefined ? undefined : clock.wallMs() + untilMs,
      },
      money: isOther ? undefined : money && { ...money, currency: 'USD' },
      fuse,
      drainMs,
      stopMs,
      stopOnPlace,
      pace: () => {
        if (clock.monotonicMs() <= endsMs) return GO_ON;
        throw new Error(`a run that has not ended after ${LIFE_MS_MAX / 3_600_000} hours`);
      },
    });
    cancel?.();
    await seconds.over();
    return end;
  }

  /**
   * A second start while the first is on, as by another cron job: of the same campaign, or of the
   * other one.
   */
  #seconds(scene: Scene, { secondMs, beside }: LifePlan): { over(): Promise<unknown> } {
    let second: Promise<LifeEnd> | undefined;
    const atMs = beside?.atMs ?? secondMs;
    const cancel =
      atMs === undefined
        ? undefined
        : this.#clock.after(atMs, () => {
            const { contacts, policy } = this.#secondOrders();
            const about = { run: this.#run + 1, policy, isBeside: true };
            const { other } = this.#world;
            if (beside === undefined || other === undefined) {
              second = live(scene, { ...about, contacts });
              return;
            }
            const { chains, fuse } = beside;
            const its = { ...scene, campaign: OTHER_CAMPAIGN, chains };
            second = live(its, { ...about, contacts: other.contacts, fuse });
          });
    return {
      over: async () => {
        cancel?.();
        if (second === undefined) return;
        const { type } = await this.#clock.until(second);
        if (type !== 'locked_out') this.#run += 1;
      },
    };
  }

  #secondOrders(): Pick<Start, 'contacts' | 'policy'> {
    const policy = { ...this.#world.policy, limit: undefined, untilMs: undefined };
    return { contacts: this.#list.rows, policy };
  }

  /** What the operator does to the list and to the files before a start. */
  #prepare(plan: LifePlan): void {
    const { removed, corrected, edits, uncertain, settles, settlesMs, inHand, losesAudio } = plan;
    const those = inHand === 'kept' ? [] : this.#inHand();
    if (settlesMs === undefined) this.#settle(settles);
    this.#list.remove(inHand === 'deleted' ? [...removed, ...those] : removed);
    this.#list.correct(inHand === 'corrected' ? [...corrected, ...those] : corrected, this.#run);
    this.#list.edit(edits, this.#run);
    const unclear = this.#uncertain();
    const ids = uncertain === 'doubled' ? [...unclear, ...this.#inHand()] : unclear;
    this.#list.rework(uncertain, ids, this.#run);
    if (!losesAudio) return;
    this.#outside.audio.clear();
    this.#outside.see({ run: this.#run }, { type: 'audio_deleted' });
  }

  /** Whom the life before had in hand when it was killed. */
  #inHand(): readonly string[] {
    const inHand = new Set<string>();
    for (const sight of this.#log) {
      if (sight.run !== this.#run - 1 || sight.type !== 'told') continue;
      const { event } = sight;
      if (event.type === 'call.started') inHand.add(event.contact);
      if (event.type === 'call.finished' || event.type === 'contact.put_off') {
        inHand.delete(event.contact);
      }
    }
    return [...inHand];
  }

  /** What the operator has found out about those who are uncertain; also while a run is on. */
  #settle(how: LifePlan['settles']): void {
    if (how === 'nobody') return;
    const store = this.#scene.disk.open(() => undefined);
    try {
      for (const contact of this.#uncertain()) {
        const outcome = how === 'again' ? how : this.#whatRang(contact);
        if (outcome === undefined || outcome === 'uncertain') continue;
        const about = { campaign: HUNT_CAMPAIGN, contact, atMs: this.#clock.wallMs() };
        // A run may be asking about them at this moment, or have been when it was killed.
        if (!isTaken(() => store.settle({ ...about, outcome, note: undefined }))) continue;
        this.#outside.see({ run: this.#run }, { type: 'settled', contact, outcome });
      }
    } finally {
      store.close();
    }
  }

  #uncertain(): readonly string[] {
    const standing = [...this.#standings()];
    return standing.flatMap(([id, { outcome }]) => (outcome === 'uncertain' ? [id] : []));
  }

  /** Undefined where nobody was rung, or where the operator has asked for another call before. */
  #whatRang(contact: string): Outcome | undefined {
    const its = this.#log.filter((one) => 'contact' in one && one.contact === contact);
    const last = its.findLast((one) => one.type === 'rang' || one.type === 'settled');
    if (last?.type !== 'rang') return undefined;
    // A slow request can ring for a call that was asked for before: not of that are they uncertain.
    return this.#lastCallOf(contact) === last.call ? last.outcome : undefined;
  }

  #lastCallOf(contact: string): string | undefined {
    for (const sight of this.#log.toReversed()) {
      if (sight.type !== 'told' || sight.event.type !== 'call.started') continue;
      if (sight.event.contact === contact) return sight.event.call;
    }
    return undefined;
  }

  /** From now on nothing is wrong with any vendor or channel. */
  #heal(): void {
    const nowMs = this.#clock.monotonicMs();
    const begun = this.#outages.filter(({ startMs }) => startMs < nowMs);
    const ended = begun.map((outage) => ({ ...outage, endMs: Math.min(outage.endMs, nowMs) }));
    this.#outages.splice(0, this.#outages.length, ...ended);
    const plans = this.#capacities.filter(({ endMs }) => endMs === undefined);
    this.#capacities.splice(0, this.#capacities.length, ...plans);
    this.#channels.splice(0, this.#channels.length, ...soundOnes(this.#channels));
  }

  #standings(campaign = HUNT_CAMPAIGN): ReadonlyMap<string, Standing> {
    const store = this.#scene.disk.open(() => undefined);
    try {
      return store.standings(campaign);
    } finally {
      store.close();
    }
  }

  #broken(checker: string, { error }: Extract<LifeEnd, { type: 'broke' }>): Violation {
    const message = error instanceof Error ? error.message : String(error);
    return { checker, atMs: this.#clock.monotonicMs(), message };
  }
}

/** Whether the store does it; what it refuses is told to the operator, who comes again. */
function isTaken(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'StoreError') return false;
    throw error;
  }
}

/**
 * How many starts, and how long, a list may take once everything has healed: whoever was put off
 * for the longest time that was promised comes back, and then one call follows the other.
 */
function patienceOf(
  world: RandomWorld,
  contacts: number,
): { readonly starts: number; readonly withinMs: number } {
  const { policies, outages, policy, behaviour, callsPerSecond } = world;
  const opensMs = Object.values(policies).map(
    ({ circuitBreaker }) => OPEN_TIMES_MAX * circuitBreaker.recoveryTimeoutMs,
  );
  const pausesMs = outages.map(({ fault }) => (fault.type === '429' ? fault.retryAfterMs : 0));
  const awayMs = Math.max(RECORD_WAIT_MS, ...opensMs, ...pausesMs);
  const { answerMs: answers, ringMs, noAnswerMs, talkMs } = behaviour;
  const answersMs = answers.llm + answers.tts + answers.dialer + 2 * answers.crm;
  const callMs = 2 * (answersMs + ringMs + noAnswerMs + talkMs) + 1_000 / callsPerSecond;
  const starts = STARTS_LEAST + Math.ceil(awayMs / (policy.outageWaitMs + CRON_MS));
  // A service that comes back may turn the first away once more, and every start may wait.
  const withinMs = 2 * awayMs + starts * (CRON_MS + policy.outageWaitMs) + contacts * callMs;
  return { starts, withinMs };
}

const GO_ON: Promise<void> = Promise.resolve();
