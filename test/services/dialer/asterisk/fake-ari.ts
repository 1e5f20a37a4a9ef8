/**
 * An Asterisk with a REST Interface, on loopback. It does what it is asked before it answers, so
 * that an answer can be lost; what it tells is what a real one told (Asterisk 22).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a callee does. */
export type Callee =
  | 'person'
  | 'machine'
  | 'hangs_up'
  | 'deaf_line'
  | 'endless'
  | 'rings'
  | 'dead'
  | { readonly cause: number; readonly tech: number; readonly dial?: string };

interface Channel {
  readonly id: string;
  readonly callee: Callee;
  state: 'Down' | 'Ringing' | 'Up';
  readonly variables: Map<string, string>;
}

export class FakeAri {
  url = '';
  password = 'wonderland';
  isReadOnly = false;
  lacksDialplan = false;
  /** What it answers to whatever is about channels, where that is not what it should. */
  sickness: number | undefined;
  /** The same, to questions alone. */
  sicknessAsked: number | undefined;
  /** It stands still: its connections stand, and it answers nothing. */
  isFrozen = false;
  /** By number; everybody else is a person. */
  readonly callees = new Map<string, Callee>();
  /** How often each number was rung. */
  readonly rung = new Map<string, number>();
  readonly channels = new Map<string, Channel>();
  readonly playbacks = new Set<string>();
  /** What the channel had of variables when it was last told to play. */
  variablesAtPlay: ReadonlyMap<string, string> = new Map();
  readonly asked: string[] = [];
  /** A key that everybody presses while the text is said. */
  digit: string | undefined;
  /** Of the next request to ring: it is done, and its answer lost; or a gateway answers so. */
  losesAnswer: boolean | number = false;
  /** How a call ends as soon as it is asked about: the answer comes first, and then the word. */
  endsWhenAsked: { readonly cause: number; readonly tech: number } | undefined;
  /** The websockets that are open. */
  listeners = 0;
  readonly #waiting: ServerResponse[] = [];
  readonly #sockets = new Set<Socket>();
  #listener: WebSocket | undefined;

  async listen(): Promise<this> {
    const server = createServer((request, response) => this.#answer(request, response));
    const events = new WebSocketServer({ noServer: true });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      if (!this.#knows(request)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      events.handleUpgrade(request, socket, head, (listener) => {
        this.#tell({ type: 'ApplicationReplaced' });
        this.#listener = listener;
        this.listeners += 1;
        listener.on('close', () => {
          this.listeners -= 1;
        });
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      this.drop();
      server.close();
    });
    return this;
  }

  /** Every connection breaks; nothing is told of what happens meanwhile. */
  drop(): void {
    this.#listener = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Somebody else registers for the application. */
  replace(): void {
    this.#tell({ type: 'ApplicationReplaced' });
    this.#listener = undefined;
  }

  /** A call of an earlier process, up since. */
  leave(id: string, variables: Readonly<Record<string, string>> = {}): void {
    const known = new Map(Object.entries(variables));
    this.channels.set(id, { id, callee: 'person', state: 'Up', variables: known });
  }

  pickUp(id: string): void {
    const channel = this.channels.get(id);
    if (channel === undefined) return;
    channel.state = 'Up';
    this.#of(channel, { type: 'ChannelStateChange' });
    this.#of(channel, { type: 'StasisStart', args: [] });
  }

  press(id: string, digit: string): void {
    const channel = this.channels.get(id);
    if (channel !== undefined) this.#of(channel, { type: 'ChannelDtmfReceived', digit });
  }

  end(id: string, cause: number, tech = 0): void {
    const channel = this.channels.get(id);
    if (channel === undefined) return;
    this.channels.delete(id);
    const word = { cause, tech_cause: tech };
    this.#of(channel, { type: 'ChannelHangupRequest', ...word, soft: cause === 0 });
    this.#of(channel, { type: 'ChannelDestroyed', ...word });
  }

  // -------------------------------------------------------------------------- the wire

  #knows({ headers }: IncomingMessage): boolean {
    const wanted = Buffer.from(`campaign:${this.password}`).toString('base64');
    return headers.authorization === `Basic ${wanted}`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.url);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (this.isFrozen) return;
      if (!this.#knows(request)) {
        send(response, 401, { message: 'Authentication required' });
        return;
      }
      const path = url.pathname.replace(/^\/ari/, '');
      this.asked.push(`${request.method} ${path}`);
      const sickness = this.sickness ?? (request.method === 'GET' ? this.sicknessAsked : undefined);
      if (sickness !== undefined && path.startsWith('/channels')) {
        send(response, sickness, { message: 'out of order' });
        return;
      }
      // Asterisk does the one after the other; here it is done at once, and answered then.
      const [, of = ''] = /^\/channels\/([^/]+)\/variable$/.exec(path) ?? [];
      const isSet = request.method === 'POST' && this.playbacks.has(`message-${of}`);
      if (isSet) this.#waiting.push(response);
      if (this.#overtakes(request.method ?? '', path, response)) return;
      const [status, body] = this.#did(
        request.method ?? '',
        path,
        url.searchParams,
        Buffer.concat(chunks).toString('utf8'),
      );
      const isRing = request.method === 'POST' && path === '/channels';
      const { losesAnswer } = this;
      if (isRing && losesAnswer !== false) {
        this.losesAnswer = false;
        if (losesAnswer === true) request.socket.destroy();
        else send(response, losesAnswer, { message: 'no answer from the upstream server' });
        return;
      }
      if (!isSet) send(response, status, body);
      if (this.playbacks.size > 0) return;
      for (const one of this.#waiting.splice(0)) send(one, 204, undefined);
    });
  }

  #did(
    method: string,
    path: string,
    query: URLSearchParams,
    body: string,
  ): readonly [number, unknown] {
    if (this.isReadOnly && method !== 'GET') return [403, { message: 'Write access denied' }];
    if (path === '/asterisk/info') return [200, { system: { version: '22.10.1' } }];
    if (path === '/asterisk/ping') return [200, { ping: 'pong' }];
    if (path === '/channels') return method === 'POST' ? this.#ring(query, body) : this.#list();
    if (path.startsWith('/applications/')) return [200, {}];
    const [, kind = '', id = '', action, playback = ''] = path.split('/');
    if (kind === 'playbacks') return this.#playback(method, id);
    const channel = this.channels.get(id);
    if (channel === undefined) return [404, { message: 'Channel not found' }];
    switch (action) {
      case undefined:
        if (method === 'DELETE') setImmediate(() => this.end(id, 16));
        return [200, { id, state: channel.state }];
      case 'variable':
        if (query.get('variable')?.startsWith('DIALPLAN_EXISTS(') === true) {
          return [200, { value: this.lacksDialplan ? '0' : '1' }];
        }
        return variable(method, channel, query);
      case 'play':
        this.#play(channel, playback);
        return [201, { id: playback }];
      case 'continue':
        this.#detect(channel);
        return [204, undefined];
      default:
        return [400, { message: `no ${action}` }];
    }
  }

  #overtakes(method: string, path: string, response: ServerResponse): boolean {
    const ends = this.endsWhenAsked;
    const id = path.replace('/channels/', '');
    if (ends === undefined || method !== 'GET' || !this.channels.has(id)) return false;
    response.once('finish', () => setImmediate(() => this.end(id, ends.cause, ends.tech)));
    send(response, 404, { message: 'Channel not found' });
    return true;
  }

  #list(): readonly [number, unknown] {
    return [200, [...this.channels.values()].map(({ id, state }) => ({ id, state }))];
  }

  #playback(method: string, id: string): readonly [number, unknown] {
    if (!this.playbacks.has(id)) return [404, { message: 'Playback not found' }];
    if (method === 'DELETE') this.playbacks.delete(id);
    return [200, { id }];
  }

  #ring(query: URLSearchParams, body: string): readonly [number, unknown] {
    const id = query.get('channelId') ?? '';
    if (this.channels.has(id)) return [409, { message: 'Channel with given ID already exists' }];
    const number = /\+\d+/.exec(query.get('endpoint') ?? '')?.[0] ?? '';
    if (query.get('endpoint')?.startsWith('PJSIP') !== true) {
      return [500, { error: 'Allocation failed' }];
    }
    this.rung.set(number, (this.rung.get(number) ?? 0) + 1);
    const callee = this.callees.get(number) ?? 'person';
    const { variables } = JSON.parse(body) as { variables: Readonly<Record<string, string>> };
    const known = new Map(Object.entries(variables));
    const channel: Channel = { id, callee, state: 'Down', variables: known };
    this.channels.set(id, channel);
    setImmediate(() => this.#begin(channel));
    return [200, { id, state: 'Down' }];
  }

  #begin(channel: Channel): void {
    const { id, callee } = channel;
    if (typeof callee === 'object') {
      if (callee.dial !== undefined) {
        this.#tell({ type: 'Dial', peer: { id }, dialstatus: callee.dial });
      }
      this.end(id, callee.cause, callee.tech);
      return;
    }
    if (callee === 'dead') return;
    channel.state = 'Ringing';
    this.#of(channel, { type: 'ChannelStateChange' });
    if (callee !== 'rings') this.pickUp(id);
  }

  #detect(channel: Channel): void {
    const verdict = channel.callee === 'machine' ? ['MACHINE', 'MAXWORDS-3-2'] : ['HUMAN', ''];
    setImmediate(() => this.#of(channel, { type: 'StasisStart', args: ['amd', ...verdict] }));
  }

  #play(channel: Channel, playback: string): void {
    const { callee, id } = channel;
    this.playbacks.add(playback);
    this.variablesAtPlay = new Map(channel.variables);
    const over = (state: string): void => {
      this.playbacks.delete(playback);
      const about = { id: playback, state, target_uri: `channel:${id}` };
      this.#tell({ type: 'PlaybackFinished', playback: about });
    };
    setImmediate(() => {
      if (this.digit !== undefined) {
        this.#of(channel, { type: 'ChannelDtmfReceived', digit: this.digit });
      }
      if (callee === 'hangs_up') this.end(id, 16);
      if (callee === 'hangs_up' || callee === 'deaf_line') over('failed');
      else if (callee !== 'endless') over('done');
    });
  }

  #of({ id, state }: Channel, event: Readonly<Record<string, unknown>>): void {
    this.#tell({ ...event, channel: { id, state } });
  }

  #tell(event: unknown): void {
    this.#listener?.send(JSON.stringify(event));
  }
}

function variable(method: string, { variables }: Channel, query: URLSearchParams) {
  const name = query.get('variable') ?? '';
  if (method === 'POST') {
    variables.set(name, query.get('value') ?? '');
    return [204, undefined] as const;
  }
  const value = variables.get(name);
  return value === undefined
    ? ([404, { message: 'Provided variable was not found' }] as const)
    : ([200, { value }] as const);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
