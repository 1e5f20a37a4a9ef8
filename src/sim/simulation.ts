/**
 * One campaign in a simulated world: the engine that `run` uses, with everything around it played.
 */

import type { Alert, AlertSeverity } from '../domain/alert.ts';
import type { Contact } from '../domain/contact.ts';
import type { CampaignEvent, RunEnd } from '../domain/event.ts';
import { paidFor, Spending, type SpendingLimits } from '../domain/spending.ts';
import type { Guard } from '../engine/guard.ts';
import type { ProbeListener } from '../engine/health-checker.ts';
import type { Pacer } from '../engine/pacer.ts';
import type {
  AlertChannel,
  AlertMemory,
  AudioStore,
  BreakerMemory,
  Clock,
  Digest,
  Emit,
  Journal,
  RandomSource,
} from '../engine/ports.ts';
import type { Purse, RunPolicy, RunSignals } from '../engine/runner.ts';
import { Stopped } from '../engine/stopped.ts';
import type { MemoryStore } from '../store/memory.ts';
import { alertRandom, quickDigest, seededRandom } from './draws.ts';
import { type Fuse, Killed, Life, mortalAlerts, mortalEmit, mortalJournal } from './life.ts';
import type { CampaignLock } from './locks.ts';
import type { Outside } from './outside.ts';
import { type ChannelPlan, simulatedChannels } from './simulated-channels.ts';
import {
  type ChainNames,
  type SimulatedServices,
  simulatedAudio,
  simulatedServices,
} from './simulated-services.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a run is made of; the same for the real one. */
export interface SimulatedParts {
  readonly campaign: string;
  readonly policy: RunPolicy;
  readonly services: SimulatedServices;
  readonly audio: AudioStore;
  /** What audio is named by; as in a real run where it is left out. */
  readonly digest: Digest | undefined;
  readonly journal: Journal;
  readonly breakers: BreakerMemory;
  readonly alerts: AlertMemory;
  /** Undefined where nothing is counted. */
  readonly purse: Purse | undefined;
  readonly channels: readonly AlertChannel[];
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Of its own, so that what alerts draw changes no call. */
  readonly alertRandom: RandomSource;
  readonly emit: Emit;
  /** The engine makes one where it is left out. */
  readonly pacer?: Pacer | undefined;
  /** Told of every health check. */
  readonly probed?: ProbeListener | undefined;
}

export interface MadeEngine {
  readonly runner: { run(signals: RunSignals): Promise<RunEnd> };
  readonly guards: readonly Guard[];
  readonly health: { start(): void; stop(): void };
  readonly alerter: { close(): Promise<void> };
}

/** The program's own composition, handed in by the root. */
export type MakeEngine = (parts: SimulatedParts) => MadeEngine;

export type SimulatedStore = Pick<
  MemoryStore,
  | 'journal'
  | 'contacts'
  | 'settle'
  | 'breakers'
  | 'alerts'
  | 'standings'
  | 'noteUsage'
  | 'usage'
  | 'kill'
  | 'close'
>;

/** What outlives the program: each `open` is another life's view of the same disk. */
export interface SimulatedDisk {
  open(defer: (flush: () => void) => void): SimulatedStore;
  /** Taken before a run; left out where nothing else can run. */
  lock?(campaign: string): CampaignLock | 'held';
}

/** What is the same for every life of the program. */
export interface Scene {
  readonly seed: number;
  readonly campaign: string;
  readonly clock: VirtualClock;
  readonly outside: Outside;
  readonly disk: SimulatedDisk;
  readonly make: MakeEngine;
  readonly chains: ChainNames;
  readonly looksUp: boolean;
  readonly sameNumber: 'reject' | 'allow';
  /**
   * What is kept of alerts goes to the disk by itself, after the rest: so a kill can come between a
   * breaker and its alert, as two runs at a time that overwrite each other's breakers can.
   */
  readonly keepsAlertsApart?: boolean | undefined;
  readonly listen: (event: CampaignEvent) => void;
  /** Told of every alert that reaches the operator. */
  readonly onAlert?: ((alert: Alert) => void) | undefined;
  /** What the operator is told of; of everything where it is left out. */
  readonly severities?: readonly AlertSeverity[] | undefined;
  /** Other ways to the operator; none where it is left out. */
  readonly channels?: readonly ChannelPlan[] | undefined;
}

/** One start of the program. */
export interface Start {
  /** Counted from 1. */
  readonly run: number;
  /** The list as it is now; undefined where the disk has it already. */
  readonly contacts: readonly Contact[] | undefined;
  readonly policy: RunPolicy;
  /** Prices and a budget; undefined where nothing is counted. */
  readonly money?: SpendingLimits | undefined;
  /** The moment at which it is killed; never without. */
  readonly fuse?: Fuse | undefined;
  /** When the operator asks it to end, from its start; undefined for never. */
  readonly drainMs?: number | undefined;
  readonly stopMs?: number | undefined;
  /** The same so long after the nth request to place a call has left. */
  readonly stopOnPlace?: { readonly at: number; readonly laterMs: number } | undefined;
  /** Awaited before time moves on. */
  readonly pace?: (() => Promise<void>) | undefined;
  /** Another run is on, and moves time. */
  readonly isBeside?: boolean | undefined;
  /** From the operator in front of a simulation at the speed of life. */
  readonly signals?: RunSignals | undefined;
}

export type LifeEnd =
  | { readonly type: 'ended'; readonly end: RunEnd; readonly guards: readonly Guard[] }
  | { readonly type: 'killed' }
  /** Another run of the campaign holds its lock. */
  | { readonly type: 'locked_out' }
  | { readonly type: 'broke'; readonly error: unknown };

const NO_FUSE: Fuse = { at: 0 };

/** Lives one life of the program, from the list to its end. */
export async function live(scene: Scene, start: Start): Promise<LifeEnd> {
  const { clock, outside, disk, campaign, chains } = scene;
  const lock = disk.lock?.(campaign);
  if (lock === 'held') {
    outside.see(start, { type: 'locked_out', campaign });
    return { type: 'locked_out' };
  }
  const life = new Life(start.run, clock, start.fuse ?? NO_FUSE, (at) => {
    lock?.release();
    for (const store of stores) store.kill();
    outside.see(life, { type: 'killed', at });
  });
  const soon = together(clock);
  const opened = (what: string): SimulatedStore =>
    disk.open((flush) => {
      soon(() => {
        if (!life.moment(`before ${what}`)) return;
        flush();
        life.moment(`after ${what}`);
      });
    });
  const store = opened('a commit');
  const apart = scene.keepsAlertsApart === true ? opened('an alert is kept') : undefined;
  const stores = apart === undefined ? [store] : [store, apart];
  const { policy, money } = start;
  const wallMs = clock.wallMs();
  const budgetMicros = money?.budgetMicros;
  outside.see(life, { type: 'began', campaign, chains, policy, wallMs, budgetMicros });
  const kept: Kept = { store, alerts: (apart ?? store).alerts };
  try {
    const end = working(scene, start, life, kept);
    return await (start.isBeside === true ? end : clock.until(end, start.pace));
  } catch (error) {
    if (error instanceof Killed) return { type: 'killed' };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    outside.see(life, { type: 'broke', message });
    return { type: 'broke', error };
  } finally {
    if (life.isAlive) for (const one of stores) one.close();
    if (life.isAlive) lock?.release();
  }
}

/** Defers tasks so that nothing runs between those of one moment, whoever plays them. */
function together(clock: VirtualClock): (task: () => void) => void {
  let waiting: (() => void)[] = [];
  return (task) => {
    waiting.push(task);
    if (waiting.length > 1) return;
    clock.defer(() => {
      const tasks = waiting;
      waiting = [];
      for (const one of tasks) one();
    });
  };
}

/** What a life has of the disk. */
interface Kept {
  readonly store: SimulatedStore;
  readonly alerts: AlertMemory;
}

async function working(scene: Scene, start: Start, life: Life, kept: Kept): Promise<LifeEnd> {
  const { campaign, outside } = scene;
  const { store } = kept;
  const journal = store.journal(campaign);
  // First, as in a real run: who was in hand when a life was killed can be off the list by now.
  journal.recover(scene.clock.wallMs());
  if (start.contacts !== undefined) takeIn(scene, start.contacts, life, store);
  const made = composed(scene, start, life, kept);
  const orders = ordersOf(scene, start, life);
  made.health.start();
  const end = await Promise.race([made.runner.run(orders.signals), life.killed]);
  made.health.stop();
  orders.cancel();
  await Promise.race([made.alerter.close(), life.killed]);
  const { timers } = life;
  outside.see(life, { type: 'ended', end, contacts: journal.counts(), timers });
  return { type: 'ended', end, guards: made.guards };
}

const BATCH_ROWS = 2_000;

function takeIn(
  { campaign, sameNumber, outside }: Scene,
  contacts: readonly Contact[],
  life: Life,
  store: SimulatedStore,
): void {
  const sink = store.contacts(campaign, { sameNumber });
  for (let from = 0; from < contacts.length; from += BATCH_ROWS) {
    const batch = contacts.slice(from, from + BATCH_ROWS);
    for (const [index, { type }] of sink.add(batch).entries()) {
      const { id, phone } = batch[index] as Contact;
      if (type === 'same_number') outside.see(life, { type: 'refused', contact: id, phone });
    }
  }
  sink.finish();
}

function composed(scene: Scene, start: Start, life: Life, { store, alerts }: Kept): MadeEngine {
  const { campaign, seed, outside, chains, looksUp, listen, make, onAlert } = scene;
  const spending = spendingOf(scene, start, store);
  const emit = mortalEmit((event) => {
    outside.see(life, { type: 'told', event });
    const paid = paidFor(event);
    if (paid !== undefined) store.noteUsage({ campaign, ...paid });
    spending?.take(event);
    listen(event);
  }, life);
  return make({
    campaign,
    policy: start.policy,
    services: simulatedServices(chains, outside, life, looksUp),
    audio: simulatedAudio(outside, life),
    digest: outside.isWatched ? undefined : quickDigest,
    journal: mortalJournal(store.journal(campaign), life),
    breakers: store.breakers,
    alerts: mortalAlerts(alerts, life),
    purse: spending,
    channels: simulatedChannels(scene.channels ?? [], scene.severities, outside, life, onAlert),
    clock: life.clock,
    random: seededRandom(seed, start.run),
    alertRandom: alertRandom(seed, start.run),
    emit,
  });
}

/** With what earlier lives have written down, as a real run begins. */
function spendingOf(
  { campaign }: Scene,
  { money }: Start,
  store: SimulatedStore,
): Spending | undefined {
  return money && new Spending(money, store.usage(campaign));
}

/** The operator's orders, given at their times. */
function ordersOf(
  { clock, outside }: Scene,
  { drainMs, stopMs, stopOnPlace, signals }: Start,
  life: Life,
): { readonly signals: RunSignals; cancel(): void } {
  if (signals !== undefined) return { signals, cancel: () => undefined };
  const given = { drain: new AbortController(), stop: new AbortController() };
  const give = (how: 'drain' | 'stop', atMs: number | undefined): (() => void) => {
    if (atMs === undefined) return () => undefined;
    return clock.after(atMs, () => {
      if (!life.isAlive) return;
      outside.see(life, { type: 'asked_to_stop', how });
      given[how].abort(new Stopped(`asked to ${how}`));
    });
  };
  const cancels = [give('drain', drainMs), give('stop', stopMs)];
  let places = 0;
  if (stopOnPlace !== undefined) {
    life.watch = (what) => {
      if (!what.startsWith('place leaves')) return;
      places += 1;
      if (places === stopOnPlace.at) cancels.push(give('stop', stopOnPlace.laterMs));
    };
  }
  return {
    signals: { drain: given.drain.signal, stop: given.stop.signal },
    cancel: () => {
      for (const cancel of cancels) cancel();
    },
  };
}
