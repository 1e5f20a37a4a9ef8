// Stands in for the three places an alert goes to, on this machine alone: a mail server, Telegram's
// Bot API and a webhook. And a voice that answers every request with 503, so that there is one.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Inbox {
  readonly ports: { readonly mail: number; readonly http: number };
  /** What came, by channel, in order. */
  readonly received: Readonly<Record<'email' | 'telegram' | 'webhook', string[]>>;
  close(): void;
}

const textOf = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** Answers as each of them does; what is not known to it is the voice, which is down. */
function httpServer(received: Inbox['received']): Server {
  return createServer((request, response) => {
    void textOf(request).then((body) => {
      const path = request.url ?? '';
      response.setHeader('content-type', 'application/json');
      if (path.includes('/sendMessage')) {
        received.telegram.push(body);
        response.end('{"ok":true,"result":{"message_id":1}}');
      } else if (path === '/hook') {
        const signature = String(request.headers['x-campaign-signature'] ?? '');
        received.webhook.push(JSON.stringify({ signature, body: JSON.parse(body) }));
        response.end('{}');
      } else {
        response.statusCode = 503;
        response.end('{"detail":{"status":"unavailable","message":"We are down, back soon."}}');
      }
    });
  });
}

export async function openInbox(): Promise<Inbox> {
  const received: Inbox['received'] = { email: [], telegram: [], webhook: [] };
  const mail = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.email.push(Buffer.concat(chunks).toString('utf8'));
        done();
      });
    },
  });
  const mailPort = await new Promise<number>((resolve) => {
    const listening = mail.listen(0, '127.0.0.1', () => {
      resolve((listening.address() as AddressInfo).port);
    });
  });
  const http = httpServer(received);
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  return {
    ports: { mail: mailPort, http: (http.address() as AddressInfo).port },
    received,
    close: () => {
      mail.close();
      http.close();
      http.closeAllConnections();
    },
  };
}
