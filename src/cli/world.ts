/**
 * The one place that touches the process it runs in: time, randomness, streams, signals. Everything
 * else is handed what it needs from here, so that whole commands run in a test or a simulation.
 */
import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Clock, HostReader, RandomSource } from '../engine/ports.ts';
import { sleepOn } from '../engine/sleep.ts';
import { hostReader, type ProcessUsage } from './host-figures.ts';

export interface Output {
  write(text: string): void;
  /** Whether a person watches: colours and a live bar make sense. */
  readonly isTerminal: boolean;
  /** Width of the terminal in characters; undefined where there is none. */
  readonly columns: number | undefined;
  /** The terminal itself, for what redraws it; undefined where there is none. */
  readonly terminal: NodeJS.WriteStream | undefined;
}

/** Ctrl-C, a supervisor, a terminal that was closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of the last there is no signal: the process that had started this one is gone. */
export type StopSignal = (typeof STOP_SIGNALS)[number] | 'parent_gone';

export interface World {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What was typed after the program's name. */
  readonly args: readonly string[];
  /** Absolute path that relative names on the command line start from. */
  readonly folder: string;
  readonly pid: number;
  readonly host: string;
  /** How many threads can work at once. */
  readonly cores: number;
  /** The machine's figures, with the disks that these folders are on, by what is kept there. */
  readonly hostReader: (folders: Readonly<Record<string, string>>) => HostReader;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Runs `task` once everything that is already due has run; never waits for a timer. */
  readonly defer: (task: () => void) => void;
  /**
   * Runs `task` once every promise that is settled has been acted upon. Ten times as quick as
   * `defer`, and unlike that it keeps input, output and signals waiting.
   */
  readonly afterPromises: (task: () => void) => void;
  /** Calls `listener` for each signal that asks to stop; the answer stops listening. */
  readonly onStop: (listener: (signal: StopSignal) => void) => () => void;
  /** The process ends with this code once nothing keeps it alive. */
  readonly exitWith: (code: number) => void;
}

/** Longest wait that Node's setTimeout takes, in milliseconds; a longer one would fire at once. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export function realClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: wakeAfter,
    sleep: (delayMs, signal) => sleepOn(wakeAfter, delayMs, signal),
  };
}

/** Fires no earlier than asked: setTimeout rounds down and may come a millisecond early. */
function wakeAfter(delayMs: number, wake: () => void): () => void {
  const dueMs = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const leftMs = dueMs - performance.now();
    timer = setTimeout(
      () => (performance.now() >= dueMs ? wake() : arm()),
      Math.min(Math.max(Math.ceil(leftMs), 1), TIMEOUT_MS_MAX),
    );
  };
  arm();
  return () => {
    clearTimeout(timer);
  };
}

/** @param lost told once when nothing can be written any more: the work goes on without it */
function output(stream: NodeJS.WriteStream, lost: (error: Error) => void): Output {
  let isGone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has gone (`campaign logs | head`) is no error of ours.
    if (!isGone && error.code !== 'EPIPE') {
      lost(error);
    }
    isGone = true;
  });
  return {
    write: (text) => {
      if (!isGone) {
        stream.write(text);
      }
    },
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
    get terminal() {
      return stream.isTTY === true ? stream : undefined;
    },
  };
}

/** @param isParentGone whether that is why this process has asked itself to stop */
function onStop(isParentGone: () => boolean, listener: (signal: StopSignal) => void): () => void {
  const hear = (signal: NodeJS.Signals): void => {
    listener(isParentGone() && signal === 'SIGTERM' ? 'parent_gone' : (signal as StopSignal));
  };
  for (const signal of STOP_SIGNALS) {
    process.on(signal, hear);
  }
  return () => {
    for (const signal of STOP_SIGNALS) {
      process.off(signal, hear);
    }
  };
}

/** bin/campaign.js sets it for the Node that it starts. */
const STOPS_WITH_PARENT = 'CAMPAIGN_STOPS_WITH_PARENT';

/**
 * Where an older Node has started this one (bin/campaign.js), there is a channel between them. It
 * is closed when that process is killed without a chance to pass a signal on. The person has ended
 * what they know of, so this process is asked to stop: it must not go on calling unseen. Of any
 * other parent with a channel, that it is closed says nothing.
 *
 * @returns whether that has happened
 */
function stopWithParent(): () => boolean {
  let isGone = false;
  const answer = (): boolean => isGone;
  const isAsked = process.env[STOPS_WITH_PARENT] !== undefined;
  // Meant for this process alone, not for the programs that it starts.
  delete process.env[STOPS_WITH_PARENT];
  if (!isAsked || process.channel === undefined || process.channel === null) return answer;
  process.on('disconnect', () => {
    isGone = true;
    process.kill(process.pid, 'SIGTERM');
  });
  // What is listened to would keep this process alive.
  process.channel.unref();
  return answer;
}

function processUsage(): ProcessUsage {
  const { rss: residentBytes, heapUsed: heapBytes } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const containerBytes = process.constrainedMemory();
  return { residentBytes, heapBytes, containerBytes, cpuMs: (user + system) / 1_000 };
}

/** EX_IOERR of sysexits.h: what was to be printed is lost, however well the rest went. */
const EXIT_OUTPUT_LOST = 74;

export function realWorld(): World {
  const isParentGone = stopWithParent();
  const clock = realClock();
  let lost: Error | undefined;
  const stderr = output(process.stderr, () => undefined);
  const stdout = output(process.stdout, (error) => {
    lost = error;
  });
  return {
    clock,
    random: { fraction: () => Math.random(), id: () => randomUUID() },
    env: process.env,
    args: process.argv.slice(2),
    folder: process.cwd(),
    pid: process.pid,
    host: hostname(),
    cores: availableParallelism(),
    hostReader: (folders) => hostReader({ folders, usage: processUsage, clock }),
    stdout,
    stderr,
    defer: (task) => {
      setImmediate(task);
    },
    afterPromises: (task) => {
      process.nextTick(task);
    },
    onStop: (listener) => onStop(isParentGone, listener),
    exitWith: (code) => {
      process.exitCode = code;
      process.once('exit', () => {
        if (lost !== undefined && process.exitCode === 0) {
          process.exitCode = EXIT_OUTPUT_LOST;
          stderr.write(`campaign: standard output could not be written: ${lost.message}\n`);
        }
      });
    },
  };
}
