/**
 * One run of a simulated campaign on the program's own engine, and what came of it.
 */
import { ALERT_SEVERITIES, type Alert, type AlertSeverity } from '../domain/alert.ts';
import type { CampaignEvent, RunEnd } from '../domain/event.ts';
import { paidFor } from '../domain/spending.ts';
import { UsageBook, type UsageCount } from '../domain/usage.ts';
import type { Guard } from '../engine/guard.ts';
import type { ProbeListener } from '../engine/health-checker.ts';
import type { RunSignals } from '../engine/runner.ts';
import { typicalBills } from '../sim/billing.ts';
import { contactsOf } from '../sim/contact-rows.ts';
import { draws } from '../sim/draws.ts';
import { EXCHANGES } from '../sim/exchange.ts';
import { Forecast } from '../sim/forecast.ts';
import type { Outage } from '../sim/outage.ts';
import { Outside } from '../sim/outside.ts';
import { NO_QUIRKS, type Quirks } from '../sim/quirks.ts';
import { live, type MakeEngine } from '../sim/simulation.ts';
import { answerMs } from '../sim/vendors.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { WatchedPacer } from '../sim/watched-pacer.ts';
import { MemoryDisk, openMemoryStore } from '../store/memory.ts';
import { MemoryCampaign } from '../store/memory-campaign.ts';
import type { CampaignState } from './campaign-state.ts';
import type { SimulatedCampaign } from './simulated-campaign.ts';
import { simulatedEngine, unalertedEngine } from './simulated-engine.ts';
import { simulatedState } from './simulated-state.ts';
import type { World } from './world.ts';

export interface Play {
  readonly campaign: SimulatedCampaign;
  readonly outages: readonly Outage[];
  readonly seed: number;
  /** Told what happens, and when: milliseconds from the start. */
  readonly listen?: ((event: CampaignEvent, atMs: number) => void) | undefined;
  /** Told of every health check. */
  readonly onCheck?: ProbeListener | undefined;
  /** Told of every alert when it reaches the operator. */
  readonly onAlert?: ((alert: Alert) => void) | undefined;
  /** Told when the vendors begin and cease to fail. */
  readonly onOutage?: ((outage: Outage, begins: boolean) => void) | undefined;
  /** Nobody is told of anything: only the figures of the day are asked for. */
  readonly isUntold?: boolean | undefined;
  /** How many times as fast as life; undefined for as fast as can be. */
  readonly speed?: number | undefined;
  /** Told before a while in which nothing happens. */
  readonly onWait?: (() => void) | undefined;
  readonly signals: RunSignals;
}

export interface Played {
  readonly end: RunEnd;
  readonly guards: readonly Guard[];
  readonly state: CampaignState;
  readonly forecast: Forecast;
  readonly durationMs: number;
  /** By service: answers that came late because it was slow. */
  readonly lateAnswers: ReadonlyMap<string, number>;
  /** What services would be paid for. */
  readonly usage: readonly UsageCount[];
}

/** Input and signals are looked for after so many turns: some milliseconds. */
const TURNS_BETWEEN_LOOKS = 1_000;

/** Rejects with what the engine fails with. */
export async function playCampaign(world: World, play: Play, clock: VirtualClock): Promise<Played> {
  const { campaign, outages, seed, signals } = play;
  const { name, config, chains, lines } = campaign;
  const { onOutage, outageWaitMs, budgetMicros, currency } = config.campaign;
  const { prices } = config;
  const book = new UsageBook();
  const draw = draws(seed);
  const forecast = new Forecast(lines);
  const disk = new MemoryDisk();
  const stood = new MemoryCampaign({ backlog: contactsOf(campaign.contacts), forgets: true });
  disk.campaigns.set(name, stood);
  const make: MakeEngine = (given) => {
    const pace = config.campaign.callsPerSecond;
    const pacer = new WatchedPacer(pace, given.clock, (waitMs) => forecast.paced(waitMs));
    const parts = { ...given, pacer, probed: play.onCheck };
    return play.isUntold === true
      ? unalertedEngine(config, parts)
      : simulatedEngine(name, config, parts);
  };
  for (const outage of outages) {
    clock.after(outage.startMs, () => play.onOutage?.(outage, true));
    clock.after(outage.endMs, () => play.onOutage?.(outage, false));
  }
  const outside = new Outside({
    clock,
    draw,
    behaviour: config.simulation,
    answerMs: (place) => answerMs(config.simulation, place),
    outages,
    quirks: quirksOf(campaign),
    witness: undefined,
    bills: typicalBills(draw, prices),
  });
  const end = await live(
    {
      seed,
      campaign: name,
      clock,
      outside,
      disk: { open: (defer) => openMemoryStore({ defer, disk }) },
      make,
      chains,
      looksUp: false,
      sameNumber: 'allow',
      onAlert: play.onAlert,
      severities: severitiesOf(campaign),
      listen: (event) => {
        const atMs = clock.monotonicMs();
        forecast.take(event, atMs);
        const paid = paidFor(event);
        if (paid !== undefined) book.add(paid);
        play.listen?.(event, atMs);
      },
    },
    {
      run: 1,
      contacts: undefined,
      policy: { lines, onOutage, outageWaitMs, limit: undefined, untilMs: undefined },
      money: budgetMicros === undefined ? undefined : { budgetMicros, currency, prices },
      signals,
      pace: play.speed === undefined ? undefined : paceOf(world, clock, play.speed, play),
    },
  );
  if (end.type !== 'ended') throw end.type === 'broke' ? end.error : new Error(end.type);
  const state = simulatedState(stood);
  const { lateAnswers } = outside;
  const usage = book.counts();
  return { ...end, state, forecast, durationMs: clock.monotonicMs(), lateAnswers, usage };
}

/** Where no service of tts is asked, the dialers speak. */
function quirksOf({ chains }: SimulatedCampaign): Quirks {
  const speaking = chains.tts.length > 0 ? [] : chains.dialer;
  return { ...NO_QUIRKS, exchanges: EXCHANGES, speaking };
}

/** What there is to be told: as a channel has it that says nothing else, and what others take. */
function severitiesOf({ channels = [] }: SimulatedCampaign): readonly AlertSeverity[] {
  const taken = channels.flatMap(({ severities }) => severities);
  return ALERT_SEVERITIES.filter((one) => one !== 'info' || taken.includes(one));
}

/** A clock for one play; it begins when the campaign does. */
export function virtualClock(world: World, startMs: number): VirtualClock {
  return new VirtualClock({ wallMs: startMs, defer: virtualTurns(world) });
}

/** How virtual time takes a turn: quickly, but Ctrl-C is heard. */
export function virtualTurns(world: World): (task: () => void) => void {
  let turns = 0;
  return (task) => {
    turns += 1;
    if (turns % TURNS_BETWEEN_LOOKS === 0) world.defer(task);
    else world.afterPromises(task);
  };
}

/** Waits until real time has come as far as the next virtual moment; not once an end is wanted. */
function paceOf(
  world: World,
  clock: VirtualClock,
  speed: number,
  { signals: { drain }, onWait }: Play,
): () => Promise<void> {
  const startMs = world.clock.monotonicMs();
  return async () => {
    const nextMs = clock.monotonicMs() + (clock.nextTimerMs ?? 0);
    const waitMs = startMs + nextMs / speed - world.clock.monotonicMs();
    if (waitMs < 1 || drain.aborted) return;
    onWait?.();
    try {
      await world.clock.sleep(waitMs, drain);
    } catch (error) {
      if (!drain.aborted) throw error;
    }
  };
}
