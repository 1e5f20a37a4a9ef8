/** Takes what a run tells its operator, by webhook. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Alert {
  readonly kind: string;
  readonly key: string;
  readonly text: string;
}

export class AlertDesk implements AsyncDisposable {
  readonly #alerts = new Map<string, Alert[]>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const who = request.url ?? '';
        const alert = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Alert;
        this.#alerts.set(who, [...(this.#alerts.get(who) ?? []), alert]);
        response.end();
      });
    });
  }

  static async open(): Promise<AlertDesk> {
    const desk = new AlertDesk();
    await new Promise<void>((resolve) => {
      desk.#server.listen(0, '127.0.0.1', resolve);
    });
    return desk;
  }

  addressOf(campaign: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${campaign}`;
  }

  /** What was raised, in order; not what was given the all clear. */
  raised(campaign: string): readonly Alert[] {
    return (this.#alerts.get(`/${campaign}`) ?? []).filter(({ kind }) => kind === 'raised');
  }

  forget(campaign: string): void {
    this.#alerts.delete(`/${campaign}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
