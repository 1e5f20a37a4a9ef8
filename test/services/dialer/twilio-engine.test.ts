/**
 * Whole runs whose calls go through Twilio: what matters is how often a phone rings.
 */
import { describe, expect, it } from 'vitest';
import type { DialAttempt } from '../../../src/engine/ports.ts';
import { type TwilioSettings, twilio } from '../../../src/services/dialer/twilio.ts';
import {
  CAMPAIGN,
  contactOf,
  EngineBench,
  type EngineBenchOptions,
} from '../../support/engine-bench.ts';
import { failure } from '../../support/failures.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { ANSWERS, FakeTwilio, SID, wrong } from './fake-twilio.ts';

const PHONE = contactOf(1).phone;

class Runs {
  readonly clock = new VirtualClock();
  readonly fake = new FakeTwilio(this.clock);
  readonly #settings: Partial<TwilioSettings>;

  constructor(settings: Partial<TwilioSettings> = {}) {
    this.#settings = settings;
  }

  /** A process of its own; it goes on with what `before` left on disk. */
  async process(
    options: EngineBenchOptions = {},
    before?: EngineBench,
    changed: Partial<TwilioSettings> = {},
  ): Promise<EngineBench> {
    if (this.fake.url === '') await this.fake.listen();
    const settings = this.fake.settings({ ...this.#settings, ...changed });
    const dialers = [twilio(settings, this.fake.http(), this.clock)];
    const policy = { lines: 1, ...options.policy };
    const own = { clock: this.clock, dialers, ...options, policy };
    return before === undefined ? new EngineBench(own) : before.next(own);
  }

  run(bench: EngineBench): Promise<string> {
    return this.fake.until(bench.engine.runner.run(bench.signals), this.clock);
  }

  /** Runs it until a phone has rung, or a request to ring was made; then kills it. */
  async killOnceAsked(bench: EngineBench): Promise<void> {
    bench.engine.runner.run(bench.signals).catch(() => undefined);
    const asked = async (): Promise<void> => {
      while (this.fake.countOf('POST', '/Calls.json') === 0) {
        await this.clock.settle();
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    };
    await asked();
    bench.store.kill();
  }
}

function attemptsOf(bench: EngineBench, contact = 'c1'): readonly DialAttempt[] {
  const kept = bench.disk.campaigns.get(CAMPAIGN)?.contacts.get(contact);
  return [...(kept?.calls.at(-1)?.attempts.values() ?? [])];
}

const resultsOf = (bench: EngineBench): readonly (string | undefined)[] =>
  attemptsOf(bench).map(({ result }) => result?.type);

describe('a run that calls through Twilio', () => {
  it('rings everybody once, and asks nobody for speech', async () => {
    const runs = new Runs();
    const bench = await runs.process({
      behaviour: {
        speak: () => {
          throw failure();
        },
      },
    });
    bench.add(3);
    expect(await runs.run(bench)).toBe('done');
    expect(runs.fake.rung).toEqual([1, 2, 3].map((number) => contactOf(number).phone));
    expect(runs.fake.calls[0]?.twiml).toContain('<Say language="en-US">Hello Contact 1</Say>');
    expect(bench.truth.counts).toMatchObject({ speak: 0, write: 3, record: 3 });
    const ended = bench.of('call.finished').map(({ outcome, detail }) => [outcome, detail]);
    expect(ended).toEqual(runs.fake.calls.map(({ sid }) => ['answered', `20 s; ${sid}`]));
    const steps = bench.of('step.finished').filter(({ contact }) => contact === 'c1');
    expect(steps.map(({ step }) => step)).toEqual(['script', 'dial', 'record']);
    expect(steps[1]?.usage).toEqual({ seconds: 20 });
  });

  it('needs audio first where it plays what is published', async () => {
    const runs = new Runs({ audioBaseUrl: 'https://example.com/audio' });
    const bench = (await runs.process()).add(1);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.truth.counts.speak).toBe(1);
    expect(runs.fake.calls[0]?.twiml).toMatch(/<Play>https:\/\/example\.com\/audio\/\w+\.wav</);
  });

  it('rings nobody whose language is not spoken', async () => {
    const runs = new Runs();
    const bench = (await runs.process()).add(1, 'tlh');
    expect(await runs.run(bench)).toBe('done');
    expect(runs.fake.asked).toEqual([]);
    expect(bench.of('call.finished')).toMatchObject([
      { outcome: 'failed', detail: 'no voice for language tlh (services: twilio)' },
    ]);
  });

  it('knows a number that is none, at once and for good', async () => {
    const runs = new Runs();
    runs.fake.fates.push({ isDone: false, answer: wrong(400, 21217, 'is not valid') });
    const bench = (await runs.process()).add(2);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.of('call.finished')).toMatchObject([
      { contact: 'c1', outcome: 'invalid_number', detail: 'twilio answered 400: is not valid' },
      { contact: 'c2', outcome: 'answered' },
    ]);
    expect(attemptsOf(bench)).toMatchObject([
      { result: { type: 'not_placed', code: 'twilio_21217' } },
    ]);
    expect(bench.of('call.failed')).toEqual([]);
    expect(bench.of('breaker.opened')).toEqual([]);
  });

  it('keeps everybody in the queue while the account may not call', async () => {
    const runs = new Runs();
    runs.fake.fates.push({ isDone: false, answer: wrong(400, 21215, 'not authorized') });
    const bench = (await runs.process()).add(3);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.of('breaker.opened')).toHaveLength(1);
    expect(bench.counts()).toMatchObject({ done: 3 });
    expect(runs.fake.rung).toHaveLength(3);
  });

  it('burns no list where every call is refused, and nobody can tell why', async () => {
    const runs = new Runs();
    const answer = wrong(400, 21205, 'Url is not a valid url');
    runs.fake.fates.push(...Array.from({ length: 6 }, () => ({ isDone: false, answer })));
    const bench = (await runs.process()).add(12);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.of('breaker.opened')).not.toEqual([]);
    expect(bench.of('call.finished').map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 12 }, () => 'answered'),
    );
    expect(runs.fake.rung).toHaveLength(12);
  });

  it('ends with the contact that alone is refused', async () => {
    const runs = new Runs();
    const answer = wrong(400, 21216, 'Account not allowed to call');
    runs.fake.fates.push({ isDone: false, answer });
    const bench = (await runs.process()).add(2);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.of('breaker.opened')).toEqual([]);
    expect(bench.of('call.finished')).toMatchObject([
      {
        contact: 'c1',
        outcome: 'failed',
        detail: 'twilio answered 400: Account not allowed to call',
      },
      { contact: 'c2', outcome: 'answered' },
    ]);
  });

  it('follows calls through an open breaker and a bad hour of Twilio', async () => {
    const runs = new Runs();
    runs.fake.course = { ...ANSWERS, talkMs: 120_000 };
    runs.fake.polls.push(
      undefined,
      wrong(500, 20500, 'x'),
      wrong(503, 20503, 'x'),
      wrong(429, 20429, 'x'),
      { body: 'no JSON' },
      'held',
    );
    // The second line opens the breaker while the first is on the telephone.
    runs.fake.fates.push({}, { isDone: false, answer: wrong(401, 20003, 'Authenticate') });
    const bench = (await runs.process({ policy: { lines: 2 } })).add(2);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.of('breaker.opened')).toHaveLength(1);
    expect(bench.counts()).toMatchObject({ done: 2, uncertain: 0 });
    expect(runs.fake.rung).toHaveLength(2);
  });

  it('starts one call a second', async () => {
    const runs = new Runs();
    const bench = (await runs.process({ policy: { lines: 3 } })).add(3);
    await runs.run(bench);
    const placed = runs.fake.asked.filter(({ path }) => path === '/Calls.json');
    expect(placed.map(({ atMs }) => atMs)).toEqual([0, 1_000, 2_000]);
  });
});

describe('a call whose answer is lost', () => {
  it.each([
    ['reset', { answer: 'lost' }],
    ['held back', { answer: 'held' }],
    ['a gateway in between', { answer: { status: 502, body: '' } }],
    ['Twilio late', { answer: 'lost', lateMs: 20_000 }],
    ['Twilio late, and later', { answer: { status: 504, body: '' }, lateMs: 34_000 }],
  ] as const)('rings once: %s', async (_what, fate) => {
    const runs = new Runs();
    runs.fake.fates.push(fate);
    const bench = (await runs.process()).add(1);
    expect(await runs.run(bench)).toBe('done');
    expect(runs.fake.rung).toEqual([PHONE]);
    expect(bench.of('call.finished')).toMatchObject([{ outcome: 'answered' }]);
    expect(attemptsOf(bench)).toMatchObject([
      { result: { type: 'placed', reference: runs.fake.calls[0]?.sid } },
    ]);
  });

  it.each([
    ['reset', { answer: 'lost' }],
    ['no answer', { answer: 'held' }],
    ['503', { answer: wrong(503, 20503, 'Service Unavailable') }],
    ['a gateway', { answer: { status: 504, body: 'upstream request timeout' } }],
    ['a gateway', { answer: { status: 504, body: { code: 504, message: 'timeout' } } }],
  ] as const)('rings by exactly one more, once its absence is proven: %s', async (what, fate) => {
    const runs = new Runs();
    runs.fake.fates.push({ isDone: false, ...fate });
    const bench = (await runs.process()).add(1);
    expect(await runs.run(bench)).toBe('done');
    expect(runs.fake.rung).toEqual([PHONE]);
    expect(resultsOf(bench)).toEqual(['not_placed', 'placed']);
    const [first, second] = runs.fake.asked.filter(({ path }) => path === '/Calls.json');
    const lists = runs.fake.asked.filter(({ path }) => path.startsWith('/Calls.json?'));
    const [proof, last] = lists.slice(-2).map(({ atMs }) => atMs - (first?.atMs ?? 0));
    // What got no answer may still be on its way: out of this machine, or behind a gateway.
    const isLong = ['no answer', 'a gateway'].includes(what);
    expect(proof).toBeGreaterThanOrEqual(isLong ? 120_000 : 30_000);
    expect(proof).toBeLessThan(isLong ? 130_000 : 40_000);
    expect((last ?? 0) - (proof ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(second?.atMs).toBeGreaterThan(lists.at(-1)?.atMs ?? 0);
  });

  it('is uncertain where nobody can tell, and nobody is rung again', async () => {
    const runs = new Runs();
    runs.fake.fates.push({ answer: 'lost' });
    runs.fake.add(PHONE, runs.clock.wallMs()); // by somebody else, at the same moment
    const bench = (await runs.process()).add(1);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.counts()).toMatchObject({ uncertain: 1 });
    expect(runs.fake.rung).toHaveLength(2);
    const next = await runs.process({}, bench);
    await runs.run(next);
    expect(runs.fake.rung).toHaveLength(2);
  });

  it('is uncertain where Twilio cannot be asked for as long as a call may last', async () => {
    const runs = new Runs();
    runs.fake.fates.push({ answer: 'lost' });
    runs.fake.lists.push(...Array.from({ length: 30 }, () => wrong(503, 20503, 'Unavailable')));
    const bench = (await runs.process()).add(1);
    expect(await runs.run(bench)).toBe('done');
    expect(bench.counts()).toMatchObject({ uncertain: 1 });
    expect(runs.fake.rung).toEqual([PHONE]);
    // Twilio is back.
    runs.fake.lists.length = 0;
    const next = await runs.process({}, bench);
    expect(await runs.run(next)).toBe('done');
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered', was: 'uncertain' }]);
    expect(runs.fake.rung).toEqual([PHONE]);
  });

  it.each([
    ['placed', {}, ['placed'], 1],
    ['placed late', { lateMs: 25_000 }, ['placed'], 1],
    ['placed very late', { lateMs: 110_000 }, ['placed'], 1],
    ['not placed', { isDone: false }, ['not_placed', 'placed'], 1],
  ] as const)('after a kill is looked for first: %s', async (_what, fate, results, rings) => {
    const runs = new Runs();
    runs.fake.fates.push({ ...fate, answer: 'held' });
    const killed = (await runs.process()).add(1);
    await runs.killOnceAsked(killed);
    expect(resultsOf(killed)).toEqual([undefined]);
    const next = await runs.process({}, killed);
    expect(await runs.run(next)).toBe('done');
    expect(runs.fake.rung).toHaveLength(rings);
    expect(resultsOf(next)).toEqual(results);
    expect(next.of('call.finished')).toMatchObject([{ outcome: 'answered' }]);
  });

  it.each([
    ['looked for', { answer: 'held' }, 1],
    ['followed', {}, 2],
  ] as const)('is not %s with another account, nor rung again', async (_what, fate, kills) => {
    const runs = new Runs();
    runs.fake.fates.push(fate);
    const killed = (await runs.process()).add(1);
    if (kills === 2) {
      killed.engine.runner.run(killed.signals).catch(() => undefined);
      await runs.fake.until(runs.clock.sleep(1_000), runs.clock);
      killed.store.kill();
      expect(resultsOf(killed)).toEqual(['placed']);
    } else {
      await runs.killOnceAsked(killed);
    }
    runs.fake.asked.length = 0;
    const accountSid = `AC${'9'.repeat(32)}`;
    const next = await runs.process({}, killed, { accountSid });
    expect(await runs.run(next)).toBe('done');
    expect(runs.fake.rung).toEqual([PHONE]);
    expect(runs.fake.asked).toEqual([]);
    expect(next.counts()).toMatchObject({ uncertain: 1 });
    const [{ detail } = {}] = next.of('call.finished');
    expect(detail).toBe(
      `twilio was ${SID} at ${runs.fake.url} when it placed this call, and is ${accountSid} at ` +
        `${runs.fake.url} now, which cannot tell what became of it`,
    );
  });

  it('is not taken for that of another contact with the number', async () => {
    const runs = new Runs();
    runs.fake.fates.push({ answer: 'lost', lateMs: 33_000 }, { answer: 'lost' });
    const bench = await runs.process({ policy: { lines: 2 } });
    const twins = [contactOf(1), { ...contactOf(2), phone: PHONE }];
    bench.store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(twins);
    expect(await runs.run(bench)).toBe('done');
    expect(runs.fake.rung).toEqual([PHONE, PHONE]);
    const texts = runs.fake.calls.map(({ twiml }) => /Contact \d/.exec(twiml)?.[0]);
    expect(texts).toEqual(['Contact 1', 'Contact 2']);
    const sids = ['c1', 'c2'].map((id) => attemptsOf(bench, id).at(-1)?.result);
    expect(sids).toEqual(runs.fake.calls.map(({ sid }) => ({ type: 'placed', reference: sid })));
  });

  it('is not taken for one that the journal has under another call, after a kill', async () => {
    const runs = new Runs();
    const first = await runs.process({ policy: { limit: 1 } });
    const twins = [contactOf(1), { ...contactOf(2), phone: PHONE }];
    first.store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(twins);
    runs.fake.course = { ...ANSWERS, ringMs: 500, talkMs: 500 };
    await runs.run(first);
    expect(runs.fake.rung).toHaveLength(1);
    // Its call is only just over when the next one is begun, and killed before it left.
    runs.fake.fates.push({ isDone: false, answer: 'held' });
    const second = await runs.process({}, first);
    runs.fake.asked.length = 0;
    await runs.killOnceAsked(second);
    const third = await runs.process({}, second);
    expect(await runs.run(third)).toBe('done');
    expect(runs.fake.rung).toHaveLength(2);
    expect(third.counts()).toMatchObject({ done: 2 });
  });

  it.each([
    ['the first had been placed', [{ answer: 'held' }, { isDone: false, answer: 'held' }]],
    ['the second had been placed', [{ isDone: false, answer: 'held' }, { answer: 'held' }]],
  ] as const)(
    'is claimed by neither of two contacts, each killed in a life: %s',
    async (_, fates) => {
      const runs = new Runs();
      runs.fake.fates.push(...fates);
      const spring = (await runs.process()).add(1);
      await runs.killOnceAsked(spring);
      // Another campaign on the store is worked next, and knows nothing of the first one's doubt.
      const autumn = await runs.process({ campaign: 'autumn' }, spring);
      const contact = { ...contactOf(2), phone: PHONE };
      autumn.store.contacts('autumn', { sameNumber: 'allow' }).add([contact]);
      runs.fake.asked.length = 0;
      await runs.killOnceAsked(autumn);
      expect(runs.fake.rung).toEqual([PHONE]);
      const both = [
        await runs.process({}, autumn),
        await runs.process({ campaign: 'autumn' }, autumn),
      ];
      for (const one of both) {
        await runs.run(one);
        expect(one.of('call.finished')).toMatchObject([{ outcome: 'uncertain' }]);
        expect(one.of('call.finished')[0]?.detail).toContain(
          'an earlier one of this or another contact',
        );
      }
      expect(runs.fake.rung).toEqual([PHONE]);
    },
  );
});
