import { expect, onTestFinished, test } from 'vitest';
import { ServiceFailure } from '../../../../src/domain/failure.ts';
import type { Http, HttpRequest, HttpResponse } from '../../../../src/engine/ports.ts';
import { AriCall } from '../../../../src/services/dialer/asterisk/ari-call.ts';
import { AriWire } from '../../../../src/services/dialer/asterisk/ari-wire.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { failureOf } from '../../support.ts';

const CALLS = 30;
const ACCOUNT = { url: 'http://127.0.0.1:8088', username: 'campaign', password: 'x', app: 'a' };

type Health = 'well' | 'silent' | 'refusing' | 503 | 404;

/** An Asterisk of which nothing matters but whether its HTTP answers. */
class SickPbx implements Http {
  readonly clock = new VirtualClock();
  health: Health = 'well';
  /** Everything that reached it, and when. */
  readonly asked: { readonly what: string; readonly atMs: number }[] = [];
  readonly ended = new Set<string>();

  async send({ method, url, signal }: HttpRequest): Promise<HttpResponse> {
    signal.throwIfAborted();
    const path = new URL(url).pathname.replace('/ari/', '');
    this.asked.push({ what: `${method} ${path}`, atMs: this.clock.monotonicMs() });
    if (this.health === 'silent') {
      return await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    }
    if (this.health === 'refusing') {
      const about = { kind: 'transient', scope: 'service', code: 'ECONNREFUSED' } as const;
      throw new ServiceFailure('cannot reach 127.0.0.1:8088', about);
    }
    if (this.health !== 'well') return answer(this.health, { message: 'out of order' });
    if (method === 'DELETE') this.ended.add(path.replace('channels/', ''));
    return answer(200, { value: '', state: 'Up' });
  }

  count(method = ''): number {
    return this.asked.filter(({ what }) => what.startsWith(method)).length;
  }
}

function answer(status: number, body: unknown): HttpResponse {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { status, headers: {}, body: bytes, retryAfterMs: undefined };
}

function bench() {
  const pbx = new SickPbx();
  const wire = new AriWire(ACCOUNT, pbx, pbx.clock);
  const life = new AbortController();
  onTestFinished(() => life.abort(new Error('over')));
  const call = (index: number): AriCall =>
    new AriCall({
      id: `call-${index}`,
      settings: { machineContext: undefined, voicemail: 'leave' },
      wire,
      clock: pbx.clock,
      sound: { media: 'sound:hello', durationMs: 20_000 },
      answers: undefined,
      undetected: () => undefined,
      life: life.signal,
    });
  return { pbx, wire, life, call, ask: (id = 'x') => wire.channel(id, life.signal) };
}

/** So many people pick up, one every 100 ms. */
async function pickUp({ pbx, call }: ReturnType<typeof bench>): Promise<readonly AriCall[]> {
  const calls = Array.from({ length: CALLS }, (_, index) => call(index));
  for (const each of calls) {
    each.take({ type: 'entered', channel: each.id, args: [] });
    await pbx.clock.advance(100);
  }
  return calls;
}

test.each(['silent', 'refusing', 503] as const)(
  'a PBX whose HTTP is %s is not flooded by the calls in progress, and all are hung up',
  async (health) => {
    const made = bench();
    const { pbx } = made;
    pbx.health = health;
    const calls = await pickUp(made);
    await pbx.clock.advance(40_000);
    // Each one's first hanging-up, what was under way when it broke, and the trials since.
    expect(pbx.count('DELETE')).toBeGreaterThanOrEqual(CALLS);
    expect(pbx.count()).toBeLessThan(health === 'silent' ? 3 * CALLS : CALLS + 20);
    expect(pbx.count('DELETE')).toBeLessThan(CALLS + 10);
    expect(calls.every(({ isOver }) => !isOver)).toBe(true);
    pbx.health = 'well';
    await pbx.clock.advance(20_000);
    expect(pbx.ended.size).toBe(CALLS);
  },
);

test('a passing sickness costs nobody the text', async () => {
  const made = bench();
  const { pbx } = made;
  pbx.health = 503;
  await pickUp(made);
  await pbx.clock.advance(5_000);
  pbx.health = 'well';
  await pbx.clock.advance(12_000);
  expect(pbx.asked.filter(({ what }) => what.includes('/play/'))).toHaveLength(CALLS);
  expect(pbx.count('DELETE')).toBe(0);
});

test('it opens after five failures in a row, and then one request is the trial', async () => {
  const { pbx, ask } = bench();
  pbx.health = 503;
  const four = async () => {
    for (let count = 0; count < 4; count += 1) await failureOf(ask());
  };
  await four();
  pbx.health = 404;
  await ask();
  pbx.health = 503;
  await four();
  expect(await failureOf(ask())).toMatchObject({ status: 503 });
  expect(pbx.count()).toBe(10);
  const held = await failureOf(ask());
  expect(held).toMatchObject({
    kind: 'transient',
    scope: 'service',
    code: 'rest_held_back',
  });
  expect(held.message).toContain('out of order');
  expect(held.message).toContain('again in 5 s');
  await pbx.clock.advance(4_999);
  await failureOf(ask());
  expect(pbx.count()).toBe(10);
  await pbx.clock.advance(1);
  pbx.health = 'silent';
  const trial = failureOf(ask());
  expect(await failureOf(ask())).toMatchObject({ code: 'rest_held_back' });
  await pbx.clock.advance(5_000);
  expect(await trial).toMatchObject({ code: 'timeout' });
  expect(pbx.count()).toBe(11);
  pbx.health = 'well';
  await pbx.clock.advance(9_999);
  expect((await failureOf(ask())).message).toContain('failing for 20 s');
  await pbx.clock.advance(1);
  await ask();
  await ask();
  expect(pbx.count()).toBe(13);
});

test('what the caller gives up, and what Asterisk declines, says nothing against it', async () => {
  const { pbx, wire, ask } = bench();
  pbx.health = 'silent';
  for (let count = 0; count < 10; count += 1) {
    const caller = new AbortController();
    const asked = wire.channel('x', caller.signal);
    caller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
  }
  pbx.health = 404;
  for (let count = 0; count < 10; count += 1) expect(await ask()).toBeUndefined();
});

test('nobody is to be rung while it is open; the question whether to is the trial', async () => {
  const { pbx, wire, life, ask } = bench();
  const ready = () => wire.ready('new', life.signal);
  await ready();
  expect(pbx.count()).toBe(0);
  pbx.health = 'refusing';
  for (let count = 0; count < 5; count += 1) await failureOf(ask());
  expect(await failureOf(ready())).toMatchObject({ kind: 'transient', code: 'rest_held_back' });
  expect(pbx.count()).toBe(5);
  await pbx.clock.advance(5_000);
  expect(await failureOf(ready())).toMatchObject({ kind: 'transient', code: 'ECONNREFUSED' });
  pbx.health = 'well';
  await pbx.clock.advance(10_000);
  await ready();
  await ready();
  expect(pbx.asked.slice(5).map(({ what }) => what)).toEqual([
    'GET channels/new',
    'GET channels/new',
  ]);
});

test('a connection that was made anew ends it', async () => {
  const { pbx, wire, ask } = bench();
  pbx.health = 'refusing';
  for (let count = 0; count < 6; count += 1) await failureOf(ask());
  pbx.health = 'well';
  wire.connected();
  await ask();
  expect(pbx.count()).toBe(6);
});
