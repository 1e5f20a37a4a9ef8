/**
 * The engine of `run` and its alerts, put together for a simulation.
 */
import { Alerter } from '../engine/alerter.ts';
import { EventStream } from '../engine/event-stream.ts';
import type { MadeEngine, SimulatedParts } from '../sim/simulation.ts';
import { composeEngine } from './compose.ts';
import type { Config } from './settings.ts';

export function simulatedEngine(
  campaign: string,
  config: Config,
  parts: SimulatedParts,
): MadeEngine {
  const { alerts: memory, channels, clock, random } = parts;
  const events = new EventStream((view, error) => {
    throw new Error(`the ${view} failed in a simulation`, { cause: error });
  });
  events.listen('simulation', parts.emit);
  const { emit } = events;
  const alerter = new Alerter({ campaign, channels, memory, clock, random, emit });
  events.listen('alerts', (event) => {
    alerter.take(event);
  });
  const engine = composeEngine({ ...parts, campaign, config, emit });
  alerter.reconcile(engine.guards.map((guard) => ({ service: guard.service, ...guard.status() })));
  return { ...engine, alerter };
}
