/** What stands between us and Asterisk, and fails alone: Asterisk and its calls live on. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class Network implements AsyncDisposable {
  readonly #toPort: number;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #state: 'whole' | 'cut' | 'mute' = 'whole';

  private constructor(toPort: number) {
    this.#toPort = toPort;
    this.#server = createServer((near) => this.#join(near));
  }

  static async to(port: number): Promise<Network> {
    const network = new Network(port);
    await new Promise<void>((resolve) => {
      network.#server.listen(0, '127.0.0.1', resolve);
    });
    return network;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every connection breaks, and new ones are refused. */
  cut(): void {
    this.#state = 'cut';
    this.#drop();
  }

  /** As a firewall does that has lost its mind: nothing breaks, and nothing comes through. */
  mute(): void {
    this.#state = 'mute';
    for (const { near, far } of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
    }
  }

  /** What was under way when it went mute never arrives. */
  mend(): void {
    this.#state = 'whole';
    this.#drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #drop(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  #join(near: Socket): void {
    if (this.#state === 'cut') {
      near.destroy();
      return;
    }
    const pair = { near, far: connect(this.#toPort, '127.0.0.1') };
    this.#pairs.add(pair);
    for (const [one, other] of [
      [pair.near, pair.far],
      [pair.far, pair.near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        if (this.#state === 'mute') return;
        this.#pairs.delete(pair);
        other.destroy();
      });
      if (this.#state === 'whole') one.pipe(other);
    }
  }
}
