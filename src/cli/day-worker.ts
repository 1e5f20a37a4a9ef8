/**
 * Runs in a thread of its own and plays one day after another, as it is told.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Outage } from '../sim/outage.ts';
import { figuresOf } from './outage-price.ts';
import type { SimulatedCampaign } from './simulated-campaign.ts';
import { playCampaign, virtualClock } from './simulated-run.ts';
import { realWorld } from './world.ts';

/** What all of its days share. */
export interface DayAtWork {
  readonly campaign: SimulatedCampaign;
  readonly seed: number;
}

export interface DayOrder {
  readonly outages: readonly Outage[];
}

const { campaign, seed } = workerData as DayAtWork;
const world = realWorld();
/** Whoever wants an end ends the thread. */
const never = new AbortController().signal;
const signals = { drain: never, stop: never };

parentPort?.on('message', ({ outages }: DayOrder) => {
  const clock = virtualClock(world, campaign.startMs);
  const played = playCampaign(world, { campaign, outages, seed, signals, isUntold: true }, clock);
  // A rejection ends this thread, and is told to the one that waits.
  void played.then((day) => parentPort?.postMessage(figuresOf(day)));
});
