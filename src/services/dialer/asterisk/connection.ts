/**
 * One long-lived connection to Asterisk: it owns the state, everyone else follows it. It never
 * gives up, and what goes wrong with it is a state, not an error that somebody has to catch.
 */
import { ServiceFailure } from '../../../domain/failure.ts';
import {
  NO_WAITS,
  nextReconnect,
  type ReconnectPolicy,
  type ReconnectWaits,
} from '../../../domain/reconnect.ts';
import type { ConnectionStatus } from '../../../domain/run-status.ts';
import type { Clock, Emit, KeptConnection } from '../../../engine/ports.ts';

/** A connection that has been made: authenticated, and the other side fully booted. */
export interface Link {
  /** Resolves when it is gone, with the reason. Never rejects. */
  readonly lost: Promise<ServiceFailure>;
  /** Resolves when the other side has answered; the caller bounds the wait. */
  ping(signal: AbortSignal): Promise<void>;
  /** Lets it go. `lost` may resolve or not; nothing is heard of it any more. */
  close(): void;
}

export type ConnectionState =
  | { readonly name: 'connecting'; readonly sinceMs: number; readonly attempt: number }
  | { readonly name: 'connected'; readonly sinceMs: number; readonly attempt: number }
  | {
      readonly name: 'disconnected';
      readonly sinceMs: number;
      /** The attempts that failed since it was last connected; 0 where it was just lost. */
      readonly attempt: number;
      readonly error: ServiceFailure;
      /** Until it is tried again, from `sinceMs`. */
      readonly delayMs: number;
    }
  | { readonly name: 'closed'; readonly sinceMs: number };

export interface KeepAlive {
  /** From one answer, or the connecting, to the next question. */
  readonly intervalMs: number;
  /** Without an answer for so long it is lost: a dead peer is noticed after both at the latest. */
  readonly timeoutMs: number;
}

export interface ConnectionParts<L extends Link> {
  /** The name of the service, for events and messages. */
  readonly service: string;
  /** For people, without secrets: `127.0.0.1:5038`. */
  readonly address: string;
  /** Resolves when the other side took our credentials and has booted. */
  readonly connect: (signal: AbortSignal) => Promise<L>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly reconnect: ReconnectPolicy;
  readonly keepAlive: KeepAlive;
  /** For one try, booting included. */
  readonly connectMs: number;
}

/** What a connection lets others see. */
export interface ConnectionView extends KeptConnection {
  readonly state: ConnectionState;
}

export class Connection<L extends Link> implements ConnectionView, AsyncDisposable {
  readonly service: string;
  readonly #parts: ConnectionParts<L>;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState;
  /** Monotonic begin of the state. */
  #changedMs: number;
  #link: L | undefined;
  #loop: Promise<void> | undefined;
  #made = 0;
  #skippedPolls = 0;

  constructor(parts: ConnectionParts<L>) {
    this.service = parts.service;
    this.#parts = parts;
    this.#changedMs = parts.clock.monotonicMs();
    this.#state = { name: 'connecting', sinceMs: parts.clock.wallMs(), attempt: 1 };
  }

  /** Begins to connect, and answers at once. Opening twice changes nothing. */
  open(): void {
    this.#loop ??= this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Told of every change from here on; the answer ends it. Listeners must not throw. */
  subscribe(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  follow(listener: (isMade: boolean) => void): () => void {
    const tell = ({ name }: ConnectionState): void => {
      if (name === 'connected' || name === 'disconnected') listener(name === 'connected');
    };
    tell(this.#state);
    return this.subscribe(tell);
  }

  /**
   * For whatever must not wait. Only while the first try is under way, or the one that follows at
   * once on a loss, it is waited for.
   *
   * @param drain ends the wait too, with that failure
   * @throws ServiceFailure nothing was sent: transient, or why it cannot be connected
   */
  async link(signal: AbortSignal, drain?: AbortSignal): Promise<L> {
    await this.#until(
      ({ name, ...its }) => {
        const isTried = name === 'connecting' || (name === 'disconnected' && isAtOnce(its));
        return !(isTried && 'attempt' in its && its.attempt <= 1);
      },
      [signal, drain],
    );
    return this.#link ?? fail(this.#fault());
  }

  /**
   * For whatever can wait: resolves when connected, rejects with the signal's reason.
   *
   * @param drain ends the wait too, with a failure that says why there is no connection
   */
  async connected(signal: AbortSignal, drain?: AbortSignal): Promise<L> {
    const isMeant = ({ name }: ConnectionState) => name === 'connected' || name === 'closed';
    await this.#until(isMeant, [signal, drain]);
    return this.#link ?? fail(this.#fault());
  }

  /** Answers by the state, and asks the other side only where there is a connection. */
  async probe(signal: AbortSignal): Promise<void> {
    if (this.#link === undefined) this.#skippedPolls += 1;
    const link = await this.link(signal);
    await link.ping(signal);
  }

  figures(): ConnectionStatus {
    const { name } = this.#state;
    const isConnected = name === 'connected';
    return {
      service: this.service,
      isConnected,
      uptimeMs: isConnected ? this.#parts.clock.monotonicMs() - this.#changedMs : 0,
      reconnections: Math.max(0, this.#made - 1),
      waitMs: this.#state.name === 'disconnected' ? this.#state.delayMs : 0,
      skippedPolls: this.#skippedPolls,
    };
  }

  /** For good. Whoever waits for a connection is told. */
  async close(): Promise<void> {
    if (this.#state.name === 'closed') return;
    this.#closing.abort(closedFailure(this.service));
    await this.#loop;
    this.#change({ name: 'closed', sinceMs: this.#parts.clock.wallMs() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // -------------------------------------------------------------------------- the loop

  async #run(): Promise<void> {
    const { clock, reconnect } = this.#parts;
    const { signal } = this.#closing;
    let waits: ReconnectWaits = NO_WAITS;
    let attempt = 1;
    while (!signal.aborted) {
      const end = await this.#hold(attempt, signal);
      if (signal.aborted) return;
      const next = nextReconnect(reconnect, waits, end.heldMs);
      waits = next.waits;
      const failed = end.heldMs === undefined ? attempt : 0;
      attempt = failed + 1;
      const { delayMs } = next;
      const sinceMs = clock.wallMs();
      this.#change({ name: 'disconnected', sinceMs, attempt: failed, error: end.error, delayMs });
      if (delayMs > 0) await clock.sleep(delayMs, signal).catch(() => undefined);
    }
  }

  /** One connection from its first try to its end. Never rejects. */
  async #hold(
    attempt: number,
    signal: AbortSignal,
  ): Promise<{ readonly error: ServiceFailure; readonly heldMs: number | undefined }> {
    const { clock, keepAlive, service } = this.#parts;
    this.#change({ name: 'connecting', sinceMs: clock.wallMs(), attempt });
    let link: L;
    try {
      link = await this.#connect(signal);
    } catch (error) {
      return { error: failureOf(service, error), heldMs: undefined };
    }
    const fromMs = clock.monotonicMs();
    this.#link = link;
    this.#made += 1;
    this.#change({ name: 'connected', sinceMs: clock.wallMs(), attempt });
    const ending = new AbortController();
    const closed = aborted(signal, ending.signal);
    const alive = watchAlive(link, keepAlive, clock, service, ending.signal);
    const error = await Promise.race([link.lost, alive, closed]);
    ending.abort(error);
    this.#link = undefined;
    link.close();
    return { error, heldMs: clock.monotonicMs() - fromMs };
  }

  async #connect(closing: AbortSignal): Promise<L> {
    const { clock, connect, connectMs, service, address } = this.#parts;
    const giving = new AbortController();
    const cancel = clock.after(connectMs, () => {
      const seconds = connectMs / 1_000;
      const message = `${service}: ${address} did not take the connection in ${seconds} s`;
      giving.abort(new ServiceFailure(message, { ...TRANSIENT, code: 'connect_timeout' }));
    });
    const signal = AbortSignal.any([closing, giving.signal]);
    const done = new AbortController();
    const made = connect(signal);
    try {
      const failed = aborted(signal, done.signal).then(fail);
      return await Promise.race([made, failed]);
    } catch (error) {
      // One that comes about all the same, later, is let go.
      made.then(
        (link) => link.close(),
        () => undefined,
      );
      throw error;
    } finally {
      done.abort();
      cancel();
    }
  }

  // -------------------------------------------------------------------------- the state

  #change(state: ConnectionState): void {
    const { clock, emit, address, service } = this.#parts;
    const nowMs = clock.monotonicMs();
    const lastedMs = nowMs - this.#changedMs;
    this.#state = state;
    this.#changedMs = nowMs;
    const { name } = state;
    const about = { service, role: 'dialer', address, state: name, lastedMs } as const;
    if (name === 'disconnected') {
      const { attempt, delayMs, error } = state;
      const { kind, code, message } = error;
      emit({ type: 'connection.changed', ...about, attempt, delayMs, kind, code, message });
    } else {
      const attempt = name === 'closed' ? undefined : state.attempt;
      emit({ type: 'connection.changed', ...about, attempt });
    }
    for (const listener of this.#listeners) listener(state);
  }

  /**
   * Resolves when the state is one of those, and when the run drains; rejects with the signal's
   * reason.
   */
  #until(
    isMeant: (state: ConnectionState) => boolean,
    [signal, drain]: readonly [AbortSignal, AbortSignal | undefined],
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (isMeant(this.#state) || drain?.aborted === true) {
        resolve();
        return;
      }
      const end = (): void => {
        stop();
        signal.removeEventListener('abort', onAbort);
        drain?.removeEventListener('abort', onDrain);
      };
      const onDrain = (): void => {
        end();
        resolve();
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const stop = this.subscribe((state) => {
        if (!isMeant(state)) return;
        end();
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
      drain?.addEventListener('abort', onDrain, { once: true });
    });
  }

  /** Why there is no connection. What does not pass by itself is said as what it is. */
  #fault(): ServiceFailure {
    const state = this.#state;
    const { service, address } = this.#parts;
    if (state.name === 'closed') return closedFailure(service);
    if (state.name !== 'disconnected') {
      return notConnected(`${service}: ${address} is being connected to`);
    }
    const { error } = state;
    if (error.kind === 'permanent') return renewed(error);
    const why = error.message.replace(`${service}: `, '');
    const where = why.includes(address) ? '' : ` to ${address}`;
    return notConnected(`${service} is not connected${where}: ${why}`, error);
  }
}

const TRANSIENT = { kind: 'transient', scope: 'service' } as const;

/** Asks again and again whether the other side is there; resolves with the failure if not. */
async function watchAlive(
  link: Link,
  { intervalMs, timeoutMs }: KeepAlive,
  clock: Clock,
  service: string,
  signal: AbortSignal,
): Promise<ServiceFailure> {
  try {
    for (;;) {
      await clock.sleep(intervalMs, signal);
      const waiting = new AbortController();
      const cancel = clock.after(timeoutMs, () => {
        const message = `${service}: no answer to the keep-alive within ${timeoutMs / 1_000} s`;
        waiting.abort(new ServiceFailure(message, { ...TRANSIENT, code: 'keep_alive' }));
      });
      const done = new AbortController();
      const silent = aborted(waiting.signal, done.signal).then(fail);
      try {
        await Promise.race([link.ping(AbortSignal.any([waiting.signal, signal])), silent]);
      } finally {
        done.abort();
        cancel();
      }
    }
  } catch (error) {
    return failureOf(service, error);
  }
}

/** Resolves with the reason when the signal aborts; never, once `unless` has. */
function aborted(signal: AbortSignal, unless: AbortSignal): Promise<ServiceFailure> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(signal.reason as ServiceFailure);
      return;
    }
    const onAbort = (): void => resolve(signal.reason as ServiceFailure);
    signal.addEventListener('abort', onAbort, { once: true });
    unless.addEventListener('abort', () => signal.removeEventListener('abort', onAbort), {
      once: true,
    });
  });
}

function fail(failure: ServiceFailure): never {
  throw failure;
}

function isAtOnce(its: object): boolean {
  return 'delayMs' in its && its.delayMs === 0;
}

/** Whatever it was, the connection is tried again: it is nothing that ends a run. */
function failureOf(service: string, error: unknown): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'connection';
  return new ServiceFailure(`${service}: ${message}`, { ...TRANSIENT, code, cause: error });
}

function notConnected(message: string, cause?: ServiceFailure): ServiceFailure {
  return new ServiceFailure(message, { ...TRANSIENT, code: 'not_connected', cause });
}

function closedFailure(service: string): ServiceFailure {
  return notConnected(`${service}: the connection was closed`);
}

/** One failure object belongs to one request: the guard writes on it whose it is. */
function renewed({ message, kind, scope, code, status, cause }: ServiceFailure): ServiceFailure {
  return new ServiceFailure(message, { kind, scope, code, status, cause });
}
