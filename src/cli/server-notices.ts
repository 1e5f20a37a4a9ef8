import { createServer } from 'node:net';
import { addressOf, listen } from '../web/listen.ts';
import type { ServerSettings } from './config-server.ts';

/** What `check` says of the status page: where it will be, or that it cannot be there now. */
export async function serverNotices({
  enabled,
  host,
  port,
}: ServerSettings): Promise<readonly string[]> {
  if (!enabled) return [];
  const server = createServer();
  const listening = await listen(server, host, port);
  if ('problem' in listening) {
    return [
      `server: a run could not show its status page and metrics at ${listening.problem}; ` +
        'it would go on without them',
    ];
  }
  await new Promise((resolve) => server.close(resolve));
  return port === 0
    ? []
    : [`server: a run shows its state at http://${addressOf(host, port)}/ while it works`];
}
