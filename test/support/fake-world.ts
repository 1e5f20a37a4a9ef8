/**
 * A world for whole commands in process: real time unless a clock is given, captured screens,
 * Ctrl-C at the press of a function.
 */
import { randomUUID } from 'node:crypto';
import { type Output, realClock, type StopSignal, type World } from '../../src/cli/world.ts';
import type { Clock, HostFigures } from '../../src/engine/ports.ts';
import { CALM_HOST } from './calm-host.ts';

export interface FakeWorld extends World {
  readonly screen: { readonly stdout: string; readonly stderr: string };
  readonly exitCode: number | undefined;
  press(signal: StopSignal): void;
}

export interface FakeWorldOptions {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly terminal?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  /** One unless given: nothing is played beside. */
  readonly cores?: number;
  /** What the machine says of itself; of one that has enough of everything, unless given. */
  readonly figures?: () => HostFigures;
}

export function fakeWorld(options: FakeWorldOptions): FakeWorld {
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<(signal: StopSignal) => void>();
  let exitCode: number | undefined;
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      written[name] += text;
    },
    isTerminal: options.terminal ?? false,
    columns: options.terminal ? (options.columns ?? 100) : undefined,
    terminal: undefined,
  });
  return {
    clock: options.clock ?? realClock(),
    random: { fraction: () => Math.random(), id: () => randomUUID() },
    env: options.env ?? {},
    args: options.args,
    folder: options.folder,
    pid: 4242,
    host: 'test-host',
    cores: options.cores ?? 1,
    hostReader: () => ({ read: async () => options.figures?.() ?? CALM_HOST }),
    stdout: output('stdout'),
    stderr: output('stderr'),
    defer: (task) => {
      setImmediate(task);
    },
    afterPromises: (task) => {
      process.nextTick(task);
    },
    onStop: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exitWith: (code) => {
      exitCode = code;
    },
    get screen() {
      return written;
    },
    get exitCode() {
      return exitCode;
    },
    press: (signal) => {
      for (const listener of listeners) {
        listener(signal);
      }
    },
  };
}
