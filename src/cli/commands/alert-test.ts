/**
 * `campaign alert-test`: sends one message through each alert channel that is on, at once and
 * without retries, and says what happened.
 */
import { resolve } from 'node:path';
import type { Alert } from '../../domain/alert.ts';
import { maskNumbers } from '../../domain/privacy.ts';
import { listed } from '../../domain/text.ts';
import { SEND_TIMEOUT_MS } from '../../engine/alert-outbox.ts';
import type { AlertChannel } from '../../engine/ports.ts';
import { openHttp } from '../../services/http.ts';
import { composeChannels } from '../compose-channels.ts';
import { loadConfig } from '../config.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { USER_AGENT } from '../version.ts';
import type { World } from '../world.ts';

export interface AlertTestOptions {
  readonly config: string;
  readonly json?: boolean;
}

interface Sent {
  readonly channel: string;
  readonly error?: string | undefined;
  /** See `AlertChannel.send`. */
  readonly unreached?: string | undefined;
}

/** Throws what ends a command: see `cli/exit.ts`. */
export async function alertTest(world: World, options: AlertTestOptions): Promise<number> {
  const { alerts } = await loadConfig({
    file: resolve(world.folder, options.config),
    shownAs: options.config,
    env: world.env,
  });
  await using owned = new AsyncDisposableStack();
  const http = owned.use(openHttp({ userAgent: USER_AGENT, clock: world.clock }));
  const channels = composeChannels(alerts, http, world.clock, owned);
  if (channels.length === 0) {
    throw new CommandFailure(
      EXIT.config,
      `no alert channel is on in ${options.config}`,
      'Set alerts.email.enabled, alerts.telegram.enabled or alerts.webhook.enabled to true, ' +
        'with what that channel needs.',
    );
  }
  const alert = testAlert(world.clock.wallMs());
  const sent = await Promise.all(channels.map((channel) => sendOnce(world, channel, alert)));
  tell(world, options, sent);
  return sent.every(isWhole) ? EXIT.ok : EXIT.unavailable;
}

function testAlert(nowMs: number): Alert {
  return {
    key: 'test',
    severity: 'info',
    kind: 'raised',
    campaign: 'alert-test',
    sinceMs: nowMs,
    title: 'This is a test: alerts of campaign reach you here',
    what: 'Somebody ran "campaign alert-test". Nothing is broken.',
    doing: 'Nothing.',
    toDo: 'Nothing. A real alert says here what there is to do.',
    affected: 0,
  };
}

/** As a run would send it: given up after the same time. */
async function sendOnce(world: World, channel: AlertChannel, alert: Alert): Promise<Sent> {
  const limit = new AbortController();
  const cancel = world.clock.after(SEND_TIMEOUT_MS, () => {
    limit.abort(new Error(`no answer within ${SEND_TIMEOUT_MS / 1_000} s`));
  });
  try {
    const unreached = await channel.send(alert, limit.signal);
    return { channel: channel.name, unreached: unreached ?? undefined };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { channel: channel.name, error: maskNumbers(message) };
  } finally {
    cancel();
  }
}

function tell(world: World, { json }: AlertTestOptions, sent: readonly Sent[]): void {
  const width = Math.max(...sent.map(({ channel }) => channel.length));
  const lines = sent.map((one) => `${one.channel.padEnd(width)}  ${sentText(one)}`);
  const output = json === true ? world.stderr : world.stdout;
  output.write(`${lines.join('\n')}\n`);
  if (!sent.every(isWhole)) world.stderr.write(`campaign: ${whoText(sent)}\n`);
  if (json === true) {
    const channels = Object.fromEntries(
      sent.map(({ channel, error, unreached }) => {
        return [channel, { sent: error === undefined, error, unreached }];
      }),
    );
    world.stdout.write(`${JSON.stringify({ channels }, null, 2)}\n`);
  }
}

/** Every channel, by how far it came; why stands in the lines above. */
function whoText(sent: readonly Sent[]): string {
  const named = (what: string, its: (one: Sent) => boolean): string[] => {
    const names = sent.filter(its).map(({ channel }) => channel);
    return names.length === 0 ? [] : [`${what} by ${listed(names)}`];
  };
  return [
    ...named('nobody was reached', ({ error }) => error !== undefined),
    ...named('not everybody was reached', ({ unreached }) => unreached !== undefined),
    ...named('the test was sent', isWhole),
  ].join('; ');
}

function isWhole({ error, unreached }: Sent): boolean {
  return error === undefined && unreached === undefined;
}

function sentText({ error, unreached }: Sent): string {
  if (error !== undefined) return `NOT SENT: ${error}`;
  return unreached === undefined ? 'sent' : `SENT TO SOME ONLY: ${unreached}`;
}
