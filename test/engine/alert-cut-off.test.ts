import { describe, expect, it } from 'vitest';
import type { CampaignEvent, EventOf } from '../../src/domain/event.ts';
import { AlertBench } from '../support/alert-bench.ts';
import { failure } from '../support/failures.ts';

type Changed = EventOf<'connection.changed'>;

const SERVICE = { service: 'asterisk-ami', role: 'dialer' } as const;
const REFUSED = {
  kind: 'permanent',
  code: 'auth_failed',
  message: 'asterisk-ami: 127.0.0.1:5038 refuses the user',
} as const;
const AWAY = {
  kind: 'transient',
  code: 'not_connected',
  message: 'asterisk-ami is not connected to 127.0.0.1:5038: nobody listens there',
} as const;

function changed(state: Changed['state'], more: Partial<Changed> = {}): CampaignEvent {
  const about = { ...SERVICE, address: '127.0.0.1:5038', lastedMs: 0 };
  return { type: 'connection.changed', ...about, state, ...more };
}

function opened(cause: typeof REFUSED | typeof AWAY): CampaignEvent {
  return { type: 'breaker.opened', ...SERVICE, openMs: 60_000, ...cause };
}

/** What one run has told, of a connection that was lost and is tried again in 30 s. */
function bench() {
  const alerts = new AlertBench();
  const channel = alerts.channel('email');
  const run = alerts.run([channel]);
  const lost = changed('disconnected', { attempt: 2, delayMs: 30_000 });
  const told = async () => {
    await alerts.clock.advance(0);
    return channel.asked.map(({ alert }) => alert);
  };
  return { alerts, run, lost, told };
}

const RETRIED =
  'The connection to 127.0.0.1:5038 is tried again in 20 s, and then on and on: the waits get no ' +
  'longer than retry_max in config.yml. As soon as it stands, a call is tried. ';

describe('a service whose connection is away', () => {
  it('that refuses our user: tried again by itself, mended without a restart', async () => {
    const { alerts, run, lost, told } = bench();
    run.take(lost);
    await alerts.clock.advance(10_000);
    run.take(opened(REFUSED));
    const [alert] = await told();
    expect(alert?.title).toBe('asterisk-ami, which makes the calls, refuses to work for us');
    expect(alert?.doing).toContain(`${RETRIED}Contacts who need it wait in the queue.`);
    expect(alert?.toDo).toContain('is taken at the next try, without a restart.');
    expect(alert?.toDo).not.toMatch(/credit|quota|key/);
  });

  it('that is not there: to be looked for where it listens', async () => {
    const { alerts, run, lost, told } = bench();
    run.take(lost);
    await alerts.clock.advance(10_000);
    run.take(opened(AWAY));
    const [alert] = await told();
    expect(alert?.doing).toContain(RETRIED);
    expect(alert?.toDo).toMatch(/^Nothing, if it comes .* what listens at 127\.0\.0\.1:5038 is up/);
  });

  it('and a try of it is under way: it is tried now', async () => {
    const { alerts, run, lost, told } = bench();
    run.take(lost);
    await alerts.clock.advance(30_000);
    run.take(changed('connecting', { attempt: 3 }), opened(AWAY));
    expect((await told())[0]?.doing).toContain('127.0.0.1:5038 is tried now, and then on and on');
  });

  it.each([
    [REFUSED, / no call is used up\.$/],
    [AWAY, / Until then it rings nobody\.$/],
  ])('and nobody is to be rung: its health checks say the same of %o', async (cause, end) => {
    const { run, lost, told } = bench();
    run.take(lost);
    const error = failure({ scope: 'service', ...cause });
    for (const _check of [1, 2]) run.alerter.takeCheck('asterisk-ami', 'dialer', false, error);
    const [alert] = await told();
    expect(alert?.doing).toMatch(
      /^The connection to .* is tried again in 30 s, and then on and on/,
    );
    expect(alert?.doing).toMatch(end);
    expect(alert?.toDo).toContain('without a restart');
  });

  it.each(['connected', 'closed'] as const)('not once it is %s', async (state) => {
    const { run, lost, told } = bench();
    run.take(lost, changed(state, { attempt: 3 }), opened(AWAY));
    expect((await told())[0]?.doing).toContain('asterisk-ami is left alone, and tried again in 1');
  });
});
