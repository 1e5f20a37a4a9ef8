/**
 * Asterisk's Manager Interface on this machine: it has channels, and does what it is asked before
 * it answers, so that an answer can be lost.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type AmiPacket,
  AmiReader,
  amiText,
} from '../../../../src/services/dialer/asterisk/ami-wire.ts';

type Fields = Readonly<Record<string, string>>;

/** What it does with an Originate: see `FakeAmi.originate`. */
export type Originate =
  | 'makes'
  | 'makes and loses the answer'
  | 'makes and says no more'
  | 'has no such trunk'
  | 'refuses'
  /** The trunk ends it before anything rang. */
  | { readonly cause: number; readonly techCause?: number };

export class FakeAmi {
  secret = 'test-secret-2-wonderland';
  isBooted = true;
  /** Why it takes nobody in. */
  refusal: string | undefined;
  /** It takes the connection and says nothing any more. */
  isMute = false;
  originate: Originate = 'makes';
  /** Channel states by id: 0 down, 5 ringing, 6 up. */
  readonly channels = new Map<string, string>();
  /** The variables of every channel. */
  readonly known = new Map<string, string>();
  /** The actions it was sent, without Ping and Login. */
  readonly actions: AmiPacket[] = [];
  /** What it was sent, as text. */
  #sent = '';
  logins = 0;
  port = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  async listen(): Promise<this> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    onTestFinished(() => this.kill());
    return this;
  }

  /** As kill -9 does: all channels are gone without a word, and nobody listens any more. */
  async kill(): Promise<void> {
    this.channels.clear();
    this.drop();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** The network between breaks; the channels live on. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** The channel variables that it was sent, each as it came. */
  variables(): string[] {
    return [...this.#sent.matchAll(/^Variable: (.*)\r$/gm)].map(([, variable = '']) => variable);
  }

  /** An event about a channel. */
  tell(event: string, id: string, more: Fields = {}): void {
    const state = this.channels.get(id) ?? '0';
    this.#send({ Event: event, Uniqueid: id, ChannelState: state, ...more });
  }

  stands(id: string, state: string): void {
    this.channels.set(id, state);
    this.tell('Newstate', id);
  }

  hangUp(id: string, cause: number, techCause = 0): void {
    this.tell('Hangup', id, { Cause: String(cause), TechCause: `SIP ${techCause}` });
    this.channels.delete(id);
  }

  #send(fields: Fields, socket?: Socket): void {
    for (const one of socket === undefined ? this.#sockets : [socket]) {
      one.write(amiText(Object.entries(fields)));
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.write('Asterisk Call Manager/11.0.0\r\n');
    const reader = new AmiReader();
    reader.banner = 'a client sends none';
    socket.on('data', (bytes) => {
      this.#sent += bytes.toString('utf8');
      for (const action of reader.read(bytes)) this.#act(action, socket);
    });
  }

  #act(action: AmiPacket, socket: Socket): void {
    if (this.isMute) return;
    const id = action.get('actionid') ?? '';
    const answer = (fields: Fields): void => this.#send({ ActionID: id, ...fields }, socket);
    const name = action.get('action') ?? '';
    if (name === 'Ping') return answer({ Response: 'Success', Ping: 'Pong' });
    if (name === 'Login') return this.#login(action, socket, answer);
    this.actions.push(action);
    if (name === 'Originate') return this.#originate(action, socket, answer);
    const channel = action.get('channel') ?? '';
    const state = this.channels.get(channel);
    if (state === undefined) return answer({ Response: 'Error', Message: 'No such channel' });
    const variable = action.get('variable') ?? '';
    if (name === 'Getvar') {
      const value = this.known.get(variable) ?? '';
      return answer({ Response: 'Success', Variable: variable, Value: value });
    }
    answer({ Response: 'Success', Message: 'done' });
    if (name === 'Hangup') return this.hangUp(channel, 16);
    answer({ Event: 'Status', Uniqueid: channel, ChannelState: state });
    answer({ Event: 'StatusComplete' });
  }

  #login(action: AmiPacket, socket: Socket, answer: (fields: Fields) => void): void {
    this.logins += 1;
    const isWrong = action.get('secret') !== this.secret;
    if (isWrong || this.refusal !== undefined) {
      answer({ Response: 'Error', Message: this.refusal ?? 'Authentication failed' });
      socket.end();
      return;
    }
    answer({ Response: 'Success', Message: 'Authentication accepted' });
    if (this.isBooted) this.#send({ Event: 'FullyBooted', Status: 'Fully Booted' }, socket);
  }

  #originate(action: AmiPacket, socket: Socket, answer: (fields: Fields) => void): void {
    const id = action.get('channelid') ?? '';
    if (this.originate === 'refuses') {
      return answer({ Response: 'Error', Message: 'Permission denied' });
    }
    const isMade = this.originate !== 'has no such trunk';
    if (isMade) this.channels.set(id, '0');
    if (this.originate === 'makes and loses the answer') {
      socket.destroy();
      return;
    }
    answer({ Response: 'Success', Message: 'Originate successfully queued' });
    if (isMade) {
      this.tell('Newchannel', id);
      if (this.originate === 'makes and says no more') return;
      if (typeof this.originate === 'string') return this.stands(id, '5');
      return this.hangUp(id, this.originate.cause, this.originate.techCause);
    }
    answer({ Event: 'OriginateResponse', Response: 'Failure', Uniqueid: '<unknown>' });
  }
}
