/**
 * The server of one run: what it reads the run's state from. Loaded only where it is on.
 */
import { dirname } from 'node:path';
import type { RunStatus } from '../domain/run-status.ts';
import type { EventStream } from '../engine/event-stream.ts';
import type { Journal } from '../engine/ports.ts';
import type { RunPolicy, RunSignals } from '../engine/runner.ts';
import { Metrics } from '../observers/metrics.ts';
import { watchedDialer } from '../observers/watched-dialer.ts';
import { openStatusServer } from '../web/server.ts';
import { RunView } from './run-view.ts';
import { NOT_WATCHED, type Watched } from './run-watch.ts';
import type { Config } from './settings.ts';
import type { World } from './world.ts';

export interface RunServerParts {
  readonly world: World;
  readonly config: Config;
  readonly campaign: string;
  readonly policy: RunPolicy;
  readonly events: EventStream;
  readonly signals: RunSignals;
  readonly journal: Pick<Journal, 'counts'>;
}

/**
 * Listens, and says where. Where it cannot, it says why and the run goes on: nobody is rung later
 * because nobody can look.
 */
export async function openRunServer(parts: RunServerParts): Promise<Watched> {
  const { world, config, events } = parts;
  const view = new RunView({ ...parts, clock: world.clock });
  const folders = { store: dirname(config.store.path), output: config.output.folder };
  const host = world.hostReader(folders);
  const metrics: Metrics = new Metrics(parts.campaign, () => view.status(metrics), host);
  const status = (): RunStatus => view.status(metrics);
  const server = await openStatusServer({ ...config.server, status, metrics });
  if ('problem' in server) {
    const message =
      `the status page and the metrics are not available at ${server.problem}; ` +
      'the run goes on without them';
    events.emit({ type: 'notice', level: 'warn', code: 'not_serving', message });
    return NOT_WATCHED;
  }
  const message = `status page at ${server.url}`;
  events.emit({ type: 'notice', level: 'info', code: 'serving', message });
  events.listen('metrics', (event) => {
    metrics.take(event);
    view.take(event);
  });
  return {
    services: (services) => {
      view.connections = services.connections ?? [];
      const dialer = services.dialer.map((one) =>
        one.rings ? watchedDialer(one, metrics, world.clock) : one,
      );
      return { ...services, dialer };
    },
    guards: (guards) => {
      view.guards = guards;
    },
    probed: (service, role, isGood, durationMs) => {
      metrics.probed(service, role, isGood, durationMs);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
