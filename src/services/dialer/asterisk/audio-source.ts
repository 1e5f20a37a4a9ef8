/**
 * How Asterisk comes by the audio: from a folder that both can read, or from a server of ours.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, relative, sep } from 'node:path';
import { ServiceFailure } from '../../../domain/failure.ts';
import type { AudioFile } from '../../../engine/ports.ts';

export type AudioSettings =
  /** The audio folder as Asterisk sees it; absolute. */
  | { readonly type: 'folder'; readonly path: string }
  | {
      readonly type: 'http';
      readonly host: string;
      readonly port: number;
      /** Where Asterisk finds it, without a slash at its end. */
      readonly publicUrl: string;
    };

export interface AudioSource extends AsyncDisposable {
  /** What Asterisk is told to play. @throws ServiceFailure nothing can be played */
  media(audio: AudioFile): Promise<string>;
}

/** @param folder the audio folder as we see it; absolute */
export function audioSource(settings: AudioSettings, folder: string): AudioSource {
  return settings.type === 'http'
    ? new AudioServer(settings, folder)
    : {
        media: async ({ path }) => {
          const file = relative(folder, path).split(sep).join('/');
          // Names of sounds have no ending: Asterisk looks for the best form itself.
          return `sound:${settings.path}/${file.replace(/\.wav$/, '')}`;
        },
        async [Symbol.asyncDispose]() {},
      };
}

/** One fetch per call that begins, of some hundred kilobytes, and Asterisk keeps what it has. */
const CONNECTIONS_MAX = 200;
const REQUEST_MS_MAX = 10_000;

const NAME = /^\/(?<hash>[0-9a-f]{64})\.wav$/;

/** Gives out audio by its hash, and nothing else. The address changes with the content. */
class AudioServer implements AudioSource {
  readonly #settings: Extract<AudioSettings, { type: 'http' }>;
  readonly #folder: string;
  #server: Promise<Server> | undefined;

  constructor(settings: Extract<AudioSettings, { type: 'http' }>, folder: string) {
    this.#settings = settings;
    this.#folder = folder;
  }

  async media({ hash }: AudioFile): Promise<string> {
    this.#server ??= this.#listen();
    try {
      await this.#server;
    } catch (error) {
      // The port may be free again by the next call.
      this.#server = undefined;
      throw error;
    }
    return `sound:${this.#settings.publicUrl}/${hash}.wav`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    server?.closeAllConnections();
    server?.close();
  }

  #listen(): Promise<Server> {
    const { host, port } = this.#settings;
    const server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    server.maxConnections = CONNECTIONS_MAX;
    server.requestTimeout = REQUEST_MS_MAX;
    server.headersTimeout = REQUEST_MS_MAX;
    return new Promise((resolve, reject) => {
      server.on('error', (error) => {
        const message =
          `asterisk-ari: the audio cannot be served on ${host}:${port}: ${error.message}; ` +
          'check providers.asterisk-ari.audio_server.host and port';
        const code = 'audio_server';
        reject(new ServiceFailure(message, { kind: 'permanent', scope: 'service', code }));
      });
      server.listen(port, host, () => resolve(server));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const hash = NAME.exec(url.split('?')[0] ?? '')?.groups?.['hash'];
    if (!['GET', 'HEAD'].includes(method) || hash === undefined) {
      response.writeHead(hash === undefined ? 404 : 405).end();
      return;
    }
    const path = join(this.#folder, hash.slice(0, 2), `${hash}.wav`);
    const length = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    );
    if (length === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = { 'content-type': 'audio/wav', 'content-length': length, etag: `"${hash}"` };
    response.writeHead(200, { ...type, 'cache-control': 'max-age=86400' });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    const file = createReadStream(path);
    file.once('error', () => response.destroy());
    response.once('close', () => file.destroy());
    file.pipe(response);
  }
}
