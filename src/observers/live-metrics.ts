/**
 * What is so at the moment of asking: the queue, the lines, the services, the machine. Nothing of
 * it is kept between two readings.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BreakerName } from '../domain/event.ts';
import {
  answerRate,
  type ConnectionStatus,
  conversionRate,
  type RunPhase,
  type RunStatus,
} from '../domain/run-status.ts';
import { CONTACT_STATES } from '../domain/words.ts';
import type { HostFigures, HostReader } from '../engine/ports.ts';

const BREAKERS: Readonly<Record<BreakerName, number>> = { closed: 0, half_open: 1, open: 2 };
const PHASES: readonly RunPhase[] = ['starting', 'running', 'draining', 'over'];

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Samples that are not there now are not there in the answer either. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  const made: Gauge = new Gauge({
    registers: [registry],
    name,
    help,
    labelNames,
    async collect() {
      const samples = await read();
      made.reset();
      // Where there are no labels, a reset leaves a 0.
      if (labelNames.length === 0) made.remove();
      for (const [labels, value] of samples) made.set(labels, value);
    },
  });
}

export function liveMetrics(registry: Registry, status: () => RunStatus, host: HostReader): void {
  runMetrics(registry, status);
  serviceMetrics(registry, status);
  connectionMetrics(registry, status);
  hostMetrics(registry, host);
}

function runMetrics(registry: Registry, status: () => RunStatus): void {
  const one: Figure = (name, help, of) => {
    gauge(registry, name, help, [], () => {
      const value = of(status());
      return value === undefined ? [] : [[{}, value]];
    });
  };
  gauge(
    registry,
    'campaign_info',
    'Which version of the program this is; always 1.',
    ['version'],
    () => [[{ version: status().version }, 1]],
  );
  gauge(
    registry,
    'campaign_run_phase',
    'What the run is doing: 1 for its phase.',
    ['phase'],
    () => {
      const { phase } = status();
      return PHASES.map((one) => [{ phase: one }, one === phase ? 1 : 0]);
    },
  );
  gauge(
    registry,
    'campaign_contacts',
    'Contacts of the campaign by state; together they are all of them.',
    ['state'],
    () => {
      const { contacts } = status();
      return CONTACT_STATES.map((state) => [{ state }, contacts[state]]);
    },
  );
  one(
    'campaign_run_start_time_seconds',
    'When the run began, in seconds since the epoch.',
    ({ startedMs }) => startedMs / 1_000,
  );
  one(
    'campaign_queue_depth',
    'Contacts that could be taken now, and are in no hands.',
    ({ contacts }) => contacts.queued,
  );
  one(
    'campaign_put_off_contacts',
    'Contacts that wait for a time or for a service.',
    ({ contacts }) => contacts.put_off,
  );
  one('campaign_lines', 'Calls at the same time, at most.', ({ lines }) => lines);
  one('campaign_lines_in_use', 'Lines with a contact in hand.', ({ contacts }) => contacts.calling);
  one(
    'campaign_calls_in_progress',
    'Telephone calls that the dialer has taken on and that have not ended.',
    ({ callsInProgress }) => callsInProgress,
  );
  callMetrics(one);
}

/** One figure of the moment; undefined where there is none. */
type Figure = (name: string, help: string, of: (now: RunStatus) => number | undefined) => void;

function callMetrics(one: Figure): void {
  one(
    'campaign_answer_rate',
    'Answered, as a part (0 to 1) of the calls of this run that were placed and have ended.',
    ({ outcomes }) => answerRate(outcomes),
  );
  one(
    'campaign_conversion_rate',
    'Chose something with a key, as a part (0 to 1) of the calls of this run that were answered.',
    conversionRate,
  );
  one(
    'campaign_average_call_duration_seconds',
    'Of the calls of this run that were answered, ringing included.',
    ({ callMsAverage }) => (callMsAverage === undefined ? undefined : callMsAverage / 1_000),
  );
}

function serviceMetrics(registry: Registry, status: () => RunStatus): void {
  const each = (
    name: string,
    help: string,
    of: (service: RunStatus['services'][number]) => number,
  ): void => {
    gauge(registry, name, help, ['service', 'role'], () =>
      status().services.map((one) => [{ service: one.service, role: one.role }, of(one)]),
    );
  };
  each(
    'campaign_breaker_state',
    'The breaker of a service: 0 closed, 1 half open, 2 open.',
    ({ breaker }) => BREAKERS[breaker],
  );
  each(
    'campaign_service_up',
    '1 where the health check is good and the breaker closed, else 0.',
    ({ health }) => (health === 'healthy' ? 1 : 0),
  );
  each(
    'campaign_service_retry_after_seconds',
    'Until the service is asked again; 0 where nothing keeps it from being asked.',
    ({ retryAfterMs }) => retryAfterMs / 1_000,
  );
}

function connectionMetrics(registry: Registry, status: () => RunStatus): void {
  const each = (name: string, help: string, of: (one: ConnectionStatus) => number): void => {
    gauge(registry, name, help, ['service'], () =>
      status().connections.map((one) => [{ service: one.service }, of(one)]),
    );
  };
  each(
    'campaign_connection_uptime_seconds',
    'How long the connection of a service has been up; 0 where it is not.',
    ({ uptimeMs }) => uptimeMs / 1_000,
  );
  each(
    'campaign_connection_wait_seconds',
    'The wait until a lost connection is tried again; 0 where nothing waits.',
    ({ waitMs }) => waitMs / 1_000,
  );
  const counted = (name: string, help: string, of: (one: ConnectionStatus) => number): void => {
    const made: Counter<'service'> = new Counter({
      registers: [registry],
      name,
      help,
      labelNames: ['service'],
      collect() {
        made.reset();
        for (const one of status().connections) made.inc({ service: one.service }, of(one));
      },
    });
  };
  counted(
    'campaign_connection_reconnections_total',
    'Connections that had to be made again.',
    ({ reconnections }) => reconnections,
  );
  counted(
    'campaign_connection_skipped_polls_total',
    'Health checks that sent nothing, because there was no connection.',
    ({ skippedPolls }) => skippedPolls,
  );
}

// ---------------------------------------------------------------------------- machine

/** One reading for all of its figures: each takes a share of the time since the one before. */
function hostMetrics(registry: Registry, host: HostReader): void {
  let reading: Promise<HostFigures> | undefined;
  // All metrics are asked in one turn, and the figures come in a later one.
  const read = (): Promise<HostFigures> => {
    reading ??= host.read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const one = (name: string, help: string, of: (figures: HostFigures) => number): void => {
    gauge(registry, name, help, [], async () => [[{}, of(await read())]]);
  };
  one(
    'campaign_host_cpu_ratio',
    'Of the processors that we may use, the part in use (0 to 1) since the reading before.',
    ({ cpuShare }) => cpuShare,
  );
  gauge(
    registry,
    'campaign_memory_bytes',
    'Memory of the process, of the kind whose limit is nearest: heap, container or machine.',
    ['limit'],
    async () => {
      const { memoryBytes, memoryLimitOf } = await read();
      return [[{ limit: memoryLimitOf }, memoryBytes]];
    },
  );
  gauge(
    registry,
    'campaign_memory_limit_bytes',
    'That limit: beyond it the process is ended.',
    ['limit'],
    async () => {
      const { memoryLimitBytes, memoryLimitOf } = await read();
      return [[{ limit: memoryLimitOf }, memoryLimitBytes]];
    },
  );
  one(
    'campaign_host_memory_free_bytes',
    'Of the machine.',
    (figures) => figures.hostMemoryFreeBytes,
  );
  one(
    'campaign_host_memory_bytes',
    'Of the machine, all.',
    (figures) => figures.hostMemoryTotalBytes,
  );
  gauge(
    registry,
    'campaign_host_load',
    'Processes that ran or waited to, on average over so many minutes.',
    ['minutes'],
    async () => {
      const { load1, load5, load15 } = await read();
      return [
        [{ minutes: '1' }, load1],
        [{ minutes: '5' }, load5],
        [{ minutes: '15' }, load15],
      ];
    },
  );
  diskMetrics(registry, read);
  networkMetrics(registry, read);
}

function diskMetrics(registry: Registry, read: () => Promise<HostFigures>): void {
  const each = (
    name: string,
    help: string,
    of: (disk: HostFigures['disks'][number]) => number,
  ): void => {
    gauge(registry, name, help, ['disk'], async () =>
      (await read()).disks.map((disk) => [{ disk: disk.name }, of(disk)]),
    );
  };
  each(
    'campaign_disk_free_bytes',
    'Free on the disk of the store and of the output, each disk once.',
    ({ freeBytes }) => freeBytes,
  );
  each('campaign_disk_bytes', 'Size of that disk.', ({ totalBytes }) => totalBytes);
}

function networkMetrics(registry: Registry, read: () => Promise<HostFigures>): void {
  const made: Counter<'direction'> = new Counter({
    registers: [registry],
    name: 'campaign_host_network_bytes_total',
    help: 'Through all interfaces of the machine but loopback, since it started.',
    labelNames: ['direction'],
    async collect() {
      const { networkReceivedBytes: received, networkSentBytes: sent } = await read();
      made.reset();
      if (received !== undefined) made.inc({ direction: 'received' }, received);
      if (sent !== undefined) made.inc({ direction: 'sent' }, sent);
    },
  });
}
