import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { type ServiceFailure, Unavailable } from '../../src/domain/failure.ts';
import type { Role } from '../../src/domain/words.ts';
import { Chain, NoCandidate } from '../../src/engine/fallback.ts';
import type { RequestContext, Service } from '../../src/engine/ports.ts';
import { failure, lost, refused, unauthorized } from '../support/failures.ts';
import { GuardBench, outcome, REPEATABLE, watched } from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Speaker extends Service {
  readonly answer: () => Promise<string>;
  asked: number;
}

function service(name: string, answer: Error | string, role: Role = 'tts'): Speaker {
  const made: Speaker = {
    name,
    role,
    probe: async () => {},
    asked: 0,
    answer: async () => {
      made.asked += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return made;
}

const DELAYS = { b: 3_000, c: 3_000 };

type Delays = Readonly<Record<string, number>>;

function setting(services: readonly Speaker[], role: Role = 'tts', delays: Delays = {}) {
  const clock = new VirtualClock();
  const events: CampaignEvent[] = [];
  const emit = (event: CampaignEvent) => events.push(event);
  const chain = new Chain(services, {
    role,
    clock,
    emit,
    fallbackDelayMs: (name) => delays[name] ?? 0,
  });
  const caller = new AbortController();
  const context: RequestContext = {
    campaign: 'test',
    contact: 'c',
    call: 'c-1',
    step: 'speech',
    line: 2,
    signal: caller.signal,
  };
  const run = (accepts?: (one: Speaker) => boolean) => {
    return chain.run(context, (one) => one.answer(), accepts);
  };
  return { chain, clock, events, caller, run };
}

const closed = (name: string, ms: number, cause?: Error) => new Unavailable([name], ms, cause);

describe('chain', () => {
  it('the first choice answers, nobody else is asked, nothing is said', async () => {
    const [a, b] = [service('a', 'from a'), service('b', 'from b')];
    const { run, events } = setting([a, b]);
    expect(await run()).toEqual({ value: 'from a', service: 'a' });
    expect(b.asked).toBe(0);
    expect(events).toEqual([]);
  });

  it('case 60c: the first is open, the second answers, and the result says so', async () => {
    const cause = failure({ code: 'http_503' });
    const { run, events } = setting([
      service('a', closed('a', 9_000, cause)),
      service('b', 'from b'),
    ]);
    expect(await run()).toEqual({ value: 'from b', service: 'b' });
    expect(events).toEqual([
      {
        type: 'fallback.used',
        contact: 'c',
        call: 'c-1',
        step: 'speech',
        line: 2,
        role: 'tts',
        service: 'b',
        instead: 'a',
        reason: cause.message,
        code: 'http_503',
      },
    ]);
  });

  it('says that our own queue was too long, where nothing is wrong with the first', async () => {
    const full = new Unavailable(['a'], 5_000);
    const { run, events } = setting([service('a', full), service('b', 'from b')]);
    await run();
    expect(events).toMatchObject([
      { instead: 'a', reason: 'too many requests wait for it', code: 'queue_full' },
    ]);
  });

  it.each([
    ['gave up', failure()],
    ['refuses us altogether', unauthorized()],
    ['left it unknown, where twice does not matter', lost()],
  ])('falls back when the first %s', async (_, error) => {
    const { run, events } = setting([service('a', error), service('b', 'from b')]);
    expect(await run()).toMatchObject({ service: 'b' });
    expect(events).toMatchObject([{ instead: 'a', reason: error.message, code: error.code }]);
  });

  it.each([
    ['case 60c: the request’s own fault', 'tts', refused()],
    ['a dial that may have rung', 'dialer', lost()],
    ['a bug', 'tts', new TypeError('undefined is not a function')],
  ] as const)('does not fall back for %s', async (_, role, error) => {
    const second = service('b', 'from b', role);
    const { run, events } = setting([service('a', error, role), second], role);
    expect(await outcome(run())).toBe(error);
    expect(second.asked).toBe(0);
    expect(events).toEqual([]);
  });

  it('a dial that was proven not to ring may go to the next', async () => {
    const { run } = setting(
      [service('a', failure(), 'dialer'), service('b', 'rings', 'dialer')],
      'dialer',
    );
    expect(await run()).toEqual({ value: 'rings', service: 'b' });
  });

  it('case 60c: all open: all are named, with the earliest time', async () => {
    const { run, events } = setting([
      service('a', closed('a', 9_000, failure({ code: 'first' }))),
      service('b', closed('b', 2_000)),
      service('c', closed('c', 5_000)),
    ]);
    const error = await outcome(run());
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({
      services: ['a', 'b', 'c'],
      retryAfterMs: 2_000,
      cause: { code: 'first' },
    });
    expect(events).toEqual([]);
  });

  it('all open: what a later one took to say so is no part of the wait', async () => {
    const { run, clock } = setting([
      service('a', closed('a', 9_000)),
      {
        ...service('b', ''),
        answer: async () => {
          await clock.sleep(5_000, new AbortController().signal);
          throw closed('b', 30_000);
        },
      },
    ]);
    const asked = outcome(run());
    await clock.advance(5_000);
    expect(await asked).toMatchObject({ services: ['a', 'b'], retryAfterMs: 4_000 });
  });

  it('all open: a time that has passed by then is no wait', async () => {
    const { run, clock } = setting([
      service('a', closed('a', 2_000)),
      {
        ...service('b', ''),
        answer: async () => {
          await clock.sleep(5_000, new AbortController().signal);
          throw closed('b', 30_000);
        },
      },
    ]);
    const asked = outcome(run());
    await clock.advance(5_000);
    expect(await asked).toMatchObject({ retryAfterMs: 0 });
  });

  it('one gave up and the others are open: the failure of the first that gave up', async () => {
    const [own, later] = [failure({ code: 'own' }), failure({ code: 'later' })];
    const { run } = setting([
      service('a', closed('a', 9_000)),
      service('b', own),
      service('c', later),
    ]);
    expect(await outcome(run())).toBe(own);
  });

  const refusing = (over: Partial<ServiceFailure> = {}) =>
    failure({ status: 400, code: 'http_400', retriesMax: 0, ...over });
  const named = (name: string, error: ServiceFailure) => {
    error.service = name;
    return service(name, error);
  };

  it('all refuse the request: what all of them say', async () => {
    const flagged = refusing({ scope: 'request', code: 'moderation', message: 'b was offended' });
    const { run } = setting([
      named('a', refusing({ message: 'a did not take it' })),
      named('b', flagged),
    ]);
    const error = (await outcome(run())) as ServiceFailure;
    expect(error).toMatchObject({
      message: 'a did not take it; b was offended',
      code: 'http_400',
      service: 'a',
      refusedBy: ['a', 'b'],
      isRefusal: true,
    });
  });

  it('one refuses and one is down: that one might have taken it', async () => {
    const down = failure({ code: 'http_503' });
    for (const order of [
      [named('a', refusing()), named('b', down)],
      [named('b', down), named('a', refusing())],
    ]) {
      expect(await outcome(setting(order).run())).toBe(down);
    }
    expect(down.refusedBy).toEqual([]);
    const own = refusing();
    const away = setting([named('a', own), service('b', closed('b', 9_000))]);
    expect(await outcome(away.run())).toBe(own);
    expect(own.refusedBy).toEqual([]);
  });

  it('one that gave up asks for a long wait: whoever can be asked first decides', async () => {
    const asks = failure({ code: 'http_429', retryAfterMs: 160_000 });
    const { run, clock } = setting([service('a', asks), service('b', failure())], 'tts', DELAYS);
    const seen = watched(run());
    await clock.advance(3_000);
    expect(seen.outcome).toMatchObject({
      message: asks.message,
      code: 'http_429',
      retryAfterMs: 0,
    });
    const alone = setting([service('a', asks)], 'tts');
    await expect(alone.run()).rejects.toBe(asks);
  });

  it('leaves out who could not serve this at all; without anybody it says so', async () => {
    const [a, b] = [service('a', 'from a'), service('b', 'from b')];
    const { run, events } = setting([a, b]);
    expect(await run((one) => one.name === 'b')).toEqual({ value: 'from b', service: 'b' });
    expect(events).toEqual([]);
    const error = await outcome(run(() => false));
    expect(error).toBeInstanceOf(NoCandidate);
    expect((error as Error).message).toBe(
      'no service for tts takes this request (configured: a, b)',
    );
    expect(a.asked).toBe(0);
  });

  it('waits before the next only where the one before was asked', async () => {
    const b = service('b', failure());
    const c = service('c', 'from c');
    const { run, clock } = setting([service('a', closed('a', 1)), b, c], 'tts', DELAYS);
    const seen = watched(run());
    await clock.settle();
    expect([b.asked, c.asked]).toEqual([1, 0]);
    await clock.advance(3_000);
    expect(seen.outcome).toEqual({ value: 'from c', service: 'c' });
  });

  it('each service has its own wait, and some have none', async () => {
    const [b, c] = [service('b', failure()), service('c', 'from c')];
    const { run, clock } = setting([service('a', failure()), b, c], 'tts', { b: 500 });
    const seen = watched(run());
    await clock.advance(499);
    expect([b.asked, c.asked]).toEqual([0, 0]);
    await clock.advance(1);
    expect([b.asked, c.asked]).toEqual([1, 1]);
    expect(seen.outcome).toEqual({ value: 'from c', service: 'c' });
  });

  it('stops when the caller does', async () => {
    const second = service('b', 'from b');
    const { run, clock, caller } = setting([service('a', failure()), second], 'tts', DELAYS);
    const seen = watched(run());
    await clock.advance(1_000);
    caller.abort(new Error('stopped'));
    await clock.settle();
    expect(seen.outcome).toMatchObject({ message: 'stopped' });
    expect(second.asked).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('through real guards: the first gives up after its retries, then is passed over', async () => {
    const clock = new VirtualClock();
    const first = new GuardBench({ service: 'a' }, clock);
    const second = new GuardBench({ service: 'b' }, clock);
    const down = first.service(failure());
    const up = second.service('from b');
    const parts = { role: 'llm', clock, emit: () => {} } as const;
    const services = [
      {
        ...service('a', ''),
        answer: () => first.guard.run(REPEATABLE, first.context(), down.call),
      },
      { ...service('b', ''), answer: () => second.guard.run(REPEATABLE, first.context(), up.call) },
    ];
    const chain = new Chain(services, parts);
    const ask = () => chain.run(first.context(), (one) => one.answer());
    expect(await clock.until(ask())).toMatchObject({ service: 'b' });
    expect(down.starts).toEqual([0, 5_000, 15_000]);
    const beforeMs = clock.monotonicMs();
    expect(await ask()).toMatchObject({ service: 'b' });
    expect(clock.monotonicMs()).toBe(beforeMs);
    expect(down.starts).toHaveLength(3);
  });
});
