/**
 * One connection to the Asterisk Manager Interface, from the greeting to its end.
 */
import { createConnection, type Socket } from 'node:net';
import { ServiceFailure } from '../../../domain/failure.ts';
import { redacted } from '../../../domain/redaction.ts';
import type { Clock } from '../../../engine/ports.ts';
import { type AmiFields, type AmiPacket, AmiReader, amiText } from './ami-wire.ts';
import type { Link } from './connection.ts';

export interface AmiLogin {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** The classes of events that are asked for: `system,call,user`. */
  readonly events: string;
}

interface Pending {
  /** Events that belong to the answer, where it is a list that ends with this one. */
  readonly until: string | undefined;
  readonly events: AmiPacket[];
  readonly resolve: (answer: AmiAnswer) => void;
  readonly reject: (failure: ServiceFailure) => void;
}

export interface AmiAnswer {
  readonly isSuccess: boolean;
  readonly message: string;
  /** Of the variable that was asked for; empty where it is not set, or none was. */
  readonly value: string;
  readonly events: readonly AmiPacket[];
}

/**
 * From the login to the word that it has booted: it is said at once, or when it is so. Less than a
 * health check has, which is to say why.
 */
const BOOT_MS = 4_000;

const SERVICE = { scope: 'service' } as const;

export class AmiLink implements Link {
  readonly lost: Promise<ServiceFailure>;
  readonly #login: AmiLogin;
  readonly #socket: Socket;
  readonly #reader = new AmiReader();
  readonly #onEvent: (event: AmiPacket) => void;
  readonly #pending = new Map<string, Pending>();
  readonly #booted = Promise.withResolvers<void>();
  readonly #greeted = Promise.withResolvers<void>();
  readonly #lose: (failure: ServiceFailure) => void;
  #end: ServiceFailure | undefined;
  #actions = 0;

  private constructor(login: AmiLogin, socket: Socket, onEvent: (event: AmiPacket) => void) {
    this.#login = login;
    this.#socket = socket;
    this.#onEvent = onEvent;
    const { promise, resolve } = Promise.withResolvers<ServiceFailure>();
    this.lost = promise;
    this.#lose = resolve;
    // Whoever waits for them hears of it; without anybody it is no bug.
    this.#booted.promise.catch(() => undefined);
    this.#greeted.promise.catch(() => undefined);
    this.#listen();
  }

  /**
   * Resolves when Asterisk has taken the user and has booted. Rejects with `ServiceFailure`, or
   * with the reason of the signal.
   *
   * @param onEvent told of every event from the login on
   */
  static async open(
    login: AmiLogin,
    clock: Clock,
    onEvent: (event: AmiPacket) => void,
    signal: AbortSignal,
  ): Promise<AmiLink> {
    signal.throwIfAborted();
    const { host, port } = login;
    const socket = createConnection({ host, port, keepAlive: true, noDelay: true });
    const link = new AmiLink(login, socket, onEvent);
    const onAbort = (): void => link.#close(signal.reason as ServiceFailure);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await link.#enter(clock, signal);
      return link;
    } catch (error) {
      link.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.request([['Action', 'Ping']], signal);
  }

  /**
   * One action and its answer. Rejects with `ServiceFailure`: transient where it was never sent,
   * unknown where the connection ended before the answer; or with the reason of the signal.
   *
   * @param until the event that ends the list that the answer is
   * @param own the id of the action, where later events have to name it
   */
  request(
    fields: AmiFields,
    signal: AbortSignal,
    { until, own }: { readonly until?: string; readonly own?: string } = {},
  ): Promise<AmiAnswer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (this.#end !== undefined) {
        const code = 'not_connected';
        reject(this.#failure(this.#end.message, { ...SERVICE, kind: 'transient', code }));
        return;
      }
      this.#actions += 1;
      const id = own ?? `campaign-${this.#actions}`;
      const onAbort = (): void => {
        this.#pending.delete(id);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const left = (): void => signal.removeEventListener('abort', onAbort);
      const pending: Pending = {
        until,
        events: [],
        resolve: (answer) => {
          left();
          resolve(answer);
        },
        reject: (failure) => {
          left();
          reject(failure);
        },
      };
      const [action, ...rest] = fields;
      const text = amiText([...(action === undefined ? [] : [action]), ['ActionID', id], ...rest]);
      this.#pending.set(id, pending);
      this.#socket.write(text);
    });
  }

  close(): void {
    const code = 'closed';
    this.#close(this.#failure('closed by us', { ...SERVICE, kind: 'transient', code }));
  }

  // -------------------------------------------------------------------------- the beginning

  async #enter(clock: Clock, signal: AbortSignal): Promise<void> {
    const { username, password, events } = this.#login;
    await this.#greeted.promise;
    const login: AmiFields = [
      ['Action', 'Login'],
      ['Username', username],
      ['Secret', password],
      ['Events', events],
    ];
    const { isSuccess, message } = await this.request(login, signal);
    if (!isSuccess) throw this.#refusal(message);
    // The commonest cause of a login after which nothing comes.
    const cause =
      `Asterisk took the user ${username}, and did not say that it has booted: it is starting, ` +
      'or the user has no read permission for "system" in manager.conf';
    const cancel = clock.after(BOOT_MS, () => {
      this.#close(this.#failure(cause, { ...SERVICE, kind: 'transient', code: 'not_booted' }));
    });
    try {
      await this.#booted.promise;
    } finally {
      cancel();
    }
  }

  #refusal(message: string): ServiceFailure {
    const { username } = this.#login;
    if (/shutting down/i.test(message)) {
      return this.#failure(message, { ...SERVICE, kind: 'transient', code: 'shutting_down' });
    }
    return this.#failure(
      `Asterisk refuses the user ${username}: ${message}; check providers.asterisk-ami.username ` +
        'and password, and deny and permit in manager.conf',
      { ...SERVICE, kind: 'permanent', code: 'auth_failed' },
    );
  }

  // -------------------------------------------------------------------------- what comes

  #listen(): void {
    this.#socket.on('data', (bytes) => this.#take(bytes));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      // For a name with several addresses Node's own message is empty.
      const { code = 'connection', message } = error;
      const text = message === '' ? code : message;
      this.#close(this.#failure(text, { ...SERVICE, kind: 'transient', code, cause: error }));
    });
    this.#socket.on('close', () => {
      const text = 'Asterisk closed the connection';
      this.#close(this.#failure(text, { ...SERVICE, kind: 'transient', code: 'lost' }));
    });
  }

  #take(bytes: Uint8Array): void {
    let packets: AmiPacket[];
    try {
      packets = this.#reader.read(bytes);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#close(this.#failure(text, { ...SERVICE, kind: 'transient', code: 'protocol' }));
      return;
    }
    if (this.#reader.banner !== undefined) this.#greeted.resolve();
    for (const packet of packets) this.#packet(packet);
  }

  #packet(packet: AmiPacket): void {
    const id = packet.get('actionid') ?? '';
    const pending = this.#pending.get(id);
    const event = packet.get('event');
    // Some events have a field of that name as well.
    if (event === undefined) {
      if (pending !== undefined) this.#answer(id, pending, packet);
      return;
    }
    if (event === 'FullyBooted') this.#booted.resolve();
    if (pending?.until === undefined) {
      this.#onEvent(packet);
    } else if (event === pending.until) {
      this.#pending.delete(id);
      pending.resolve({ isSuccess: true, message: '', value: '', events: pending.events });
    } else {
      pending.events.push(packet);
    }
  }

  #answer(id: string, pending: Pending, packet: AmiPacket): void {
    const isSuccess = packet.get('response') === 'Success';
    // A list goes on until the event that ends it.
    if (isSuccess && pending.until !== undefined) return;
    this.#pending.delete(id);
    // It may say what it was sent, and that was a password once.
    const message = redacted(packet.get('message') ?? '', [this.#login.password]);
    pending.resolve({ isSuccess, message, value: packet.get('value') ?? '', events: [] });
  }

  #close(failure: ServiceFailure): void {
    if (this.#end !== undefined) return;
    this.#end = failure;
    this.#socket.destroy();
    this.#greeted.reject(failure);
    this.#booted.reject(failure);
    for (const pending of this.#pending.values()) {
      // It was sent, and may have been done.
      const { message, code } = failure;
      pending.reject(this.#failure(message, { ...SERVICE, kind: 'unknown', code, cause: failure }));
    }
    this.#pending.clear();
    this.#lose(failure);
  }

  #failure(
    message: string,
    details: ConstructorParameters<typeof ServiceFailure>[1],
  ): ServiceFailure {
    const { service } = this.#login;
    return new ServiceFailure(
      message.startsWith(service) ? message : `${service}: ${message}`,
      details,
    );
  }
}
