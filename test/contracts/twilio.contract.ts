import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dialer, DialRequest } from '../../src/engine/ports.ts';
import { type TwilioSettings, twilio } from '../../src/services/dialer/twilio.ts';
import { FakeTwilio, SID } from '../services/dialer/fake-twilio.ts';
import { contactOf, failureOf, requestContext } from '../services/support.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { clear, failNext, journal, urlOf } from './bed.ts';

const CONTEXT = requestContext();
const ACCOUNT = `/2010-04-01/Accounts/${SID}`;

describe('twilio', () => {
  const clock = new VirtualClock();
  /** Not asked: only its way of waiting for the network is used. */
  const watch = new FakeTwilio(clock);
  const run = <T>(work: Promise<T>): Promise<T> => watch.until(work, clock);

  const aimed = (over: Partial<TwilioSettings> = {}): Dialer => {
    watch.url = urlOf('twilio');
    return twilio(watch.settings(over), watch.http(), clock);
  };
  const never = (): never => {
    throw new Error('a dialer writes down no attempts');
  };
  const request = (): DialRequest => ({
    call: 'call-1',
    contact: contactOf({ name: 'Zoë "Z" Ünal' }),
    text: 'Hello Zoë & "Z"',
    language: 'en',
    audio: { hash: 'ab', path: '/audio/ab/ab.wav', durationMs: 1 },
    begunMs: clock.wallMs(),
    attempts: {
      begin: never,
      end: never,
      left: never,
      isOthers: () => false,
      othersInDoubt: () => [],
    },
  });

  beforeEach(() => clear('twilio'));
  afterEach(async () => {
    expect((await journal('twilio')).bad).toEqual([]);
  });

  it('takes every request that the service makes', async () => {
    const dialer = aimed({ machineDetection: true });
    const placed = await run(dialer.place(request(), CONTEXT));
    expect(placed.reference).toMatch(/^CA/);
    expect(await run(dialer.follow(placed, request(), CONTEXT))).toMatchObject({
      detail: expect.stringContaining(placed.reference) as string,
    });
    await run(dialer.hangUp(placed, CONTEXT));
    expect(await run(dialer.find(request(), CONTEXT))).toHaveProperty('state');
    await run(dialer.probe(CONTEXT.signal));
    const asked = [...new Set((await journal('twilio')).requests)];
    expect(asked.map((one) => one.replace(placed.reference, '{sid}'))).toEqual([
      `POST ${ACCOUNT}/Calls.json`,
      `GET ${ACCOUNT}/Calls/{sid}.json`,
      `POST ${ACCOUNT}/Calls/{sid}.json`,
      `GET ${ACCOUNT}/Calls.json?To=%2B14155550134&PageSize=100`,
      `GET ${ACCOUNT}.json`,
      `GET ${ACCOUNT}/Balance.json`,
    ]);
  });

  it('takes a call that plays audio', async () => {
    const dialer = aimed({ audioBaseUrl: 'https://example.com/audio' });
    expect((await run(dialer.place(request(), CONTEXT))).reference).toMatch(/^CA/);
  });

  it.each([
    [400, { kind: 'permanent' }],
    [401, { kind: 'permanent', scope: 'service' }],
    [404, { kind: 'permanent', scope: 'service' }],
    [429, { kind: 'transient', scope: 'service', retryAfterMs: 7_000 }],
    [500, { kind: 'unknown', scope: 'service' }],
    [503, { kind: 'unknown', scope: 'service' }],
  ])('%i in its own words', async (code, meaning) => {
    const headers: Record<string, string> = code === 429 ? { 'retry-after': '7' } : {};
    await failNext('twilio', { code, headers, match: 'POST /2010' });
    const failure = await run(failureOf(aimed().place(request(), CONTEXT)));
    expect(failure).toMatchObject({ ...meaning, status: code });
    expect(failure.message.length).toBeGreaterThan(`twilio answered ${code}`.length);
  });
});
