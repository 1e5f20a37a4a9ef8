/**
 * The engine of `run` and its alerts, put together for a simulation.
 */
import { Alerter, foundBreaker } from '../engine/alerter.ts';
import { EventStream } from '../engine/event-stream.ts';
import { ASKED } from '../sim/keys.ts';
import type { RandomWorld } from '../sim/random-world.ts';
import type { MadeEngine, MakeEngine, SimulatedParts } from '../sim/simulation.ts';
import { composeEngine } from './compose.ts';
import { parseConfig } from './config.ts';
import type { Config } from './settings.ts';

export function simulatedEngine(
  campaign: string,
  config: Config,
  parts: SimulatedParts,
): MadeEngine {
  const { alerts: memory, channels, clock, alertRandom: random } = parts;
  const events = new EventStream((view, error) => {
    throw new Error(`the ${view} failed in a simulation`, { cause: error });
  });
  events.listen('simulation', parts.emit);
  const { emit } = events;
  const { outageWaitMs } = parts.policy;
  const { policies } = config.alerts;
  const about = { campaign, channels, memory, clock, random, emit, policies, outageWaitMs };
  const alerter = new Alerter(about);
  events.listen('alerts', (event) => {
    alerter.take(event);
  });
  const engine = composeEngine({
    ...parts,
    campaign,
    config,
    emit,
    probed: (service, role, isGood, durationMs, error) => {
      parts.probed?.(service, role, isGood, durationMs, error);
      alerter.takeCheck(service, role, isGood, error);
    },
  });
  alerter.reconcile(engine.guards.map(foundBreaker));
  return { ...engine, alerter };
}

/** The same without alerts, which change no call: for a day of which only the calls are asked. */
export function unalertedEngine(config: Config, parts: SimulatedParts): MadeEngine {
  const engine = composeEngine({ ...parts, config });
  return { ...engine, alerter: { close: () => Promise.resolve() } };
}

/** Makes the engine of each world, with the settings that are drawn there. */
export function worldComposer(): (world: RandomWorld) => MakeEngine {
  const shipped = parseConfig('script: { template: "Hello" }', { file: '/config.yml', env: {} });
  return (world) => {
    const config = configOf(world, shipped);
    return (parts) => simulatedEngine(parts.campaign, config, parts);
  };
}

/** What the operator would have written into config.yml. */
function configOf(world: RandomWorld, shipped: Config): Config {
  const { callsPerSecond, policy, policies, sameNumber, healthCheck, behaviour } = world;
  return {
    ...shipped,
    campaign: { ...shipped.campaign, ...policy, callsPerSecond, sameNumber },
    policies: { ...shipped.policies, ...policies },
    script: { ...shipped.script, answers: world.quirks.optOuts === undefined ? undefined : ASKED },
    healthCheck,
    simulation: behaviour,
  };
}
