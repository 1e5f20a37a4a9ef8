import { expect, test } from 'vitest';
import type { CampaignEvent } from '../../../../src/domain/event.ts';
import { ServiceFailure } from '../../../../src/domain/failure.ts';
import { DEFAULT_RECONNECT } from '../../../../src/domain/reconnect.ts';
import { Connection, type Link } from '../../../../src/services/dialer/asterisk/connection.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { failureOf } from '../../support.ts';

type Changed = Extract<CampaignEvent, { type: 'connection.changed' }>;

const REFUSED = new ServiceFailure('the password is wrong', {
  kind: 'permanent',
  scope: 'service',
  code: 'auth_failed',
});

/** The other side, as a test wants it to be. */
class Peer {
  readonly clock = new VirtualClock();
  readonly events: Changed[] = [];
  /** How a try ends: it takes us, it never answers, or it fails with this. */
  answer: 'takes' | 'silent' | Error = 'takes';
  pings = 0;
  isMute = false;
  /** Links that were let go. */
  closed = 0;
  lose: (reason: string) => void = () => undefined;
  readonly connection = new Connection<Link>({
    service: 'asterisk-ami',
    address: '127.0.0.1:5038',
    connect: () => this.#connect(),
    clock: this.clock,
    emit: (event) => this.events.push(event as Changed),
    reconnect: DEFAULT_RECONNECT,
    keepAlive: { intervalMs: 15_000, timeoutMs: 5_000 },
    connectMs: 10_000,
  });

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1_000);
  }

  /** Seconds since the start, and what was told then. */
  heard(): string[] {
    return this.events.map(({ state, attempt, delayMs, code }) =>
      [state, attempt, delayMs === undefined ? '' : delayMs / 1_000, code].join(' ').trim(),
    );
  }

  async #connect(): Promise<Link> {
    if (this.answer === 'silent') return await new Promise<Link>(() => undefined);
    if (this.answer !== 'takes') throw this.answer;
    const { promise: lost, resolve } = Promise.withResolvers<ServiceFailure>();
    this.lose = (message) => {
      resolve(new ServiceFailure(message, { kind: 'transient', scope: 'service', code: 'lost' }));
    };
    return {
      lost,
      ping: async () => {
        this.pings += 1;
        if (this.isMute) await new Promise(() => undefined);
      },
      close: () => {
        this.closed += 1;
      },
    };
  }
}

const { signal } = new AbortController();

test('it connects, says so once, and asks whether the other side is there', async () => {
  const peer = new Peer();
  peer.connection.open();
  await peer.pass(100);
  expect(peer.heard()).toEqual(['connecting 1', 'connected 1']);
  expect(peer.pings).toBe(6);
  expect(peer.connection.figures()).toEqual({
    service: 'asterisk-ami',
    isConnected: true,
    uptimeMs: 100_000,
    reconnections: 0,
    waitMs: 0,
    skippedPolls: 0,
  });
  await peer.connection.close();
  expect(peer.heard()).toContain('closed');
  expect(peer.clock.pendingTimers).toBe(0);
  expect(peer.closed).toBe(1);
});

test('it never gives up, and says which try it was and when the next one comes', async () => {
  const peer = new Peer();
  peer.answer = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  peer.connection.open();
  await peer.pass(15 + 30 + 60 + 59);
  expect(peer.heard()).toEqual([
    'connecting 1',
    'disconnected 1 15 ECONNREFUSED',
    'connecting 2',
    'disconnected 2 30 ECONNREFUSED',
    'connecting 3',
    'disconnected 3 60 ECONNREFUSED',
    'connecting 4',
    'disconnected 4 60 ECONNREFUSED',
  ]);
  expect(peer.connection.figures().waitMs).toBe(60_000);
  await peer.pass(86_400);
  peer.answer = 'takes';
  await peer.pass(60);
  expect(peer.connection.state.name).toBe('connected');
  await peer.connection.close();
});

test('what was lost is made again at once', async () => {
  const peer = new Peer();
  peer.connection.open();
  await peer.pass(3_600);
  peer.lose('it went away');
  await peer.pass(0);
  expect(peer.heard().slice(2)).toEqual(['disconnected 0 0 lost', 'connecting 1', 'connected 1']);
  expect(peer.events[2]?.lastedMs).toBe(3_600_000);
  expect(peer.connection.figures()).toMatchObject({ isConnected: true, reconnections: 1 });
  await peer.connection.close();
});

test('a dead peer is noticed after the interval and the time limit of the keep-alive', async () => {
  const peer = new Peer();
  peer.connection.open();
  await peer.pass(1);
  peer.isMute = true;
  peer.answer = 'silent';
  await peer.pass(18.9);
  expect(peer.connection.state.name).toBe('connected');
  await peer.pass(0.2);
  expect(peer.heard()).toContain('disconnected 0 0 keep_alive');
  expect(peer.closed).toBe(1);
  await peer.connection.close();
});

test('a try that is never answered is given up, and the next one comes', async () => {
  const peer = new Peer();
  peer.answer = 'silent';
  peer.connection.open();
  await peer.pass(26);
  expect(peer.heard()).toEqual([
    'connecting 1',
    'disconnected 1 15 connect_timeout',
    'connecting 2',
  ]);
  await peer.connection.close();
  expect(peer.clock.pendingTimers).toBe(0);
});

test('wrong credentials are said as what they are, and heal when they are mended', async () => {
  const peer = new Peer();
  peer.answer = REFUSED;
  peer.connection.open();
  const failure = await failureOf(peer.connection.link(signal));
  expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'auth_failed' });
  expect(failure).not.toBe(REFUSED);
  peer.answer = 'takes';
  await peer.pass(15);
  await peer.connection.link(signal);
  await peer.connection.close();
});

test('the first try is waited for; afterwards nobody waits for a peer that is away', async () => {
  const peer = new Peer();
  peer.answer = 'silent';
  peer.connection.open();
  const first = failureOf(peer.connection.link(signal));
  await peer.pass(10);
  expect(await first).toMatchObject({ kind: 'transient', scope: 'service', code: 'not_connected' });
  await peer.pass(15);
  expect(peer.connection.state).toMatchObject({ name: 'connecting', attempt: 2 });
  const failure = await failureOf(peer.connection.link(signal));
  expect(failure).toMatchObject({ kind: 'transient', code: 'not_connected' });
  await peer.connection.close();
});

test('a health check asks the other side only where there is a connection', async () => {
  const peer = new Peer();
  peer.answer = new Error('away');
  peer.connection.open();
  await peer.pass(1);
  await failureOf(peer.connection.probe(signal));
  expect(peer.pings).toBe(0);
  expect(peer.connection.figures().skippedPolls).toBe(1);
  peer.answer = 'takes';
  await peer.pass(15);
  await peer.connection.probe(signal);
  expect(peer.pings).toBe(1);
  await peer.connection.close();
});

test('whoever waits hears of the connection, of their own end, and of the close', async () => {
  const peer = new Peer();
  peer.answer = new Error('away');
  peer.connection.open();
  await peer.pass(1);
  const own = new AbortController();
  const stopped = expect(peer.connection.connected(own.signal)).rejects.toThrow('enough');
  own.abort(new Error('enough'));
  await stopped;
  peer.answer = 'takes';
  const waiting = peer.connection.connected(signal);
  await peer.pass(15);
  await waiting;
  peer.answer = new Error('away again');
  peer.lose('it went away');
  await peer.pass(1);
  const left = failureOf(peer.connection.connected(signal));
  await peer.connection.close();
  expect((await left).message).toContain('closed');
});

test('a connection that was never opened is closed without a word', async () => {
  const peer = new Peer();
  await peer.connection.close();
  expect(peer.heard()).toEqual(['closed']);
});

test('a run that drains waits for no connection, and has one that is there', async () => {
  const peer = new Peer();
  peer.answer = 'silent';
  peer.connection.open();
  const drain = new AbortController();
  const waits = [
    failureOf(peer.connection.link(signal, drain.signal)),
    failureOf(peer.connection.connected(signal, drain.signal)),
  ];
  await peer.pass(2);
  drain.abort();
  for (const failure of await Promise.all(waits)) {
    expect(failure).toMatchObject({ kind: 'transient', code: 'not_connected' });
  }
  peer.answer = 'takes';
  await peer.pass(30);
  const link = await peer.connection.connected(signal, drain.signal);
  expect(await peer.connection.link(signal, drain.signal)).toBe(link);
  await peer.connection.close();
  expect(peer.clock.pendingTimers).toBe(0);
});
