/** An Asterisk whose calls go on, and whose HTTP answers nothing but errors about them. */
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Campaign, endOf } from './campaign.ts';
import { people } from './people.ts';
import { ended, exited, heard, lineFree, type Scenario, witnessed } from './witness.ts';

const LINES = 8;
const SICK_MS = 25_000;

/** Stands before the HTTP of an Asterisk. */
class SickRoom implements AsyncDisposable {
  isSick = false;
  /** Requests that came while it was. */
  came = 0;
  readonly #toPort: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(toPort: number) {
    this.#toPort = toPort;
    this.#server = createServer((asked, answer) => this.#pass(asked, answer));
    this.#server.on('upgrade', (asked: IncomingMessage, near: Socket, head: Buffer) => {
      const far = connect(toPort, '127.0.0.1');
      const lines = Array.from({ length: asked.rawHeaders.length / 2 }, (_, index) =>
        asked.rawHeaders.slice(2 * index, 2 * index + 2).join(': '),
      );
      far.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      far.write(head);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => undefined);
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
    });
  }

  static async before(port: number): Promise<SickRoom> {
    const room = new SickRoom(port);
    await new Promise<void>((resolve) => {
      room.#server.listen(0, '127.0.0.1', resolve);
    });
    return room;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { method, url = '', headers } = asked;
    if (this.isSick && !url.startsWith('/ari/asterisk/')) {
      this.came += 1;
      asked.resume();
      answer.writeHead(503, { 'content-type': 'application/json' });
      answer.end('{"message":"Out of order"}');
      return;
    }
    const about = { host: '127.0.0.1', port: this.#toPort, method, path: url, headers };
    const onward = request(about, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers);
      told.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  }
}

/** Calls in progress are not what floods it, nobody is rung meanwhile, and it heals by itself. */
export const sick: Scenario = async (bed, dialer, note) => {
  await using room = await SickRoom.before(Number(new URL(bed.of('ARI_URL')).port));
  const setting = { dialer, lines: LINES, port: room.port };
  const campaign = new Campaign(bed, 'sick', setting, people(24));
  const end = endOf(campaign.start());
  await campaign.until('call.finished', 3);
  room.isSick = true;
  await sleep(SICK_MS);
  const rung = bed.rung().size;
  room.isSick = false;
  const code = await end;
  const claims = campaign.claims();
  const count = (which: string): number => claims.filter(({ outcome }) => outcome === which).length;
  note(
    `${room.came} requests in ${SICK_MS / 1_000} s of sickness, ${rung} of 24 rung by then; in ` +
      `the end ${count('answered')} answered, ${count('failed')} failed, ` +
      `${count('uncertain')} uncertain`,
  );
  const notServed = claims.filter(({ outcome }) => outcome === 'failed');
  const alerts = campaign.alerts().map(({ text }) => text);
  return [
    ...exited(code, 0),
    ...ended(claims, () => ['answered', 'failed', 'uncertain']),
    ...notServed.flatMap(({ detail }) => (detail?.includes('heard nothing') ? [] : [`${detail}`])),
    ...(room.came <= 6 * LINES ? [] : [`${room.came} requests reached it`]),
    ...(count('answered') >= 24 - LINES ? [] : [`only ${count('answered')} answered`]),
    ...(alerts.some((text) => text.includes('503')) ? [] : [`alerts: ${alerts.join(' / ')}`]),
    ...heard(bed, campaign, claims),
    ...(await lineFree(bed)),
    ...(await witnessed(bed, claims)),
  ];
};
