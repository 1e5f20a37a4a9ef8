import type { AddressInfo, Server } from 'node:net';

/** The port that it listens on, or why it cannot, for people. Never rejects. */
export type Listening = { readonly port: number } | { readonly problem: string };

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has that port, perhaps the run of another campaign',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no machine of that name',
  EACCES: 'this user may not listen on that port',
};

/** Begins to listen, without keeping the process alive. */
export function listen(server: Server, host: string, port: number): Promise<Listening> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const why = PROBLEMS[error.code ?? ''] ?? error.message;
      resolve({ problem: `${addressOf(host, port)}: ${why}` });
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      // What goes wrong later concerns single connections, and the run least of all.
      server.on('error', () => undefined);
      server.unref();
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
